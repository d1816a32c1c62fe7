"""Periods: those that follow a history, and how each is written."""

from typing import Any

import numpy as np
import pandas as pd

from econdiff.arguments import check_count


def steps_after(history: pd.DataFrame, horizon: int) -> pd.PeriodIndex | pd.DatetimeIndex:
    """The `horizon` periods that follow `history`, in the kind of its own index.

    Daily histories without a Saturday or Sunday go on over business days; those with
    weekends go on over calendar days.
    """
    check_count("horizon", horizon)
    index = history.index
    if isinstance(index, pd.PeriodIndex):
        if index.freqstr == "D" and _business_days_only(index.to_timestamp()):
            days = pd.bdate_range(index[-1].to_timestamp(), periods=horizon + 1)
            start = 1 if days[0] == index[-1].to_timestamp() else 0
            return days[start : start + horizon].to_period("D")
        return pd.period_range(index[-1] + 1, periods=horizon, freq=index.freq)
    if not isinstance(index, pd.DatetimeIndex):
        raise TypeError(
            f"history needs a PeriodIndex or a DatetimeIndex, got {type(index).__name__}; "
            "read it with econdiff.panel.read_panel"
        )
    freq = index.freq or pd.DatetimeIndex(index, freq="infer").freq
    if freq is None:
        if _looks_daily(index) and _business_days_only(index):
            freq = "B"
        else:
            raise ValueError(
                "history's DatetimeIndex has no frequency and none can be inferred; "
                "read it with econdiff.panel.read_panel, or say history.asfreq(...)"
            )
    return pd.date_range(index[-1], periods=horizon + 1, freq=freq)[1:]


def joined_index(first: pd.Index, then: pd.Index) -> pd.PeriodIndex | pd.DatetimeIndex:
    """The periods of two indices of one kind, one behind the other."""
    index = first.append(then)
    if not isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        raise TypeError(f"periods are needed, got {type(index).__name__}")
    return index


def period_label(moment: Any) -> str:
    """A period or a date as ISO text: 2024, 2024Q1, 2024-01, 2024-01-31; a week by its last day."""
    if isinstance(moment, pd.Period):
        return f"{moment.end_time:%Y-%m-%d}" if moment.freqstr[0] == "W" else str(moment)
    return f"{moment:%Y-%m-%d}"


def period_labels(index: pd.PeriodIndex | pd.DatetimeIndex) -> list[str]:
    """Each period of `index` as `period_label` writes it."""
    return [period_label(moment) for moment in index]


def _looks_daily(index: pd.DatetimeIndex) -> bool:
    return len(index) > 2 and bool(np.median(np.diff(index.to_numpy())) == np.timedelta64(1, "D"))


def _business_days_only(index: pd.DatetimeIndex) -> bool:
    return bool((index.day_of_week < 5).all())
