"""Conditions: what was given holds, and the rest follows as the normal law says."""

import numpy as np
import pandas as pd
import pytest
from test_synth_generators import known

from econdiff.scenario import Scenario, average, cell, growth, spread
from econdiff.scenario.statement import above_baseline
from econdiff.synth import Condition, GaussianPanel, PanelLaw, SynthError, read_entities
from econdiff.synth.condition import _regime


@pytest.fixture(scope="module")
def fitted():
    return GaussianPanel(PanelLaw(lags=1, rounds=1)).fit(known(entities=12, length=30))


def told(fitted, index=None, **columns):
    index = fitted.law.panel.index if index is None else index
    length = max(len(v) for v in columns.values())
    frame = pd.DataFrame({"month": index[:length].astype(str), **columns})
    return Condition.of(frame, fitted.law.panel.schema)


def test_a_given_aggregate_holds_and_so_do_the_identities(fitted):
    path = np.linspace(-1, 3, 10)
    condition = told(fitted, **{"all": path})
    made = fitted.sample(panels=3, rng=np.random.default_rng(0), condition=condition)
    place = made.schema.series.index("all")
    np.testing.assert_allclose(made.values[..., :10, place].mean(axis=1), [path] * 3, atol=1e-8)
    assert np.abs(made.schema.identities[0].residual(made.values, made.schema.series)).max() == 0


def test_one_entity_can_be_given_and_the_others_stay_free(fitted):
    condition = told(fitted, **{"a@e03": [5.0, np.nan, 4.0]})
    made = fitted.sample(panels=2, rng=np.random.default_rng(0), condition=condition)
    np.testing.assert_allclose(made.values[:, 2, [0, 2], 0], [[5, 4]] * 2, atol=1e-8)
    assert made.values[:, :2, 0, 0].std() > 0.1


def test_the_free_cells_have_the_conditional_law_of_a_normal():
    rng = np.random.default_rng(0)
    dates = pd.period_range("1990-01", periods=200, freq="M").astype(str)
    shocks = rng.standard_normal((200, 2)) @ np.array([[1, 0.7], [0, 0.7]])
    panel = read_entities(pd.DataFrame({"date": dates, "x": shocks[:, 0], "y": shocks[:, 1]}))
    fitted = GaussianPanel(PanelLaw(lags=1, rounds=1)).fit(panel)
    later = pd.period_range(panel.index[-1] + 1, periods=1, freq="M").astype(str)
    condition = Condition.of(pd.DataFrame({"date": later, "x": [2.0]}), panel.schema)
    draw = {"panels": 4000, "length": 1, "start": "last"}
    free = fitted.sample(**draw, rng=rng).values[:, 0, 0]
    given = fitted.sample(**draw, rng=rng, condition=condition).values[:, 0, 0]
    covariance = np.cov(free.T)
    slope = covariance[0, 1] / covariance[0, 0]
    mean = free[:, 1].mean() + slope * (2 - free[:, 0].mean())
    left = covariance[1, 1] - slope * covariance[0, 1]
    assert np.abs(given[:, 0] - 2).max() < 1e-8
    assert given[:, 1].mean() == pytest.approx(mean, abs=0.06)
    assert given[:, 1].var() == pytest.approx(left, rel=0.1)


def test_positive_series_meet_a_given_mean():
    panel = known(entities=12, length=20, mean=20.0).to_frame().drop(columns="all")
    panel[["a", "b"]] = np.exp(panel[["a", "b"]] / 20)
    read = read_entities(panel, entity="firm")
    assert read.schema.positive == ("a", "b")
    fitted = GaussianPanel(PanelLaw(lags=1, rounds=1)).fit(read)
    goal = 1.3 * np.nanmean(read.values[..., 0])
    condition = told(fitted, a=[goal] * 3)
    made = fitted.sample(panels=2, rng=np.random.default_rng(0), condition=condition)
    np.testing.assert_allclose(made.values[:, :, :3, 0].mean(axis=1), goal, rtol=1e-8)
    assert (made.values > 0).all()


def test_entities_can_be_described(fitted):
    statics = pd.DataFrame({"group": ["loud", "calm", "loud"]})
    condition = Condition.of(statics, fitted.law.panel.schema)
    made = fitted.sample(panels=30, rng=np.random.default_rng(0), condition=condition)
    assert list(made.statics[0]["group"]) == ["loud", "calm", "loud"]
    spread = np.diff(made.values[..., 0], axis=-1).std(axis=(0, 2))
    assert spread[0] > 1.5 * spread[1]


def test_a_shock_path_and_a_regime_are_obeyed(fitted):
    rng = np.random.default_rng(0)
    shocked = told(fitted, **{"shock a": [np.nan, 4.0]})
    free = [fitted.sample(panels=200, rng=np.random.default_rng(1)).values]
    moved = fitted.sample(panels=200, rng=np.random.default_rng(1), condition=shocked).values
    gap = (moved - free[0])[..., 0].mean(axis=(0, 1))
    deviation = np.sqrt(fitted.law.shocks.common_covariance[0, 0])
    assert np.abs(gap[0]) < 1e-9
    assert (gap[1] > 0) == (deviation > 1e-6)
    span = f"{fitted.law.panel.index[3]}:{fitted.law.panel.index[12]}"
    condition = told(fitted, regime=[span] * 20)
    made = fitted.sample(panels=2, rng=rng, condition=condition)
    assert np.isfinite(made.values).all()


def test_a_loud_regime_is_loud():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(200) * np.where(np.arange(200) < 100, 1, 4)
    dates = pd.period_range("1990-01", periods=200, freq="M").astype(str)
    panel = read_entities(pd.DataFrame({"date": dates, "x": x}))
    fitted = GaussianPanel(PanelLaw(lags=1, rounds=1)).fit(panel)
    spread = []
    for span in ("1990-06:1997-12", "1999-06:2006-08"):
        frame = pd.DataFrame({"date": dates, "regime": [span] * 200})
        condition = Condition.of(frame, panel.schema)
        made = fitted.sample(panels=20, rng=rng, condition=condition)
        spread.append(made.values[..., 10:, 0].std())
    assert spread[1] / spread[0] == pytest.approx(4, rel=0.25)


def test_a_scenario_of_forecasts_is_met_by_panels(fitted):
    index = fitted.law.panel.index
    said = (
        cell("all", 1, 1.5),
        average("a@e02", [str(index[3]), str(index[4])], 2.0),
        spread("a", "b", str(index[6]), -1.0),
    )
    told = Condition(scenario=Scenario(said))
    made = fitted.sample(panels=3, rng=np.random.default_rng(0), condition=told)
    a, b, total = np.moveaxis(made.values, -1, 0)
    np.testing.assert_allclose(total[:, :, 0].mean(axis=1), 1.5, atol=1e-8)
    np.testing.assert_allclose(a[:, 1, 3:5].mean(axis=1), 2.0, atol=1e-8)
    np.testing.assert_allclose((a - b)[:, :, 6].mean(axis=1), -1.0, atol=1e-8)
    assert made.provenance["conditions"] == 3


def test_growth_is_met_by_positive_series():
    panel = known(entities=12, length=20, mean=20.0).to_frame().drop(columns="all")
    panel[["a", "b"]] = np.exp(panel[["a", "b"]] / 20)
    fitted = GaussianPanel(PanelLaw(lags=1, rounds=1)).fit(read_entities(panel, entity="firm"))
    told = Condition(scenario=Scenario((growth("a", 4, 8, 10.0),)))
    made = fitted.sample(panels=2, rng=np.random.default_rng(0), condition=told).values
    mean = made[..., 0].mean(axis=1)
    np.testing.assert_allclose(mean[:, 7] / mean[:, 3], 1.10, rtol=1e-8)


def test_what_holds_give_or_take_a_deviation_has_the_law_of_both(fitted):
    last = {"panels": 3000, "length": 1, "start": "last"}
    free = fitted.sample(**last, rng=np.random.default_rng(0)).values[:, 0, 0, 0]
    goal, sd = free.mean() + 2.0, 0.7
    told = Condition(scenario=Scenario((cell("a@0", 1, goal, sd),)))
    held = fitted.sample(**last, rng=np.random.default_rng(1), condition=told).values[:, 0, 0, 0]
    variance = 1 / (1 / free.var() + 1 / sd**2)  # of two normal laws that both hold
    mean = variance * (free.mean() / free.var() + goal / sd**2)
    assert held.mean() == pytest.approx(mean, abs=0.06)
    assert held.var() == pytest.approx(variance, rel=0.12)


def test_above_the_baseline_is_above_what_is_expected(fitted):
    told = Condition(scenario=Scenario(above_baseline("a", [1], 2.0)))
    last = {"panels": 400, "length": 1, "start": "last"}
    free = fitted.sample(**last, rng=np.random.default_rng(0)).values[..., 0, 0].mean()
    held = fitted.sample(**last, rng=np.random.default_rng(1), condition=told).values[..., 0, 0]
    np.testing.assert_allclose(held.mean(axis=1), held.mean(), atol=1e-8)
    assert held.mean() - free == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (Scenario((cell("a", 99, 1.0),)), "which is not drawn"),
        (Scenario((cell("nothing", 1, 1.0),)), "no series 'nothing'"),
        (Scenario(events=("a < 0",)), "not events"),
    ],
)
def test_scenarios_that_cannot_be_are_refused(fitted, scenario, message):
    told, rng = Condition(scenario=scenario), np.random.default_rng(0)
    with pytest.raises(SynthError, match=message):
        fitted.sample(panels=1, rng=rng, condition=told)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"nothing": [1.0]}, "column 'nothing'"),
        ({"shock all": [1.0]}, "no shock to 'all'"),
        ({"a@nobody": [1.0]}, "no entity 'nobody'"),
        ({"regime": ["1950-01"]}, "outside the real panel"),
        ({"regime": ["boom"]}, "is no regime"),
        ({"regime": ["NaT"]}, "is no regime"),
        ({"regime": ["2001-01:"]}, "is no regime"),
        ({"a": [np.inf]}, "a = inf at 2000-01; give a finite number"),
        ({"shock a": ["much"]}, "shock a = much at 2000-01; give a finite number"),
    ],
)
def test_conditions_that_cannot_be_are_refused(fitted, columns, message):
    with pytest.raises(SynthError, match=message):
        fitted.sample(panels=1, rng=np.random.default_rng(0), condition=told(fitted, **columns))


@pytest.mark.parametrize(("value", "message"), [
    (0.0, "a = 0 at 2000-03; it is kept above 0"),
    (-5.0, "a = -5 at 2000-03; it is kept above 0"),
    (1e6, "less extreme ones"),
])  # fmt: skip
def test_values_that_a_positive_series_cannot_have_are_refused(value, message):
    panel = read_entities(
        known(entities=12, length=20, mean=20.0).to_frame().drop(columns="all"), entity="firm"
    )
    fitted = GaussianPanel(PanelLaw(lags=1, rounds=1)).fit(panel)
    told = Condition.of(pd.DataFrame({"month": ["2000-03"], "a": [value]}), panel.schema)
    with pytest.raises(SynthError, match=message):
        fitted.sample(panels=1, rng=np.random.default_rng(0), condition=told)


def test_a_year_is_all_of_its_periods_as_a_regime_and_none_as_a_date(fitted):
    schema = fitted.law.panel.schema
    loud, shift, own = _regime(fitted.law, "2001")
    for part, same in zip((loud, shift, own), _regime(fitted.law, "2001-01:2001-12"), strict=True):
        np.testing.assert_array_equal(part, same)
    with pytest.raises(SynthError, match="says 2001 in 'month', and the panel is monthly"):
        Condition.of(pd.DataFrame({"month": [2001], "a": [1.0]}), schema)
    with pytest.raises(SynthError, match="two columns of the condition are called 'a'"):
        Condition.of(pd.DataFrame([["2001-01", 1.0, 2.0]], columns=["month", "a", "a"]), schema)


def test_the_card_counts_shocks_and_regimes_too(fitted):
    later = fitted.law.panel.index[1:]
    condition = told(fitted, later, **{"a": [1.0], "shock b": [2.0], "regime": ["2001"]})
    made = fitted.sample(panels=1, rng=np.random.default_rng(0), condition=condition)
    assert made.provenance["conditions"] == 3
