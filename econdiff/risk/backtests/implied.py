"""The law of each day that its VaR and ES imply, to simulate critical values from.

Two numbers fix two parameters: where ES / VaR is above a normal law's, the degrees of freedom and
the scale of a Student t about 0; elsewhere the mean (then below 0) and the spread of a normal law.
Either has the day's own VaR and ES. ES of a Student t: McNeil, Frey and Embrechts (2015), (2.25).
"""

from collections.abc import Callable

import numpy as np
from scipy import stats
from scipy.special import ndtri, stdtrit

from econdiff.risk.backtests.outcome import check_level

_BEYOND_ONE = np.geomspace(1e5, 1e-4, 4000)  # degrees of freedom above 1, by rising ES / VaR


def implied_null(
    var: np.ndarray, es: np.ndarray, alpha: float
) -> Callable[[np.random.Generator], np.ndarray]:
    """Draws of a history of returns [time] from the implied laws; above VaR it is 0, no hit.

    `var` and `es` [time], es < var < 0.
    """
    check_level(alpha)
    q, e = np.asarray(var, float), np.asarray(es, float)
    freedom = implied_freedom(e / q, alpha)
    heavy = np.isfinite(freedom)
    z = ndtri(alpha)
    spread = (e - q) / (-stats.norm.pdf(z) / alpha - z)
    mean = q - spread * z
    scale = q / stdtrit(np.where(heavy, freedom, 1e6), alpha)

    def draw(rng: np.random.Generator) -> np.ndarray:
        drawn = np.zeros(len(q))
        for of_t in (True, False):
            hit = np.flatnonzero((heavy == of_t) & (rng.random(len(q)) < alpha))
            u = alpha * (1 - rng.random(len(hit)))  # above 0
            drawn[hit] = (
                scale[hit] * stdtrit(freedom[hit], u)
                if of_t
                else mean[hit] + spread[hit] * ndtri(u)
            )
        return drawn

    return draw


def implied_freedom(ratio: np.ndarray, alpha: float) -> np.ndarray:
    """Degrees of freedom of the Student t with ES / VaR = `ratio` [time] at `alpha`.

    Infinite where a normal law's ratio is not exceeded.
    """
    freedom = 1 + _BEYOND_ONE
    z = stdtrit(freedom, alpha)
    tail = -stats.t.pdf(z, freedom) / alpha * (freedom + z**2) / (freedom - 1)
    normal = -stats.norm.pdf(ndtri(alpha)) / alpha / ndtri(alpha)
    above, grid = np.asarray(ratio, float) - normal, tail / z - normal
    found = np.interp(np.log(np.maximum(above, grid[0])), np.log(grid), np.log(_BEYOND_ONE))
    return np.where(above > grid[0], 1 + np.exp(found), np.inf)
