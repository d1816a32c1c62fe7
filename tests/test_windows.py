"""Histories and origins: where each begins and ends."""

import numpy as np
import pandas as pd
import pytest

from econdiff.windows import backtest_origins, edge_rows_of, history_at, with_same_edge


def test_history_ends_at_the_origin(panel):
    pd.testing.assert_frame_equal(history_at(panel, "1999Q4"), panel.loc[:"1999Q4"])


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


@pytest.mark.parametrize("order", [slice(None, None, -1), [0, 1, 1, 2]])
def test_of_rows_out_of_order_no_history_is_told(order):
    index = pd.period_range("2000Q1", periods=8, freq="Q")
    panel = pd.DataFrame({"a": np.arange(8.0)}, index=index).iloc[order]
    with pytest.raises(ValueError, match="not in the order of time"):
        history_at(panel, "2000Q2")


def test_histories_end_in_the_edge_of_the_panel(panel):
    ragged = panel.copy()
    ragged.iloc[-2:, 0] = np.nan
    ragged.iloc[-1, 1:] = np.nan
    ragged.iloc[-1, -1] = 7.0
    assert edge_rows_of(panel) == 0
    assert edge_rows_of(ragged) == 2
    origin, last = panel.index[10], panel.index[-3]
    histories = with_same_edge(ragged, [origin, last])
    assert list(histories) == [origin, last]
    np.testing.assert_array_equal(histories[origin].iloc[:11], panel.iloc[:11])
    after = histories[origin].iloc[11:]
    np.testing.assert_array_equal(after.notna(), ragged.iloc[-2:].notna())
    assert after.iloc[-1, -1] == panel.iloc[12, -1]
    pd.testing.assert_frame_equal(histories[last], ragged.astype(float))
    plain = with_same_edge(panel, [origin])[origin]
    pd.testing.assert_frame_equal(plain, history_at(panel, origin).astype(float))


def test_what_is_not_out_yet_changes_no_history(panel):
    ragged = panel.astype(float)
    ragged.iloc[-2:, 0] = np.nan
    origin = panel.index[10]
    before = with_same_edge(ragged, [origin])[origin]
    ragged.iloc[11:13, 0] += 1e6
    ragged.iloc[13:-2] += 1e6
    pd.testing.assert_frame_equal(before, with_same_edge(ragged, [origin])[origin])
