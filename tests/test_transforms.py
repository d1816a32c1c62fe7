"""Transforms undo themselves exactly, are chosen by rule, and meet what is already known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from econdiff.forecast import Forecast
from econdiff.periods import steps_after
from econdiff.transforms import (
    Difference,
    GrowthChange,
    Transformed,
    TransformedForecaster,
    choose,
    fred_md,
    periods_per_year,
)

CODES = range(1, 8)
levels = arrays(float, 30, elements=st.floats(0.5, 2.0))


@dataclass(frozen=True)
class Steps:
    """A random walk in model units, whose steps have the covariance given: a law we know."""

    covariance: np.ndarray

    def fit(self, panel):
        return self

    def sample(self, history, *, horizon, paths, rng):
        zero = np.zeros(len(self.covariance))
        steps = rng.multivariate_normal(zero, self.covariance, (paths, horizon))
        samples = history.to_numpy()[-1] + steps.cumsum(axis=1)
        return Forecast(samples, steps_after(history, horizon), tuple(history.columns))


@dataclass(frozen=True)
class White(Steps):
    """Independent draws with the covariance given."""

    def sample(self, history, *, horizon, paths, rng):
        zero = np.zeros(len(self.covariance))
        samples = rng.multivariate_normal(zero, self.covariance, (paths, horizon))
        return Forecast(samples, steps_after(history, horizon), tuple(history.columns))


def quarters(**columns):
    rows = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=pd.period_range("1960Q1", periods=rows, freq="Q"))


@pytest.mark.parametrize("code", CODES)
@given(values=levels)
def test_the_way_back_returns_the_path_that_went_in(code, values):
    transform = fred_md(code)
    path = transform.to_model(values)[20:]
    back = transform.invert(np.stack([path, path]), values[:20])
    np.testing.assert_allclose(back, [values[20:], values[20:]], rtol=1e-9)


@pytest.mark.parametrize("code", CODES[:-1])
@given(values=levels)
def test_the_linear_way_back_agrees_with_the_way_back(code, values):
    transform = fred_md(code, per_year=4)
    path = transform.to_model(values)[20:]
    offset, matrix = transform.linear(values[:20], 10)
    np.testing.assert_allclose(offset + matrix @ path, transform.link(values[20:]), atol=1e-9)


@pytest.mark.parametrize(
    ("code", "values", "expected"),
    [
        (1, [3.0, 5.0], [3, 5]),
        (2, [3.0, 5.0, 4.0], [np.nan, 2, -1]),
        (3, [3.0, 5.0, 4.0], [np.nan, np.nan, -3]),
        (4, [1.0, np.e], [0, 1]),
        (5, [1.0, np.e, 1.0], [np.nan, 1, -1]),
        (6, [1.0, np.e, 1.0], [np.nan, np.nan, -2]),
        (7, [1.0, 2.0, 6.0], [np.nan, np.nan, 1]),
    ],
)
def test_codes_of_fred_md(code, values, expected):
    np.testing.assert_allclose(fred_md(code).to_model(np.array(values)), expected)


def test_one_per_cent_a_quarter_is_four_at_an_annual_rate():
    growth = fred_md(5, per_year=4)
    values = np.exp(0.01 * np.arange(5))
    np.testing.assert_allclose(growth.to_model(values)[1:], 4.0)
    assert growth.units == "per cent, annual rate"
    assert fred_md(5, per_year=1).units == "per cent"


def test_a_missing_value_leaves_its_neighbours_unknown_and_no_other():
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0])
    np.testing.assert_array_equal(fred_md(2).to_model(values), [np.nan, 1, np.nan, np.nan, 1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fred_md(8), "run from 1 to 7, got 8"),
        (lambda: Difference(order=3), "order must be 0, 1 or 2"),
        (lambda: Difference(scale=0.0), "scale must be a positive number"),
        (lambda: fred_md(5).to_model(np.array([1.0, 0.0])), r"got 0.*--transform NAME=2"),
        (lambda: GrowthChange().to_model(np.array([1.0, 0.0])), "other than 0.*--transform NAME=2"),
        (lambda: GrowthChange().linear(np.ones(3), 2), "pinned.*--transform NAME=6"),
        (lambda: fred_md(6).invert(np.zeros(2), np.array([1.0, np.nan, 2.0])), "last 2 values"),
    ],
)
def test_what_cannot_be_transformed_says_so(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_rule_tells_quantities_from_rates():
    rng = np.random.default_rng(1)
    shocks = rng.normal(size=(6, 400))
    slow, fast = np.zeros((2, 400))
    for t in range(1, 400):
        slow[t] = 0.97 * slow[t - 1] + 0.3 * shocks[0, t]
        fast[t] = 0.5 * fast[t - 1] + 0.1 * shocks[1, t]
    panel = quarters(
        gdp=5000 * np.exp(np.cumsum(0.007 + 0.008 * shocks[2])),
        prices=10 * np.exp(np.cumsum(0.005 + 0.004 * shocks[3])),
        unemployment=6 + slow,
        spread=slow - 1,
        starts=1500 * np.exp(fast),
        oil=40 * np.exp(np.cumsum(0.1 * shocks[4])),
        debt=np.cumsum(-1 + 0.5 * shocks[5]),
    )
    chosen = choose(panel)
    assert chosen["gdp"] == chosen["prices"] == chosen["oil"] == fred_md(5, per_year=4)
    assert chosen["unemployment"] == chosen["spread"] == fred_md(1)
    assert chosen["starts"] == fred_md(4)
    assert chosen["debt"] == fred_md(2)


def test_the_rule_takes_daily_returns_of_prices_and_changes_of_yields():
    rng = np.random.default_rng(2)
    shocks = rng.normal(size=(4, 3000))
    fear = np.zeros(3000)
    for t in range(1, 3000):
        fear[t] = 0.95 * fear[t - 1] + 0.07 * shocks[2, t]
    days = pd.bdate_range("2010-01-01", periods=3000).to_period("D")
    columns = {
        "stock": 100 * np.exp(np.cumsum(0.0003 + 0.01 * shocks[0])),
        "yield": 4 + 0.02 * np.cumsum(shocks[1]),
        "fear": 20 * np.exp(fear),
        "returns": shocks[3],
    }
    chosen = choose(pd.DataFrame(columns, index=days))
    assert chosen["stock"] == Difference(order=1, log=True, scale=100.0, units="per cent")
    assert chosen["yield"] == fred_md(2)
    assert chosen["fear"] == fred_md(4)
    assert chosen["returns"] == fred_md(1)


@given(cut=st.integers(40, 90), seed=st.integers(0, 9))
def test_rows_after_the_last_one_given_play_no_part_in_the_choice(cut, seed):
    rng = np.random.default_rng(seed)
    panel = quarters(y=np.exp(rng.normal(0.005, 0.01, 100).cumsum()), r=rng.normal(size=100))
    before = choose(panel.iloc[:cut])
    panel.iloc[cut:] = -1e6
    assert choose(panel.iloc[:cut]) == before


def test_a_series_without_values_yet_is_named():
    with pytest.raises(ValueError, match="series 'r' has no value up to 1974Q4"):
        choose(quarters(y=np.arange(60.0), r=np.full(60, np.nan)))


def test_a_forecast_is_in_the_users_units_and_in_model_units(rng):
    panel = quarters(y=100 * 1.01 ** np.arange(80), r=np.linspace(1, 5, 80) % 3)
    panel.attrs["units"] = {"y": "billions", "r": "per cent"}
    model = Transformed(Steps(np.zeros((2, 2))), {"y": fred_md(5, per_year=4), "r": fred_md(1)})
    forecaster = model.fit(panel)
    user, inside = forecaster.sample_both(panel, horizon=4, paths=3, rng=rng)
    growth = panel["y"].iloc[-1] * 1.01 ** np.arange(1, 5)
    np.testing.assert_allclose(user.samples[:, :, 0], [growth] * 3)
    np.testing.assert_allclose(inside.samples[:, :, 0], 400 * np.log(1.01))
    assert user.units == {"y": "billions", "r": "per cent"}
    assert inside.units == {"y": "per cent, annual rate", "r": "per cent"}
    assert [str(period) for period in user.index] == ["1980Q1", "1980Q2", "1980Q3", "1980Q4"]
    assert inside.index.equals(user.index)


def test_months_do_not_go_on_with_a_model_of_quarters(rng):
    panel = quarters(y=100 * 1.01 ** np.arange(80))
    model = Transformed(Steps(np.zeros((1, 1))), {"y": fred_md(5)})
    forecaster = model.fit(panel)
    months = panel.set_axis(pd.period_range("2000-01", periods=80, freq="M"))
    for other in (months, months.to_timestamp()):
        with pytest.raises(ValueError, match="fitted to quarterly rows, and these are monthly"):
            forecaster.sample(other, horizon=2, paths=3, rng=rng)
    dated = panel.to_timestamp(how="end")
    assert forecaster.sample(dated, horizon=2, paths=3, rng=rng).horizon == 2


def test_to_user_takes_model_units_back(rng):
    panel = quarters(y=100 * 1.01 ** np.arange(80))
    forecaster = Transformed(Steps(np.ones((1, 1))), {"y": fred_md(6)}).fit(panel)
    user, inside = forecaster.sample_both(panel, horizon=5, paths=4, rng=rng)
    np.testing.assert_allclose(forecaster.to_user(inside, panel).samples, user.samples)
    joined = pd.concat([panel, user.mean()])
    assert len(forecaster.to_model(joined)) == len(joined) - 2


def ragged_walks():
    """Two correlated walks; `late` lacks its last two quarters."""
    panel = quarters(early=np.arange(60.0), late=np.arange(60.0) ** 1.1)
    panel.loc["1974Q3":, "late"] = np.nan
    return panel


def test_a_ragged_edge_is_drawn_given_what_is_known():
    # late | early: mean moves by cov/var of what early moved; the variance is what is left
    covariance = np.array([[1.0, 1.2], [1.2, 4.0]])
    panel = ragged_walks()
    model = Transformed(White(covariance), {"early": fred_md(2), "late": fred_md(2)})
    rng = np.random.default_rng(3)
    forecast = model.fit(panel).sample(panel, horizon=1, paths=40_000, rng=rng)
    late = forecast.samples[:, 0, 1] - panel["late"].dropna().iloc[-1]
    early = forecast.samples[:, 0, 0] - panel["early"].iloc[-1]
    left = 4.0 - 1.2**2
    # early moved by 1 in each quarter; tolerances are four standard errors
    assert forecast.nowcast is not None
    known, drawn = (
        forecast.nowcast.samples.swapaxes(0, 2) - panel.iloc[-3].to_numpy()[:, None, None]
    )
    np.testing.assert_allclose(known, [[1.0] * 40_000, [2.0] * 40_000], atol=1e-9)
    np.testing.assert_allclose(drawn.mean(axis=1), [1.2, 2.4], atol=0.05)
    np.testing.assert_allclose(np.cov(drawn), left * np.array([[1, 1], [1, 2]]), rtol=0.04)
    assert forecast.nowcast.index.equals(panel.index[-2:])
    assert late.mean() == pytest.approx(1.2 + 1.2, abs=0.10)
    assert late.var() == pytest.approx(2 * left + 4.0, rel=0.03)
    assert early.mean() == pytest.approx(0.0, abs=0.03)
    assert early.var() == pytest.approx(1.0, rel=0.03)
    assert [str(period) for period in forecast.index] == ["1975Q1"]


def test_the_nowcast_in_model_units_is_the_same_paths():
    panel = ragged_walks() + 1
    panel.loc["1974Q4", "early"] = np.nan
    panel.loc["1974Q4", "late"] = 60.0  # known again behind a hole
    model = Transformed(White(np.eye(2) / 100), {"early": fred_md(5), "late": fred_md(6)})
    rng = np.random.default_rng(3)
    user, inside = model.fit(panel).sample_both(panel, horizon=2, paths=30, rng=rng)
    back = model.fit(panel).to_user(inside.joined(), panel[:-2])
    np.testing.assert_allclose(back.samples, user.joined().samples)
    assert user.nowcast is not None
    shown = np.broadcast_to(panel[-2:].to_numpy(), (30, 2, 2))
    known = np.isfinite(shown)
    np.testing.assert_allclose(user.nowcast.samples[known], shown[known])


def test_steps_behind_a_ragged_edge_of_days_with_holidays_keep_their_frequency(rng):
    days = pd.bdate_range("2024-01-01", periods=60).delete([20, 55])
    panel = pd.DataFrame({"a": np.arange(58.0), "b": np.arange(58.0)}, index=days)
    panel.iloc[-1, 0] = np.nan
    model = Transformed(White(np.eye(2)), {"a": fred_md(2), "b": fred_md(2)}).fit(panel)
    forecast = model.sample(panel, horizon=2, paths=5, rng=rng)
    assert pd.DatetimeIndex(forecast.index).freqstr == "B"
    assert forecast.nowcast is not None
    assert forecast.nowcast.index.equals(days[-1:])


def test_a_complete_panel_has_no_nowcast(rng):
    panel = ragged_walks()[:-2]
    model = Transformed(White(np.eye(2)), {"early": fred_md(2), "late": fred_md(2)})
    assert model.fit(panel).sample(panel, horizon=1, paths=5, rng=rng).nowcast is None


def test_a_known_level_carries_through_a_ragged_edge_without_noise(rng):
    panel = ragged_walks()
    still = np.diag([0.0, 1.0])
    forecaster = TransformedForecaster(White(still), {"early": fred_md(1), "late": fred_md(2)})
    samples = forecaster.sample(panel, horizon=1, paths=500, rng=rng).samples
    np.testing.assert_allclose(samples[:, 0, 0], 0.0, atol=1e-9)
    assert samples[:, 0, 1].var() == pytest.approx(3.0, rel=0.3)


def test_a_series_that_ended_long_ago_is_refused(rng):
    panel = ragged_walks()
    panel.loc["1965Q1":, "late"] = np.nan
    forecaster = Transformed(White(np.eye(2)), {"early": fred_md(2), "late": fred_md(2)}).fit(panel)
    with pytest.raises(ValueError, match="'late' is known in 0 of them, the last time at 1964Q4"):
        forecaster.sample(panel, horizon=1, paths=5, rng=rng)


def test_a_series_known_in_every_other_row_is_told_so_and_not_that_it_ended(rng):
    panel = ragged_walks()
    panel.loc[panel.index.quarter % 2 == 0, "late"] = np.nan
    forecaster = TransformedForecaster(White(np.eye(2)), {"early": fred_md(1), "late": fred_md(3)})
    with pytest.raises(
        ValueError, match=r"no 2 rows in a row have all .* 'late' is known in 11 of"
    ):
        forecaster.sample(panel, horizon=1, paths=5, rng=rng)


def test_a_series_without_a_transform_or_without_logs_is_named():
    panel = quarters(y=np.arange(60.0), r=np.arange(60.0))
    with pytest.raises(ValueError, match=r"no transform for the series \['r'\]"):
        Transformed(Steps(np.eye(2)), {"y": fred_md(1)}).fit(panel)
    with pytest.raises(ValueError, match="series 'r': a logarithm needs values above 0, got 0"):
        Transformed(Steps(np.eye(2)), {"y": fred_md(1), "r": fred_md(5)}).fit(panel)


@pytest.mark.parametrize(
    ("freq", "per_year"),
    [("BME", 12), ("BMS", 12), ("BQE", 4), ("BQS-FEB", 4), ("BYE", 1), ("B", 252), ("W-FRI", 52)],
)
def test_business_months_quarters_and_years_are_none_of_days(freq, per_year):
    index = pd.date_range("2001-01-01", periods=40, freq=freq)
    assert periods_per_year(index) == per_year
    assert periods_per_year(pd.DatetimeIndex(list(index))) == per_year  # inferred


def test_last_trading_days_are_months_where_a_holiday_moves_one():
    days = pd.date_range("2001-01-01", periods=40, freq="BME").to_list()
    days[14] -= pd.Timedelta(days=1)
    assert periods_per_year(pd.DatetimeIndex(days)) == 12


def test_dates_of_no_known_rhythm_are_refused():
    index = pd.date_range("2001-01-01", periods=40, freq="WOM-3FRI")
    with pytest.raises(ValueError, match="no frequency that is known"):
        periods_per_year(index)
