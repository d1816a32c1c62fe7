"""Random walk and climatology: futures made of the past's own rows."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.caviar import CAViaR
from econdiff.baselines.climatology import Climatology
from econdiff.baselines.dcc import DCC
from econdiff.baselines.ewma import EWMA
from econdiff.baselines.historical_simulation import HistoricalSimulation
from econdiff.baselines.history import even_rows
from econdiff.baselines.market_factor import MarketFactor
from econdiff.baselines.market_fhs import MarketFHS
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


ATOMIC = [
    HistoricalSimulation(window=150),
    EWMA(filtered=True),
    CAViaR(),
    DCC(),
    MarketFHS(),
    MarketFactor(),
]


@pytest.mark.parametrize("model", ATOMIC, ids=lambda model: type(model).__name__)
def test_past_rows_are_drawn_evenly_so_the_next_step_has_the_exact_law(model, rng):
    days = pd.period_range("2020-01-01", periods=160, freq="D")
    panel = pd.DataFrame(rng.standard_normal((160, 2)), index=days, columns=["a", "b"])
    fitted = model.fit(panel)
    atoms = fitted.atoms(panel)
    drawn = fitted.sample(panel, horizon=2, paths=3 * len(atoms), rng=rng).samples
    exact = np.repeat(np.sort(atoms, axis=0), 3, axis=0)
    np.testing.assert_allclose(np.sort(drawn[:, 0], axis=0), exact)


def test_rows_that_do_not_fit_evenly_are_one_apart_and_steps_are_independent(rng):
    rows = even_rows(7, 7000 + 3, 2, rng)
    counts = np.stack([np.bincount(step, minlength=7) for step in rows.T])
    assert set(counts.ravel()) == {1000, 1001}
    assert abs(np.corrcoef(rows.T)[0, 1]) < 0.05
