"""How far a structural scenario takes the shocks from their ordinary law.

In ordinary times e ~ N(0, I), of dimension k (shocks times steps). A density restriction makes it
N(m, V), and

    KL = (tr V + m'm - k - log det V) / 2

Antolin-Diaz, Petrella and Rubio-Ramirez (2021), "Structural scenario analysis with SVARs", section
3.4. To be read it is put on the scale of McCulloch (1989), "Local model influence": tossing a coin
k times that is not fair but falls on one side with probability

    q = (1 + sqrt(1 - exp(-2 KL / k))) / 2

is as far from fair. Exact restrictions leave V singular: the divergence is infinite, and says
nothing.
"""

import numpy as np


def law_of_shocks(
    into: np.ndarray, seen: np.ndarray, miss: np.ndarray, spread: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of all shocks: e' = e + into (miss + w - seen e), w ~ N(0, O).

    `spread` is a root of O.
    """
    kept = np.eye(len(into)) - into @ seen
    fresh = into @ spread
    return into @ miss, kept @ kept.T + fresh @ fresh.T


def divergence(mean: np.ndarray, covariance: np.ndarray) -> float:
    """KL of N(`mean`, `covariance`) from N(0, I), in nats; infinite where it is singular."""
    sign, log_determinant = np.linalg.slogdet(covariance)
    size = len(mean)
    values = np.linalg.eigvalsh(covariance)
    if sign <= 0 or values[0] < 1e-10 * max(values[-1], 1):
        return float("inf")
    return float((np.trace(covariance) + mean @ mean - size - log_determinant) / 2)


def coin(divergence: float, size: int) -> float:
    """The coin as far from fair in `size` tosses: .5 is fair, 1 as far as can be."""
    return float((1 + np.sqrt(-np.expm1(-2 * max(divergence, 0.0) / size))) / 2)
