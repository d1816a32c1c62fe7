"""The BVAR and its algebra against brute force, least squares and simulation."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import invgamma, multivariate_normal, multivariate_t

from econdiff.baselines.bvar import BVAR
from econdiff.baselines.conjugate import NormalInverseWishart, Products
from econdiff.baselines.gaussian import lagged
from econdiff.baselines.minnesota import Search
from econdiff.baselines.pandemic import Pandemic, frequency
from econdiff.baselines.var import VAR


def regression(rng, series):
    """Five rows, two regressors."""
    x = np.column_stack([np.ones(5), rng.standard_normal(5)])
    return x, x @ rng.standard_normal((2, series)) + rng.standard_normal((5, series))


def test_marginal_likelihood_of_one_series_is_the_integral_over_its_variance(rng):
    x, y = regression(rng, 1)
    prior = NormalInverseWishart(
        np.array([[0.3], [-0.2]]), np.array([0.5, 2.0]), np.array([1.7]), 3.0
    )
    spread = np.eye(5) + x @ np.diag(1 / prior.precision) @ x.T

    def joint(variance):
        given = multivariate_normal(x @ prior.mean[:, 0], variance * spread).pdf(y[:, 0])
        return given * invgamma(1.5, scale=0.85).pdf(variance)

    expected = np.log(quad(joint, 0, np.inf)[0])
    assert prior.log_evidence(Products.of(x, y)) == pytest.approx(expected, abs=1e-6)


def test_marginal_likelihood_is_the_product_of_one_step_predictions(rng):
    """Each row given those before it is multivariate t, by the posterior of the rows before."""
    x, y = regression(rng, 3)
    prior = NormalInverseWishart(
        rng.standard_normal((2, 3)), np.array([0.5, 2.0]), np.array([1.0, 2, 3]), 5.0
    )
    total = 0.0
    for t in range(5):
        after = prior.posterior(Products.of(x[:t], y[:t]))
        freedom = after.freedom - 2
        root = np.linalg.solve(after.precision_root, x[t])
        shape = after.scale * (1 + root @ root) / freedom
        total += multivariate_t(x[t] @ after.mean, shape, freedom).logpdf(y[t])
    assert prior.log_evidence(Products.of(x, y)) == pytest.approx(total, abs=1e-8)


def test_posterior_draws_have_the_posterior_moments(rng):
    x, y = regression(rng, 2)
    prior = NormalInverseWishart(np.zeros((2, 2)), np.array([0.5, 2.0]), np.array([1.0, 2]), 8.0)
    after = prior.posterior(Products.of(x, y))
    b, root = after.draw(200_000, rng)
    sigma = root.transpose(0, 2, 1) @ root
    np.testing.assert_allclose(b.mean(axis=0), after.mean, atol=0.01)
    np.testing.assert_allclose(sigma.mean(axis=0), after.covariance, rtol=0.02)
    spread = np.linalg.inv(after.precision_root @ after.precision_root.T)
    expected = np.kron(spread, after.covariance)
    np.testing.assert_allclose(np.cov(b.reshape(-1, 4).T), expected, atol=0.01)


@pytest.fixture
def search(panel) -> Search:
    y = panel.to_numpy()
    return Search(lagged(y, 2), y[2:], np.array([0.5, 1.0]), panel.index[2:], None)


def test_without_a_prior_the_bvar_is_least_squares(search, panel):
    loose = replace(
        search.at(np.zeros(5)), tightness=1e5, sum_of_coefficients=1e5, initial_observation=1e5
    )
    expected = VAR(lags=2).fit(panel).coefficients
    np.testing.assert_allclose(loose.posterior().mean, expected, atol=1e-5)


def test_a_tight_prior_is_all_there_is(search):
    tight = replace(
        search.at(np.zeros(5)), tightness=1e-5, sum_of_coefficients=1e5, initial_observation=1e5
    )
    mean = tight.posterior().mean
    np.testing.assert_allclose(mean[1:], [[0.5, 0], [0, 1], [0, 0], [0, 0]], atol=1e-4)


def test_a_tight_sum_of_coefficients_makes_starting_means_stay(search):
    tight = replace(
        search.at(np.zeros(5)), tightness=1e5, sum_of_coefficients=1e-6, initial_observation=1e5
    )
    mean = tight.posterior().mean
    np.testing.assert_allclose(mean[1:3] + mean[3:5], np.eye(2), atol=1e-3)


def test_a_tight_initial_observation_holds_the_starting_means_together(search):
    tight = replace(search.at(np.zeros(5)), initial_observation=1e-6)
    stay = np.concatenate([[1], tight.start, tight.start]) @ tight.posterior().mean
    np.testing.assert_allclose(stay, tight.start, atol=1e-6)


def test_the_chosen_hyperparameters_are_a_maximum(search):
    best = search.best()
    for name in ("tightness", "sum_of_coefficients", "initial_observation", "psi"):
        for factor in (0.8, 1.25):
            other = replace(best, **{name: factor * getattr(best, name)})
            assert other.log_density() < best.log_density()


def test_units_of_the_series_change_nothing_but_units(panel):
    rng = np.random.default_rng(1)
    plain = BVAR().fit(panel).sample(panel, horizon=4, paths=50, rng=rng).samples
    rng = np.random.default_rng(1)
    cents = panel * [100, 1]
    scaled = BVAR().fit(cents).sample(cents, horizon=4, paths=50, rng=rng).samples
    np.testing.assert_allclose(scaled / [100, 1], plain, rtol=1e-2, atol=1e-3)


def test_draws_are_the_mixture_of_the_posterior_laws(panel, rng):
    fitted = BVAR(lags=2).fit(panel[:60])
    samples = fitted.sample(panel, horizon=3, paths=20_000, rng=rng).samples.reshape(-1, 6)
    moments = [law.path_moments(panel, 3) for law in fitted.draws(500, rng)]
    means = np.array([mean.ravel() for mean, _ in moments])
    covariance = np.mean([c for _, c in moments], axis=0) + np.cov(means.T)
    np.testing.assert_allclose(samples.mean(axis=0), means.mean(axis=0), atol=0.06)
    np.testing.assert_allclose(np.cov(samples.T), covariance, atol=0.15)


def test_a_ragged_edge_is_drawn_by_each_path_itself(panel, rng):
    fitted = BVAR(lags=2).fit(panel[:60])
    ragged = panel.copy()
    ragged.iloc[-1, 0] = np.nan
    samples = fitted.sample(ragged, horizon=1, paths=2_000, rng=rng).samples[:, 0]
    moments = [law.path_moments(ragged, 1) for law in fitted.draws(400, rng)]
    np.testing.assert_allclose(
        samples.mean(axis=0), np.mean([mean[0] for mean, _ in moments], axis=0), atol=0.12
    )
    np.testing.assert_allclose(
        np.cov(samples.T), np.mean([c for _, c in moments], axis=0), atol=0.2
    )


def test_loudness_of_the_pandemic_by_period():
    pandemic = Pandemic("Q-DEC", (10.0, 6.0, 3.0), 0.5)
    quarters = pd.period_range("2019Q4", periods=7, freq="Q")
    np.testing.assert_allclose(pandemic(quarters), [1, 10, 6, 3, 2, 1.5, 1.25])
    np.testing.assert_allclose(pandemic(quarters.to_timestamp()), pandemic(quarters))


def test_dates_that_carry_no_frequency_are_those_that_do():
    quarters = pd.period_range("2019Q4", periods=7, freq="Q").to_timestamp(how="end").normalize()
    assert frequency(pd.DatetimeIndex(quarters.to_list())) == "Q-DEC"
    days = pd.bdate_range("2020-01-01", periods=60).delete([7, 30])  # holidays
    assert frequency(days) is None
    panel = pd.DataFrame(np.random.default_rng(0).standard_normal((58, 2)), days, ["a", "b"])
    assert BVAR(lags=1).fit(panel).names == ("a", "b")


def pandemic_panel(rng) -> tuple[pd.DataFrame, np.ndarray]:
    """Persistent series with shocks 10, 6, 3, 2, ... times as large from 2020Q1 on."""
    index = pd.period_range("1990Q1", periods=132, freq="Q")
    loudness = Pandemic("Q-DEC", (10.0, 6.0, 3.0), 0.5)(index)
    values = np.zeros((132, 4))
    for t in range(1, 132):
        values[t] = 0.7 * values[t - 1] + loudness[t] * rng.standard_normal(4)
    return pd.DataFrame(values, index=index, columns=list("abcd")), loudness


def test_the_pandemic_is_found_loud_and_does_not_spoil_the_covariance(rng):
    panel, _ = pandemic_panel(rng)
    fitted = BVAR(lags=1).fit(panel)
    first = fitted.provenance["pandemic"][:3]
    np.testing.assert_allclose(first, [10, 6, 3], rtol=0.6)
    assert first[0] > first[1] > first[2]
    assert np.diag(fitted.posterior.covariance).max() < 2
    without = BVAR(lags=1, pandemic=False).fit(panel)
    assert np.diag(without.posterior.covariance).max() > 2


def test_before_2020_the_pandemic_changes_no_digit(rng):
    panel = pandemic_panel(rng)[0][:"2019Q4"]
    with_, without = BVAR(lags=1).fit(panel), BVAR(lags=1, pandemic=False).fit(panel)
    np.testing.assert_array_equal(with_.posterior.mean, without.posterior.mean)
    assert with_.pandemic is None


def test_too_few_rows_says_how_many(panel):
    with pytest.raises(ValueError, match=r"BVAR\(5\) on 2 series needs at least 10 rows .* got 5"):
        BVAR().fit(panel[:10])
