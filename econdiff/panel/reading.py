"""From a table, wide or long, to a panel."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from econdiff.panel.checks import check_panel
from econdiff.panel.columns import (
    find_long,
    from_long,
    from_wide,
    text_names,
    turned_upright,
    with_whole_dates,
)
from econdiff.panel.errors import PanelError
from econdiff.panel.frequency import parse_frequency
from econdiff.panel.regular import (
    choose_frequency,
    in_order,
    refuse_slower_series,
    without_empty_rows,
    without_gaps,
)
from econdiff.panel.suspicion import suspicions
from econdiff.panel.table import Table, read_file


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
    these only, in this order, and only these are checked.

    The panel has a PeriodIndex in the order of time (daily: only the days that have a
    value), columns of float named by text, and in `attrs` what `describe_panel` tells:
    `notes`, `units` and, of a FRED-MD file, its transformation `codes`.

    Raises PanelError for dates that are there twice, cells that are neither number nor
    missing, mixed frequencies, constant or empty series, fewer than `minimum_rows` values
    of a series, and gaps; the message names the series, the date and the mend.
    """
    if gaps not in ("error", "nan"):
        raise ValueError(f"gaps must be 'error' or 'nan', got {gaps!r}")
    if not isinstance(source, pd.DataFrame | str | PathLike):
        mend = "; say series.to_frame()" if isinstance(source, pd.Series) else ""
        raise PanelError(
            f"a panel is read from a DataFrame or a file, got {type(source).__name__}{mend}"
        )
    told = parse_frequency(freq) if freq else None
    series = [series] if isinstance(series, str) else series and [str(name) for name in series]
    table = Table(source) if isinstance(source, pd.DataFrame) else read_file(Path(source), sheet)
    frame = with_whole_dates(turned_upright(text_names(table.frame)))
    long = find_long(frame, id, time, value)
    read = from_long(frame, long, series) if long else from_wide(frame, time, series)
    if read.values.empty:
        raise PanelError(f"the table has no {'series' if len(read.stamps) else 'rows'}")

    notes = [*table.notes, *read.notes]
    letter = choose_frequency(read.stamps, read.written, told)
    panel = in_order(read.values, read.stamps, letter, notes)
    panel = without_gaps(without_empty_rows(panel, notes), gaps, notes)
    refuse_slower_series(panel)
    check_panel(panel, minimum_rows)
    panel.attrs = {
        "notes": (*notes, *suspicions(panel)),
        "units": _of_panel(table.frame.attrs.get("units", {}), panel),
        "codes": _of_panel(table.codes, panel),
    }
    return panel


def _of_panel(told: Mapping[str, Any], panel: pd.DataFrame) -> dict[str, Any]:
    return {name: told[name] for name in panel.columns if name in told}
