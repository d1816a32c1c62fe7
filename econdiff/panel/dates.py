"""What the cells of a date column mean: '1959-03-01', '3/1/1959', '1959Q1', '1959:Q1', '1959'."""

import re
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from econdiff.panel.errors import PanelError

_BESIDE = re.compile(r"[T ]\d{1,2}:\d{2}.*$|(?<=^\d{4}) \[YR\d{4}\]$")  # a clock; World Bank
_EVENING_IN_UTC = re.compile(r"[T ]2[1-3]:\d{2}\S*?\s?(Z|\+00:?00|UTC)$")
_TWO_DIGITS = r"(\d{1,2}[/.-]\d{1,2}|(\d{1,2}[ /.-])?[A-Za-z]{3,9}\.?)[ /.'-]+\d{2}"


@dataclass(frozen=True)
class Dates:
    """Dates in the order of the cells, the frequency they are written in, how they were read."""

    stamps: pd.DatetimeIndex
    written: str | None = None  # "Q", "M" or "Y" where the cells are written as such periods
    reading: str = "year-month-day"
    format: str = "%Y-%m-%d"  # of strptime, for text; that of quarters has their last month


@dataclass(frozen=True)
class _Writing:
    """A way to write dates: the cells' pattern, its strptime format, the frequency it implies."""

    pattern: str
    format: str
    name: str
    implies: str | None = None


_WRITINGS = (  # of two that fit all cells the smoother wins, then the first
    _Writing(r"\d{4}-\d{1,2}-\d{1,2}", "%Y-%m-%d", "year-month-day"),
    _Writing(r"\d{4}[\s:./-]*Q[1-4]", "%Y-%m", "quarters", "Q"),
    _Writing(r"Q[1-4][\s:./-]*\d{4}", "%Y-%m", "quarters", "Q"),
    _Writing(r"\d{4}", "%Y", "years", "Y"),
    _Writing(r"\d{4}-\d{1,2}", "%Y-%m", "months", "M"),
    _Writing(r"\d{4}/\d{1,2}", "%Y/%m", "months", "M"),
    _Writing(r"\d{4}\.\d{2}", "%Y.%m", "months", "M"),
    _Writing(r"\d{4}:\d{1,2}", "%Y:%m", "months", "M"),
    _Writing(r"\d{4}M\d{1,2}", "%YM%m", "months", "M"),
    _Writing(r"\d{6}", "%Y%m", "months", "M"),
    _Writing(r"\d{8}", "%Y%m%d", "year-month-day"),
    _Writing(r"\d{4}/\d{1,2}/\d{1,2}", "%Y/%m/%d", "year/month/day"),
    _Writing(r"\d{4}\.\d{1,2}\.\d{1,2}", "%Y.%m.%d", "year.month.day"),
    _Writing(r"\d{1,2}/\d{1,2}/\d{4}", "%m/%d/%Y", "month/day/year"),
    _Writing(r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y", "day/month/year"),
    _Writing(r"\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y", "day.month.year"),
    _Writing(r"\d{1,2}-\d{1,2}-\d{4}", "%m-%d-%Y", "month-day-year"),
    _Writing(r"\d{1,2}-\d{1,2}-\d{4}", "%d-%m-%Y", "day-month-year"),
    _Writing(r"\d{1,2}-[A-Za-z]{3}-\d{4}", "%d-%b-%Y", "day-month-year"),
    _Writing(r"\d{1,2} [A-Za-z]{3} \d{4}", "%d %b %Y", "day month year"),
    _Writing(r"\d{1,2} [A-Za-z]+ \d{4}", "%d %B %Y", "day month year"),
    _Writing(r"[A-Za-z]{3} \d{1,2}, \d{4}", "%b %d, %Y", "month day, year"),
    _Writing(r"[A-Za-z]+ \d{1,2}, \d{4}", "%B %d, %Y", "month day, year"),
    _Writing(r"[A-Za-z]{3} \d{4}", "%b %Y", "months", "M"),
    _Writing(r"[A-Za-z]{3}-\d{4}", "%b-%Y", "months", "M"),
    _Writing(r"[A-Za-z]+ \d{4}", "%B %Y", "months", "M"),
    _Writing(r"\d{4} [A-Za-z]{3}", "%Y %b", "months", "M"),
    _Writing(r"\d{4}-[A-Za-z]{3}", "%Y-%b", "months", "M"),
    _Writing(r"\d{4}[A-Za-z]{3}", "%Y%b", "months", "M"),
    _Writing(r"\d{1,2}/\d{4}", "%m/%Y", "months", "M"),
)


def parse_dates(cells: pd.Index | pd.Series, column: str) -> Dates:
    """Read the cells of the date column; a cell that is no date is refused by name."""
    if isinstance(cells.dtype, pd.PeriodDtype):
        periods = pd.PeriodIndex(cells)
        return Dates(periods.to_timestamp(how="end").normalize(), periods.freqstr[0])
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        stamps = pd.DatetimeIndex(cells)
        if stamps.tz is not None:
            _refuse_evenings_in_utc(stamps.astype(str), column)
        return Dates(stamps.tz_localize(None).normalize())
    objects = pd.Index(np.asarray(cells, dtype=object))
    distinct = objects.unique()
    _refuse_evenings_in_utc(distinct, column)
    found = _read_texts(pd.Index([_text(cell) for cell in distinct], dtype=object), column)
    return replace(found, stamps=found.stamps[distinct.get_indexer(objects)])


def looks_like_dates(cells: pd.Index | pd.Series, column: str = "") -> bool:
    """Whether every cell can be read as a date; numbers count only as years or yyyymmdd."""
    try:
        stamps = parse_dates(cells, column).stamps
    except PanelError:
        return False
    return bool(((stamps.year >= 1500) & (stamps.year <= 2200)).all())


def written_as_dates(names: pd.Index) -> list[bool]:
    """Which of the names of columns are written as dates are."""
    patterns = [re.compile(way.pattern, re.IGNORECASE) for way in _WRITINGS]
    return [any(p.fullmatch(_text(name)) for p in patterns) for name in names]


def _refuse_evenings_in_utc(cells: pd.Index, column: str) -> None:
    """Midnight in Berlin is an evening of the day before in UTC: whose day it is must be said."""
    if len(cells) and all(_EVENING_IN_UTC.search(str(cell)) for cell in cells):
        raise PanelError(
            f"the dates in {column!r} are late evenings in UTC, as {str(cells[0])!r}, "
            "which may be midnight of the next day where the data come from; bring them to that "
            "time first, as in pd.to_datetime(dates, utc=True).tz_convert('Europe/Berlin')"
        )


def _read_texts(texts: pd.Index, column: str) -> Dates:
    tries = [Dates(_read_as(texts, way), way.implies, way.name, way.format) for way in _WRITINGS]
    whole = [dates for dates in tries if not dates.stamps.hasnans]
    if whole:
        return min(whole, key=lambda dates: _roughness(dates.stamps))
    best = min(tries, key=lambda dates: int(dates.stamps.isna().sum()))
    bad = texts[best.stamps.isna()][0]
    if bad == "":
        raise PanelError(
            f"a row has values and no date in the column {column!r}; date it, or remove it"
        )
    raise PanelError(
        f"{bad!r} in the date column {column!r} is not a date that can be read{_hint(bad)}; "
        "write every date alike, as 2024-03-31, 2024-03, 2024Q1 or 2024"
    )


def _read_as(texts: pd.Index, way: _Writing) -> pd.DatetimeIndex:
    """The dates of the texts that are written in this way, NaT for the others."""
    fitting = [text if re.fullmatch(way.pattern, text, re.IGNORECASE) else None for text in texts]
    if not any(fitting):
        return pd.DatetimeIndex([pd.NaT] * len(texts))
    if way.implies == "Q":
        fitting = [text and _last_month(text) for text in fitting]
    return pd.DatetimeIndex(pd.to_datetime(pd.Series(fitting), format=way.format, errors="coerce"))


def _last_month(quarter: str) -> str:
    """'2024Q1' and 'Q1 2024' as '2024-03'."""
    year, number = re.search(r"\d{4}", quarter), re.search(r"Q([1-4])", quarter, re.IGNORECASE)
    return f"{year[0]}-{3 * int(number[1]):02d}" if year and number else quarter


def _roughness(stamps: pd.DatetimeIndex) -> float:
    """Spread of the steps between dates in order: near 0 for dates that keep a rhythm."""
    days = np.diff(np.sort(stamps.to_numpy()).astype("datetime64[D]").astype(float))
    return float(days.std() / days.mean()) if len(days) > 1 and days.mean() > 0 else 0.0


def _text(cell: object) -> str:
    """A cell as text: dates as ISO dates, whole numbers without a point, nothing beside them."""
    if isinstance(cell, date):  # datetime and Timestamp are dates, too
        return "" if cell is pd.NaT else f"{cell:%Y-%m-%d}"
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return _BESIDE.sub("", str(cell).strip())


def _hint(bad: str) -> str:
    if re.fullmatch(_TWO_DIGITS, bad):
        return " (a year of two digits leaves the century open)"
    if re.fullmatch(r"[2-6]\d{4}", bad):
        return (
            " (if it counts days, as Excel does: pd.to_datetime(days, unit='D', origin="
            "'1899-12-30'))"
        )
    if re.fullmatch(r"\d{4}[\s-]*[HS][12]", bad, re.IGNORECASE):
        return " (half-years are not supported; bring them to years or quarters)"
    return ""
