"""Principal components of a wide panel with missing cells.

    x_it = l_i' f_t + e_it,    x = (y - centre) / spread

by the EM algorithm of Stock and Watson (2002, appendix A), with outliers treated as missing
and the number of factors by criterion IC_p2 of Bai and Ng (2002), as McCracken and Ng (2016,
"FRED-MD", sections 3 and 4) do.
"""

from dataclasses import dataclass

import numpy as np

OUTLIER = 10.0  # interquartile ranges from the median beyond which a cell does not teach


@dataclass(frozen=True, eq=False)
class Components:
    """Loadings, and what is needed to read and write a panel with them."""

    centre: np.ndarray  # [series]
    spread: np.ndarray  # [series]
    loadings: np.ndarray  # [series, factor], for factors of unit variance
    left: np.ndarray  # [series], variance of e

    def split(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Factors [time, factor] and idiosyncratic terms [time, series] of `y` [time, series].

        A row's factors are their mean given its known cells and a N(0, I) prior (Thomson,
        1951), so a row that is hardly known has factors near 0. The terms are NaN where `y` is,
        and `join` gives the rest of `y` back exactly.
        """
        x = (y - self.centre) / self.spread
        known = np.isfinite(x)
        weighted = known[:, :, None] * (
            self.loadings / self.left[:, None]
        )  # [time, series, factor]
        count = self.loadings.shape[1]
        precision = np.eye(count) + weighted.swapaxes(1, 2) @ self.loadings
        moment = (weighted * np.where(known, x, 0)[:, :, None]).sum(axis=1)
        factors = np.linalg.solve(precision, moment[:, :, None])[:, :, 0]
        return factors, x - factors @ self.loadings.T

    def join(self, factors: np.ndarray, terms: np.ndarray) -> np.ndarray:
        """Undo `split`; leading axes are free, [..., factor] and [..., series]."""
        return (factors @ self.loadings.T + terms) * self.spread + self.centre


def principal_components(y: np.ndarray, factors: int | None = None, most: int = 8) -> Components:
    """Estimate from `y` [time, series], NaN where not known.

    `factors` unless given is the number in 1 ... `most` with the least IC_p2.
    """
    known = np.isfinite(y)
    bare = ~known.any(axis=0)
    if bare.any():
        raise ValueError(f"{bare.sum()} of {y.shape[1]} series have no known cell; leave them out")
    lower, middle, upper = np.nanquantile(y, [0.25, 0.5, 0.75], axis=0)
    width = OUTLIER * np.where(upper > lower, upper - lower, np.inf)
    known &= np.abs(np.where(known, y, middle) - middle) <= width
    seen = np.where(known, y, np.nan)
    centre, spread = np.nanmean(seen, axis=0), np.nanstd(seen, axis=0)
    if (spread <= 0).any():
        raise ValueError(f"{(spread <= 0).sum()} series do not vary; leave them out")
    x = np.where(known, (np.where(known, y, 0) - centre) / spread, 0.0)
    if factors is None:
        return _least_criterion(x, known, centre, spread, min(most, *(n - 1 for n in x.shape)))
    if not 1 <= factors < min(x.shape):
        raise ValueError(f"{factors} factors asked of a panel of {x.shape[0]} x {x.shape[1]}")
    loadings, _, left = _em(x, known, factors)
    return Components(centre, spread, loadings, left)


def _least_criterion(
    x: np.ndarray, known: np.ndarray, centre: np.ndarray, spread: np.ndarray, most: int
) -> Components:
    """The number of factors with the least IC_p2; Bai and Ng (2002), eq. 9, on known cells."""
    rows, series = x.shape
    price = (rows + series) / known.sum() * np.log(min(rows, series))
    best, least, filled = None, np.inf, x
    for count in range(1, most + 1):
        loadings, filled, left = _em(filled, known, count)
        criterion = np.log(np.average(left, weights=known.sum(axis=0))) + count * price
        if best is None or criterion < least:
            best, least = Components(centre, spread, loadings, left), criterion
    if best is None:
        raise ValueError(f"a panel of {rows} x {series} is too small to have factors")
    return best


def _em(
    x: np.ndarray, known: np.ndarray, count: int, rounds: int = 300
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Loadings, the panel with its gaps filled by what is common, and the variances left.

    `x` is 0, or any first guess, where it is not known.
    """
    axes, common = _common(x, count)
    for _ in range(rounds):
        filled = np.where(known, x, common)
        settled = np.abs(filled - x).max() < 1e-5
        x = filled
        axes, common = _common(x, count)
        if settled:
            break
    loadings = axes * np.sqrt(((x @ axes) ** 2).mean(axis=0))
    signs = np.sign(loadings[np.abs(loadings).argmax(axis=0), range(count)])
    left = ((x - common) ** 2 * known).sum(axis=0) / known.sum(axis=0)
    return loadings * signs, x, np.maximum(left, 1e-3)


def _common(x: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The leading axes [series, factor] of `x`, and what of `x` lies along them."""
    _, axes = np.linalg.eigh(x.T @ x)
    axes = axes[:, ::-1][:, :count]
    return axes, x @ axes @ axes.T
