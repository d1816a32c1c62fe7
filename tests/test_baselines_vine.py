"""skfolio's vine behind the promises of a model."""

import sys

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.vine import Vine


@pytest.fixture(scope="module")
def returns() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    values = rng.multivariate_normal([0, 0, 0], 0.4 * np.eye(3) + 0.6, size=600)
    return pd.DataFrame(values, index=pd.bdate_range("2010", periods=600), columns=list("abc"))


def test_a_gaussian_world_comes_back(returns):
    pytest.importorskip("skfolio")
    fitted = Vine().fit(returns)
    rng = np.random.default_rng(1)
    drawn = fitted.sample(returns, horizon=2, paths=4000, rng=rng).samples
    np.testing.assert_allclose(np.corrcoef(drawn[:, 1].T), np.corrcoef(returns.T), atol=0.07)
    np.testing.assert_allclose(drawn[:, 1].std(axis=0), returns.std(), rtol=0.07)
    again = fitted.sample(returns, horizon=2, paths=4000, rng=np.random.default_rng(1)).samples
    np.testing.assert_array_equal(drawn, again)


def test_one_series_is_refused(returns):
    with pytest.raises(ValueError, match="at least two series"):
        Vine().fit(returns[["a"]])


def test_a_missing_skfolio_is_named(returns, monkeypatch):
    monkeypatch.setitem(sys.modules, "skfolio.distribution", None)
    with pytest.raises(ModuleNotFoundError, match=r"econdiff\[peers\]"):
        Vine().fit(returns)
