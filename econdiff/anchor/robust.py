"""Location, scale and weights that one wild quarter does not decide; the last axis is time."""

import numpy as np

OUTLIER = 5.0  # a shock beyond this many deviations counts as this many
FREEDOM = 8.0  # of the Student t that shocks are taken for where no outlier may lead
GAUSSIAN = 1.23212  # the c with E[(f + 1) c r^2 / (f + c r^2)] = 1 for r ~ N(0, 1), f = FREEDOM
STRANGE = 3.0  # a level beyond this many deviations counts as this many where others look at it


def tame(level: np.ndarray) -> np.ndarray:
    """Levels in deviations, as a regression and the other series see them."""
    return np.clip(level, -STRANGE, STRANGE)


def location_scale(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation over known cells; outliers are winsorised at `OUTLIER` robust ones.

    A series in tiny units is measured in a power of 1/2, which is exact: what is tiny is
    then so beside the series.
    """
    known = np.isfinite(y)
    filled = np.where(known, y, 0)
    unit = _unit(filled)
    filled, middle = filled / unit[..., None], np.nanmedian(y, axis=-1) / unit
    width = np.maximum(_mad(filled - middle[..., None], known), 1e-12) * OUTLIER
    width = np.where(stands_still(y), np.inf, width)
    winsorised = np.clip(filled, (middle - width)[..., None], (middle + width)[..., None])
    centre = _mean(winsorised, known)
    spread = np.sqrt(_mean((winsorised - centre[..., None]) ** 2, known))
    return centre * unit, np.maximum(spread, 1e-8) * unit


def stands_still(y: np.ndarray) -> np.ndarray:
    """Whether a series repeats its last value more often than not (a policy rate), [...]."""
    both = np.isfinite(y[..., 1:]) & np.isfinite(y[..., :-1])
    return 2 * (both & (y[..., 1:] == y[..., :-1])).sum(-1) > both.sum(-1)


def deviation(e: np.ndarray, known: np.ndarray, still: np.ndarray) -> np.ndarray:
    """Deviation of known shocks, squares winsorised at `OUTLIER` robust ones; at least .001.

    A series that stands `still` has no usual size of a shock, and is not winsorised.
    """
    limit = np.where(still, np.inf, OUTLIER * _mad(e, known))[..., None] ** 2
    return np.maximum(np.sqrt(_mean(np.minimum(e**2, limit), known)), 1e-3)


def huber(e: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Weights of shocks whose deviation is not known: 1 up to three robust ones (Huber, 1964)."""
    return huber_weight(e / np.maximum(_mad(e, known)[..., None], 1e-12))


def huber_weight(u: np.ndarray, cut: float = 3.0) -> np.ndarray:
    """Weights of shocks `u` in deviations."""
    return np.minimum(1, cut / np.maximum(np.abs(u), 1e-12))


def student_loss(square: np.ndarray) -> np.ndarray:
    """Minus the log density of a Student t at shocks of that `square`, up to a constant.

    So scaled that Gaussian shocks of unit variance leave the likelihood of their scale at its top.
    """
    return (FREEDOM + 1) / 2 * np.log1p(GAUSSIAN * square / FREEDOM)


def first_autocorrelation(x: np.ndarray) -> np.ndarray:
    """Of a series about zero, over the pairs that are known; from -.9 to 1."""
    both = np.isfinite(x[..., 1:]) & np.isfinite(x[..., :-1])
    later, earlier = np.where(both, x[..., 1:], 0), np.where(both, x[..., :-1], 0)
    found = (later * earlier).sum(-1) / np.maximum((earlier**2).sum(-1), 1e-6)
    return np.clip(found, -0.9, 1)


def _unit(filled: np.ndarray) -> np.ndarray:
    """The least power of 2 above all of a series, or 1 where that is more."""
    exponent = np.frexp(np.abs(filled).max(-1))[1]
    return np.exp2(np.minimum(exponent, 0)).astype(filled.dtype)


def _mean(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return (values * weight).sum(-1) / np.maximum(weight.sum(-1), 1)


def _mad(e: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A robust deviation: 1.4826 times the median size, never under a tenth of the plain one."""
    size = np.where(known, np.abs(e), np.nan)
    plain = np.sqrt(np.maximum(_mean(np.where(known, e, 0) ** 2, known), 1e-12))
    empty = ~known.any(axis=-1, keepdims=True)
    median = np.nanmedian(np.where(empty, 0, size), axis=-1)
    return np.maximum(1.4826 * median, 0.1 * plain)
