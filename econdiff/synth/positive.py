"""Which series of a panel are modelled in logs, and which in order, where nobody says.

Logs are natural where a series is above zero and spread by ratios: sales, prices, capital. A series
that lies above zero by luck has cells near it, which logs draw out into a long tail below.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from econdiff.synth.identity import Identity
from econdiff.synth.schema import Range, each

NEAR_ZERO = 0.1  # of the median


def natural(
    values: np.ndarray,
    series: Sequence[str],
    identities: Sequence[Identity] = (),
    bounds: Mapping[str, Range] | None = None,
) -> tuple[str, ...]:
    """Series of `values` [entity, time, series] that are taken as positive unless told.

    Those above zero throughout, unless a cell is below a tenth of the median and logs are more
    skewed than levels, or `bounds` say otherwise: one that is only to be below others is positive
    where these are. Parts of a number (shares) need only be above zero. A total is what its parts
    add up to: positive where all of them are, and added.
    """
    bounds = bounds or {}
    shares = {name for i in identities if i.number is not None for name in i.parts}
    found = {
        name
        for name, cells in zip(series, np.moveaxis(values, -1, 0), strict=True)
        if _open(bounds.get(name)) and _in_logs(cells[np.isfinite(cells)], name in shares)
    }
    for _ in bounds:  # one may be below another that is below a third
        found -= {name for name, (_, high) in bounds.items() if set(each(high)) - found}
    found = kept_above(found, identities)
    return tuple(name for name in series if name in found)


def prices(
    values: np.ndarray, series: Sequence[str], identities: Sequence[Identity] = ()
) -> dict[str, Range]:
    """Bounds of prices of a period that are taken unless told: low <= open, close <= high.

    Columns are known by these names, in any case; high and low must be there. The order must hold
    in every row of `values` [entity, time, series], and no identity speak of these series. Open and
    close move freely: so a day opens near the last close, which a place in its own range forgets.
    """
    named = {name.strip().lower(): name for name in series}
    told = {name for identity in identities for name in identity.series}
    if not {"low", "high"} <= set(named) or len(named) < len(series):
        return {}
    low, high = named["low"], named["high"]
    inner = tuple(named[word] for word in ("open", "close") if word in named)
    cell = {name: values[..., series.index(name)] for name in (low, *inner, high)}
    gaps = [cell[name] - cell[low] for name in inner] + [cell[high] - cell[name] for name in inner]
    if told & set(cell) or not all(map(_in_order, [cell[high] - cell[low], *gaps])):
        return {}
    return {high: (inner, None), low: (None, inner)} if inner else {high: (low, None)}


def _in_order(gap: np.ndarray) -> bool:
    """Whether no known gap is below zero, and some is above."""
    return not (gap < 0).any() and bool((gap > 0).any())


def kept_above(names: set[str], identities: Sequence[Identity]) -> set[str]:
    """`names` without the totals that are not kept above zero by their parts."""
    for _ in identities:  # a total may be part of another
        names = names - {
            i.total for i in identities if set(i.parts) - names or min(i.parts.values()) < 0
        }
    return names


def _open(bound: Range | None) -> bool:
    """Whether nothing but other series above it bounds a series."""
    low, high = bound or (None, None)
    return low is None and not isinstance(high, float | int)


def _in_logs(cells: np.ndarray, share: bool) -> bool:
    if len(cells) == 0 or cells.min() <= 0:
        return False
    if share or cells.min() >= NEAR_ZERO * np.median(cells):
        return True
    return abs(_skewness(np.log(cells))) <= abs(_skewness(cells))


def _skewness(x: np.ndarray) -> float:
    z = x - x.mean()
    return float(np.mean(z**3) / max(np.mean(z**2) ** 1.5, 1e-300))
