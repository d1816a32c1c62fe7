"""Backtests of VaR and ES: cases worked by hand, uniform p-values under the null, rough edges."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.quantile_regression import QuantReg

from econdiff.risk import backtests as bt
from econdiff.risk.backtests.acerbi_szekely import tail_mean
from econdiff.risk.backtests.quantile_regression import quantile_regression


def days(n, hits):
    made = np.zeros(n, bool)
    made[list(hits)] = True
    return made


def normal_world(rng, n, alpha):
    """A volatile Gaussian series with its own true VaR, ES and volatility."""
    scale = np.exp(0.3 * rng.standard_normal(n))
    z = stats.norm.ppf(alpha)
    return (
        scale * rng.standard_normal(n),
        scale * z,
        -scale * stats.norm.pdf(z) / alpha,
        scale,
    )


def test_kupiec_is_the_likelihood_ratio_of_the_binomial():
    x, n, alpha = 9, 250, 0.01
    by_scipy = 2 * (stats.binom.logpmf(x, n, x / n) - stats.binom.logpmf(x, n, alpha))
    outcome = bt.kupiec(days(n, range(x)), alpha)
    assert outcome.statistic == pytest.approx(by_scipy)
    assert outcome.p_value == pytest.approx(stats.chi2.sf(by_scipy, 1))


def test_kupiec_without_hits_is_the_probability_of_none():
    assert bt.kupiec(days(100, []), 0.05).statistic == pytest.approx(-200 * np.log(0.95))


def test_a_first_failure_on_its_expected_day_is_no_surprise():
    assert bt.tuff(days(100, [19]), 0.05).statistic == pytest.approx(0, abs=1e-12)


def test_a_hit_every_twenty_days_has_perfect_waits_but_not_perfect_count():
    hits = days(100, [19, 39, 59, 79, 99])
    assert bt.haas_independence(hits, 0.05).statistic == pytest.approx(0, abs=1e-12)
    assert bt.haas_mixed(hits, 0.05).p_value == pytest.approx(1)


def test_waits_are_judged_by_the_law_of_the_ratio_of_one_exponential_wait():
    """2 (X - 1 - log X), X ~ Exp(1), has mean 2 gamma and variance 4 (pi^2/6 - 1), not 1 and 2."""
    hits, alpha = days(4000, [99, 399, 2399, 2999]), 0.001
    found = bt.haas_independence(hits, alpha)
    mean, variance = 2 * np.euler_gamma, 4 * (np.pi**2 / 6 - 1)
    scale, freedom = variance / (2 * mean), 2 * 4 * mean**2 / variance
    expected = stats.chi2.sf(found.statistic / scale, freedom)
    assert found.p_value == pytest.approx(expected, rel=0.01)
    assert found.p_value > 1.1 * stats.chi2.sf(found.statistic, 4)


def test_independence_is_the_g_test_of_the_transition_table(rng):
    hits = rng.random(300) < 0.1
    table = np.array(
        [[((hits[:-1] == i) & (hits[1:] == j)).sum() for j in (False, True)] for i in (False, True)]
    )
    expected = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    outcome = bt.christoffersen_independence(hits)
    assert (outcome.statistic, outcome.p_value) == pytest.approx(expected[:2])


@pytest.mark.parametrize("alike", [False, True])
def test_days_that_are_all_alike_are_no_evidence_of_independence(alike):
    outcome = bt.christoffersen_independence(np.full(500, alike))
    assert (outcome.statistic, outcome.p_value) == (0, 1)
    assert "exceptions" in outcome.note


def test_coverage_adds_the_two_statistics(rng):
    hits = rng.random(300) < 0.1
    parts = bt.kupiec(hits, 0.05).statistic + bt.christoffersen_independence(hits).statistic
    outcome = bt.christoffersen_coverage(hits, 0.05)
    assert outcome.p_value == pytest.approx(stats.chi2.sf(parts, 2))


@pytest.mark.parametrize(
    ("hits", "zone", "add_on"), [(4, "green", 0), (5, "yellow", 0.4), (10, "red", 1)]
)
def test_traffic_light_is_the_table_of_basel(hits, zone, add_on):
    light = bt.traffic_light(days(250, range(hits)), 0.01)
    assert (light.zone, light.add_on) == (zone, add_on)
    assert light.probability == pytest.approx(stats.binom.cdf(hits, 250, 0.01))


def test_outside_the_table_the_multiplier_follows_the_argument_behind_it():
    inside = bt.traffic_light(days(250, range(7)), 0.01).add_on
    outside = bt.traffic_light(days(251, range(7)), 0.01).add_on
    assert outside == pytest.approx(inside, abs=0.03)


def test_duration_is_the_likelihood_ratio_of_a_weibull_without_censoring():
    waits = np.array([1, 1, 2, 30, 40, 1, 2, 50])
    hits = days(waits.sum() + 1, np.r_[0, waits.cumsum()])
    shape, _, scale = stats.weibull_min.fit(waits, floc=0)
    free = stats.weibull_min.logpdf(waits, shape, scale=scale).sum()
    memoryless = stats.expon.logpdf(waits, scale=waits.mean()).sum()
    assert bt.duration(hits).statistic == pytest.approx(2 * (free - memoryless), abs=1e-6)


def test_dynamic_quantile_is_the_explained_sum_of_squares_over_the_binomial_variance(rng):
    r, q, _, _ = normal_world(rng, 500, 0.05)
    hit = (r < q) - 0.05
    X = np.stack([np.ones(496), q[4:], *(hit[4 - k : 500 - k] for k in range(1, 5))], axis=1)
    beta = np.linalg.solve(X.T @ X, X.T @ hit[4:])
    expected = beta @ X.T @ X @ beta / (0.05 * 0.95)
    outcome = bt.dynamic_quantile(r, q, 0.05)
    assert outcome.statistic == pytest.approx(expected)
    assert outcome.p_value == pytest.approx(stats.chi2.sf(expected, 6))


def test_mcneil_frey_is_a_t_statistic_of_the_excess(rng):
    r, q, e, s = normal_world(rng, 2000, 0.05)
    expected = stats.ttest_1samp(((r - e) / s)[r < q], 0).statistic
    assert bt.mcneil_frey(r, q, e, 0.05, volatility=s).statistic == pytest.approx(expected)


def test_losses_are_least_at_the_truth(rng):
    r = rng.standard_normal(200_000)
    z = stats.norm.ppf(0.05)
    truth = (np.full_like(r, z), np.full_like(r, -stats.norm.pdf(z) / 0.05))
    losses = [
        bt.fz0_loss,
        lambda *a: bt.fissler_ziegel_loss(*a, degree=0.5),
        lambda *a: bt.fissler_ziegel_loss(*a, degree=-1),
    ]
    for loss in losses:
        best = loss(r, *truth, 0.05).mean()
        for wrong in ((0.8, 1), (1, 0.8), (1.2, 1.2), (1, 1.25)):
            off = [column * factor for column, factor in zip(truth, wrong, strict=True)]
            assert loss(r, *off, 0.05).mean() > best
    assert bt.tick_loss(r, truth[0] * 1.1, 0.05).mean() > bt.tick_loss(r, truth[0], 0.05).mean()


def test_fz0_does_not_care_about_units(rng):
    r, q, e, _ = normal_world(rng, 100, 0.05)
    gap = bt.fz0_loss(100 * r, 100 * q, 100 * e, 0.05) - bt.fz0_loss(r, q, e, 0.05)
    np.testing.assert_allclose(gap, np.log(100))


def test_a_loss_equal_to_the_es_on_every_expected_hit_has_z_of_nothing():
    q, e = np.full(100, -1.0), np.full(100, -2.0)
    r = np.where(np.arange(100) % 20 == 0, -2.0, 1.0)  # 5 hits of 5
    assert bt.z1(r, q, e, 0.05) == pytest.approx(0)
    assert bt.z2(r, q, e, 0.05) == pytest.approx(0)
    assert bt.ridge_absolute(r, q, e, 0.05) == pytest.approx(0)
    assert bt.ridge_relative(r, q, 2 * e, 0.05) == pytest.approx((1 - -2 - 1 - 1) / 4 + 0.25)


def test_tail_mean_of_known_laws():
    z = stats.norm.ppf(0.01)
    assert tail_mean(stats.norm(), 0.01) == pytest.approx(-stats.norm.pdf(z) / 0.01)
    t = stats.t.ppf(0.025, 3)  # McNeil, Frey and Embrechts (2015), example 2.15
    known = -stats.t.pdf(t, 3) / 0.025 * (3 + t**2) / 2
    assert tail_mean(stats.t(3), 0.025) == pytest.approx(known, rel=1e-6)


def test_simulated_critical_value_of_z2_follows_its_variance(rng):
    # 1 - Z2 is a mean of n terms (X / ES) 1{hit} / alpha, whose second moment is known
    n, alpha = 2000, 0.025
    z = stats.norm.ppf(alpha)
    es = -stats.norm.pdf(z) / alpha
    second = (alpha - z * stats.norm.pdf(z)) / (alpha * es) ** 2
    null = bt.null_returns(np.full(n, es), alpha, stats.norm())
    drawn = [bt.z2(null(rng), np.full(n, z), np.full(n, es), alpha) for _ in range(2000)]
    assert np.std(drawn) == pytest.approx(np.sqrt((second - 1) / n), rel=0.06)


def test_z3_sees_a_model_that_is_too_calm(rng):
    scale = np.exp(0.3 * rng.standard_normal(250))
    quantile = lambda p: scale[:, None] * stats.norm.ppf(p)  # noqa: E731
    fair = bt.z3(rng.random(250), quantile, 0.05, rng=rng)
    calm = bt.z3(stats.norm.cdf(1.5 * rng.standard_normal(250)), quantile, 0.05, rng=rng)
    assert fair.p_value > 0.01 > calm.p_value
    assert calm.statistic < fair.statistic


def test_quantile_regression_agrees_with_statsmodels_short_and_long(rng):
    for n in (300, 12_000):
        x = np.exp(0.3 * rng.standard_normal(n))
        X, y = np.stack([np.ones(n), x], axis=1), x * rng.standard_normal(n)
        theirs = QuantReg(y, X).fit(q=0.05, p_tol=1e-9, max_iter=5000).params
        ours = quantile_regression(y, X, 0.05)
        np.testing.assert_allclose(ours, theirs, atol=2e-3)
        tick = lambda b: ((0.05 - (y < X @ b)) * (y - X @ b)).sum()  # noqa: B023, E731
        assert tick(ours) <= tick(theirs) + 1e-9


def test_var_es_regression_finds_the_lines_that_made_the_data(rng):
    r, q, e, s = normal_world(rng, 5000, 0.05)
    X = np.stack([np.ones_like(s), s], axis=1)
    fit = bt.fit_var_es(r, X, X, 0.05)
    sd = np.sqrt(np.diag(fit.covariance))
    truth = np.r_[0, q[0] / s[0], 0, e[0] / s[0]]
    assert (np.abs(np.r_[fit.var, fit.es] - truth) < 4 * sd).all()
    assert (sd < 0.5).all()


TESTS = {
    "kupiec": lambda r, q, e, s: bt.kupiec(r < q, 0.05),
    "coverage": lambda r, q, e, s: bt.christoffersen_coverage(r < q, 0.05),
    "duration": lambda r, q, e, s: bt.duration(r < 1.414 * q),  # 1%: waits long beside a day
    "dq": lambda r, q, e, s: bt.dynamic_quantile(r, q, 0.05),
    "dq squared": lambda r, q, e, s: bt.dynamic_quantile_squared(r, q, 0.05),
    "mcneil-frey": lambda r, q, e, s: bt.mcneil_frey(r, q, e, 0.05, volatility=s),
    "calibration": lambda r, q, e, s: bt.nolde_ziegel(r, q, e, 0.05),
    "calibration, general": lambda r, q, e, s: bt.nolde_ziegel(r, q, e, 0.05, volatility=s),
    "violations": lambda r, q, e, s: bt.du_escanciano_unconditional(stats.norm.cdf(r / s), 0.05),
    "violations, lags": lambda r, q, e, s: bt.du_escanciano_conditional(
        stats.norm.cdf(r / s), 0.05
    ),
    "berkowitz": lambda r, q, e, s: bt.berkowitz(r / s),
}


@pytest.mark.parametrize("name", TESTS)
def test_a_right_model_is_rejected_as_often_as_promised(name, rng):
    p = [TESTS[name](*normal_world(rng, 2500, 0.05)).p_value for _ in range(300)]
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.10
    assert 0.4 < np.mean(np.array(p) < 0.5) < 0.62


@pytest.mark.parametrize("days", [10, 100, 250])
def test_a_right_model_with_hardly_any_exception_expected_is_not_rejected(days, rng):
    scale, z = np.ones(days), stats.norm.ppf(0.01)
    q, e = scale * z, -scale * stats.norm.pdf(z) / 0.01
    quiet = np.abs(rng.standard_normal(days))
    for r in (quiet, np.where(np.arange(days) == 4, 1.1 * e, quiet)):
        for outcome in (
            bt.nolde_ziegel(r, q, e, 0.01),
            bt.nolde_ziegel_one_sided(r, q, e, 0.01),
            bt.du_escanciano_conditional(stats.norm.cdf(r), 0.01),
        ):
            assert (outcome.statistic, outcome.p_value) == (0, 1)
            assert outcome.note


@pytest.mark.parametrize("name", TESTS)
def test_a_model_that_halves_the_risk_is_found_out(name, rng):
    r, q, e, s = normal_world(rng, 1000, 0.05)
    if name in ("duration", "violations, lags"):  # these look at time only: bunch the losses
        r = s * rng.standard_normal(1000) * np.repeat([0.4, 2.5, 0.4, 2.5], 250)
    assert TESTS[name](r, q / 2, e / 2, s / 2).p_value < 0.01


def test_wealth_of_the_bet_stays_low_on_the_truth_and_explodes_on_a_lie(rng):
    r, q, e, _ = normal_world(rng, 2000, 0.05)
    assert bt.e_backtest(r, q, e, 0.05).outcome.p_value > 0.05
    assert bt.e_backtest(1.3 * r, q, e, 0.05).outcome.p_value < 1e-4


def test_regression_backtests_tell_truth_from_a_lie(rng):
    r, q, e, _ = normal_world(rng, 2000, 0.05)
    for test in (bt.esr_strict, bt.esr_auxiliary, bt.esr_intercept):
        assert test(r, q, e, 0.05).p_value > 0.01 > test(1.4 * r, q, e, 0.05).p_value


KINDS = {
    "as it should be": lambda r, q, e: r,
    "no hits": lambda r, q, e: np.abs(r),
    "all hits": lambda r, q, e: q - np.abs(r),
    "one hit": lambda r, q, e: np.where(np.arange(len(r)) == 4, 2 * e, np.abs(r)),
    "hits that all lose the ES": lambda r, q, e: np.where(np.arange(len(r)) % 2, e, np.abs(r)),
}


@pytest.mark.parametrize("n", [10, 100_000])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("constant", [False, True])
def test_every_outcome_is_finite(n, kind, constant, rng):
    r, q, e, s = normal_world(rng, n, 0.01)
    if constant:
        r, q, e, s = r / s, q / s, e / s, s / s
    r = KINDS[kind](r, q, e)
    outcomes = {name: test(r, q, e, s) for name, test in TESTS.items()}
    outcomes |= {
        "tuff": bt.tuff(r < q, 0.01),
        "independence": bt.christoffersen_independence(r < q),
        "waits": bt.haas_independence(r < q, 0.01),
        "mixed": bt.haas_mixed(r < q, 0.01),
        "exceedance": bt.mcneil_frey(r, q, e, 0.01),
        "one-sided": bt.nolde_ziegel_one_sided(r, q, e, 0.01, volatility=s),
        "jarque-bera": bt.jarque_bera(r / s),
        "e": bt.e_backtest(r, q, e, 0.01).outcome,
    }
    for name, outcome in outcomes.items():
        assert np.isfinite(outcome.statistic), name
        assert 0 <= outcome.p_value <= 1, name
    for statistic in (bt.z1, bt.z2, bt.ridge_absolute, bt.ridge_relative):
        assert np.isfinite(statistic(r, q, e, 0.01))
    for loss in (bt.fz0_loss, lambda *a: bt.fissler_ziegel_loss(*a, degree=0.5)):
        assert np.isfinite(loss(r, q, e, 0.01)).all()
    assert np.isfinite(bt.tick_loss(r, q, 0.01)).all()
    light = bt.traffic_light(r < q, 0.01)
    assert light.zone in ("green", "yellow", "red")
    assert np.isfinite([light.probability, light.type_one, light.add_on, light.frtb_add_on]).all()


@pytest.mark.parametrize("n", [10, 600])
@pytest.mark.parametrize("kind", KINDS)
def test_every_regression_outcome_is_finite(n, kind, rng):
    r, q, e, _ = normal_world(rng, n, 0.01)
    r = KINDS[kind](r, q, e)
    for test in (bt.esr_strict, bt.esr_auxiliary, bt.esr_intercept):
        outcome = test(r, q, e, 0.01)
        assert np.isfinite(outcome.statistic)
        assert 0 <= outcome.p_value <= 1


@pytest.mark.parametrize("multiple", [0.9, 1.2536])  # of the VaR; the second is the ES
def test_returns_that_are_a_multiple_of_the_forecasts_are_no_evidence_of_the_es(multiple):
    q = -2.3 * (1 + 0.3 * np.sin(np.arange(250) / 30))
    for test in (bt.esr_strict, bt.esr_auxiliary, bt.esr_intercept):
        assert "do not vary about a line" in test(multiple * q, q, 1.2536 * q, 0.025).note


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "n"),
    [
        ("as it should be", 100_000),
        ("no hits", 100_000),
        ("all hits", 100_000),
        ("hits that all lose the ES", 5_000),
    ],
)
def test_the_strict_regression_is_finite_on_very_many_days(kind, n, rng):
    r, q, e, _ = normal_world(rng, n, 0.01)
    outcome = bt.esr_strict(KINDS[kind](r, q, e), q, e, 0.01)
    assert np.isfinite(outcome.statistic)
    assert 0 <= outcome.p_value <= 1


def test_a_loss_given_as_positive_is_refused_with_the_row():
    r, q, e = np.zeros(3), np.array([-1.0, 1.0, -1.0]), np.array([-2.0, -2.0, -2.0])
    with pytest.raises(ValueError, match="row 1 has VaR 1 and ES -2; both must be negative"):
        bt.fz0_loss(r, q, e, 0.05)
    with pytest.raises(ValueError, match="tail probability"):
        bt.fz0_loss(r, -np.ones(3), e, 0.95)


def test_es_regressions_agree_with_those_of_r():
    """P-values of esreg 0.6.2 under R 4.2.2 on the same days; its search is random, by about 2%."""
    rng = np.random.default_rng(8)
    scale = np.exp(0.3 * rng.standard_normal(2000))
    r, z = scale * rng.standard_t(5, 2000), stats.norm.ppf(0.05)
    q, e = 1.2 * scale * z, -1.3 * scale**0.8 * stats.norm.pdf(z) / 0.05
    tests = (bt.esr_strict, bt.esr_auxiliary, bt.esr_intercept)
    found = [test(r, q, e, 0.05).p_value for test in tests]
    np.testing.assert_allclose(found, [0.408, 0.327, 0.255], rtol=0.04)
