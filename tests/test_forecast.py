"""The currency: what a Forecast says of its own samples, and which periods follow a history."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from econdiff.arguments import check_draws
from econdiff.baselines import BASELINES
from econdiff.forecast import Forecast, some_names
from econdiff.panel.frequency import infer_frequency
from econdiff.periods import period_labels, steps_after
from econdiff.scenario.ahead import periods_of
from econdiff.transforms import Transformed


@pytest.fixture
def forecast():
    samples = np.arange(11.0)[:, None, None] * np.ones((1, 2, 2)) * [1, 10]
    return Forecast(samples, pd.period_range("2024Q1", periods=2, freq="Q"), ("a", "b"))


def test_quantiles_and_bands_of_a_known_sample(forecast):
    assert forecast.quantile(0.5).loc["2024Q1"].tolist() == [5, 50]
    low, high = forecast.interval(0.8)
    assert low["a"].tolist() == pytest.approx([1, 1])
    assert high["a"].tolist() == pytest.approx([9, 9])
    assert forecast.summary().query("series == 'b'")["q10"].tolist() == pytest.approx([10, 10])


def test_long_form_keeps_every_draw_in_its_place(forecast):
    frame = forecast.to_frame()
    assert list(frame.columns) == ["path", "period", "series", "value"]
    cell = frame.query("path == 3 and period == '2024Q2' and series == 'b'")
    assert cell["value"].tolist() == [30]
    assert len(frame) == 11 * 2 * 2


@pytest.mark.parametrize("q", [[0.05, 0.95], 5, -0.1, float("nan"), "median"])
def test_a_quantile_is_of_one_level(forecast, q):
    with pytest.raises(ValueError, match=r"q is one number from 0 to 1, got .*pd\.concat"):
        forecast.quantile(q)


def test_select_keeps_paths_joint(forecast):
    assert forecast.select("b").samples[:, 0, 0].tolist() == [10.0 * k for k in range(11)]
    with pytest.raises(KeyError, match="no series"):
        forecast.select("c")
    with pytest.raises(KeyError, match=r"select\(\*names\)"):
        forecast.select(["a", "b"])


def test_a_nowcast_is_the_first_steps_of_the_same_paths(forecast):
    apart = forecast.split(1)
    assert apart.nowcast is not None
    assert [*map(str, apart.nowcast.index), *map(str, apart.index)] == ["2024Q1", "2024Q2"]
    np.testing.assert_array_equal(apart.nowcast.samples, forecast.samples[:, :1])
    np.testing.assert_array_equal(apart.joined().samples, forecast.samples)
    assert apart.joined().index.equals(forecast.index)
    one = apart.select("b").nowcast
    assert one is not None
    assert one.names == ("b",)
    assert forecast.split(0).nowcast is None
    assert forecast.joined() is forecast


def test_a_nowcast_of_other_paths_is_refused(forecast):
    fewer = replace(forecast, samples=forecast.samples[:3])
    with pytest.raises(ValueError, match="the paths and the series of its forecast"):
        replace(forecast, nowcast=fewer)


def test_samples_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match="samples must be"):
        Forecast(np.zeros((5, 3, 2)), pd.period_range("2024Q1", periods=2, freq="Q"), ("a", "b"))


@pytest.mark.parametrize(
    ("last", "freq", "labels"),
    [
        ("2023Q4", "Q", ["2024Q1", "2024Q2"]),
        ("2023-12", "M", ["2024-01", "2024-02"]),
        ("2023", "Y", ["2024", "2025"]),
        ("2023-12-31", "W", ["2024-01-07", "2024-01-14"]),
    ],
)
def test_the_next_periods_follow_the_last(last, freq, labels):
    index = pd.period_range(end=last, periods=30, freq=freq)
    history = pd.DataFrame({"y": np.zeros(30)}, index=index)
    assert period_labels(steps_after(history, 2)) == labels


def test_dates_that_carry_no_frequency_go_on_in_their_rhythm():
    ends = pd.date_range("2023-01-31", periods=12, freq="ME")
    history = pd.DataFrame({"y": np.zeros(12)}, index=pd.DatetimeIndex(ends.to_list()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert period_labels(steps_after(history, 2)) == ["2024-01-31", "2024-02-29"]
        assert str(periods_of(history.index)[-1]) == "2023-12"


def test_markets_skip_the_weekend_and_crypto_does_not():
    business = pd.bdate_range(end="2024-03-01", periods=30)  # a Friday
    everyday = pd.date_range(end="2024-03-01", periods=30)
    holiday = business.delete(10)
    for days, following in [
        (business, ["2024-03-04", "2024-03-05"]),
        (holiday, ["2024-03-04", "2024-03-05"]),
        (everyday, ["2024-03-02", "2024-03-03"]),
    ]:
        for index in (days, days.to_period("D")):
            history = pd.DataFrame({"y": np.zeros(len(index))}, index=index)
            assert period_labels(steps_after(history, 2)) == following


def test_dates_with_a_time_zone_are_read_without_a_warning():
    stamps = pd.date_range("2020-01-01", periods=30, freq="MS", tz="Europe/Berlin")
    assert infer_frequency(pd.DatetimeIndex(stamps.to_list())) == "M"


def test_a_horizon_of_zero_is_refused(panel):
    with pytest.raises(ValueError, match="at least 1"):
        steps_after(panel, 0)


@pytest.mark.parametrize("count", [2.0, "2", None, True])
def test_steps_and_paths_are_whole_numbers(panel, rng, count):
    with pytest.raises(TypeError, match=f"horizon must be a whole number, got {count!r}"):
        steps_after(panel, count)
    with pytest.raises(TypeError, match=f"paths must be a whole number, got {count!r}"):
        check_draws(count, rng)


def test_what_a_notebook_shows_is_a_line(panel, rng):
    fitted = Transformed(BASELINES["rw"]()).fit(panel)
    drawn = fitted.sample(panel, horizon=8, paths=10, rng=rng)
    assert repr(fitted) == "RandomWalk fitted to growth, inflation"
    assert repr(drawn) == "Forecast: 10 paths, 8 steps 2025Q1 to 2026Q4, growth, inflation"
    assert some_names(list("abcdefgh")) == "a, b, c, d, e, f and 2 more"


def test_an_option_that_a_picture_has_not_is_named(forecast):
    with pytest.raises(TypeError, match=r"plot\(\) got an unexpected keyword argument 'ax'"):
        forecast.plot(ax=None)
