"""Generators: the law of a panel is recovered, kept and handed on; one contract for all."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from econdiff.synth import (
    GAN,
    GENERATORS,
    VAE,
    Condition,
    DiffusedPanel,
    GaussianPanel,
    PanelLaw,
    SynthError,
    VARBootstrap,
    read_entities,
    within,
)
from econdiff.synth.effects import hidden, less_correlated
from econdiff.synth.quality import quality
from econdiff.synth.resampling import BlockBootstrap, Copy, stationary_rows
from econdiff.synth.shocks import split

CORRELATION = np.array([[1, 0.8], [0.8, 1]])


def known(entities=30, length=40, seed=0, mean=0.0):
    """VAR(1) with own lags .6 and .3, correlated shocks, two groups with deviations 1 and 2."""
    rng = np.random.default_rng(seed)
    loud = np.where(np.arange(entities) % 2, 2.0, 1.0)[:, None]
    y = np.zeros((entities, length + 40, 2))
    for t in range(1, length + 40):
        u = rng.standard_normal((entities, 2)) @ np.linalg.cholesky(CORRELATION).T
        y[:, t] = y[:, t - 1] * [0.6, 0.3] + loud * u
    y = y[:, 40:] + mean
    index = pd.period_range("2000-01", periods=length, freq="M").astype(str)
    long = pd.DataFrame(
        {
            "firm": np.repeat(np.arange(entities), length),
            "month": np.tile(index, entities),
            "group": np.repeat(np.where(loud[:, 0] == 1, "calm", "loud"), length),
            "a": y[..., 0].ravel(),
            "b": y[..., 1].ravel(),
        }
    )
    long["all"] = long["a"] + long["b"]
    return read_entities(long, entity="firm", identities=["all = a + b"], positive=())


@pytest.fixture(scope="module")
def panel():
    return known()


def generators():
    slow = ("diffusion", "gan", "vae")
    yield from ((n, kind()) for n, kind in GENERATORS.items() if n not in slow)
    yield "gan", GAN(steps=2)
    yield "vae", VAE(steps=2)
    yield "diffusion", DiffusedPanel(PanelLaw(rounds=2), weights=None, turns=1, trials=128)


@pytest.mark.parametrize(("name", "generator"), generators(), ids=[n for n, _ in generators()])
def test_every_generator_keeps_the_contract(name, generator, panel):
    fitted = generator.fit(panel)
    draw = [fitted.sample(panels=2, length=50, rng=np.random.default_rng(1)) for _ in range(2)]
    made = draw[0]
    assert made.values.shape == (2, 30, 50, 3)
    assert np.isfinite(made.values).all()
    np.testing.assert_array_equal(draw[0].values, draw[1].values)
    assert np.abs(made.schema.identities[0].residual(made.values, made.schema.series)).max() == 0
    assert list(made.index[:40]) == list(panel.index)
    assert str(made.index[-1]) == "2004-02"
    long = made.to_frame()
    assert list(long.columns) == ["panel", "firm", "month", "group", "a", "b", "all"]
    assert set(made.entities).isdisjoint(panel.entities)


def test_within_estimates_are_dummy_variable_regressions(panel):
    w = panel.values[..., :2]
    found = within.estimate(w, 1)
    rows, target = w[:, :-1].reshape(-1, 2), w[:, 1:].reshape(-1, 2)
    dummies = np.kron(np.eye(30), np.ones((39, 1)))
    exact = np.linalg.lstsq(np.hstack([rows, dummies]), target, rcond=None)[0]
    np.testing.assert_allclose(found.slopes, exact[:2], atol=1e-7)
    np.testing.assert_allclose(found.intercepts, exact[2:], atol=1e-7)


def test_indirect_inference_undoes_the_bias_of_short_panels():
    off = []
    for seed in range(4):
        short = known(entities=80, length=12, seed=seed)
        law = PanelLaw(lags=1).fit(short)
        biased = within.estimate(short.values[..., :2], 1).slopes
        off.append([law.slopes[0, 0] - 0.6, biased[0, 0] - 0.6])
    corrected, biased = np.mean(off, axis=0)
    assert biased < -0.1
    assert abs(corrected) < 0.04


def test_panels_of_the_law_behave_as_the_real_one(panel):
    made = GaussianPanel().fit(panel).sample(panels=20, rng=np.random.default_rng(0))
    real, drawn = (within.estimate(v[..., :2], 1) for v in (panel.values, made.values))
    np.testing.assert_allclose(drawn.slopes.mean(axis=0), real.slopes, atol=0.05)
    loud = (panel.statics["group"] == "loud").to_numpy()
    for group in (loud, ~loud):
        ratio = np.std(drawn.shocks[:, group]) / np.std(real.shocks[group])
        assert abs(ratio - 1) < 0.05


def test_hiding_where_a_panel_lies_changes_nothing_but_its_level(panel):
    fitted = GaussianPanel(PanelLaw(lags=1, rounds=1)).fit(panel)
    effects = replace(fitted.law.effects, level=np.zeros_like(fitted.law.effects.level))
    as_is = replace(fitted, law=replace(fitted.law, effects=effects))
    moved, still = (
        f.sample(panels=3, rng=np.random.default_rng(0)).values for f in (fitted, as_is)
    )
    np.testing.assert_allclose(np.diff(moved, axis=2), np.diff(still, axis=2), atol=1e-9)
    shift = (moved - still)[..., 0]
    np.testing.assert_allclose(shift, shift[0, 0, 0], atol=1e-9)
    assert abs(shift[0, 0, 0]) > 0.01


def test_levels_are_kept_where_that_is_asked(panel):
    law = PanelLaw(lags=1, rounds=1, levels="kept")
    made = GaussianPanel(law).fit(panel).sample(panels=200, rng=np.random.default_rng(0))
    assert "level drawn apart" not in made.provenance
    apart = np.std(panel.values.mean(axis=1), axis=0)
    assert np.all(np.abs((made.values - panel.values).mean(axis=(0, 1, 2))) < 0.1 * apart)


def test_numbers_of_entities_stay_above_zero_where_all_are(panel):
    sizes = np.exp(np.random.default_rng(0).normal(1, 1.5, len(panel.entities)))
    named = replace(panel, statics=panel.statics.assign(size=sizes))
    named = replace(named, schema=replace(panel.schema, statics=("group", "size")))
    fitted = GaussianPanel(PanelLaw(lags=1, rounds=1)).fit(named)
    made = fitted.sample(panels=40, rng=np.random.default_rng(0))
    drawn = np.concatenate([one["size"] for one in made.statics])
    assert (drawn > 0).all()
    assert np.log(drawn).mean() == pytest.approx(np.log(sizes).mean(), abs=0.3)
    who = pd.DataFrame({"group": ["calm", "loud"], "size": [2.0, 5.0]})
    told = Condition.of(who, named.schema)
    made = fitted.sample(panels=1, rng=np.random.default_rng(0), condition=told)
    np.testing.assert_allclose(made.statics[0]["size"], [2, 5])
    told = Condition.of(who.assign(size=[-2.0, 5.0]), named.schema)
    with pytest.raises(SynthError, match="'size' must be above zero"):
        fitted.sample(panels=1, rng=np.random.default_rng(0), condition=told)


def test_large_panels_have_no_level_to_hide_and_the_smallest_no_law_to_draw_it_from():
    assert hidden(4) == 0
    assert hidden(10) == hidden(20) == 1.5
    assert hidden(60) == pytest.approx(hidden(30) / 4)
    assert hidden(200) < 0.03


def test_correlations_that_are_chance_are_drawn_to_none(rng):
    alike = 0.95 * np.ones((6, 6)) + 0.05 * np.eye(6)
    seen = rng.standard_normal((20, 6))
    kept = less_correlated(alike, seen @ np.linalg.cholesky(alike).T)
    lost = less_correlated(0.2 * np.ones((6, 6)) + 0.8 * np.eye(6), seen)
    assert kept[0, 1] > 0.85
    assert lost[0, 1] < 0.1
    np.testing.assert_allclose(np.diag(lost), 1)


def test_shocks_that_all_share_are_told_from_own_ones():
    rng = np.random.default_rng(0)
    common, own = rng.standard_normal((4000, 2)), rng.standard_normal((20, 4000, 2))
    found = split(2 * common + own)
    np.testing.assert_allclose(found.common_covariance, 4 * np.eye(2), atol=0.35)
    np.testing.assert_allclose(found.own_covariance, np.eye(2), atol=0.05)


def test_diffused_shocks_have_the_covariance_of_the_law(panel):
    fitted = DiffusedPanel(PanelLaw(rounds=2), weights=None, turns=1, trials=128).fit(panel)
    rng = np.random.default_rng(0)
    _, own = fitted.shocks("anew").draw(10, 30, 32, rng)
    rows = own.reshape(-1, 2)
    exact = fitted.law.shocks.own_covariance
    np.testing.assert_allclose(rows.T @ rows / len(rows), exact, atol=0.15)


def test_a_panel_goes_on_from_where_the_real_one_ends(panel):
    fitted = GaussianPanel().fit(panel)
    rng = np.random.default_rng(0)
    made = fitted.sample(panels=200, length=6, start="last", rng=rng)
    assert made.entities == panel.entities
    assert made.index[0] == panel.index[-1] + 1
    law, last = fitted.law, panel.values[:, -1, :2]
    found = within.given(panel.values[..., :2], law.slopes)
    mean = found.intercepts + last @ law.slopes
    noise = np.nanstd(found.shocks) / np.sqrt(200)
    assert np.abs(made.values[:, :, 0, :2].mean(axis=0) - mean).mean() < 1.5 * noise


def test_holes_are_reproduced_when_asked(panel):
    values = panel.values.copy()
    values[3, :10] = np.nan
    holed = type(panel)(values, panel.index, panel.entities, panel.statics, panel.schema)
    fitted = GaussianPanel(PanelLaw(rounds=1)).fit(holed)
    made = fitted.sample(panels=1, missing=True, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(np.isnan(made.values[0]), np.isnan(values))


def test_spread_is_a_label_and_widens_the_shocks(panel):
    fitted = GaussianPanel(PanelLaw(rounds=1)).fit(panel)
    drawn = [
        fitted.sample(panels=2, spread=s, start="last", length=1, rng=np.random.default_rng(0))
        for s in (1.0, 2.0)
    ]
    centre = [d.values.mean(axis=0) for d in drawn]
    apart = [np.abs(d.values - c).mean() for d, c in zip(drawn, centre, strict=True)]
    assert apart[1] == pytest.approx(2 * apart[0])
    assert drawn[1].provenance["spread"] == 2.0
    with pytest.raises(SynthError, match="positive"):
        fitted.sample(panels=1, spread=0.0, rng=np.random.default_rng(0))


def test_stationary_blocks_have_their_mean_length(rng):
    rows = stationary_rows(1000, 200_000, 5.0, rng)
    breaks = np.mean(np.diff(rows) % 1000 != 1)
    assert breaks == pytest.approx(1 / 5, abs=0.005)


def test_in_place_of_a_shock_that_is_not_known_one_of_the_same_entity_is_drawn(rng):
    shocks, rows = rng.standard_normal((3, 8, 2)), rng.integers(8, size=(5, 40))
    np.testing.assert_array_equal(
        within.redrawn(shocks, rows, rng), shocks[:, rows].swapaxes(0, 1)
    )  # [panel, entity, draw, k]: all entities together
    shocks[1, :5, 0], shocks[2] = np.nan, np.nan
    drawn, met = within.redrawn(shocks, rows, rng), rows >= 5
    np.testing.assert_array_equal(drawn[:, 0], shocks[0, rows])
    np.testing.assert_array_equal(drawn[:, 1][met], shocks[1, rows][met])
    assert set(drawn[:, 1, :, 1].ravel()) == set(shocks[1, 5:, 1])
    assert not drawn[:, 2].any()


@pytest.mark.parametrize("entering", [0, 20])
def test_a_bootstrap_of_a_panel_with_late_entrants_is_as_loud_as_the_panel(panel, entering):
    values = panel.values.copy()
    values[::3, :entering] = np.nan
    real = replace(panel, values=values)
    made = VARBootstrap().fit(real).sample(panels=1, rng=np.random.default_rng(0)).values[0]
    for rows in (slice(None, None, 3), slice(1, None, 3)):
        loud, true = (np.nanstd(np.diff(v[rows], axis=1)) for v in (made, values))
        assert loud == pytest.approx(true, rel=0.1)


def test_a_copy_is_a_copy(panel, rng):
    made = Copy().fit(panel).sample(panels=1, rng=rng)
    np.testing.assert_array_equal(made.values[0], panel.values)


def test_rows_that_are_drawn_again_are_to_the_digit_what_they_were(rng):
    frame = known(entities=5, length=20).to_frame()
    frame[["a", "b"]] = frame[["a", "b"]].apply(np.exp).round(3)  # cells that logs do not keep
    frame["all"] = frame["a"] + frame["b"]
    real = read_entities(frame, entity="firm", identities=["all = a + b"])
    made = BlockBootstrap().fit(real).sample(panels=2, rng=rng)
    assert np.isin(made.values, real.values).all()
    copied = quality(real, made, rng=rng).set_index("metric")["copy"]
    assert (copied[["Kolmogorov-Smirnov, levels", "Kolmogorov-Smirnov, changes"]] == 0).all()


def test_one_economy_alone_can_be_drawn_again():
    rng = np.random.default_rng(0)
    months = pd.period_range("1990-01", periods=120, freq="M").astype(str)
    long = pd.DataFrame({"date": months, "x": rng.standard_normal(120).cumsum()})
    made = GaussianPanel(PanelLaw(rounds=1)).fit(read_entities(long)).sample(panels=3, rng=rng)
    assert made.values.shape == (3, 1, 120, 1)
    assert list(made.to_frame().columns) == ["panel", "date", "x"]
    assert not np.isin(made.values.ravel(), long["x"]).any()
