"""Measures of loss on draws of a return: the first axis of every array is the path.

Signs are those of returns: a Value-at-Risk of -2 is a loss of 2, and ES <= VaR. Both are weighted
means of the sorted draws, so that a portfolio's measure is exactly the sum of what its positions
contribute (`tail_weights`).
"""

import numpy as np
from scipy.special import betainc


def tail_weights(returns: np.ndarray, alpha: float, *, measure: str = "es") -> np.ndarray:
    """Weight of each draw [path, ...] in the VaR or ES; they add up to 1 over paths.

    ES: 1/(n alpha) on the n alpha worst draws, the last of them with what is left. VaR: the weights
    of Harrell and Davis (1982), P(k-1 < n U <= k) for the k-th worst draw with
    U ~ Beta(alpha (n + 1), (1 - alpha)(n + 1)): a smooth quantile, with the conditional
    expectations E[x | loss = VaR] that Euler's rule needs (Tasche, 2000).
    """
    _check(returns, alpha)
    n = len(returns)
    if measure == "es":
        ordered = np.clip(n * alpha - np.arange(n), 0, 1) / (n * alpha)
    elif measure == "var":
        edges = betainc(alpha * (n + 1), (1 - alpha) * (n + 1), np.arange(n + 1) / n)
        ordered = np.diff(edges)
    else:
        raise ValueError(f"measure is 'var' or 'es', got {measure!r}")
    ranks = returns.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    return ordered[ranks]


def value_at_risk(returns: np.ndarray, alpha: float) -> np.ndarray:
    """The alpha quantile of `returns` [path, ...]; one number for each of the other axes."""
    weights = _ordered(returns, alpha, "var")
    return np.tensordot(weights, np.sort(returns, axis=0), axes=1)


def expected_shortfall(returns: np.ndarray, alpha: float) -> np.ndarray:
    """Mean of the worst `alpha` of the draws, (1/alpha) int_0^alpha Q(u) du of the empirical Q."""
    weights = _ordered(returns, alpha, "es")
    k = int(np.count_nonzero(weights))
    worst = np.sort(np.partition(returns, k - 1, axis=0)[:k], axis=0)
    return np.tensordot(weights[:k], worst, axes=1)


def var_standard_error(returns: np.ndarray, alpha: float) -> np.ndarray:
    """Monte Carlo standard error of the VaR, independent paths: Maritz and Jarrett (1978).

    The deviation of the sorted draws under the weights of `tail_weights`, which is that of the
    quantile over bootstrap samples. Draws that are tied at the quantile do not make it 0 while
    others are near.
    """
    weights = _ordered(returns, alpha, "var")
    apart = np.sort(returns, axis=0) - value_at_risk(returns, alpha)
    return np.sqrt(np.tensordot(weights, apart**2, axes=1))


def var_standard_error_by_path(returns: np.ndarray, alpha: float, repeats: int) -> np.ndarray:
    """Monte Carlo standard error of the VaR where each `repeats` draws in turn share a path.

    That of independent draws times the root of the design effect (Kish, 1965) of the share of draws
    beyond the VaR: the variance of a path's share over what it would be with independent draws.
    """
    beyond = (returns <= value_at_risk(returns, alpha)).astype(float)
    shares = beyond.reshape(-1, repeats, *returns.shape[1:]).mean(axis=1)
    apart = beyond.var(axis=0)
    effect = np.divide(
        repeats * shares.var(axis=0), apart, out=np.ones_like(apart), where=apart > 0
    )
    return var_standard_error(returns, alpha) * np.sqrt(effect)


def es_standard_error(returns: np.ndarray, alpha: float) -> np.ndarray:
    """Monte Carlo standard error of the ES, independent paths.

    sqrt( (var(x | tail) + (1 - alpha) (ES - VaR)^2) / (n alpha) ), Manistre and Hancock (2005).
    """
    weights = tail_weights(returns, alpha)
    es = (weights * returns).sum(axis=0)
    within = (weights * (returns - es) ** 2).sum(axis=0)
    gap = value_at_risk(returns, alpha) - es
    return np.sqrt((within + (1 - alpha) * gap**2) / (len(returns) * alpha))


def loss_probability(returns: np.ndarray, loss: float) -> np.ndarray:
    """Share of paths that lose more than `loss` (a positive number in return units)."""
    _check(returns, 0.5)
    return (returns < -loss).mean(axis=0)


def loss_probability_error(returns: np.ndarray, loss: float) -> np.ndarray:
    """Monte Carlo standard error of `loss_probability`, sqrt(p (1 - p) / n), independent paths."""
    p = loss_probability(returns, loss)
    return np.sqrt(p * (1 - p) / len(returns))


def semi_deviation(returns: np.ndarray, *, target: float = 0.0) -> np.ndarray:
    """Root mean square of what falls short of `target`, sqrt E[min(r - target, 0)^2]."""
    _check(returns, 0.5)
    return np.sqrt((np.minimum(returns - target, 0) ** 2).mean(axis=0))


def semi_deviation_error(returns: np.ndarray, *, target: float = 0.0) -> np.ndarray:
    """Monte Carlo standard error of `semi_deviation`, by the delta method, independent paths.

    sd(min(r - target, 0)^2) / (2 semi_deviation sqrt(n)); 0 where no path falls short.
    """
    short = np.minimum(returns - target, 0) ** 2
    level = semi_deviation(returns, target=target)
    error = short.std(axis=0) / np.sqrt(len(returns))
    return np.divide(error, 2 * level, out=np.zeros_like(error), where=level > 0)


def maximum_drawdown(wealth: np.ndarray) -> np.ndarray:
    """Deepest fall from an earlier peak, as a share of it, of each path of `wealth` [path, step].

    Wealth starts at 1 before the first step. 0 is no fall, -1 is ruin.
    """
    if wealth.ndim != 2:
        raise ValueError(f"wealth must be [path, step], got shape {wealth.shape}")
    started = np.concatenate([np.ones((len(wealth), 1)), wealth], axis=1)
    peak = np.maximum.accumulate(started, axis=1)
    return (started / peak - 1).min(axis=1)


def _ordered(returns: np.ndarray, alpha: float, measure: str) -> np.ndarray:
    """Weights of the sorted draws, worst first."""
    _check(returns, alpha)
    return tail_weights(np.arange(len(returns), dtype=float), alpha, measure=measure)


def _check(returns: np.ndarray, alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be a tail probability such as 0.025, got {alpha}")
    if returns.ndim == 0 or len(returns) < 2:
        raise ValueError(f"need draws [path, ...] with at least 2 paths, got {returns.shape}")
