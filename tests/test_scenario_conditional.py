"""Conditional forecasts against closed forms, under each mode."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.bvar import BVAR
from econdiff.baselines.garch import GARCH
from econdiff.baselines.gaussian import LinearGaussian
from econdiff.baselines.var import VAR
from econdiff.report.scenario_figures import _pinned, two_fans
from econdiff.scenario import (
    Gaussian,
    Scenario,
    ScenarioError,
    ScenarioWarning,
    above_baseline,
    average,
    bind,
    cell,
    conditional,
    growth,
    parse_pin,
    plausibility,
    tilt,
)
from econdiff.scenario.plausibility import chi_square, rank
from econdiff.transforms import Transformed, fred_md
from econdiff.weighting import effective

A = np.array([[0.6, 0.1, -0.15], [0.05, 0.7, 0.1], [0.1, 0.2, 0.8]])
SHOCK = np.array([[1.0, 0.3, 0.2], [0.3, 1.0, 0.1], [0.2, 0.1, 1.0]])
NAMES = ("growth", "inflation", "rate")


def economy(rows=80, seed=0):
    rng = np.random.default_rng(seed)
    y = np.zeros((rows, 3))
    for t in range(1, rows):
        y[t] = A @ y[t - 1] + rng.multivariate_normal(np.zeros(3), SHOCK)
    index = pd.period_range("2000Q1", periods=rows, freq="Q")
    return pd.DataFrame(y, index=index, columns=list(NAMES))


def truth():
    return LinearGaussian(NAMES, np.vstack([np.zeros((1, 3)), A.T]), SHOCK)


def rng(seed=7):
    return np.random.default_rng(seed)


RATES = Scenario(tuple(cell("rate", k, 3.0) for k in (1, 2, 3, 4)))
LEVEL_AND_MEAN = Scenario((cell("rate", 8, 2.0), average("growth", [1, 2, 3, 4], -1.0)))


def closed(scenario, mode, horizon=8, sd=0.0):
    """Mean and covariance of the answer, by the precision form: nothing shared with the package."""
    mean, covariance = truth().path_moments(economy(), horizon)
    pins = bind(scenario, economy(), horizon).pins
    C, d, m = pins.matrix, pins.value, mean.ravel()
    if mode == "soft":
        precision = np.linalg.inv(covariance) + C.T @ C / sd**2
        left = np.linalg.inv(precision)
        return left @ (np.linalg.solve(covariance, m) + C.T @ d / sd**2), left
    hard = np.linalg.inv(np.linalg.inv(covariance) + C.T @ C / 1e-10)  # the limit of soft
    centre = hard @ (np.linalg.solve(covariance, m) + C.T @ d / 1e-10)
    slope = covariance @ C.T @ np.linalg.inv(C @ covariance @ C.T)
    return centre, hard + slope @ slope.T * sd**2


@pytest.mark.parametrize("scenario", [RATES, LEVEL_AND_MEAN], ids=["rates", "last and mean"])
@pytest.mark.parametrize(("mode", "sd"), [("hard", 0.0), ("soft", 0.5), ("density", 0.5)])
def test_a_gaussian_model_answers_by_its_closed_form(scenario, mode, sd):
    mean, covariance = closed(scenario, mode, sd=sd)
    told = scenario.with_sd(sd)
    answer = conditional(truth(), economy(), told, mode=mode, horizon=8, paths=4000, rng=rng())
    law = answer.law.gaussian().given(answer.told.pins, mode)
    np.testing.assert_allclose(law.mean, mean, atol=1e-6)
    np.testing.assert_allclose(law.covariance, covariance, atol=1e-6)
    drawn = answer.alternative.samples.reshape(4000, -1)
    size = np.sqrt(np.diag(covariance))
    assert (np.abs(drawn.mean(axis=0) - mean) < 5 * size / np.sqrt(4000) + 1e-6).all()
    free = size > 1e-3
    assert np.abs(drawn.std(axis=0)[free] / size[free] - 1).max() < 0.05


def test_hard_pins_hold_and_free_draws_stay_a_pair():
    answer = conditional(truth(), economy(), RATES, mode="hard", horizon=8, paths=500, rng=rng())
    np.testing.assert_allclose(answer.alternative.samples[:, :4, 2], 3.0, atol=1e-9)
    assert answer.diagnostics.largest_miss < 1e-9
    assert repr(answer).startswith("Conditional (hard): 500 paths, 8 steps 2020Q1 to 2021Q4, ")
    table = answer.difference().set_index(["series", "period"])
    paired = answer.alternative.samples - answer.baseline.samples
    noise = paired[:, 2, 0].std(ddof=1) / np.sqrt(500)
    assert abs(table.loc[("growth", "2020Q3"), "mean"] - paired[:, 2, 0].mean()) < 4 * noise


def test_a_pair_of_draws_has_the_error_of_its_difference():
    told = BVAR(lags=2).fit(economy())
    answer = conditional(told, economy(), RATES, mode="hard", horizon=8, paths=500, rng=rng())
    table = answer.difference().set_index(["series", "period"])
    paired = answer.alternative.samples - answer.baseline.samples
    row = table.loc[("growth", "2020Q3")]
    assert row["mean"] == pytest.approx(paired[:, 2, 0].mean())
    assert row["standard_error"] == pytest.approx(paired[:, 2, 0].std(ddof=1) / np.sqrt(500))
    # far ahead the pins decide little, so pairing pays: the noise is that of what they do decide
    apart = np.sqrt(2) * answer.baseline.samples[:, 7, 0].std() / np.sqrt(500)
    assert table.loc[("growth", "2021Q4"), "standard_error"] < 0.6 * apart


@pytest.mark.parametrize("model", [truth(), BVAR(lags=2).fit(economy())], ids=["VAR", "BVAR"])
def test_no_condition_is_the_unconditional_draw(model):
    plain = model.sample(economy(), horizon=5, paths=50, rng=rng())
    answer = conditional(model, economy(), Scenario(), mode="hard", horizon=5, paths=50, rng=rng())
    np.testing.assert_array_equal(answer.baseline.samples, plain.samples)
    np.testing.assert_array_equal(answer.alternative.samples, plain.samples)
    assert (answer.difference()["mean"] == 0).all()


def test_density_keeps_the_spread_of_the_baseline_unless_told():
    law = prior()
    pins = bind(RATES, economy(), 8).pins
    told = law.given(pins, "density")
    np.testing.assert_allclose(told.covariance, law.covariance, atol=1e-12)
    np.testing.assert_allclose(pins.matrix @ told.mean, pins.value, atol=1e-12)


def test_a_relative_pin_on_a_bvar_is_above_the_baseline_that_is_drawn():
    model = BVAR(lags=2).fit(economy())
    above = Scenario(above_baseline("rate", range(1, 9), 1.0))
    answer = conditional(model, economy(), above, mode="hard", horizon=8, paths=60, rng=rng())
    table = answer.difference().set_index("series")
    np.testing.assert_allclose(table.loc["rate", "mean"], 1.0, atol=1e-9)


def prior():
    mean, covariance = truth().path_moments(economy(), 8)
    return Gaussian(mean.ravel(), covariance)


def test_each_path_of_a_bvar_is_moved_by_its_own_law():
    model = BVAR(lags=2).fit(economy())
    answer = conditional(model, economy(), RATES, mode="hard", horizon=6, paths=60, rng=rng())
    np.testing.assert_allclose(answer.alternative.samples[:, :4, 2], 3.0, atol=1e-9)
    law = list(model.draws(60, rng()))[3]
    _, covariance = law.path_moments(economy(), 6)
    pins = answer.told.pins
    apart = answer.told.alternative[3] - answer.told.baseline[3]
    slope = covariance @ pins.matrix.T @ np.linalg.inv(pins.matrix @ covariance @ pins.matrix.T)
    missed = pins.value - pins.matrix @ answer.told.baseline[3]
    np.testing.assert_allclose(apart, slope @ missed, atol=1e-8)


def test_levels_are_met_through_growth_rates_with_a_ragged_edge():
    panel = economy()
    panel["growth"] = 100 * np.exp(0.01 * panel["growth"].cumsum())
    panel.iloc[-1, 0] = np.nan
    transforms = {"growth": fred_md(5, per_year=4), "inflation": fred_md(1), "rate": fred_md(1)}
    model = Transformed(VAR(lags=1), transforms).fit(panel)
    scenario = Scenario((cell("growth", "2021Q4", 110.0), growth("growth", 1, 3, -2.0)))
    answer = conditional(model, panel, scenario, mode="hard", horizon=8, paths=100, rng=rng())
    drawn = answer.alternative.samples[:, :, 0]
    np.testing.assert_allclose(drawn[:, 7], 110.0, rtol=1e-9)
    np.testing.assert_allclose(drawn[:, 2] / drawn[:, 0], 0.98, rtol=1e-9)
    edge = answer.alternative.nowcast
    assert edge is not None
    np.testing.assert_allclose(edge.samples[:, 0, 2], panel["rate"].iloc[-1], atol=1e-9)
    assert edge.samples[:, 0, 0].std() > 0


def test_the_picture_shows_the_ragged_edge_as_it_is_drawn():
    panel = economy()
    panel.iloc[-3:, 0] = np.nan
    said = Scenario((cell("growth", "2019Q4", 0.5), cell("rate", 1, 2.0)))
    answer = conditional(truth(), panel, said, mode="hard", horizon=4, paths=50, rng=rng())
    growth, _, rate = two_fans(answer).axes
    history, _, middle, mark = growth.lines
    known = panel["growth"].dropna()
    assert len(middle.get_xdata()) == 1 + 3 + 4
    assert middle.get_ydata()[0] == known.iloc[-1] == history.get_ydata()[len(known[-21:]) - 1]
    assert middle.get_ydata()[3] == mark.get_ydata()[0] == pytest.approx(0.5)
    assert mark.get_xdata()[0] == np.datetime64("2019-10-01")
    assert len(rate.lines[2].get_xdata()) == 1 + 4  # known to the last row


def test_relative_pins_move_the_mean_by_what_they_say():
    pins = above_baseline("rate", [1, 2, 3, 4], 1.0)
    answer = conditional(
        truth(), economy(), Scenario(pins), mode="hard", horizon=6, paths=10, rng=rng()
    )
    mean, _ = truth().path_moments(economy(), 6)
    expected = np.broadcast_to(mean[:4, 2] + 1, (10, 4))
    np.testing.assert_allclose(answer.alternative.samples[:, :4, 2], expected)
    moved = answer.difference().set_index("series")
    np.testing.assert_allclose(moved.loc["rate", "mean"].iloc[:4], 1.0, atol=1e-9)
    law = answer.law.gaussian()
    exact = (law.given(answer.told.pins).mean - law.mean).reshape(6, 3).T.ravel()
    np.testing.assert_allclose(moved["mean"], exact, atol=1e-9)
    np.testing.assert_allclose(moved["standard_error"], 0, atol=1e-9)


def test_conditionals_averaged_over_unconditional_pins_are_the_marginal():
    law, pins = prior(), bind(RATES, economy(), 8).pins
    given = law.given(pins)
    slope = law.gain(pins)
    seen = pins.matrix @ law.covariance @ pins.matrix.T
    np.testing.assert_allclose(given.covariance + slope @ seen @ slope.T, law.covariance, atol=1e-9)


def test_events_are_exact_by_bayes_rule():
    a, b = "rate > 1", "growth < -1 for 2"
    joint = [
        conditional(
            truth(), economy(), Scenario(events=(event,)), mode="event",
            horizon=6, paths=20_000, rng=rng(),
        )
        for event in (a, b)
    ]  # fmt: skip
    given_a, given_b = (plausibility(j, (a, b)) for j in joint)
    pa, pb = given_a.before[0].value, given_a.before[1].value
    assert given_a.after[1].value * pa == pytest.approx(given_b.after[0].value * pb, rel=1e-9)
    assert 0 < given_a.before[0].standard_error < 0.005
    # the resampled paths lie in the event, and weigh as they should
    assert (joint[0].alternative.samples[:, :, 2].max(axis=1) > 1).all()
    assert joint[0].diagnostics.effective == pytest.approx(20_000 * pa)


def test_an_event_on_top_of_pins_is_rejection_from_the_pinned_law():
    scenario = RATES + Scenario(events=("growth < -1 in 2020Q1",))
    answer = conditional(
        truth(), economy(), scenario, mode="hard", horizon=6, paths=4000, rng=rng()
    )
    np.testing.assert_allclose(answer.alternative.samples[:, :4, 2], 3.0, atol=1e-9)
    assert answer.alternative.samples[:, 0, 0].max() < -1
    table = answer.difference()
    assert table["low"].isna().all()
    # its density is that of the paths in the event, not that of the pins alone
    draws, law = answer.told.alternative, answer.law.gaussian()
    apart = draws.mean(axis=0) - law.mean
    exact = -apart @ np.linalg.solve(law.covariance, apart) / 2
    found = plausibility(answer)
    assert found.log_density_ratio == pytest.approx(exact)
    assert scenario.events[0] in found.verdict


def test_tilting_meets_its_moments_and_stays_nearest():
    # of N(0, 1) to the mean 0.7: the weights are exp(0.7 x), and so the law N(0.7, 1)
    x = np.random.default_rng(0).standard_normal((50_000, 1))
    weights = tilt(x, np.array([0.7]))
    assert weights @ x[:, 0] == pytest.approx(0.7, abs=1e-9)
    exact = np.exp(0.7 * x[:, 0])
    np.testing.assert_allclose(weights, exact / exact.sum(), rtol=0.15)
    assert effective(weights) == pytest.approx(50_000 * np.exp(-(0.7**2)), rel=0.05)


def test_tilting_a_gaussian_to_means_is_the_density_mode():
    # means only: relative entropy leaves the covariance alone, as density does without an sd
    scenario = Scenario((cell("rate", 4, 1.5),))
    settings = {"horizon": 6, "paths": 40_000}
    tilted = conditional(truth(), economy(), scenario, mode="tilt", rng=rng(), **settings)
    dense = conditional(truth(), economy(), scenario, mode="density", rng=rng(), **settings)
    ours, theirs = tilted.difference(), dense.difference()
    assert tilted.diagnostics.largest_miss < 1e-8
    errors = 4 * ours["standard_error"] + 1e-6
    assert (np.abs(ours["mean"] - theirs["mean"]) < errors).all()


@pytest.mark.parametrize("said", ["growth=120,125", "growth=baseline+2%", "growth(growth, 1, 3)=1"])
def test_tilting_a_series_in_logs_gives_its_values_the_stated_means(said):
    panel = economy()
    panel["growth"] = 100 * np.exp(0.01 * (panel["growth"] - panel["growth"].iloc[-1]).to_numpy())
    level = {"growth": fred_md(4), "inflation": fred_md(1), "rate": fred_md(1)}
    model = Transformed(VAR(lags=1), level).fit(panel)
    scale = panel["growth"].to_numpy()
    said = said.replace("120,125", f"{scale.mean() * 1.002},{scale.mean() * 1.003}")
    answer = conditional(
        model, panel, parse_pin(said), mode="tilt", horizon=3, paths=2000, rng=rng()
    )
    y = answer.baseline.samples[:, :, 0]
    means = answer.weights @ y
    if "baseline" in said:
        assert means[0] == pytest.approx(1.02 * y[:, 0].mean())
    elif "(" in said:
        assert answer.weights @ (y[:, 2] / y[:, 0]) == pytest.approx(1.01)
    else:
        np.testing.assert_allclose(means[:2], scale.mean() * np.array([1.002, 1.003]))


def test_impossible_requests_are_refused():
    def ask(scenario, mode, model=None):
        return conditional(
            model or truth(), economy(), scenario, mode=mode, horizon=2, paths=50, rng=rng()
        )

    everything = Scenario(tuple(cell(n, k, 0.0) for n in NAMES for k in (1, 2)))
    with pytest.raises(ScenarioError, match="all 6 cells are pinned"):
        ask(everything, "hard")
    with pytest.raises(ScenarioError, match="needs the deviation"):
        ask(Scenario((cell("rate", 1, 1.0),)), "soft")
    with pytest.raises(ScenarioError, match="the modes are hard, soft"):
        ask(Scenario(), "medium")
    with pytest.raises(ScenarioError, match="none of 50 paths lies in the event"):
        ask(Scenario((cell("rate", 1, 1.0),), ("rate > 99",)), "hard")
    with pytest.raises(ScenarioError, match="further than the draws go"):
        ask(Scenario((cell("rate", 1, 99.0),)), "tilt")
    with pytest.raises(ScenarioError, match="got 90; 90% is"):
        ask(Scenario((cell("rate", 1, 1.0),)), "hard").difference(coverage=90)
    with pytest.raises(ScenarioError, match="'retail', which is no series"):
        ask(Scenario(events=("retail > 9",)), "event")
    with pytest.raises(ScenarioError, match="cannot condition"):
        ask(Scenario((cell("rate", 1, 1.0),)), "hard", GARCH().fit(economy()))


def test_few_draws_are_warned_of():
    with pytest.warns(ScenarioWarning, match="effective draws"):
        conditional(
            BVAR().fit(economy()), economy(), Scenario(events=("rate > 4",)), mode="event",
            horizon=4, paths=200, rng=rng(),
        )  # fmt: skip


def test_plausibility_of_a_gaussian_is_chi_square():
    answer = conditional(
        truth(), economy(), parse_pin("rate=9,9"), mode="hard", horizon=4, paths=2000, rng=rng()
    )
    found = plausibility(answer)
    mean, covariance = truth().path_moments(economy(), 4)
    at = [2, 5]
    apart = 9 - mean.ravel()[at]
    distance = apart @ np.linalg.inv(covariance[np.ix_(at, at)]) @ apart
    assert found.distance == pytest.approx(distance)
    assert found.tail == pytest.approx(np.exp(-distance / 2))  # two degrees of freedom
    # the most plausible path that meets the pins is as far out as the pins are
    assert found.log_density_ratio == pytest.approx(-distance / 2)
    assert found.rank == 1.0
    assert found.outside == ("rate step 1", "rate step 2")
    assert "Kullback" not in str(found.to_dict())


def test_what_is_seen_twice_with_an_error_counts_as_seen_once_with_half_its_variance():
    twice = Scenario((cell("rate", 1, 9.0, 0.5), cell("rate", 1, 9.0, 0.5)))
    settings = {"mode": "soft", "horizon": 2, "paths": 200, "rng": rng()}
    found = plausibility(conditional(truth(), economy(), twice, **settings))
    mean, covariance = truth().path_moments(economy(), 2)
    apart = (9 - mean[0, 2]) ** 2 / (covariance[2, 2] + 0.5**2 / 2)
    assert found.distance == pytest.approx(apart)
    assert found.tail == pytest.approx(np.exp(-apart / 2))


@pytest.mark.parametrize("mode", ["hard", "soft"])
def test_rank_is_calibrated(mode):
    law, pins = prior(), bind(RATES.with_sd(1.0), economy(), 8).pins
    assert rank(law.draw(20_000, rng()), pins, mode) == pytest.approx(
        1 - chi_square(law, pins, mode)[1], abs=0.01
    )


@pytest.mark.parametrize("freq", ["QS", "B"])
def test_pins_are_marked_and_weighed_on_dates_too(freq):
    panel = economy()
    panel.index = pd.date_range(
        "2000-01-03" if freq == "B" else "2000-01-01", periods=80, freq=freq
    )
    both = Scenario((cell("rate", 2, 50.0), average("growth", [1, 2], 60.0)))
    answer = conditional(truth(), panel, both, mode="hard", horizon=3, paths=30, rng=rng())
    marks = _pinned(answer, answer.alternative, "rate")
    assert list(marks.index) == [answer.baseline.index[1]]
    assert marks.iloc[0] == pytest.approx(50)
    assert _pinned(answer, answer.alternative, "growth").empty  # an average is no single cell
    assert plausibility(answer).outside == ("rate step 2",)
