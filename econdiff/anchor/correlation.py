"""Correlation of innovations: its estimate, and the symmetric root that mixes and unmixes."""

import numpy as np


def estimate(u: np.ndarray, pull: float) -> np.ndarray:
    """Correlation of `u` [..., series, time] about zero, shrunk; a cell of exactly 0 was not seen.

    [..., series, series]. `pull` and the number of series are the pseudo-observations of zero.
    """
    series = u.shape[-2]
    if series == 1:
        return np.ones((*u.shape[:-2], 1, 1), dtype=u.dtype)
    seen = (u != 0).astype(u.dtype)
    pairs = seen @ seen.swapaxes(-1, -2)
    square = u @ u.swapaxes(-1, -2)
    size = np.sqrt(np.maximum(np.diagonal(square, axis1=-2, axis2=-1), 1e-12))
    balance = np.sqrt(np.diagonal(pairs, axis1=-2, axis2=-1))
    raw = square / (size[..., :, None] * size[..., None, :])
    raw = raw * balance[..., :, None] * balance[..., None, :] / np.maximum(pairs, 1)
    weight = pairs / (pairs + pull + series)
    identity = np.eye(series, dtype=u.dtype)
    return _nearest_correlation(weight * np.clip(raw, -1, 1) * (1 - identity) + identity)


def correlate(z: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Multiply by the symmetric root of `correlation`; [..., series, step]."""
    return power(correlation, 0.5) @ z


def decorrelate(u: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Undo `correlate`."""
    return power(correlation, -0.5) @ u


def power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """A symmetric matrix to a real power, over leading axes."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values[..., None, :] ** exponent) @ vectors.swapaxes(-1, -2)


def _nearest_correlation(matrix: np.ndarray, floor: float = 0.02) -> np.ndarray:
    """Lift eigenvalues to `floor` and bring the diagonal back to one."""
    values, vectors = np.linalg.eigh(matrix)
    lifted = (vectors * np.maximum(values, floor)[..., None, :]) @ vectors.swapaxes(-1, -2)
    size = np.sqrt(np.diagonal(lifted, axis1=-2, axis2=-1))
    return lifted / (size[..., :, None] * size[..., None, :])
