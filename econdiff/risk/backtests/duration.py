"""The waits between exceptions have no memory."""

import numpy as np
from scipy.optimize import fminbound

from econdiff.risk.backtests.outcome import Outcome, chi_squared, silent

LARGEST_SHAPE = 10.0


def duration(hits: np.ndarray) -> Outcome:
    """Null: the hazard of a hit does not depend on the wait since the last one.

    Christoffersen and Pelletier (2004), eqs. 11-14: waits D are Weibull,
    f(D) = a^b b D^(b-1) exp(-(aD)^b), the first and the last one censored where the record
    begins or ends without a hit; LR of b = 1, chi2(1). For each b the best a has a closed form,
    a^b = (uncensored waits) / sum D^b.
    """
    waits, censored = _waits(np.asarray(hits, bool))
    seen = waits[~censored]
    if len(seen) < 2:
        return silent("fewer than two complete waits between exceptions")

    def likelihood(b: float) -> float:
        scale = len(seen) / (waits**b).sum()  # a^b
        return len(seen) * np.log(scale * b) + (b - 1) * np.log(seen).sum() - len(seen)

    found = fminbound(lambda b: -likelihood(b), 1e-3, LARGEST_SHAPE, xtol=1e-10)
    shape = float(np.ravel(found)[0])
    return chi_squared(2 * (likelihood(shape) - likelihood(1.0)), 1)


def _waits(hits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Days from hit to hit, and which of them are cut off by the ends of the record."""
    at = np.flatnonzero(hits)
    if len(at) == 0:
        return np.array([float(len(hits))]), np.array([True])
    waits, censored = np.diff(at).astype(float), np.zeros(len(at) - 1, bool)
    if not hits[0]:
        waits, censored = np.r_[at[0] + 1, waits], np.r_[True, censored]
    if not hits[-1]:
        waits, censored = np.r_[waits, len(hits) - 1 - at[-1]], np.r_[censored, True]
    return waits, censored
