"""How often: the frequency of a set of dates, and the periods that are missing from it."""

import numpy as np
import pandas as pd

from econdiff.panel.errors import PanelError
from econdiff.periods import period_label

NAMES = {"D": "daily", "W": "weekly", "M": "monthly", "Q": "quarterly", "Y": "annual"}
FINER = "DWMQY"  # from the finest to the coarsest
LONGEST_CLOSURE = 10  # weekdays that markets may close in a row; lunar new year takes up to 9
_SPOKEN = {
    "D": ("D", "B", "DAILY", "BUSINESS", "DAY"),
    "W": ("W", "WEEKLY", "WEEK"),
    "M": ("M", "MS", "ME", "BM", "BMS", "BME", "MONTHLY", "MONTH"),
    "Q": ("Q", "QS", "QE", "BQ", "BQS", "BQE", "QUARTERLY", "QUARTER"),
    "Y": ("Y", "YS", "YE", "A", "AS", "BY", "BYE", "BYS", "ANNUAL", "ANNUALLY", "YEARLY", "YEAR"),
}
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_USUAL_STEP = {"D": (1, 4), "W": (5, 9), "M": (27, 32), "Q": (88, 93), "Y": (360, 371)}  # days


def parse_frequency(said: str) -> str:
    """One of D, W, M, Q, Y for what a user may say: 'Q', 'QS', 'quarterly', 'W-FRI', 'B'."""
    stem = said.strip().upper().split("-")[0]
    for letter, words in _SPOKEN.items():
        if stem in words:
            return letter
    raise PanelError(
        f"{said!r} is not a frequency that is known; say one of "
        "D (daily, business days), W (weekly), M (monthly), Q (quarterly), Y (annual)"
    )


def infer_frequency(stamps: pd.DatetimeIndex) -> str | None:
    """One of D, W, M, Q, Y by the usual step between distinct dates; None if it fits none."""
    dates = np.unique(stamps.tz_localize(None).to_numpy().astype("datetime64[D]"))
    days = np.diff(dates).astype(int)
    usual = float(np.median(days)) if len(days) else np.nan
    for letter, (low, high) in _USUAL_STEP.items():
        if low <= usual <= high:
            return letter
    return None


def frequency_of(index: pd.Index) -> str | None:
    """One of D, W, M, Q, Y for the rows of a panel; None where their steps fit none."""
    dates = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
    return infer_frequency(dates) if isinstance(dates, pd.DatetimeIndex) else None


def to_periods(stamps: pd.DatetimeIndex, letter: str) -> pd.PeriodIndex:
    """The period that holds each date; a week ends on the weekday that most dates have."""
    if letter == "W":
        usual = np.bincount(stamps.day_of_week, minlength=7).argmax()
        return stamps.to_period(f"W-{_WEEKDAYS[usual]}")
    return stamps.to_period(letter)


def missing_periods(index: pd.PeriodIndex) -> pd.PeriodIndex:
    """Periods that a sorted index leaves out; of daily data only weekdays in long closures.

    Daily data with Saturdays or Sundays among them run every day. Others may leave out up
    to LONGEST_CLOSURE weekdays in a row: markets close for holidays.
    """
    if index.freqstr != "D":
        every = pd.period_range(index[0], index[-1], freq=index.freq)
        return pd.PeriodIndex(every.difference(index))
    stamps = index.to_timestamp()
    weekends = np.mean(stamps.day_of_week >= 5) > 0.1
    every = pd.date_range(stamps[0], stamps[-1], freq="D" if weekends else "B")
    absent = ~every.isin(stamps)
    if not weekends:
        absent &= _run_lengths(absent) > LONGEST_CLOSURE
    return every[absent].to_period("D")


def first_gap(index: pd.PeriodIndex) -> tuple[pd.Period, pd.Period] | None:
    """The rows between which a sorted index first leaves periods out; of daily data none."""
    if index.freqstr in ("D", "B"):
        return None
    gaps = np.flatnonzero(np.diff(index.asi8) > 1)
    return (index[gaps[0]], index[gaps[0] + 1]) if len(gaps) else None


def change_of_frequency(index: pd.PeriodIndex) -> str | None:
    """Where a sorted index goes on in longer steps for four steps or more: words, or None."""
    if index.freqstr == "D":
        steps = np.diff(index.to_timestamp().to_numpy().astype("datetime64[D]")).astype(int)
        longer, unit = steps >= 6, "days"
    else:
        steps = np.diff(index.asi8)
        longer, unit = steps > 1, "periods"
    begins = np.flatnonzero(longer & (_run_lengths(longer) >= 4))
    if len(begins) == 0:
        return None
    return f"from {period_label(index[begins[0]])} on they are {steps[begins[0]]} {unit} apart"


def _run_lengths(flags: np.ndarray) -> np.ndarray:
    """For each place, how long the run of equal flags is in which it stands."""
    run = np.cumsum(np.diff(flags, prepend=flags[:1]) != 0)
    return np.bincount(run, minlength=1)[run]
