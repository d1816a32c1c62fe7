"""AR, VAR and their common law against theory, statsmodels and simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal
from statsmodels.tsa.api import VAR as StatsmodelsVAR
from statsmodels.tsa.api import AutoReg

from econdiff.baselines.ar import AR
from econdiff.baselines.gaussian import LinearGaussian
from econdiff.baselines.var import VAR

C = np.array([1.0, -0.5])
A1 = np.array([[0.5, 0.1], [0.0, 0.3]])
A2 = np.array([[0.2, 0.0], [0.1, -0.2]])
S = np.array([[1.0, 0.6], [0.6, 1.0]])
NAMES = ("growth", "inflation")
TRUTH = LinearGaussian(NAMES, np.vstack([C, A1.T, A2.T]), S)


def test_without_shocks_the_recursion_is_exact():
    # y_t = 1 + y_{t-1} + 2 y_{t-2} runs on as 3, 5, 12, 23, 48
    var = LinearGaussian(("y",), np.array([[1.0], [1], [2]]), np.zeros((1, 1)))
    history = pd.DataFrame({"y": [3.0, 5]}, index=pd.period_range("2024Q1", periods=2, freq="Q"))
    forecast = var.sample(history, horizon=3, paths=1, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(forecast.mean()["y"], [12, 23, 48])


def test_path_moments_are_those_of_the_moving_average(panel):
    mean, covariance = TRUTH.path_moments(panel, horizon=2)
    y2, y1 = panel.to_numpy()[-2:]
    first = C + A1 @ y1 + A2 @ y2
    np.testing.assert_allclose(mean, [first, C + A1 @ first + A2 @ y1])
    np.testing.assert_allclose(covariance[:2, :2], S)
    np.testing.assert_allclose(covariance[2:, :2], A1 @ S)
    np.testing.assert_allclose(covariance[2:, 2:], S + A1 @ S @ A1.T)


def test_draws_have_the_path_moments(panel, rng):
    samples = TRUTH.sample(panel, horizon=3, paths=200_000, rng=rng).samples.reshape(-1, 6)
    mean, covariance = TRUTH.path_moments(panel, horizon=3)
    np.testing.assert_allclose(samples.mean(axis=0), mean.ravel(), atol=0.02)
    np.testing.assert_allclose(np.cov(samples.T), covariance, atol=0.03)


def test_the_density_of_a_path_is_that_of_its_shocks(panel):
    """By the chain rule: each row given the one before, as the recursion says it."""
    future = panel.iloc[-3:]
    history = panel.iloc[:-3]
    y = panel.to_numpy()
    shocks = y[-3:] - C - y[-4:-1] @ A1.T - y[-5:-2] @ A2.T
    expected = multivariate_normal(cov=TRUTH.covariance).logpdf(shocks).sum()
    assert TRUTH.log_density(history, future) == pytest.approx(expected)


def test_loudness_scales_each_period_of_shocks(panel, rng):
    loud = LinearGaussian(
        NAMES, TRUTH.coefficients, S, loudness=lambda i: np.arange(1.0, 1 + len(i))
    )
    covariance = loud.path_moments(panel, horizon=2)[1]
    np.testing.assert_allclose(covariance[2:, 2:], 4 * S + A1 @ S @ A1.T)
    second = loud.sample(panel, horizon=2, paths=200_000, rng=rng).samples[:, 1]
    np.testing.assert_allclose(np.cov(second.T), covariance[2:, 2:], atol=0.06)


def test_a_ragged_edge_is_the_law_of_the_future_given_its_known_cell(panel):
    """With the last inflation known and the last growth not, Gaussian regression says the rest."""
    ragged = panel.copy()
    ragged.iloc[-1, 0] = np.nan
    mean, covariance = TRUTH.path_moments(ragged, horizon=1)
    before, spread = TRUTH.path_moments(panel.iloc[:-1], horizon=2)
    known = panel.iloc[-1, 1]
    slope = spread[2:, 1] / spread[1, 1]
    np.testing.assert_allclose(mean[0], before[1] + slope * (known - before[0, 1]))
    np.testing.assert_allclose(
        covariance, spread[2:, 2:] - np.outer(slope, slope) * spread[1, 1], atol=1e-12
    )


def test_draws_from_a_history_with_holes_have_the_same_moments(panel, rng):
    holes = panel.copy()
    holes.iloc[-3, 1] = holes.iloc[-1, 0] = np.nan
    samples = TRUTH.sample(holes, horizon=2, paths=200_000, rng=rng).samples.reshape(-1, 4)
    mean, covariance = TRUTH.path_moments(holes, horizon=2)
    np.testing.assert_allclose(samples.mean(axis=0), mean.ravel(), atol=0.02)
    np.testing.assert_allclose(np.cov(samples.T), covariance, atol=0.03)


def test_a_series_that_ended_long_ago_is_named(panel, rng):
    panel.iloc[:, 1] = np.where(np.arange(200) % 2, np.nan, panel["inflation"])
    with pytest.raises(ValueError, match=r"2 complete rows .*'inflation' missing in 100 rows"):
        TRUTH.sample(panel, horizon=2, paths=3, rng=rng)


def test_fit_recovers_the_model_that_made_the_data(panel, rng):
    made = pd.DataFrame(TRUTH.sample(panel, horizon=50_000, paths=1, rng=rng).samples[0])
    fitted = VAR().fit(made)
    assert fitted.lags == 2
    np.testing.assert_allclose(fitted.coefficients, TRUTH.coefficients, atol=0.03)
    np.testing.assert_allclose(fitted.covariance, S, atol=0.03)


@pytest.mark.parametrize("lags", [1, 3])
def test_var_agrees_with_statsmodels(panel, lags):
    theirs = StatsmodelsVAR(panel.to_numpy()).fit(lags)
    ours = VAR(lags=lags).fit(panel)
    np.testing.assert_allclose(ours.coefficients, theirs.params, atol=1e-8)
    np.testing.assert_allclose(ours.covariance, theirs.sigma_u, atol=1e-8)
    mean, covariance = ours.path_moments(panel, 4)
    np.testing.assert_allclose(mean, theirs.forecast(panel.to_numpy(), 4), atol=1e-8)
    np.testing.assert_allclose(covariance[-2:, -2:], theirs.mse(4)[-1], atol=1e-8)


def test_var_chooses_the_order_that_statsmodels_chooses(panel, rng):
    made = TRUTH.sample(panel, horizon=120, paths=20, rng=rng).samples
    theirs = [StatsmodelsVAR(y).select_order(4).bic for y in made]
    ours = [VAR().fit(pd.DataFrame(y)).lags for y in made]
    assert ours == theirs
    assert len(set(ours)) > 1


def test_ar_agrees_with_statsmodels(panel):
    made = TRUTH.sample(panel, horizon=300, paths=1, rng=np.random.default_rng(1)).samples[0]
    fitted = AR().fit(pd.DataFrame(made, columns=NAMES))
    for i, name in enumerate(NAMES):
        bic = [AutoReg(made[:, i], lags=p, hold_back=8).fit().bic for p in range(9)]
        order = int(np.argmin(bic))
        assert fitted.provenance["lags"][name] == order
        theirs = AutoReg(made[:, i], lags=order).fit()
        own = fitted.coefficients[[0, *(1 + i + 2 * np.arange(order))], i]
        np.testing.assert_allclose(own, theirs.params, atol=1e-8)
        freedom = theirs.nobs / (theirs.nobs - 1 - order)
        assert fitted.covariance[i, i] == pytest.approx(theirs.sigma2 * freedom, rel=1e-8)


def test_ar_of_one_series_does_not_depend_on_the_others(panel):
    alone, together = AR().fit(panel[["growth"]]), AR().fit(panel)
    history = panel[["growth"]]
    mean, covariance = together.path_moments(panel, 4)
    own_mean, own_covariance = alone.path_moments(history, 4)
    np.testing.assert_allclose(mean[:, :1], own_mean)
    np.testing.assert_allclose(covariance[::2, ::2], own_covariance)


def test_ar_shocks_move_together_as_the_residuals_do(panel):
    fitted = AR().fit(panel)
    deviation = np.sqrt(np.diag(fitted.covariance))
    assert fitted.covariance[0, 1] / deviation.prod() == pytest.approx(0.6, abs=0.1)


def test_a_window_keeps_the_last_rows_only(panel):
    changed = panel.copy()
    changed.iloc[:-60] = 1e6
    ours, theirs = AR(window=60).fit(panel), AR(window=60).fit(changed)
    np.testing.assert_array_equal(ours.coefficients, theirs.coefficients)


def test_rows_beside_a_hole_are_left_out(panel):
    holed = panel.copy()
    holed.iloc[100, 0] = np.nan
    fitted = VAR(lags=1).fit(holed)
    rows = np.delete(np.arange(1, 200), [99, 100])
    X = np.column_stack([np.ones(197), panel.to_numpy()[rows - 1]])
    expected = np.linalg.lstsq(X, panel.to_numpy()[rows], rcond=None)[0]
    np.testing.assert_allclose(fitted.coefficients, expected)


def test_a_var_on_a_short_panel_is_not_saturated():
    index = pd.period_range("1990Q1", periods=15, freq="Q")
    orders = []
    for seed in range(20):
        y = np.random.default_rng(seed).normal(size=(15, 2))
        for t in range(1, 15):
            y[t] += 0.5 * y[t - 1]
        orders.append(VAR().fit(pd.DataFrame(y, index, ["a", "b"])).provenance["lags"])
    assert max(orders) == 1  # four lags in most of them, were BIC free to fit every row


def test_too_few_rows_says_how_many(panel):
    with pytest.raises(ValueError, match=r"VAR\(8\) on 2 series needs at least 19 rows .* got 12"):
        VAR(lags=8).fit(panel[:20])


def test_a_constant_series_is_named(panel):
    panel["inflation"] = 2.0
    with pytest.raises(ValueError, match=r"'inflation' is 2 throughout"):
        AR().fit(panel)
