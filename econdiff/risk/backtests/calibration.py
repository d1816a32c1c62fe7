"""Conditional calibration: VaR and ES against their identification function.

    V(q, e; r) = ( alpha - 1{r < q},   e - q + 1{r < q} (q - r) / alpha )

has conditional mean 0 exactly if q and e are right; Nolde and Ziegel (2017), "Elicitability and
backtesting: perspectives for banking regulation", 2.3.

Without exceptions, and where fewer than five are expected, both tests have no evidence. Beyond
that the two-sided one still rejects a right model too often in a thin tail: at 1% and a level of
5%, of Student tails, one time in three on 500 days, in five on 1000 and in seven on 2500.
"""

import numpy as np
from scipy import stats

from econdiff.risk.backtests.outcome import Outcome, checked, chi_squared, empty_tail, silent


def nolde_ziegel(
    returns: np.ndarray,
    var: np.ndarray,
    es: np.ndarray,
    alpha: float,
    *,
    volatility: np.ndarray | None = None,
) -> Outcome:
    """Null: E[h V] = 0. Wald statistic n m' W^- m of m = mean(h V), W = mean(h V V' h').

    Without volatility h is the identity, chi2(2) (the simple test); with it h is
    ((q - e) / alpha, 1) / volatility, chi2(1) (the general test, 2.3.3).
    """
    V, q, e, why = _identification(returns, var, es, alpha)
    if why:
        return silent(why)
    if volatility is not None:
        tested = np.stack([(q - e) / alpha, np.ones_like(q)], axis=1)
        V = ((tested * V).sum(axis=1) / np.asarray(volatility, float))[:, None]
    mean, spread = V.mean(axis=0), V.T @ V / len(V)
    return chi_squared(len(V) * mean @ np.linalg.pinv(spread) @ mean, V.shape[1])


def nolde_ziegel_one_sided(
    returns: np.ndarray,
    var: np.ndarray,
    es: np.ndarray,
    alpha: float,
    *,
    volatility: np.ndarray | None = None,
    bonferroni: bool = False,
) -> Outcome:
    """Null: E[h V] <= 0 in every component (their 2.3.2): the ES is at least far enough out.

    A z-test of each moment, joined by Hommel's (1983) correction or by Bonferroni's. Moments:
    V without volatility; V1, |q| V1, V2, V2 / volatility with it. The statistic is the greatest z.
    Since e - q + E(q - r)+ / alpha >= e - ES whatever q is, V2 > 0 convicts the ES; V1 > 0 convicts
    a VaR with too few exceptions. Too many exceptions are seen through V2, and by `kupiec`.
    """
    V, q, _, why = _identification(returns, var, es, alpha)
    if why:
        return silent(why)
    moments = V
    if volatility is not None:
        scaled = V[:, 1] / np.asarray(volatility, float)
        moments = np.stack([V[:, 0], np.abs(q) * V[:, 0], V[:, 1], scaled], axis=1)
    spread = np.sqrt((moments**2).mean(axis=0))
    if not (spread > 0).all():
        return silent("the identification function does not vary")
    z = np.sqrt(len(moments)) * moments.mean(axis=0) / spread
    p = np.sort(stats.norm.sf(z))
    order = np.arange(1, len(p) + 1)
    p_value = len(p) * (p[0] if bonferroni else (1 / order).sum() * (p / order).min())
    return Outcome(float(z.max()), float(min(p_value, 1.0)))


def _identification(
    returns: np.ndarray, var: np.ndarray, es: np.ndarray, alpha: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """V [time, 2], q, e, and why they say nothing, if they do not."""
    r, q, e = checked(returns, var, es, alpha)
    hit = r < q
    V = np.stack([alpha - hit, e - q + hit * (q - r) / alpha], axis=1)
    return V, q, e, empty_tail(hit, alpha)
