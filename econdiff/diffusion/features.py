"""What the encoder is shown of a history: the anchor's own bookkeeping, made scale-free."""

from dataclasses import dataclass

import numpy as np

from econdiff.anchor import Filtered
from econdiff.diffusion.network import SEQUENCES, WINDOW

CLIP = 8.0  # innovations and levels are shown up to this many deviations
PULL = 20.0  # pseudo-observations that draw correlations at lags towards zero


@dataclass(frozen=True, eq=False)
class Features:
    """Arrays for the encoder, float32, with leading axes [...] of the batch.

    `sequence` [..., series, WINDOW, SEQUENCES]: innovations over today's volatility, innovations
    over the volatility of their day, standardised levels, that day's volatility over today's
    (log), and whether the cell was known; zeros before the sample starts.
    `numbers` [..., series, 24]: the autoregression, the local mean, the volatilities of short to
    long memory, the sample size, leverage and level effect, and the shape of the filtered
    innovations.
    `pairs` [..., series, series, PAIRS]: correlations of the filtered innovations of two series,
    in the same period, of the first with the second's last one, with its lags 2 to 4, and the
    other way round.
    `still` [..., series]: 1 for a series that stands still, of which the network hears nothing.
    """

    sequence: np.ndarray
    numbers: np.ndarray
    pairs: np.ndarray
    still: np.ndarray


def features(state: Filtered) -> Features:
    """Describe a history that the anchor has filtered."""
    u = state.filtered_innovations()
    scale = state.scale[..., None]
    channels = [
        np.clip(state.innovation / scale, -CLIP, CLIP),
        u,
        np.clip(state.level, -CLIP, CLIP),
        np.where(state.known, np.clip(np.log(state.before / scale), -3, 3), 0),
        state.known.astype(float),
    ]
    recent = [_last(channel, WINDOW) for channel in channels]
    sequence = np.stack(recent, axis=-1).astype(np.float32)
    if sequence.shape[-1] != SEQUENCES:
        raise ValueError(f"the encoder reads {SEQUENCES} sequences, got {sequence.shape[-1]}")
    numbers = _numbers(state, u).astype(np.float32)
    pairs = _pairs(state, u).astype(np.float32)
    still = np.broadcast_to(state.coefficients.still, state.scale.shape).astype(np.float32)
    return Features(sequence, numbers, pairs, still)


def _pairs(state: Filtered, u: np.ndarray) -> np.ndarray:
    size = np.sqrt(np.maximum((u**2).mean(-1, keepdims=True), 1e-6))
    v = u / size
    seen = np.maximum((u != 0).sum(-1), 1)
    trust = seen[..., :, None] / (seen[..., :, None] + PULL) / v.shape[-1]
    lagged = [trust * (v[..., k:] @ v[..., :-k].swapaxes(-1, -2)) for k in range(1, 5)]
    soon, later = lagged[0], np.mean(lagged[1:], axis=0)
    now = np.broadcast_to(state.coefficients.correlation, soon.shape)
    planes = [now, soon, soon.swapaxes(-1, -2), later, later.swapaxes(-1, -2)]
    return np.stack(planes, axis=-1)


def _numbers(state: Filtered, u: np.ndarray) -> np.ndarray:
    batch = state.scale.shape
    c = state.coefficients
    b = np.broadcast_to(c.b, (*batch, c.b.shape[-1]))
    deviation, leverage, level_effect = (
        np.broadcast_to(one, batch) for one in (c.deviation, c.leverage, c.level_effect)
    )
    seen = (u != 0).astype(float)
    count = np.maximum(seen.sum(-1), 1)
    mean = u.sum(-1) / count
    spread = np.sqrt(np.maximum((u**2).sum(-1) / count - mean**2, 0.01))
    v = (u - mean[..., None]) / spread[..., None] * seen
    size, square = (np.abs(v) - 0.8) * seen, v * v
    return np.stack(
        [
            *np.moveaxis(np.clip(b, -3, 3), -1, 0),
            np.clip(state.past[..., 0], -3, 3),
            np.log(deviation),
            np.log(state.scale / deviation),
            *np.moveaxis(np.clip(np.log(state.memory / state.scale[..., None]), -4, 4), -1, 0),
            np.log(count) - 4.5,
            3 * leverage,
            5 * level_effect,
            np.clip((v * square).sum(-1) / count, -3, 3),
            np.log(np.clip((square * square).sum(-1) / count, 1, 30)) - 1.1,
            3 * (size[..., 1:] * size[..., :-1]).sum(-1) / count,
            3 * (size[..., 5:] * size[..., :-5]).sum(-1) / count,
            3 * (size[..., 1:] * v[..., :-1]).sum(-1) / count,
            3 * sum((size[..., k:] * v[..., :-k]).sum(-1) for k in range(2, 6)) / count,
        ],
        axis=-1,
    )


def _last(x: np.ndarray, length: int) -> np.ndarray:
    """The last `length` entries of the last axis, zeros on the left where there are fewer."""
    missing = length - x.shape[-1]
    if missing > 0:
        x = np.concatenate([np.zeros((*x.shape[:-1], missing), dtype=x.dtype), x], axis=-1)
    return x[..., -length:]
