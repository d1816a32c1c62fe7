"""A trial: one model's forecast from one origin, and how it fared."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from econdiff.forecast import Forecaster, some_names
from econdiff.periods import period_labels, steps_after
from econdiff.scoring import (
    crps,
    energy_score,
    left_tail,
    log_score,
    pit,
    quantile_weighted_crps,
    right_tail,
    squared_error,
    variogram_score,
)

LEVELS = (0.01, 0.025, *(k / 20 for k in range(1, 20)), 0.975, 0.99)
"""The quantile levels that a trial keeps."""


@runtime_checkable
class DensityForecaster(Forecaster, Protocol):
    """A forecaster that knows the density of the futures that it draws."""

    def log_density(self, history: pd.DataFrame, future: pd.DataFrame) -> float:
        """Log density of a complete `future` [step x series], in nats, in panel units."""
        ...


@dataclass(frozen=True, eq=False)
class Trial:
    """One model's forecast from one origin, scored.

    `row` is the origin's place in the panel, `periods` are the periods of the steps.

    `scores` holds an array `[step, series]` a score: crps, crps_left and crps_right (weighted
    to either tail), squared_error of the mean, log_kernel. `joint` holds an array `[step]` a
    score of all series together, in units of each series' scale: energy and variogram of the
    step (two series or more), and at the last step, for the whole path, energy_path and (where
    asked for, of models that know their density) log_path, minus the log density in nats.
    NaN where the outcome is not known, and the scores of a cell also where the history told it.

    A trial that failed has its `error` and is NaN throughout. Fitting took `fit_seconds`, 0 where
    an earlier fit was used again.
    """

    model: str
    origin: str
    row: int
    periods: tuple[str, ...]
    series: tuple[str, ...]
    outcome: np.ndarray  # [step, series]
    mean: np.ndarray  # [step, series]
    quantiles: np.ndarray  # [level, step, series], at LEVELS
    pit: np.ndarray  # [step, series]
    scores: Mapping[str, np.ndarray]
    joint: Mapping[str, np.ndarray]
    fit_seconds: float = 0.0
    sample_seconds: float = 0.0
    error: str = ""
    samples: np.ndarray | None = None  # [path, step, series], if kept

    def __repr__(self) -> str:
        span = f"{self.periods[0]} to {self.periods[-1]}"
        failed = f", failed: {self.error}" if self.error else ""
        return f"Trial: {self.model} from {self.origin}, {span}, {some_names(self.series)}{failed}"


@dataclass(frozen=True, eq=False)
class Cut:
    """A panel cut at an origin: what was known, and the `horizon` rows that came.

    The history may go on after the origin, in a ragged edge. Rows of `future` beyond the end of the
    data are NaN.
    """

    row: int
    origin: str
    history: pd.DataFrame
    future: pd.DataFrame

    @property
    def edge(self) -> int:
        """How many rows the history has after the origin."""
        return int(self.future.index.isin(self.history.index).sum())

    @property
    def told(self) -> np.ndarray:
        """Which cells of the future the history knows, [step, series]."""
        there = self.history.iloc[len(self.history) - self.edge :].notna().to_numpy()
        return np.concatenate(
            [there, np.zeros((len(self.future) - self.edge, there.shape[1]), bool)]
        )


@dataclass(frozen=True)
class Draws:
    """What every trial of a backtest has in common; see `backtest`."""

    horizon: int
    paths: int
    seed: int
    keep_paths: bool = False
    densities: bool = False
    scale: Mapping[str, float] | None = None


def cut_at(panel: pd.DataFrame, row: int, horizon: int, known: pd.DataFrame | None = None) -> Cut:
    """`panel` cut after its row number `row`; the history is `known` where that is given."""
    future = panel.iloc[row + 1 : row + 1 + horizon]
    if len(future) < horizon:
        beyond = steps_after(panel, horizon - len(future))
        future = future.reindex(future.index.append(beyond))
    origin = _labels(panel.index[row : row + 1])[0]
    return Cut(row, origin, panel.iloc[: row + 1] if known is None else known, future)


def attempt(
    model: str, forecaster: Forecaster, cut: Cut, draws: Draws, fit_seconds: float
) -> Trial:
    """Draw from `cut`'s origin and score what came; a forecast that is not usable is refused."""
    sampling, ranking = generators(draws.seed, model, cut.origin)
    names = tuple(cut.history.columns)
    start = time.perf_counter()
    forecast = forecaster.sample(
        cut.history.copy(), horizon=draws.horizon - cut.edge, paths=draws.paths, rng=sampling
    ).select(*names)
    seconds = time.perf_counter() - start
    drawn = forecast.joined() if cut.edge else forecast
    samples, outcome = np.asarray(drawn.samples, float)[:, -draws.horizon :], _outcome(cut)
    check_drawn(samples, (draws.paths, draws.horizon, len(names)), names)
    came = cut.future.to_numpy(float)
    marginal, joint = _scored(samples, outcome, came, _scale(cut.history, draws.scale))
    known = np.isfinite(came).all() and not cut.edge
    if draws.densities and isinstance(forecaster, DensityForecaster) and known:
        density = forecaster.log_density(cut.history.copy(), cut.future.copy())
        joint["log_path"] = _at_the_end(-density, draws.horizon)
    return Trial(
        model=model,
        **_place(cut),
        mean=samples.mean(axis=0),
        quantiles=np.quantile(samples, LEVELS, axis=0),
        pit=pit(samples, outcome, rng=ranking),
        scores=marginal,
        joint=joint,
        fit_seconds=fit_seconds,
        sample_seconds=seconds,
        samples=samples if draws.keep_paths else None,
    )


def failure(model: str, cut: Cut, error: str, fit_seconds: float) -> Trial:
    """The row of a model that did not forecast from this origin, and why."""
    nothing = np.full(cut.future.shape, np.nan)
    return Trial(
        model=model,
        **_place(cut),
        mean=nothing,
        quantiles=np.full((len(LEVELS), *nothing.shape), np.nan),
        pit=nothing,
        scores={},
        joint={},
        fit_seconds=fit_seconds,
        error=error,
    )


def generators(seed: int, model: str, origin: str) -> list[np.random.Generator]:
    """Two streams of this trial's own, one to draw paths and one to break the ties of ranks.

    They depend on nothing else, so that neither the order of trials nor the number of
    workers changes a digit.
    """
    words = hashlib.sha256(f"{model}\n{origin}".encode()).digest()
    sequence = np.random.SeedSequence([seed, int.from_bytes(words, "big")])
    return [np.random.default_rng(child) for child in sequence.spawn(2)]


def _place(cut: Cut) -> dict:
    return {
        "origin": cut.origin,
        "row": cut.row,
        "periods": _labels(cut.future.index),
        "series": tuple(str(name) for name in cut.future.columns),
        "outcome": _outcome(cut),
    }


def _outcome(cut: Cut) -> np.ndarray:
    """What came and was not told, [step, series]."""
    return np.where(cut.told, np.nan, cut.future.to_numpy(float))


def _labels(index: pd.Index) -> tuple[str, ...]:
    if not isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        raise TypeError(
            f"a panel needs a PeriodIndex or a DatetimeIndex, got {type(index).__name__}; "
            "read it with econdiff.panel.read_panel"
        )
    return tuple(period_labels(index))


def check_drawn(
    samples: np.ndarray, expected: tuple[int, int, int], names: tuple[str, ...]
) -> None:
    """Raises ValueError where `samples` are not of the `expected` shape, or not all finite."""
    if samples.shape != expected:
        raise ValueError(f"the model drew {samples.shape}, [path, step, series] = {expected} asked")
    bad = ~np.isfinite(samples)
    if bad.any():
        where = [name for k, name in enumerate(names) if bad[:, :, k].any()]
        raise ValueError(
            f"{bad.sum()} of {bad.size} drawn values are not finite, in the series {where}"
        )


def _scale(history: pd.DataFrame, given: Mapping[str, float] | None) -> np.ndarray:
    """What one unit of each series is: what is `given`, or the deviation of its past changes."""
    if given is not None:
        return np.array([given[name] for name in history.columns], float)
    changes = history.astype(float).diff().std()
    return changes.where(changes > 0).to_numpy(float)


def _scored(
    samples: np.ndarray, outcome: np.ndarray, came: np.ndarray, scale: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Scores of the cells of `outcome`, and joint ones of all that `came`, told or not."""
    marginal = {
        "crps": crps(samples, outcome),
        "crps_left": quantile_weighted_crps(samples, outcome, left_tail),
        "crps_right": quantile_weighted_crps(samples, outcome, right_tail),
        "squared_error": squared_error(samples, outcome),
        "log_kernel": log_score(samples, outcome),
    }
    steps, series = outcome.shape
    drawn, came = samples / scale, came / scale
    whole = energy_score(drawn.reshape(len(drawn), -1), came.ravel())
    joint = {"energy_path": _at_the_end(whole, steps)}
    if series > 1:
        joint["energy"] = np.array([energy_score(drawn[:, k], came[k]) for k in range(steps)])
        joint["variogram"] = np.array([variogram_score(drawn[:, k], came[k]) for k in range(steps)])
    return marginal, joint


def _at_the_end(score: float, steps: int) -> np.ndarray:
    """A score of the whole path, `[step]`, which stands at its last step."""
    scores = np.full(steps, np.nan)
    scores[-1] = score
    return scores
