"""The model put together: an untrained network is the anchor, and nothing sees the future."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import multivariate_normal

from econdiff.anchor import Anchor, power
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.network import Size, untrained
from econdiff.diffusion.origin import origin
from econdiff.diffusion.training import Training
from econdiff.diffusion.weights import WeightsError, load_weights, save_weights
from econdiff.forecast import Forecaster, Model
from econdiff.periods import steps_after
from econdiff.transforms import Transformed, fred_md

UNTRAINED = Diffusion(weights=None, training=Training(steps=0))


@pytest.fixture
def stirred(tmp_path):
    """A model whose network says something, though nothing sensible."""
    network = untrained(Size(width=16, inner=8), seed=0)
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.05 * torch.randn(weight.shape, generator=rng))
    save_weights(network, tmp_path / "stirred.safetensors")
    return Diffusion(weights=tmp_path / "stirred.safetensors")


def draw(model, panel, seed=3, paths=40, horizon=6):
    rng = np.random.default_rng(seed)
    return model.fit(panel).sample(panel, horizon=horizon, paths=paths, rng=rng)


def test_settings_and_what_was_fitted_keep_the_protocols(panel):
    assert isinstance(UNTRAINED, Model)
    assert isinstance(UNTRAINED.fit(panel), Forecaster)


def test_an_untrained_network_draws_the_law_of_the_anchor(panel):
    samples = draw(UNTRAINED, panel, paths=6_000, horizon=4).samples
    y = panel.to_numpy().T
    mean, matrix = Anchor().fit(panel).filter(y).affine(4)
    flat = samples.swapaxes(1, 2).reshape(len(samples), -1)
    deviation = np.sqrt(np.diag(matrix @ matrix.T))
    np.testing.assert_allclose(flat.mean(0), mean, atol=0.05 * deviation.max())
    np.testing.assert_allclose(np.cov(flat.T), matrix @ matrix.T, atol=0.06 * deviation.max() ** 2)


def test_an_untrained_density_is_the_anchor_s(panel):
    fitted, future = UNTRAINED.fit(panel[:-2]), panel[-2:]
    y = panel[:-2].to_numpy().T
    mean, matrix = Anchor().fit(panel[:-2]).filter(y).affine(2)
    exact = multivariate_normal(mean, matrix @ matrix.T).logpdf(future.to_numpy().T.ravel())
    assert fitted.log_density(panel[:-2], future) == pytest.approx(exact, abs=1e-3)


def test_rows_after_the_origin_change_no_digit(stirred, panel):
    changed = panel.copy()
    changed.iloc[150:] += 1e3
    for model in (UNTRAINED, stirred):
        one, other = draw(model, panel[:150]), draw(model, changed[:150])
        np.testing.assert_array_equal(one.samples, other.samples)


def test_training_at_an_origin_sees_nothing_after_it(panel):
    plan = Training(steps=4, check=2, origins=4, horizon=4)
    fitted = Diffusion(weights=None, training=plan).fit(panel[:120])
    changed = panel.copy()
    changed.iloc[120:] = 99
    again = Diffusion(weights=None, training=plan).fit(changed[:120])
    for one, other in zip(fitted.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_pinned_cells_hold_and_move_the_rest_as_the_gaussian_does(panel):
    fitted = UNTRAINED.fit(panel)
    index = pd.period_range(panel.index[-1] + 1, periods=3, freq="Q")
    scenario = pd.DataFrame({"growth": [2.0, np.nan, 1.0]}, index=index)
    rng = np.random.default_rng(0)
    drawn = fitted.sample(panel, horizon=3, paths=6_000, rng=rng, scenario=scenario)
    np.testing.assert_allclose(drawn.samples[:, [0, 2], 0], [[2.0, 1.0]] * 6_000, atol=1e-6)

    mean, matrix = fitted.origin(panel, 3).affine()
    law, pin, free = matrix @ matrix.T, [0, 2], [1, 3, 4, 5]
    gain = law[np.ix_(free, pin)] @ np.linalg.inv(law[np.ix_(pin, pin)])
    exact = mean[free] + gain @ (np.array([2.0, 1.0]) - mean[pin])
    flat = drawn.samples.swapaxes(1, 2).reshape(6_000, -1)[:, free]
    left = law[np.ix_(free, free)] - gain @ law[np.ix_(pin, free)]
    np.testing.assert_allclose(flat.mean(0), exact, atol=0.05 * np.sqrt(np.diag(law)).max())
    np.testing.assert_allclose(flat.std(0), np.sqrt(np.diag(left)), rtol=0.03)


def test_no_scenario_and_an_empty_one_draw_the_same(stirred, panel):
    fitted = stirred.fit(panel)
    index = pd.period_range(panel.index[-1] + 1, periods=3, freq="Q")
    empty = pd.DataFrame({"growth": np.nan}, index=index)
    free = fitted.sample(panel, horizon=3, paths=9, rng=np.random.default_rng(1))
    told = fitted.sample(panel, horizon=3, paths=9, rng=np.random.default_rng(1), scenario=empty)
    np.testing.assert_array_equal(free.samples, told.samples)


def test_a_ragged_edge_is_the_conditional_law_given_what_is_published(panel):
    ragged = panel.copy()
    ragged.iloc[-1, 1] = np.nan  # inflation of the last quarter is not out yet
    fitted = UNTRAINED.fit(panel[:-1])
    rng = np.random.default_rng(0)
    drawn = fitted.sample(ragged, horizon=2, paths=6_000, rng=rng)
    scenario = panel[["growth"]].iloc[-1:]
    rng = np.random.default_rng(0)
    longer = fitted.sample(panel[:-1], horizon=3, paths=6_000, rng=rng, scenario=scenario)
    assert list(drawn.index) == list(longer.index[1:])
    np.testing.assert_allclose(drawn.mean(), longer.mean()[1:], atol=0.02)

    mean, matrix = fitted.origin(panel[:-1], 1).affine()
    law, told = matrix @ matrix.T, panel["growth"].iloc[-1]
    exact = mean[1] + law[1, 0] / law[0, 0] * (told - mean[0])
    left = np.sqrt(law[1, 1] - law[1, 0] ** 2 / law[0, 0])
    assert drawn.nowcast is not None
    known, nowcast = drawn.nowcast.samples[:, 0].T
    np.testing.assert_allclose(known, told, atol=1e-6)
    assert nowcast.mean() == pytest.approx(exact, abs=4 * left / 6_000**0.5)
    assert nowcast.std() == pytest.approx(left, rel=0.03)
    assert drawn.nowcast.index.equals(panel.index[-1:])


def test_a_scenario_with_a_wrong_name_or_period_is_refused(panel):
    fitted = UNTRAINED.fit(panel)
    index = pd.period_range(panel.index[-1] + 1, periods=2, freq="Q")
    for scenario in (
        pd.DataFrame({"growht": [1.0, 1.0]}, index=index),
        pd.DataFrame({"growth": [1.0, 1.0]}, index=index + 5),
    ):
        with pytest.raises(ValueError, match="the scenario names"):
            fitted.sample(
                panel, horizon=2, paths=2, rng=np.random.default_rng(0), scenario=scenario
            )


def test_horizons_beyond_the_network_s_reach_roll_on(stirred, panel):
    forecast = draw(stirred, panel, paths=3, horizon=70)
    assert forecast.samples.shape == (3, 70, 2)
    assert np.isfinite(forecast.samples).all()


def test_series_can_come_in_any_order(stirred, panel):
    fitted = stirred.fit(panel).origin(panel, 4)
    turned = stirred.fit(panel[["inflation", "growth"]]).origin(panel[["inflation", "growth"]], 4)
    x = torch.randn(5, 2, 4, generator=torch.Generator().manual_seed(0))
    angle = torch.tensor(0.7)
    torch.testing.assert_close(
        fitted.velocity(x, angle).flip(1), turned.velocity(x.flip(1), angle), atol=1e-5, rtol=1e-4
    )


def test_a_history_may_name_its_series_in_any_order_and_have_more(stirred, panel):
    fitted = stirred.fit(panel)
    future = pd.DataFrame(0.1, index=steps_after(panel, 3), columns=panel.columns)
    other = panel[["inflation", "growth"]].assign(other=np.nan)
    drawn, again = (
        fitted.sample(history, horizon=3, paths=2, rng=np.random.default_rng(0))
        for history in (panel, other)
    )
    np.testing.assert_array_equal(again.samples, drawn.samples)
    assert fitted.log_density(other, future) == fitted.log_density(panel, future)
    with pytest.raises(ValueError, match=r"lacks the series \['inflation'\]; the model was fitted"):
        fitted.origin(panel[["growth"]], 3)


def test_what_stands_at_an_origin_shows_as_a_line(stirred, panel):
    fitted = stirred.fit(panel)
    at = fitted.origin(panel, 4)
    assert repr(fitted.law(panel, 4)) == "DiffusionLaw at Origin of 2 series, 4 steps ahead"
    assert repr(at.state) == f"Filtered: 2 series, {len(panel)} periods"
    assert repr(fitted.coefficients) == "Coefficients of 2 series and 6 lags"


def test_a_network_that_says_something_is_undone_exactly(stirred, panel):
    at = stirred.fit(panel).origin(panel[:-5], 5)
    future = panel[-5:].to_numpy().T[None]
    np.testing.assert_allclose(at.color(at.whiten(future)), future, atol=1e-10)
    mean, matrix = at.affine()
    z = np.random.default_rng(0).standard_normal((3, 2, 5))
    straight = mean + z.reshape(3, -1) @ matrix.T
    np.testing.assert_allclose(at.color(z).reshape(3, -1), straight, atol=1e-10)
    assert np.linalg.slogdet(matrix)[1] == pytest.approx(at.log_determinant().item(), abs=1e-10)


def test_a_series_is_moved_by_its_own_last_innovation_as_told(panel):
    fitted = UNTRAINED.fit(panel)
    lags = np.array([[[0, 0, 0, 0], [0.3, 0, 0, 0]]])
    at = replace(fitted.origin(panel, 3), lags=lags)
    state, shocks = at.state, np.zeros((1, 2, 3))
    shocks[0, 1, 0] = 1.0  # inflation's first innovation, and nothing else
    u = state.standardise(at.color(power(state.coefficients.correlation, -0.5) @ shocks))
    quiet = state.standardise(at.color(np.zeros((1, 2, 3))))
    moved = (u - quiet)[0]
    np.testing.assert_allclose(moved, [[0, 0, 0], [1, 0.3, 0.09]], atol=1e-9)


def test_weights_survive_the_disk_and_damage_is_noticed(tmp_path, stirred):
    path = stirred.weights
    network = load_weights(path)
    assert save_weights(network, tmp_path / "again.safetensors")
    again = load_weights(tmp_path / "again.safetensors")
    for one, other in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    (tmp_path / "plain").touch()  # who may read weights is who may read any file written here
    assert (tmp_path / "again.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode

    whole = path.read_bytes()
    path.write_bytes(whole[:-4] + b"\x00\x00\x80\x3f")
    with pytest.raises(WeightsError, match="does not match its hash"):
        load_weights(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match="damaged"):
        load_weights(path)
    with pytest.raises(WeightsError, match=r"is a folder; name the \.safetensors file in it"):
        load_weights(tmp_path)
    with pytest.raises(WeightsError, match="no weights at"):
        load_weights(tmp_path / "none.safetensors")


@pytest.mark.parametrize("series", [1, 7, 30])
def test_any_number_of_series_and_any_history_from_24_rows_will_do(stirred, series, rng):
    index = pd.period_range("2000Q1", periods=24, freq="Q")
    names = [f"s{k}" for k in range(series)]
    panel = pd.DataFrame(rng.standard_normal((24, series)), index=index, columns=names)
    forecast = draw(stirred, panel, paths=5, horizon=3)
    assert forecast.samples.shape == (5, 3, series)
    assert np.isfinite(forecast.samples).all()


def test_a_policy_rate_keeps_its_width(rng):
    """A quarter point up or down in one week of twelve: .25 is the deviation after twelve."""
    moves = 0.25 * rng.choice([-1, 1], 400) * (rng.random(400) < 1 / 12)
    index = pd.period_range("2015-01-05", periods=400, freq="W")
    panel = pd.DataFrame({"rate": 5 + np.cumsum(moves)}, index=index)
    drawn = Diffusion().fit(panel).sample(panel, horizon=12, paths=1000, rng=rng).samples[:, -1, 0]
    assert 0.2 < drawn.std() < 0.4


def test_the_network_hears_nothing_of_a_series_that_stands_still(panel, rng):
    rate = 5 + 0.25 * np.cumsum(rng.random(len(panel)) < 1 / 12)
    y = np.vstack([panel.to_numpy().T, rate])
    at = origin(load_weights("shipped"), Anchor().estimate(y).filter(y), 3)
    assert (at.scale[0, -1] == 1).all()
    assert torch.equal(at.vector[0, -1], at.network.untold)
    assert (at.scale[0, :-1] != 1).all()
    assert not (at.vector[0, :-1] == at.network.untold).all(dim=-1).any()


def test_too_short_a_panel_is_refused(panel):
    with pytest.raises(ValueError, match="24 rows are needed, and 20 are there"):
        UNTRAINED.fit(panel[:20])


def test_a_history_shorter_than_the_lags_is_refused(panel):
    fitted, rng = UNTRAINED.fit(panel), np.random.default_rng(0)
    assert fitted.sample(panel[:6], horizon=2, paths=3, rng=rng).paths == 3
    with pytest.raises(ValueError, match=r"complete one 5 \(after any differences\), needed 6"):
        fitted.sample(panel[:5], horizon=2, paths=3, rng=rng)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"turns": 0}, "turns must be at least 1, got 0"),
        ({"turns": 2.5}, "turns must be a whole number, got 2.5"),
        ({"turns": "4"}, "turns must be a whole number, got '4'"),
        ({"window": 23}, "window must be at least 24, got 23"),
        ({"window": 100.0}, "window must be a whole number, got 100.0"),
        ({"wide": 0}, "wide must be at least 1, got 0"),
        ({"spread": np.inf}, "spread must be positive"),
        ({"strength": np.nan}, "strength not negative"),
        ({"anchor": None}, r"anchor is an Anchor, as in Anchor\(cross=\(\)\); got None"),
        ({"training": 5}, "training is None or as in"),
        ({"training": Training}, "training is None or as in"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_a_fit(wrong, why):
    with pytest.raises((TypeError, ValueError), match=why):
        Diffusion(**wrong)


def test_too_few_rows_are_counted_as_the_model_sees_them(panel):
    with pytest.raises(ValueError, match="23 are there after any differences; give 1 more, or"):
        Transformed(UNTRAINED, dict.fromkeys(panel, fred_md(2))).fit(panel[:24])
