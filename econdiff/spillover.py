"""What each series owes to the past of the others: a shrunken regression with cross lags.

The anchor lets a series follow its own past. What its shocks e_i still owe to the others' levels,

    e_it / v_it = (c_i + sum_j sum_l a_ijl x_{j,t-l}) / v_it + shock,    j not i, l = 1 ... p

is a regression weighted by the volatility v that the filter had expected, with the prior of a
Bayesian vector autoregression: in units of each series' shocks a_ijl ~ N(0, (tightness / l)^2)
(Litterman, 1986, "Forecasting with Bayesian vector autoregressions"), and sum_l a_ijl near 0 by
one more observation at a distance of one deviation of the level, of deviation `steadiness` in those
units (the sum of coefficients of Doan, Litterman and Sims, 1984): that another series moves
says more than where it stands, and far ahead a level that has strayed would be believed too much.

Arrays are [..., series, time], as in `anchor`.
"""

import numpy as np

CLIP = 5.0  # deviations: what is farther out, of a shock or a level, counts as this


def spillover(
    innovation: np.ndarray,
    expected: np.ndarray,
    level: np.ndarray,
    deviation: np.ndarray,
    *,
    lags: int,
    tightness: float,
    steadiness: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients `[..., series, other, lag]`, own ones 0, and constants [..., series].

    `innovation` and the deviation `expected` of each, `level` (0 where not known), all
    [..., series, time]; `deviation` [..., series] of the innovations. An innovation of exactly 0
    was not seen.
    """
    series, length = level.shape[-2:]
    tame = np.clip(level, -CLIP, CLIP) / deviation[..., None]
    past = [tame[..., lags - k : length - k] for k in range(1, lags + 1)]
    rows = np.stack(past, axis=-2)  # [..., series, lag, time - lags]
    innovation, expected = innovation[..., lags:], expected[..., lags:]
    shock = np.clip(innovation / expected, -CLIP, CLIP)
    others = np.zeros((*level.shape[:-1], series, lags), dtype=level.dtype)
    constants = np.zeros(level.shape[:-1], dtype=level.dtype)
    for i in range(series):
        rest = np.delete(np.arange(series), i)
        weight = (innovation[..., i, :] != 0) * deviation[..., i, None] / expected[..., i, :]
        x = rows[..., rest, :, :].reshape(*rows.shape[:-3], -1, rows.shape[-1])
        x = np.concatenate([x, np.ones_like(x[..., :1, :])], axis=-2) * weight[..., None, :]
        prior = _precision(deviation[..., rest], lags, tightness, steadiness)
        gram, moment = x @ x.swapaxes(-1, -2) + prior, x @ shock[..., i, :, None]
        found = np.linalg.solve(gram, moment)[..., 0] * deviation[..., i, None]
        apart = found[..., :-1].reshape(*found.shape[:-1], series - 1, lags)
        others[..., i, rest, :] = apart / deviation[..., rest, None]
        constants[..., i] = found[..., -1]
    return others, constants


def _precision(deviation: np.ndarray, lags: int, tightness: float, steadiness: float) -> np.ndarray:
    """Inverse prior covariance of one series' coefficients, those of its constant last."""
    count = deviation.shape[-1] * lags
    out = np.zeros((*deviation.shape[:-1], count + 1, count + 1), dtype=deviation.dtype)
    decay = np.diag((np.arange(1, lags + 1) / tightness) ** 2)
    for j in range(deviation.shape[-1]):
        at = slice(j * lags, (j + 1) * lags)
        sums = (deviation[..., j] * steadiness) ** -2.0
        out[..., at, at] = decay + sums[..., None, None]
    out[..., -1, -1] = 1
    return out
