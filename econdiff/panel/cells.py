"""What single cells mean: numbers, words, or that nothing is known."""

import numpy as np
import pandas as pd

from econdiff.panel.errors import PanelError

_MISSING = frozenset(
    ("", ".", "..", "...", "…", "-", "--", ":", "na", "n/a", "#n/a", "#na", "n.a.", "nan", "nat")
) | frozenset(("none", "null", "<na>", "nd"))


def is_missing(cell: object) -> bool:
    """Whether a cell says that nothing is known: empty, FRED's '.', OECD's '..', 'NA', ..."""
    return cell is None or cell is pd.NA or cell != cell or str(cell).strip().lower() in _MISSING


def is_text(cells: pd.Series) -> bool:
    """Whether the first cells that hold something are words and no numbers."""
    some = [cell for cell in cells.iloc[:500] if not is_missing(cell)]
    numbers = np.asarray(pd.to_numeric(pd.Series(some, dtype=object), errors="coerce"), float)
    return bool(some) and not np.isfinite(numbers).any()


def is_label(cells: pd.Series) -> bool:
    """Whether cells are words about the row and no series: no digit in any, or all one text."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return False
    some = [str(cell) for cell in pd.unique(cells) if not is_missing(cell)]
    digits = any(sign.isdigit() for cell in some for sign in cell)
    return bool(some) and (not digits or (len(some) == 1 and is_text(cells)))


def numbers(cells: pd.Series, stamps: pd.DatetimeIndex, names: str | np.ndarray) -> np.ndarray:
    """The cells as floats, missing ones as NaN; a cell that is neither is refused.

    `names` is the series that the cells belong to, or one for each cell; `stamps` the dates.
    """
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells.to_numpy(dtype=float, na_value=np.nan)
    found = np.asarray(pd.to_numeric(cells.astype(object), errors="coerce"), float)
    bad = [row for row in np.flatnonzero(np.isnan(found)) if not is_missing(cells.iloc[row])]
    if bad:
        name = names if isinstance(names, str) else names[bad[0]]
        also = f" (and {len(bad) - 1} more such cells)" if len(bad) > 1 else ""
        raise PanelError(
            f"series {name!r} at {stamps[bad[0]]:%Y-%m-%d}: {str(cells.iloc[bad[0]])!r} is not a "
            f"number{also}; write it as 1234.5, or leave it empty where it is not known"
        )
    return found
