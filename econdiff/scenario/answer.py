"""A scenario answered: baseline and alternative, what differs, how far to trust it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from econdiff.forecast import Forecast, long_table
from econdiff.scenario.binding import BoundScenario, linear_scale
from econdiff.scenario.control import Controlled, steadied
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.events import Probability
from econdiff.scenario.law import Draws, Law
from econdiff.scenario.statement import Mode


@dataclass(frozen=True)
class Diagnostics:
    """How far the answer is to be trusted.

    `effective` is the effective sample size of `paths`, `ancestors` how many draws the answer
    descends from, `largest_miss` the worst deviation from an exact pin in model units (in the mode
    tilt of the mean; NaN where no pin is exact), `method` how it was found, `fallback` why it is
    the Gaussian answer instead, if it is.
    """

    paths: int
    effective: float
    ancestors: int
    largest_miss: float
    method: str
    fallback: str = ""


@dataclass(frozen=True, eq=False)
class Conditional:
    """A scenario answered. Draws cover `bound.edge` rows of the ragged edge, then the horizon.

    In model units, [path, cell]: `told`. `weights` [path] lead from the baseline to the
    alternative in the modes event and tilt, None otherwise. `chance` is the probability of the
    events together where they were too rare for the baseline and were sought by splitting.
    """

    mode: Mode
    bound: BoundScenario
    law: Law
    told: Draws
    history: pd.DataFrame
    units: Mapping[str, str]
    diagnostics: Diagnostics
    weights: np.ndarray | None = None
    chance: Probability | None = None

    def __repr__(self) -> str:
        return f"Conditional ({self.mode}): {self.alternative.described()}"

    @cached_property
    def baseline(self) -> Forecast:
        """The horizon without the scenario, in the user's units; the ragged edge is its nowcast."""
        return self._ahead(self.told.baseline)

    @cached_property
    def alternative(self) -> Forecast:
        """The horizon given the scenario, in the user's units."""
        return self._ahead(self.told.alternative)

    @cached_property
    def gaussian(self) -> Forecast:
        """The Gaussian model's answer from the same random numbers, in the user's units."""
        told = self.told
        return self._ahead(told.alternative if told.gaussian is None else told.gaussian)

    @cached_property
    def twin(self) -> Forecast:
        """Row by row the baseline's path, moved to meet the pins; empty where paths are chosen."""
        return self._ahead(self.told.twin)

    def inner(self) -> tuple[Forecast, Forecast]:
        """Baseline and alternative in model units (growth where it models growth), edge and all."""
        bound, told = self.bound, self.told
        baseline, alternative = (
            Forecast(self.cells(draws), bound.index, bound.names)
            for draws in (told.baseline, told.alternative)
        )
        return baseline, alternative

    def difference(self, coverage: float = 0.9) -> pd.DataFrame:
        """Alternative less baseline: `series, period, mean, standard_error, low, high, ...`.

        `mean` is that of the alternative less that of the baseline, with control variates where
        there are any, and `standard_error` its Monte Carlo error. `low` and `high` hold the share
        `coverage` of the paired differences (NaN where paths are chosen, for events or by
        tilting); `shift_q05, shift_q50, shift_q95` compare quantiles.
        """
        if not 0 < coverage < 1:
            raise ScenarioError(f"coverage must lie between 0 and 1, got {coverage}; 90% is 0.9")
        base, told = self.baseline, self.alternative
        mean, error = self._moved()
        low, high = np.full_like(mean, np.nan), np.full_like(mean, np.nan)
        if len(self.told.twin):
            tail = (1 - coverage) / 2
            paired = self.twin.samples - base.samples
            low, high = np.quantile(paired, [tail, 1 - tail], axis=0)
        tables = {"mean": mean, "standard_error": error, "low": low, "high": high}
        for q in (0.05, 0.50, 0.95):
            shift = told.quantile(q).to_numpy() - base.quantile(q).to_numpy()
            tables[f"shift_q{round(100 * q):02d}"] = shift
        return long_table(base.names, base.index, tables)

    @property
    def closed_form(self) -> Mode:
        """The mode in which a closed form answers it: hard for events and tilts."""
        return self.mode if self.mode in ("soft", "density") else "hard"

    def _moved(self) -> tuple[np.ndarray, np.ndarray]:
        """How far the mean moves, [step, series], and its standard error."""
        base, told, paths = self.baseline.samples, self.alternative.samples, self.baseline.paths
        if self.weights is not None:
            w = self.weights[:, None, None]
            mean = (w * base).sum(axis=0)
            told_less = w * (base - mean) - (base - base.mean(axis=0)) / paths
            return mean - base.mean(axis=0), np.sqrt((told_less**2).sum(axis=0))
        if self.told.controls is not None:
            (free, free_error), (mean, error) = map(self._steadied, self.told.controls)
            return mean - free, np.hypot(error, free_error)
        mean = told.mean(axis=0) - base.mean(axis=0)
        if self.told.twin is self.told.alternative and self.chance is None:
            return mean, (told - base).std(axis=0, ddof=1) / np.sqrt(paths)
        count = max(self.diagnostics.effective, 1)
        return mean, np.sqrt(told.var(axis=0) / count + base.var(axis=0) / paths)

    def _steadied(self, control: Controlled) -> tuple[np.ndarray, np.ndarray]:
        """Mean over the horizon in the user's units, and its error; the twins are on the link."""
        edge = self.bound.edge
        values = self.bound.to_user(self.cells(control.draws))[:, edge:]
        twins = np.moveaxis(linear_scale(self.bound, control.twins.T), -1, 0)[:, edge:]
        centre = linear_scale(self.bound, control.centre)[edge:]
        return steadied(values, control.weights, twins, centre)

    def cells(self, draws: np.ndarray) -> np.ndarray:
        """Draws [path, cell] as [path, step, series]."""
        return draws.reshape(len(draws), self.bound.steps, -1)

    def _ahead(self, draws: np.ndarray) -> Forecast:
        bound, provenance = self.bound, {"mode": self.mode, "method": self.told.method}
        samples = bound.to_user(self.cells(draws))
        drawn = Forecast(samples, bound.index, bound.names, self.units, provenance)
        return drawn.split(bound.edge)
