"""What the cells of a date column mean: '1959-03-01', '3/1/1959', '1959Q1', '1959:Q1', '1959'."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.panel.errors import PanelError

_CLOCK = re.compile(r"[T ]\d{1,2}:\d{2}.*$")
_QUARTER = re.compile(r"(?P<year>\d{4})[\s:./-]*Q(?P<quarter>[1-4])", re.IGNORECASE)
_QUARTER_FIRST = re.compile(r"Q(?P<quarter>[1-4])[\s:./-]*(?P<year>\d{4})", re.IGNORECASE)


@dataclass(frozen=True)
class Dates:
    """Dates in the order of the cells, the frequency they are written in, how they were read."""

    stamps: pd.DatetimeIndex
    written: str | None = None  # "Q", "M" or "Y" where the cells are written as such periods
    reading: str = "dates"


@dataclass(frozen=True)
class _Writing:
    """A way to write dates: the cells' pattern, its strptime format, the frequency it implies."""

    pattern: str
    format: str
    name: str
    implies: str | None = None


_WRITINGS = (  # of two that fit all cells the smoother wins, then the first
    _Writing(r"\d{4}-\d{1,2}-\d{1,2}", "%Y-%m-%d", "year-month-day"),
    _Writing(r"\d{4}", "%Y", "years", "Y"),
    _Writing(r"\d{4}-\d{1,2}", "%Y-%m", "months", "M"),
    _Writing(r"\d{4}/\d{1,2}", "%Y/%m", "months", "M"),
    _Writing(r"\d{4}\.\d{2}", "%Y.%m", "months", "M"),
    _Writing(r"\d{4}:\d{1,2}", "%Y:%m", "months", "M"),
    _Writing(r"\d{4}[Mm]\d{1,2}", "%YM%m", "months", "M"),
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
    _Writing(r"[A-Za-z]{3}[ -]\d{4}", "%b %Y", "months", "M"),
    _Writing(r"[A-Za-z]+ \d{4}", "%B %Y", "months", "M"),
    _Writing(r"\d{4}[ -][A-Za-z]{3}", "%Y %b", "months", "M"),
)


def parse_dates(cells: pd.Index | pd.Series, column: str) -> Dates:
    """Read the cells of the date column; a cell that is no date is refused by name."""
    if isinstance(cells.dtype, pd.PeriodDtype):
        periods = pd.PeriodIndex(cells)
        return Dates(
            _naive(periods.to_timestamp(how="end").normalize()), _letter(periods), "periods"
        )
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return Dates(_naive(pd.DatetimeIndex(cells)))
    distinct = pd.Index(pd.unique(np.asarray(cells, dtype=object)))
    texts = pd.Index([_text(cell) for cell in distinct])
    found = _read_texts(texts, column)
    place = distinct.get_indexer(pd.Index(np.asarray(cells, dtype=object)))
    return Dates(found.stamps[place], found.written, found.reading)


def looks_like_dates(cells: pd.Index | pd.Series, column: str = "") -> bool:
    """Whether every cell can be read as a date; numbers count only as years or yyyymmdd."""
    try:
        stamps = parse_dates(cells, column).stamps
    except PanelError:
        return False
    return bool(((stamps.year >= 1500) & (stamps.year <= 2200)).all())


def _read_texts(texts: pd.Index, column: str) -> Dates:
    quarters = [_QUARTER.fullmatch(t) or _QUARTER_FIRST.fullmatch(t) for t in texts]
    if quarters and all(quarters):
        stamps = [f"{m['year']}-{3 * int(m['quarter']):02d}-01" for m in quarters if m]
        return Dates(pd.DatetimeIndex(pd.to_datetime(stamps)), "Q", "quarters")
    tries = [(writing, _read_as(texts, writing)) for writing in _WRITINGS]
    whole = [(writing, stamps) for writing, stamps in tries if not stamps.hasnans]
    if whole:
        writing, stamps = min(whole, key=lambda pair: _roughness(pair[1]))
        return Dates(stamps, writing.implies, writing.name)
    _, best = min(tries, key=lambda pair: int(pair[1].isna().sum()))
    bad = texts[best.isna()][0]
    raise PanelError(
        f"{bad!r} in the date column {column!r} is not a date that can be read{_hint(bad)}. "
        "Write every date alike: 2024-03-31, 2024-03, 2024Q1 or 2024"
    )


def _read_as(texts: pd.Index, writing: _Writing) -> pd.DatetimeIndex:
    fits = texts.str.fullmatch(writing.pattern)
    spoken = writing.format
    if "%b" in spoken and "," not in spoken and "%d" not in spoken:
        texts = texts.str.replace("-", " ")
    candidates = pd.Series(texts, dtype=object).where(pd.Series(fits).astype(bool), None)
    if "M%m" in spoken:
        candidates = candidates.str.upper()
    return pd.DatetimeIndex(pd.to_datetime(candidates, format=spoken, errors="coerce"))


def _roughness(stamps: pd.DatetimeIndex) -> float:
    """Spread of the steps between dates in order: near 0 for dates that keep a rhythm."""
    days = np.diff(np.sort(stamps.to_numpy()).astype("datetime64[D]").astype(float))
    return float(days.std() / days.mean()) if len(days) > 1 and days.mean() > 0 else 0.0


def _text(cell: object) -> str:
    if isinstance(cell, pd.Timestamp) or hasattr(cell, "isoformat"):
        return str(pd.Timestamp(cell).date()) if not pd.isna(cell) else ""  # type: ignore[arg-type]
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return _CLOCK.sub("", str(cell).strip())


def _hint(bad: str) -> str:
    if re.fullmatch(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2}", bad):
        return " (a year of two digits leaves the century open)"
    if re.fullmatch(r"\d{4}[\s-]*[HS][12]", bad, re.IGNORECASE):
        return " (half-years are not supported; bring them to years or quarters)"
    return ""


def _letter(periods: pd.PeriodIndex) -> str:
    return periods.freqstr


def _naive(stamps: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Local dates without a time zone or a time of day."""
    return stamps.tz_localize(None).normalize()
