"""GJR-GARCH with skewed t shocks, series by series, and joint: the market-risk yardstick.

    s_t^p = omega + (alpha + gamma 1[e_{t-1} < 0]) |e_{t-1}|^p + beta s_{t-1}^p,   p = 2

Glosten, Jagannathan and Runkle (1993), *Journal of Finance* 48, eq. 4; p = 1 is the threshold
GARCH of Zakoian (1994), eq. 2.1. z_t = e_t / s_t follows Hansen's (1994) skewed t. Estimated by
`arch`, one series at a time. How series are joint is said in `volatility`.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from arch import arch_model
from scipy.signal import lfilter

from econdiff.baselines.volatility import FittedVolatility, Shocks, fit_each, quantile

LIGHTEST = 300.0  # degrees of freedom; `arch` draws no skewed t beyond


@dataclass(frozen=True)
class GARCH:
    """GJR-GARCH(1,1) of each series, with skewed t shocks.

    `filtered` draws past shocks instead, `tails` past shocks with fitted tails. `power` is p. Not
    `asymmetric` is Bollerslev's (1987) GARCH-t: gamma = 0 and Student's t. A missing cell is
    passed over, as a day without trading is. A series that ends before the origin is simulated
    through the rows that it lacks.
    """

    filtered: bool = False
    tails: bool = False
    asymmetric: bool = True
    power: Literal[1, 2] = 2

    def fit(self, panel: pd.DataFrame) -> FittedVolatility:
        """Estimate each series; ValueError names one that is constant or too short."""
        name = ("threshold GARCH", "GJR-GARCH")[self.power - 1] if self.asymmetric else "GARCH-t"
        shocks: Shocks = "past" if self.filtered else "tails" if self.tails else "skewed t"
        return fit_each(panel, self._estimate, shocks=shocks, model=name, flat=0)

    def _estimate(self, y: np.ndarray) -> "SeriesGARCH":
        unit = y.std()
        model = arch_model(
            y / unit,
            mean="Constant",
            vol="GARCH",
            o=int(self.asymmetric),
            power=float(self.power),
            dist="skewt" if self.asymmetric else "t",
            rescale=False,
        )
        found: Any = model.fit(disp="off", show_warning=False)
        value = {"gamma[1]": 0.0, "lambda": 0.0} | dict(found.params)
        return SeriesGARCH(
            mean=float(value["mu"] * unit),
            omega=float(value["omega"] * unit**self.power),
            alpha=float(value["alpha[1]"]),
            gamma=float(value["gamma[1]"]),
            beta=float(value["beta[1]"]),
            freedom=min(float(value["eta" if self.asymmetric else "nu"]), LIGHTEST),
            skew=float(value["lambda"]),
            converged=found.convergence_flag == 0,
            power=self.power,
        )


@dataclass(frozen=True)
class SeriesGARCH:
    """The parameters of one series; its state is s^p of the next shock."""

    mean: float
    omega: float
    alpha: float
    gamma: float
    beta: float
    freedom: float  # eta of the skewed t
    skew: float  # lambda of the skewed t
    converged: bool
    power: Literal[1, 2] = 2

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Quantiles of z at `u`, of any shape."""
        return quantile(self, u)

    def scales(self, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.scales`.

        Before the first shock stands, as in `arch`, the weighted mean of the first |e|^p.
        """
        weights = 0.94 ** np.arange(min(75, len(e)))
        before = weights @ np.abs(e[: len(weights)]) ** self.power / weights.sum()
        first = self.omega + (self.alpha + self.gamma / 2 + self.beta) * before
        later, _ = lfilter([1.0], [1.0, -self.beta], self._news(e), zi=[self.beta * first])
        return np.concatenate([[first], later]) ** (1 / self.power)

    def state(self, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.state`."""
        return self.scales(e)[-1:] ** self.power

    def scale(self, state: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.scale`."""
        return state[0] ** (1 / self.power)

    def moved(self, state: np.ndarray, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.moved`."""
        return self._news(e) + self.beta * state

    def _news(self, e: np.ndarray) -> np.ndarray:
        return self.omega + (self.alpha + self.gamma * (e < 0)) * np.abs(e) ** self.power
