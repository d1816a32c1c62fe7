"""Pictures, read back from what was drawn."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from econdiff.forecast import Forecast
from econdiff.periods import steps_after
from econdiff.report.figures import fan, fans, pit_histograms, png, score_ratios, svg
from econdiff.report.risk import exceptions, losses
from econdiff.report.scenario_figures import changes, side_by_side
from econdiff.report.synth import memory_figure, paths_figure
from econdiff.risk.portfolio import Gains


def history(freq="Q", rows=60, names=("growth", "inflation")):
    if freq == "B":
        index = pd.bdate_range("2020-01-01", periods=rows).to_period("D")
    else:
        index = pd.period_range("2000-01-01", periods=rows, freq=freq)
    values = np.arange(rows * len(names), dtype=float).reshape(rows, -1)
    return pd.DataFrame(values, index=index, columns=list(names))


def forecast(past, horizon=4, paths=101):
    """Paths that fan out evenly on both sides of the last value: path k ends 50 - k from it."""
    spread = np.arange(paths) - paths // 2
    samples = past.ffill().iloc[-1].to_numpy() + np.broadcast_to(
        spread[:, None, None], (paths, horizon, past.shape[1])
    )
    return Forecast(
        samples, steps_after(past, horizon), tuple(past.columns), {"growth": "per cent"}
    )


def bands(axes):
    return [patch.get_paths()[0].vertices for patch in axes.collections]


@pytest.mark.parametrize("freq", ["Y", "Q", "M", "W-SUN", "B"])
def test_bands_start_at_the_last_observation_and_continue_its_dates(freq):
    past = history(freq)
    axes = fan(forecast(past), past).axes[0]
    line, median = axes.lines[0], axes.get_lines()[-1]
    last = line.get_xdata()[-1]
    assert median.get_xdata()[0] == last
    assert median.get_ydata()[0] == past["growth"].iloc[-1]
    assert (np.diff(median.get_xdata()).astype("timedelta64[D]").astype(int) > 0).all()
    for band in bands(axes):
        start = band[band[:, 0] == band[:, 0].min()]
        assert set(start[:, 1]) == {past["growth"].iloc[-1]}


def test_bands_hold_the_share_that_they_are_labelled_with():
    past = history()
    axes = fan(forecast(past), past).axes[0]
    last = past["growth"].iloc[-1]
    widths = [band[:, 1].max() - last for band in bands(axes)]
    assert widths == [45, 30, 15]  # of paths that end -50 ... 50 from the last value
    _, labels = axes.get_legend_handles_labels()
    assert labels == ["history", "90% of paths", "60% of paths", "30% of paths", "median"]


def test_a_history_of_other_series_is_refused_by_name():
    made = forecast(history())
    with pytest.raises(ValueError, match="no series inflation"):
        fan(made, history()[["growth"]])
    with pytest.raises(ValueError, match="to_frame"):
        fans({"model": made}, history()["growth"])


def test_a_series_that_ends_early_is_continued_from_its_own_last_value():
    past = history()
    past.iloc[-2:, 0] = np.nan
    axes = fan(forecast(past), past).axes[0]
    assert axes.get_lines()[-1].get_xdata()[0] == past.index[-3].to_timestamp().to_datetime64()


def test_the_nowcast_of_a_series_that_ends_early_is_in_its_fan_and_in_no_other():
    past = history()
    past.iloc[-2:, 0] = np.nan
    made = forecast(past)
    drawn = np.broadcast_to([[70.0, 117.0], [90.0, 119.0]], (101, 2, 2))
    made = replace(made, nowcast=Forecast(drawn, past.index[-2:], made.names))
    late, known = (axes.get_lines()[-1] for axes in fan(made, past).axes)
    assert late.get_ydata()[:4].tolist() == [114.0, 70.0, 90.0, 114.0]
    assert late.get_xdata()[1] == past.index[-2].to_timestamp().to_datetime64()
    assert known.get_ydata().tolist() == [119.0] * 5
    (dots,) = (line for line in fan(made, past).axes[0].lines if line.get_marker() == "o")
    assert dots.get_ydata().tolist() == [70.0, 90.0]
    pair = {"baseline": made, "conditional": made}
    steps = [len(axes.lines[1].get_xdata()) for axes in side_by_side(pair, past, {}, {}).axes]
    assert steps == [1 + 2 + 4, 1 + 4]


def test_gaps_stay_open_and_a_lone_value_is_a_dot():
    past = history()
    past.iloc[[-6, -8], 0] = np.nan
    axes = fan(forecast(past), past).axes[0]
    line, dots = axes.get_lines()[:2]
    assert np.isnan(line.get_ydata()).sum() == 2
    assert list(dots.get_ydata()) == [past.iloc[-7, 0]]


def test_units_stand_at_the_axis_and_names_above():
    past = history()
    figure = fan(forecast(past), past, title="Two series")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["growth", "inflation"]
    assert [axes.get_ylabel() for axes in figure.axes] == ["per cent", ""]
    assert figure.get_suptitle() == "Two series"


def test_every_series_has_its_panel_and_no_panel_is_empty():
    past = history(names=tuple("abcdefg"))
    assert len(fan(forecast(past), past).axes) == 7


def test_models_side_by_side_share_the_value_axis():
    past = history()
    wide = forecast(past)
    narrow = forecast(past, paths=11)
    figure = fans({"wide": wide, "narrow": narrow}, past, outcome=wide.mean())
    left, right = figure.axes[:2]
    assert left.get_ylim() == right.get_ylim()
    assert left.get_title(loc="left") == "growth: wide"
    assert "outcome" in left.get_legend_handles_labels()[1]


def test_pit_bars_are_shares_of_the_outcomes():
    figure = pit_histograms({"even": (np.arange(100) + 0.5) / 100, "low": np.zeros(10)})
    even, low = figure.axes
    assert [bar.get_height() for bar in even.patches[:10]] == [0.1] * 10
    assert low.patches[0].get_height() == 1


def test_a_figure_of_one_model_is_as_wide_as_the_page_and_not_blown_up():
    assert pit_histograms({"one": np.zeros(10)}).get_figwidth() == 7
    past = history()
    assert fans({"one": forecast(past)}, past).get_figwidth() == 7


def test_the_legend_of_losses_at_one_horizon_is_whole(rng):
    gains = Gains(0.01 * rng.normal(size=(500, 1, 1)), ("a",))
    risk = pd.DataFrame({"horizon": 1, "alpha": [0.01, 0.025, 0.05], "VaR": -0.02, "ES": -0.025})
    figure = losses(gains, pd.Series({"a": 1.0}), [1], risk)
    figure.draw_without_rendering()
    box, whole = figure.legends[0].get_window_extent(), figure.bbox
    assert len(figure.legends[0].get_texts()) == 6
    assert (box.x0 >= whole.x0, box.x1 <= whole.x1) == (True, True)


def test_synthetic_years_are_years_and_lags_whole(rng):
    years = pd.period_range("1960", periods=30, freq="Y")
    panel = SimpleNamespace(
        schema=SimpleNamespace(series=("gdp",), units={}),
        index=years,
        values=rng.normal(size=(3, 30, 1)),
    )
    made = SimpleNamespace(index=years, values=rng.normal(size=(2, 3, 30, 1)))
    figure = paths_figure(panel, made)
    figure.draw_without_rendering()
    labels = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert {"1960", "1980"} <= set(labels)
    assert all(label.isdigit() for label in labels)
    figure = memory_figure(panel, made)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["synthetic", "real"]
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert axes.get_xlabel() == "lag"
        assert all(float(tick).is_integer() for tick in axes.get_xticks())


def test_entities_from_the_smallest_to_the_largest_stand_beside_their_like(rng):
    years = pd.period_range("1990", periods=10, freq="Y")
    sizes = np.exp(np.arange(20.0) / 2)[:, None, None] * np.ones((1, 10, 1))
    panel = SimpleNamespace(
        schema=SimpleNamespace(series=("gdp",), units={"gdp": "dollars"}), index=years, values=sizes
    )
    made = SimpleNamespace(index=years, values=rng.permutation(sizes)[None])
    real, synthetic = paths_figure(panel, made).axes
    assert real.get_ylabel() == "dollars"
    assert real.get_yscale() == "log"  # else the small ones lie on the axis
    drawn = [[line.get_ydata()[0] for line in axes.lines] for axes in (real, synthetic)]
    assert drawn[0] == drawn[1]
    assert (drawn[0][0], drawn[0][-1]) == (sizes.min(), sizes.max())


def test_only_better_and_worse_are_filled():
    rows = [
        ("new", "gdp", 1, 0.9, 0.8, 1.0, "better"),
        ("new", "gdp", 2, 1.0, 0.8, 1.2, "comparable"),
        ("new", "gdp", 4, 1.4, 1.1, 1.7, "worse"),
        ("new", "gdp", 8, 1.1, np.nan, np.nan, "untested"),
    ]
    columns = ["model", "series", "step", "ratio", "low", "high", "verdict"]
    axes = score_ratios(pd.DataFrame(rows, columns=columns), reference="ar", score="CRPS").axes[0]
    marks = [line for line in axes.get_lines() if len(line.get_xdata()) == 1]
    assert [mark.get_markerfacecolor() == "white" for mark in marks] == [False, True, False, True]


def test_pictures_are_the_same_digits_each_time_and_carry_no_date():
    past = history(names=("$growth_{x}$", "a <script> & b"))
    first, second = (fan(forecast(past), past) for _ in range(2))
    assert svg(first) == svg(second)
    assert "<dc:date>" not in svg(first)
    assert png(first, 60) == png(second, 60)


def test_a_week_stands_at_its_end_in_every_picture():
    weeks = pd.period_range("2024-01-01", periods=6, freq="W-SUN")
    history = pd.DataFrame({"a": np.arange(4.0)}, index=weeks[:4])
    forecast = Forecast(np.zeros((10, 2, 1)), weeks[4:], ("a",))
    figures = (
        fan(forecast, history),
        side_by_side({"baseline": forecast, "conditional": forecast}, history, {}, {}),
        exceptions(pd.DataFrame(0.0, index=weeks, columns=["return", "VaR", "ES"]), 0.05),
    )
    for figure in figures:
        first = figure.axes[0].lines[0].get_xdata()[0]
        assert first == np.datetime64("2024-01-07")


def test_a_difference_is_drawn_in_the_units_of_its_series():
    index = pd.period_range("2024Q1", periods=2, freq="Q")
    units = {"rate": "per cent a year"}
    baseline = Forecast(np.zeros((10, 2, 1)), index, ("rate",), units)
    table = pd.DataFrame(
        {"series": "rate", "mean": 1.0, "standard_error": 0.1, "low": 0.0, "high": 2.0},
        index=[0, 1],
    )
    (axes,) = changes(table, baseline).axes
    assert axes.get_ylabel() == "per cent a year"


def test_a_history_that_goes_on_behind_the_forecast_is_drawn_up_to_it():
    whole = history()
    past = whole.iloc[:40]
    drawn = [fan(forecast(past), panel).axes[0] for panel in (past, whole)]
    for line, same in zip(*(axes.get_lines() for axes in drawn), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), same.get_xdata())
        np.testing.assert_array_equal(line.get_ydata(), same.get_ydata())


@pytest.mark.parametrize("how", ["start", "end"])
def test_an_outcome_is_found_by_its_dates_where_the_forecast_has_periods(how):
    whole = history()
    past = whole.iloc[:56]
    dated = whole.to_timestamp(how=how)
    came = [
        next(line for line in axes.get_lines() if line.get_label() == "outcome").get_ydata()
        for axes in (
            fan(forecast(past), past, outcome=whole).axes[0],
            fan(forecast(past), past, outcome=dated).axes[0],
            fan(forecast(dated.iloc[:56]), past, outcome=whole).axes[0],
        )
    ]
    for found in came:
        np.testing.assert_array_equal(found, whole["growth"].iloc[55:])


def test_an_outcome_that_has_not_come_is_not_in_the_legend():
    drawn = fan(forecast(history()), history(), outcome=history())
    assert "outcome" not in [text.get_text() for text in drawn.legends[0].get_texts()]


def test_days_with_a_time_zone_stand_where_their_own_calendar_has_them():
    past = history("B").to_timestamp().asfreq("B")
    drawn = [
        fan(forecast(panel), panel).axes[0].get_lines()[0].get_xdata()
        for panel in (past, past.tz_localize("Asia/Tokyo"))
    ]
    np.testing.assert_array_equal(*drawn)


def test_a_picture_shows_itself_in_a_notebook():
    from IPython.core.formatters import DisplayFormatter

    shown, _ = DisplayFormatter().format(forecast(history()).plot(history()))
    assert shown["image/png"].startswith(b"\x89PNG")


def test_a_fan_is_drawn_on_axes_of_the_users_own():
    past = history()
    own = Figure().subplots(1, 2)
    drawn = forecast(past).select("inflation").plot(past, axes=own[1])
    assert drawn is own[1]
    assert (own[1].get_title(), own[0].get_lines()[:]) == ("inflation", [])
    alone = fan(forecast(past).select("inflation"), past).axes[0]
    for line, same in zip(own[1].get_lines(), alone.get_lines(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), same.get_ydata())
    with pytest.raises(ValueError, match=r"forecast\.select\('growth'\)\.plot"):
        forecast(past).plot(past, axes=own[0])


def test_a_span_is_a_number_of_rows():
    with pytest.raises(ValueError, match="span must be at least 1, got 0"):
        fan(forecast(history()), history(), span=0)
