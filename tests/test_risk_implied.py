"""Critical values of ES backtests from the laws that VaR and ES imply."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from econdiff.risk import backtests as bt
from econdiff.risk.backtests.acerbi_szekely import tail_mean
from econdiff.risk.backtests.implied import implied_freedom
from econdiff.risk.validation import IMPLIED, validate_shortfall


@pytest.mark.parametrize("alpha", [0.01, 0.025, 0.05, 0.25])
@pytest.mark.parametrize("freedom", [1.5, 2, 3.7, 8, 100])
def test_the_freedom_of_a_student_t_is_found_from_its_var_and_es(freedom, alpha):
    shape = stats.t(freedom)
    ratio = tail_mean(shape, alpha) / shape.ppf(alpha)
    assert implied_freedom(np.array([ratio]), alpha)[0] == pytest.approx(freedom, rel=1e-3)


@pytest.mark.parametrize("ratio", [1.02, 1.1457, 1.3, 2.0])  # normal at 1%: 1.1457
def test_what_is_drawn_has_the_var_and_es_of_its_day(ratio, rng):
    days = 400_000
    scale = np.exp(0.3 * rng.standard_normal(days))
    q, e = -2.0 * scale, -2.0 * ratio * scale
    drawn = bt.implied_null(q, e, 0.01)(rng)
    hit = drawn < q
    assert hit.mean() == pytest.approx(0.01, abs=0.0007)
    assert (drawn / e)[hit].mean() == pytest.approx(1, abs=0.05)
    assert np.isfinite(drawn).all()


def test_p_values_are_those_of_the_law_that_made_the_forecasts(rng):
    shape, alpha, days = stats.t(5), 0.025, 750
    scale = np.exp(0.3 * rng.standard_normal(days))
    q, e = scale * shape.ppf(alpha), scale * tail_mean(shape, alpha)
    r = 1.15 * scale * shape.rvs(days, random_state=rng)
    frame = pd.DataFrame({"return": r, "VaR": q, "ES": e})
    told = validate_shortfall(frame, alpha, rng=rng, simulations=4000).set_index("test")
    null = bt.null_returns(e, alpha, shape)
    for name, statistic in (("Z1", bt.z1), ("Z2", bt.z2), ("ridge", bt.ridge_relative)):
        known = bt.simulated_test(statistic, r, q, e, alpha, null=null, simulations=4000, rng=rng)
        row = told.loc[f"Acerbi-Szekely {name}, {IMPLIED}"]
        assert row["statistic"] == known.statistic
        assert row["p_value"] == pytest.approx(known.p_value, abs=0.04)


def test_days_without_an_exception_are_no_evidence_of_the_size_of_one(rng):
    frame = pd.DataFrame({"return": np.full(50, 0.1), "VaR": -2.0, "ES": -2.5})
    told = validate_shortfall(frame, 0.01, rng=rng).set_index("test")["verdict"]
    assert list(told) == ["no evidence: no exceptions", "pass", "pass"]
