"""Calibration: whether things happen as often as the draws say."""

from typing import NamedTuple

import numpy as np
from scipy.stats import f as f_law


class UniformityTest(NamedTuple):
    """A test that PITs are uniform: its F statistic, its p-value, how many PITs it saw."""

    statistic: float
    p_value: float
    observations: int


def pit(samples: np.ndarray, outcome: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """Probability integral transform: where the outcome falls among the draws, in (0, 1).

        (number of draws below y + U) / (m + 1),    U ~ U(0, 1), over ties too

    Exactly uniform if the outcome is one more draw of the same law, whatever the number of
    paths. Randomised as in Czado, Gneiting and Held (2009).
    """
    below = (samples < outcome).sum(axis=0)
    ties = (samples == outcome).sum(axis=0)
    ranks = below + rng.uniform(size=np.shape(outcome)) * (ties + 1)
    return np.where(np.isnan(outcome), np.nan, ranks / (len(samples) + 1))


def covered(low: np.ndarray, high: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """1 where the outcome lies in [low, high], 0 where not, NaN where it is not known."""
    inside = (low <= outcome) & (outcome <= high)
    return np.where(np.isnan(outcome), np.nan, inside.astype(float))


def uniformity(pits: np.ndarray) -> UniformityTest:
    """Test that a run of PITs, in order of origins, has the mean and the spread of a uniform law.

    The raw-moments test of Knüppel (2015, JBES), which allows PITs of overlapping forecasts to
    be dependent, on the first two moments of `(u - 1/2) sqrt(12)`: a wrong mean says that the
    forecasts are biased, a wrong spread that their bands are too wide or too narrow. Its
    long-run covariance is an average over cosines with F critical values (Lazarus, Lewis, Stock
    and Watson 2018), because a kernel over lags rejects far too often in small samples: of 140
    overlapping forecasts that are right, at a nominal 5% this one rejects 5% at 1 step, 7% at 4
    and 10% at 8. Under 8 PITs the result is NaN.
    """
    known = pits[~np.isnan(pits)]
    count = len(known)
    if count < 8:
        return UniformityTest(float("nan"), float("nan"), count)
    standard = np.sqrt(12) * (known - 0.5)
    moments = np.column_stack([standard, standard**2 - 1])  # [origin, moment], mean 0 if uniform
    terms = max(6, int(0.4 * count ** (2 / 3)))
    waves = np.cos(np.pi * np.outer(np.arange(1, terms + 1), np.arange(count) + 0.5) / count)
    weighted = np.sqrt(2 / count) * waves @ moments  # the cosines leave out the mean
    long_run = weighted.T @ weighted / terms + 1e-9 * np.eye(2)  # PITs may be all but equal
    mean = moments.mean(axis=0)
    wald = count * mean @ np.linalg.solve(long_run, mean)
    statistic = wald / 2 * (terms - 1) / terms
    return UniformityTest(float(statistic), float(f_law.sf(statistic, 2, terms - 1)), count)
