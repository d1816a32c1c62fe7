"""The second view of the anchor: coefficients of recent years, averaged with those of all."""

import numpy as np
import pandas as pd
import pytest

from econdiff.anchor import Anchor
from econdiff.anchor.recent import averaged, restated, rows_of_view
from econdiff.anchor.recursion import contract
from econdiff.anchor.robust import location_scale
from econdiff.diffusion.model import Diffusion


def owed(found) -> np.ndarray:
    """What the series owe to each other, [..., series, other, lag]."""
    assert found.others is not None
    return found.others


def drifting(rows: int = 200, series: int = 3, seed: int = 0) -> np.ndarray:
    """Series whose mean and persistence change half-way, [series, time]."""
    rng = np.random.default_rng(seed)
    e = rng.standard_normal((series, rows))
    y = np.zeros((series, rows))
    for t in range(1, rows):
        late = t >= rows // 2
        y[:, t] = (4 if late else 0) + (0.3 if late else 0.8) * y[:, t - 1] + e[:, t]
    return y


@pytest.mark.parametrize(
    ("frequency", "rows"), [("Y", 80), ("Q", 80), ("M", 240), ("W-FRI", 1040), ("D", 5040)]
)
def test_twenty_years_or_eighty_rows(frequency, rows):
    assert rows_of_view(pd.period_range("2000-01-01", periods=10, freq=frequency)) == rows


def test_without_a_calendar_there_is_one_view():
    assert rows_of_view(pd.RangeIndex(10)) == 0
    assert Anchor().on(pd.DataFrame(index=pd.RangeIndex(10))).recent == 0
    quarters = pd.period_range("2000", periods=10, freq="Q")
    assert Anchor(recent=30).on(pd.DataFrame(index=quarters)).recent == 30


def test_restated_coefficients_predict_the_same():
    rng = np.random.default_rng(1)
    b, others = rng.normal(size=(3, 4)), rng.normal(size=(3, 3, 2))
    stretch, shift = rng.uniform(0.5, 2, 3), rng.normal(size=3)
    x, mean = rng.normal(size=(3, 2)), rng.normal(size=3)  # two lags, and local means

    def next_one(b, others, x, mean):
        own = b[:, 0] + b[:, 1] * mean + (b[:, 2:] * x).sum(-1)
        return own + np.einsum("ijl,jl->i", others, x)

    there = next_one(b, others, stretch[:, None] * x + shift[:, None], stretch * mean + shift)
    here = next_one(*restated(b, others, stretch, shift), x, mean)
    np.testing.assert_allclose(stretch * here + shift, there, rtol=1e-12)


def test_coefficients_are_the_mean_of_both_views():
    y = drifting()
    whole, late = Anchor().estimate(y), Anchor().estimate(y[:, -80:])
    (middle, width), (centre, spread) = location_scale(y[:, -80:]), location_scale(y)
    view = restated(late.b, late.others, spread / width, (centre - middle) / width)
    b, others = contract(*averaged((whole.b, whole.others), view, np.array(True)))
    both = Anchor(recent=80).estimate(y)
    np.testing.assert_allclose(both.b, b, atol=1e-12)
    np.testing.assert_allclose(owed(both), np.asarray(others), atol=1e-12)
    assert np.abs(both.b - whole.b).max() > 0.05


def test_a_history_no_longer_than_the_view_is_seen_once():
    y = drifting(80)
    one, both = Anchor().estimate(y), Anchor(recent=80).estimate(y)
    np.testing.assert_array_equal(one.b, both.b)
    np.testing.assert_array_equal(owed(one), owed(both))


@pytest.mark.parametrize("spoiled", ["hardly known", "hardly moving"])
def test_a_view_that_shows_too_little_is_not_used(spoiled):
    y = drifting()
    if spoiled == "hardly known":
        y[1, 110:-3] = np.nan
    else:
        y[1, 110:] = y[1, 109] + 1e-3 * y[1, 110:]
    one, both = Anchor().estimate(y), Anchor(recent=80).estimate(y)
    np.testing.assert_allclose(both.b, one.b, atol=1e-12)
    np.testing.assert_allclose(owed(both), owed(one), atol=1e-12)


def test_a_batch_is_estimated_as_its_members():
    batch = np.stack([drifting(seed=k) for k in range(3)])
    batch[1, 0, 110:-3] = np.nan  # one whose second view is not used
    found = Anchor(recent=80).estimate(batch)
    for k, y in enumerate(batch):
        alone = Anchor(recent=80).estimate(y)
        np.testing.assert_allclose(found.b[k], alone.b, atol=1e-9)
        np.testing.assert_allclose(owed(found)[k], owed(alone), atol=1e-9)


def test_units_do_not_matter():
    y, far = drifting(), np.array([[1e6], [1e-6], [1.0]])
    one = Anchor(recent=80).estimate(y).filter(y)
    other = Anchor(recent=80).estimate(far * y + 3 * far).filter(far * y + 3 * far)
    z = np.random.default_rng(2).standard_normal((3, 8))
    np.testing.assert_allclose(other.color(z), far * one.color(z) + 3 * far, rtol=1e-6)


def test_a_quarterly_forecast_leans_to_the_last_twenty_years():
    panel = pd.DataFrame(drifting(240).T, index=pd.period_range("1960Q1", periods=240, freq="Q"))
    panel.columns = ["a", "b", "c"]
    means = {}
    for name, anchor in {"both": Anchor(), "whole": Anchor(recent=0)}.items():
        *_, fitted = Diffusion(anchor=anchor).steps(panel)
        means[name] = fitted.coefficients.filter(panel.to_numpy().T).color(np.zeros((3, 40)))
    now = 4 / 0.7  # where the series have stood since 1990
    assert np.abs(means["both"][:, -1] - now).mean() < np.abs(means["whole"][:, -1] - now).mean()


@pytest.mark.parametrize(("rows", "error"), [(23, ValueError), (-1, ValueError), (80.5, TypeError)])
def test_a_view_of_too_few_rows_or_of_parts_of_them_is_refused(rows, error):
    with pytest.raises(error, match="second view"):
        Anchor(recent=rows)
