"""An answer does not depend on the units in which a series is written."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.var import VAR
from econdiff.scenario import Pins, Scenario, cell, conditional, plausibility
from econdiff.scenario.plausibility import rank
from econdiff.transforms import Difference, Transformed

LEVEL = Difference(order=0)


def panel(unit):
    rng = np.random.default_rng(0)
    x = np.zeros((120, 2))
    for t in range(1, len(x)):
        x[t] = 0.7 * x[t - 1] + rng.standard_normal(2) @ np.array([[1, 0.4], [0, 1]])
    index = pd.period_range("1990Q1", periods=len(x), freq="Q")
    return pd.DataFrame({"rate": 0.2 * x[:, 0] + 3, "nx": unit * x[:, 1]}, index=index)


def log_density_ratio(unit, ragged):
    history = panel(unit)
    if ragged:  # the last rate is a fact of the first step
        history.iloc[-1, 1] = np.nan
    model = Transformed(VAR(), {"rate": LEVEL, "nx": LEVEL}).fit(panel(unit))
    answer = conditional(
        model,
        history,
        Scenario((cell("rate", 4, 5.0),)),
        mode="hard",
        horizon=4,
        paths=50,
        rng=np.random.default_rng(0),
    )
    return plausibility(answer).log_density_ratio


@pytest.mark.parametrize("ragged", [False, True])
def test_how_dense_a_scenario_is_does_not_depend_on_units(ragged):
    small, large = log_density_ratio(1, ragged), log_density_ratio(1e7, ragged)
    assert small < -10
    assert large == pytest.approx(small, rel=1e-6)


def ranked(draws, value):
    labels, none = ("",) * len(value), np.zeros(len(value))
    pins = Pins(labels, labels, labels, np.eye(len(value)), value, none, none > 0, none > 0)
    return rank(draws, pins)


def test_the_rank_among_draws_does_not_depend_on_units():
    draws, value = np.random.default_rng(0).standard_normal((500, 2)), np.array([5.0, 0.0])
    units = np.array([1e-4, 1e4])
    assert ranked(draws * units, value * units) == ranked(draws, value) == 1.0


def test_one_more_draw_has_any_rank_alike_however_few_there_are():
    every = np.random.default_rng(0).standard_normal((41, 26))
    ranks = [ranked(np.delete(every, k, axis=0), value) for k, value in enumerate(every)]
    np.testing.assert_allclose(np.sort(ranks), np.arange(41) / 40)
