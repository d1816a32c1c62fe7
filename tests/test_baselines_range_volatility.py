"""Volatility from ranges: it finds a known scale sooner than returns do, and draws both."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.harch import HARCH
from econdiff.baselines.range_volatility import RangeVolatility, day_ranges
from econdiff.risk.measures import expected_shortfall

DAYS, TICKS = 1500, 60


def market(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Two series of daily returns and ranges made of ticks, and their true scales [day, series]."""
    rng = np.random.default_rng(seed)
    log = np.zeros(DAYS)
    for t in range(1, DAYS):
        log[t] = 0.96 * log[t - 1] + 0.18 * rng.standard_normal()
    scale = np.exp(log)[:, None] * [1.0, 1.5]
    common = rng.standard_normal((DAYS, TICKS, 1))
    ticks = (0.8 * common + 0.6 * rng.standard_normal((DAYS, TICKS, 2))) / TICKS**0.5
    path = (ticks * scale[:, None]).cumsum(axis=1)
    ranges = np.maximum(path.max(axis=1), 0) - np.minimum(path.min(axis=1), 0)
    table = np.column_stack([path[:, -1], ranges])
    days = pd.bdate_range("2015-01-01", periods=DAYS)
    return pd.DataFrame(table, days, ["a", "b", "a range", "b range"]), scale


@pytest.fixture(scope="module")
def made():
    panel, scale = market()
    return panel, scale, RangeVolatility(windows=(600, 1200)).fit(panel.iloc[:1200])


def test_ranges_tell_the_scale_better_than_returns_do(made):
    panel, scale, fitted = made
    law, y, r = fitted.members[0].laws[0], panel["a"].to_numpy(), panel["a range"].to_numpy()
    by_range = law.scales(np.stack([y - law.mean, r]))[1200:-1]
    plain = HARCH().fit(panel[["a"]].iloc[:1200]).laws[0]
    by_return = plain.scales(y - plain.mean)[1200:-1]
    missed = [np.abs(np.log(s / scale[1200:, 0])).mean() for s in (by_range, by_return)]
    assert missed[0] < 0.8 * missed[1]


def test_tomorrow_has_the_mean_of_the_windows_var_and_es(made, rng):
    panel, _, fitted = made
    history = panel.iloc[:1200]
    drawn = fitted.sample(history, horizon=1, paths=100_000, rng=rng).samples[:, 0, 1]
    u = (np.arange(20_000) + 0.5) / 20_000
    y, r = history["b"].to_numpy(), history["b range"].to_numpy()
    each = []
    for member in fitted.members:
        law = member.laws[1]
        scale = law.scales(np.stack([y - law.mean, r]))[-1]
        each.append(law.mean + scale * member.tails[1].quantile(u))
    es = np.mean([expected_shortfall(x, 0.025) for x in each])
    assert expected_shortfall(drawn, 0.025) == pytest.approx(es, rel=0.03)


def test_paths_have_ranges_no_shorter_than_returns_and_fall_together(made, rng):
    panel, _, fitted = made
    paths = fitted.sample(panel.iloc[:1200], horizon=10, paths=5000, rng=rng)
    a, b, a_range, _ = np.moveaxis(paths.samples, -1, 0)
    assert paths.names == ("a", "b", "a range", "b range")
    assert (a_range >= np.abs(a)).all()
    assert np.corrcoef(a[:, 3], b[:, 3])[0, 1] == pytest.approx(0.64, abs=0.08)
    loud = a_range[:, 0] > np.quantile(a_range[:, 0], 0.95)
    assert a[loud, 1].std() > 1.1 * a[:, 1].std()


def test_what_comes_after_the_origin_changes_nothing(made):
    panel, _, fitted = made
    again = RangeVolatility(windows=(600, 1200)).fit(market()[0].iloc[:1200])
    ours, theirs = (
        f.sample(panel.iloc[:1200], horizon=3, paths=50, rng=np.random.default_rng(0)).samples
        for f in (fitted, again)
    )
    np.testing.assert_array_equal(ours, theirs)


def test_the_range_of_a_day_counts_the_gap_from_yesterday():
    high, low, close = (pd.Series(x) for x in ([10.0, 12.0], [9.0, 11.0], [10.0, 11.0]))
    assert day_ranges(high, low, close).iloc[1] == pytest.approx(100 * np.log(12 / 10))
    with pytest.raises(ValueError, match="lows must be"):
        day_ranges(low, high, close)


def test_a_return_without_its_range_is_refused(made):
    with pytest.raises(ValueError, match="'a range'"):
        RangeVolatility().fit(made[0][["a", "b"]])
