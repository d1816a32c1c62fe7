"""Vector autoregression: the linear yardstick for several series at once."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.baselines.gaussian import LinearGaussian, lagged


@dataclass(frozen=True)
class VAR:
    """Vector autoregression with Gaussian shocks, by least squares.

        y_t = c + A_1 y_{t-1} + ... + A_p y_{t-p} + u_t,    u_t ~ N(0, S)
        BIC(p) = log det(RSS_p / n) + log(n) / n * series * (1 + p * series)

    Lütkepohl (2005), *New Introduction to Multiple Time Series Analysis*, 3.2 and 4.3.9. The order
    is `lags`, or the best of 0 .. `max_lags` on the same n rows, then estimated from every row in
    which all series and their p lags are known; S = RSS / (rows - 1 - p * series). The estimates
    are taken for the truth.

    `max_lags` is less where an equation would be left with fewer than three rows a coefficient:
    with hardly more rows than coefficients, BIC takes the order that fits every row.
    """

    lags: int | None = None
    max_lags: int = 4

    def fit(self, panel: pd.DataFrame) -> LinearGaussian:
        """Estimate from `panel`; ValueError says how many rows it would need."""
        y = panel.to_numpy(float)
        series = y.shape[1]
        most = self.max_lags if self.lags is None else self.lags
        rows, target = _rows(y, most)
        while self.lags is None and most > 0 and len(target) < 3 * (1 + most * series):
            most -= 1
            rows, target = _rows(y, most)
        if len(target) < (1 + most) * series + 1:
            raise ValueError(
                f"VAR({most}) on {series} series needs at least {(1 + most) * series + 1} rows in "
                f"which every series and its {most} lags are known, got {len(target)}"
            )
        orders = [most] if self.lags is not None else range(most + 1)
        bic = {p: _regress(rows[:, : 1 + p * series], target)[0] for p in orders}
        lags = min(bic, key=lambda p: bic[p])
        _, coefficients, covariance = _regress(*_rows(y, lags))
        provenance = {"model": "VAR", "lags": lags}
        return LinearGaussian(tuple(panel.columns), coefficients, covariance, provenance=provenance)


def _rows(y: np.ndarray, lags: int) -> tuple[np.ndarray, np.ndarray]:
    """Regressors and targets of the rows in which both are known."""
    rows, target = lagged(y, lags), y[lags:]
    used = np.isfinite(rows).all(axis=1) & np.isfinite(target).all(axis=1)
    return rows[used], target[used]


def _regress(rows: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The Bayes criterion, the coefficients and the covariance of the shocks."""
    n = len(target)
    coefficients = np.linalg.lstsq(rows, target, rcond=None)[0]
    e = target - rows @ coefficients
    bic = np.linalg.slogdet(e.T @ e / n)[1] + np.log(n) / n * coefficients.size
    return bic, coefficients, e.T @ e / (n - rows.shape[1])
