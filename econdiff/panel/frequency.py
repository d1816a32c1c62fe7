"""How often: the frequency of a set of dates, and the periods that are missing from it."""

import numpy as np
import pandas as pd

from econdiff.panel.errors import PanelError

NAMES = {"D": "daily", "W": "weekly", "M": "monthly", "Q": "quarterly", "Y": "annual"}
_SPOKEN = {
    "D": ("D", "B", "DAILY", "BUSINESS", "DAY"),
    "W": ("W", "WEEKLY", "WEEK"),
    "M": ("M", "MS", "ME", "BM", "BMS", "BME", "MONTHLY", "MONTH"),
    "Q": ("Q", "QS", "QE", "BQ", "BQS", "BQE", "QUARTERLY", "QUARTER"),
    "Y": ("Y", "YS", "YE", "A", "AS", "BY", "BYE", "BYS", "ANNUAL", "ANNUALLY", "YEARLY", "YEAR"),
}
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_STEP_IN_DAYS = {"D": (1, 4), "W": (5, 9), "M": (27, 32), "Q": (88, 93), "Y": (360, 371)}
LONGEST_CLOSURE = 10  # weekdays; the longest market holidays known (lunar new year) are shorter


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


def infer_frequency(stamps: pd.DatetimeIndex) -> str:
    """One of D, W, M, Q, Y, from the usual step between distinct dates."""
    days = np.diff(np.unique(stamps.to_numpy().astype("datetime64[D]"))).astype(int)
    if len(days) == 0:
        raise PanelError("one date alone has no frequency; at least two rows are needed")
    usual = float(np.median(days))
    for letter, (low, high) in _STEP_IN_DAYS.items():
        if low <= usual <= high:
            return letter
    raise PanelError(
        f"the frequency cannot be told: the usual step between dates is {usual:g} days, "
        f"and steps from {days.min()} to {days.max()} days are there; supported are daily, "
        "weekly, monthly, quarterly and annual data. Say freq='M' (--freq M) if you know it"
    )


def to_periods(stamps: pd.DatetimeIndex, letter: str) -> pd.PeriodIndex:
    """The period that holds each date; a week is named by the weekday that most dates have."""
    if letter == "W":
        usual = np.bincount(stamps.day_of_week, minlength=7).argmax()
        return stamps.to_period(f"W-{_WEEKDAYS[usual]}")
    return stamps.to_period(letter)


def missing_periods(index: pd.PeriodIndex) -> pd.PeriodIndex:
    """Periods that a sorted index leaves out; of daily data only weekdays in long closures.

    Daily data that have Saturdays or Sundays run every day. Others may leave out up to
    LONGEST_CLOSURE weekdays in a row: markets close for holidays.
    """
    if not index.freqstr.startswith("D"):
        return pd.period_range(index[0], index[-1], freq=index.freq).difference(index)
    stamps = index.to_timestamp()
    weekends = (stamps.day_of_week >= 5).mean() > 0.1
    every = pd.date_range(stamps[0], stamps[-1], freq="D" if weekends else "B")
    absent = every.difference(stamps)
    if weekends or len(absent) == 0:
        return absent.to_period("D")
    position = every.get_indexer(absent)
    run = np.cumsum(np.diff(position, prepend=position[0] - 1) != 1)
    length = np.bincount(run)[run]
    return absent[length > LONGEST_CLOSURE].to_period("D")


def change_of_frequency(index: pd.PeriodIndex) -> str | None:
    """Where a sorted index goes on in longer steps than its own, at least four of them: words."""
    if index.freqstr.startswith("D"):
        steps = np.diff(index.to_timestamp().to_numpy()).astype("timedelta64[D]").astype(int)
        long = steps >= 6
    else:
        steps = np.diff(index.asi8)
        long = steps > 1
    run = 0
    for at, is_long in enumerate(long):
        run = run + 1 if is_long else 0
        if run == 4:
            unit = "days" if index.freqstr.startswith("D") else "periods"
            return f"from {index[at - 3]} on it goes in steps of {steps[at]} {unit}"
    return None
