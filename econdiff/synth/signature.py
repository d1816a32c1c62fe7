"""The signature of a path to depth three, and how far apart two sets of paths are by it.

For a piecewise linear path the signature is the product, segment by segment, of the tensor
exponentials of its steps (Chen, 1958; Chevyrev and Kormilitzin, 2016, "A primer on the signature
method", theorems 2 and 4):

    S = exp(d_1) x exp(d_2) x ...,    exp(d) = (1, d, d d / 2, d d d / 6)

Time is the first channel, so that no two paths share a signature.
"""

import numpy as np

WINDOW = 16  # periods of the paths that are compared


def signature(path: np.ndarray) -> np.ndarray:
    """Levels one to three of paths [..., time, k], flattened: [..., k + k^2 + k^3]."""
    steps = np.diff(path, axis=-2)
    batch, k = path.shape[:-2], path.shape[-1]
    one, two, three = np.zeros((*batch, k)), np.zeros((*batch, k, k)), np.zeros((*batch, k, k, k))
    for t in range(steps.shape[-2]):
        d = steps[..., t, :]
        pair = d[..., :, None] * d[..., None, :]
        triple = pair[..., None] * d[..., None, None, :]
        three = three + two[..., None] * d[..., None, None, :]
        three = three + one[..., None, None] * pair[..., None, :, :] / 2 + triple / 6
        two = two + one[..., :, None] * d[..., None, :] + pair / 2
        one = one + d
    return np.concatenate([one, two.reshape(*batch, -1), three.reshape(*batch, -1)], axis=-1)


def distance(real: np.ndarray, made: np.ndarray) -> float:
    """Root mean square gap of expected signatures, each term in deviations of the real ones.

    Panels are [entity, time, series]; windows of them are compared, with time as a channel. For
    panels of one law it is about the sampling error of a mean.
    """
    width = min(WINDOW, real.shape[1], made.shape[1])
    centre, spread = np.nanmean(real, axis=(0, 1)), np.nanstd(real, axis=(0, 1))
    cut = [_windows((x - centre) / spread, width) for x in (real, made)]
    if not all(map(len, cut)):
        return float("nan")
    a, b = map(signature, cut)
    size = a.std(axis=0)
    moving = size > 1e-9  # the terms of time alone are the same for all
    gap = (a.mean(axis=0) - b.mean(axis=0))[moving] / size[moving]
    return float(np.sqrt(np.mean(gap**2)))


def _windows(x: np.ndarray, width: int) -> np.ndarray:
    """Complete windows that half overlap, with time from 0 to 1 as their first channel."""
    starts = range(0, x.shape[1] - width + 1, max(width // 2, 1))
    cut = np.concatenate([x[:, at : at + width] for at in starts])
    cut = cut[np.isfinite(cut).all(axis=(1, 2))]
    time = np.broadcast_to(np.linspace(0, 1, width)[:, None], (len(cut), width, 1))
    return np.concatenate([time, cut], axis=-1)
