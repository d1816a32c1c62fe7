"""The mean of quantiles: VaR and ES are the members' means, and its paths follow their scales."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.exponential import SeriesExponential
from econdiff.baselines.garch import SeriesGARCH
from econdiff.baselines.quantile_mean import USUAL, QuantileMean
from econdiff.baselines.volatility import futures
from econdiff.risk.measures import expected_shortfall

LAW = SeriesGARCH(0.03, 0.02, 0.03, 0.1, 0.89, 6.0, -0.15, converged=True)


@pytest.fixture(scope="module")
def returns() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    z = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], size=(1, 900))
    values = [futures(LAW, np.zeros(2), z[..., i])[0] for i in range(2)]
    days = pd.bdate_range("2015-01-01", periods=900)
    return pd.DataFrame({"a": values[0], "b": values[1]}, index=days)


@pytest.fixture(scope="module")
def fitted(returns):
    return QuantileMean(windows=(400, 800)).fit(returns)


@pytest.mark.parametrize("alpha", [0.01, 0.05])
def test_var_and_es_are_the_means_of_the_members(fitted, returns, rng, alpha):
    u = (np.arange(20_000) + 0.5) / 20_000
    laws, quantiles = fitted.series(1)
    y = returns["b"].to_numpy()
    each = [
        law.mean + law.scales(y - law.mean)[-1] * q(u)
        for law, q in zip(laws, quantiles, strict=True)
    ]
    drawn = fitted.sample(returns, horizon=1, paths=200_000, rng=rng).samples[:, 0, 1]
    var = np.mean([np.quantile(x, alpha) for x in each])
    es = np.mean([expected_shortfall(x, alpha) for x in each])
    assert len(each) == 12
    assert np.quantile(drawn, alpha) == pytest.approx(var, rel=0.02)
    assert expected_shortfall(drawn, alpha) == pytest.approx(es, rel=0.03)


def test_assets_fall_together_as_they_did(fitted, returns, rng):
    drawn = fitted.sample(returns, horizon=3, paths=20_000, rng=rng).samples
    assert np.corrcoef(drawn[:, 2].T)[0, 1] == pytest.approx(0.7, abs=0.06)


def test_a_path_that_fell_goes_on_louder(fitted, returns, rng):
    drawn = fitted.sample(returns, horizon=2, paths=40_000, rng=rng).samples[..., 0]
    fell = drawn[:, 0] < np.quantile(drawn[:, 0], 0.02)
    assert drawn[fell, 1].std() > 1.15 * drawn[:, 1].std()


@pytest.mark.parametrize("place", range(len(USUAL)))
def test_the_usual_parameters_keep_the_scale_of_the_series(place, returns):
    """Estimated elsewhere, in units of the series' own deviation, they must still fit its size."""
    formula, b, freedom, skew = USUAL[place]
    y = returns["a"].to_numpy()
    law = SeriesExponential(formula, float(y.mean()), float(y.std()), b, freedom, skew, True)
    z = (y - law.mean) / law.scales(y - law.mean)[:-1]
    assert z[100:].std() == pytest.approx(1, abs=0.12)


def test_a_window_of_nothing_is_refused():
    with pytest.raises(ValueError, match="numbers of rows"):
        QuantileMean(windows=())
