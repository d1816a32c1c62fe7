"""Which columns of a table are dates, names and numbers, and their cells read as such."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd

from econdiff.panel.dates import looks_like_dates, parse_dates
from econdiff.panel.errors import PanelError

_MISSING = frozenset(
    ("", ".", "..", "...", "-", "--", ":", "na", "n/a", "#n/a", "#na", "n.a.", "nan", "nat")
) | frozenset(("none", "null", "<na>", "nd"))
_DATE_NAMES = ("ds", "date", "dates", "observation_date", "sasdate", "time_period", "time period")
_DATE_NAMES = (*_DATE_NAMES, "time", "period", "datetime", "timestamp", "year", "quarter", "month")
_VALUE_NAMES = ("value", "obs_value", "adj close", "close")


@dataclass(frozen=True)
class Long:
    """The columns of a long table that hold the name of the series, its date and its value."""

    id: str
    time: str
    value: str


@dataclass(frozen=True, eq=False)
class Read:
    """Numbers [row x series], the date of each row, how dates were written, and remarks."""

    values: pd.DataFrame
    stamps: pd.DatetimeIndex
    written: str | None
    notes: tuple[str, ...]


def find_long(frame: pd.DataFrame, id: str, time: str, value: str) -> Long | None:
    """The columns of a long table, as told or where they are plain to see; None if it is wide."""
    names = [str(name) for name in frame.columns]
    if id in names:
        for role, name in (("time", time), ("value", value)):
            if name not in names:
                raise PanelError(
                    f"the table has a column {id!r}, so it is long, but no column {name!r}; say "
                    f"{role}='...' with one of {names}"
                )
        return Long(id, time, value)
    if not isinstance(frame.index, pd.RangeIndex) or isinstance(frame.columns, pd.MultiIndex):
        return None
    frame = _with_whole_dates(frame)
    date = _date_column(frame, time)
    if date is None or not frame[date].duplicated().any() or not looks_like_dates(frame[date]):
        return None
    texts = [str(name) for name in frame.columns if name != date and _is_text(frame[name])]
    numbers = [str(name) for name in frame.columns if name != date and str(name) not in texts]
    if not texts or not numbers:
        return None
    likely = next((name for name in numbers if name.lower() in _VALUE_NAMES), numbers[-1])
    if len(texts) == len(numbers) == 1:
        return Long(texts[0], date, likely)
    raise PanelError(
        f"dates repeat in {date!r} and {texts} hold text, so the table seems to be long (one row "
        "for each series and date); say which columns to read, for instance "
        f"id={texts[0]!r}, time={date!r}, value={likely!r}"
    )


def from_long(frame: pd.DataFrame, long: Long, series: Sequence[str] | None) -> Read:
    """A long table, spread out to one column a series."""
    if long.time not in frame.columns:
        frame = _with_whole_dates(frame)
    frame = frame.set_axis(frame.columns.astype(str), axis=1)
    names = frame[long.id].astype(str).str.strip()
    _refuse_unknown(series, list(dict.fromkeys(names)))
    if series is not None:
        frame, names = frame[names.isin(series)], names[names.isin(series)]
    dates = parse_dates(frame[long.time], long.time)
    numbers = _numbers(frame[long.value], dates.stamps, names.to_numpy())
    cells = pd.DataFrame({"id": names.to_numpy(), "date": dates.stamps, "value": numbers})
    again = cells.duplicated(["id", "date"]).to_numpy()
    if again.any():
        first = cells.loc[again].iloc[0]
        raise PanelError(
            f"series {first['id']!r} has the date {first['date']:%Y-%m-%d} more than once; keep "
            "one row for each series and date"
        )
    wide = cells.pivot(index="date", columns="id", values="value")
    order = list(series or dict.fromkeys(cells["id"]))
    values = pd.DataFrame(wide[order].to_numpy(float), columns=pd.Index(order))
    note = f"long table: names in {long.id!r}, dates in {long.time!r}, values in {long.value!r}"
    return Read(values, pd.DatetimeIndex(wide.index), dates.written, (note,))


def from_wide(frame: pd.DataFrame, time: str, series: Sequence[str] | None) -> Read:
    """A wide table: one column of dates, every other column a series."""
    frame, cells, column = _split(_flat_names(_with_whole_dates(frame)), time)
    _refuse_unknown(series, list(frame.columns))
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise PanelError(f"two columns are named {twice!r}; rename one of them")
    frame, cells, notes = _without_footnotes(frame, cells)
    if series is not None:
        frame = frame[list(series)]
    words = [str(name) for name, column in frame.items() if _is_wordy(column)]
    if words and len(words) < frame.shape[1]:
        notes.append(f"left out, since they hold words: {', '.join(words)}")
        frame = frame.drop(columns=words)
    dates = parse_dates(cells, column)
    if dates.reading not in ("dates", "year-month-day"):
        notes.append(f"dates in {column!r} are read as {dates.reading}")
    values = {str(name): _numbers(frame[name], dates.stamps, str(name)) for name in frame}
    return Read(pd.DataFrame(values), dates.stamps, dates.written, tuple(notes))


def _split(frame: pd.DataFrame, time: str) -> tuple[pd.DataFrame, pd.Series, str]:
    """The series of a wide table, its date cells, and what those are called."""
    index = frame.index
    if isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        return frame.reset_index(drop=True), pd.Series(index), str(index.name or "index")
    column = _date_column(frame, time)
    if column is None and not isinstance(index, pd.RangeIndex) and looks_like_dates(index):
        return frame.reset_index(drop=True), pd.Series(index), str(index.name or "index")
    if column is None:
        begins = "" if frame.empty else f"; {frame.columns[0]!r} begins with {frame.iloc[0, 0]!r}"
        raise PanelError(
            f"no column of dates among {list(frame.columns[:8])}{begins}; "
            "say which one it is: time='...'"
        )
    return _named(frame.drop(columns=column)), frame[column], column


def _with_whole_dates(frame: pd.DataFrame) -> pd.DataFrame:
    """Where the year and the quarter (or month) have columns of their own: one column of both."""
    by_name = {str(name).strip().lower(): name for name in frame.columns}
    for finer, mark, last in (("quarter", "Q", 4), ("month", "-", 12)):
        if "year" not in by_name or finer not in by_name:
            continue
        years, parts = (
            np.asarray(pd.to_numeric(frame[by_name[name]], errors="coerce"), float)
            for name in ("year", finer)
        )
        if ((years == years.round()) & np.isin(parts, np.arange(1, last + 1))).all():
            dates = [f"{year:.0f}{mark}{part:.0f}" for year, part in zip(years, parts, strict=True)]
            rest = frame.drop(columns=[by_name["year"], by_name[finer]])
            rest.insert(0, "date", dates)
            return rest
    return frame


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Without the empty columns that a spreadsheet may have and nobody has named."""
    unnamed = [name for name in frame if name == "" or str(name).startswith("Unnamed:")]
    for name in dict.fromkeys(unnamed):
        cells = frame.loc[:, [column == name for column in frame.columns]]
        if not cells.map(_is_missing).to_numpy().all():
            raise PanelError("a column with values in it has no name; name it, or empty it")
    return frame.drop(columns=unnamed)


def _flat_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns named by text; of several levels those that tell columns apart are joined."""
    columns = frame.columns
    if not isinstance(columns, pd.MultiIndex):
        return frame.set_axis(pd.Index([str(name).strip() for name in columns]), axis=1)
    telling = [k for k in range(columns.nlevels) if columns.get_level_values(k).nunique() > 1]
    levels = telling[::-1] or [0]
    joined = [" ".join(str(key[k]) for k in levels if str(key[k])) for key in columns]
    return frame.set_axis(pd.Index(joined), axis=1)


def _date_column(frame: pd.DataFrame, time: str) -> str | None:
    """The column `time`, else one named as dates are, else the first that holds dates."""
    if time in frame.columns:
        return time
    by_name = {str(name).strip().lower(): str(name) for name in reversed(frame.columns)}
    for name in _DATE_NAMES:
        if name in by_name:
            return by_name[name]
    return next((str(n) for n in frame.columns[:5] if looks_like_dates(frame[n].iloc[:200])), None)


def _is_text(cells: pd.Series) -> bool:
    """Whether the first cells that hold something are words."""
    some = [cell for cell in cells.iloc[:500] if not _is_missing(cell)]
    return bool(some) and bool(pd.to_numeric(pd.Series(some), errors="coerce").isna().all())


def _is_wordy(cells: pd.Series) -> bool:
    """Whether there are cells, and no digit in any: a label and no series."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return False
    some = [str(cell) for cell in pd.unique(cells) if not _is_missing(cell)]
    return bool(some) and not any(any(sign.isdigit() for sign in cell) for cell in some)


def _is_missing(cell: object) -> bool:
    return cell is None or cell != cell or str(cell).strip().lower() in _MISSING


def _without_footnotes(
    frame: pd.DataFrame, cells: pd.Series
) -> tuple[pd.DataFrame, pd.Series, list[str]]:
    """Leave out the rows at the end that have no date and no value."""
    end = len(frame)
    while end and frame.iloc[end - 1].map(_is_missing).all():
        if looks_like_dates(cells.iloc[[end - 1]]):
            break
        end -= 1
    below = len(frame) - end
    notes = [f"{below} {'line' if below == 1 else 'lines'} below the table left out"]
    return frame.iloc[:end], cells.iloc[:end], notes if below else []


def _numbers(cells: pd.Series, stamps: pd.DatetimeIndex, names: str | np.ndarray) -> np.ndarray:
    """The cells as floats, missing ones as NaN; a cell that is neither is refused."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells.to_numpy(dtype=float, na_value=np.nan)
    numbers = pd.to_numeric(cells.astype(object), errors="coerce").to_numpy(float)
    bad = [row for row in np.flatnonzero(np.isnan(numbers)) if not _is_missing(cells.iloc[row])]
    if bad:
        name = names if isinstance(names, str) else names[bad[0]]
        also = f" (and {len(bad) - 1} more such cells)" if len(bad) > 1 else ""
        raise PanelError(
            f"series {name!r} at {stamps[bad[0]]:%Y-%m-%d}: {str(cells.iloc[bad[0]])!r} is not a "
            f"number{also}; write it as 1234.5, or leave it empty where it is not known"
        )
    return numbers


def _refuse_unknown(asked: Sequence[str] | None, there: list[str]) -> None:
    for name in asked or ():
        if name not in there:
            near = get_close_matches(name, there, n=3, cutoff=0.5) or there[:8]
            raise PanelError(f"no series {name!r} in the table; did you mean one of {near}?")
