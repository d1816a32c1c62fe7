"""GJR-GARCH with skewed t shocks, series by series, and joint: the market-risk yardstick.

    s_t^2 = omega + (alpha + gamma 1[e_{t-1} < 0]) e_{t-1}^2 + beta s_{t-1}^2

Glosten, Jagannathan and Runkle (1993), *Journal of Finance* 48, eq. 4; z_t = e_t / s_t follows
Hansen's (1994) skewed t. Estimated by `arch`, one series at a time. How series are joint is said
in `volatility`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from arch import arch_model
from scipy.signal import lfilter

from econdiff.baselines.volatility import FittedVolatility, fit_each


@dataclass(frozen=True)
class GARCH:
    """GJR-GARCH(1,1) with skewed t shocks; `filtered` draws past shocks instead.

    A missing cell is passed over, as a day without trading is. A series that ends before the
    origin is simulated through the rows that it lacks.
    """

    filtered: bool = False

    def fit(self, panel: pd.DataFrame) -> FittedVolatility:
        """Estimate each series; ValueError names one that is constant or too short."""
        return fit_each(panel, _estimate, filtered=self.filtered, model="GJR-GARCH")


@dataclass(frozen=True)
class SeriesGARCH:
    """The parameters of one series; its state is the variance of the next shock."""

    mean: float
    omega: float
    alpha: float
    gamma: float
    beta: float
    freedom: float  # eta of the skewed t
    skew: float  # lambda of the skewed t
    converged: bool

    def variances(self, e: np.ndarray) -> np.ndarray:
        """Variance of each shock `e` [time] given those before it, and of the next, [time + 1].

        Before the first shock stands, as in `arch`, the weighted mean of the first squares.
        """
        weights = 0.94 ** np.arange(min(75, len(e)))
        before = weights @ e[: len(weights)] ** 2 / weights.sum()
        first = self.omega + (self.alpha + self.gamma / 2 + self.beta) * before
        news = self.omega + (self.alpha + self.gamma * (e < 0)) * e**2
        later, _ = lfilter([1.0], [1.0, -self.beta], news, zi=[self.beta * first])
        return np.concatenate([[first], later])

    def scales(self, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.scales`."""
        return np.sqrt(self.variances(e))

    def state(self, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.state`."""
        return self.variances(e)[-1:]

    def scale(self, state: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.scale`."""
        return np.sqrt(state[0])

    def moved(self, state: np.ndarray, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.moved`."""
        news = self.omega + (self.alpha + self.gamma * (e < 0)) * e**2
        return news + self.beta * state


def _estimate(y: np.ndarray) -> SeriesGARCH:
    unit = y.std()
    model = arch_model(
        y / unit, mean="Constant", vol="GARCH", p=1, o=1, q=1, dist="skewt", rescale=False
    )
    found: Any = model.fit(disp="off", show_warning=False)
    mean, omega, alpha, gamma, beta, freedom, skew = map(float, found.params)
    return SeriesGARCH(
        mean * unit,
        omega * unit**2,
        alpha,
        gamma,
        beta,
        freedom,
        skew,
        converged=found.convergence_flag == 0,
    )
