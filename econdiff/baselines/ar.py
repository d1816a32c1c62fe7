"""Autoregression, one series at a time: the yardstick of macroeconomic forecasting."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.baselines.gaussian import LinearGaussian, lagged, shared_correlation
from econdiff.baselines.history import check_varies


@dataclass(frozen=True)
class AR:
    """Autoregression of each series, by least squares, its order by the Bayes criterion.

        y_t = c + a_1 y_{t-1} + ... + a_p y_{t-p} + u_t,    u_t ~ N(0, s^2)
        BIC(p) = n log(RSS_p / n) + (1 + p) log n          (Schwarz, 1978)

    over p = 0 .. `max_lags` on the same n rows: those in which the series and its `max_lags`
    lags are known. The chosen order is then estimated from every row in which the series and its
    p lags are known, with s^2 = RSS / (rows - 1 - p). The estimates are taken for the truth: draws
    hold no doubt about them.

    Shocks are correlated over series as the residuals are in the rows that all series share, so
    that paths are joint; the law of each series alone is that of its autoregression.

    `window` keeps the last so many rows; `max_lags` is 8, or 4 where a window is given, and less
    where fewer than three rows a coefficient would be left.
    """

    window: int | None = None
    max_lags: int | None = None

    def fit(self, panel: pd.DataFrame) -> LinearGaussian:
        """Estimate each series; ValueError names one that is constant or too short."""
        y = panel.to_numpy(float)
        y = y if self.window is None else y[-self.window :]
        most = self.max_lags if self.max_lags is not None else 4 if self.window else 8
        fits = [_choose(str(n), c, most) for n, c in zip(panel.columns, y.T, strict=True)]
        series, lags = len(fits), max(len(f.coefficients) - 1 for f in fits)
        coefficients = np.zeros((1 + lags * series, series))
        for i, fit in enumerate(fits):
            coefficients[0, i] = fit.coefficients[0]
            rows = 1 + i + series * np.arange(len(fit.coefficients) - 1)
            coefficients[rows, i] = fit.coefficients[1:]
        deviation = np.array([fit.deviation for fit in fits])
        covariance = shared_correlation(np.stack([f.residuals for f in fits], axis=1)) * np.outer(
            deviation, deviation
        )
        orders = {str(n): len(f.coefficients) - 1 for n, f in zip(panel.columns, fits, strict=True)}
        return LinearGaussian(
            tuple(panel.columns),
            coefficients,
            covariance,
            provenance={"model": "AR", "window": self.window, "lags": orders},
        )


@dataclass(frozen=True, eq=False)
class _Regression:
    coefficients: np.ndarray  # [1 + lags]
    squares: float  # sum of squared residuals
    rows: int
    residuals: np.ndarray  # [time], NaN where there is none

    @property
    def deviation(self) -> float:
        return float(np.sqrt(self.squares / (self.rows - len(self.coefficients))))

    @property
    def bic(self) -> float:
        return self.rows * np.log(self.squares / self.rows) + len(self.coefficients) * np.log(
            self.rows
        )


def _choose(name: str, y: np.ndarray, most: int) -> _Regression:
    """The regression of the order that the Bayes criterion likes best."""
    known = np.isfinite(y)
    while (n := int(_usable(y, most).sum())) < 3 * (1 + most):
        if most == 0:
            raise ValueError(f"an autoregression of {name!r} needs at least 3 known rows, got {n}")
        most -= 1
    check_varies((name,), y[:, None])
    fits = [_regress(y, lags, _usable(y, most)) for lags in range(most + 1)]
    if not all(fit.squares > 1e-20 * np.var(y[known]) for fit in fits):
        raise ValueError(f"{name!r} follows exactly from its own past, there are no shocks to draw")
    order = int(np.argmin([fit.bic for fit in fits]))
    return _regress(y, order, _usable(y, order))


def _usable(y: np.ndarray, lags: int) -> np.ndarray:
    """The rows [time] in which the series and its lags are known."""
    known = np.isfinite(y)
    rows = known.copy()
    rows[:lags] = False
    for lag in range(1, lags + 1):
        rows[lag:] &= known[:-lag]
    return rows


def _regress(y: np.ndarray, lags: int, rows: np.ndarray) -> _Regression:
    X, target = lagged(y[:, None], lags)[rows[lags:]], y[rows]
    coefficients = np.linalg.lstsq(X, target, rcond=None)[0]
    residuals = np.full(len(y), np.nan)
    residuals[rows] = target - X @ coefficients
    return _Regression(coefficients, float(np.nansum(residuals**2)), len(target), residuals)
