"""Measures and portfolios against laws whose VaR and ES are known, and sums that must add up."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from econdiff.commands.portfolios import read_weights
from econdiff.forecast import Forecast
from econdiff.risk import measures
from econdiff.risk.portfolio import (
    Gains,
    contributions,
    equal_weights,
    factor_contributions,
    gains,
    price_gains,
    risk_table,
)
from econdiff.risk.prices import returns_of, suspicious

COVARIANCE = np.array([[1.0, 0.3, 0.1], [0.3, 2.0, -0.2], [0.1, -0.2, 0.5]])
HELD = pd.Series([0.6, -0.3, 0.7], index=["a", "b", "c"], name="p")
ALPHA = 0.025


def forecast_of(samples):
    index = pd.period_range("2024-01-01", periods=samples.shape[1], freq="D")
    return Forecast(samples, index, tuple("abc"[: samples.shape[2]]))


@pytest.fixture
def assets(rng):
    drawn = 0.01 * rng.multivariate_normal(np.zeros(3), COVARIANCE, (100_000, 1))
    return gains(forecast_of(drawn), kind="simple")


def test_ten_draws_by_hand():
    r = np.array([3.0, -5, 1, 0, -9, 2, 8, -1, 4, 6])
    assert measures.expected_shortfall(r, 0.2) == pytest.approx(-7)
    assert measures.expected_shortfall(r, 0.25) == pytest.approx((-9 - 5 - 0.5) / 2.5)
    assert measures.loss_probability(r, 4.5) == pytest.approx(0.2)
    assert measures.semi_deviation(r) == pytest.approx(np.sqrt((25 + 81 + 1) / 10))


def test_var_is_the_harrell_davis_quantile(rng):
    r = rng.standard_normal(500)
    theirs = stats.mstats.hdquantiles(r, [0.05])[0]
    assert measures.value_at_risk(r, 0.05) == pytest.approx(float(theirs))


def test_drawdown_counts_from_the_start_and_from_later_peaks():
    wealth = np.array([[0.9, 1.2, 0.6], [1.1, 1.2, 1.3]])
    np.testing.assert_allclose(measures.maximum_drawdown(wealth), [-0.5, 0])


def test_student_var_and_es_and_their_errors_are_the_closed_forms(rng):
    law = stats.t(5)
    q = law.ppf(ALPHA)
    es = -law.pdf(q) / ALPHA * (5 + q**2) / 4
    runs = law.rvs(size=(4000, 300), random_state=rng)
    var, shortfall = measures.value_at_risk(runs, ALPHA), measures.expected_shortfall(runs, ALPHA)
    assert var.mean() == pytest.approx(q, abs=0.02)
    assert shortfall.mean() == pytest.approx(es, abs=0.02)
    said = measures.var_standard_error(runs, ALPHA).mean()
    assert said == pytest.approx(var.std(), rel=0.15)
    said = measures.es_standard_error(runs, ALPHA).mean()
    assert said == pytest.approx(shortfall.std(), rel=0.15)


def test_ties_at_the_quantile_do_not_hide_its_error(rng):
    worst = np.sort(rng.standard_t(3, 250))
    drawn = rng.choice(worst, (5000, 300))
    said = measures.var_standard_error(drawn, 0.01)
    assert said.min() > 0
    moved = measures.value_at_risk(drawn, 0.01).std()
    assert 0.7 * moved < np.sqrt((said**2).mean()) < 1.5 * moved


def test_draws_that_share_a_path_count_together_in_the_error(rng):
    """Four fifths of the variance are the path's."""
    paths, alone = rng.standard_normal((300, 1, 300)), rng.standard_normal((300, 20, 300))
    drawn = (paths + 0.5 * alone).reshape(6000, 300)
    moved = measures.value_at_risk(drawn, 0.01).std()
    said = measures.var_standard_error_by_path(drawn, 0.01, 20)
    assert np.sqrt((said**2).mean()) == pytest.approx(moved, rel=0.15)
    assert measures.var_standard_error(drawn, 0.01).mean() < 0.5 * moved
    one = drawn[:, 0]
    apart = measures.var_standard_error(one, 0.01)
    assert measures.var_standard_error_by_path(one, 0.01, 1) == pytest.approx(apart)
    assert measures.var_standard_error_by_path(np.ones(40), 0.1, 20) == 0


def test_a_gaussian_portfolio_has_the_gaussian_components(assets):
    table = contributions(assets, HELD, alpha=ALPHA).set_index("series")
    w = HELD.to_numpy()
    sd = np.sqrt(w @ COVARIANCE @ w)
    share = w * (COVARIANCE @ w) / sd  # adds up to sd
    z = stats.norm.ppf(ALPHA)
    np.testing.assert_allclose(table["component_VaR"], 0.01 * z * share, atol=6e-4)
    np.testing.assert_allclose(
        table["component_ES"], -0.01 * stats.norm.pdf(z) / ALPHA * share, atol=6e-4
    )


def test_the_probability_of_a_loss_stands_with_its_error():
    drawn = Gains(np.array([-0.1, -0.2, 0.0, 0.3, 0.4]).reshape(5, 1, 1), ("x",))
    row = risk_table(drawn, pd.DataFrame({"p": [1.0]}, index=["x"]), alphas=[0.4]).iloc[0]
    assert row["loss_probability"] == pytest.approx(0.4)
    assert row["loss_probability_se"] == pytest.approx(np.sqrt(0.4 * 0.6 / 5))
    held = pd.DataFrame({"p": [1.0]}, index=["x"])
    row = risk_table(drawn, held, alphas=[0.4], loss=0.15).iloc[0]
    assert row["loss_probability"] == pytest.approx(0.2)
    assert row["loss_probability_se"] == pytest.approx(np.sqrt(0.2 * 0.8 / 5))


def test_components_add_up_to_the_measure(assets):
    table = contributions(assets, HELD, alpha=ALPHA)
    whole = risk_table(assets, HELD.to_frame(), alphas=[ALPHA]).iloc[0]
    assert table["component_VaR"].sum() == pytest.approx(whole["VaR"], rel=1e-12)
    assert table["component_ES"].sum() == pytest.approx(whole["ES"], rel=1e-12)


def test_the_increment_is_that_of_the_gaussian_without_the_asset(assets):
    table = contributions(assets, HELD, alpha=ALPHA).set_index("series")
    w, z = HELD.to_numpy(), stats.norm.ppf(ALPHA)
    whole = np.sqrt(w @ COVARIANCE @ w)
    for k, name in enumerate(HELD.index):
        rest = np.where(np.arange(3) == k, 0, w)
        less = whole - np.sqrt(rest @ COVARIANCE @ rest)
        var, es = table.loc[name, ["incremental_VaR", "incremental_ES"]]
        assert var == pytest.approx(0.01 * z * less, abs=4e-4)
        assert es == pytest.approx(-0.01 * stats.norm.pdf(z) / ALPHA * less, abs=4e-4)


def test_the_margin_is_the_slope_of_the_measure_in_the_weight(assets):
    table = contributions(assets, HELD, alpha=ALPHA).set_index("series")
    for name in HELD.index:
        step = pd.Series({name: 1e-4}).reindex(HELD.index, fill_value=0.0)
        up, down = (
            risk_table(assets, (HELD + sign * step).to_frame("p"), alphas=[ALPHA]).iloc[0]
            for sign in (1, -1)
        )
        slope = (up["ES"] - down["ES"]) / 2e-4
        assert table.loc[name, "marginal_ES"] == pytest.approx(slope, rel=0.01)


def test_gaussian_factors_have_the_gaussian_components(assets):
    total = assets.at(1) @ HELD.to_numpy()
    factors = pd.DataFrame(assets.at(1)[:, :2], columns=["a", "b"])
    table = factor_contributions(total, factors, alpha=ALPHA).set_index("factor")
    w, z = HELD.to_numpy(), stats.norm.ppf(ALPHA)
    F = COVARIANCE[:2, :2]
    b = np.linalg.solve(F, COVARIANCE[:2] @ w)
    sd = np.sqrt(w @ COVARIANCE @ w)
    parts = np.r_[b * (COVARIANCE[:2] @ w), w @ COVARIANCE @ w - b @ F @ b] / sd
    np.testing.assert_allclose(table["component_VaR"], 0.01 * z * parts, atol=6e-4)
    es = -0.01 * stats.norm.pdf(z) / ALPHA * parts
    np.testing.assert_allclose(table["component_ES"], es, atol=6e-4)
    assert table["component_VaR"].sum() == pytest.approx(
        float(measures.value_at_risk(total, ALPHA)), rel=1e-10
    )


def test_errors_of_probability_and_semi_deviation_are_those_of_repeated_draws(rng):
    runs = rng.standard_normal((2000, 400))
    for measure, error in (
        (lambda r: measures.loss_probability(r, 1.5), measures.loss_probability_error(runs, 1.5)),
        (measures.semi_deviation, measures.semi_deviation_error(runs)),
    ):
        assert error.mean() == pytest.approx(measure(runs).std(), rel=0.12)
    assert measures.semi_deviation(runs).mean() == pytest.approx(np.sqrt(0.5), abs=0.002)
    assert measures.loss_probability(runs, 1.5).mean() == pytest.approx(
        stats.norm.cdf(-1.5), abs=2e-4
    )
    assert measures.semi_deviation_error(np.ones(10)) == 0


def test_several_portfolios_on_one_set_of_paths_are_each_alone(assets):
    both = pd.DataFrame({"long": HELD.abs(), "mixed": HELD})
    together = risk_table(assets, both, alphas=[ALPHA])
    for name in both:
        alone = risk_table(assets, both[[name]], alphas=[ALPHA])
        row = together.loc[together["portfolio"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(row, alone)


def test_a_path_of_prices_gains_what_it_rises_whatever_else_is_on_it():
    drawn = np.array([[[110.0, 4.2, 45.0], [99.0, 4.0, 60.0]]])  # a price, a rate, a price
    forecast = forecast_of(drawn)
    made = price_gains(forecast, pd.Series({"c": 50.0, "a": 100.0}))
    assert made.names == ("a", "c")
    np.testing.assert_allclose(made.values[0], [[0.10, -0.10], [-0.01, 0.20]])
    held = pd.DataFrame({"p": [1.0, -1.0]}, index=["a", "c"])
    loss = made.at(2) @ held.loc[list(made.names)].to_numpy()
    assert loss.item() == pytest.approx(-0.21)


@pytest.mark.parametrize(
    ("last", "words"),
    [(pd.Series({"a": 0.0}), "must be above zero"), (pd.Series({"z": 1.0}), "is needed")],
)
def test_a_price_to_gain_from_is_needed(last, words):
    with pytest.raises(ValueError, match=words):
        price_gains(forecast_of(np.ones((2, 1, 3))), last)


def test_a_price_drawn_below_zero_is_refused():
    with pytest.raises(ValueError, match="model prices by their logarithms"):
        price_gains(forecast_of(-np.ones((2, 1, 1))), pd.Series({"a": 1.0}))


def test_the_only_asset_is_all_of_the_increment(assets):
    alone = pd.Series({"b": 2.0}, name="p")
    row = contributions(assets, alone, alpha=ALPHA).set_index("series").loc["b"]
    assert row["incremental_ES"] == pytest.approx(row["component_ES"])


def test_factors_and_what_is_left_add_up(assets, rng):
    total = assets.at(1) @ HELD.to_numpy()
    factors = pd.DataFrame({"a": assets.at(1)[:, 0], "noise": rng.standard_normal(len(total))})
    table = factor_contributions(total, factors, alpha=ALPHA)
    assert table["component_ES"].sum() == pytest.approx(
        measures.expected_shortfall(total, ALPHA), rel=1e-10
    )
    slope = (COVARIANCE[0] @ HELD.to_numpy()) / COVARIANCE[0, 0]
    assert table["exposure"][0] == pytest.approx(slope, abs=0.02)


def test_log_and_simple_returns_of_one_price_path_gain_the_same():
    simple = np.array([[[0.1], [-0.2]]])
    by_log = gains(forecast_of(np.log1p(simple)), kind="log").values
    np.testing.assert_allclose(gains(forecast_of(simple), kind="simple").values, by_log)
    np.testing.assert_allclose(by_log[0, :, 0], [0.1, 1.1 * 0.8 - 1])


def test_percent_is_a_hundredth():
    drawn = np.array([[[2.0]]])
    made = gains(forecast_of(drawn), kind="simple", percent=True)
    assert made.values.item() == pytest.approx(0.02)


def test_short_is_the_mirror_of_long(assets):
    long, short = equal_weights("abc"), -equal_weights("abc")
    up = measures.value_at_risk(-assets.at(1).mean(axis=1), ALPHA)
    assert risk_table(assets, short, alphas=[ALPHA])["VaR"][0] == pytest.approx(float(up))
    assert risk_table(assets, long, alphas=[ALPHA])["VaR"][0] < 0


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (pd.Series({"z": 1.0}), r"weights name \['z'\], which are not among"),
        (pd.Series([0.5, 0.5], index=["a", "a"]), r"\['a'\] more than once"),
        (pd.Series({"a": 0.0}), "hold nothing"),
    ],
)
def test_weights_that_do_not_match_are_refused(assets, weights, words):
    with pytest.raises(ValueError, match=words):
        risk_table(assets, weights.to_frame("p"))


def test_percent_taken_for_fractions_is_noticed():
    with pytest.raises(ValueError, match="percent=True"):
        gains(forecast_of(np.array([[[-2.5]]])), kind="simple")


def priced(*values):
    index = pd.period_range("2024-01-01", periods=len(values), freq="D")
    return pd.DataFrame({"x": values}, index=index)


def test_zero_prices_and_single_prices_are_refused():
    with pytest.raises(ValueError, match=r"'x' is 0 on 2024-01-02; .* Leave the cell empty"):
        returns_of(priced(1.0, 0.0, 2.0))
    with pytest.raises(ValueError, match="'x' has 1 prices; a return needs at least 2"):
        returns_of(priced(1.0))


def test_splits_and_stale_prices_are_pointed_at(rng):
    walk = 100 * np.exp(np.cumsum(0.01 * rng.standard_normal(60)))
    walk[30:] /= 4
    walk[40:47] = walk[40]
    found = suspicious(priced(*walk))
    assert list(found["problem"]) == ["split", "stale"]
    assert "4-for-1 split" in found["words"][0]
    assert found["period"][0] == "2024-01-31"
    assert "6 days" in found["words"][1]


@pytest.mark.parametrize(
    ("factor", "problem", "words"),
    [
        (1 / 100, "unit", "pence for pounds"),
        (1000, "unit", "another unit of money"),
        (1 / 8.6, "jump", "moved -88"),
        (2.5, "jump", "is the price right?"),
        (1 / 20, "split", "20-for-1 split"),
    ],
)
def test_a_jump_that_no_market_makes_is_named(factor, problem, words):
    steps = 0.01 * np.sin(np.arange(100.0) ** 2)
    steps[50] = np.log(factor)
    found = suspicious(priced(*np.exp(steps.cumsum())))
    assert found["problem"].tolist() == [problem]
    assert words in found["words"][0]


def test_gross_returns_are_not_taken_for_prices_in_silence():
    steps = 0.01 * np.sin(np.arange(200.0) ** 2)
    assert suspicious(priced(*np.exp(steps.cumsum()))).empty
    found = suspicious(priced(*np.exp(steps)))
    assert found["problem"].tolist() == ["mean"]
    assert "is it a return, not a price?" in found["words"][0]


@pytest.mark.parametrize("carried", [True, False])
def test_stale_prices_of_months_are_months(carried):
    ends = pd.date_range("2024-01-31", periods=9, freq="ME")
    held = pd.DataFrame({"x": [1.0] * 7 + [1.1, 1.2]}, ends if carried else ends.to_period("M"))
    assert suspicious(held)["words"].tolist() == ["the same price for 6 months"]


def test_weights_after_semicolons_may_have_decimal_commas(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("series;long;short\nA;0,6;-1\nB;0;\n")
    expected = pd.DataFrame({"long": [0.6, 0.0], "short": [-1.0, 0.0]}, index=["A", "B"])
    pd.testing.assert_frame_equal(read_weights(file), expected, check_names=False)
