"""Whether the mean loss beyond the VaR is the ES."""

import numpy as np
from scipy import stats

from econdiff.risk.backtests.outcome import Outcome, checked, silent


def mcneil_frey(
    returns: np.ndarray,
    var: np.ndarray,
    es: np.ndarray,
    alpha: float,
    *,
    volatility: np.ndarray | None = None,
    bootstrap: int = 0,
    rng: np.random.Generator | None = None,
) -> Outcome:
    """Null: on exceptions the return is the ES on average; against losses beyond the ES.

    McNeil and Frey (2000), 3.2: t = mean(x) / (sd(x) / sqrt(hits)) over hits of
    x = (r - e) / volatility, or r - e where no volatility is given. The p-value is the normal
    lower tail, or with `bootstrap` draws (and then `rng`) the share of resampled, recentred
    t that lie below.
    """
    r, q, e = checked(returns, var, es, alpha)
    scale = np.ones_like(r) if volatility is None else np.asarray(volatility, float)
    x = ((r - e) / scale)[r < q]
    if len(x) < 2 or np.ptp(x) == 0:
        return silent("fewer than two different exceptions")
    t = _t(x[None])[0]
    if not bootstrap:
        return Outcome(float(t), float(stats.norm.cdf(t)))
    if rng is None:
        raise ValueError("the bootstrap needs rng=np.random.default_rng(seed)")
    drawn = rng.choice(x - x.mean(), (bootstrap, len(x)))
    drawn = drawn[np.ptp(drawn, axis=1) > 0]
    return Outcome(float(t), float((1 + (_t(drawn) <= t).sum()) / (1 + len(drawn))))


def _t(x: np.ndarray) -> np.ndarray:
    return x.mean(axis=1) / (x.std(axis=1, ddof=1) / np.sqrt(x.shape[1]))
