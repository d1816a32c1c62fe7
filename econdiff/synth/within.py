"""Vector autoregression with entity effects, by least squares within entities, over a batch.

    w_it = a_i + A_1 w_i,t-1 + ... + A_p w_i,t-p + u_it

Arrays are [..., entity, time, coordinate]; leading axes are a batch of panels. The estimate is
biased in short panels (Nickell, 1981, *Econometrica* 49): see `law` for how that is met.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Within:
    """Slopes [..., lags * k, k], intercepts [..., entity, k], shocks [..., entity, time - lags, k].

    Shocks are NaN where their row was not used.
    """

    slopes: np.ndarray
    intercepts: np.ndarray
    shocks: np.ndarray


def estimate(w: np.ndarray, lags: int) -> Within:
    """Estimate slopes from the rows in which `w` and its lags are known, and what they leave."""
    return given(w, least_squares(w, lags))


def least_squares(w: np.ndarray, lags: int) -> np.ndarray:
    """The slopes [..., lags * k, k] of `estimate`, without what they leave."""
    rows, target, used = regression(w, lags)
    count = np.maximum(used.sum(-2, keepdims=True), 1)
    x = (rows - rows.sum(-2, keepdims=True) / count) * used
    y = (target - target.sum(-2, keepdims=True) / count) * used
    gram = np.einsum("...etk,...etl->...kl", x, x)
    moment = np.einsum("...etk,...etl->...kl", x, y)
    ridge = 1e-10 * np.trace(gram, axis1=-2, axis2=-1)[..., None, None] / gram.shape[-1]
    return np.linalg.solve(gram + ridge * np.eye(gram.shape[-1]), moment)


def given(w: np.ndarray, slopes: np.ndarray) -> Within:
    """Intercepts and shocks of `w` under known slopes."""
    lags = slopes.shape[-2] // slopes.shape[-1]
    rows, target, used = regression(w, lags)
    left = (target - rows @ slopes[..., None, :, :]) * used
    count = np.maximum(used.sum(-2), 1)
    intercepts = left.sum(-2) / count
    shocks = np.where(used, left - intercepts[..., None, :], np.nan)
    return Within(slopes, intercepts, shocks)


def regression(w: np.ndarray, lags: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lagged rows, latest first; targets; and which rows are whole [..., time - lags, 1]."""
    length = w.shape[-2]
    rows = np.concatenate([w[..., lags - j : length - j, :] for j in range(1, lags + 1)], axis=-1)
    target = w[..., lags:, :]
    used = np.asarray(np.isfinite(rows).all(-1) & np.isfinite(target).all(-1))[..., None]
    return np.where(used, rows, 0), np.where(used, target, 0), used


def means(w: np.ndarray) -> np.ndarray:
    """Means over time [..., entity, 1, k] of the cells that are known; NaN where none is."""
    known = np.isfinite(w)
    count = known.sum(axis=-2, keepdims=True)
    total = np.where(known, w, 0.0).sum(axis=-2, keepdims=True)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def first_rows(w: np.ndarray, lags: int) -> np.ndarray:
    """The first whole rows of each entity [entity, lags, k]; NaN where it has not so many."""
    found = np.full((len(w), lags, w.shape[-1]), np.nan)
    for start, rows in zip(found, w, strict=True):
        whole = rows[np.isfinite(rows).all(axis=-1)][:lags]
        if len(whole) == lags:
            start[:] = whole
    return found


def order(w: np.ndarray, most: int) -> int:
    """The number of lags with the least Bayes criterion, on the rows that all of them can use."""
    best = {}
    for lags in range(1, most + 1):
        shocks = estimate(w[..., most - lags :, :], lags).shocks
        e = shocks[np.isfinite(shocks).all(-1)]
        n, k = e.shape
        free = lags * k * k
        if n > 2 * (free + shocks.shape[-3] * k) / k:
            best[lags] = np.linalg.slogdet(e.T @ e / n)[1] + np.log(n) / n * free
    return min(best, key=lambda lags: best[lags]) if best else 1


def run(slopes: np.ndarray, start: np.ndarray, intercepts: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Run the recursion on from `start` [..., entity, lags, k] under the shocks `u`.

    Gives the rows after the start, in the shape of `u` [..., entity, time, k].
    """
    lags, k = start.shape[-2:]
    w = np.concatenate([np.broadcast_to(start, (*u.shape[:-2], lags, k)), u], axis=-2)
    for t in range(lags, w.shape[-2]):
        past = w[..., t - lags : t, :][..., ::-1, :].reshape(*u.shape[:-2], lags * k)
        w[..., t, :] += intercepts + past @ slopes
    return w[..., lags:, :]


def redrawn(shocks: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shocks [entity, time, k] of the periods `rows` [..., draw], of all entities together.

    For one that was not known then, one of the entity's own at random, so that holes make no panel
    calmer; nought for an entity of which none is known. Gives [..., entity, draw, k].
    """
    known = np.asarray(np.isfinite(shocks).all(axis=-1))
    drawn = []
    for own, mine in zip(shocks, known, strict=True):
        at, absent = rows.copy(), ~mine[rows]
        if mine.any() and absent.any():
            at[absent] = rng.choice(np.flatnonzero(mine), size=int(absent.sum()))
        drawn.append(own[at] if mine.any() else np.zeros((*rows.shape, shocks.shape[-1])))
    return np.stack(drawn, axis=-3)


def contract(slopes: np.ndarray, limit: float = 1.0) -> np.ndarray:
    """Scale lag l by r^l so that no root is beyond `limit`."""
    k = slopes.shape[-1]
    lags = len(slopes) // k
    companion = np.zeros((lags * k, lags * k))
    companion[:, :k] = slopes
    companion[: (lags - 1) * k, k:] = np.eye((lags - 1) * k)
    radius = float(np.abs(np.linalg.eigvals(companion)).max())
    if radius <= limit:
        return slopes
    powers = np.repeat((limit / radius) ** np.arange(1, lags + 1), k)
    return slopes * powers[:, None]
