"""From a table, wide or long, to a panel."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from econdiff.panel.checks import check_panel
from econdiff.panel.columns import from_long, from_wide, guess_long
from econdiff.panel.errors import PanelError
from econdiff.panel.frequency import infer_frequency, parse_frequency, to_periods
from econdiff.panel.regular import keep_one_rhythm, refuse_slower_series, without_empty_rows
from econdiff.panel.table import Table, read_table


def read_panel(
    source: pd.DataFrame | str | Path,
    *,
    freq: str | None = None,
    gaps: Literal["error", "nan"] = "error",
    series: Sequence[str] | None = None,
    id: str = "unique_id",
    time: str = "ds",
    value: str = "y",
    sheet: str | int | None = None,
    minimum_rows: int = 24,
) -> pd.DataFrame:
    """Read a panel from a table, wide or long, and refuse what is none.

    `source` is a frame or a CSV, Parquet or Excel file. A table with the columns `id`,
    `time` and `value` is long; any other is wide, its dates in the index, in the column
    `time`, or in the first column that holds dates. `freq` (D, W, M, Q, Y) is inferred
    where it is not said. Periods that no row has are an error, or rows of NaN with
    `gaps="nan"`; the weekends and holidays of daily data are no gaps. `series` keeps
    these columns only, and only these are checked.

    The panel has a PeriodIndex in the order of time (daily: only the days that have a
    value), columns of float named by text, and in `attrs` what `describe_panel` tells:
    `notes`, `units` and, of a FRED-MD file, its transformation `codes`. Raises PanelError.
    """
    if gaps not in ("error", "nan"):
        raise ValueError(f"gaps must be 'error' or 'nan', got {gaps!r}")
    table = Table(source) if isinstance(source, pd.DataFrame) else read_table(Path(source), sheet)
    long = guess_long(table.frame, id, time, value)
    if long is None:
        read = from_wide(table.frame, time, series)
    else:
        read = from_long(table.frame, long, series)
    notes = [*table.notes, *read.notes]

    letter = parse_frequency(freq) if freq else _frequency(read.stamps, read.written)
    panel = _in_order(read.values, read.stamps, letter, notes)
    panel = without_empty_rows(panel, notes)
    panel = keep_one_rhythm(panel, gaps, notes)
    refuse_slower_series(panel)
    check_panel(panel, minimum_rows)

    panel.attrs = {
        "notes": tuple(notes),
        "units": dict(table.frame.attrs.get("units", {})),
        "codes": {name: code for name, code in table.codes.items() if name in panel},
    }
    return panel


def _frequency(stamps: pd.DatetimeIndex, written: str | None) -> str:
    try:
        return infer_frequency(stamps)
    except PanelError:
        if written is None:
            raise
        return written


def _in_order(
    values: pd.DataFrame, stamps: pd.DatetimeIndex, letter: str, notes: list[str]
) -> pd.DataFrame:
    """The rows in the order of time, named by their period, no period twice."""
    if not stamps.is_monotonic_increasing:
        order = np.argsort(stamps.to_numpy(), kind="stable")
        descending = stamps.is_monotonic_decreasing
        values, stamps = values.iloc[order], stamps[order]
        how = "latest first" if descending else "not in the order of time"
        notes.append(f"the rows were {how}; they are sorted")
    if stamps.has_duplicates:
        twice = stamps[stamps.duplicated()][0]
        raise PanelError(
            f"the date {twice:%Y-%m-%d} is there {(stamps == twice).sum()} times; keep one row a "
            "date, or, if each row is one series at one date, name the columns: "
            "id=..., time=..., value=..."
        )
    periods = to_periods(stamps, letter)
    if periods.has_duplicates:
        at = int(np.flatnonzero(periods.duplicated())[0])
        raise PanelError(
            f"mixed frequencies: {stamps[at - 1]:%Y-%m-%d} and {stamps[at]:%Y-%m-%d} both fall "
            f"into {periods[at]} of a {letter} panel; bring the table to one frequency first "
            f"(with pandas: frame.resample('{'ME' if letter == 'M' else letter + 'E'}').mean())"
        )
    return values.set_axis(periods, axis=0)
