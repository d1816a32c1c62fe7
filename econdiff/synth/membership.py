"""Membership inference by density ratio: whom the generator saw.

A record is called a member where the density of synthetic records is high for what that of real
ones is (van Breugel et al., 2023, "Membership inference attacks against synthetic data through
overfitting detection", eq. 3). The AUC has the interval of Hanley and McNeil (1982), over entities:
one half is a blind guess.
"""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp
from scipy.stats import rankdata

SIZE = 6  # principal components in which densities are estimated


def attack(
    taken: tuple[np.ndarray, np.ndarray], kept: tuple[np.ndarray, np.ndarray], drawn: np.ndarray
) -> tuple[float, float, float]:
    """AUC and its interval, from records of members and of others, each with its owner."""
    real = np.concatenate([taken[0], kept[0]])
    centre = real.mean(axis=0)
    _, values, axes = np.linalg.svd(real - centre, full_matrices=False)
    size = min(SIZE, len(axes), max(1, len(real) // 5))
    scale = np.maximum(values[:size], 1e-12) / np.sqrt(len(real))
    x = (real - centre) @ axes[:size].T / scale
    score = _log_density(x, (drawn - centre) @ axes[:size].T / scale) - _log_density(x, x)
    mine, theirs = score[: len(taken[0])], score[len(taken[0]) :]
    return auc(_means(mine, taken[1]), _means(theirs, kept[1]))


def _means(score: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Mean score of each owner."""
    _, place = np.unique(owner, return_inverse=True)
    return np.bincount(place, weights=score) / np.bincount(place)


def _log_density(x: np.ndarray, sample: np.ndarray) -> np.ndarray:
    """Gaussian kernel density of `sample` at `x`; a point does not count for itself."""
    n, d = sample.shape
    width = n ** (-1 / (d + 4)) * np.maximum(sample.std(axis=0), 1e-12)
    square = cdist(x / width, sample / width, "sqeuclidean")
    if x is sample:
        np.fill_diagonal(square, np.inf)
    return logsumexp(-square / 2, axis=1) - np.log(n) - np.log(width).sum()


def auc(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float]:
    """Chance that one of `a` exceeds one of `b`, and its 95% interval."""
    m, n = len(a), len(b)
    area = (rankdata(np.concatenate([a, b]))[:m].sum() - m * (m + 1) / 2) / (m * n)
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (m - 1) * (q1 - area**2) + (n - 1) * (q2 - area**2)
    half = 1.96 * np.sqrt(max(variance, 0) / (m * n))
    return float(area), float(max(0, area - half)), float(min(1, area + half))
