"""Backtests of ES by simulation from the model that is tested.

Acerbi and Szekely (2014), "Backtesting expected shortfall", and (2019), "The minimally biased
backtest for ES". All statistics have mean 0 under the null and are negative where risk was
understated; their law depends on the model's tail, so p-values are simulated from it.
"""

from collections.abc import Callable

import numpy as np
from scipy import stats
from scipy.special import betainc

from econdiff.risk.backtests.outcome import Outcome, check_level, checked, silent

Statistic = Callable[[np.ndarray, np.ndarray, np.ndarray, float], float]


def z1(returns: np.ndarray, var: np.ndarray, es: np.ndarray, alpha: float) -> float:
    """1 - mean of r / e over exceptions: eq. 4; 0 where there are none."""
    r, q, e = checked(returns, var, es, alpha)
    hit = r < q
    return float(1 - (r / e)[hit].mean()) if hit.any() else 0.0


def z2(returns: np.ndarray, var: np.ndarray, es: np.ndarray, alpha: float) -> float:
    """1 - sum over exceptions of r / e, over (days alpha): eq. 6; sees frequency and severity."""
    r, q, e = checked(returns, var, es, alpha)
    return float(1 - (r / e)[r < q].sum() / (len(r) * alpha))


def ridge_absolute(returns: np.ndarray, var: np.ndarray, es: np.ndarray, alpha: float) -> float:
    """Mean of q - e - (q - r)+ / alpha, in return units: the ridge, or minimally biased, backtest.

    Acerbi and Szekely (2019), eq. 3: unlike Z2 hardly moved by errors in the VaR.
    """
    r, q, e = checked(returns, var, es, alpha)
    return float((q - e - np.maximum(q - r, 0) / alpha).mean())


def ridge_relative(returns: np.ndarray, var: np.ndarray, es: np.ndarray, alpha: float) -> float:
    """`ridge_absolute` with each day as a share of its own ES."""
    r, q, e = checked(returns, var, es, alpha)
    return float(((q - e - np.maximum(q - r, 0) / alpha) / -e).mean())


def simulated_test(
    statistic: Statistic,
    returns: np.ndarray,
    var: np.ndarray,
    es: np.ndarray,
    alpha: float,
    *,
    null: Callable[[np.random.Generator], np.ndarray],
    simulations: int = 2000,
    rng: np.random.Generator,
) -> Outcome:
    """A statistic above, with its p-value (lower tail) among `simulations` worlds of the model.

    `null(rng)` draws one history of returns [time] from the model's own forecasts; `null_returns`
    makes one from a shape. Without exceptions Z1, a mean over them, has no evidence.
    """
    if statistic is z1 and not (returns < var).any():
        return silent("no exceptions")
    seen = statistic(returns, var, es, alpha)
    worlds = np.array([statistic(null(rng), var, es, alpha) for _ in range(simulations)])
    return Outcome(seen, float((1 + (worlds <= seen).sum()) / (1 + simulations)))


def null_returns(
    es: np.ndarray, alpha: float, shape: stats.distributions.rv_frozen
) -> Callable[[np.random.Generator], np.ndarray]:
    """Returns of a model whose forecasts are `shape`, scaled each day to have that day's ES.

    `shape` is centred and continuous: `scipy.stats.norm()`, `scipy.stats.t(5)`.
    """
    scale = np.asarray(es, float) / tail_mean(shape, alpha)
    return lambda rng: scale * shape.rvs(size=len(scale), random_state=rng)


def tail_mean(shape: stats.distributions.rv_frozen, alpha: float) -> float:
    """E[X | X below its alpha quantile], by quadrature of the quantile function."""
    check_level(alpha)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    u = ((nodes + 1) / 2) ** 4  # crowded where the quantile runs off
    return float((shape.ppf(alpha * u) * weights / 2 * 4 * ((nodes + 1) / 2) ** 3).sum())


def z3(
    u: np.ndarray,
    quantile: Callable[[np.ndarray], np.ndarray],
    alpha: float,
    *,
    simulations: int = 2000,
    rng: np.random.Generator,
) -> Outcome:
    """Null: the PIT values u [time] are uniform, judged by the tail of the ES that they imply.

    Acerbi and Szekely (2014), eq. 8: the k = [n alpha] least of u are sent through every day's
    forecast, `quantile(levels) -> [time, level]`, and their mean is set against its expectation,

    Z3 = 1 - mean_t [ mean_{i<=k} P_t^-1(u_(i)) / D_t ],
    D_t = n/k int_0^1 I_{1-p}(n - k, k) P_t^-1(p) dp   (I: the incomplete beta function)
    """
    check_level(alpha)
    u = np.asarray(u, float)
    n = len(u)
    k = int(n * alpha)
    if k < 1:
        return Outcome(0.0, 1.0, f"{n} days hold no {alpha:g} tail")
    levels = np.geomspace(1e-9, 1 - 1e-9, 4000)
    table = np.asarray(quantile(levels), float)  # [time, level]
    width = np.diff(levels, append=levels[-1]) / 2 + np.diff(levels, prepend=levels[0]) / 2
    expected = n / k * table @ (width * betainc(n - k, k, 1 - levels))
    curve = (1 / expected) @ table / n

    def statistic(uniforms: np.ndarray) -> float:
        return float(1 - np.interp(np.partition(uniforms, k - 1)[:k], levels, curve).mean())

    seen = statistic(u)
    worlds = np.array([statistic(rng.random(n)) for _ in range(simulations)])
    return Outcome(seen, float((1 + (worlds <= seen).sum()) / (1 + simulations)))
