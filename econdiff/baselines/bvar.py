"""Bayesian vector autoregression with a Minnesota prior whose tightness the data choose.

The model and its prior are written out in `minnesota`, the algebra in `conjugate`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from econdiff.baselines.conjugate import Posterior
from econdiff.baselines.gaussian import LinearGaussian, futures, lagged
from econdiff.baselines.history import ROUNDING, check_varies
from econdiff.baselines.minnesota import Search
from econdiff.baselines.pandemic import Pandemic, ages, frequency
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after


@dataclass(frozen=True)
class BVAR:
    """Minnesota BVAR after Giannone, Lenza and Primiceri (2015).

    `pandemic` lets shocks be louder from March 2020 on, in monthly and slower panels that reach
    so far. Rows are used where every series and its lags are known.
    """

    lags: int = 5
    pandemic: bool = True

    def fit(self, panel: pd.DataFrame) -> "FittedBVAR":
        """Choose the hyperparameters and form the posterior.

        Raises ValueError if rows are too few or a series has no shocks.
        """
        y = panel.to_numpy(float)
        known = np.isfinite(np.hstack([lagged(y, self.lags), y[self.lags :]]))
        rows = np.flatnonzero(known.all(axis=1))
        need = y.shape[1] + self.lags + 3
        if len(rows) < need:
            raise ValueError(
                f"BVAR({self.lags}) on {y.shape[1]} series needs at least {need} rows in which "
                f"every series and its lags are known, got {len(rows)}"
            )
        persistence, unit = first_order(panel.columns, y)
        x, target = lagged(y / unit, self.lags)[rows], (y / unit)[self.lags :][rows]
        index = panel.index[self.lags :][rows]
        freq = frequency(panel.index) if self.pandemic else None
        if freq is not None and ages(index, freq)[-1] < 0:
            freq = None
        chosen = Search(x, target, persistence, index, freq).best()
        after = chosen.posterior()
        width = np.concatenate([[1], np.tile(1 / unit, self.lags)])  # of regressors
        own_units = Posterior(
            width[:, None] * after.mean * unit,
            after.precision_root / width[:, None],
            after.scale * np.outer(unit, unit),
            after.freedom,
        )
        provenance = {"model": "BVAR", "lags": self.lags, **chosen.report()}
        return FittedBVAR(tuple(panel.columns), own_units, chosen.pandemic, provenance)


@dataclass(frozen=True, eq=False)
class FittedBVAR:
    """The posterior of a BVAR: each path has its own coefficients and covariance."""

    names: tuple[str, ...]
    posterior: Posterior
    pandemic: Pandemic | None
    provenance: Mapping[str, Any]

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`. Missing last cells are drawn by each path's own law."""
        coefficients, root = self.posterior.draw(paths, rng)
        start, values = self.at_mean().settled(history)
        if start == len(values):
            past = self.at_mean().completed(values, start, history.index, paths, rng)
        else:
            laws = (self._law(b, m) for b, m in zip(coefficients, root, strict=True))
            rows = [law.completed(values, start, history.index, 1, rng) for law in laws]
            past = np.concatenate(rows)
        future = steps_after(history, horizon)
        shocks = rng.standard_normal((paths, horizon, len(self.names))) @ root
        if self.pandemic is not None:
            shocks *= self.pandemic(future)[:, None]
        samples = futures(coefficients, past, shocks)
        return Forecast(samples, future, self.names, provenance=self.provenance)

    def draws(self, count: int, rng: np.random.Generator) -> Iterator[LinearGaussian]:
        """Laws drawn from the posterior, each with its `path_moments`."""
        for coefficients, root in zip(*self.posterior.draw(count, rng), strict=True):
            yield self._law(coefficients, root)

    def at_mean(self) -> LinearGaussian:
        """The law at the posterior mean of coefficients and covariance, doubt left out."""
        return LinearGaussian(
            self.names,
            self.posterior.mean,
            self.posterior.covariance,
            self.pandemic,
            self.provenance,
        )

    def path_moments(self, history: pd.DataFrame, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance of the future `at_mean`; for those of a draw see `draws`."""
        return self.at_mean().path_moments(history, horizon)

    def _law(self, coefficients: np.ndarray, root: np.ndarray) -> LinearGaussian:
        return LinearGaussian(
            self.names, coefficients, root.T @ root, self.pandemic, self.provenance
        )


def first_order(names: Iterable[str], y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope, between 0 and 1, and shock deviation of a first autoregression of each series.

    Raises ValueError naming a series that has no shocks.
    """
    check_varies(names, y)
    slopes, deviations = [], []
    for name, column in zip(names, y.T, strict=True):
        x = lagged(column[:, None], 1)
        known = np.isfinite(x).all(axis=1) & np.isfinite(column[1:])
        b = np.linalg.lstsq(x[known], column[1:][known], rcond=None)[0]
        slopes.append(np.clip(b[1], 0, 1))
        deviations.append(np.std(column[1:][known] - x[known] @ b))
        if deviations[-1] <= ROUNDING * np.nanstd(column):
            raise ValueError(
                f"{str(name)!r} follows exactly from its own past, there are no shocks to draw; "
                "leave it out or transform it otherwise"
            )
    return np.array(slopes), np.array(deviations)
