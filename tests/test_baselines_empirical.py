"""Random walk and climatology: futures made of the past's own rows."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.climatology import Climatology
from econdiff.baselines.random_walk import RandomWalk


def quarters(**columns) -> pd.DataFrame:
    length = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=pd.period_range("2024Q1", periods=length, freq="Q"))


def test_a_steady_climb_goes_on(rng):
    panel = quarters(y=[0.0, 2, 4])
    forecast = RandomWalk().fit(panel).sample(panel, horizon=3, paths=2, rng=rng)
    np.testing.assert_array_equal(forecast.samples[:, :, 0], [[6, 8, 10], [6, 8, 10]])


def test_a_walk_that_ended_early_takes_the_missing_steps_too(rng):
    panel = quarters(y=[0.0, 2, 4, np.nan, np.nan], x=[0.0, 1, 2, 3, 4])
    forecast = RandomWalk().fit(panel).sample(panel, horizon=2, paths=1, rng=rng)
    np.testing.assert_array_equal(forecast.samples[0], [[10, 5], [12, 6]])


def test_steps_of_a_walk_are_drawn_as_whole_rows(rng):
    panel = quarters(y=[0.0, 1, 0, 1, 0], x=[0.0, 10, 0, 10, 0])
    samples = RandomWalk().fit(panel).sample(panel, horizon=5, paths=50, rng=rng).samples
    np.testing.assert_array_equal(samples[..., 1], 10 * samples[..., 0])


def test_climatology_draws_every_past_row_alike_at_every_step(rng):
    panel = quarters(y=[1.0, 2, 3, 4])
    samples = Climatology().fit(panel).sample(panel, horizon=9, paths=40_000, rng=rng).samples
    for step in range(9):
        shares = np.unique(samples[:, step, 0], return_counts=True)[1] / 40_000
        np.testing.assert_allclose(shares, 0.25, atol=0.01)


def test_a_path_of_climatology_is_a_stretch_of_the_past(rng):
    panel = quarters(y=[1.0, 2, 3, 4])
    samples = Climatology().fit(panel).sample(panel, horizon=3, paths=50, rng=rng).samples[..., 0]
    assert set(np.unique(np.diff(samples, axis=1))) == {1, -3}


def test_climatology_of_a_window_forgets_what_came_before(rng):
    panel = quarters(y=[1.0, 2, 3, 4])
    samples = Climatology(window=2).fit(panel).sample(panel, horizon=3, paths=50, rng=rng).samples
    assert set(np.unique(samples)) == {3, 4}


@pytest.mark.parametrize("model", [RandomWalk(), Climatology()], ids=str)
def test_a_panel_that_is_never_complete_names_the_sparse_series(model):
    panel = quarters(y=[0.0, 1, 2, 3], x=[np.nan, np.nan, 1, np.nan])
    with pytest.raises(ValueError, match="'x' is known least often"):
        model.fit(panel)
