import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.in_levels import InLevels
from econdiff.baselines.random_walk import RandomWalk
from econdiff.transforms import fred_md


def test_a_price_that_doubles_goes_on_doubling_and_a_rate_that_climbs_goes_on_climbing(rng):
    index = pd.period_range("2000", periods=6, freq="Y")
    panel = pd.DataFrame({"price": 2.0 ** np.arange(6), "rate": np.arange(6.0)}, index=index)
    transforms = {"price": fred_md(5), "rate": fred_md(2)}
    forecaster = InLevels(RandomWalk(), transforms).fit(panel)
    drawn = forecaster.sample(panel, horizon=3, paths=2, rng=rng).mean()
    assert drawn["price"].tolist() == pytest.approx([64, 128, 256])
    assert drawn["rate"].tolist() == pytest.approx([6, 7, 8])


def test_the_rule_sees_only_the_rows_that_are_given(rng):
    prices = pd.DataFrame(
        {"price": 100 * np.exp(rng.normal(0.01, 0.02, 120).cumsum())},
        index=pd.period_range("2000-01", periods=120, freq="M"),
    )
    fitted = InLevels(RandomWalk()).fit(prices[:80])
    assert fitted.transforms["price"].order == 0
    changed = prices.copy()
    changed.iloc[80:] = -1.0
    same = [
        InLevels(RandomWalk())
        .fit(panel[:80])
        .sample(panel[:80], horizon=4, paths=5, rng=np.random.default_rng(1))
        .samples
        for panel in (prices, changed)
    ]
    np.testing.assert_array_equal(*same)
