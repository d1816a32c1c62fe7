"""Which columns of a table are dates, names and numbers, and their cells read as such."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd

from econdiff.panel.dates import looks_like_dates, parse_dates
from econdiff.panel.errors import PanelError

MISSING = frozenset(""". .. ... - -- : na n/a #n/a #na n.a. nan none null <na> nat nd""".split())
_DATE_NAMES = ("ds", "date", "dates", "observation_date", "sasdate", "time_period", "time period")
_DATE_NAMES = (*_DATE_NAMES, "time", "period", "datetime", "timestamp", "month", "quarter", "year")


@dataclass(frozen=True)
class Long:
    """The columns of a long table: which holds the name of a series, its date and its value."""

    id: str
    time: str
    value: str
    guessed: bool


@dataclass(frozen=True, eq=False)
class Read:
    """Numbers [row x series], the date of each row, and remarks."""

    values: pd.DataFrame
    stamps: pd.DatetimeIndex
    written: str | None
    notes: tuple[str, ...] = ()


def guess_long(frame: pd.DataFrame, id: str, time: str, value: str) -> Long | None:
    """The columns of a long table, as named or as plain to see; None for a wide one."""
    names = [str(name) for name in frame.columns]
    if id in names:
        for role, name in (("time", time), ("value", value)):
            if name not in names:
                raise PanelError(
                    f"the table has a column {id!r} and so is long, but no column {name!r}; "
                    f"say {role}=... with one of {names}"
                )
        return Long(id, time, value, guessed=False)
    if not isinstance(frame.index, pd.RangeIndex) or isinstance(frame.columns, pd.MultiIndex):
        return None
    date = _date_column(frame, time)
    if date is None or not frame[date].duplicated().any():
        return None
    others = [name for name in frame.columns if name != date]
    texts = [name for name in others if _is_text(frame[name])]
    numbers = [name for name in others if name not in texts]
    if not texts or not numbers:
        return None
    if len(texts) == len(numbers) == 1:
        return Long(str(texts[0]), str(date), str(numbers[0]), guessed=True)
    raise PanelError(
        f"dates repeat in {date!r} and {texts} hold text, so the table seems to be long (one row "
        f"a series and date); say which columns to read, as in read_panel(..., id={texts[0]!r}, "
        f"time={date!r}, value={numbers[0]!r})"
    )


def from_long(frame: pd.DataFrame, long: Long, series: Sequence[str] | None) -> Read:
    """A long table, spread out to one column a series."""
    frame = frame.set_axis(frame.columns.astype(str), axis=1)
    names = frame[long.id].astype(str).str.strip()
    _refuse_unknown(series, list(dict.fromkeys(names)))
    if series is not None:
        frame, names = frame[names.isin(series)], names[names.isin(series)]
    dates = parse_dates(frame[long.time], long.time)
    numbers = _numbers(frame[long.value], dates.stamps, names.to_numpy())
    cells = pd.DataFrame({"id": names.to_numpy(), "date": dates.stamps, "value": numbers})
    twice = cells[cells.duplicated(["id", "date"])]
    if len(twice):
        name, date = twice.iloc[0][["id", "date"]]
        raise PanelError(
            f"series {name!r} has more than one row dated {date:%Y-%m-%d}; keep one of them"
        )
    wide = cells.pivot(index="date", columns="id", values="value")
    wide = wide[list(series or dict.fromkeys(cells["id"]))]
    stamps = pd.DatetimeIndex(wide.index)
    wide = pd.DataFrame(wide.to_numpy(float), columns=list(wide.columns))
    notes = [f"long table: names in {long.id!r}, dates in {long.time!r}, values in {long.value!r}"]
    return Read(wide, stamps, dates.written, tuple(notes))


def from_wide(frame: pd.DataFrame, time: str, series: Sequence[str] | None) -> Read:
    """A wide table: one column of dates, every other column a series."""
    frame, dates_of, column = _split(frame, time)
    _refuse_unknown(series, list(frame.columns))
    if series is not None:
        frame = frame[list(series)]
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise PanelError(f"two columns are named {twice!r}; rename one")
    frame, dates_of, notes = _without_footnotes(frame, dates_of)
    dates = parse_dates(dates_of, column)
    if dates.reading not in ("dates", "year-month-day"):
        notes.append(f"dates in {column!r} read as {dates.reading}")
    values = {name: _numbers(frame[name], dates.stamps, name) for name in frame}
    return Read(pd.DataFrame(values), dates.stamps, dates.written, tuple(notes))


def _split(frame: pd.DataFrame, time: str) -> tuple[pd.DataFrame, pd.Series, str]:
    """The series of a wide table, its date cells, and the name of those."""
    frame = _flat_names(frame)
    if not isinstance(frame.index, pd.RangeIndex) and looks_like_dates(frame.index):
        name = str(frame.index.name or "index")
        return frame.reset_index(drop=True), pd.Series(frame.index), name
    column = _date_column(frame, time)
    if column is None:
        start = "" if frame.empty else f"; {frame.columns[0]!r} begins with {frame.iloc[0, 0]!r}"
        raise PanelError(
            f"no column of dates among {list(frame.columns[:8])}{start}. "
            "Name it: read_panel(..., time='...')"
        )
    others = frame.drop(columns=column)
    unnamed = [name for name in others if name == "" or name.startswith("Unnamed:")]
    for name in unnamed:
        if not others[name].map(_is_missing).all():
            raise PanelError("a column with values has no name; give it one, or remove it")
    return others.drop(columns=unnamed), frame[column], column


def _flat_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns named by text; of several levels those that tell columns apart are joined."""
    columns = frame.columns
    if isinstance(columns, pd.MultiIndex):
        told = [k for k in range(columns.nlevels) if columns.get_level_values(k).nunique() > 1]
        order = told[::-1] or [0]
        joined = [" ".join(str(key[k]) for k in order if str(key[k])) for key in columns]
        return frame.set_axis(pd.Index(joined), axis=1)
    return frame.set_axis(pd.Index([str(name).strip() for name in columns]), axis=1)


def _date_column(frame: pd.DataFrame, time: str) -> str | None:
    """The column `time`, else one named as dates are, else the first that holds dates."""
    if time in frame.columns:
        return time
    by_name = {str(name).strip().lower(): name for name in reversed(frame.columns)}
    for name in _DATE_NAMES:
        if name in by_name:
            return by_name[name]
    for name in frame.columns[:5]:
        if looks_like_dates(frame[name].iloc[:200]):
            return name
    return None


def _is_text(cells: pd.Series) -> bool:
    """Whether the first cells that hold something are words."""
    some = cells[~cells.iloc[:500].map(_is_missing).reindex(cells.index, fill_value=True)]
    return len(some) > 0 and bool(pd.to_numeric(some, errors="coerce").isna().all())


def _is_missing(cell: object) -> bool:
    return (
        cell is None
        or cell is pd.NaT
        or cell != cell
        or not str(cell).strip()
        or str(cell).strip().lower() in MISSING
    )


def _without_footnotes(
    frame: pd.DataFrame, dates_of: pd.Series
) -> tuple[pd.DataFrame, pd.Series, list[str]]:
    """Rows at the end that hold text where a date should be, and no value, are left out."""
    end = len(frame)
    while end and frame.iloc[end - 1].map(_is_missing).all():
        if looks_like_dates(dates_of.iloc[[end - 1]]):
            break
        end -= 1
    left_out = len(frame) - end
    notes = [f"{left_out} lines below the table left out"] if left_out else []
    return frame.iloc[:end], dates_of.iloc[:end], notes


def _numbers(cells: pd.Series, stamps: pd.DatetimeIndex, names: str | np.ndarray) -> np.ndarray:
    """The cells as floats, missing ones as NaN; a cell that is neither is refused."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells.to_numpy(dtype=float, na_value=np.nan)
    numbers = pd.to_numeric(cells.astype(object), errors="coerce").to_numpy(float)
    rest = np.flatnonzero(np.isnan(numbers))
    bad = [row for row in rest if not _is_missing(cells.iloc[row])]
    if bad:
        name = names if isinstance(names, str) else names[bad[0]]
        raise PanelError(
            f"series {name!r} at {stamps[bad[0]]:%Y-%m-%d}: {str(cells.iloc[bad[0]])!r} is not a "
            f"number ({len(bad)} such cells); leave the cell empty where the value is not known"
        )
    return numbers


def _refuse_unknown(asked: Sequence[str] | None, there: list[str]) -> None:
    for name in asked or ():
        if name not in there:
            near = get_close_matches(name, there, n=3, cutoff=0.5) or there[:8]
            raise PanelError(f"no series {name!r} in the table; did you mean one of {near}?")
