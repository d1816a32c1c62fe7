"""A volatility filter with another model for its shocks."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.garch import GARCH
from econdiff.baselines.historical_simulation import HistoricalSimulation
from econdiff.baselines.on_volatility import OnVolatility
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.training import Training


@pytest.fixture
def returns(rng) -> pd.DataFrame:
    """Two assets, calm for 400 days and three times as loud for 100."""
    loud = np.where(np.arange(500) < 400, 1.0, 3.0)[:, None]
    values = loud * rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], size=500)
    return pd.DataFrame(values, index=pd.bdate_range("2010", periods=500), columns=["a", "b"])


def test_past_rows_on_a_filter_are_filtered_historical_simulation(returns):
    """The same rows drawn in the same order: the same digits."""
    other = OnVolatility(HistoricalSimulation(window=500)).fit(returns)
    known = GARCH(filtered=True).fit(returns)
    drawn, expected = (
        fitted.sample(returns, horizon=4, paths=200, rng=np.random.default_rng(0)).samples
        for fitted in (other, known)
    )
    np.testing.assert_allclose(drawn, expected)


def test_the_anchor_on_a_filter_is_as_loud_as_the_filter_says(returns, rng):
    """An untrained network draws white shocks, so the spread is that of GARCH, jointly."""
    model = OnVolatility(Diffusion(weights=None, training=Training(steps=0)))
    fitted = model.fit(returns)
    drawn = fitted.sample(returns, horizon=1, paths=4000, rng=rng).samples[:, 0]
    law, y = fitted.volatility.laws[0], returns["a"].to_numpy()
    assert drawn[:, 0].std() == pytest.approx(law.scales(y - law.mean)[-1], rel=0.2)
    assert drawn[:, 0].std() > 2
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(0.7, abs=0.1)


def test_what_came_after_the_origin_changes_nothing(returns):
    drawn = []
    for later in (0.0, 50.0):
        table = returns.copy()
        table.iloc[300:] = later
        known = table.iloc[:300]
        fitted = OnVolatility(HistoricalSimulation()).fit(known)
        rng = np.random.default_rng(1)
        drawn.append(fitted.sample(known, horizon=2, paths=50, rng=rng).samples)
    np.testing.assert_array_equal(*drawn)
