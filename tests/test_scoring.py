"""Scores and tests against closed forms, by hand, and against scoringrules and arch."""

import numpy as np
import pytest
import scoringrules
from scipy.stats import kstest, norm
from scipy.stats import t as student
from statsmodels.stats.multitest import multipletests

from econdiff.scoring import (
    both_tails,
    covered,
    crps,
    diebold_mariano,
    energy_score,
    holm,
    left_tail,
    log_score,
    model_confidence_set,
    pinball,
    pit,
    quantile_weighted_crps,
    ratio_interval,
    right_tail,
    squared_error,
    threshold_weighted_crps,
    uniformity,
    variogram_score,
)

# --- one cell at a time


def test_crps_of_two_paths_by_hand():
    # |0-1| and |4-1| have mean 2; the one pair is 4 apart: 2 - 4/2 = 0
    assert crps(np.array([0.0, 4.0]), np.array(1.0)) == pytest.approx(0)
    assert crps(np.array([[0.0], [4.0]]), np.array([6.0])) == pytest.approx(2)


def test_crps_of_gaussian_draws_is_the_closed_form(rng):
    outcome = np.array([-2.0, 0.0, 1.5])
    samples = rng.normal(1, 2, size=(200_000, 3))
    exact = scoringrules.crps_normal(outcome, 1, 2)
    np.testing.assert_allclose(crps(samples, outcome), exact, rtol=0.01)


def test_crps_is_fair_for_few_paths(rng):
    samples, outcome = rng.normal(size=(2, 100_000)), rng.normal(size=100_000)
    ideal = 1 / np.sqrt(np.pi)  # E CRPS of N(0, 1) under itself
    assert crps(samples, outcome).mean() == pytest.approx(ideal, abs=0.01)


def test_crps_agrees_with_the_pairwise_estimator_of_scoringrules(rng):
    samples, outcome = rng.standard_t(3, size=(50, 4, 2)), rng.normal(size=(4, 2))
    theirs = scoringrules.crps_ensemble(
        outcome, samples, m_axis=0, estimator="fair", backend="numpy"
    )
    np.testing.assert_allclose(crps(samples, outcome), theirs, atol=1e-12)


def test_a_threshold_splits_the_crps_in_two(rng):
    samples, outcome = rng.normal(size=(500, 3)), rng.normal(size=3)
    low = threshold_weighted_crps(samples, outcome, high=-0.3)
    high = threshold_weighted_crps(samples, outcome, low=-0.3)
    np.testing.assert_allclose(low + high, crps(samples, outcome))
    far = threshold_weighted_crps(samples, outcome, low=np.array([9.0, 9.0, 9.0]))
    np.testing.assert_allclose(far, 0, atol=1e-12)


def test_quantile_weights_make_up_the_crps(rng):
    samples, outcome = rng.normal(size=(20_000, 5)), rng.normal(size=5)
    every = quantile_weighted_crps(samples, outcome, np.ones_like)
    np.testing.assert_allclose(every, crps(samples, outcome), rtol=0.01)
    # (1-a)^2 + a^2 = (1 + (2a-1)^2) / 2
    ends = [quantile_weighted_crps(samples, outcome, w) for w in (left_tail, right_tail)]
    both = quantile_weighted_crps(samples, outcome, both_tails)
    np.testing.assert_allclose(sum(ends), (every + both) / 2)


def test_the_tail_of_a_uniform_law_is_the_integral():
    # quantiles a: at y = -1 2 int (1-a)^3 (a+1) = .6, at y = 2 2 int (1-a)^2 a (2-a) = 4/15
    samples = np.linspace(0, 1, 10_001)[:, None] * np.ones(2)
    losses = quantile_weighted_crps(samples, np.array([-1.0, 2.0]), left_tail)
    np.testing.assert_allclose(losses, [0.6, 4 / 15], rtol=1e-3)


def test_pinball_by_hand():
    quantiles = np.array([[2.0, 2.0], [2.0, 2.0]])  # [level, cell]
    losses = pinball(quantiles, np.array([1.0, 4.0]), np.array([0.1, 0.5]))
    np.testing.assert_allclose(losses, [[0.9, 0.2], [0.5, 1.0]])


def test_log_score_nears_the_density_of_a_gaussian(rng):
    samples, outcome = rng.normal(3, 2, size=(100_000, 2)), np.array([3.0, 6.0])
    exact = -norm.logpdf(outcome, 3, 2)
    np.testing.assert_allclose(log_score(samples, outcome), exact, atol=0.02)
    few = samples[:200]
    near = scoringrules.logs_ensemble(outcome, few, m_axis=0, backend="numpy")
    np.testing.assert_allclose(log_score(few, outcome), near, atol=0.01)


def test_log_score_of_what_no_path_came_near_is_large_and_finite():
    samples = np.random.default_rng(0).normal(size=(1000, 1))
    assert 1e4 < log_score(samples, np.array([100.0]))[0] < np.inf
    assert np.isnan(log_score(np.zeros((9, 1)), np.array([1.0]))[0])


def test_squared_error_is_of_the_mean():
    assert squared_error(np.array([[1.0], [3.0]]), np.array([5.0])) == [9.0]


def test_an_unknown_outcome_has_no_score(rng):
    samples, outcome = rng.normal(size=(50, 2)), np.array([np.nan, 0.0])
    scores = [
        crps(samples, outcome),
        quantile_weighted_crps(samples, outcome, left_tail),
        pinball(np.quantile(samples, [0.5], axis=0), outcome, np.array([0.5]))[0],
        log_score(samples, outcome),
        squared_error(samples, outcome),
        pit(samples, outcome, rng=rng),
        covered(np.zeros(2), np.ones(2), outcome),
    ]
    assert [list(np.isnan(score)) for score in scores] == [[True, False]] * len(scores)
    assert np.isnan(energy_score(samples, outcome))
    assert np.isnan(variogram_score(samples, outcome))


def test_one_path_is_no_law():
    with pytest.raises(ValueError, match="at least 2 paths, got 1"):
        crps(np.zeros((1, 3)), np.zeros(3))


# --- a whole vector


def test_energy_score_agrees_with_scoringrules(rng):
    samples, outcome = rng.normal(size=(40, 6)), rng.normal(size=6)
    theirs = scoringrules.es_ensemble(outcome, samples, estimator="fair", backend="numpy")
    assert energy_score(samples, outcome) == pytest.approx(float(theirs))
    one = energy_score(samples[:, :1], outcome[:1])
    assert one == pytest.approx(crps(samples[:, 0], outcome[0]))


def test_variogram_score_agrees_with_scoringrules(rng):
    samples, outcome = rng.normal(size=(40, 6)), rng.normal(size=6)
    for power in (0.5, 1.0):
        theirs = scoringrules.vs_ensemble(outcome, samples, p=power, backend="numpy")
        assert variogram_score(samples, outcome, power=power) == pytest.approx(float(theirs))


def test_variogram_score_sees_a_wrong_correlation(rng):
    right = rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=4000)
    wrong = rng.normal(size=(4000, 2))
    outcomes = rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=50)
    means = [np.mean([variogram_score(s, y) for y in outcomes]) for s in (right, wrong)]
    assert means[0] < 0.6 * means[1]


def test_cells_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match=r"samples\[path, cell\]"):
        energy_score(np.zeros((5, 2, 3)), np.zeros((2, 3)))


# --- calibration


def test_pit_of_a_draw_among_draws_is_uniform_ties_and_all(rng):
    smooth = pit(rng.normal(size=(9, 20_000)), rng.normal(size=20_000), rng=rng)
    coins = pit(rng.integers(0, 2, (9, 20_000)) * 1.0, rng.integers(0, 2, 20_000) * 1.0, rng=rng)
    assert kstest(smooth, "uniform").pvalue > 0.01
    assert kstest(coins, "uniform").pvalue > 0.01


def test_an_outcome_below_every_path_is_in_the_first_bin(rng):
    values = pit(np.zeros((9, 1000)), np.full(1000, -1.0), rng=rng)
    assert 0 < values.min() < values.max() < 0.1


def test_cover_counts_the_ends():
    assert covered(np.zeros(3), np.ones(3), np.array([1.0, -0.1, 0.5])).tolist() == [1, 0, 1]


@pytest.mark.parametrize("overlap", [1, 4])
def test_uniformity_keeps_its_size(overlap):
    rng = np.random.default_rng(5)
    rejected = []
    for _ in range(400):
        shocks = rng.normal(size=140 + overlap - 1)
        z = np.convolve(shocks, np.ones(overlap), "valid") / np.sqrt(overlap)
        rejected.append(uniformity(norm.cdf(z)).p_value < 0.05)
    assert 0.02 <= np.mean(rejected) <= 0.10


@pytest.mark.parametrize(("shift", "spread"), [(0, 0.6), (0, 1.5), (0.4, 1)])
def test_uniformity_finds_wide_narrow_and_biased_bands(shift, spread):
    rng = np.random.default_rng(6)
    p = [uniformity(norm.cdf(rng.normal(shift, spread, 140))).p_value for _ in range(100)]
    assert np.mean(np.array(p) < 0.05) > 0.8


def test_outcomes_that_are_always_below_every_path_are_not_uniform(rng):
    for width in (1e-3, 1e-9, 0):
        assert uniformity(width * rng.uniform(size=60)).p_value < 1e-6


def test_uniformity_skips_the_unknown_and_says_how_many_it_saw(rng):
    values = rng.uniform(size=50)
    values[:10] = np.nan
    assert uniformity(values) == uniformity(values[10:])
    assert uniformity(values).observations == 40
    assert np.isnan(uniformity(values[:15]).p_value)


# --- one loss against another


def test_diebold_mariano_by_hand():
    # d = 1, 2, 3, 6: mean 3, deviations -2 -1 0 3; g0 = 14/4, g1 = 2/4
    losses, reference = np.array([2.0, 4, 6, 10]), np.array([1.0, 2, 3, 4])
    one = diebold_mariano(losses, reference)
    assert one.statistic == pytest.approx(3 / np.sqrt(3.5 / 4) * np.sqrt(3 / 4))
    assert one.p_value == pytest.approx(2 * student.sf(one.statistic, 3))
    two = diebold_mariano(losses, reference, horizon=2)
    assert two.statistic == pytest.approx(3 / np.sqrt(4.5 / 4) * np.sqrt((1 + 2 / 4) / 4))


def test_a_variance_below_nothing_is_weighed_by_bartlett():
    # d alternates: g0 = 1, g1 = -(n-1)/n; with h = 2 the plain sum is below 0
    differences = np.tile([2.0, 0.0], 5)
    g0, g1, n = 1.0, -0.9, 10
    expected = 1 / np.sqrt((g0 + 2 * 0.5 * g1) / n) * np.sqrt((n + 1 - 4 + 2 / n) / n)
    result = diebold_mariano(differences, np.zeros(10), horizon=2)
    assert result.statistic == pytest.approx(expected)


def test_diebold_mariano_skips_gaps_and_knows_a_tie(rng):
    a, b = rng.normal(size=30), rng.normal(size=30)
    assert diebold_mariano(np.append(a, np.nan), np.append(b, 1.0)) == diebold_mariano(a, b)
    assert diebold_mariano(a, a) == (0.0, 1.0, 30)
    assert np.isnan(diebold_mariano(a[:4], b[:4], horizon=3).p_value)
    assert diebold_mariano(a - 1, a).p_value < 1e-12


@pytest.mark.parametrize("horizon", [1, 4])
def test_diebold_mariano_keeps_its_size_when_losses_overlap(horizon):
    rng = np.random.default_rng(3)
    p = [
        diebold_mariano(
            np.convolve(rng.normal(size=119 + horizon), np.ones(horizon), "valid"),
            np.zeros(120),
            horizon=horizon,
        ).p_value
        for _ in range(1000)
    ]
    assert 0.08 <= np.mean(np.array(p) < 0.10) <= 0.14


def test_holm_by_hand():
    adjusted = holm(np.array([0.01, np.nan, 0.04, 0.03]))
    np.testing.assert_allclose(adjusted, [0.03, np.nan, 0.06, 0.06])
    assert np.isnan(holm(np.array([np.nan]))).all()


def test_holm_agrees_with_statsmodels(rng):
    p = rng.uniform(size=30) ** 3
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_the_interval_of_a_ratio_holds_it_as_often_as_promised():
    rng = np.random.default_rng(7)
    inside = []
    for _ in range(500):
        base = rng.gamma(2, 1, 100)
        own = 0.8 * base + rng.normal(0, 0.5, 100)
        _, low, high = ratio_interval(own, base)
        inside.append(low < 0.8 < high)
    assert np.mean(inside) == pytest.approx(0.90, abs=0.04)


def test_a_ratio_by_hand():
    # ratio 2/3; own - ratio base = 2/3, -2/3: error .47/3 on one degree of freedom
    own, base = np.array([4.0, 0.0, np.nan]), np.array([5.0, 1.0, 1.0])
    assert np.isnan(ratio_interval(own, base)[1])
    three = ratio_interval(np.array([4.0, 0.0, 2.0]), np.array([5.0, 1.0, 3.0]))
    error = np.sqrt(8 / 9 / 3 / 3 / (2 / 3)) / 3
    assert three[0] == pytest.approx(2 / 3)
    assert three[2] - three[0] == pytest.approx(error * student.ppf(0.95, 2))


def test_confidence_set_keeps_equals_and_drops_the_worse(rng):
    losses = rng.normal(size=(200, 3)) ** 2 + [0, 0, 0.6]
    p = model_confidence_set(losses, rng=rng)
    assert p[:2].min() > 0.10 > p[2]
    assert p.max() == 1


def test_confidence_set_gives_equal_columns_one_place(rng):
    best = rng.normal(size=100) ** 2
    p = model_confidence_set(np.column_stack([best, best + 1 + best / 9, best]), rng=rng)
    assert p.tolist() == [1.0, p[1], 1.0]
    assert p[1] < 0.10
    assert model_confidence_set(np.column_stack([best, best]), rng=rng).tolist() == [1, 1]
    assert model_confidence_set(np.column_stack([best + 1, best]), rng=rng).tolist() == [0, 1]


def test_confidence_set_uses_whole_rows_and_needs_eight(rng):
    losses = rng.normal(size=(60, 2)) ** 2
    ragged = np.vstack([losses, [[np.nan, 1.0]]])
    p = [model_confidence_set(x, rng=np.random.default_rng(0)).tolist() for x in (losses, ragged)]
    assert p[0] == p[1]
    assert np.isnan(model_confidence_set(losses[:7], rng=rng)).all()


def test_the_best_model_is_in_the_set_as_often_as_promised():
    rng = np.random.default_rng(4)
    inside = [
        model_confidence_set(rng.normal(size=(60, 3)), rng=rng, draws=200)[0] > 0.10
        for _ in range(100)
    ]
    assert np.mean(inside) > 0.85
