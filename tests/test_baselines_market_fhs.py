"""Market and own volatility, joint: paths over several days follow the law that was fitted."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.garch import SeriesGARCH
from econdiff.baselines.market_fhs import MarketFHS
from econdiff.baselines.volatility import futures

LAW = SeriesGARCH(0.03, 0.05, 0.04, 0.1, 0.85, 6.0, -0.15, converged=True)


@pytest.fixture(scope="module")
def returns() -> pd.DataFrame:
    """Two assets that share a market with heavy tails and a volatility of its own."""
    rng = np.random.default_rng(5)
    market = futures(LAW, np.zeros(2), rng.standard_t(3.5, (1, 1200)) / 3.5**0.5)[0]
    own = 0.4 * rng.standard_t(4, (1200, 2))
    days = pd.bdate_range("2015-01-01", periods=1200)
    return pd.DataFrame(market[:, None] * [0.9, 1.1] + own, index=days, columns=["a", "b"])


@pytest.mark.parametrize("decay", [0.94, 0.99])
def test_variances_ten_days_on_are_those_of_the_markets_garch(returns, decay, rng):
    """E s^2 of each day in closed form; a shock that fed both volatilities would add to it."""
    fitted = MarketFHS(decay=decay).fit(returns)
    drawn = fitted.sample(returns, horizon=10, paths=100_000, rng=rng).samples
    z, own, state, u = fitted._state(returns)
    law = fitted.law
    kept = law.beta + law.alpha * (u**2).mean() + law.gamma * (u**2 * (u < 0)).mean()
    s2 = [float(state[0, 0])]
    for _ in range(9):
        s2.append(law.omega + kept * s2[-1])
    second = np.array(s2)[:, None] * own * (z**2).mean(axis=0)
    found = ((drawn - fitted.mean) ** 2).mean(axis=0)
    np.testing.assert_allclose(found, second, rtol=0.12)
    np.testing.assert_allclose(found[0], second[0], rtol=0.03)
