"""Path-dependent volatility: today's is set by where prices went and how loudly, nothing else.

    s_t = b0 + b1 R1_t + b2 sqrt(R2_t)
    R1_t = sum of K1(k) e_{t-k},   R2_t = sum of K2(k) e_{t-k}^2,   k = 1, 2, ...
    K(k) = (1 - c) x fast kernel + c x slow kernel, each exponential with weights that add up to 1

Guyon and Lekeufack (2023), "Volatility is (mostly) path-dependent", *Quantitative Finance* 23,
eqs. 2.2-2.6 with their two exponentials a kernel. b1 < 0: a falling market is loud for weeks, not
for a day as in GJR-GARCH. The memories of the kernels are settings; b and c are estimated with
the skewed t of z_t = e_t / s_t (Hansen, 1994) by maximum likelihood. How series are joint is said
in `volatility`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from arch.univariate import SkewStudent
from scipy.optimize import minimize
from scipy.signal import lfilter

from econdiff.baselines.volatility import FittedVolatility, fit_each

BURN = 60  # rows whose mean starts the averages, and which the likelihood leaves out
FLOOR = 0.05  # the smallest s_t, in deviations of the sample
START = (0.05, -0.6, 0.8, 0.5, 0.7, 8.0, -0.05)
BOUNDS = ((0, 1), (-3, 0), (0, 1.5), (0, 1), (0, 1), (2.5, 60), (-0.6, 0.6))


@dataclass(frozen=True)
class PathDependent:
    """Path-dependent volatility with skewed t shocks; `filtered` draws past shocks instead.

    `trend` and `activity` are the memories (fast, slow) of K1 and K2 in rows; these and `window`,
    the last rows that are used to estimate, were chosen on the S&P 500 of 1970 to 2002. Missing
    cells as in `GARCH`.
    """

    filtered: bool = False
    trend: tuple[float, float] = (2, 20)
    activity: tuple[float, float] = (3, 20)
    window: int = 2000

    def fit(self, panel: pd.DataFrame) -> FittedVolatility:
        """Estimate each series; ValueError names one that is constant or too short."""
        return fit_each(
            panel.iloc[-self.window :],
            lambda y: _estimate(y, (*self.trend, *self.activity)),
            filtered=self.filtered,
            model="path-dependent volatility",
        )


@dataclass(frozen=True)
class SeriesPathDependent:
    """The parameters of one series; its state are the four exponential averages."""

    mean: float
    b: tuple[float, float, float]  # b0 in the series' units
    share: tuple[float, float]  # c of K1 and of K2
    memory: tuple[float, ...]  # rows: fast and slow of K1, fast and slow of K2
    floor: float
    freedom: float
    skew: float
    converged: bool

    def scales(self, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.scales`."""
        return self.scale(_averages(e, self.memory))

    def state(self, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.state`."""
        return _averages(e, self.memory)[:, -1]

    def scale(self, state: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.scale`."""
        return np.maximum(_volatility(state, *self.b, *self.share), self.floor)

    def moved(self, state: np.ndarray, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.moved`."""
        decay = np.exp(-1 / np.array(self.memory))[:, None]
        return decay * state + (1 - decay) * np.stack([e, e, e**2, e**2])


def _averages(e: np.ndarray, memory: tuple[float, ...]) -> np.ndarray:
    """Averages of e (twice) and of e^2 (twice) before each row and the next, [4, time + 1]."""
    rows = []
    for x, rate in zip((e, e, e**2, e**2), memory, strict=True):
        d, first = np.exp(-1 / rate), x[:BURN].mean()
        later, _ = lfilter([1 - d], [1, -d], x, zi=[d * first])
        rows.append(np.concatenate([[first], later]))
    return np.stack(rows)


def _volatility(
    state: np.ndarray, b0: float, b1: float, b2: float, c1: float, c2: float
) -> np.ndarray:
    trend = (1 - c1) * state[0] + c1 * state[1]
    activity = (1 - c2) * state[2] + c2 * state[3]
    return b0 + b1 * trend + b2 * np.sqrt(activity)


def _estimate(y: np.ndarray, memory: tuple[float, ...]) -> SeriesPathDependent:
    mean, unit = float(y.mean()), float(y.std())
    e = (y - mean) / unit
    before = _averages(e, memory)[:, :-1]
    scored = slice(min(BURN, len(e) // 2), None)
    density = SkewStudent()

    def loss(p: np.ndarray) -> float:
        s = np.maximum(_volatility(before, *p[:5]), FLOOR)[scored]
        return -float(density.loglikelihood(p[5:], e[scored], s**2)) / len(s)

    found = minimize(loss, START, method="L-BFGS-B", bounds=BOUNDS)
    b0, b1, b2, c1, c2, freedom, skew = map(float, found.x)
    return SeriesPathDependent(
        mean,
        (b0 * unit, b1, b2),
        (c1, c2),
        memory,
        FLOOR * unit,
        freedom,
        skew,
        bool(found.success),
    )
