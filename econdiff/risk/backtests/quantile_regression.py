"""Linear quantile regression, exactly: the linear programme in its dual form."""

import numpy as np
from scipy.optimize import linprog

SMALL = 5000  # rows; the programme is solved whole up to here


def quantile_regression(
    y: np.ndarray, X: np.ndarray, level: float, weights: np.ndarray | None = None
) -> np.ndarray:
    """Coefficients that make sum w (level - 1{y < Xb}) (y - Xb) least. Koenker (2005), 6.2.

    The dual is max y'd with X'd = (1 - level) X'w and 0 <= d <= w; the coefficients are the prices
    of its equations. Rows surely above the line have d = w, rows surely below it d = 0. In a long
    sample only the rows near the line of every k-th row are left open, and more of them until the
    line agrees with what was fixed (Portnoy and Koenker, 1997, 5).
    """
    w = np.ones(len(y)) if weights is None else weights / weights.mean()
    if len(y) <= SMALL:
        return _solve(y, X, w, (1 - level) * (X.T @ w))
    every = slice(None, None, -(-len(y) // SMALL))
    line = quantile_regression(y[every], X[every], level, w[every])
    band = SMALL
    while True:
        band = min(4 * band, len(y))
        gap = y - X @ line
        near = np.zeros(len(y), bool)
        near[np.argpartition(np.abs(gap), band - 1)[:band]] = True
        above = ~near & (gap > 0)
        rest = (1 - level) * (X.T @ w) - X[above].T @ w[above]
        try:
            line = _solve(y[near], X[near], w[near], rest)
        except ValueError:  # the fixed rows cannot all be where they were put
            if band == len(y):
                raise
            continue
        if (((y - X @ line) > 0) == above)[~near].all():
            return line


def _solve(y: np.ndarray, X: np.ndarray, w: np.ndarray, right: np.ndarray) -> np.ndarray:
    bounds = np.stack([np.zeros_like(w), w], axis=1)
    found = linprog(-y, A_eq=X.T, b_eq=right, bounds=bounds, method="highs-ds")
    if found.status != 0:
        raise ValueError(f"quantile regression failed: {found.message}")
    return -np.asarray(found.eqlin.marginals)
