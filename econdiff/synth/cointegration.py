"""Cointegration of a panel: the rank of long-run relations, and how alike their vectors are.

The trace test of Johansen (1991, *Econometrica* 59) at 5%, entity by entity, with one lagged
difference; the rank of a panel is the mean over its entities, the vectors those of the stacked
entities' means (of the entity, where there is one).
"""

import numpy as np
from scipy.linalg import subspace_angles
from statsmodels.tsa.vector_ar.vecm import coint_johansen

from econdiff.synth import within

MOST = 6  # series: the tables of critical values end at twelve, the power long before
FEWEST = 30  # periods
ENTITIES = 20  # tested, the first ones
ALIKE = 1e-6  # what a series has of its own, in deviations, where it follows from others
ROUNDING = 1e-12  # of the size of a series that does not move


def rank(values: np.ndarray) -> float:
    """Mean rank over entities of [entity, time, series]; NaN where it cannot be tested.

    Nor can it where a series follows from others, or from their past: eigenvalues are then one.
    """
    found = [_rank(tested) for rows in values[:ENTITIES] if (tested := _johansen(rows)) is not None]
    return float(np.mean(found)) if found else float("nan")


def angle(real: np.ndarray, made: np.ndarray) -> float:
    """Largest angle in degrees between the spaces of long-run relations of two panels.

    Both are given the rank of the real one; NaN where that is none or all.
    """
    unit = np.maximum(np.nanstd(real, axis=(0, 1)), 1e-12)  # the same for both: angles need one
    first, second = (_johansen(within.means((v / unit).swapaxes(0, 1))[:, 0]) for v in (real, made))
    if first is None or second is None:
        return float("nan")
    r, k = _rank(first), real.shape[-1]
    if not 0 < r < k:
        return float("nan")
    return float(np.degrees(subspace_angles(first.evec[:, :r], second.evec[:, :r]).max()))


def _johansen(rows: np.ndarray):
    rows = rows[np.isfinite(rows).all(axis=1)]
    if not 2 <= rows.shape[1] <= MOST or len(rows) < FEWEST:
        return None
    moved = np.diff(rows, axis=0)
    told = np.hstack([moved[1:], moved[:-1], rows[1:-1]])  # what the test regresses
    size, told = np.linalg.norm(told, axis=0), told - told.mean(axis=0)
    left = np.linalg.norm(told, axis=0)
    if (left <= ROUNDING * size).any() or np.linalg.svd(told / left, compute_uv=False)[-1] < ALIKE:
        return None
    try:
        return coint_johansen(rows, det_order=0, k_ar_diff=1)
    except np.linalg.LinAlgError:  # nearly so
        return None


def _rank(tested) -> int:
    beyond = tested.lr1 > tested.cvt[:, 1]
    return int(len(beyond) if beyond.all() else np.argmin(beyond))
