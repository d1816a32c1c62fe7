"""Expected shortfall regression: an ES forecast taken as a regressor should come back as itself.

Bayer and Dimitriadis (2020), "Regression-based expected shortfall backtesting". VaR and ES of the
return given the forecasts are modelled as linear and fitted together by FZ0 loss (Dimitriadis and
Bayer, 2019), then a Wald test asks whether the ES line is the forecast: intercept 0, slope 1.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm

from econdiff.risk.backtests.outcome import (
    FEWEST_TAIL_DAYS,
    Outcome,
    checked,
    chi_squared,
    silent,
    two_sided,
)
from econdiff.risk.backtests.quantile_regression import quantile_regression

ROUNDS = 200
ROUNDING = 1e-7  # of the spread of the returns, below which what a line leaves is rounding


def esr_strict(returns: np.ndarray, var: np.ndarray, es: np.ndarray, alpha: float) -> Outcome:
    """Null: ES line is (0, 1), both lines in the ES forecast alone. Strict ESR test; chi2(2)."""
    r, _, e = checked(returns, var, es, alpha)
    return _wald(r, _line(e), _line(e), alpha, np.array([0.0, 1.0]))


def esr_auxiliary(returns: np.ndarray, var: np.ndarray, es: np.ndarray, alpha: float) -> Outcome:
    """Null: ES line is (0, 1), the VaR line in the VaR forecast. Auxiliary ESR test; chi2(2)."""
    r, q, e = checked(returns, var, es, alpha)
    return _wald(r, _line(q), _line(e), alpha, np.array([0.0, 1.0]))


def esr_intercept(returns: np.ndarray, var: np.ndarray, es: np.ndarray, alpha: float) -> Outcome:
    """Null: the ES of r - e is 0. Strict intercept test; z below 0 where risk is understated."""
    r, _, e = checked(returns, var, es, alpha)
    return _wald(r - e, _line(e), np.ones((len(e), 1)), alpha, np.array([0.0]))


@dataclass(frozen=True, eq=False)
class VarEsRegression:
    """Linear VaR and ES with the covariance of their coefficients (VaR's first)."""

    var: np.ndarray
    es: np.ndarray
    covariance: np.ndarray


def fit_var_es(y: np.ndarray, Xq: np.ndarray, Xe: np.ndarray, alpha: float) -> VarEsRegression:
    """Regress the alpha quantile of y on `Xq` and its ES on `Xe`, first columns ones, by FZ0 loss.

    Each round is a quantile regression weighted by -1/e and, given it, a smooth minimum over
    the ES line, until neither moves. y is shifted below 0, as Dimitriadis and Bayer (2019) do,
    so that the fitted ES is negative.
    """
    top = float(y.max())
    y = y - top
    bq = quantile_regression(y, Xq, alpha)
    be = _project(_pseudo(y, Xq @ bq, alpha), Xe)
    loss = np.inf
    for _ in range(ROUNDS):
        be = _es_line(_pseudo(y, Xq @ bq, alpha), Xe, be)
        bq = quantile_regression(y, Xq, alpha, -1 / (Xe @ be))
        before, loss = loss, _loss(y, Xq @ bq, Xe @ be, alpha)
        if before - loss < 1e-12:
            break
    covariance = _covariance(y, Xq, Xe, bq, be, alpha)
    bq[0], be[0] = bq[0] + top, be[0] + top
    return VarEsRegression(bq, be, covariance)


def _wald(y: np.ndarray, Xq: np.ndarray, Xe: np.ndarray, alpha: float, null: np.ndarray) -> Outcome:
    X = Xq if Xe.shape[1] == 1 else np.hstack([Xq, Xe])
    if len(y) * alpha < FEWEST_TAIL_DAYS:
        return silent(f"{len(y)} days are too few for a regression in the {alpha:g} tail")
    if any((np.ptp(column) < 1e-12) for column in X.T[1:] if not (column == 1).all()):
        return silent("the forecasts do not vary")
    on_a_line = silent("the returns in the tail do not vary about a line")
    if np.ptp(y - X @ np.linalg.lstsq(X, y, rcond=None)[0]) <= ROUNDING * np.abs(X).max():
        return on_a_line
    try:
        fit = fit_var_es(y, Xq, Xe, alpha)
    except np.linalg.LinAlgError:
        return on_a_line
    left = _pseudo(y, Xq @ fit.var, alpha) - Xe @ fit.es
    gap, spread = fit.es - null, fit.covariance[Xq.shape[1] :, Xq.shape[1] :]
    if np.ptp(left) <= ROUNDING * np.ptp(y) or not np.isfinite(spread).all():
        return on_a_line
    if np.linalg.det(spread) <= 0:
        return on_a_line
    if len(null) == 1:
        return two_sided(gap[0] / np.sqrt(spread[0, 0]))
    return chi_squared(float(gap @ np.linalg.solve(spread, gap)), len(null))


def _line(x: np.ndarray) -> np.ndarray:
    return np.stack([np.ones_like(x), x], axis=1)


def _pseudo(y: np.ndarray, q: np.ndarray, alpha: float) -> np.ndarray:
    """What the ES is the conditional mean of: q - (q - y)+ / alpha."""
    return q - np.maximum(q - y, 0) / alpha


def _loss(y: np.ndarray, q: np.ndarray, e: np.ndarray, alpha: float) -> float:
    return float((_pseudo(y, q, alpha) / e + np.log(-e)).mean())


def _project(m: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Least squares line, moved below 0 where it is not."""
    b = np.linalg.lstsq(X, m, rcond=None)[0]
    b[0] -= max((X @ b).max() + 1e-3 * np.abs(m).mean(), 0)
    return b


def _es_line(m: np.ndarray, X: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Minimum of mean(m / e + log(-e)), e = Xb < 0, by damped Newton from `start`."""

    def loss(b: np.ndarray) -> float:
        e = X @ b
        return float((m / e + np.log(-e)).mean()) if (e < 0).all() else np.inf

    b, value = start, loss(start)
    for _ in range(100):
        e = X @ b
        slope = X.T @ (1 / e - m / e**2) / len(m)
        curve = (X.T * (1 / e**2)) @ X / len(m)  # expected curvature: positive definite
        step = np.linalg.solve(curve, slope)
        size = 1.0
        while size > 1e-10 and not loss(b - size * step) < value:
            size /= 2
        if size <= 1e-10:
            break
        b = b - size * step
        before, value = value, loss(b)
        if before - value < 1e-14:
            break
    return b


def _covariance(
    y: np.ndarray, Xq: np.ndarray, Xe: np.ndarray, bq: np.ndarray, be: np.ndarray, alpha: float
) -> np.ndarray:
    """Sandwich A^-1 B A^-1 / n that allows for lines which are not the true ones.

    Dimitriadis and Bayer (2019), theorem 2.4 and appendix, with G1 = 0 and G2(e) = -1/e, as R's
    `esreg` 0.6.2 has it, so that p-values agree with R's. `miss` = F(q) / alpha - 1 is what the
    quantile line misses; without its terms the tests reject a right model twice as often as they
    say. `bend` is esreg's G2'': half of the derivative of 1/e^2. The density at the quantile is
    Hendricks and Koenker's (1992).
    """
    q, e = Xq @ bq, Xe @ be
    reached, truncated = _below(y, q, Xq)
    g, g1, bend = -1 / e, 1 / e**2, -1 / e**3
    odds, gap, miss = (1 - alpha) / alpha, q - e, reached / alpha - 1

    def cross(A: np.ndarray, w: np.ndarray, B: np.ndarray) -> np.ndarray:
        return (A.T * w) @ B / len(y)

    qq = cross(Xq, g / alpha * _density(y, Xq, alpha), Xq)
    qe = cross(Xq, g1 * miss, Xe)
    ee = cross(Xe, g1 + bend * q * miss, Xe)
    slope = np.linalg.inv(np.block([[qq, qe], [qe.T, ee]]))
    qq = cross(Xq, g**2 * (odds + (1 - 2 * alpha) / alpha * miss), Xq)
    qe = cross(Xq, g * g1 * (odds * (gap + q * miss) - gap * miss), Xe)
    ee = cross(Xe, g1**2 * (truncated / alpha + odds * gap**2 - 2 * gap * q * miss), Xe)
    return slope @ np.block([[qq, qe], [qe.T, ee]]) @ slope / len(y)


def _density(y: np.ndarray, X: np.ndarray, alpha: float) -> np.ndarray:
    """Density at the quantile from the distance of two quantile lines, Hall-Sheather apart."""
    z = float(norm.ppf(alpha))
    width = (norm.ppf(0.975) ** 2 * 1.5 * norm.pdf(z) ** 2 / (2 * z**2 + 1) / len(y)) ** (1 / 3)
    width = min(float(width), 0.9 * alpha)
    upper = quantile_regression(y, X, alpha + width)
    lower = quantile_regression(y, X, alpha - width)
    return np.maximum(2 * width / (X @ (upper - lower) - 1e-10), 0)


def _below(y: np.ndarray, q: np.ndarray, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P(y <= q) and var(y | y <= q) each day, of y = Xb + (Xc) z with the empirical law of z.

    b and c are found by Gaussian likelihood.
    """
    b = np.linalg.lstsq(X, y, rcond=None)[0]
    c = np.linalg.lstsq(X, np.abs(y - X @ b), rcond=None)[0]
    c[0] -= min(0.001, (X @ c).min())

    def loss(parameters: np.ndarray) -> float:
        mean, scale = X @ parameters[: len(b)], X @ parameters[len(b) :]
        if (scale <= 0).any():
            return 1e10
        return float((np.log(scale) + ((y - mean) / scale) ** 2 / 2).mean())

    options = {"maxiter": 10_000, "maxfev": 10_000, "xatol": 1e-8, "fatol": 1e-12}
    found = minimize(loss, np.r_[b, c], method="Nelder-Mead", options=options).x
    mean, scale = X @ found[: len(b)], X @ found[len(b) :]
    z = np.sort((y - mean) / scale)
    reached = np.searchsorted(z, (q - mean) / scale, side="right")
    at = np.maximum(reached, 2)
    first, second = np.cumsum(z)[at - 1] / at, np.cumsum(z**2)[at - 1] / at
    return reached / len(y), scale**2 * np.maximum(second - first**2, 0)
