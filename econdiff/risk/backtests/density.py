"""The whole predictive distribution: tests of the normal scores of its PIT values."""

import numpy as np
from scipy import stats

from econdiff.risk.backtests.outcome import Outcome, chi_squared, silent


def berkowitz(z: np.ndarray) -> Outcome:
    """Null: the normal scores z = Phi^-1(PIT) are independent N(0, 1). Berkowitz (2001), eq. 5.

    LR against a Gaussian AR(1) of its own mean and variance, conditional on the first day;
    chi2(3). The autoregression is fitted to z less its mean by least squares.
    """
    z = _scores(z)
    if len(z) < 4 or np.ptp(z) == 0:
        return silent("fewer than four different scores")
    x = z - z.mean()
    slope = x[1:] @ x[:-1] / (x[:-1] @ x[:-1])
    e = x[1:] - slope * x[:-1]
    deviation = np.sqrt((e @ e + x[0] ** 2) / (len(x) - 1))
    free = stats.norm.logpdf(e, scale=deviation).sum()
    return chi_squared(2 * (free - stats.norm.logpdf(z[1:]).sum()), 3)


def jarque_bera(z: np.ndarray) -> Outcome:
    """Null: z has the skewness and the kurtosis of a normal. Jarque and Bera (1987); chi2(2)."""
    z = _scores(z)
    if len(z) < 4 or np.ptp(z) == 0:
        return silent("fewer than four different scores")
    return chi_squared(len(z) / 6 * (stats.skew(z) ** 2 + stats.kurtosis(z) ** 2 / 4), 2)


def _scores(z: np.ndarray) -> np.ndarray:
    z = np.asarray(z, float)
    if z.ndim != 1 or not np.isfinite(z).all():
        raise ValueError(
            "z must be one column of finite normal scores; clip PIT values off 0 and 1"
        )
    return z
