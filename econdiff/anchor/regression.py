"""The coefficients of the anchor: a Bayesian regression on the past, weighted by its volatility.

Twice. `alone` lets each series follow its own past, robustly, so that its volatility can be
filtered. `together` is the estimate: with every variable in units of its own shocks, and each
period weighted by the volatility v_it that was expected for it,

    x_it / v_it = (c_i + sum_j sum_l a_ijl x_{j,t-l}) / v_it + shock

    own lags    a_iil ~ N(rho_i at lag 1 and 0 beyond, (tightness / l)^2)
    others      a_ijl ~ N(0, (cross / l)^2),    sum_l a_ijl s_j ~ N(0, cross^2)

which is the prior of Litterman (1986, "Forecasting with Bayesian vector autoregressions") about
the sample's first autocorrelation rho, and for the others that of the sum of coefficients (Doan,
Litterman and Sims, 1984): s_j is the deviation of series j's level, so where another series stands
says less than that it moves. How much series owe each other differs from daily prices to quarterly
output, so `cross` is not one number: the posterior means under several are averaged by their
marginal likelihood (Giannone, Lenza and Primiceri, 2015, eq. 5, with the volatility as known),
that of the whole panel.

Arrays are [..., series, time], all in units of the spread of each series.
"""

from collections.abc import Sequence

import numpy as np

from econdiff.anchor.recursion import lagged
from econdiff.anchor.robust import OUTLIER, huber, huber_weight, tame

VAGUE = 0.1  # prior precision of a constant
LOUDEST = 10.0  # weights of calm and loud periods differ from the mean by no more than this factor


def alone(x: np.ndarray, rho: np.ndarray, lags: int, tightness: float) -> np.ndarray:
    """Each series on its own past, [..., series, 1 + lags]: a ridge with one step of Huber weights.

    `x` has NaN where not known; rows that are not complete are left out.
    """
    rows = np.clip(lagged(x, lags), -OUTLIER, OUTLIER)  # [..., series, time - lags, 1 + lags]
    target = x[..., lags:]
    whole = np.isfinite(target) & np.isfinite(rows).all(-1)
    rows, target = np.where(whole[..., None], rows, 0), np.where(whole, target, 0)
    prior = np.zeros((*x.shape[:-1], 1 + lags), dtype=x.dtype)
    prior[..., 1] = rho
    variance = np.clip(1 - rho**2, 0.02, 1)[..., None]  # of the shocks, if it were an AR(1)
    precision = np.full(prior.shape, VAGUE, dtype=x.dtype)
    precision[..., 1:] = variance * _decay(lags, tightness)
    b = _ridge(rows, target, whole.astype(x.dtype), prior, precision)
    e = target - (rows @ b[..., None])[..., 0]
    return _ridge(rows, target, whole * huber(e, whole), prior, precision)


def together(
    level: np.ndarray,
    innovation: np.ndarray,
    expected: np.ndarray,
    deviation: np.ndarray,
    rho: np.ndarray,
    lags: int,
    tightness: float,
    cross: Sequence[float],
) -> tuple[np.ndarray, np.ndarray]:
    """Constant and own lags [..., series, 1 + lags], and others' [..., series, other, lag].

    `level` with no gaps, the first `innovation` of each period (exactly 0: not seen) and the
    deviation `expected` of it, all [..., series, time]; their usual `deviation` and `rho`
    [..., series]. With a single series `cross` does not matter.
    """
    series, length = level.shape[-2:]
    unit = deviation[..., None]
    x = tame(level) / unit
    past = np.stack([x[..., lags - k : length - k] for k in range(1, lags + 1)], axis=-2)
    rows = past.reshape(*past.shape[:-3], series * lags, length - lags)
    rows = np.concatenate([rows, np.ones_like(rows[..., :1, :])], axis=-2)
    target, e, v = (part[..., lags:] for part in (x, innovation, expected))
    quiet = np.clip((unit / v) ** 2, 1 / LOUDEST, LOUDEST)
    weight = (e != 0) * huber_weight(e / v) * quiet  # [..., series, time - lags]

    candidates = cross if series > 1 else cross[:1]
    found, evidence = [], []
    for i in range(series):
        weighted = rows * weight[..., i, None, :]
        gram = (weighted @ rows.swapaxes(-1, -2)).astype(float)
        moment = (weighted @ target[..., i, :, None])[..., 0].astype(float)
        mean = np.zeros(moment.shape)
        mean[..., i * lags] = rho[..., i]
        priors = [_precision(deviation, i, lags, tightness, c) for c in candidates]
        answers = [_posterior(gram, moment, mean, precision) for precision in priors]
        found.append([answer[0] for answer in answers])
        evidence.append([answer[1] for answer in answers])
    total = np.sum(evidence, axis=0)  # [candidate, ...]
    odds = np.exp(total - total.max(axis=0))
    a = np.einsum("ic...n,c...->...in", np.array(found), odds / odds.sum(axis=0))

    per_unit = a[..., :-1].reshape(*a.shape[:-1], series, lags)
    per_unit = per_unit * (unit / deviation[..., None, :])[..., None]
    own = np.arange(series)
    b = np.concatenate([a[..., -1:] * unit, per_unit[..., own, own, :]], axis=-1)
    others = np.where(np.eye(series, dtype=bool)[..., None], 0, per_unit)
    return b.astype(level.dtype), others.astype(level.dtype)


def _posterior(
    gram: np.ndarray, moment: np.ndarray, mean: np.ndarray, precision: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean and, up to what all priors share, log marginal likelihood; unit noise."""
    whole = gram + precision
    pulled = (precision @ mean[..., None])[..., 0]
    a = np.linalg.solve(whole, (moment + pulled)[..., None])[..., 0]
    gain = ((moment + pulled) * a).sum(-1) - (pulled * mean).sum(-1)
    volume = np.linalg.slogdet(precision)[1] - np.linalg.slogdet(whole)[1]
    return a, 0.5 * (volume + gain)


def _precision(
    deviation: np.ndarray, i: int, lags: int, tightness: float, cross: float
) -> np.ndarray:
    """Inverse prior covariance of series i's coefficients: series by series, the constant last."""
    series = deviation.shape[-1]
    count = series * lags + 1
    out = np.zeros((*deviation.shape[:-1], count, count))
    for j in range(series):
        at = slice(j * lags, (j + 1) * lags)
        out[..., at, at] = np.diag(_decay(lags, tightness if i == j else cross))
        if i != j:
            out[..., at, at] += (deviation[..., j, None, None] * cross) ** -2.0
    out[..., -1, -1] = VAGUE
    return out


def _decay(lags: int, tightness: float) -> np.ndarray:
    return (np.arange(1, lags + 1) / tightness) ** 2


def _ridge(
    rows: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray,
    prior: np.ndarray,
    precision: np.ndarray,
) -> np.ndarray:
    """Weighted least squares with a normal prior: mean `prior`, inverse variance `precision`."""
    weighted = (rows * weight[..., None]).swapaxes(-1, -2)
    gram = weighted @ rows + precision[..., None] * np.eye(precision.shape[-1])
    moment = (weighted @ target[..., None])[..., 0] + precision * prior
    return np.linalg.solve(gram, moment[..., None])[..., 0].astype(target.dtype)
