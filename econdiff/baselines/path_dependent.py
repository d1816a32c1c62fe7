"""Path-dependent volatility: today's is set by where prices went and how loudly, nothing else.

    s_t = b0 + b1 R1_t + b2 sqrt(R2_t)
    R1_t = sum of K1(k) e_{t-k},   R2_t = sum of K2(k) e_{t-k}^2,   k = 1, 2, ...
    K(k) = (1 - c) x fast kernel + c x slow kernel, each exponential with weights that add up to 1

Guyon and Lekeufack (2023), "Volatility is (mostly) path-dependent", *Quantitative Finance* 23,
eqs. 2.2-2.6 with their two exponentials a kernel. b1 < 0: a falling market is loud for weeks, not
for a day as in GJR-GARCH. The memories of the kernels are settings; b and c are estimated as
`exponential` says. How series are joint is said in `volatility`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.baselines.exponential import Formula, estimate
from econdiff.baselines.volatility import FittedVolatility, Shocks, fit_each


@dataclass(frozen=True)
class PathDependent:
    """Path-dependent volatility of each series; `shocks` as in `volatility`.

    `trend` and `activity` are the memories (fast, slow) of K1 and K2 in rows; these and `window`,
    the last rows that are used to estimate, were the best tried on the S&P 500 of 1970 to 2002. Of
    2003 to 2018 GJR-GARCH is better. Missing cells as in `GARCH`.
    """

    shocks: Shocks = "skewed t"
    trend: tuple[float, float] = (2, 20)
    activity: tuple[float, float] = (3, 20)
    window: int = 2000

    def fit(self, panel: pd.DataFrame) -> FittedVolatility:
        """Estimate each series; ValueError names one that is constant or too short."""
        formula = trending(self.trend, self.activity)
        return fit_each(
            panel.iloc[-self.window :],
            lambda y: estimate(y, formula),
            shocks=self.shocks,
            model="path-dependent volatility",
        )


def trending(trend: tuple[float, float], activity: tuple[float, float]) -> Formula:
    """The formula with these memories."""
    return Formula(
        lambda e: np.stack([e, e, e**2, e**2]),
        (*trend, *activity),
        _scale,
        start=(0.05, -0.6, 0.8, 0.5, 0.7),
        bounds=((0, 1), (-3, 0), (0, 1.5), (0, 1), (0, 1)),
    )


def _scale(a: np.ndarray, b0: float, b1: float, b2: float, c1: float, c2: float) -> np.ndarray:
    trend = (1 - c1) * a[0] + c1 * a[1]
    activity = (1 - c2) * a[2] + c2 * a[3]
    return b0 + b1 * trend + b2 * np.sqrt(activity)
