"""Wide panels: components against the world that made them, joint draws of every series."""

import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from econdiff.anchor import Anchor
from econdiff.backtest.trial import DensityForecaster
from econdiff.diffusion.components import principal_components
from econdiff.diffusion.latent import FittedLatentDiffusion, LatentDiffusion
from econdiff.diffusion.model import Diffusion, FittedDiffusion
from econdiff.diffusion.network import Network, Size
from econdiff.diffusion.weights import save_weights
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.law import law_of


@pytest.fixture
def core(tmp_path):
    """A network that has learned nothing: the anchor alone."""
    save_weights(Network(Size(width=16, inner=8, blocks=1)), tmp_path / "blank.safetensors")
    return Diffusion(weights=tmp_path / "blank.safetensors")


@pytest.fixture
def world(rng):
    """60 series driven by two AR(1) factors: the panel, the loadings, the factors."""
    factors = np.zeros((240, 2))
    for t in range(1, 240):
        factors[t] = [0.8, 0.3] * factors[t - 1] + rng.standard_normal(2) * [0.6, 0.95]
    turn = rng.uniform(0, 2 * np.pi, 60)
    loadings = np.column_stack([np.cos(turn), np.sin(turn)])
    values = factors @ loadings.T + 0.5 * rng.standard_normal((240, 60)) + 3.0
    index = pd.period_range("1960Q1", periods=240, freq="Q")
    return pd.DataFrame(values, index=index, columns=[f"s{i}" for i in range(60)]), factors


def holed(panel, rng, share=0.1):
    return panel.mask(rng.random(panel.shape) < share)


def fit_of(truth, found):
    """How much of each true factor's variance the found ones explain."""
    design = np.column_stack([np.ones(len(found)), found])
    fitted = design @ np.linalg.lstsq(design, truth)[0]
    return 1 - ((truth - fitted) ** 2).sum(axis=0) / ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)


def test_the_number_and_space_of_the_factors_are_found_through_missing_cells(world, rng):
    panel, truth = world
    y = holed(panel, rng).to_numpy()
    components = principal_components(y)
    factors, _ = components.split(y)
    assert factors.shape[1] == 2
    assert fit_of(truth, factors).min() > 0.98


def test_without_missing_cells_they_are_plain_principal_components(world):
    panel, _ = world
    x = panel.to_numpy()
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    variances, axes = np.linalg.eigh(x.T @ x / len(x))
    loadings = principal_components(panel.to_numpy(), 2).loadings
    plain = axes[:, ::-1][:, :2] * np.sqrt(variances[::-1][:2])
    np.testing.assert_allclose(np.abs(loadings), np.abs(plain), atol=1e-8)


def test_split_and_join_undo_each_other(world, rng):
    y = holed(world[0], rng).to_numpy()
    components = principal_components(y, 2)
    np.testing.assert_allclose(components.join(*components.split(y)), y, atol=1e-10)


def test_an_outlier_does_not_turn_the_loadings(world):
    panel, _ = world
    y = panel.to_numpy(copy=True)
    y[100, 7] = 1e4
    np.testing.assert_allclose(
        principal_components(y, 2).loadings,
        principal_components(panel.to_numpy(), 2).loadings,
        atol=0.05,
    )


def test_paths_move_together_as_the_panel_does(world, core, rng):
    panel, _ = world
    forecaster = LatentDiffusion(core=core).fit(holed(panel, rng, 0.05))
    drawn = forecaster.sample(panel, horizon=8, paths=600, rng=rng)
    assert drawn.samples.shape == (600, 8, 60)
    assert np.isfinite(drawn.samples).all()
    far = np.corrcoef(drawn.samples[:, -1].T)
    near = np.corrcoef(panel.to_numpy().T)
    pairs = np.triu_indices(60, 1)
    assert np.corrcoef(far[pairs], near[pairs])[0, 1] > 0.9
    spread = drawn.samples[:, -1].std(axis=0) / panel.to_numpy().std(axis=0)
    assert np.median(spread) == pytest.approx(1, abs=0.15)


def test_a_ragged_edge_and_the_seed(world, core):
    panel, _ = world
    forecaster = LatentDiffusion(core=core).fit(panel)
    ragged = panel.copy()
    ragged.iloc[-2:, ::2] = np.nan

    def draw(seed):
        generator = np.random.default_rng(seed)
        return forecaster.sample(ragged, horizon=3, paths=20, rng=generator).samples

    np.testing.assert_array_equal(draw(1), draw(1))
    assert np.isfinite(draw(1)).all()
    assert not np.array_equal(draw(1), draw(2))


def test_every_series_keeps_the_law_of_its_own_anchor(world, core, rng):
    panel, _ = world
    y = panel.to_numpy().T
    state = Anchor(cross=()).fit(panel).filter(y)
    fitted = LatentDiffusion(core=core).fit(panel)
    drawn = fitted.sample(panel, horizon=6, paths=2000, rng=rng).samples
    alone = state.color(rng.standard_normal((2000, 60, 6))).swapaxes(1, 2)
    spread = alone.std(axis=0)
    miss = (drawn.mean(axis=0) - state.color(np.zeros((60, 6))).T) / spread
    assert np.abs(miss).max() < 5 / 2000**0.5
    ratio = drawn.std(axis=0) / spread
    assert np.median(ratio) == pytest.approx(1, abs=0.05)
    assert ratio.min() > 0.75
    assert ratio.max() < 1.3


def test_shocks_keep_company_as_the_factors_say(world, core, rng):
    panel, truth = world
    drawn = LatentDiffusion(core=core).fit(panel).sample(panel, horizon=1, paths=4000, rng=rng)
    found = np.corrcoef(drawn.samples[:, 0].T)
    # what the world says: shocks of the factors through its loadings, and noise of .5
    design = np.column_stack([np.ones(240), truth])
    loadings = np.linalg.lstsq(design, panel.to_numpy())[0][1:].T
    law = loadings @ np.diag([0.6**2, 0.95**2]) @ loadings.T + 0.25 * np.eye(60)
    size = np.sqrt(np.diag(law))
    pairs = np.triu_indices(60, 1)
    assert np.corrcoef(found[pairs], (law / np.outer(size, size))[pairs])[0, 1] > 0.95


def test_wide_panels_go_the_latent_way_by_themselves(world, core):
    panel, _ = world
    weights = core.weights
    assert isinstance(Diffusion(weights=weights, wide=60).fit(panel), FittedLatentDiffusion)
    assert isinstance(Diffusion(weights=weights, wide=61).fit(panel), FittedDiffusion)
    assert isinstance(Diffusion(weights=weights, wide=None).fit(panel), FittedDiffusion)
    wider = pd.concat([panel, panel.add_prefix("t")], axis=1)  # 120 series, of 100 by default
    fitted = Diffusion(weights=weights, turns=2, spread=1.2).fit(wider)
    assert isinstance(fitted, FittedLatentDiffusion)
    drawn = fitted.sample(wider, horizon=2, paths=3, rng=np.random.default_rng(0))
    assert drawn.provenance["model"] == "latent diffusion"
    assert drawn.provenance["spread"] == 1.2


def test_rows_after_the_origin_change_no_digit(world, core):
    panel, _ = world
    changed = panel.copy()
    changed.iloc[200:] += 1e3

    def draw(panel):
        fitted = LatentDiffusion(core=core).fit(panel[:200])
        return fitted.sample(panel[:200], horizon=3, paths=5, rng=np.random.default_rng(1)).samples

    np.testing.assert_array_equal(draw(panel), draw(changed))


def test_spread_is_that_of_all_that_is_drawn(world, core):
    panel, _ = world

    def draw(spread):
        fitted = LatentDiffusion(core=replace(core, spread=spread)).fit(panel)
        return fitted.sample(panel, horizon=3, paths=20, rng=np.random.default_rng(2)).samples

    y = panel.to_numpy().T
    centre = Anchor(cross=()).fit(panel).filter(y).color(np.zeros((60, 3))).T
    expected = centre + 1.5 * (draw(1.0) - centre)
    np.testing.assert_allclose(draw(1.5), expected, atol=0.02)  # of spreads near 1


def test_a_scenario_for_a_wide_panel_is_told_what_to_do(world, core):
    panel, _ = world
    fitted = LatentDiffusion(core=core).fit(panel)
    with pytest.raises(ScenarioError, match=r"60 series .* Diffusion\(wide=None\)"):
        law_of(fitted, panel, 4)


def test_what_only_the_direct_model_has_is_said_to_be_there(world, core):
    fitted = LatentDiffusion(core=core).fit(world[0])
    for name in ("log_density", "encode", "decode", "origin"):
        with pytest.raises(AttributeError, match=rf"60 series .* no {name}; .*wide=None"):
            getattr(fitted, name)
    assert not isinstance(fitted, DensityForecaster)  # backtests leave its density out
    assert not hasattr(fitted, "densities")  # nor is any other name
    assert copy.deepcopy(fitted).names == fitted.names


def test_what_cannot_be_split_is_named(world):
    y = world[0].to_numpy(copy=True)
    y[:, 3] = 1.0
    with pytest.raises(ValueError, match="1 series do not vary"):
        principal_components(y)
    with pytest.raises(ValueError, match="61 factors asked of a panel of 240 x 60"):
        principal_components(world[0].to_numpy(), 61)


def test_series_without_a_value_or_a_move_are_named(world, core):
    panel, _ = world
    wide = replace(core, wide=60)
    with pytest.raises(ValueError, match="series 's7' does not vary, or has too few values"):
        wide.fit(panel.assign(s7=5.0))
    with pytest.raises(ValueError, match="has too few values to see it, in the last 240 rows"):
        wide.fit(panel.assign(s7=panel["s7"].where(np.arange(240) > 236)))
    with pytest.raises(ValueError, match="series 's7' has no value in the last 240 rows"):
        wide.fit(panel.assign(s7=np.nan))


def test_a_wide_panel_of_too_few_rows_is_told_how_many_and_the_model_shows_as_one_line(world, core):
    panel, _ = world
    with pytest.raises(ValueError, match="24 rows are needed, and 5 are there"):
        LatentDiffusion(core=core).fit(panel[:5])
    fitted = LatentDiffusion(core=core).fit(panel)
    assert repr(fitted) == "LatentDiffusion fitted to s0, s1, s2, s3, s4, s5 and 54 more"
