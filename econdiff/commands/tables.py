"""Tables that the user names, read or refused, and tables that are written."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from econdiff.commands.errors import UsageError
from econdiff.panel import PanelError
from econdiff.panel.table import read_file


def read_text_table(file: Path) -> pd.DataFrame:
    """A CSV, Parquet or Excel table with every cell as text, an empty one as "".

    Read as panels are (`econdiff.panel.table`), decimal commas as points.
    """
    try:
        table = read_file(file).frame
    except PanelError as error:
        raise UsageError(str(error)) from error
    if not isinstance(table.index, pd.RangeIndex):  # of a frame in Parquet: dates, or names
        table = table.reset_index()
    return table.astype(object).where(table.notna(), "").map(lambda cell: str(cell).strip())


def read_columns(file: Path, wanted: Sequence[str]) -> pd.DataFrame:
    """The same with the columns `wanted`, which the file may write in any case, `-` for `_`.

    All columns are there; those that are not `wanted` have names in lower case.
    """
    table = read_text_table(file)
    spelt = {name.lower(): name for name in wanted}
    lower = [str(name).strip().lower().replace("-", "_") for name in table.columns]
    table.columns = [spelt.get(name, name) for name in lower]
    absent = [name for name in wanted if name not in table]
    if absent:
        raise UsageError(f"{file.name} lacks the columns {absent}; it needs {', '.join(wanted)}")
    twice = [name for name in wanted if list(table.columns).count(name) > 1]
    if twice:
        raise UsageError(f"{file.name} has more than one column {twice[0]!r}; keep one")
    if table.empty:
        raise UsageError(f"{file.name} has no rows under its header")
    return table


def led_by(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """The table with these columns first."""
    return table.loc[:, [*names, *(name for name in table.columns if name not in names)]]
