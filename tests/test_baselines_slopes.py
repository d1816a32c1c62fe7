"""What a return owes to the one before: its estimate, and the law that follows."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.garch import GARCH
from econdiff.baselines.harch import HARCH
from econdiff.baselines.quantile_mean import QuantileMean
from econdiff.baselines.range_volatility import RangeVolatility
from econdiff.baselines.volatility import FLAT, FittedVolatility, futures, shocks_of, slope_of


def test_the_slope_is_that_of_a_gaussian_process(rng):
    """The posterior mean by the covariance of the data, with no sum over them."""
    s = rng.uniform(0.5, 2, 30)
    e = s * rng.standard_normal(30)
    past = e[:-1]
    whole = FLAT**2 * np.outer(past, past) + np.diag(s[1:] ** 2)
    expected = FLAT**2 * past @ np.linalg.solve(whole, e[1:])
    assert slope_of(e, s) == pytest.approx(expected, rel=1e-9)
    assert slope_of(e, s, flat=0) == 0


def reverting(slope: float, days: int = 1500, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = np.zeros(days)
    for t in range(1, days):
        y[t] = 0.05 + slope * (y[t - 1] - 0.05) + rng.standard_normal()
    index = pd.bdate_range("2010-01-04", periods=days)
    wide = np.abs(y) + rng.uniform(0.5, 1.5, days)
    return pd.DataFrame({"X": y, "X range": wide}, index=index)


@pytest.fixture(scope="module")
def panel():
    return reverting(-0.15)


def test_a_path_is_undone_shock_by_shock(panel, rng):
    fitted = HARCH("tails").fit(panel[["X"]])
    law, slope, y = fitted.laws[0], fitted.slopes[0], panel["X"].to_numpy()
    z = rng.standard_normal((3, 8))
    for path, shocks in zip(futures(law, y, z, slope), z, strict=True):
        found = shocks_of(law, np.concatenate([y, path]), slope)[-8:]
        np.testing.assert_allclose(found, shocks, rtol=1e-9)


def test_the_textbook_s_models_have_none(panel):
    assert GARCH().fit(panel[["X"]]).slopes == (0.0,)
    assert HARCH().fit(panel[["X"]]).slopes[0] == pytest.approx(-0.15, abs=0.07)


@pytest.mark.parametrize(
    "model", [HARCH("tails"), QuantileMean(windows=(1000,)), RangeVolatility()]
)
def test_tomorrow_leans_against_today_and_ten_days_spread_less(model, panel, rng):
    """Var of a sum of ten: with slope a of independent shocks, by the recursion's own weights."""
    known = panel if isinstance(model, RangeVolatility) else panel[["X"]]
    fitted = model.fit(known)
    after = known.copy()
    after.iloc[-1, 0] = -4.0
    if "X range" in after:
        after.iloc[-1, 1] = 4.5
    low, plain = (
        fitted.sample(h, horizon=10, paths=20_000, rng=np.random.default_rng(1)).samples[..., 0]
        for h in (after, known)
    )
    slope = -0.12  # about what is left of -.15 after the prior
    assert low[:, 0].mean() == pytest.approx(-4 * slope, abs=0.35)
    daily = np.sqrt((plain.var(axis=0)).mean())
    weights = np.cumsum(slope ** np.arange(10))
    expected = daily * np.sqrt((weights**2).sum())
    assert plain.sum(axis=1).std() == pytest.approx(expected, rel=0.08)
    assert plain.sum(axis=1).std() < 0.95 * daily * np.sqrt(10)


def test_the_mean_of_tomorrow_is_told(panel):
    fitted = HARCH().fit(panel[["X"]])
    assert isinstance(fitted, FittedVolatility)
    mean, slope = fitted.laws[0].mean, fitted.slopes[0]
    assert fitted.expected(0, np.array([0.0, mean + 2])) == pytest.approx(mean + 2 * slope)
