"""Bringing series to one frequency: exact values, and periods that are not whole."""

import numpy as np
import pandas as pd
import pytest

from econdiff.data.alignment import align
from econdiff.data.errors import FrequencyError


def run(values, start, own, freq, how):
    series = pd.Series(values, pd.period_range(start, periods=len(values), freq=own), dtype=float)
    panel, _ = align({"x": series}, freq=freq, aggregation={"x": how})
    return {str(period): value for period, value in panel["x"].items()}


@pytest.mark.parametrize(("how", "known"), [("mean", 5.0), ("last", 6.0), ("sum", 15.0)])
def test_a_quarter_needs_its_three_months(how, known):
    # February to August: only the second quarter is whole
    values = run([2, 3, 4, 5, 6, 7, 8], "2020-02", "M", "Q", how)
    assert values == {"2020Q2": known}


def test_a_missing_month_makes_a_mean_missing_but_not_the_last():
    values = [1, np.nan, 3, 4, 5, 6]
    assert run(values, "2020-01", "M", "Q", "mean") == {"2020Q2": 5}
    assert run(values, "2020-01", "M", "Q", "last") == {"2020Q1": 3, "2020Q2": 6}
    assert run([1, 2, np.nan, 4, 5, 6], "2020-01", "M", "Q", "last") == {"2020Q2": 6}


def test_a_month_that_the_index_leaves_out_counts_as_missing():
    series = pd.Series(
        [1.0, 3, 4, 5, 6],
        pd.PeriodIndex(["2020-01", "2020-03", "2020-04", "2020-05", "2020-06"], freq="M"),
    )
    panel, _ = align({"x": series}, freq="Q", aggregation={"x": "sum"})
    assert panel["x"].to_dict() == {pd.Period("2020Q2"): 15}


def test_holidays_are_passed_over_in_daily_series():
    days = pd.bdate_range("2024-01-02", "2024-02-29").to_period("D")
    series = pd.Series(np.arange(len(days), dtype=float), days)
    series["2024-01-15"] = np.nan  # a holiday
    panel, _ = align({"x": series}, freq="M", aggregation={"x": "mean"})
    january = series[:"2024-01-31"]
    assert panel["x"].iloc[0] == january.mean()
    assert len(panel) == 2  # Thursday 29 February is the month's last weekday


def test_a_running_month_of_daily_values_is_not_known_yet():
    days = pd.bdate_range("2024-01-02", "2024-02-28").to_period("D")
    panel, _ = align({"x": pd.Series(1.0, days)}, freq="M", aggregation={"x": "last"})
    assert [str(period) for period in panel.index] == ["2024-01"]


def test_a_week_belongs_to_the_month_in_which_it_ends():
    weeks = pd.period_range("2024-01-06", periods=13, freq="W-SAT")  # ends 6 January to 30 March
    panel, made = align({"x": pd.Series(1.0, weeks)}, freq="M", aggregation={"x": "sum"})
    assert panel["x"].tolist() == [4, 4, 5]
    assert made == {"x": "sum"}


def test_weeks_with_different_last_days_become_calendar_weeks():
    wednesdays = pd.Series(1.0, pd.period_range("2024-01-03", periods=5, freq="W-WED"))
    saturdays = pd.Series(2.0, pd.period_range("2024-01-06", periods=5, freq="W-SAT"))
    series = {"a": wednesdays, "b": saturdays}
    panel, _ = align(series, freq=None, aggregation=dict.fromkeys(series, "last"))
    assert panel.index.freqstr == "W-SUN"
    assert panel.notna().all().all()


def test_one_weekly_series_keeps_its_weeks():
    weeks = pd.period_range("2024-01-06", periods=5, freq="W-SAT")
    panel, made = align({"x": pd.Series(1.0, weeks)}, freq=None, aggregation={"x": "mean"})
    assert panel.index.freqstr == "W-SAT"
    assert made == {"x": ""}


def test_gaps_inside_stay_as_rows_and_edges_go():
    months = pd.PeriodIndex(["2020-01", "2020-02", "2020-05", "2020-06"], freq="M")
    series = pd.Series([np.nan, 1, 2, np.nan], months)
    panel, _ = align({"x": series}, freq=None, aggregation={"x": "mean"})
    assert [str(p) for p in panel.index] == ["2020-02", "2020-03", "2020-04", "2020-05"]


def test_later_values_change_no_earlier_period(rng):
    days = pd.bdate_range("2020-01-01", "2021-06-30").to_period("D")
    series = pd.Series(rng.normal(size=len(days)), days)
    whole, _ = align({"x": series}, freq="Q", aggregation={"x": "mean"})
    cut, _ = align({"x": series[:"2021-02-11"]}, freq="Q", aggregation={"x": "mean"})
    pd.testing.assert_frame_equal(cut, whole.iloc[: len(cut)])
    assert str(cut.index[-1]) == "2020Q4"


def test_a_frequency_cannot_be_raised():
    quarters = pd.Series(1.0, pd.period_range("2020Q1", periods=4, freq="Q"))
    with pytest.raises(FrequencyError, match="'x' has frequency Q"):
        align({"x": quarters}, freq="M", aggregation={"x": "mean"})
