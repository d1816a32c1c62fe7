"""Which series of a panel are modelled in logs where nobody says.

Logs are natural where a series is above zero and spread by ratios: sales, prices, capital. A series
that lies above zero by luck has cells near it, which logs draw out into a long tail below.
"""

from collections.abc import Collection, Sequence

import numpy as np

from econdiff.synth.identity import Identity

NEAR_ZERO = 0.1  # of the median


def natural(
    values: np.ndarray,
    series: Sequence[str],
    identities: Sequence[Identity] = (),
    bounded: Collection[str] = (),
) -> tuple[str, ...]:
    """Series of `values` [entity, time, series] that are taken as positive unless told.

    Those above zero throughout and not `bounded` otherwise, unless a cell is below a tenth of the
    median and logs are more skewed than levels. Parts of a number (shares) need only be above zero.
    A total is what its parts add up to: positive where all of them are, and added.
    """
    shares = {name for i in identities if i.number is not None for name in i.parts}
    found = {
        name
        for name, cells in zip(series, np.moveaxis(values, -1, 0), strict=True)
        if name not in bounded and _in_logs(cells[np.isfinite(cells)], name in shares)
    }
    found = kept_above(found, identities)
    return tuple(name for name in series if name in found)


def kept_above(names: set[str], identities: Sequence[Identity]) -> set[str]:
    """`names` without the totals that are not kept above zero by their parts."""
    for _ in identities:  # a total may be part of another
        names = names - {
            i.total for i in identities if set(i.parts) - names or min(i.parts.values()) < 0
        }
    return names


def _in_logs(cells: np.ndarray, share: bool) -> bool:
    if len(cells) == 0 or cells.min() <= 0:
        return False
    if share or cells.min() >= NEAR_ZERO * np.median(cells):
        return True
    return abs(_skewness(np.log(cells))) <= abs(_skewness(cells))


def _skewness(x: np.ndarray) -> float:
    z = x - x.mean()
    return float(np.mean(z**3) / max(np.mean(z**2) ** 1.5, 1e-300))
