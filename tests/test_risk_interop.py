"""Joint paths in skfolio's, PyPortfolioOpt's and Riskfolio's hands."""

import numpy as np
import pandas as pd
import pytest
from skfolio import RiskMeasure
from skfolio.optimization import MeanRisk
from skfolio.prior import SyntheticData
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from econdiff.baselines.ewma import EWMA
from econdiff.baselines.historical_simulation import HistoricalSimulation
from econdiff.baselines.var import VAR
from econdiff.forecast import Forecast
from econdiff.interop import to_skfolio
from econdiff.risk.portfolio import gains
from econdiff.risk.stress import StressError

COVARIANCE = np.array([[1.0, 0.6, 0.2], [0.6, 2.0, 0.3], [0.2, 0.3, 0.5]])
NAMES = ["a", "b", "c"]


@pytest.fixture
def returns(rng):
    logs = rng.multivariate_normal([0.05, 0.05, 0.03], COVARIANCE, 1500) / 100
    days = pd.bdate_range("2015-01-01", periods=1500)
    return pd.DataFrame(np.expm1(logs), index=days, columns=NAMES)


def test_a_minimum_cvar_portfolio_is_found_on_the_draws(returns):
    prior = SyntheticData(
        distribution_estimator=to_skfolio(HistoricalSimulation(window=1500)), n_samples=3000
    )
    model = MeanRisk(risk_measure=RiskMeasure.CVAR, prior_estimator=prior).fit(returns)
    assert model.weights_.sum() == pytest.approx(1)
    # near Gaussian returns of about equal means have their least CVaR near the least variance
    least = np.linalg.solve(COVARIANCE, np.ones(3))
    np.testing.assert_allclose(model.weights_, least / least.sum(), atol=0.08)


@pytest.mark.parametrize("model", [VAR(max_lags=1), EWMA(), HistoricalSimulation(window=1500)])
def test_a_condition_is_met_and_moves_the_others_by_regression(returns, model):
    sampler = to_skfolio(model).fit(returns)
    drawn = sampler.sample(8000, conditioning={"a": -0.01})
    assert drawn.shape == (8000, 3)
    np.testing.assert_allclose(drawn[:, 0], -0.01)
    free = sampler.sample(20_000)
    slope = np.cov(free[:, 0], free[:, 1])[0, 1] / free[:, 0].var()
    expected = free[:, 1].mean() + slope * (-0.01 - free[:, 0].mean())
    assert drawn[:, 1].mean() == pytest.approx(expected, abs=0.0025)
    assert drawn[:, 1].std() < free[:, 1].std()


def test_bounds_and_one_value_a_sample_are_met_as_skfolio_means_them(returns):
    sampler = to_skfolio(HistoricalSimulation(window=1500)).fit(returns)
    within = sampler.sample(500, conditioning={np.int64(0): (-0.03, -0.01)})
    assert within.shape == (500, 3)
    assert ((within[:, 0] >= -0.03) & (within[:, 0] <= -0.01)).all()
    for below in ((None, -0.01), (-np.inf, -0.01)):
        drawn = sampler.sample(100, conditioning={"a": below})
        assert drawn[:, 0].max() <= -0.01
    assert sampler.sample(100, conditioning={"a": (0.01, None)})[:, 0].min() >= 0.01
    two = sampler.sample(2, conditioning={"a": np.array([-0.01, 0.02])})
    np.testing.assert_allclose(two[:, 0], [-0.01, 0.02])
    each = np.linspace(-0.03, 0.03, 500)
    drawn = sampler.sample(500, conditioning={"a": each})
    np.testing.assert_allclose(drawn[:, 0], each)
    assert np.polyfit(each, drawn[:, 1], 1)[0] == pytest.approx(0.6, abs=0.1)


def test_the_stressed_prior_of_skfolio_has_the_stress(returns):
    prior = SyntheticData(
        distribution_estimator=to_skfolio(EWMA()),
        n_samples=2000,
        sample_args={"conditioning": {"a": -0.05}},
    ).fit(returns)
    assert prior.return_distribution_.mu[0] == pytest.approx(-0.05, abs=1e-4)
    assert prior.return_distribution_.mu[1] < -0.01


def test_it_is_an_estimator_that_can_be_cloned_and_draws_the_same_twice(returns):
    sampler = to_skfolio(EWMA(), seed=3)
    first = clone(sampler).fit(returns).sample(50)
    np.testing.assert_array_equal(first, sampler.fit(returns).sample(50))
    np.testing.assert_array_equal(
        first, to_skfolio(EWMA(), seed=3).fit(returns.to_numpy()).sample(50)
    )
    assert not np.array_equal(first, to_skfolio(EWMA(), seed=4).fit(returns).sample(50))


@pytest.mark.parametrize(
    ("conditioning", "error", "words"),
    [
        ({"z": 0.0}, ValueError, "no asset 'z'"),
        ({"a": 0.0, "b": 0.0, "c": 0.0}, ValueError, "leave at least one free"),
        ({"a": -1.5}, ValueError, "no simple return"),
        ({"a": np.zeros(7)}, ValueError, "shape"),
        ({"a": 0.01, 0: 0.02}, ValueError, "named twice"),
        ({"a": (-0.01, -0.02)}, ValueError, "the wrong way round"),
        ({"a": (-0.02, -0.01, 0.0)}, ValueError, "a tuple .low, high."),
        ({"a": np.nan}, ValueError, "no simple return"),
        ({"a": (-0.9, -0.8)}, StressError, "0 of 20000 draws lie within the bounds"),
    ],
)
def test_conditions_that_cannot_be_are_refused(returns, conditioning, error, words):
    sampler = to_skfolio(EWMA()).fit(returns)
    with pytest.raises(error, match=words):
        sampler.sample(100, conditioning=conditioning)


def test_what_is_not_a_model_and_what_is_not_fitted_are_said(returns):
    for wrong in ("diffusion", EWMA):
        with pytest.raises(TypeError, match=r"as in to_skfolio\(Diffusion\(\)\)"):
            to_skfolio(wrong)
    with pytest.raises(NotFittedError, match="fit"):
        to_skfolio(EWMA()).sample(3)
    with pytest.raises(ValueError, match="asset 'a' is there twice"):
        to_skfolio(EWMA()).fit(returns.set_axis(["a", "a", "b"], axis=1))


def test_percent_given_for_fractions_is_noticed(returns):
    with pytest.raises(ValueError, match="simple returns as fractions"):
        to_skfolio(EWMA()).fit(100 * returns)


@pytest.fixture
def frame(returns):
    drawn = 100 * np.log1p(returns.to_numpy())[:, None]
    index = pd.period_range("2024-01-01", periods=1, freq="D")
    return gains(Forecast(drawn, index, tuple(NAMES)), kind="log", percent=True).frame()


def test_scenario_returns_are_a_plain_table(returns, frame):
    assert list(frame.columns) == NAMES
    assert frame.index.name == "path"
    np.testing.assert_allclose(frame.to_numpy(), returns.to_numpy())


def test_pyportfolioopt_takes_the_table(frame):
    frontier = pytest.importorskip("pypfopt.efficient_frontier")
    weights = frontier.EfficientCVaR(frame.mean(), frame).min_cvar()
    assert sum(weights.values()) == pytest.approx(1)
    assert weights["c"] > weights["b"]


def test_riskfolio_takes_the_table(frame):
    riskfolio = pytest.importorskip("riskfolio")
    portfolio = riskfolio.Portfolio(returns=frame)
    portfolio.assets_stats(method_mu="hist", method_cov="hist")
    weights = portfolio.optimization(model="Classic", rm="CVaR", obj="MinRisk", hist=True)
    assert weights["weights"].sum() == pytest.approx(1)
    assert weights.loc["c", "weights"] > weights.loc["b", "weights"]
