"""GJR-GARCH with skewed t shocks, series by series, and joint: the market-risk yardstick.

    s_t^2 = omega + (alpha + gamma 1[e_{t-1} < 0]) e_{t-1}^2 + beta s_{t-1}^2

Glosten, Jagannathan and Runkle (1993), *Journal of Finance* 48, eq. 4; z_t = e_t / s_t follows
Hansen's (1994) skewed t. Estimated by `arch`, one series at a time. How series are joint is said
in `volatility`.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from arch import arch_model
from scipy.signal import lfilter

from econdiff.baselines.volatility import FittedVolatility, fit_each


@dataclass(frozen=True)
class GARCH:
    """GJR-GARCH(1,1) with skewed t shocks; `filtered` draws past shocks instead.

    Not `asymmetric` is Bollerslev's (1987) GARCH-t: gamma = 0 and Student's t.
    A missing cell is passed over, as a day without trading is. A series that ends before the
    origin is simulated through the rows that it lacks.
    """

    filtered: bool = False
    asymmetric: bool = True

    def fit(self, panel: pd.DataFrame) -> FittedVolatility:
        """Estimate each series; ValueError names one that is constant or too short."""
        estimate, model = (_gjr, "GJR-GARCH") if self.asymmetric else (_garch_t, "GARCH-t")
        return fit_each(panel, estimate, filtered=self.filtered, model=model)


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


def _gjr(y: np.ndarray) -> SeriesGARCH:
    unit = y.std()
    found = _estimated(y / unit, o=1, dist="skewt")
    mean, omega, alpha, gamma, beta, freedom, skew = map(float, found.params)
    fine = found.convergence_flag == 0
    return SeriesGARCH(mean * unit, omega * unit**2, alpha, gamma, beta, freedom, skew, fine)


def _garch_t(y: np.ndarray) -> SeriesGARCH:
    unit = y.std()
    found = _estimated(y / unit, o=0, dist="t")
    mean, omega, alpha, beta, freedom = map(float, found.params)
    fine = found.convergence_flag == 0
    return SeriesGARCH(mean * unit, omega * unit**2, alpha, 0.0, beta, freedom, 0.0, fine)


def _estimated(y: np.ndarray, *, o: int, dist: Literal["t", "skewt"]) -> Any:
    model = arch_model(y, mean="Constant", vol="GARCH", p=1, o=o, q=1, dist=dist, rescale=False)
    return model.fit(disp="off", show_warning=False)
