"""Tables that the user names, read or refused, and tables that are written."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from econdiff.commands.errors import UsageError


def read_text_table(file: Path) -> pd.DataFrame:
    """A CSV with every cell as text, an empty one as ""; after semicolons with decimal commas."""
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    try:
        with file.open(encoding="utf-8-sig") as lines:
            mark = ";" if ";" in lines.readline() else ","
        table = pd.read_csv(file, sep=mark, dtype=str, skipinitialspace=True, keep_default_na=False)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise UsageError(f"{file.name} cannot be read as a CSV table: {error}") from error
    if mark == ";":
        table = table.replace(r"^\s*([-+]?\d+),(\d+)\s*$", r"\1.\2", regex=True)
    return table


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
