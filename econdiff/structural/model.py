"""What shocks did and do, once a scheme has named them: responses and history."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from econdiff.arguments import check_count
from econdiff.baselines.gaussian import LinearGaussian, futures, lagged
from econdiff.forecast import Forecaster, some_names
from econdiff.periods import period_labels
from econdiff.scenario import BoundScenario, Scenario, ScenarioError, bind
from econdiff.scenario.binding import linear_scale
from econdiff.scenario.conditional import inside
from econdiff.structural.schemes import Reduced, Scheme
from econdiff.transforms import TransformedForecaster
from econdiff.transforms.series import Transform


@runtime_checkable
class _HasDraws(Protocol):
    def draws(self, count: int, rng: np.random.Generator) -> Iterator[LinearGaussian]: ...


@dataclass(frozen=True, eq=False)
class Structural:
    """Reduced forms and one B for each, [draw, series, shock], under the declared `scheme`.

    `history` is in the user's units and ends with the last complete row of `panel`, `past` is the
    same in those of the model.
    """

    models: tuple[LinearGaussian, ...]
    scheme: Scheme
    impacts: np.ndarray
    panel: pd.DataFrame
    history: pd.DataFrame
    past: pd.DataFrame
    transforms: Mapping[str, Transform] | None
    units: Mapping[str, str]

    def __repr__(self) -> str:
        series, shocks = some_names(self.names), some_names(self.scheme.shocks)
        return f"Structural: draws {len(self.models)}, series {series}, shocks {shocks}"

    @property
    def names(self) -> tuple[str, ...]:
        """The series."""
        return self.models[0].names

    @property
    def shocks(self) -> tuple[str, ...]:
        """One name a column of B; those that the scheme does not identify are "(unnamed 1)" ..."""
        named = self.scheme.shocks
        rest = range(1, len(self.names) - len(named) + 1)
        return named + tuple(f"(unnamed {k})" for k in rest)

    def bound(self, horizon: int) -> BoundScenario:
        """Where the cells of the next `horizon` steps after `history` stand."""
        return bind(Scenario(), self.history, horizon, self.transforms)

    def ahead(self, scenario: Scenario, horizon: int) -> BoundScenario:
        """`scenario` at the end of the panel, its ragged edge before the `horizon` steps."""
        return bind(scenario, self.panel, horizon, self.transforms)

    def moved(self, horizon: int) -> np.ndarray:
        """Effects of a shock of one standard deviation in model units, [draw, step, series, shock].

        Step 0 is the period in which it comes.
        """
        check_count("horizon", horizon, least=0)
        draws, series, _ = self.impacts.shape
        quiet = np.stack([model.coefficients for model in self.models])
        quiet[:, 0] = 0
        unit = np.zeros((draws * series, horizon + 1, series))
        unit[:, 0] = self.impacts.swapaxes(1, 2).reshape(-1, series)
        past = np.zeros((len(unit), self.models[0].lags, series))
        moved = futures(np.repeat(quiet, series, axis=0), past, unit)
        return moved.reshape(draws, series, horizon + 1, series).transpose(0, 2, 3, 1)

    def responses(self, horizon: int) -> np.ndarray:
        """`moved` in the units of the series; in per cent where it is modelled in logarithms."""
        moved = self.moved(horizon)
        cells = moved.transpose(1, 2, 0, 3).reshape((horizon + 1) * len(self.names), -1)
        wide = linear_scale(self.bound(horizon + 1), cells)  # [step, series, draw and shock]
        return wide.reshape(horizon + 1, len(self.names), len(moved), -1).transpose(2, 0, 1, 3)

    def bands(self, horizon: int, coverage: float = 0.68) -> pd.DataFrame:
        """`shock, series, step, low, median, high` of the named shocks, over the draws."""
        if not 0 < coverage < 1:
            raise ScenarioError(f"coverage must lie between 0 and 1, got {coverage}; 68% is 0.68")
        tail = (1 - coverage) / 2
        count = len(self.scheme.shocks)
        found = self.responses(horizon)[..., :count].transpose(0, 3, 2, 1)
        table = np.quantile(found, [tail, 0.5, 1 - tail], axis=0)
        index = pd.MultiIndex.from_product(
            [self.scheme.shocks, self.names, range(horizon + 1)], names=["shock", "series", "step"]
        )
        frame = pd.DataFrame(table.reshape(3, -1).T, index=index, columns=["low", "median", "high"])
        return frame.reset_index()

    def central(self, horizon: int = 16) -> int:
        """The draw whose responses lie nearest to their medians, in standard deviations.

        One model, where medians of each response are of many: Fry and Pagan (2011), section 5.
        """
        found = self.moved(horizon)[..., : len(self.scheme.shocks)]
        size = found.std(axis=0)
        apart = (found - np.median(found, axis=0)) / np.where(size > 0, size, 1)
        return int((apart**2).sum(axis=(1, 2, 3)).argmin())

    def past_shocks(self, draw: int) -> np.ndarray:
        """The shocks of the history [period, shock], from its `lags`-th row on."""
        reduced = residuals(self.models[draw], self.past).to_numpy(float)
        return np.linalg.solve(self.impacts[draw], reduced.T).T

    def historical(self) -> pd.DataFrame:
        """What each shock, and the start, gave each cell: `period, series, shock, value`.

        In model units, by the `central` draw; the values of a cell add up to it.
        """
        draw = self.central()
        model, y = self.models[draw], self.past.to_numpy(float)
        lags, series = model.lags, y.shape[1]
        if not np.isfinite(y).all():
            raise ScenarioError("a historical decomposition needs a history without missing cells")
        steps = len(y) - lags
        quiet = futures(model.coefficients, y[None, :lags], np.zeros((1, steps, series)))[0]
        zero = np.vstack([np.zeros((1, series)), model.coefficients[1:]])
        alone = self.impacts[draw].T[:, None] * self.past_shocks(draw).T[:, :, None]
        parts = futures(zero, np.zeros((series, lags, series)), alone)
        values = np.concatenate([parts, quiet[None]]).transpose(1, 2, 0)
        periods = _labels(self.past.index[lags:])
        index = pd.MultiIndex.from_product(
            [periods, self.names, (*self.shocks, "start and constant")],
            names=["period", "series", "shock"],
        )
        return pd.DataFrame({"value": values.ravel()}, index=index).reset_index()

    def said(self) -> tuple[str, ...]:
        """The scheme and the set that it identifies, in sentences."""
        told = self.scheme.said(Reduced(self.models[0], residuals(self.models[0], self.past)))
        distinct = len({model.coefficients.tobytes() for model in self.models})
        of = (
            f"{len(self.models)} draws of the reduced form, one B each: bands hold the doubt about "
            "its coefficients."
            if distinct > 1
            else f"One estimate of the reduced form, {len(self.models)} draws of B: doubt about "
            "its coefficients is not in the bands."
        )
        if len(self.panel) == len(self.history):
            return (*told, of)
        last = _labels(self.history.index[-1:])[0]
        edge = (
            f"Responses and shocks are those up to {last}, the last row that is complete; a "
            "scenario begins behind the last row of all, and holds what has been published since."
        )
        return (*told, of, edge)


def structural(
    forecaster: Forecaster,
    history: pd.DataFrame,
    scheme: Scheme,
    *,
    draws: int,
    rng: np.random.Generator,
) -> Structural:
    """Declare `scheme` of the shocks of a fitted VAR, or of draws of a BVAR, at its `history`."""
    if draws < 1:
        raise ScenarioError(f"draws must be at least 1, got {draws}")
    inner, transforms, units = inside(forecaster)
    if isinstance(inner, _HasDraws) and callable(inner.draws):
        models = tuple(inner.draws(draws, rng))
    elif isinstance(inner, LinearGaussian):
        models = (inner,) * draws
    else:
        raise ScenarioError(
            f"{type(inner).__name__} has no reduced form; a structural model is a VAR or a BVAR"
        )
    panel = history.loc[:, list(models[0].names)]
    start = bind(Scenario(), panel, 1, transforms).start
    past = start
    if isinstance(forecaster, TransformedForecaster):
        past = forecaster.to_model(start)
    impacts = [scheme.impact(Reduced(one, residuals(one, past)), rng) for one in models]
    return Structural(models, scheme, np.stack(impacts), panel, start, past, transforms, units)


def _labels(index: pd.Index) -> list[str]:
    dates = isinstance(index, pd.DatetimeIndex)
    return period_labels(index if dates else pd.PeriodIndex(index))


def residuals(model: LinearGaussian, past: pd.DataFrame) -> pd.DataFrame:
    """One-step errors [period x series] of the rows of `past` behind the first `lags`."""
    y = past.to_numpy(float)
    errors = y[model.lags :] - lagged(y, model.lags) @ model.coefficients
    return pd.DataFrame(errors, index=past.index[model.lags :], columns=list(model.names))
