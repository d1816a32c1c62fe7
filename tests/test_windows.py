"""Histories, futures, origins and training windows: where each begins and ends."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from econdiff.windows import backtest_origins, future_after, held_out_windows, history_at, windows


def test_history_ends_at_the_origin_and_the_future_begins_after_it(panel):
    history, future = history_at(panel, "1999Q4"), future_after(panel, "1999Q4", 3)
    assert str(history.index[-1]) == "1999Q4"
    assert [str(period) for period in future.index] == ["2000Q1", "2000Q2", "2000Q3"]
    pd.testing.assert_frame_equal(pd.concat([history, future]), panel.loc[:"2000Q3"])


def test_rows_after_the_origin_change_nothing_before_it(panel):
    before = history_at(panel, "1999Q4")
    origins = backtest_origins(panel, horizon=4, count=5)
    panel.loc["2000Q1":] = np.nan
    pd.testing.assert_frame_equal(history_at(panel, "1999Q4"), before)
    assert backtest_origins(panel, horizon=4, count=5).equals(origins)


def test_a_history_can_be_changed_without_changing_the_panel(panel):
    before = panel.copy()
    history = history_at(panel, "1999Q4")
    history.iloc[-1] = 99.0
    pd.testing.assert_frame_equal(panel, before)


def test_a_date_index_is_cut_as_well(panel):
    dated = panel.set_axis(panel.index.to_timestamp(), axis=0)
    assert history_at(dated, "1999-10-01").index[-1] == pd.Timestamp("1999-10-01")


def test_origins_are_the_latest_whose_future_is_in_the_panel(panel):
    origins = backtest_origins(panel, horizon=4, count=3, step=2)  # the panel ends in 2024Q4
    assert [str(origin) for origin in origins] == ["2022Q4", "2023Q2", "2023Q4"]


def test_origins_reach_back_to_the_first_asked_for_or_to_the_minimum(panel):
    assert str(backtest_origins(panel, horizon=1, minimum=60)[0]) == "1989Q4"
    assert str(backtest_origins(panel, horizon=1, first="2001Q1")[0]) == "2001Q1"
    assert len(backtest_origins(panel, horizon=8, minimum=60)) == 200 - 8 - 60 + 1


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        ({"horizon": 150}, "no origin is left: 200 rows, of which the history needs 60"),
        ({"horizon": 4, "count": 200}, "ask for 137"),
        ({"horizon": 0}, "horizon must be at least 1"),
        ({"horizon": 1, "first": "1950Q1"}, "no row 1950Q1; its 200 rows run from 1975Q1"),
    ],
)
def test_origins_that_cannot_be_are_refused(panel, ask, message):
    with pytest.raises(ValueError, match=message):
        backtest_origins(panel, **ask)


def test_a_future_beyond_the_panel_is_refused(panel):
    with pytest.raises(ValueError, match="2 rows after 2024Q3 are needed and 1 are there"):
        future_after(panel, "2024Q3", 2)


def test_windows_hold_each_stretch_once():
    past, future = windows(np.arange(6), 3, 2)
    np.testing.assert_array_equal(past, [[0, 1, 2], [1, 2, 3]])
    np.testing.assert_array_equal(future, [[3, 4], [4, 5]])


def test_windows_keep_series_apart(panel):
    values = panel.to_numpy()
    past, future = windows(values, 24, 8)
    assert past.shape == (169, 24, 2)
    np.testing.assert_array_equal(past[5], values[5:29])
    np.testing.assert_array_equal(future[5], values[29:37])


@given(
    rows=st.integers(40, 120),
    length=st.integers(1, 12),
    horizon=st.integers(1, 12),
    share=st.floats(0.05, 0.5),
)
def test_no_row_of_a_held_out_future_is_trained_on(rows, length, horizon, share):
    past, future = windows(np.arange(rows), length, horizon)
    try:
        train, held = held_out_windows(len(past), horizon, share)
    except ValueError:
        return  # too few windows, refused
    assert max(past[train].max(), future[train].max()) < future[held].min()
    assert future[held].max() == rows - 1


def test_too_few_windows_to_hold_some_out_are_refused():
    with pytest.raises(ValueError, match="leaves none to train on"):
        held_out_windows(8, horizon=8, share=0.2)
    with pytest.raises(ValueError, match=r"24 \+ 8 rows does not fit into 30"):
        windows(np.zeros(30), 24, 8)
