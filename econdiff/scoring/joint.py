"""Scores of a whole vector: many series, many steps, or both at once.

`samples[path, cell]` and `outcome[cell]` give one number. Cells should share one scale:
divide by each series' own first. If any cell of the outcome is not known, neither is the score.
"""

import numpy as np
from scipy.spatial.distance import pdist


def energy_score(samples: np.ndarray, outcome: np.ndarray) -> float:
    """Energy score, fair: the CRPS of a vector.

        ES = mean_i ||x_i - y|| - sum_ij ||x_i - x_j|| / (2 m (m - 1))

    Gneiting and Raftery (2007), eq. 22, made unbiased as in Ferro (2014). Pairs are taken
    one by one, so memory grows with the number of pairs and not with the cells.
    """
    _matching(samples, outcome)
    if not np.isfinite(outcome).all():
        return float("nan")
    to_outcome = np.linalg.norm(samples - outcome, axis=1).mean()
    return float(to_outcome - pdist(samples).mean() / 2)


def variogram_score(samples: np.ndarray, outcome: np.ndarray, *, power: float = 0.5) -> float:
    """Variogram score: whether cells move apart and together as they did.

        VS = sum_kl (|y_k - y_l|^p - mean_i |x_ik - x_il|^p)^2

    Scheuerer and Hamill (2015), "Variogram-based proper scoring rules", with weights of one;
    it sees wrong correlations to which the energy score is nearly blind, and no shift that all
    cells share. At least two cells.
    """
    _matching(samples, outcome)
    if not np.isfinite(outcome).all():
        return float("nan")
    score = 0.0
    for cell in range(1, len(outcome)):  # each pair once: memory stays [path, cell]
        drawn = np.abs(samples[:, :cell] - samples[:, [cell]]) ** power
        came = np.abs(outcome[:cell] - outcome[cell]) ** power
        score += 2 * float(((came - drawn.mean(axis=0)) ** 2).sum())
    return score


def _matching(samples: np.ndarray, outcome: np.ndarray) -> None:
    if samples.ndim != 2 or outcome.shape != samples.shape[1:] or len(samples) < 2:
        raise ValueError(
            "a joint score needs samples[path, cell] of at least 2 paths and outcome[cell], "
            f"got {samples.shape} and {outcome.shape}; reshape the cells to one axis"
        )
