"""Volatility of traders with short, middle and long memories, each more afraid of falls.

    s_t^2 = b0 + sum over k of [ a_k A_k,t + g_k N_k,t ]

A_k,t and N_k,t are exponential averages of e^2 and of e^2 1[e < 0] before t, with a memory of
about a day, a fortnight and a season: the heterogeneous ARCH of Müller, Dacorogna, Davé, Olsen,
Pictet and von Weizsäcker (1997), *Journal of Empirical Finance* 4, eq. 12, with exponential
averages and the asymmetry of Corsi and Renò (2012). Estimated as `exponential` says.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.baselines.exponential import Formula, estimate
from econdiff.baselines.volatility import FittedVolatility, Shocks, fit_each

MEMORIES = (3.0, 15.0, 80.0)  # rows

SQUARES = Formula(
    lambda e: np.stack([e**2] * 3 + [e**2 * (e < 0)] * 3),
    MEMORIES * 2,
    lambda a, b0, *b: np.sqrt(b0 + np.tensordot(b, a, axes=1)),
    start=(0.05, 0.05, 0.3, 0.2, 0.2, 0.3, 0.1),
    bounds=((1e-4, 1), *(((0, 2),) * 6)),
)


@dataclass(frozen=True)
class HARCH:
    """Heterogeneous ARCH of each series; `shocks` as in `volatility`. Gaps as in `GARCH`."""

    shocks: Shocks = "skewed t"

    def fit(self, panel: pd.DataFrame) -> FittedVolatility:
        """Estimate each series; ValueError names one that is constant or too short."""
        return fit_each(
            panel, lambda y: estimate(y, SQUARES), shocks=self.shocks, model="asymmetric HARCH"
        )
