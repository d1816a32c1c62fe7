"""The coefficients of the anchor: a Bayesian regression on the past, weighted by its volatility.

Twice. `alone` lets each series follow its own past, robustly, so that its volatility can be
filtered. `together` is the estimate: with every variable in units of its own shocks, and each
period weighted by the volatility v_it that was expected for it,

    x_it / v_it = (c_i + g_i m_{i,t-1} + sum_j sum_l a_ijl x_{j,t-l}) / v_it + shock

    own lags    a_iil ~ N(rho_i at lag 1 and 0 beyond, (tightness / l)^2)
    others      a_ijl ~ N(0, (cross / l)^2),    sum_l a_ijl s_j ~ N(0, cross^2)
    local mean  g_i ~ N(share (1 - rho_i), LOOSE^2)

which is the prior of Litterman (1986, "Forecasting with Bayesian vector autoregressions") about
the sample's first autocorrelation rho, and for the others that of the sum of coefficients (Doan,
Litterman and Sims, 1984): s_j is the deviation of series j's level, so where another series stands
says less than that it moves. How much a series owes to others differs from daily prices to a policy
rate, so `cross` is not one number. What a series falls back to is either the mean of the sample
(share 0) or its local mean m (share 1), as with inflation whose trend drifts (Stock and Watson,
2007, "Why has U.S. inflation become harder to forecast?"). Every pair of the two is tried, and the
posterior means are averaged by their marginal likelihood (Giannone, Lenza and Primiceri, 2015,
eq. 5, with the volatility as known), for each series by its own.

Where columns are months of one series (`stacked`), a column holds those of its own series for own
lags, and rho stands at lag 1 of the last of them, from which it goes on.

Arrays are [..., series, time], all in units of the spread of each series.
"""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import get_lapack_funcs
from scipy.special import softmax

from econdiff.anchor.recursion import lagged, local_means
from econdiff.anchor.robust import OUTLIER, huber, huber_weight, tame

VAGUE = 0.1  # prior precision of a constant
LOOSE = 0.05  # prior deviation of what a series owes to its local mean
SHARES = np.array([0.0, 1.0])  # of what draws it back that is due to its local mean
LOUDEST = 10.0  # weights of calm and loud periods differ from the mean by no more than this factor


def alone(x: np.ndarray, rho: np.ndarray, lags: int, tightness: float) -> np.ndarray:
    """Each series on its own past, [..., series, 2 + lags]: a ridge with one step of Huber weights.

    Nothing is owed to its local mean. `x` has NaN where not known; rows that are not complete are
    left out.
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
    b = _ridge(rows, target, whole * huber(e, whole), prior, precision)
    return np.insert(b, 1, 0, axis=-1)


def together(
    level: np.ndarray,
    innovation: np.ndarray,
    expected: np.ndarray,
    deviation: np.ndarray,
    rho: np.ndarray,
    lags: int,
    tightness: float,
    cross: Sequence[float],
    local: bool = True,
    latest: Sequence[int] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """What each series owes: [..., series, 2 + lags] as `recursion` reads it, and to others.

    The latter [..., series, other, lag]. Without `local` nothing is owed to a local mean.

    `level` with no gaps, the first `innovation` of each period (exactly 0: not seen) and the
    deviation `expected` of it, all [..., series, time]; their usual `deviation` and `rho`
    [..., series]. With a single series `cross` does not matter. `latest` is as in `stacked`.
    """
    series, length = level.shape[-2:]
    latest = range(series) if latest is None else latest
    unit = deviation[..., None]
    x = tame(level) / unit
    past = np.stack([x[..., lags - k : length - k] for k in range(1, lags + 1)], axis=-2)
    past = past.reshape(*past.shape[:-3], series * lags, length - lags)
    constant = np.ones_like(past[..., :1, :])
    means = local_means(x)[..., lags:-1]
    target, e, v = (part[..., lags:] for part in (x, innovation, expected))
    quiet = np.clip((unit / v) ** 2, 1 / LOUDEST, LOUDEST)
    weight = (e != 0) * huber_weight(e / v) * quiet  # [..., series, time - lags]

    candidates = cross if series > 1 else cross[:1]
    owes = []
    for i in range(series):
        mean = [means[..., i, None, :]] if local else []
        rows = np.concatenate([past, *mean, constant], axis=-2)
        weighted = rows * weight[..., i, None, :]
        gram = (weighted @ rows.swapaxes(-1, -2)).astype(float)
        moment = (weighted @ target[..., i, :, None]).astype(float)
        centre = np.zeros((*moment.shape[:-1], len(SHARES) if local else 1))
        last = latest[i]
        step = rho[..., i] * (deviation[..., last] / deviation[..., i])
        centre[..., last * lags, :] = step[..., None]
        if local:
            centre[..., -2, :] = SHARES * (1 - rho[..., i, None])
        own = np.array([last == latest[i] for last in latest])
        priors = (_precision(deviation, own, lags, tightness, c, local) for c in candidates)
        found, evidence = zip(*(_posterior(gram, moment, centre, *p) for p in priors), strict=True)
        odds = softmax(np.concatenate(evidence, axis=-1), axis=-1)
        owes.append((np.concatenate(found, axis=-1) * odds[..., None, :]).sum(-1))
    a = np.stack(owes, axis=-2)  # [..., series, coefficient]

    per_unit = a[..., : series * lags].reshape(*a.shape[:-1], series, lags)
    per_unit = per_unit * (unit / deviation[..., None, :])[..., None]
    constant, mean = a[..., -1:] * unit, a[..., series * lags : -1].sum(-1, keepdims=True)
    own = np.arange(series)
    b = np.concatenate([constant, mean, per_unit[..., own, own, :]], axis=-1)
    others = np.where(np.eye(series, dtype=bool)[..., None], 0, per_unit)
    return b.astype(level.dtype), others.astype(level.dtype)


def _posterior(
    gram: np.ndarray,
    moment: np.ndarray,
    centre: np.ndarray,
    precision: np.ndarray,
    volume: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Posterior means [..., coefficient, prior] under priors about the columns of `centre`.

    And, up to what all priors share, their log marginal likelihoods [..., prior]; unit noise.
    `volume` [...] is the log determinant of the `precision`.
    """
    pulled = precision @ centre
    a, whole = _solve(gram + precision, moment + pulled)
    gain = ((moment + pulled) * a).sum(-2) - (pulled * centre).sum(-2)
    return a, 0.5 * ((volume - whole)[..., None] + gain)


def _solve(matrix: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solutions [..., coefficient, column] and log determinants [...], of one factor each.

    `matrix` [..., coefficient, coefficient] is positive definite, and is written over.
    """
    (posv,) = get_lapack_funcs(("posv",), (matrix, right))
    found, size = np.empty_like(right), np.empty(matrix.shape[:-2])
    for at in np.ndindex(size.shape):
        factor, found[at], wrong = posv(matrix[at].T, right[at], overwrite_a=True)
        if wrong:
            raise np.linalg.LinAlgError("the regression has no solution: are all cells finite?")
        size[at] = 2 * np.log(factor.diagonal()).sum()
    return found, size


def _precision(
    deviation: np.ndarray, own: np.ndarray, lags: int, tightness: float, cross: float, local: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Inverse prior covariance of a series' coefficients, and its log determinant.

    `own` [series] marks it, and whatever else is its own past. Series by series, then its local
    mean if there is one, the constant last.
    """
    series = deviation.shape[-1]
    blocks = np.zeros((*deviation.shape, lags, lags))
    for j in range(series):
        blocks[..., j, :, :] = np.diag(_decay(lags, tightness if own[j] else cross))
        if not own[j]:
            blocks[..., j, :, :] += (deviation[..., j, None, None] * cross) ** -2.0
    last = [LOOSE**-2.0, VAGUE] if local else [VAGUE]
    count = series * lags + len(last)
    out = np.zeros((*deviation.shape[:-1], count, count))
    for j in range(series):
        at = slice(j * lags, (j + 1) * lags)
        out[..., at, at] = blocks[..., j, :, :]
    tail = np.arange(series * lags, count)
    out[..., tail, tail] = last
    return out, np.linalg.slogdet(blocks)[1].sum(-1) + np.log(last).sum()


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
