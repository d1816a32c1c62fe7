"""How series follow their past: recursions in time along the last axis.

`b` [..., series, 2 + lags] is a constant and what a series owes to its own local mean, to its lag
1, lag 2, ...; `others` [..., series, other, lag] what it owes to the past of the others, None for
nothing. `past` [..., series, 1 + lags] is where a series stands: its local mean and its last
levels, latest last. The local mean of x follows it slowly, from 0, the mean of the sample:

    m_t = m_{t-1} + (x_t - m_{t-1}) / SLOW

Of what has been, the others and the local mean are told no level beyond three deviations (`tame`):
a pandemic at the end of a history is carried on by the series that it struck, and does not strike
the others by coefficients of calmer years. Its `kin`, the columns [series, other] that are months
of the same series (`stacked`), are told all. What is still to come is not clipped, so the map to
white noise stays affine.
"""

import numpy as np

from econdiff.anchor.robust import tame

SLOW = 40.0  # periods that a local mean remembers
SQUARINGS = 8  # of a companion matrix, to see that it dies out
PASSES = 5  # of contraction: one is enough where nothing is owed to local means


def lagged(x: np.ndarray, lags: int) -> np.ndarray:
    """Each row: 1, then x at lag 1, lag 2, ...; [..., time - lags, 1 + lags]."""
    length = x.shape[-1]
    columns = [x[..., lags - k : length - k] for k in range(1, lags + 1)]
    return np.stack([np.ones_like(columns[0]), *columns], axis=-1)


def local_means(x: np.ndarray, start: np.ndarray | float = 0.0) -> np.ndarray:
    """The local mean of `x` [..., time] before each period and after the last, [..., 1 + time]."""
    found = np.empty((1 + x.shape[-1], *x.shape[:-1]))
    found[0] = start
    for t, now in enumerate(np.moveaxis(x, -1, 0)):
        found[t + 1] = found[t] + (now - found[t]) / SLOW
    return np.moveaxis(found, 0, -1)


def autoregress(
    b: np.ndarray,
    past: np.ndarray,
    x: np.ndarray,
    others: np.ndarray | None = None,
    kin: np.ndarray | None = None,
) -> np.ndarray:
    """Shocks of `x` [..., series, step] that follows `past` [..., series, 1 + lags]."""
    past = np.broadcast_to(past, (*x.shape[:-1], past.shape[-1]))
    mean, levels = past[..., 0], past[..., 1:]
    whole, clipped = (np.concatenate([p, x], axis=-1) for p in (levels, tame(levels)))
    return x - _fit(b, whole, clipped, local_means(x, mean)[..., :-1], others, kin)


def accumulate(
    b: np.ndarray,
    past: np.ndarray,
    shocks: np.ndarray,
    others: np.ndarray | None = None,
    kin: np.ndarray | None = None,
) -> np.ndarray:
    """What `shocks` [..., series, step] add up to after `past`; undoes `autoregress`."""
    lags, steps = b.shape[-1] - 2, shocks.shape[-1]
    past = np.broadcast_to(past, (*shocks.shape[:-1], past.shape[-1]))
    mean, levels = past[..., 0], past[..., 1:]
    whole = np.concatenate([levels, shocks], axis=-1)
    clipped = np.concatenate([tame(levels), shocks], axis=-1)
    for t in range(lags, lags + steps):
        own = sum(b[..., 1 + k] * whole[..., t - k] for k in range(1, lags + 1))
        whole[..., t] += b[..., 0] + b[..., 1] * mean + own
        if others is not None:
            window = slice(t - lags, t)
            whole[..., t] += _from_others(others, kin, whole[..., window], clipped[..., window])
        clipped[..., t] = whole[..., t]
        mean = mean + (whole[..., t] - mean) / SLOW
    return whole[..., lags:]


def innovations(
    b: np.ndarray,
    x: np.ndarray,
    others: np.ndarray | None = None,
    kin: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Levels with predictions in the gaps, and one-step errors, both [..., series, time].

    An error is 0 where a cell is not known or has too little before it.
    """
    lags, length = b.shape[-1] - 2, x.shape[-1]
    if np.isfinite(x).all():
        padded = np.concatenate([np.zeros((*x.shape[:-1], lags), dtype=x.dtype), x], axis=-1)
        clipped = tame(padded)
        e = x - _fit(b, padded, clipped, local_means(clipped[..., lags:])[..., :-1], others, kin)
        e[..., : min(lags, length)] = 0
        return x, e
    filled = np.zeros((*x.shape[:-1], lags + length), dtype=x.dtype)
    e = np.zeros_like(x)
    seen = np.zeros(x.shape[:-1], dtype=int)
    mean = np.zeros_like(x[..., 0])
    for t in range(length):
        window = filled[..., t : t + lags]
        fit = b[..., 0] + b[..., 1] * mean + (b[..., 2:] * window[..., ::-1]).sum(-1)
        if others is not None:
            fit = fit + _from_others(others, kin, window, tame(window))
        known = np.isfinite(x[..., t])
        now = np.where(known, x[..., t], np.where(seen > 0, fit, 0))
        filled[..., t + lags] = now
        e[..., t] = np.where(known & (seen >= lags), now - fit, 0)
        seen = seen + (known | (seen > 0))
        mean = mean + (tame(now) - mean) / SLOW
    return filled[..., lags:], e


def _fit(
    b: np.ndarray,
    whole: np.ndarray,
    clipped: np.ndarray,
    means: np.ndarray,
    others: np.ndarray | None,
    kin: np.ndarray | None,
) -> np.ndarray:
    """What each of the last steps owes to the past.

    `whole` [..., series, lags + steps] is what a series sees of itself, `clipped` what the others
    see of it, `means` [..., series, step] its local means before each step.
    """
    lags = b.shape[-1] - 2
    steps = whole.shape[-1] - lags

    def before(x: np.ndarray, k: int) -> np.ndarray:
        return x[..., lags - k : lags - k + steps]

    fit = b[..., :1] + b[..., 1:2] * means
    fit = fit + sum(b[..., 1 + k, None] * before(whole, k) for k in range(1, lags + 1))
    if others is not None:
        fit = fit + sum(others[..., k - 1] @ before(clipped, k) for k in range(1, lags + 1))
        if kin is not None:
            apart, own = whole - clipped, others * kin[..., None]
            fit = fit + sum(own[..., k - 1] @ before(apart, k) for k in range(1, lags + 1))
    return fit


def _from_others(
    others: np.ndarray, kin: np.ndarray | None, whole: np.ndarray, clipped: np.ndarray
) -> np.ndarray:
    """What the next step owes to the last levels of the others [..., other, lag], latest last."""
    fit = np.einsum("...ijl,...jl->...i", others, clipped[..., ::-1])
    if kin is None:
        return fit
    apart = (whole - clipped)[..., ::-1]
    return fit + np.einsum("...ijl,...jl->...i", others * kin[..., None], apart)


def contract(
    b: np.ndarray, others: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Scale lag l by r^l, and the local mean, whose lags are about SLOW, until no root explodes."""
    lags = b.shape[-1] - 2
    powers, kind = np.concatenate([[0, SLOW], np.arange(1, lags + 1)]), b.dtype
    for _ in range(PASSES):
        if others is None:
            size = radius(b[..., None, None, 2:], b[..., 1:2])[..., None]
        else:
            own = np.eye(b.shape[-2])[..., None] * b[..., :, None, 2:]
            size = radius(own + others, b[..., 1])[..., None, None]
        shrink = (1 / np.maximum(size, 1)) ** powers
        b = b * shrink
        if others is not None:
            others = others * shrink[..., None, 2:]
        if (size <= 1).all():
            break
    return b.astype(kind), None if others is None else others.astype(kind)


def radius(coefficients: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Largest root of x_t = sum_l A_l x_{t-l} + g m_{t-1}, [...], m the local mean of each series.

    `coefficients` [..., series, series, lag] and `mean` [..., series] are A and g. Where a high
    power of the companion matrix is small the system is stable and that is all that is said (0):
    eigenvalues are found only for the rest.
    """
    series, lags = coefficients.shape[-2:]
    levels = series * lags
    companion = np.zeros((*coefficients.shape[:-3], levels + series, levels + series))
    companion[..., :series, :levels] = np.moveaxis(coefficients, -1, -2).reshape(
        *companion.shape[:-2], series, -1
    )
    companion[..., np.arange(series, levels), np.arange(levels - series)] = 1
    own = np.arange(series)
    companion[..., own, levels + own] = mean
    companion[..., levels:, :] = companion[..., :series, :] / SLOW
    companion[..., levels + own, levels + own] += 1 - 1 / SLOW
    far = companion
    for _ in range(SQUARINGS):
        far = np.clip(far @ far, -1e100, 1e100)
    suspect = np.linalg.norm(far, axis=(-2, -1)) >= 1
    found = np.zeros(suspect.shape)
    found[suspect] = np.abs(np.linalg.eigvals(companion[suspect])).max(-1)
    return found
