"""Cointegration of a panel: the rank of long-run relations, and how alike their vectors are.

The trace test of Johansen (1991, *Econometrica* 59) at 5%, entity by entity, with one lagged
difference; the rank of a panel is the mean over its entities, the vectors those of the stacked
entities' means (of the entity, where there is one).
"""

import warnings

import numpy as np
from scipy.linalg import subspace_angles
from statsmodels.tsa.vector_ar.vecm import coint_johansen

MOST = 6  # series: the tables of critical values end at twelve, the power long before
FEWEST = 30  # periods
ENTITIES = 20  # tested, the first ones


def rank(values: np.ndarray) -> float:
    """Mean rank over entities of [entity, time, series]; NaN where it cannot be tested."""
    found = [_rank(tested) for rows in values[:ENTITIES] if (tested := _johansen(rows)) is not None]
    return float(np.mean(found)) if found else float("nan")


def angle(real: np.ndarray, made: np.ndarray) -> float:
    """Largest angle in degrees between the spaces of long-run relations of two panels.

    Both are given the rank of the real one; NaN where that is none or all.
    """
    unit = np.maximum(np.nanstd(real, axis=(0, 1)), 1e-12)  # the same for both: angles need one
    first, second = (_johansen(np.nanmean(v / unit, axis=0)) for v in (real, made))
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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # singular where an identity ties the series
            return coint_johansen(rows, det_order=0, k_ar_diff=1)
    except np.linalg.LinAlgError:
        return None


def _rank(tested) -> int:
    beyond = tested.lr1 > tested.cvt[:, 1]
    return int(len(beyond) if beyond.all() else np.argmin(beyond))
