"""Which columns of a table are dates, names and numbers, and their cells read as such."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd

from econdiff.panel.cells import is_label, is_missing, is_text, numbers
from econdiff.panel.dates import looks_like_dates, parse_dates, written_as_dates
from econdiff.panel.errors import PanelError

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
class RawPanel:
    """Numbers [row x series], the date of each row, how dates were written, and remarks."""

    values: pd.DataFrame
    stamps: pd.DatetimeIndex
    written: str | None
    notes: tuple[str, ...]


def text_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns named by text; of several levels those that tell columns apart are joined."""
    if isinstance(frame.index, pd.MultiIndex):  # entity and date, as pandas keeps a long table
        frame = frame.reset_index()
    columns = frame.columns
    if not isinstance(columns, pd.MultiIndex):
        return frame.set_axis(pd.Index([str(name).strip() for name in columns]), axis=1)
    telling = [k for k in range(columns.nlevels) if columns.get_level_values(k).nunique() > 1]
    levels = telling[::-1] or [0]
    joined = [" ".join(str(key[k]) for k in levels if str(key[k])) for key in columns]
    return frame.set_axis(pd.Index(joined), axis=1)


def with_whole_dates(frame: pd.DataFrame) -> pd.DataFrame:
    """Where the year and the quarter (or month) have columns of their own: one column of both."""
    by_name = {name.lower(): name for name in frame.columns}
    for finer, mark, last in (("quarter", "Q", 4), ("month", "-", 12)):
        if "year" not in by_name or finer not in by_name:
            continue
        pair = frame.loc[:, [by_name["year"], by_name[finer]]]
        both = pair.apply(pd.to_numeric, errors="coerce").to_numpy(float)
        if (both == both.round()).all() and np.isin(both[:, 1], np.arange(1, last + 1)).all():
            dates = [f"{year:.0f}{mark}{part:.0f}" for year, part in both]
            rest = frame.drop(columns=list(pair.columns))
            rest.insert(0, "date", dates)
            return rest
    return frame


def turned_upright(frame: pd.DataFrame) -> pd.DataFrame:
    """Where dates run along the columns and each row is a series: the same with dates in rows."""
    dates = np.array(written_as_dates(frame.columns), dtype=bool)
    rest = frame.loc[:, ~dates]
    if dates.sum() < 8 or _date_column(rest, "") is not None:
        return frame
    filled = (~frame.map(is_missing)).sum(axis=1).to_numpy()
    frame = frame.iloc[: np.flatnonzero(filled > 1).max(initial=-1) + 1]  # footnotes are one cell
    rest = frame.loc[:, ~dates]
    telling = [cells for _, cells in rest.items() if not cells.duplicated().any()]
    if not isinstance(frame.index, pd.RangeIndex):  # as frame.T has it
        telling.append(frame.index.to_series())
    if not telling:
        raise PanelError(
            f"dates run along the columns, and no column of {list(rest.columns)} names each row "
            "apart; keep one row for each series"
        )
    names = pd.Index(telling[0].astype(str).str.strip())
    turned = frame.loc[:, dates].T.set_axis(names, axis=1).rename_axis("date").reset_index()
    return turned.rename_axis(columns=None)


def find_long(frame: pd.DataFrame, id: str, time: str, value: str) -> Long | None:
    """The columns of a long table, as told or where they are plain to see; None if it is wide."""
    names = list(frame.columns)
    if isinstance(frame.index, pd.PeriodIndex | pd.DatetimeIndex) or frame.columns.has_duplicates:
        return None
    date = _date_column(frame, time)
    if id not in names and (date is None or not _dates_repeat(frame.loc[:, date])):
        return None
    texts = [n for n in names if n not in (date, id, value) and is_text(frame.loc[:, n])]
    rest = [n for n in names if n not in (date, id, *texts)]
    ids = [id] if id in names else texts
    values = [value] if value in names else rest
    if not ids or not values:
        return None
    if date is not None and len(ids) == len(values) == 1:
        return Long(ids[0], date, values[0])
    apart = [n for n in ids if date and not frame.duplicated([n, date]).any()]
    if date and len(ids) > 1 and not apart:
        if frame.duplicated([*ids, date]).any():
            raise PanelError(
                f"dates repeat in {date!r}, and not even all of {ids} together tell the rows of a "
                "date apart; keep one row for each series and date"
            )
        needed = _telling_apart(frame, date, ids)
        joined = " + ' ' + ".join(f"frame[{name!r}]" for name in needed)
        raise PanelError(
            f"dates repeat in {date!r}, and none of {ids} alone tells the rows of a date apart; "
            f"join columns into one (frame['series'] = {joined}), or keep the rows of one "
            f"{needed[-1]}"
        )
    likely = next((n for n in values if n.lower() in _VALUE_NAMES), values[-1])
    name, day = [*apart, *ids][0], date or "..."
    raise PanelError(
        f"dates repeat in {date!r} and {ids} hold text, so the table seems to be long (one row "
        "for each series and date); say which columns to read, for instance "
        f"id={name!r}, time={day!r}, value={likely!r} "
        f"({shlex.join(['--id', name, '--time', day, '--value', likely])})"
    )


def _telling_apart(frame: pd.DataFrame, date: str, ids: list[str]) -> list[str]:
    """Those of `ids` that tell the rows of a date apart, each the one that then tells the most."""
    needed: list[str] = []
    while frame.duplicated([*needed, date]).any():
        rest = [name for name in ids if name not in needed]
        needed.append(min(rest, key=lambda n: frame.duplicated([*needed, n, date]).sum()))
    return needed


def from_long(frame: pd.DataFrame, long: Long, series: Sequence[str] | None) -> RawPanel:
    """A long table, spread out to one column a series."""
    names = frame.loc[:, long.id].astype(str).str.strip()
    _refuse_unknown(series, list(dict.fromkeys(names)))
    if series is not None:
        frame, names = frame.loc[names.isin(series)], names[names.isin(series)]
    dates = parse_dates(frame.loc[:, long.time], long.time)
    found = numbers(frame.loc[:, long.value], dates.stamps, names.to_numpy())
    cells = pd.DataFrame({"id": names.to_numpy(), "date": dates.stamps, "value": found})
    again = cells.duplicated(["id", "date"]).to_numpy()
    if again.any():
        first = cells.loc[again].iloc[0]
        raise PanelError(
            f"series {first['id']!r} has the date {first['date']:%Y-%m-%d} more than once; keep "
            "one row for each series and date"
        )
    wide = cells.pivot(index="date", columns="id", values="value")
    order = list(series or dict.fromkeys(cells["id"]))
    values = pd.DataFrame(wide.loc[:, order].to_numpy(float), columns=pd.Index(order))
    note = f"long table: names in {long.id!r}, dates in {long.time!r}, values in {long.value!r}"
    return RawPanel(values, pd.DatetimeIndex(wide.index), dates.written, (note,))


def from_wide(frame: pd.DataFrame, time: str, series: Sequence[str] | None) -> RawPanel:
    """A wide table: one column of dates, every other column a series."""
    frame, cells, column = _split(frame, time)
    _refuse_unknown(series, list(frame.columns))
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise PanelError(f"two columns are named {twice!r}; rename one of them")
    frame, cells, notes = _without_footnotes(frame, cells)
    if series is not None:
        frame = frame.loc[:, list(series)]
    labels = [str(name) for name, column_cells in frame.items() if _is_beside(column_cells)]
    if labels and len(labels) < frame.shape[1]:
        notes.append(f"left out, since they hold words and no numbers: {', '.join(labels)}")
        frame = frame.drop(columns=labels)
    dates = parse_dates(cells, column)
    if dates.reading != "year-month-day":
        notes.append(f"dates in {column or 'the first column'} are read as {dates.reading}")
    values = {str(n): numbers(c, dates.stamps, str(n)) for n, c in frame.items()}
    return RawPanel(pd.DataFrame(values), dates.stamps, dates.written, tuple(notes))


def _is_beside(cells: pd.Series) -> bool:
    """Whether a column says something about its rows and is no series: words, or dates as text."""
    return is_label(cells) or (is_text(cells) and looks_like_dates(cells))


def _split(frame: pd.DataFrame, time: str) -> tuple[pd.DataFrame, pd.Series, str]:
    """The series of a wide table, its date cells, and what those are called."""
    index = frame.index
    dated = isinstance(index, pd.PeriodIndex | pd.DatetimeIndex)
    column = None if dated else _date_column(frame, time)
    if column is not None:
        return _named(frame.drop(columns=column)), frame.loc[:, column], column
    if dated or looks_like_dates(index):
        return frame.reset_index(drop=True), pd.Series(index), str(index.name or "index")
    begins = "" if frame.empty else f"; {frame.columns[0]!r} begins with {str(frame.iloc[0, 0])!r}"
    raise PanelError(
        f"no column of dates among {list(frame.columns[:8])}{begins}; say which one: time='...' "
        "(--time)"
    )


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Without the columns that nobody has named, if they are empty or only count the rows."""
    unnamed = [name == "" or name.startswith("Unnamed:") for name in frame.columns]
    for name, cells in frame.loc[:, unnamed].items():
        counts = [str(cell) for cell in cells] == [str(row) for row in range(len(cells))]
        if not counts and not cells.map(is_missing).all():
            raise PanelError(f"the column {name!r} has values and no name; name it, or empty it")
    return frame.loc[:, [not without for without in unnamed]]


def _date_column(frame: pd.DataFrame, time: str) -> str | None:
    """The column `time`, else one named as dates are, else the first that holds dates."""
    if time in frame.columns:
        return time
    by_name = {name.lower(): name for name in reversed(frame.columns)}
    for name in _DATE_NAMES:
        if name in by_name:
            return by_name[name]
    if frame.columns[:1].isin(["", "Unnamed: 0"]).any():
        return frame.columns[0]
    begin = frame.iloc[:200, :5]
    return next((str(name) for name, cells in begin.items() if looks_like_dates(cells)), None)


def _dates_repeat(cells: pd.Series) -> bool:
    return bool(cells.duplicated().any()) and looks_like_dates(cells)


def _without_footnotes(
    frame: pd.DataFrame, cells: pd.Series
) -> tuple[pd.DataFrame, pd.Series, list[str]]:
    """Leave out the rows at the end that have no date and no value."""
    end = len(frame)
    while end and frame.iloc[end - 1].map(is_missing).all():
        if looks_like_dates(cells.iloc[[end - 1]]):
            break
        end -= 1
    below = len(frame) - end
    notes = [f"{below} {'line' if below == 1 else 'lines'} below the table left out"]
    return frame.iloc[:end], cells.iloc[:end], notes if below else []


def _refuse_unknown(asked: Sequence[str] | None, there: list[str]) -> None:
    for name in asked or ():
        if name not in there:
            near = get_close_matches(name, there, n=3, cutoff=0.5) or there[:8]
            raise PanelError(f"no series {name!r} in the table; did you mean one of {near}?")
