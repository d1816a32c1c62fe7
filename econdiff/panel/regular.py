"""One row a period and one frequency for all series: what is passed over, filled or refused."""

from typing import Literal

import numpy as np
import pandas as pd

from econdiff.panel.errors import PanelError
from econdiff.panel.frequency import NAMES, change_of_frequency, missing_periods


def without_empty_rows(panel: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Leave out rows without any value: holidays of daily data, else those at the ends only."""
    if panel.empty:
        raise PanelError("the table has no rows with a date")
    empty = panel.isna().all(axis=1).to_numpy()
    if empty.all():
        raise PanelError("no cell of the table holds a number")
    index = panel.index
    if isinstance(index, pd.PeriodIndex) and index.freqstr.startswith("D"):
        drop, what = empty, "days without any value left out (holidays)"
    else:
        start, end = np.flatnonzero(~empty)[[0, -1]]
        drop = np.ones(len(empty), bool)
        drop[start : end + 1] = False
        what = "rows without any value at the ends left out"
    if drop.any():
        notes.append(f"{drop.sum()} {what}")
    return panel[~drop]


def keep_one_rhythm(
    panel: pd.DataFrame, gaps: Literal["error", "nan"], notes: list[str]
) -> pd.DataFrame:
    """Refuse periods that are missing from the index, or with gaps="nan" put rows of NaN there."""
    index = panel.index
    if not isinstance(index, pd.PeriodIndex):
        raise PanelError(f"a PeriodIndex is needed here, got {type(index).__name__}")
    missing = missing_periods(index)
    if len(missing) == 0:
        return panel
    some = ", ".join(str(period) for period in missing[:4]) + (", ..." if len(missing) > 4 else "")
    if gaps == "nan":
        notes.append(f"{len(missing)} periods were missing and hold NaN now: {some}")
        return panel.reindex(index.union(missing))
    name = NAMES[index.freqstr[0]]
    change = change_of_frequency(index)
    if change is not None:
        raise PanelError(
            f"mixed frequencies: most rows are {name}, but {change}; cut the table there, or bring "
            "it to the lower frequency first"
        )
    raise PanelError(
        f"{len(missing)} {name} periods are missing from the dates: {some}; add these rows, or "
        "say gaps='nan' (--gaps nan) to take them as not known"
    )


def refuse_slower_series(panel: pd.DataFrame) -> None:
    """Refuse a series that has a value only every so many periods: it is of a lower frequency."""
    for name in panel:
        rows = np.flatnonzero(panel[name].notna().to_numpy())
        if len(rows) < 8:
            continue
        step = int(np.median(np.diff(rows)))
        if step >= 3:
            index = panel.index
            raise PanelError(
                f"mixed frequencies: series {name!r} has a value only every {step} rows "
                f"({index[rows[0]]}, {index[rows[1]]}, ...) of a {NAMES[index.freqstr[0]]} table; "
                "bring all series to its frequency first, or read it apart with series=[...]"
            )
