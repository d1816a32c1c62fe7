"""Tests of the whole forecast: critical values from the forecasts' own tails, and PIT values."""

import numpy as np
import pytest
from scipy import stats

from econdiff.risk import backtests as bt
from econdiff.risk.distribution import Tails, tail_levels, validate_pit, validate_tails

ALPHA, DEPTH = 0.025, 0.05


def world(rng, days, understated=1.0):
    """Gaussian days of changing volatility, and forecasts that divide it by `understated`."""
    scale = np.exp(0.3 * rng.standard_normal(days))
    r, said = scale * rng.standard_normal(days), scale / understated
    tail = said[:, None] * stats.norm.ppf(tail_levels(DEPTH))
    z = stats.norm.ppf(ALPHA)
    es = -said * stats.norm.pdf(z) / ALPHA
    return Tails(r, stats.norm.cdf(r / said), tail, DEPTH), said * z, es


def test_the_null_falls_below_var_as_often_as_it_should_and_loses_the_es(rng):
    tails, var, es = world(rng, 200_000)
    drawn = tails.null()(rng)
    hit = drawn < var
    assert hit.mean() == pytest.approx(ALPHA, abs=0.0015)
    assert (drawn / es)[hit].mean() == pytest.approx(1, abs=0.01)
    assert (drawn < 0).mean() == pytest.approx(DEPTH, abs=0.002)  # above the tail it is 0


def test_simulated_p_values_agree_with_those_of_the_known_shape(rng):
    tails, var, es = world(rng, 500)
    table = validate_tails(tails, var, es, ALPHA, rng=rng, simulations=2000).set_index("test")
    null = bt.null_returns(es, ALPHA, stats.norm())
    for name, statistic in (("Z2", bt.z2), ("ridge", bt.ridge_relative)):
        told = bt.simulated_test(statistic, tails.returns, var, es, ALPHA, null=null, rng=rng)
        row = table.loc[f"Acerbi-Szekely {name}, simulated"]
        assert row["statistic"] == pytest.approx(told.statistic)
        assert row["p_value"] == pytest.approx(told.p_value, abs=0.06)


def test_a_model_that_understates_is_found_out_and_a_right_one_is_not(rng):
    verdicts = []
    for understated in (1.0, 1.5):
        tails, var, es = world(rng, 1000, understated)
        table = validate_tails(tails, var, es, ALPHA, rng=rng).set_index("test")
        verdicts.append(table["verdict"])
        expected = "reject" if understated > 1 else "pass"
        assert validate_pit(tails.pit).set_index("test").loc["Berkowitz", "verdict"] == expected
    names = ["Acerbi-Szekely Z2, simulated", "Acerbi-Szekely ridge, simulated"]
    assert list(verdicts[0][names]) == ["pass", "pass"]
    assert list(verdicts[1][names]) == ["reject", "reject"]
    assert verdicts[1]["Du-Escanciano unconditional"] == "reject"


@pytest.mark.parametrize("days", [10, 3000])
@pytest.mark.parametrize("returns", ["none beyond", "all beyond"])
def test_it_stays_finite_without_hits_and_with_nothing_but_hits(days, returns, rng):
    tails, var, es = world(rng, days)
    r = np.ones(days) if returns == "none beyond" else 2 * es
    pit = np.full(days, 1.0 if returns == "none beyond" else 0.0)
    tails = Tails(r, pit, tails.tail, DEPTH)
    table = validate_tails(tails, var, es, ALPHA, rng=rng, simulations=50)
    assert np.isfinite(table["statistic"]).all()
    assert table["p_value"].between(0, 1).all()
    told = table.set_index("test").loc["Acerbi-Szekely Z1, simulated", "verdict"]
    assert (told == "no evidence: no exceptions") == (returns == "none beyond")
    assert np.isfinite(validate_pit(pit)["statistic"]).all()


def test_a_level_beyond_the_tail_that_was_kept_is_refused(rng):
    tails, var, es = world(rng, 20)
    with pytest.raises(ValueError, match=r"the tails reach to 0\.05, asked for 0\.1"):
        validate_tails(tails, var, es, 0.1, rng=rng)
