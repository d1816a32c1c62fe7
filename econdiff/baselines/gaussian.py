"""The law of a linear recursion with Gaussian shocks: what AR, VAR and BVAR have in common.

    y_t = c + A_1 y_{t-1} + ... + A_p y_{t-p} + s_t u_t,    u_t ~ N(0, S)

Given p complete rows, any stretch of later rows is jointly Gaussian. With the responses
Psi_0 = I, Psi_1, ... of y to a shock (Lütkepohl, 2005, *New Introduction to Multiple Time Series
Analysis*, 2.1.22), rows t and r after the p given ones have

    cov(y_t, y_r) = sum_{j <= min(t, r)} s_j^2 Psi_{t-j} S Psi_{r-j}'

Cells that are missing at the end of a history are part of that stretch: they are drawn, with
the future, from its law given the cells that are known.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import multivariate_normal

from econdiff.baselines.history import values_of
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after

LARGEST_EDGE = 2000  # cells; their covariance is written out


@dataclass(frozen=True, eq=False)
class LinearGaussian:
    """A fitted recursion: draws of the future, and their mean and covariance in closed form.

    `loudness(index)` gives s_t for each period (Lenza and Primiceri's pandemic); None is 1.
    """

    names: tuple[str, ...]
    coefficients: np.ndarray  # [1 + lags * series, series]: constant, then lag 1, lag 2, ...
    covariance: np.ndarray  # [series, series]
    loudness: Callable[[pd.Index], np.ndarray] | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    @property
    def lags(self) -> int:
        """How many rows of the past decide the next."""
        return (len(self.coefficients) - 1) // len(self.names)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`. Raises ValueError where no `lags` rows together are complete."""
        future = steps_after(history, horizon)
        past = self.past(history, paths, rng)
        shocks = rng.standard_normal((paths, horizon, len(self.names))) @ root(self.covariance)
        shocks *= self._loudness(future)[:, None]
        samples = futures(self.coefficients, past, shocks)
        return Forecast(samples, future, self.names, provenance=self.provenance)

    def path_moments(self, history: pd.DataFrame, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean [step, series] and covariance [step * series, step * series] of the future.

        Rows and columns of the covariance run over steps, and over series within a step.
        """
        start, values = self.settled(history)
        index = history.index[start:].append(steps_after(history, horizon))
        mean, covariance = self._moments(values[start - self.lags : start], index)
        edge = values[start:].ravel()
        at = np.flatnonzero(np.isfinite(edge))
        mean, covariance = condition(mean.ravel(), covariance, at, edge[at])
        width = len(edge)
        return mean[width:].reshape(horizon, -1), covariance[width:, width:]

    def log_density(self, history: pd.DataFrame, future: pd.DataFrame) -> float:
        """Log density of a complete `future` [step x series], in nats: the Gaussian's own."""
        mean, covariance = self.path_moments(history, len(future))
        y = future[list(self.names)].to_numpy(float)
        law = multivariate_normal(mean.ravel(), covariance)  # pyright: ignore[reportArgumentType]
        return float(law.logpdf(y.ravel()))

    def past(self, history: pd.DataFrame, paths: int, rng: np.random.Generator) -> np.ndarray:
        """The last rows before the origin [paths, lags, series], missing cells drawn."""
        start, values = self.settled(history)
        return self.completed(values, start, history.index, paths, rng)

    def completed(
        self, values: np.ndarray, start: int, index: pd.Index, paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        """The last rows of `values` [paths, lags, series], missing cells from row `start` drawn."""
        given = values[start - self.lags : start]
        before = np.broadcast_to(given, (paths, *given.shape))
        if start == len(values):
            return before
        mean, covariance = self._moments(given, index[start:])
        edge = values[start:].ravel()
        at = np.flatnonzero(np.isfinite(edge))
        mean, covariance = condition(mean.ravel(), covariance, at, edge[at])
        drawn = mean + rng.standard_normal((paths, len(mean))) @ root(covariance)
        drawn[:, at] = edge[at]
        after = drawn.reshape(paths, len(values) - start, len(self.names))
        return np.concatenate([before, after], axis=1)[:, after.shape[1] :]

    def _moments(self, given: np.ndarray, index: pd.Index) -> tuple[np.ndarray, np.ndarray]:
        """Mean [step, series] and covariance of the rows `index` after the complete rows `given`.

        The responses are the recursion itself, run once without a past on a unit shock to each
        series.
        """
        steps, series = len(index), len(self.names)
        quiet = np.zeros((1, steps, series))
        mean = futures(self.coefficients, given[None], quiet)[0]

        unit = np.zeros((series, steps, series))
        unit[:, :1] = root(self.covariance)[:, None]
        without_constant = np.vstack([np.zeros((1, series)), self.coefficients[1:]])
        response = futures(without_constant, np.zeros((series, self.lags, series)), unit)
        spread = np.zeros((steps, series, steps, series))  # of step t, to the shocks of step j
        loudness = self._loudness(index)
        for j in range(steps):
            spread[j:, :, j] = loudness[j] * response[:, : steps - j].transpose(1, 2, 0)
        matrix = spread.reshape(steps * series, -1)
        return mean, matrix @ matrix.T

    def settled(self, history: pd.DataFrame) -> tuple[int, np.ndarray]:
        """The latest row before which `lags` rows are complete, and the cells of `history`."""
        values = values_of(history, self.names)
        known = np.isfinite(values)
        holes = np.concatenate([[0], (~known.all(axis=1)).cumsum()])  # before each row
        starts = np.flatnonzero(holes[self.lags :] == holes[: len(holes) - self.lags]) + self.lags
        if len(starts) == 0:
            raise ValueError(
                f"history needs {self.lags} complete rows one after another, "
                f"got {_worst(history, self.names, known)}"
            )
        if (len(values) - starts[-1]) * len(self.names) > LARGEST_EDGE:
            raise ValueError(
                f"the last {self.lags} complete rows of the history lie "
                f"{len(values) - starts[-1]} rows before its end: "
                f"{_worst(history, self.names, known)}; leave that series out"
            )
        return int(starts[-1]), values

    def _loudness(self, index: pd.Index) -> np.ndarray:
        return np.ones(len(index)) if self.loudness is None else self.loudness(index)


def futures(coefficients: np.ndarray, past: np.ndarray, shocks: np.ndarray) -> np.ndarray:
    """Run the recursion on from `past` [paths, lags, series] under `shocks` [paths, step, series].

    `coefficients` are [1 + lags * series, series], or one such matrix a path.
    """
    paths, lags, series = past.shape
    y = np.concatenate([past, shocks], axis=1)
    constant, slopes = coefficients[..., 0, :], coefficients[..., 1:, :]
    for t in range(lags, y.shape[1]):
        latest_first = y[:, t - lags : t][:, ::-1].reshape(paths, 1, lags * series)
        y[:, t] += constant + (latest_first @ slopes)[:, 0]
    return y[:, lags:]


def condition(
    mean: np.ndarray, covariance: np.ndarray, at: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The Gaussian with the entries `at` known to be `values`, of the same size.

    mean + C_a (C_aa)^-1 (values - mean_a),    C - C_a (C_aa)^-1 C_a'
    """
    if len(at) == 0:
        return mean, covariance
    gain = np.linalg.lstsq(covariance[np.ix_(at, at)], covariance[at], rcond=None)[0].T
    return mean + gain @ (values - mean[at]), covariance - gain @ covariance[at]


def root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root of a covariance, which may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def lagged(y: np.ndarray, lags: int) -> np.ndarray:
    """Regressors of each row of `y` [time, series] from row `lags` on: 1, lag 1, lag 2, ..."""
    ones = np.ones((len(y) - lags, 1))
    return np.hstack([ones, *(y[lags - k : len(y) - k] for k in range(1, lags + 1))])


def shared_correlation(residuals: np.ndarray) -> np.ndarray:
    """Correlation of `residuals` [time, series] over the rows that all series share.

    Where they share fewer than three rows, they are taken to be uncorrelated.
    """
    shared = residuals[np.isfinite(residuals).all(axis=1)]
    if len(shared) < 3:
        return np.eye(residuals.shape[1])
    return np.atleast_2d(np.corrcoef(shared.T))


def _worst(history: pd.DataFrame, names: tuple[str, ...], known: np.ndarray) -> str:
    """The series that stands in the way, in words."""
    if known.all():
        return f"{len(known)} rows"
    column = int(known.sum(axis=0).argmin())
    row = int(np.flatnonzero(~known[:, column])[-1])
    return (
        f"{names[column]!r} missing in {(~known[:, column]).sum()} rows, last {history.index[row]}"
    )
