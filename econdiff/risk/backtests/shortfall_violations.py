"""Cumulative violations: how far into the tail of its own forecast each return fell.

    H_t = (alpha - u_t) 1{u_t <= alpha} / alpha,   u_t = F_t(r_t)

has mean alpha/2, variance alpha (1/3 - alpha/4) and no autocorrelation if the forecast
distributions F_t are right; Du and Escanciano (2017), "Backtesting expected shortfall:
accounting for tail risk". Both take `u`, the PIT values [time] in [0, 1].
"""

import numpy as np

from econdiff.risk.backtests.outcome import (
    Outcome,
    check_level,
    chi_squared,
    empty_tail,
    silent,
    two_sided,
)


def du_escanciano_unconditional(u: np.ndarray, alpha: float) -> Outcome:
    """Null: mean violation alpha/2; z-test, eq. 8."""
    H = _violations(u, alpha)
    deviation = np.sqrt(alpha * (1 / 3 - alpha / 4))
    return two_sided(np.sqrt(len(H)) * (H.mean() - alpha / 2) / deviation)


def du_escanciano_conditional(u: np.ndarray, alpha: float, lags: int = 5) -> Outcome:
    """Null: violations are not autocorrelated; Box-Pierce n sum rho_j^2, eq. 10; chi2(lags).

    Autocovariances are about the known mean alpha/2, each over its own n - j products. At 1% it
    rejects a right model about one time in ten on 500 to 2500 days, at a level of 5%.
    """
    violations = _violations(u, alpha)
    H = violations - alpha / 2
    n = len(H)
    if n <= lags + 1:
        return silent(f"{n} days are too few for {lags} lags")
    if why := empty_tail(violations > 0, alpha):
        return silent(why)
    covariances = np.array([(H[j:] * H[: n - j]).mean() for j in range(1, lags + 1)])
    return chi_squared(n * ((covariances / (H**2).mean()) ** 2).sum(), lags)


def _violations(u: np.ndarray, alpha: float) -> np.ndarray:
    check_level(alpha)
    u = np.asarray(u, float)
    if u.ndim != 1 or len(u) == 0 or not ((u >= 0) & (u <= 1)).all():
        raise ValueError("u must be PIT values: one column of probabilities in [0, 1]")
    return np.where(u <= alpha, (alpha - u) / alpha, 0.0)
