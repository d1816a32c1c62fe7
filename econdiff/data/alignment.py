"""Series of several frequencies as one panel, by an aggregation that is said.

A period of the panel is known only when it is whole: a quarter's mean needs its three
months, a month's mean of daily values needs days up to the month's end. Missing days in
daily series (holidays) are passed over; a missing week, month or quarter makes a mean or
a sum missing. Nothing is ever brought to a higher frequency: that would make up values.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from econdiff.data.errors import FrequencyError
from econdiff.panel.frequency import parse_frequency

Aggregation = Literal["mean", "last", "sum"]
AGGREGATIONS = ("mean", "last", "sum")
_RANK = {"D": 0, "W": 1, "M": 2, "Q": 3, "Y": 4}
_FIRST_DAYS = 4  # days that New Year and a weekend may take from the start of a month


def align(
    series: Mapping[str, pd.Series],
    *,
    freq: str | None,
    aggregation: Mapping[str, Aggregation],
) -> tuple[pd.DataFrame, dict[str, str]]:
    """The panel at `freq` (D, W, M, Q or Y; None: the lowest frequency among the series).

    Each series has a PeriodIndex of its own frequency. Also gives back how each was
    aggregated ("" where it already had the frequency). Rows in which nothing is known
    are dropped at both ends, and everywhere in daily panels.
    """
    target = _target(series, freq)
    columns = {name: _to_frequency(s, target, aggregation[name]) for name, s in series.items()}
    panel = pd.DataFrame(columns)
    rows = panel.index[panel.notna().any(axis=1)]
    if not target.startswith("D") and len(rows):
        rows = pd.period_range(rows[0], rows[-1], freq=target)
    panel = panel.reindex(rows.rename("period"))
    made = {name: "" if _freq(s) == target else aggregation[name] for name, s in series.items()}
    return panel, made


def _freq(series: pd.Series) -> str:
    if not isinstance(series.index, pd.PeriodIndex):
        raise TypeError(f"a series to align needs a PeriodIndex, got {type(series.index).__name__}")
    return series.index.freqstr


def _target(series: Mapping[str, pd.Series], freq: str | None) -> str:
    found = {name: _freq(s) for name, s in series.items()}
    lowest = max((own[0] for own in found.values()), key=lambda letter: _RANK[letter])
    letter = parse_frequency(freq) if freq else lowest
    for name, own in found.items():
        if _RANK[own[0]] > _RANK[letter]:
            raise FrequencyError(
                f"series {name!r} has frequency {own[0]} and cannot be brought to the higher "
                f"frequency {letter} without making up values; "
                f"ask for freq={own[0]!r} (--freq {own[0]}) or leave it out"
            )
    if letter == "W":
        weeks = {own for own in found.values() if own.startswith("W")}
        return weeks.pop() if len(weeks) == 1 else "W-SUN"
    return {"Q": "Q-DEC", "Y": "Y-DEC"}.get(letter, letter)


def _to_frequency(series: pd.Series, target: str, how: Aggregation) -> pd.Series:
    """`series` at the lower frequency `target`; periods that are not whole are missing."""
    own = _freq(series)
    if own == target:
        return series
    if series.notna().sum() == 0:
        return series.iloc[:0].set_axis(pd.PeriodIndex([], freq=target))
    daily = own.startswith("D")
    if not daily:
        series = series.reindex(pd.period_range(series.index[0], series.index[-1], freq=own))
    groups = series.groupby(pd.PeriodIndex(series.index).asfreq(target, how="end"))
    values = groups.last() if how == "last" else getattr(groups, how)()
    if daily:
        missing = groups.count() == 0
    elif how == "last":
        missing = groups.tail(1).isna().to_numpy()
    else:
        missing = groups.size() != groups.count()
    return values.where(~np.asarray(missing) & _whole(series, pd.PeriodIndex(values.index)))


def _whole(series: pd.Series, periods: pd.PeriodIndex) -> np.ndarray:
    """Whether the series reaches from the start to the end of each period."""
    known = pd.PeriodIndex(series.dropna().index)
    starts, ends = periods.asfreq("D", how="start"), periods.asfreq("D", how="end")
    if known.freqstr.startswith("D"):
        slack = 1 if periods.freqstr.startswith("W") else _FIRST_DAYS
        first, last = known[0], known[-1]
        if not (known.day_of_week >= 5).any():
            ends = ends - np.maximum(ends.day_of_week - 4, 0)  # back to the Friday
    elif known.freqstr.startswith("W"):  # the weeks that end in the period
        slack = 6
        first, last = known[0].asfreq("D", how="end"), (known[-1] + 1).asfreq("D", how="end") - 1
    else:
        slack = 0
        first, last = known[0].asfreq("D", how="start"), known[-1].asfreq("D", how="end")
    return np.asarray((first <= starts + slack) & (last >= ends))
