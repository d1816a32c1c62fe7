"""Losses that the right VaR and the right pair (VaR, ES) make least, day by day [time]."""

import numpy as np

from econdiff.risk.backtests.outcome import check_level, checked, exceptions


def tick_loss(returns: np.ndarray, var: np.ndarray, alpha: float) -> np.ndarray:
    """Quantile loss (alpha - 1{r < q}) (r - q) of the VaR. Koenker and Bassett (1978)."""
    check_level(alpha)
    hit = exceptions(returns, var)
    return (alpha - hit) * (np.asarray(returns, float) - np.asarray(var, float))


def fz0_loss(returns: np.ndarray, var: np.ndarray, es: np.ndarray, alpha: float) -> np.ndarray:
    """The loss of VaR and ES whose differences do not depend on units of account.

    L = -1{r < q} (q - r) / (alpha e) + q / e + log(-e) - 1

    Patton, Ziegel and Chen (2019), eq. 6: homogeneous of degree 0 up to a constant.
    """
    r, q, e = checked(returns, var, es, alpha)
    return -((q - r) * (r < q)) / (alpha * e) + q / e + np.log(-e) - 1


def fissler_ziegel_loss(
    returns: np.ndarray, var: np.ndarray, es: np.ndarray, alpha: float, *, degree: float
) -> np.ndarray:
    """Losses of VaR and ES homogeneous of `degree` in (0, 1) or below 0; FZ0 is the one at 0.

    L = (1{r < q} - alpha) G1 + G2'(e) [ e - q + (q - r) 1{r < q} / alpha ] - G2(e)

    with G1 = 0 and G2(e) = -(-e)^degree sign(degree); Fissler and Ziegel (2016), corollary 5.5,
    Nolde and Ziegel (2017), theorem C.3.
    """
    if not (degree < 1 and degree != 0):
        raise ValueError(f"degree must be below 1 and not 0 (that is fz0_loss), got {degree}")
    r, q, e = checked(returns, var, es, alpha)
    sign = np.sign(degree)
    value = -sign * (-e) ** degree
    slope = sign * degree * (-e) ** (degree - 1)
    return slope * (e - q + (q - r) * (r < q) / alpha) - value
