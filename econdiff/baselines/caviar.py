"""CAViaR with an asymmetric slope: the quantile itself is the volatility.

    -q_t = b0 + b1 (-q_{t-1}) + b2 max(r_{t-1}, 0) + b3 max(-r_{t-1}, 0)

Engle and Manganelli (2004), eq. 8 ("asymmetric slope"), fitted jointly with an ES that is a fixed
multiple of the quantile, e_t = (1 + exp(g)) q_t, by the FZ0 loss (Taylor, 2019; Patton, Ziegel and
Chen, 2019). To draw whole paths the quantile is used as a scale: shocks z_t = r_t / -q_t of the
past are drawn again (filtered historical simulation), rows whole, so that series are joint. r_t
is the return less its mean over the rows of `fit`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.signal import lfilter

from econdiff.baselines.history import check_varies, complete_rows, even_rows, values_of
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after

FEWEST = 100  # rows: five exceptions at 5%
STARTS = ((0.90, 0.05, 0.25), (0.80, 0.10, 0.50), (0.95, 0.00, 0.15))


@dataclass(frozen=True)
class CAViaR:
    """Asymmetric-slope CAViaR of each series at `level`, its shocks drawn from the past."""

    level: float = 0.05

    def fit(self, panel: pd.DataFrame) -> "FittedCAViaR":
        """Estimate each series on the complete rows."""
        r = complete_rows(panel, panel.to_numpy(float), need=FEWEST)
        check_varies(panel.columns, r)
        mean = r.mean(axis=0)
        slopes = np.stack([_estimate(column, self.level) for column in (r - mean).T])
        return FittedCAViaR(tuple(panel.columns), mean, self.level, slopes)


@dataclass(frozen=True, eq=False)
class FittedCAViaR:
    """Means, and coefficients b0 .. b3, of each series [series, 4]."""

    names: tuple[str, ...]
    mean: np.ndarray
    level: float
    slopes: np.ndarray

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def atoms(self, history: pd.DataFrame) -> np.ndarray:
        """The next row's law: equally likely rows [atom, series]."""
        z, scale = self._state(history)
        return self.mean + z * scale

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`."""
        z, scale = self._state(history)
        shocks = z[even_rows(len(z), paths, horizon, rng)]
        samples = np.empty_like(shocks)
        b0, b1, b2, b3 = self.slopes.T
        for step in range(horizon):
            r = samples[:, step] = shocks[:, step] * scale
            scale = b0 + b1 * scale + b2 * np.maximum(r, 0) + b3 * np.maximum(-r, 0)
        provenance = {"model": "CAViaR, asymmetric slope", "level": self.level}
        future = steps_after(history, horizon)
        return Forecast(self.mean + samples, future, self.names, provenance=provenance)

    def _state(self, history: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        r = complete_rows(history, values_of(history, self.names), need=2) - self.mean
        both = zip(r.T, self.slopes, strict=True)
        scales = np.stack([_scales(y, b, self.level) for y, b in both], axis=1)
        return r / scales[:-1], scales[-1]


def _scales(r: np.ndarray, b: np.ndarray, level: float) -> np.ndarray:
    """-q of every row, and of the next, [time + 1]; it starts at the quantile of 300 rows."""
    first = -np.quantile(r[:300], level)
    news = b[0] + b[2] * np.maximum(r, 0) + b[3] * np.maximum(-r, 0)
    later, _ = lfilter([1.0], [1.0, -b[1]], news, zi=[b[1] * first])
    return np.concatenate([[first], later])


def _estimate(r: np.ndarray, level: float) -> np.ndarray:
    unit = r.std()
    y = r / unit

    def loss(p: np.ndarray) -> float:
        if not (0 <= p[1] < 1 and p[0] >= 0 and p[2] >= 0 and p[3] >= 0):
            return 1e10
        q = -_scales(y, p, level)[:-1]
        if not (q < 0).all():
            return 1e10
        e = (1 + np.exp(p[4])) * q
        return float((-(np.maximum(q - y, 0)) / (level * e) + q / e + np.log(-e)).mean())

    typical = -np.quantile(y, level)
    starts = [
        np.array([typical * (1 - b1 - 0.4 * (b2 + b3) / typical), b1, b2, b3, -1.0])
        for b1, b2, b3 in STARTS
    ]
    start = min((np.maximum(s, [1e-4, 0, 0, 0, -5]) for s in starts), key=loss)
    options = {"maxiter": 3000, "xatol": 1e-5, "fatol": 1e-8}
    found = minimize(loss, start, method="Nelder-Mead", options=options).x
    return found[:4] * np.array([unit, 1, 1, 1])
