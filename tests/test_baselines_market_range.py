"""Joint simulation from ranges: it follows the market's storms, and its paths its own law."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines import RANGED
from econdiff.baselines.exponential import estimate
from econdiff.baselines.harch import SQUARES
from econdiff.baselines.market_fhs import MarketFHS
from econdiff.baselines.market_range import MarketRange
from econdiff.baselines.range_volatility import RangeVolatility
from econdiff.forecast import Forecaster, Model

DAYS, TICKS, BEFORE = 1300, 60, 1100


def market(seed: int = 4) -> tuple[pd.DataFrame, np.ndarray]:
    """Three assets made of ticks that share a volatility, with ranges of all but the last."""
    rng = np.random.default_rng(seed)
    log = np.zeros(DAYS)
    for t in range(1, DAYS):
        log[t] = 0.985 * log[t - 1] + 0.1 * rng.standard_normal()
    common, own = rng.standard_normal((DAYS, TICKS, 1)), rng.standard_normal((DAYS, TICKS, 3))
    path = np.exp(log)[:, None, None] * ((0.8 * common + 0.6 * own) / TICKS**0.5).cumsum(axis=1)
    ranges = np.maximum(path.max(axis=1), 0) - np.minimum(path.min(axis=1), 0)
    table = np.column_stack([path[:, -1], ranges[:, :2]])
    names = ["a", "b", "c", "a range", "b range"]
    days = pd.period_range("2015-01-01", periods=DAYS, freq="D")
    return pd.DataFrame(table, days, names), np.exp(log)


@pytest.fixture(scope="module")
def made():
    panel, scale = market()
    return panel, scale, MarketRange(windows=(500, 1000)).fit(panel.iloc[:BEFORE])


def spread(fitted, panel: pd.DataFrame, days: range) -> np.ndarray:
    """Deviation of the equal portfolio of a, b and c, day by day."""
    return np.array([fitted.atoms(panel.iloc[:day])[:, :3].mean(axis=1).std() for day in days])


def test_it_follows_the_markets_volatility_closer_than_returns_do(made):
    panel, scale, fitted = made
    days = range(BEFORE, DAYS, 4)
    plain = MarketFHS().fit(panel[["a", "b", "c"]].iloc[:BEFORE])
    closes = panel[["a", "b", "c"]]
    missed = []
    for found in (spread(fitted, panel, days), spread(plain, closes, days)):
        off = np.log(found / scale[list(days)])
        missed.append(off.std())
    assert missed[0] < 0.9 * missed[1]


def test_the_first_step_has_the_law_that_is_known_and_ranges_no_shorter_than_returns(made, rng):
    panel, _, fitted = made
    history = panel.iloc[:BEFORE]
    drawn = fitted.sample(history, horizon=5, paths=50_000, rng=rng)
    assert drawn.names == tuple(panel.columns)
    w = np.array([0.5, 0.2, 0.3, 0, 0])
    for alpha in (0.01, 0.05):
        known = np.quantile(fitted.atoms(history) @ w, alpha)
        assert np.quantile(drawn.samples[:, 0] @ w, alpha) == pytest.approx(known, rel=0.05)
    a, b, _, a_range, b_range = np.moveaxis(drawn.samples, -1, 0)
    assert (a_range >= abs(a)).all()
    assert (b_range >= abs(b)).all()
    loud = a_range[:, 0] > np.quantile(a_range[:, 0], 0.95)
    assert b[loud, 1].std() > 1.1 * b[:, 1].std()


def test_variances_ahead_follow_the_law_of_the_market(made, rng):
    """E s^2 a step on from the averages' own recursion; a shock counted twice would add to it."""
    history = made[0].iloc[:BEFORE]
    one = MarketRange(windows=(1000,)).fit(history)
    drawn = one.sample(history, horizon=8, paths=100_000, rng=rng).samples[..., 0]
    past, law = one._past(history), one.laws[0]
    decay = np.exp(-1 / np.array(law.formula.memory))
    news = law.formula.news(past.market).mean(axis=1)  # of a market with s = 1
    state, second = past.states[0][:, 0], []
    for _ in range(8):
        s2 = law.unit**2 * (law.b[0] + np.dot(law.b[1:], state))
        second.append(s2)
        state = decay * state + (1 - decay) * news * s2 / law.unit**2
    expected = np.array(second) * past.own[0] ** 2 * (past.shocks[:, 0] ** 2).mean()
    np.testing.assert_allclose(((drawn - one.mean[0]) ** 2).mean(axis=0), expected, rtol=0.1)


def test_a_series_without_ranges_has_the_volatility_of_its_squared_returns(made):
    panel, _, _ = made
    history = panel.iloc[:BEFORE]
    law = RangeVolatility(windows=(1000,)).fit(history).members[0].laws[2]
    y = history["c"].to_numpy()[-1000:]
    plain, e = estimate(y, SQUARES), y - y.mean()
    ours = law.scales(np.stack([e, (4 * np.log(2)) ** 0.5 * abs(e)]))
    np.testing.assert_allclose(ours, plain.scales(e), rtol=0.06)


@pytest.mark.parametrize("name", RANGED)
def test_the_future_changes_nothing_and_a_seed_gives_the_same_digits(name, made):
    panel = made[0]
    model = RANGED[name]()
    assert isinstance(model, Model)
    spoiled = panel.copy()
    spoiled.iloc[BEFORE:] = 99.0
    drawn = []
    for one in (panel, spoiled):
        fitted = model.fit(one.iloc[:BEFORE])
        assert isinstance(fitted, Forecaster)
        found = fitted.sample(one.iloc[:BEFORE], horizon=3, paths=40, rng=np.random.default_rng(0))
        assert found.samples.shape == (40, 3, 5)
        drawn.append(found.samples)
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("name", RANGED)
def test_a_panel_without_any_range_is_refused(name, made):
    with pytest.raises(ValueError, match="'a range'"):
        RANGED[name]().fit(made[0][["a", "b"]])


def test_bad_settings_are_refused():
    for wrong in ({"decay": 1.0}, {"windows": ()}):
        with pytest.raises(ValueError, match="windows are"):
            MarketRange(**wrong)
