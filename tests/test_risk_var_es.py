"""The backtest of VaR and ES: by hand for historical simulation, no look-ahead, resumable."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from econdiff.backtest.var_es import Plan, backtest_var_es, tracks
from econdiff.baselines.ewma import EWMA
from econdiff.baselines.historical_simulation import HistoricalSimulation
from econdiff.risk.measures import expected_shortfall
from econdiff.transforms import Transformed, fred_md

ALPHAS = (0.05, 0.1)


@pytest.fixture
def plan(rng):
    index = pd.bdate_range("2020-01-01", periods=260).to_period("D")
    returns = 0.01 * rng.standard_normal((260, 2)) + 0.005 * rng.standard_normal((260, 1))
    prices = pd.DataFrame(100 * np.exp(returns.cumsum(axis=0)), index=index, columns=["a", "b"])
    weights = pd.DataFrame({"long": [0.5, 0.5], "short": [1.0, -0.6]}, index=["a", "b"])
    return Plan(prices, weights, 200, ALPHAS, refit=25, window=121, paths=4000)


def wrapped(model):
    return Transformed(model, {name: fred_md(5, per_year=1) for name in "ab"})


def run(plan, model, **options):
    return tracks(list(backtest_var_es({"m": wrapped(model)}, plan, **options)), plan)


def test_historical_simulation_forecasts_the_quantile_of_its_window(plan):
    simple = plan.prices.pct_change().to_numpy()
    for track, w in zip(
        run(plan, HistoricalSimulation(window=120)), plan.weights.to_numpy().T, strict=True
    ):
        held = simple @ w
        np.testing.assert_allclose(track.returns, held[200:], rtol=1e-10)
        for t in (0, 17, 59):
            past = held[200 + t - 120 : 200 + t]
            es = expected_shortfall(past, 0.1)
            assert track.es[t, 1] == pytest.approx(es, rel=0.08)
            assert track.pit[t] == pytest.approx((past < held[200 + t]).mean(), abs=0.04)
            low, high = np.sort(past)[[9, 15]]  # about the 12th of 120
            assert low <= track.var[t, 1] <= high


def test_a_right_model_is_hit_as_often_as_it_should_be(plan):
    long = replace(plan, first=130)
    track = run(long, EWMA(decay=0.99))[0]
    assert (track.returns < track.var[:, 1]).mean() == pytest.approx(0.1, abs=0.07)
    assert (track.es < track.var).all()
    assert (track.var < 0).all()
    assert (np.diff(track.tail, axis=1) >= 0).all()


def test_what_comes_later_changes_no_digit(plan):
    changed = plan.prices.copy()
    changed.iloc[230:] *= 3
    before, after = run(plan, EWMA()), run(replace(plan, prices=changed), EWMA())
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old.var[:31], new.var[:31])  # row 230 is forecast from 229
        np.testing.assert_array_equal(old.es[:31], new.es[:31])
        assert not np.array_equal(old.var[31:], new.var[31:])
        np.testing.assert_array_equal(old.returns[:30], new.returns[:30])


FITS: list[int] = []  # rows of each fit


@dataclass(frozen=True)
class Counted:
    """EWMA that notes its fits."""

    def fit(self, panel):
        FITS.append(len(panel))
        return EWMA().fit(panel)


@dataclass(frozen=True)
class Stops:
    """Cannot be fitted."""

    def fit(self, panel):
        raise RuntimeError("stopped")


def test_a_run_that_was_stopped_goes_on_where_it_was(plan, tmp_path):
    FITS.clear()
    model = {"m": wrapped(Counted())}
    blocks = backtest_var_es(model, plan, folder=tmp_path)
    next(blocks)
    next(blocks)  # stopped here: two of three are kept
    assert len(list(tmp_path.iterdir())) == len(FITS) == 2
    whole = list(backtest_var_es(model, plan, folder=tmp_path))
    assert len(FITS) == len(whole) == 3
    kept = sorted(tmp_path.iterdir())
    kept[1].write_bytes(kept[1].read_bytes()[:100])  # a damaged block is run again, and it alone
    again = list(backtest_var_es(model, plan, folder=tmp_path))
    assert len(FITS) == 4
    for old, new in zip(whole, again, strict=True):
        np.testing.assert_array_equal(old.var, new.var)
        np.testing.assert_array_equal(old.pit, new.pit)


def test_kept_blocks_are_not_used_for_another_question(plan, tmp_path):
    list(backtest_var_es({"m": wrapped(EWMA())}, plan, folder=tmp_path))
    other = replace(plan, alphas=(0.01,), paths=5000)
    made = list(backtest_var_es({"m": wrapped(EWMA())}, other, folder=tmp_path))
    assert made[0].var.shape[-1] == 1


def test_processes_give_the_same_digits(plan):
    one, two = run(plan, EWMA()), run(plan, EWMA(), workers=2)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.var, b.var)


def test_days_without_a_price_are_left_out_of_all_and_so_is_the_day_after(plan):
    """From an older price its gain would be over two days."""
    prices = plan.prices.copy()
    prices.iloc[210, 0] = np.nan
    made = run(replace(plan, prices=prices), HistoricalSimulation(window=120))
    left = [
        str(day) for row, day in enumerate(plan.prices.index[200:], 200) if row not in (210, 211)
    ]
    assert [list(track.labels) for track in made] == [left, left]
    assert [track.left_out for track in made] == [2, 2]
    gained = plan.prices.pct_change().iloc[212] @ plan.weights["long"]
    assert made[0].returns[10] == pytest.approx(gained)


def test_a_model_that_fails_is_named_with_the_day(plan):
    with pytest.raises(ValueError, match="the model 'm' failed at 2020-10-07: stopped"):
        run(plan, Stops())
    with pytest.raises(ValueError, match="no day is left"):
        run(replace(plan, first=260), EWMA())
