"""The law of past shocks, with tails that reach beyond the furthest of them.

Between the `TAIL` and the 1 - `TAIL` quantile of the past the law is the past's own; beyond, the
excess x over that threshold follows a generalised Pareto law, P(x > v) = (1 + k v / w)^(-1/k).

McNeil and Frey (2000), "Estimation of tail-related risk measures for heteroscedastic financial
time series", *Journal of Empirical Finance* 7, eqs. 8-10, for both tails.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import genpareto

TAIL = 0.10  # share of the past in each tail
HEAVIEST = 0.9  # the mean of a tail exists below a shape of 1


@dataclass(frozen=True, eq=False)
class Tails:
    """Past values in order, and (shape, width) of the law of excesses below and above."""

    past: np.ndarray  # [row]
    below: tuple[float, float]
    above: tuple[float, float]

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Quantiles at `u`, of any shape, in (0, 1)."""
        inside = np.quantile(self.past, np.clip(u, TAIL, 1 - TAIL))
        low, high = np.minimum(u / TAIL, 1), np.minimum((1 - u) / TAIL, 1)
        return inside - _excess(low, *self.below) + _excess(high, *self.above)


def fit_tails(z: np.ndarray) -> Tails:
    """Fit both tails of `z` [row] by maximum likelihood."""
    low, high = np.quantile(z, (TAIL, 1 - TAIL))
    return Tails(np.sort(z), _fitted(low - z[z < low]), _fitted(z[z > high] - high))


def _fitted(excess: np.ndarray) -> tuple[float, float]:
    shape, _, width = genpareto.fit(excess, floc=0)
    return min(float(shape), HEAVIEST), float(width)


def _excess(share: np.ndarray, shape: float, width: float) -> np.ndarray:
    """The excess that is passed with probability `share`."""
    if abs(shape) < 1e-6:
        return -width * np.log(share)
    return width / shape * (share**-shape - 1)
