"""Structural shocks under a declared identification."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.api import VAR as StatsVAR

from econdiff.baselines.var import VAR
from econdiff.scenario import Scenario, ScenarioError, cell
from econdiff.structural import Recursive, Signs, structural

NAMES = ("output", "prices", "rate")
B = np.array([[1.0, 0.0, 0.0], [0.3, 0.8, 0.0], [0.4, 0.2, 0.5]])
A = np.array([[0.6, 0.1, -0.15], [0.05, 0.7, 0.1], [0.1, 0.2, 0.7]])


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    y = np.zeros((300, 3))
    for t in range(1, 300):
        y[t] = A @ y[t - 1] + B @ rng.standard_normal(3)
    return pd.DataFrame(y, index=pd.period_range("1940Q1", periods=300, freq="Q"), columns=NAMES)


@pytest.fixture(scope="module")
def recursive(panel):
    return structural(
        VAR(lags=2).fit(panel), Recursive(NAMES), draws=1, rng=np.random.default_rng(0)
    )


def test_recursive_responses_are_those_of_statsmodels(panel, recursive):
    theirs = StatsVAR(panel.to_numpy()).fit(2).irf(8).orth_irfs
    np.testing.assert_allclose(recursive.responses(8)[0], theirs, atol=1e-8)


def test_another_order_is_another_scheme(panel):
    turned = structural(
        VAR(lags=1).fit(panel), Recursive(NAMES[::-1]), draws=1, rng=np.random.default_rng(0)
    )
    impact = turned.impacts[0]
    np.testing.assert_allclose(impact @ impact.T, turned.model.covariance)
    assert impact[2, 1] == impact[2, 2] == 0  # the rate stands first: only its own shock moves it
    assert turned.shocks == ("rate", "prices", "output")


def test_history_is_the_sum_of_its_shocks(panel, recursive):
    table = recursive.historical(panel)
    whole = table.groupby(["period", "series"], sort=False)["value"].sum().unstack()
    np.testing.assert_allclose(whole[list(NAMES)], panel.iloc[2:], atol=1e-8)


def test_signs_give_a_set_that_fits_the_data_and_the_signs(panel):
    signs = Signs({("policy", "rate"): 1, ("policy", "prices"): -1, ("policy", "output"): -1})
    found = structural(VAR(lags=1).fit(panel), signs, draws=20, rng=np.random.default_rng(0))
    for impact in found.impacts:
        np.testing.assert_allclose(impact @ impact.T, found.model.covariance, atol=1e-9)
        assert (np.sign(impact[:, 0]) == [-1, -1, 1]).all()
    assert found.impacts[:, 0, 0].std() > 0.01  # a set, not a point
    assert found.shocks == ("policy", "(unnamed 1)", "(unnamed 2)")


def test_a_scenario_is_met_by_the_shocks_that_are_named(panel, recursive):
    pins = Scenario(tuple(cell("rate", k, 1.0) for k in (1, 2)))
    found = recursive.scenario(panel, pins, ("rate",), horizon=6)
    np.testing.assert_allclose(found.means[0, :2, 2], 1.0)
    assert (found.shocks[0, :, :2] == 0).all()
    assert (found.shocks[0, 2:] == 0).all()
    unconditional = recursive.model.path_moments(panel, 6)[0]
    # the rate's shock, last in the order, moves nothing else on impact
    np.testing.assert_allclose(found.means[0, 0, :2], unconditional[0, :2])
    needed = (1.0 - unconditional[0, 2]) / recursive.impacts[0, 2, 2]
    assert found.shocks[0, 0, 2] == pytest.approx(needed)


def test_great_shocks_are_not_modest(panel, recursive):
    small, great = (
        recursive.scenario(panel, Scenario((cell("rate", 1, at),)), ("rate",), 4).modesty()
        for at in (float(recursive.model.path_moments(panel, 1)[0][0, 2]) + 0.2, 9.0)
    )
    assert small["modest"].all()
    assert not great.set_index("shock").loc["rate", "modest"]


def test_what_a_scheme_cannot_do_is_refused(panel, recursive):
    with pytest.raises(ScenarioError, match="each once"):
        structural(recursive.model, Recursive(("rate",)), draws=1, rng=np.random.default_rng(0))
    with pytest.raises(ScenarioError, match="no shock"):
        recursive.scenario(panel, Scenario((cell("rate", 1, 1.0),)), ("oil",), 2)
    with pytest.raises(ScenarioError, match="cannot meet 1 pins"):
        recursive.scenario(panel, Scenario((cell("output", 1, 1.0),)), ("rate",), 2)
    with pytest.raises(ScenarioError, match="is no sign"):
        structural(recursive.model, Signs({("a", "oil"): 1}), draws=1, rng=np.random.default_rng(0))
