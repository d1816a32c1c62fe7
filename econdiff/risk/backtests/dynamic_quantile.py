"""Whether the next exception can be foretold: a regression of hits on what was known."""

import numpy as np

from econdiff.risk.backtests.outcome import Outcome, check_level, chi_squared, exceptions, silent


def dynamic_quantile(returns: np.ndarray, var: np.ndarray, alpha: float, lags: int = 4) -> Outcome:
    """Null: nothing known the day before foretells a hit. Engle and Manganelli (2004), eq. 14.

    DQ = H'X (X'X)^- X'H / (alpha (1 - alpha)),   chi2(rank X; 2 + lags, 6 by default)

    with H = hit - alpha and X = (1, VaR, `lags` lags of H).
    """
    return _regress(returns, var, alpha, lags, squared=False)


def dynamic_quantile_squared(
    returns: np.ndarray, var: np.ndarray, alpha: float, lags: int = 4
) -> Outcome:
    """`dynamic_quantile` with yesterday's squared return among the regressors; chi2(3 + lags).

    The variant of the R package GAS (Ardia, Boudt and Catania, 2019).
    """
    return _regress(returns, var, alpha, lags, squared=True)


def _regress(
    returns: np.ndarray, var: np.ndarray, alpha: float, lags: int, *, squared: bool
) -> Outcome:
    check_level(alpha)
    returns, var = np.asarray(returns, float), np.asarray(var, float)
    hit = exceptions(returns, var) - alpha
    n = len(hit)
    if n <= 2 * lags + 3:
        return silent(f"{n} days are too few for {lags} lags")
    columns = [np.ones(n - lags), var[lags:], *(hit[lags - k : n - k] for k in range(1, lags + 1))]
    if squared:
        columns.append(returns[lags - 1 : -1] ** 2)
    X = np.stack(columns, axis=1)
    X = X / np.maximum(np.abs(X).max(axis=0), 1e-300)  # rank must not depend on units
    coefficients, _, rank, _ = np.linalg.lstsq(X, hit[lags:], rcond=None)
    fitted = X @ coefficients
    return chi_squared(fitted @ fitted / (alpha * (1 - alpha)), int(rank))
