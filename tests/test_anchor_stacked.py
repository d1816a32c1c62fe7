"""Months of a quarter, each a column: every month goes on from the month before it."""

import numpy as np
import pandas as pd
import pytest

from econdiff.anchor import Anchor
from econdiff.anchor.recursion import accumulate, autoregress, innovations
from econdiff.anchor.robust import STRANGE
from econdiff.anchor.stacked import kin, latest_columns
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.saving import load, save
from econdiff.stacking import stack
from econdiff.transforms import Difference, Transformed


@pytest.fixture
def panel(rng):
    """A quarterly series, and two months by month: a random walk and one that reverts."""
    months = pd.period_range("1970-01", periods=480, freq="M")
    shocks = rng.standard_normal((480, 2))
    reverting = np.zeros(480)
    for t in range(1, 480):
        reverting[t] = 0.9 * reverting[t - 1] + shocks[t, 1]
    fast = pd.DataFrame({"walk": shocks[:, 0].cumsum(), "back": reverting}, months)
    index = pd.period_range("1970Q1", periods=160, freq="Q")
    return stack(pd.DataFrame({"g": rng.standard_normal(160)}, index), fast)


def test_the_last_column_of_a_series_is_where_it_goes_on_from(panel):
    assert latest_columns(panel) == (0, 3, 3, 3, 6, 6, 6)
    assert latest_columns(panel[["walk_m2", "g", "walk_m1"]]) == (0, 1, 0)
    assert latest_columns(panel[["g", "walk_m2", "back_m1"]]) is None
    assert kin(None) is None
    np.testing.assert_array_equal(kin((0, 2, 2)), [[0, 0, 0], [0, 0, 1], [0, 1, 0]])


def spread_of_changes(found, y):
    """Deviation of each monthly change of the walk over two years, in the law of the anchor."""
    _, matrix = found.filter(y).affine(horizon=8)
    walk = matrix.reshape(7, 8, -1)[1:4].swapaxes(0, 1).reshape(24, -1)  # [month, noise]
    return np.linalg.norm(np.diff(walk, axis=0), axis=1)


def test_the_path_of_a_random_walk_does_not_zigzag(panel):
    y = panel.to_numpy(float).T
    with_kin, without = (
        spread_of_changes(anchor.estimate(y), y) for anchor in (Anchor().on(panel), Anchor())
    )
    assert 0.8 < with_kin.min() < with_kin.max() < 1.25  # of the true deviation, 1
    assert without.max() > 1.5


def test_the_next_months_go_on_from_the_last(panel):
    y = panel.to_numpy(float).T
    y[1:4, -1] = y[3, -2] + [2.0, 4.0, 6.0]  # the walk ends in a run
    mean = Anchor().on(panel).estimate(y).filter(y).affine(horizon=1)[0]
    moves = np.abs(mean[1:4] - y[3, -1])
    own = np.abs(y[1:4, -1] - y[3, -1])  # to where the same month stood a quarter ago
    assert moves.max() < 1.0 < own[0]


def test_kin_are_told_all_and_others_no_more_than_three_deviations():
    b = np.zeros((3, 3))
    others = np.zeros((3, 3, 1))
    others[:, 0, 0] = [0.0, 0.5, 0.5]  # the second is kin of the first, the third is not
    past = np.array([[0.0, 10.0], [0.0, 0.0], [0.0, 0.0]])
    relation = kin((1, 1, 2))
    made = accumulate(b, past, np.zeros((3, 1)), others, relation)
    np.testing.assert_allclose(made[:, 0], [0.0, 5.0, 0.5 * STRANGE])
    np.testing.assert_allclose(autoregress(b, past, made, others, relation), 0, atol=1e-12)
    level = np.array([[10.0, 0.0], [0.0, 5.0], [0.0, 0.5 * STRANGE]])
    np.testing.assert_allclose(innovations(b, level, others, relation)[1], 0, atol=1e-12)
    gap = np.array([[10.0, 0.0], [0.0, np.nan], [0.0, 0.5 * STRANGE]])
    np.testing.assert_allclose(innovations(b, gap, others, relation)[0][1, 1], 5.0)


def test_without_others_a_series_keeps_its_own_columns(panel):
    y = panel.to_numpy(float).T
    found = Anchor(cross=()).on(panel).estimate(y)
    walk = panel[["walk_m1", "walk_m2", "walk_m3"]]
    alone = Anchor(cross=(1.0,)).on(walk).estimate(walk.to_numpy(float).T)
    np.testing.assert_allclose(found.b[1:4], alone.b, atol=1e-8)
    assert found.others is not None
    assert alone.others is not None
    np.testing.assert_allclose(found.others[1:4, 1:4], alone.others, atol=1e-8)
    assert (found.others[~kin((0, 3, 3, 3, 6, 6, 6))] == 0).all()


def test_latest_is_of_every_column(panel):
    with pytest.raises(ValueError, match="latest is of 2 columns, got 7"):
        Anchor(latest=(1, 1)).estimate(panel.to_numpy(float).T)


def test_it_is_known_through_transforms_and_after_saving(panel, tmp_path):
    fitted = Transformed(Diffusion(), {name: Difference() for name in panel}).fit(panel)
    assert fitted.inner.coefficients.settings.latest == (0, 3, 3, 3, 6, 6, 6)
    save(fitted.inner, tmp_path / "model")
    drawn, again = (
        one.sample(panel, horizon=3, paths=4, rng=np.random.default_rng(0)).samples
        for one in (fitted.inner, load(tmp_path / "model"))
    )
    np.testing.assert_array_equal(drawn, again)
