"""Exponentially weighted volatility: RiskMetrics, Gaussian or with past shocks.

    S_t = d S_{t-1} + (1 - d) r_{t-1} r_{t-1}'

J.P. Morgan and Reuters (1996), *RiskMetrics technical document*, 5.2; d = .94 for days. The first
`START` rows give the first S. r_t is the return less its mean over the rows of `fit`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from econdiff.baselines.gaussian import root
from econdiff.baselines.history import check_varies, complete_rows, even_rows, values_of
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after

START = 25  # rows


@dataclass(frozen=True)
class EWMA:
    """RiskMetrics: returns N(0, S), S held over the horizon; for panels of returns.

    `filtered` instead draws whole rows of past shocks z = r / s, s^2 the diagonal of S, and lets
    each path move its own s (Hull and White, 1998). Rows with a missing cell are left out.
    """

    decay: float = 0.94
    filtered: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.decay < 1:
            raise ValueError(f"decay must lie between 0 and 1, got {self.decay}")

    def fit(self, panel: pd.DataFrame) -> "FittedEWMA":
        """Take the mean; ValueError where too few rows are complete or shocks are all 0."""
        r = complete_rows(panel, panel.to_numpy(float), need=START + 2)
        if self.filtered:
            check_varies(panel.columns, r)
        return FittedEWMA(tuple(panel.columns), r.mean(axis=0), self.decay, self.filtered)


@dataclass(frozen=True, eq=False)
class FittedEWMA:
    """Names and means of the series, and the decay."""

    names: tuple[str, ...]
    mean: np.ndarray
    decay: float
    filtered: bool

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def atoms(self, history: pd.DataFrame) -> np.ndarray:
        """The next row's law under `filtered`: equally likely rows [atom, series]."""
        z, variance = self._state(history)
        return self.mean + z * np.sqrt(variance)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`."""
        if self.filtered:
            z, variance = self._state(history)
            shocks = z[even_rows(len(z), paths, horizon, rng)]
            samples = np.empty_like(shocks)
            for step in range(horizon):
                samples[:, step] = shocks[:, step] * np.sqrt(variance)
                variance = self.decay * variance + (1 - self.decay) * samples[:, step] ** 2
        else:
            series = len(self.names)
            samples = rng.standard_normal((paths, horizon, series)) @ root(self.covariance(history))
        kind = "filtered historical" if self.filtered else "normal"
        provenance = {"model": f"EWMA, {kind}", "decay": self.decay}
        future = steps_after(history, horizon)
        return Forecast(self.mean + samples, future, self.names, provenance=provenance)

    def covariance(self, history: pd.DataFrame) -> np.ndarray:
        """Covariance S of the next row [series, series]."""
        r = self._rows(history)
        age = np.arange(len(r) - START)[::-1]
        weights = (1 - self.decay) * self.decay**age
        first = r[:START].T @ r[:START] / START
        later = r[START:]
        return (later.T * weights) @ later + self.decay ** len(later) * first

    def _rows(self, history: pd.DataFrame) -> np.ndarray:
        rows = complete_rows(history, values_of(history, self.names), need=START + 2)
        return rows - self.mean

    def _state(self, history: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Past shocks [row, series] and the next row's variances [series]."""
        r = self._rows(history)
        variance = exponential_variance(r, self.decay)
        return r[START:] / np.sqrt(variance[:-1]), variance[-1]


def exponential_variance(r: np.ndarray, decay: float) -> np.ndarray:
    """Variance of rows START, START + 1, ..., and of the next, [row, series], from those before."""
    first = (r[:START] ** 2).mean(axis=0)
    later, _ = lfilter([1 - decay], [1, -decay], r[START:] ** 2, axis=0, zi=decay * first[None])
    return np.vstack([first, later])
