"""What drives a conditional forecast, what news did, growth at risk, and events in words."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.quantile_regression import QuantReg

from econdiff.baselines.gaussian import LinearGaussian
from econdiff.baselines.var import VAR
from econdiff.commands.findings import _by_pin, _shares
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.training import Training
from econdiff.forecast import Forecast
from econdiff.scenario import (
    Scenario,
    ScenarioError,
    above_baseline,
    cell,
    conditional,
    occurs,
    plausibility,
    probability,
)
from econdiff.scenario.at_risk import at_risk, growth_at_risk, recession
from econdiff.scenario.attribution import drivers, sequential, shapley, shares
from econdiff.scenario.gap import gap
from econdiff.scenario.gaussian import Gaussian
from econdiff.scenario.news import drawn_news, news
from econdiff.transforms import Transformed, fred_md

NAMES = ["growth", "inflation", "rate"]
A = np.array([[0.6, 0.1, -0.15], [0.05, 0.7, 0.1], [0.1, 0.2, 0.8]])


def economy(rows=120):
    rng = np.random.default_rng(4)
    y = np.zeros((rows, 3))
    for t in range(1, rows):
        y[t] = A @ y[t - 1] + rng.standard_normal(3)
    return pd.DataFrame(y, index=pd.period_range("1995Q1", periods=rows, freq="Q"), columns=NAMES)


def truth():
    return LinearGaussian(tuple(NAMES), np.vstack([np.zeros((1, 3)), A.T]), np.eye(3))


def rng():
    return np.random.default_rng(0)


def test_contributions_add_up_to_the_shift_of_the_mean():
    panel = economy()
    panel["growth"] = 100 * np.exp(panel["growth"].cumsum() / 100)
    transforms = {"growth": fred_md(5, per_year=4), "inflation": fred_md(1), "rate": fred_md(1)}
    model = Transformed(VAR(lags=1), transforms).fit(panel)
    scenario = Scenario((cell("rate", 1, 2.0), cell("rate", 2, 2.5), cell("inflation", 4, -1.0)))
    answer = conditional(model, panel, scenario, mode="hard", horizon=6, paths=300, rng=rng())
    law, pins = answer.law.gaussian(), answer.told.pins
    table = drivers(law, answer.bound, pins)
    whole = table.groupby(["series", "period"], sort=False)["contribution"].sum()
    moved = (law.given(pins).mean - law.mean).reshape(6, 3)
    np.testing.assert_allclose(whole["rate"], moved[:, 2], atol=1e-9)
    np.testing.assert_allclose(whole["growth"], moved[:, 0].cumsum() / 4, atol=1e-9)  # 100 log
    by_series = table.groupby("pinned")["contribution"].sum()
    assert set(by_series.index) == {"rate", "inflation"}


def test_shapley_shares_are_fair_and_complete():
    worth = {(): 0.0, ("a",): 1.0, ("b",): 2.0, ("a", "b"): 6.0}
    found = shapley(lambda group: np.array(worth[tuple(sorted(group))]), ["a", "b"])
    assert {k: float(v) for k, v in found.items()} == {"a": 2.5, "b": 3.5}
    found = sequential(lambda group: np.array(worth[tuple(sorted(group))]), ["a", "b"])
    assert {k: float(v) for k, v in found.items()} == {"a": 1.0, "b": 5.0}


def test_shares_of_any_law_add_up():
    scenario = Scenario((cell("rate", 1, 2.0), cell("inflation", 1, 1.0)))
    answer = conditional(truth(), economy(), scenario, mode="hard", horizon=3, paths=200, rng=rng())
    table = shares(answer, paths=200, seed=0)
    whole = table.groupby(["series", "period"])["contribution"].sum()
    difference = answer.difference().set_index(["series", "period"])["mean"]
    pd.testing.assert_series_equal(whole.loc[difference.index], difference, check_names=False)
    assert set(table["how"]) == {"Shapley"}


def test_shares_are_refused_where_more_than_pins_is_assumed():
    pin, event = Scenario((cell("rate", 1, 0.5),)), Scenario(events=("rate > 0",))
    for mode, said in (
        ("event", event),
        ("hard", pin + event),
        ("tilt", pin),
        ("hard", Scenario()),
    ):
        answer = conditional(truth(), economy(), said, mode=mode, horizon=2, paths=400, rng=rng())
        with pytest.raises(ScenarioError, match="shares are of pins alone"):
            shares(answer, paths=50, seed=0)


def test_news_explains_the_whole_revision_of_a_gaussian_forecast():
    panel = economy()
    old = panel.iloc[:-2].copy()
    old.iloc[-1, 0] = np.nan  # growth is published late
    found = news(truth(), old, panel, horizon=4)
    assert len(found.releases[["series", "period"]].drop_duplicates()) == 7
    np.testing.assert_allclose(found.rest.to_numpy(), 0, atol=1e-9)
    moved = found.releases.groupby(["at", "target"])["contribution"].sum().unstack()
    ours = (found.new - found.old)[moved.columns]
    np.testing.assert_allclose(moved.to_numpy(), ours.to_numpy(), atol=1e-9)
    mean, _ = truth().path_moments(panel, 4)
    np.testing.assert_allclose(found.new.to_numpy(), mean, atol=1e-9)


def test_revisions_are_told_from_releases():
    panel = economy()
    old = panel.iloc[:-1].copy()
    old.iloc[-1, 0] = np.nan
    old.iloc[-2, 1] -= 0.7  # inflation of the period before was published lower
    found = news(truth(), old, panel, horizon=3)
    np.testing.assert_allclose(found.rest.to_numpy(), 0, atol=1e-9)
    parts = [
        table.groupby(["at", "target"])["contribution"].sum().unstack()[list(NAMES)]
        for table in (found.revisions, found.releases)
    ]
    np.testing.assert_allclose(sum(parts), found.new - found.old, atol=1e-9)
    # what was believed before: the law after the old vintage, the unknown cell filtered
    mean, _ = truth().path_moments(old, 4)
    np.testing.assert_allclose(found.old, mean[1:], atol=1e-9)
    assert set(found.revisions["series"]) == {"inflation"}
    mended = old.copy()
    mended.iloc[-2, 1] += 0.7
    after, _ = truth().path_moments(mended, 4)
    np.testing.assert_allclose(parts[0], (after - mean)[1:], atol=1e-9)
    assert news(truth(), panel.iloc[:-1], panel, horizon=3).revisions.empty


def test_a_cell_that_the_later_vintage_withdraws_is_a_revision():
    panel = economy()
    new = panel.copy()
    new.iloc[-1, 0] = np.nan  # known before, and not any more
    found = news(truth(), panel, new, horizon=2, edge=True)
    before, after = panel.iloc[[-1]].to_numpy(), truth().path_moments(panel, 2)[0]
    np.testing.assert_allclose(found.old, np.vstack([before, after]), atol=1e-9)
    np.testing.assert_allclose(found.new.iloc[1:], truth().path_moments(new, 2)[0], atol=1e-9)
    moved = found.revisions.groupby(["at", "target"])["contribution"].sum().unstack()
    np.testing.assert_allclose(moved[list(NAMES)], found.new - found.old, atol=1e-9)
    np.testing.assert_allclose(found.rest, 0, atol=1e-9)
    np.testing.assert_allclose(news(truth(), panel, new, horizon=2).old, after, atol=1e-9)


def test_news_needs_the_later_history_to_go_on_from_the_earlier():
    with pytest.raises(ScenarioError, match="must hold the periods of the old one"):
        news(truth(), economy(), economy().iloc[:-3], horizon=2)
    with pytest.raises(ScenarioError, match=r"lacks the series \['rate'\]"):
        news(truth(), economy()[["growth", "inflation"]], economy(), horizon=2)


def test_shares_add_up_to_the_shift_of_the_answer_itself():
    model = Diffusion(weights=None, training=Training(steps=0)).fit(economy())
    for pins in ((cell("rate", 1, 2.0),), (cell("rate", 1, 2.0), cell("inflation", 2, -1.0))):
        answer = conditional(
            model, economy(), Scenario(pins), mode="hard", horizon=2, paths=60, rng=rng()
        )
        table = shares(answer, paths=40, seed=3)
        whole = table.groupby(["series", "period"])["contribution"].sum()
        moved = answer.difference().set_index(["series", "period"])["mean"]
        np.testing.assert_allclose(whole[moved.index], moved, atol=1e-9)


def test_shares_in_closed_form_say_what_they_leave():
    pins = Scenario((cell("rate", 1, 2.0), cell("inflation", 2, -1.0)))
    answer = conditional(truth(), economy(), pins, mode="hard", horizon=2, paths=40, rng=rng())
    table = _shares(answer, _by_pin(answer), seed=0)
    assert set(table["pinned"]) == {"rate", "inflation", "(rest)"}
    whole = table.groupby(["series", "period"])["contribution"].sum()
    moved = answer.difference().set_index(["series", "period"])["mean"]
    np.testing.assert_allclose(whole[moved.index], moved, atol=1e-9)


def test_a_series_may_be_called_rest():
    names = {"rate": "rest"}
    law = LinearGaussian(("growth", "inflation", "rest"), truth().coefficients, truth().covariance)
    pins = Scenario((cell("rest", 1, 2.0),))
    answer = conditional(
        law, economy().rename(columns=names), pins, mode="hard", horizon=2, paths=40, rng=rng()
    )
    by_pin = _by_pin(answer)
    table = _shares(answer, by_pin, seed=0)
    found = table.loc[table["pinned"] == "rest", "contribution"]
    np.testing.assert_allclose(found, by_pin["contribution"], atol=1e-12)


def paths(values, names=("GDP", "UNRATE")):
    values = np.asarray(values, float)
    index = pd.period_range("2020Q1", periods=values.shape[1], freq="Q")
    return Forecast(values, index, names)


HISTORY = pd.DataFrame(
    {"GDP": [90.0, 100.0], "UNRATE": [4.0, 4.0]},
    index=pd.period_range("2019Q3", periods=2, freq="Q"),
)
TWO = paths(
    [
        [[99.0, 4.0], [98.0, 5.0], [99.0, 6.5]],  # two quarters of falling output
        [[101.0, 4.0], [100.0, 4.5], [102.0, 5.0]],
    ]
)


@pytest.mark.parametrize(
    ("event", "hit"),
    [
        ("growth(GDP) < 0 for 2", [True, False]),
        ("growth(GDP) < 0", [True, True]),
        ("UNRATE > 6", [True, False]),
        ("UNRATE > 6 in 2020Q1 to 2020Q2", [False, False]),
        ("UNRATE >= 4 always", [True, True]),
        ("mean(UNRATE) < 4.6", [False, True]),
        ("max(growth(GDP)) > 1.5", [False, True]),
        ("change(UNRATE) > 1.2 in 2020Q3", [True, False]),
        ("GDP - UNRATE < 93", [True, False]),
        ("UNRATE > 6 and GDP < 50 or mean(UNRATE) < 4.6", [False, True]),
    ],
)
def test_events_in_words_are_sets_of_paths(event, hit):
    assert occurs(event, TWO, HISTORY).tolist() == hit


@pytest.mark.parametrize(
    "event",
    [
        "GDP",
        "GDP = 3",
        "GPD < 0",
        "GDP < 0 for 9",
        "GDP < 0 in 1999Q1",
        "GDP < 0 in 2020Q2 to 2020Q1",
        "mean(GDP) < 1 for 2",
    ],
)
def test_events_that_mean_nothing_are_refused(event):
    with pytest.raises(ScenarioError):
        occurs(event, TWO, HISTORY)


def test_growth_starts_from_the_nowcast_where_the_forecast_has_one():
    behind = TWO.split(1)
    assert behind.nowcast is not None
    ragged = pd.concat([HISTORY, behind.nowcast.mean() * np.nan])
    # from 99 and from 101, where the path is in 2020Q1: not from 100, the last value known
    assert occurs("growth(GDP) < -0.99 in 2020Q2", behind, ragged).tolist() == [True, True]
    assert occurs("growth(GDP) < -1.5 in 2020Q2", behind, ragged).tolist() == [False, False]


def test_growth_at_a_ragged_edge_starts_where_the_path_is():
    panel = economy()
    panel["growth"] = 100 * np.exp(panel["growth"].cumsum() / 100)
    transforms = {"growth": fred_md(5, per_year=4), "inflation": fred_md(1), "rate": fred_md(1)}
    model = Transformed(VAR(lags=1), transforms).fit(panel)
    panel.iloc[-2:, 0] = np.nan
    event = "growth(growth) > 1 in 2025Q1"
    both = Scenario((cell("rate", 1, 2.0),), (event,))
    answer = conditional(model, panel, both, mode="hard", horizon=2, paths=400, rng=rng())
    judged, told = plausibility(answer), answer.told
    for found, draws in ((judged.before, told.baseline), (judged.after, told.alternative)):
        level = answer.bound.to_user(answer.cells(draws))[:, 1:3, 0]
        assert found[0].value == pytest.approx((level[:, 1] / level[:, 0] > 1.01).mean())
    assert judged.before[0].value < 0.7
    assert judged.after[0].value == pytest.approx(1)


def test_an_event_that_no_path_meets_keeps_an_error():
    found = probability("UNRATE > 50", TWO, HISTORY)
    assert (found.value, found.standard_error) == (0.0, 0.5)


def test_chosen_paths_are_worth_fewer_in_every_error():
    pins, event = Scenario((cell("rate", 1, 2.0),)), "growth < -0.5 in 2025Q1"
    found = []
    for seed in range(60):
        answer = conditional(
            truth(), economy(), pins + Scenario(events=(event,)), mode="hard", horizon=2,
            paths=300, rng=np.random.default_rng(seed),
        )  # fmt: skip
        chance, risk = plausibility(answer, ["rate > 2.2"]).after[0], at_risk(answer, "rate")
        found.append(
            [
                chance.value,
                chance.standard_error,
                *risk.loc[2, ["conditional", "conditional_error"]],
            ]
        )
    chance, error, median, apart = np.array(found).T
    assert chance.std() == pytest.approx(error.mean(), rel=0.3)
    assert median.std() == pytest.approx(apart.mean(), rel=0.3)


def test_growth_at_risk_stands_beside_the_regression_of_statsmodels():
    panel = economy(400)
    forecast = truth().sample(panel, horizon=4, paths=20_000, rng=rng())
    table = growth_at_risk(forecast, panel, "growth", ["rate"])
    y = panel["growth"].rolling(4).mean().shift(-4).to_numpy()[:-4]
    x = np.column_stack([np.ones(396), panel[["growth", "rate"]].to_numpy()[:-4]])
    last = np.array([1.0, *panel[["growth", "rate"]].iloc[-1]])
    for q, found in zip(table["quantile"], table["regression"], strict=True):
        assert found == pytest.approx(last @ QuantReg(y, x).fit(q=q).params, abs=0.02)
    mean, covariance = truth().path_moments(panel, 4)
    exact = mean[:, 0].mean(), np.sqrt(covariance[::3, ::3].sum()) / 4
    low = exact[0] - 1.6449 * exact[1]
    assert table["paths"].iloc[0] == pytest.approx(low, abs=4 * table["standard_error"].iloc[0])
    assert table["regression"].iloc[0] == pytest.approx(low, abs=0.6)


def test_growth_at_risk_does_not_join_the_two_sides_of_a_gap():
    panel = economy(300)
    panel.iloc[100:160, 0] = np.nan
    answer = conditional(truth(), panel, Scenario((cell("rate", 1, 2.0),)), mode="hard", horizon=4,
                         paths=100, rng=rng())  # fmt: skip
    table = at_risk(answer, "growth", ["rate"])
    y = panel["growth"].rolling(4).mean().shift(-4)
    x = pd.DataFrame({"one": 1.0, "growth": panel["growth"], "rate": panel["rate"]})
    used = y.notna() & x.notna().all(axis=1)
    assert used.sum() == 300 - 60 - 4 - 4
    for q, found in zip(table["quantile"], table["regression"], strict=True):
        line = QuantReg(y[used], x[used]).fit(q=q, max_iter=2000).params
        assert found == pytest.approx(x.iloc[-1] @ line, abs=0.005)


def test_growth_at_risk_at_a_ragged_edge_is_of_the_horizon():
    panel = economy(200)
    panel.iloc[-2:, 0] = np.nan
    answer = conditional(
        truth(), panel, Scenario((cell("rate", 1, 2.0),)), mode="hard", horizon=3, paths=300,
        rng=rng(),
    )  # fmt: skip
    table = at_risk(answer, "growth")
    averages = answer.baseline.samples[:, :, 0].mean(axis=1)
    np.testing.assert_allclose(table["baseline"], np.quantile(averages, table["quantile"]))
    known = panel["growth"].iloc[:-2]
    y = known.rolling(3).mean().shift(-5).to_numpy()[:-5]  # periods 3 to 5 from where it is known
    x = np.column_stack([np.ones(193), known.to_numpy()[:-5]])
    for q, found in zip(table["quantile"], table["regression"], strict=True):
        line = QuantReg(y, x).fit(q=q).params
        assert found == pytest.approx(line @ [1, known.iloc[-1]], abs=0.02)


def test_published_figures_do_not_make_a_scenario_less_plausible():
    panel = economy()
    panel.iloc[-2:, 0] = np.nan
    panel.iloc[-2:, 2] += 6.0  # a surprise of the past
    expected = Scenario(above_baseline("rate", [1], 0.0))
    answer = conditional(truth(), panel, expected, mode="hard", horizon=3, paths=100, rng=rng())
    assert plausibility(answer).log_density_ratio == pytest.approx(0, abs=0.1)


def test_the_gap_to_another_gaussian_is_its_other_centre_and_volatility():
    panel, pins = economy(), Scenario((cell("rate", 1, 2.0), cell("rate", 3, 2.5)))
    answer = conditional(truth(), panel, pins, mode="hard", horizon=4, paths=8000, rng=rng())
    other = VAR(lags=1).fit(panel)
    mean, covariance = other.path_moments(panel, 4)
    table = gap(answer, Gaussian(mean.ravel(), covariance))
    parts = table[["centre", "volatility", "shape"]].sum(axis=1)
    np.testing.assert_allclose(parts, table["gap"], atol=1e-9)
    theirs = conditional(other, panel, pins, mode="hard", horizon=4, paths=10, rng=rng())
    given = theirs.law.gaussian().given(theirs.told.pins).mean.reshape(4, 3).T.ravel()
    np.testing.assert_allclose(table["gaussian"], given, atol=1e-9)
    # both laws are Gaussian: what is not noise is centre and volatility
    assert (table["shape"].abs() < 5 * table["standard_error"] + 0.02).all()
    assert (table["gap"].abs() > 5 * table["standard_error"] + 0.02).any()
    own = gap(answer)
    assert (own["gap"].abs() < 4.5 * own["standard_error"] + 1e-9).all()


def test_growth_at_risk_of_a_level_is_that_of_its_growth():
    panel = economy()
    panel["output"] = 100 * np.exp(panel.pop("growth").cumsum() / 400)
    codes = {"output": fred_md(5, per_year=4), "inflation": fred_md(1), "rate": fred_md(1)}
    model = Transformed(VAR(lags=1), codes).fit(panel)
    pins = Scenario((cell("rate", 1, 6.0), cell("rate", 2, 6.0)))
    answer = conditional(model, panel, pins, mode="hard", horizon=4, paths=2000, rng=rng())
    table = at_risk(answer, "output", ["rate"]).set_index("quantile")
    for kind, forecast in (("baseline", answer.baseline), ("conditional", answer.alternative)):
        end = forecast.samples[:, -1, list(forecast.names).index("output")]
        growth = 400 * np.log(end / panel["output"].iloc[-1]) / 4
        assert table.loc[0.05, kind] == pytest.approx(np.quantile(growth, 0.05), abs=1e-9)
    assert table.loc[0.05, "regression"] < table.loc[0.95, "regression"]
    assert recession(answer, "output") == "growth(output) < 0 for 2"
    assert recession(answer, "rate") == "rate < 0 for 2"
    with pytest.raises(ScenarioError, match="no series 'wages' to look at"):
        at_risk(answer, "wages")


def test_drawn_news_adds_up_to_the_exact_news():
    panel = economy()
    model = VAR(lags=1).fit(panel)
    ragged = panel.iloc[:-1].copy()
    ragged.iloc[-1, 0] = np.nan  # known later, with the next row
    exact = news(model, ragged, panel, horizon=2)
    whole = exact.releases.groupby(["target", "at"], sort=False)["contribution"].sum()
    for most in (4, 1):
        table = drawn_news(model, ragged, panel, horizon=2, paths=4000, seed=0, most=most)
        assert set(table["how"]) == {"Shapley" if most == 4 else "sequential"}
        assert table["release"].nunique() == 4
        total = table.groupby(["series", "period"], sort=False)["contribution"].sum()
        np.testing.assert_allclose(total.to_numpy(), whole.to_numpy(), atol=0.1)
