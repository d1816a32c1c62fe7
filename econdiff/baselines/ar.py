"""Autoregression, one series at a time: the yardstick of macroeconomic forecasting."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.baselines.gaussian import LinearGaussian, lagged


@dataclass(frozen=True)
class AR:
    """Autoregression of each series, by least squares, its order by the Bayes criterion.

        y_t = c + a_1 y_{t-1} + ... + a_p y_{t-p} + u_t,    u_t ~ N(0, s^2)
        BIC(p) = n log(RSS_p / n) + (1 + p) log n          (Schwarz, 1978)

    over p = 0 .. `max_lags` on the same n rows: those in which the series and its `max_lags`
    lags are known. s^2 = RSS / (n - 1 - p). Shocks are correlated over series as the residuals
    are in the rows that all series share, so that paths are joint; each series' own law is that
    of its autoregression alone. The estimates are taken for the truth: draws hold no doubt about
    them.

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
        covariance = _correlation(np.stack([f.residuals for f in fits], axis=1)) * np.outer(
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
    deviation: float
    residuals: np.ndarray  # [time], NaN where there is none


def _choose(name: str, y: np.ndarray, most: int) -> _Regression:
    while True:
        rows, target = lagged(y[:, None], most), y[most:]
        used = np.isfinite(rows).all(axis=1) & np.isfinite(target)
        n = int(used.sum())
        if n >= 3 * (1 + most):
            break
        if most == 0:
            raise ValueError(f"an autoregression of {name!r} needs at least 3 known rows, got {n}")
        most -= 1
    best, lowest = None, np.inf
    for lags in range(most + 1):
        X = rows[used, : 1 + lags]
        b = np.linalg.lstsq(X, target[used], rcond=None)[0]
        e = target[used] - X @ b
        if not e @ e > 1e-20 * max(1.0, target[used] @ target[used]):
            raise ValueError(
                f"{name!r} follows exactly from its own past, so it has no shocks to draw; "
                "leave it out"
            )
        bic = n * np.log(e @ e / n) + (1 + lags) * np.log(n)
        if bic < lowest:
            residuals = np.full(len(y), np.nan)
            residuals[most:][used] = e
            best = _Regression(b, np.sqrt(e @ e / (n - 1 - lags)), residuals)
            lowest = bic
    if best is None:
        raise ValueError(f"{name!r} holds values too large for an autoregression")
    return best


def _correlation(residuals: np.ndarray) -> np.ndarray:
    """Correlation over the rows that all series share; none where they share fewer than three."""
    shared = residuals[np.isfinite(residuals).all(axis=1)]
    if len(shared) < 3:
        return np.eye(residuals.shape[1])
    return np.atleast_2d(np.corrcoef(shared.T))
