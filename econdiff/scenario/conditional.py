"""The conditional forecast: baseline and alternative, side by side from the same draws.

    answer = conditional(forecaster, history, scenario, mode="hard", horizon=8, paths=1000, rng=rng)
    answer.alternative       # Forecast given the scenario
    answer.difference()      # alternative less baseline, paired, with Monte Carlo errors
    answer.diagnostics       # effective sample size, largest miss of a pin, fallback

It says what goes together in the data with what is assumed; it does not say what would follow if
somebody brought it about.

    hard      the pins hold exactly            soft   they were seen with an error sd
    density   they are N(value, sd^2)          event  the paths in which the events occur
    tilt      the paths of the baseline, weighted to have the pins as means (and sd^2 as variances)
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from econdiff.forecast import Forecast, Forecaster, period_labels
from econdiff.scenario.binding import Bound, Pins, bind
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.events import occurs
from econdiff.scenario.gaussian import Gaussian
from econdiff.scenario.law import Law, Told, law_of
from econdiff.scenario.statement import MODES, Mode, Scenario
from econdiff.scenario.tilting import effective, systematic, tilt
from econdiff.transforms import TransformedForecaster

FLOOR = 0.02  # an effective sample below this share of the paths is no answer
FEWEST = 20  # ... nor one of fewer draws than this


class ScenarioWarning(UserWarning):
    """The answer is there, but not the one that was asked for, or from few draws."""


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
    alternative in the modes event and tilt, None otherwise.
    """

    mode: Mode
    bound: Bound
    law: Law
    told: Told
    history: pd.DataFrame
    units: Mapping[str, str]
    diagnostics: Diagnostics
    weights: np.ndarray | None = None

    @cached_property
    def baseline(self) -> Forecast:
        """The horizon without the scenario, in the user's units."""
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
        """Row by row the baseline's path, moved to meet the pins."""
        return self._ahead(self.told.twin)

    def inner(self) -> tuple[Forecast, Forecast]:
        """Baseline and alternative in model units (growth where it models growth), edge and all."""
        bound, told = self.bound, self.told
        baseline, alternative = (
            Forecast(self._cells(draws), bound.index, bound.names)
            for draws in (told.baseline, told.alternative)
        )
        return baseline, alternative

    def edge(self) -> Forecast | None:
        """The rows of the ragged edge given the scenario; None where the history is complete."""
        bound = self.bound
        if bound.edge == 0:
            return None
        drawn = bound.to_user(self._cells(self.told.alternative))[:, : bound.edge]
        return Forecast(drawn, bound.index_of(edge=True), bound.names, self.units)

    def difference(self, coverage: float = 0.9) -> pd.DataFrame:
        """Alternative less baseline: `series, period, mean, standard_error, low, high, ...`.

        `standard_error` is the Monte Carlo error of `mean`. `low` and `high` hold the share
        `coverage` of the paired differences (NaN in the modes event and tilt, which choose
        among paths and move none); `shift_q05, shift_q50, shift_q95` compare quantiles.
        """
        base, told = self.baseline, self.alternative
        mean = told.samples.mean(axis=0) - base.samples.mean(axis=0)
        error = self._standard_error()
        low, high = np.full_like(mean, np.nan), np.full_like(mean, np.nan)
        if self.weights is None:
            tail = (1 - coverage) / 2
            paired = self.twin.samples - base.samples
            low, high = np.quantile(paired, [tail, 1 - tail], axis=0)
        else:
            mean = np.einsum("n,nts->ts", self.weights - 1 / base.paths, base.samples)
        tables = {"mean": mean, "standard_error": error, "low": low, "high": high}
        for q in (0.05, 0.50, 0.95):
            shift = told.quantile(q).to_numpy() - base.quantile(q).to_numpy()
            tables[f"shift_q{round(100 * q):02d}"] = shift
        index = pd.MultiIndex.from_product(
            [base.names, period_labels(base.index)], names=["series", "period"]
        )
        columns = {name: table.T.ravel() for name, table in tables.items()}
        return pd.DataFrame(columns, index=index).reset_index()

    def gap(self, other: Gaussian | None = None) -> pd.DataFrame:
        """Why the answer differs from the Gaussian one, for the mean of each cell of the horizon.

        The Gaussian is that of the model itself, or another model's law `other` in the same units.

        `series, period, answer, gaussian, gap, centre, volatility, shape, standard_error`, in the
        linear scale of the model (its own units). Between the two answers stands the Gaussian with
        the mean of the draws (`centre`), then also their covariance (`volatility`); what is left is
        `shape`. A gap within two standard errors is no gap.
        """
        told, law = self.told, other or self.law.gaussian()
        pins = told.pins
        base = told.baseline
        before = law.given(self.bound.facts)
        weight = len(base) / (len(base) + base.shape[1])  # few draws know little of a covariance
        moments = Gaussian(
            base.mean(axis=0), weight * np.cov(base.T) + (1 - weight) * before.covariance
        )
        plain = before.given(pins, self._closed).mean
        centred = Gaussian(moments.mean, before.covariance).given(pins, self._closed).mean
        fitted = moments.given(pins, self._closed).mean if len(pins) else moments.mean
        answer = told.alternative.mean(axis=0)
        error = told.alternative.std(axis=0) / np.sqrt(max(self.diagnostics.effective, 1))
        parts = {
            "answer": answer,
            "gaussian": plain,
            "gap": answer - plain,
            "centre": centred - plain,
            "volatility": fitted - centred,
            "shape": answer - fitted,
            "standard_error": error,
        }
        edge = self.bound.edge
        tables = {name: self._cells(part[None])[0, edge:].T.ravel() for name, part in parts.items()}
        index = pd.MultiIndex.from_product(
            [self.bound.names, period_labels(self.bound.index_of(edge=False))],
            names=["series", "period"],
        )
        return pd.DataFrame(tables, index=index).reset_index()

    @property
    def _closed(self) -> Mode:
        return self.mode if self.mode in ("soft", "density") else "hard"

    def _standard_error(self) -> np.ndarray:
        base, told, paths = self.baseline.samples, self.alternative.samples, self.baseline.paths
        if self.weights is not None:
            w = self.weights[:, None, None]
            mean = (w * base).sum(axis=0)
            return np.sqrt(((w * (base - mean) - (base - base.mean(axis=0)) / paths) ** 2).sum(0))
        if self.told.twin is self.told.alternative:
            return (told - base).std(axis=0, ddof=1) / np.sqrt(paths)
        count = max(self.diagnostics.effective, 1)
        return np.sqrt(told.var(axis=0) / count + base.var(axis=0) / paths)

    def _cells(self, draws: np.ndarray) -> np.ndarray:
        return draws.reshape(len(draws), self.bound.steps, -1)

    def _ahead(self, draws: np.ndarray) -> Forecast:
        edge = self.bound.edge
        samples = self.bound.to_user(self._cells(draws))[:, edge:]
        provenance = {"mode": self.mode, "method": self.told.method}
        index = self.bound.index_of(edge=False)
        return Forecast(samples, index, self.bound.names, self.units, provenance)


def conditional(
    forecaster: Forecaster,
    history: pd.DataFrame,
    scenario: Scenario | pd.DataFrame,
    *,
    mode: Mode,
    horizon: int,
    paths: int,
    rng: np.random.Generator,
) -> Conditional:
    """Answer `scenario` at the end of `history`; ScenarioError says why it cannot be answered."""
    if isinstance(scenario, pd.DataFrame):
        scenario = Scenario.of(scenario)
    inner, transforms, units = inside(forecaster)
    bound = bind(scenario, _known_order(history, inner, transforms), horizon, transforms)
    _refuse(bound, mode)
    start = bound.start
    if isinstance(forecaster, TransformedForecaster):
        start = forecaster.to_model(start)
    law = law_of(inner, start, bound.steps)
    pins = bound.pins if mode in ("hard", "soft", "density") else bound.pins.keep(np.zeros(0, int))
    told = law.told(bound.facts, pins, mode, paths, rng)
    found = Diagnostics(
        paths, told.effective, told.ancestors, _miss(told, bound, mode), told.method
    )
    answer = Conditional(mode, bound, law, told, history, units, found)
    answer = _or_gaussian(answer)
    if mode == "tilt":
        target = bound.pins.at(told.baseline.mean(axis=0))
        return _weighted(answer, _tilted(told.baseline, target), target, rng)
    if bound.events:
        hits = [occurs(event, answer.alternative, history) for event in bound.events]
        return _weighted(answer, _among(np.all(hits, axis=0), bound.events), told.pins, rng)
    return answer


def inside(forecaster: Forecaster):
    """The model inside its transforms, the transforms, and the user's units."""
    if isinstance(forecaster, TransformedForecaster):
        return forecaster.inner, dict(forecaster.transforms), forecaster.units
    return forecaster, None, {}


def _known_order(
    history: pd.DataFrame, inner: Forecaster, transforms: Mapping[str, object] | None
) -> pd.DataFrame:
    names = list(transforms or getattr(inner, "names", history.columns))
    missing = [name for name in names if name not in history.columns]
    if missing:
        raise ScenarioError(f"history lacks the series {missing}; the model was fitted on {names}")
    return history.loc[:, names]


def _refuse(bound: Bound, mode: Mode) -> None:
    """What cannot be answered in this mode."""
    if mode not in MODES:
        raise ScenarioError(f"the modes are {', '.join(MODES)}, got {mode!r}")
    if mode == "event" and (len(bound.pins) or not bound.events):
        raise ScenarioError(
            "the mode event takes events and no pins; take hard, soft or density for pins, "
            "with or without events"
        )
    if mode == "soft" and not (bound.pins.sd > 0).any() and len(bound.pins):
        raise ScenarioError("the mode soft needs the deviation of the error: --given-sd, or sd")
    if mode == "hard" and (bound.pins.sd > 0).any():
        raise ScenarioError(
            "the mode hard holds pins exactly, but some have an sd; take soft (seen with an error) "
            "or density (spread so)"
        )
    pinned = len(bound.facts) + len(bound.pins)
    if mode == "hard" and pinned == bound.steps * len(bound.names):
        raise ScenarioError(
            f"all {pinned} cells are pinned, so nothing is left to draw; leave some free, take a "
            "longer horizon, or the mode soft or density"
        )


def _miss(told: Told, bound: Bound, mode: Mode) -> float:
    """The worst deviation from what should hold exactly."""
    missed = [np.abs(told.alternative @ bound.facts.matrix.T - bound.facts.value).ravel()]
    if mode == "hard":
        missed.append(np.abs(told.alternative @ told.pins.matrix.T - told.pins.value).ravel())
    whole = np.concatenate(missed)
    return float(whole.max()) if len(whole) else float("nan")


def _or_gaussian(answer: Conditional) -> Conditional:
    """The Gaussian answer in the place of one that hangs on too few draws."""
    found, told = answer.diagnostics, answer.told
    few = found.effective < max(FEWEST, FLOOR * found.paths) or found.ancestors < FEWEST
    if told.gaussian is None or not few or found.paths < 2 * FEWEST:
        return answer
    why = (
        f"the corrected answer hangs on {found.effective:.0f} effective of {found.paths} draws "
        f"({found.ancestors} ancestors): too few; this is the Gaussian answer of the anchor"
    )
    warnings.warn(why, ScenarioWarning, stacklevel=3)
    told = replace(
        told, alternative=told.gaussian, twin=told.gaussian, method="Gaussian answer of the anchor"
    )
    found = replace(
        found,
        fallback=why,
        method=told.method,
        largest_miss=_miss(told, answer.bound, answer.mode),
    )
    return replace(answer, told=told, diagnostics=found)


def _weighted(
    answer: Conditional, weights: np.ndarray, pins: Pins, rng: np.random.Generator
) -> Conditional:
    """The answer's draws, chosen in proportion to `weights`."""
    told, found = answer.told, answer.diagnostics
    chosen = systematic(weights, rng)
    after = replace(told, alternative=told.alternative[chosen], pins=pins)
    share = effective(weights)
    method = f"{found.method}, weighted draws"
    if share < FEWEST:
        warnings.warn(
            f"the answer hangs on {share:.0f} effective draws of {found.paths}; draw more paths",
            ScenarioWarning,
            stacklevel=3,
        )
    after_found = replace(
        found,
        effective=min(found.effective, share) if answer.mode in ("event", "tilt") else share,
        ancestors=len(np.unique(chosen)),
        method=method,
        largest_miss=(
            float(np.abs(weights @ (told.alternative @ pins.matrix.T) - pins.value).max())
            if answer.mode == "tilt"
            else found.largest_miss
        ),
    )
    unpinned = answer.mode in ("event", "tilt")
    return replace(
        answer,
        told=replace(after, method=method, twin=after.alternative[:0] if unpinned else told.twin),
        diagnostics=after_found,
        weights=weights if unpinned else None,
    )


def _tilted(draws: np.ndarray, pins: Pins) -> np.ndarray:
    """Weights that give the pinned combinations their means, and variances where an sd is given."""
    if len(pins) == 0:
        return np.full(len(draws), 1 / len(draws))
    seen = draws @ pins.matrix.T
    spread = pins.sd > 0
    squares = (seen[:, spread] - pins.value[spread]) ** 2
    target = np.concatenate([pins.value, pins.sd[spread] ** 2])
    return tilt(np.hstack([seen, squares]), target)


def _among(inside: np.ndarray, events: tuple[str, ...]) -> np.ndarray:
    """Equal weights on the paths in which the events occur."""
    if not inside.any():
        raise ScenarioError(
            f"none of {len(inside)} paths lies in the event {' and '.join(events)}: its "
            f"probability is below about {3 / len(inside):.1g}; draw more paths, or pin what it "
            "needs"
        )
    return inside / inside.sum()
