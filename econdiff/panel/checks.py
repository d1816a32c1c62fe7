"""What makes a table a panel: the checks that `read_panel` and models rely on."""

from typing import Any

import numpy as np
import pandas as pd

from econdiff.panel.errors import PanelError
from econdiff.panel.frequency import first_gap
from econdiff.periods import period_label

OTHER_KINDS = "mMc"  # of a dtype: spans of time, dates, complex numbers
LEAVE_OUT = "leave it out, naming the others: series=[...] (--series)"


def check_panel(panel: pd.DataFrame, minimum_rows: int = 24) -> None:
    """Refuse what no model can use, with a message that names it; cheap, changes nothing."""
    check_rows(panel)
    for name, series in panel.items():
        _check_series(str(name), series, minimum_rows)


def check_rows(panel: pd.DataFrame) -> None:
    """Refuse bad names, rows out of order, there twice or left out, and cells that are no number.

    So cheap that a model may ask at every origin. Days are those that have a value, and no gap is
    looked for between them; dates without a rhythm are refused where a forecast goes on from them.
    """
    if not isinstance(panel, pd.DataFrame):
        mend = "; say series.to_frame()" if isinstance(panel, pd.Series) else ""
        raise PanelError(f"a panel is a DataFrame, got {type(panel).__name__}{mend}")
    index = panel.index
    if not isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        raise PanelError(
            f"a panel's index must hold periods or dates, got {type(index).__name__}; "
            "pass the table through econdiff.panel.read_panel"
        )
    for axis, kind in zip(panel.axes, ("rows", "series"), strict=True):
        if len(axis) == 0:
            raise PanelError(f"the panel has no {kind}")
    if index.hasnans:
        raise PanelError("a row has no date; leave it out: panel[panel.index.notna()]")
    if index.has_duplicates:
        twice = period_label(index[index.duplicated()][0])
        raise PanelError(f"{twice} is there twice; keep one row a period")
    if not index.is_monotonic_increasing:
        raise PanelError("the rows are not in the order of time; say panel.sort_index()")
    gap = first_gap(index) if isinstance(index, pd.PeriodIndex) else None
    if gap is not None:
        before, after = map(period_label, gap)
        raise PanelError(
            f"periods are missing between {before} and {after}; put rows of NaN there, as in "
            "read_panel(panel, gaps='nan')"
        )
    _check_names(panel.columns)
    _check_cells(panel)


def _check_names(names: pd.Index) -> None:
    """Texts, each there once."""
    if names.has_duplicates:
        twice = names[names.duplicated()][0]
        raise PanelError(f"two series are named {twice!r}; rename one")
    other = [name for name in names if not isinstance(name, str)]
    if other:
        raise PanelError(
            f"series are named by text, and {other[0]!r} is none; pass the table through "
            "econdiff.panel.read_panel, which names them so"
        )


def _check_cells(panel: pd.DataFrame) -> None:
    """Numbers, or NaN where nothing is known."""
    values = _as_numbers(panel, panel.dtypes.tolist())
    if values is None:
        columns = panel.items()
        name, series = next((n, s) for n, s in columns if _as_numbers(s, [s.dtype]) is None)
        raise _no_numbers(str(name), series)
    infinite = np.isinf(values)
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise PanelError(
            f"series {str(panel.columns[column])!r} is infinite at "
            f"{period_label(panel.index[row])}; put NaN there if it is not known"
        )


def _as_numbers(cells: pd.DataFrame | pd.Series, dtypes: list[Any]) -> np.ndarray | None:
    """None where they are none, and for dates, which NumPy would count, and complex numbers."""
    if any(dtype.kind in OTHER_KINDS for dtype in dtypes):
        return None
    try:
        return cells.to_numpy(float)
    except (TypeError, ValueError):
        return None


def _no_numbers(name: str, series: pd.Series) -> PanelError:
    return PanelError(
        f"series {name!r} holds {series.dtype}, not numbers; leave it out or convert it"
    )


def _check_series(name: str, series: pd.Series, minimum_rows: int) -> None:
    if not pd.api.types.is_numeric_dtype(series.dtype):
        raise _no_numbers(name, series)
    values = series.to_numpy(float)
    known = values[~np.isnan(values)]
    if len(known) == 0:
        raise PanelError(f"series {name!r} has no values at all; {LEAVE_OUT}")
    if len(known) < minimum_rows:
        raise PanelError(
            f"series {name!r} has too short a history: {len(known)} values {_span(series)}, at "
            f"least {minimum_rows} are needed; give more history, or {LEAVE_OUT}"
        )
    if (known == known[0]).all():
        raise PanelError(f"series {name!r} is constant, {known[0]:g} {_span(series)}; {LEAVE_OUT}")


def _span(series: pd.Series) -> str:
    first, last = series.dropna().index[[0, -1]]
    return f"from {period_label(first)} to {period_label(last)}"
