"""Stress, supervision and credit: Gaussian worlds whose answers are known, and honest refusals."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import expit, logit

from econdiff.forecast import Forecast
from econdiff.risk import credit, frtb, stress, supervisory
from econdiff.risk.measures import expected_shortfall, value_at_risk

COVARIANCE = np.array([[4.0, 3.0], [3.0, 9.0]])
BETA = 3 / 4


@pytest.fixture
def draws(rng):
    return rng.multivariate_normal([0.5, -0.5], COVARIANCE, 100_000)


def test_an_event_conditions_as_the_truncated_normal(draws):
    market, held = draws.T
    hit = stress.event(market < -3)
    depth = (-3 - 0.5) / 2
    mean = 0.5 - 2 * stats.norm.pdf(depth) / stats.norm.cdf(depth)
    assert hit.mean(market) == pytest.approx(mean, abs=0.02)
    assert hit.mean(held) == pytest.approx(-0.5 + BETA * (mean - 0.5), abs=0.15)
    assert hit.probability == pytest.approx(stats.norm.cdf(depth), abs=0.003)
    assert hit.effective_paths == pytest.approx((market < -3).sum())


def test_a_view_on_a_mean_tilts_a_gaussian_by_regression(draws):
    market, held = draws.T
    tilted = stress.view(market, -2.5)
    assert tilted.mean(market) == pytest.approx(-2.5, abs=1e-4)
    assert tilted.mean(held) == pytest.approx(-0.5 + BETA * -3, abs=0.1)
    assert tilted.entropy == pytest.approx(3**2 / 2 / 4, abs=0.02)  # KL of two Gaussians
    assert stress.view(market, market.mean()).effective_paths == pytest.approx(len(market))


def test_a_view_that_asks_nothing_changes_no_measure(rng):
    held = rng.standard_t(4, 1000)
    view = stress.view(held, held.mean())
    assert view.quantile(held, 0.01) == pytest.approx(float(value_at_risk(held, 0.01)))
    assert view.shortfall(held, 0.01) == pytest.approx(float(expected_shortfall(held, 0.01)))


def test_nearness_is_conditioning_on_a_value(draws):
    market, held = draws.T
    there = stress.near(market, -3.0, width=0.05)
    assert there.mean(held) == pytest.approx(-0.5 + BETA * -3.5, abs=0.15)
    spread = np.sqrt(9 - 9 / 4)
    low = -0.5 + BETA * -3.5 + spread * stats.norm.ppf(0.1)
    assert there.quantile(held, 0.1) == pytest.approx(low, abs=0.25)


def test_the_gaussian_shift_is_exact_however_far_out(draws):
    market, held = draws.T
    moved = stress.gaussian_shift(market, -30.0, held)
    assert moved.mean() == pytest.approx(-0.5 + BETA * -30.5, abs=0.5)
    assert moved.std() == pytest.approx(np.sqrt(9 - 9 / 4), rel=0.02)


def test_what_the_paths_cannot_say_is_refused(draws):
    market = draws[:, 0]
    with pytest.raises(stress.StressError, match="0 of 100000 paths are in the event"):
        stress.event(market < -30)
    with pytest.raises(stress.StressError, match="lies outside all paths"):
        stress.view(market, -30)
    with pytest.raises(stress.StressError, match="effective paths of 100000"):
        stress.view(market, market.min() + 0.01)
    with pytest.raises(stress.StressError, match="effective paths lie near"):
        stress.near(market, -30.0)


def test_plausibility_is_the_two_sided_tail_of_one_factor(draws):
    market = draws[:, 0]
    far = market.mean() - 2 * market.std(ddof=1)
    assert stress.plausibility(market, far) == pytest.approx(2 * stats.norm.cdf(-2))
    twice = np.column_stack([market, 0.1 * market])
    with pytest.raises(stress.StressError, match="follow from each other"):
        stress.plausibility(twice, far * np.array([1, 0.1]))
    assert stress.extrapolates(market[:500], market[:500].min() - 5)
    assert not stress.extrapolates(market[:500], 0.0)


def test_a_rise_is_no_witness_of_a_fall():
    history = np.array([0.12, -0.08, 0.01, 0.0, -0.02])
    assert not stress.extrapolates(history, 0.1)
    assert not stress.extrapolates(history, -0.08)
    assert stress.extrapolates(history, -0.1)
    both = np.stack([history, -history + [0.0, 0.01, 0.0, -0.01, 0.02]], axis=1)
    assert not stress.extrapolates(both, both[0])
    assert stress.extrapolates(both, -both[0])


def test_reverse_stress_finds_the_most_likely_way_to_the_loss(draws):
    # the nearest point of {x : w'x < -L} to the mean lies along S w
    w = np.array([0.7, 0.3])
    returns = draws @ w
    loss = 4.0
    found = stress.reverse_stress(draws, returns, loss)
    mean = np.array([0.5, -0.5])
    direction = COVARIANCE @ w / (w @ COVARIANCE @ w)
    nearest = mean + direction * (-loss - w @ mean)
    np.testing.assert_allclose(found.scenario, nearest, atol=0.5)
    np.testing.assert_allclose(found.centre, nearest, atol=0.05)
    assert found.centre @ w == pytest.approx(-loss)
    assert found.loss == pytest.approx(loss, abs=0.05)
    assert found.probability == pytest.approx((returns < -loss).mean())
    with pytest.raises(stress.StressError, match="no path loses 1000 or more"):
        stress.reverse_stress(draws, returns, 1000)


def test_the_reverse_stress_of_many_alike_asks_the_same_of_each(rng):
    """Every path of forty is far out in some way; what the loss needs is the same of all."""
    x = rng.standard_normal((20_000, 40))
    found = stress.reverse_stress(x, x.mean(axis=1), 0.35)
    np.testing.assert_allclose(found.centre, -0.35, atol=0.07)
    assert np.linalg.norm(found.centre) < np.linalg.norm(found.scenario) / 2


def test_liquidity_horizons_add_in_squares(rng):
    fast, slow = rng.standard_normal((2, 50_000))
    alone = frtb.liquidity_adjusted_es({10: fast})
    z = stats.norm.ppf(0.025)
    assert alone == pytest.approx(stats.norm.pdf(z) / 0.025, rel=0.02)
    both = frtb.liquidity_adjusted_es({10: fast + slow, 20: slow})
    parts = [frtb.liquidity_adjusted_es({10: x}) for x in (fast + slow, slow)]
    assert both == pytest.approx(np.hypot(*parts))
    assert frtb.liquidity_adjusted_es({10: fast, 120: slow}) > frtb.liquidity_adjusted_es(
        {10: fast, 20: slow}
    )


def test_a_liquidity_horizon_that_no_factor_has_may_be_left_out(rng):
    fast, slow = rng.standard_normal((2, 5000))
    every = {10: fast + slow, 20: slow, 40: slow, 60: slow}
    named = frtb.liquidity_adjusted_es({60: slow, 10: fast + slow})
    assert named == pytest.approx(frtb.liquidity_adjusted_es(every))


@pytest.mark.parametrize(("noise", "zone"), [(0.1, "green"), (0.75, "amber"), (2.0, "red")])
def test_attribution_goes_from_green_to_red_with_what_the_model_misses(noise, zone):
    rng = np.random.default_rng(3)
    books = rng.standard_normal(250)
    missed = books + noise * rng.standard_normal(250)
    found = frtb.attribution(missed / np.sqrt(1 + noise**2), books)
    assert found.zone == zone


def test_attribution_of_a_missing_day_is_refused():
    books = np.arange(250.0)
    with pytest.raises(ValueError, match="leave these days out of both"):
        frtb.attribution(np.where(books == 7, np.nan, books), books)


def test_exceptions_need_the_same_days():
    with pytest.raises(ValueError, match="the same days"):
        frtb.desk_exceptions(np.zeros(260), np.full(250, -2.0), np.full(250, -1.0))


def test_missing_days_count_as_exceptions():
    profit = np.r_[np.full(13, np.nan), np.zeros(237)]
    desk = frtb.desk_exceptions(profit, np.full(250, -2.0), np.full(250, -1.0))
    assert (desk.at_99, desk.at_975, desk.eligible) == (13, 13, False)


def test_vasicek_quantile_and_mean_are_those_of_the_law(rng):
    p, rho = 0.02, 0.15
    drawn = credit.vasicek_rates(np.full(200_000, p), rho, rng=rng)
    assert drawn.mean() == pytest.approx(p, rel=0.02)
    q = credit.vasicek_quantile(p, rho, 0.999)
    assert (drawn > q).mean() == pytest.approx(0.001, abs=0.0003)
    mean, _ = integrate.quad(lambda u: credit.vasicek_quantile(p, rho, u), 0, 1)
    assert mean == pytest.approx(p, rel=1e-4)


def test_the_link_finds_the_coefficients_that_made_the_rates(rng):
    macro = pd.DataFrame(
        {"u": rng.standard_normal(4000)}, index=pd.period_range("1000Q1", periods=4000, freq="Q")
    )
    score = np.empty(4000)
    score[0] = -4
    for t in range(1, 4000):
        score[t] = -2 + 0.5 * score[t - 1] + 0.3 * macro["u"].iloc[t] + 0.1 * rng.standard_normal()
    link = credit.LogitLink(("u",)).fit(pd.Series(expit(score), index=macro.index), macro)
    np.testing.assert_allclose(link.coefficients, [-2, 0.5, 0.3], atol=0.06)
    assert link.deviation == pytest.approx(0.1, rel=0.05)


def test_the_lag_of_the_link_is_the_period_before_and_not_the_row_before(rng):
    """A quarter without a rate leaves out two equations, and bends none."""
    index = pd.period_range("2000Q1", periods=60, freq="Q")
    macro = pd.DataFrame({"u": rng.standard_normal(60)}, index=index)
    score = np.full(60, -4.0)
    for t in range(1, 60):
        score[t] = -2 + 0.5 * score[t - 1] + 0.3 * macro["u"].iloc[t]  # exact: no shock
    rate = pd.Series(expit(score), index=index)
    gaps = rate.where(~np.isin(np.arange(60), [9, 20, 21, 40]))
    for given in (gaps, gaps.dropna()):
        link = credit.LogitLink(("u",)).fit(given, macro)
        np.testing.assert_allclose(link.coefficients, [-2, 0.5, 0.3], rtol=1e-9)
        assert link.periods == 59 - 7


def test_without_shocks_the_link_is_its_recursion(rng):
    link = credit.FittedLogitLink(("u",), np.array([-2.0, 0.5, 1.0]), 0.0)
    index = pd.period_range("2024Q1", periods=2, freq="Q")
    made = link.rates(0.02, Forecast(np.array([[[1.0], [0.0]]]), index, ("u",)), rng=rng)
    first = -2 + 0.5 * logit(0.02) + 1
    np.testing.assert_allclose(made, [[expit(first), expit(-2 + 0.5 * first)]])


def test_percent_rates_are_refused():
    rate = pd.Series([2.0, 3.0], index=pd.period_range("2024Q1", periods=2, freq="Q"))
    with pytest.raises(ValueError, match="divide percentages by 100"):
        credit.LogitLink(("u",)).fit(rate, pd.DataFrame({"u": [1.0, 2.0]}, index=rate.index))


def test_a_rate_of_zero_is_named(rng):
    rate = pd.Series([0.02, 0.0], index=pd.period_range("2024Q1", periods=2, freq="Q"))
    with pytest.raises(ValueError, match="is 0 in 2024Q2, which has no logit"):
        credit.LogitLink(()).fit(rate, pd.DataFrame(index=rate.index))


def test_losses_without_correlation_are_the_expected_ones(rng):
    rates = np.full((5, 2), 0.1)
    made = credit.portfolio_losses(rates, loss_given_default=0.5, correlation=0.0, rng=rng)
    np.testing.assert_allclose(made.losses, 0.5 * (0.1 + 0.9 * 0.1))
    assert made.value_at_risk() == pytest.approx(0)
    later = credit.portfolio_losses(
        rates, loss_given_default=0.5, correlation=0.0, discount=0.25, rng=rng
    )
    np.testing.assert_allclose(later.by_step, [0.05 / 1.25, 0.045 / 1.25**2])


def test_a_year_of_quarterly_losses_at_a_steady_annual_rate_has_vasiceks_law(rng):
    rates = np.full((100_000, 5), 0.02)
    made = credit.portfolio_losses(
        rates[:, :4], loss_given_default=1, correlation=0.15, span=4, rng=rng
    )
    for level in (0.5, 0.9, 0.999):
        q = credit.vasicek_quantile(0.02, 0.15, level)
        share = np.sqrt(level * (1 - level) / len(rates))
        assert (made.losses <= q).mean() == pytest.approx(level, abs=4 * share)
    assert made.expected == pytest.approx(0.02, rel=0.02)
    drawn = credit.vasicek_rates(rates, 0.15, rng=rng, span=4)
    assert (drawn[:, 0] == drawn[:, 3]).all()
    assert np.corrcoef(drawn[:, 3:].T)[0, 1] == pytest.approx(0, abs=0.02)


@pytest.fixture
def folder(tmp_path):
    def write(number, part, area, scenario, *rows):
        name = f"2025-Table_{number}{part}_{scenario}_{area}.csv"
        head = "Scenario Name,Date," + (
            "Unemployment rate,House Price Index (Level)" if part == "A" else "Japan inflation"
        )
        (tmp_path / name).write_text("\n".join([head, *rows]) + "\n")

    for number, scenario in (("1", "Historic"), ("2", "Baseline"), ("3", "Severely_Adverse")):
        year = "2024 Q4" if number == "1" else "2025 Q1"
        write(
            number,
            "A",
            "Domestic",
            scenario,
            f"{scenario},{year},{4 + int(number)},{100 * int(number)}",
        )
        write(number, "B", "International", scenario, f"{scenario},{year},")
    return tmp_path


def test_supervisory_tables_are_read_as_published(folder):
    read = supervisory.read_supervisory(folder)
    assert read.year == 2025
    adverse = read.scenarios["severely adverse"]
    assert adverse.index.freqstr.startswith("Q")
    assert str(adverse.index[0]) == "2025Q1"
    assert adverse["Japan inflation"].isna().all()
    moved = supervisory.changes(adverse, read.history).iloc[0]
    assert moved["Unemployment rate"] == 2
    assert moved["House Price Index (Level)"] == pytest.approx(np.log(3))


def test_a_folder_without_tables_says_what_to_get(tmp_path):
    with pytest.raises(ValueError, match="download the CSV tables"):
        supervisory.read_supervisory(tmp_path)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("Severely_Adverse,2025 Q2,n.k.,290", "'Unemployment rate' at 2025-06-01: 'n.k.' is not"),
        ("Severely_Adverse,2025 Q1,8,290", "not quarters, one after the other"),
        ("Severely_Adverse,2025 Q3,8,290", "not quarters, one after the other"),
        ("Severely_Adverse,2025 Q5,8,290", "'2025 Q5' in the date column"),
    ],
)
def test_a_table_that_was_changed_by_hand_is_named_with_what_is_wrong(folder, row, words):
    (file,) = folder.glob("*3A*")
    file.write_text(f"{file.read_text()}{row}\n,,,\n")
    with pytest.raises(ValueError, match=rf"Severely_Adverse_Domestic.csv: .*{words}"):
        supervisory.read_supervisory(folder)
