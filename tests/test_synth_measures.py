"""Measures of the quality report against closed forms and known laws."""

import math

import numpy as np
import pytest
import scipy.signal
from test_synth_generators import known

from econdiff.synth import (
    FactorBootstrap,
    GaussianPanel,
    Regression,
    SynthError,
    VARBootstrap,
    cointegration,
    quality,
    signature,
)
from econdiff.synth.fidelity import dynamics, facts, spectrum
from econdiff.synth.impulse import share_inside
from econdiff.synth.resampling import Copy


def test_the_signature_of_a_line_is_the_exponential_of_its_step(rng):
    step = rng.standard_normal(3)
    path = np.linspace(0, 1, 7)[:, None] * step
    terms = [step, np.multiply.outer(step, step) / 2]
    terms.append(np.multiply.outer(np.multiply.outer(step, step), step) / 6)
    exact = np.concatenate([term.ravel() for term in terms])
    np.testing.assert_allclose(signature.signature(path), exact, atol=1e-12)


def test_the_antisymmetric_part_is_the_area_a_path_encloses():
    angle = np.linspace(0, 2 * np.pi, 2001)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    two = signature.signature(circle)[2:6].reshape(2, 2)
    assert (two[0, 1] - two[1, 0]) / 2 == pytest.approx(math.pi, rel=1e-4)


def test_signatures_multiply_where_paths_are_joined(rng):
    path = rng.standard_normal((9, 2)).cumsum(axis=0)
    whole, first, second = (signature.signature(p) for p in (path, path[:5], path[4:]))
    two = [s[2:6].reshape(2, 2) for s in (whole, first, second)]
    np.testing.assert_allclose(two[0], two[1] + two[2] + np.outer(first[:2], second[:2]))


def test_signature_distance_sees_order_in_time(rng):
    real = rng.standard_normal((60, 32, 2)).cumsum(axis=1)
    same = rng.standard_normal((60, 32, 2)).cumsum(axis=1)
    shuffled = real[:, rng.permutation(32)]
    assert signature.distance(real, real) == 0
    assert signature.distance(real, same) < signature.distance(real, shuffled) / 2


def cointegrated(rng, slope):
    trend = rng.standard_normal((4, 300)).cumsum(axis=1)
    noise = rng.standard_normal((2, 4, 300))
    return np.stack([trend + noise[0], slope * trend + noise[1]], axis=-1)


def test_cointegration_is_found_and_its_vector_compared():
    rng = np.random.default_rng(1)
    tied = cointegrated(rng, 1.0)
    loose = rng.standard_normal((4, 300, 2)).cumsum(axis=1)
    assert cointegration.rank(tied) >= 1
    assert cointegration.rank(loose) < 0.6
    assert cointegration.angle(tied, cointegrated(rng, 1.0)) < 20
    assert np.isnan(cointegration.rank(tied[:, :20]))


@pytest.mark.parametrize(
    ("follows", "off"),
    [
        *((lambda a: a[..., 0] + a[..., 1], off) for off in (0.0, 1e-14, 1e-11, 1e-8)),
        *((lambda a: np.roll(a[..., 1], 1, axis=-1), off) for off in (0.0, 1e-14, 1e-11, 1e-8)),
        *((lambda a: np.full(a.shape[:2], 5.0), off) for off in (0.0, 1e-14)),
        *((lambda a: np.arange(a.shape[1]) * np.ones((1, 1)), off) for off in (0.0, 1e-14)),
    ],
)
def test_no_rank_is_made_up_for_series_that_follow_from_others(rng, follows, off):
    free = rng.standard_normal((1, 80, 3)).cumsum(axis=1)
    tied = free.copy()
    tied[..., 2] = follows(free) * (1 + off * rng.standard_normal((1, 80)))
    tied = tied[:, 1:]
    assert np.isnan(cointegration.rank(tied))
    assert np.isnan(cointegration.angle(tied, free))


def test_a_period_in_which_nobody_is_known_is_left_out():
    rng = np.random.default_rng(1)
    tied, other = cointegrated(rng, 1.0), cointegrated(rng, 1.0)
    holed = tied.copy()
    holed[:, 0, 1] = np.nan
    cut = cointegration.angle(tied[:, 1:], other)
    assert cointegration.angle(holed, other) == pytest.approx(cut, rel=0.05)  # units differ a hair


def test_few_rows_give_no_correlation_of_shocks(rng):
    values = np.full((2, 6, 2), np.nan)
    values[0, :3] = rng.standard_normal((3, 2))
    assert np.isnan(dynamics(values, ("a", "b"))["shock correlation", "a, b"])


def test_an_entity_that_is_never_whole_is_measured_and_not_drawn():
    real = known(entities=4, length=12)
    real.values[2, :, 1] = np.nan
    table = quality(
        real,
        Copy().fit(real).sample(panels=1, rng=np.random.default_rng(0)),
        rng=np.random.default_rng(0),
    )
    assert np.isfinite(table.set_index("metric").loc["VAR(1) own lag", "var bootstrap"]).all()
    made = VARBootstrap().fit(real).sample(panels=1, rng=np.random.default_rng(0)).values[0]
    np.testing.assert_array_equal(np.isfinite(made).all(axis=(1, 2)), [True, True, False, True])
    drawn = FactorBootstrap().fit(real).sample(panels=1, rng=np.random.default_rng(0)).values[0]
    np.testing.assert_array_equal(np.isnan(drawn[..., 1]).all(axis=1), [False, False, True, False])
    with pytest.raises(SynthError, match="of '2' nothing is known of 'b'; give some of it, or"):
        GaussianPanel().fit(real)


def test_the_band_of_a_panel_with_late_entrants_holds_its_own_responses(rng):
    values = known(length=60).values[..., :2].copy()
    values[::2, :45] = np.nan
    assert share_inside(values, values[None], rng, draws=60) > 0.9


def test_the_band_of_a_short_panel_of_many_entities_holds_its_own_responses(rng):
    values = known(entities=200, length=12).values[..., :2]  # slopes biased by several deviations
    told = {"lags": 1, "horizon": 6, "draws": 60}
    assert share_inside(values, values[None], rng, **told) > 0.95


def test_a_cycle_stands_in_its_band_of_the_spectrum():
    y = np.sin(2 * np.pi * np.arange(160) / 4)[None]
    assert spectrum(y - y.mean(), 8).argmax() in (3, 4)
    assert spectrum(y, 8).sum() == pytest.approx(1)


def test_spectra_are_periodograms_and_see_through_holes(rng):
    shocks = rng.standard_normal((200, 60))
    y = scipy.signal.lfilter([1], [1, -0.9], shocks)[:, 20:]
    inner = y - y.mean(axis=1, keepdims=True)
    _, power = scipy.signal.periodogram(inner, detrend=False, scaling="spectrum")
    power = power.mean(axis=0)[1:] * np.append(np.ones(19), 2)  # both sides of the spectrum
    expected = np.bincount(np.arange(20) * 8 // 20, weights=power) / power.sum()
    np.testing.assert_allclose(spectrum(inner), expected, rtol=1e-9)

    holed = np.where(rng.random(y.shape) < 0.3, np.nan, y)
    seen = holed - np.nanmean(holed, axis=1, keepdims=True)
    np.testing.assert_allclose(spectrum(seen), expected, atol=0.02)  # with noughts .2 lower
    low = "low-frequency share of the spectrum", "y"
    found = [facts(x[..., None], ("y",))[low] for x in (y, holed)]
    assert found[1] == pytest.approx(found[0], abs=0.02)


def test_a_local_projection_is_a_power_of_the_slope():
    y = np.zeros((50, 200, 1))
    rng = np.random.default_rng(0)
    for t in range(1, 200):
        y[:, t] = 0.8 * y[:, t - 1] + rng.standard_normal((50, 1))
    b, _ = Regression.parse("lead2(y) ~ y").estimate(y, ("y",))
    assert b[0] == pytest.approx(0.64, abs=0.03)


def test_terms_move_and_take_logs():
    panel = known(entities=10, length=20, mean=50.0)
    a = panel.values[..., 0]
    series = panel.schema.series
    b, _ = Regression.parse("diff4(log(a)) ~ lag2(b)").estimate(panel.values, series)
    y = np.log(a[:, 4:]) - np.log(a[:, :-4])
    x = panel.values[:, 2:-2, 1]
    y, x = (v - v.mean(axis=1, keepdims=True) for v in (y, x))
    assert b[0] == pytest.approx((x * y).sum() / (x**2).sum())


@pytest.mark.parametrize("text", ["lead(y ~ x", "log(log(y)) ~ x", "y) ~ x"])
def test_broken_terms_are_refused(text):
    with pytest.raises(SynthError):
        Regression.parse(text)


def test_dependence_over_entities_is_the_mean_correlation_of_those_that_are_known(rng):
    y = (rng.standard_normal(40) + 0.7 * rng.standard_normal((3, 40))).cumsum(axis=1)
    y[1, :25] = y[2, 10:] = np.nan  # of which no time holds both
    a, b = np.diff(y[:2, 25:]), np.diff(y[[0, 2], :10])
    whole = (np.diff(y[0]).mean(), np.diff(y[0]).std())
    pair = [
        np.mean((d[0] - whole[0]) / whole[1] * (d[1] - d[1].mean()) / d[1].std()) for d in (a, b)
    ]
    found = facts(y[..., None], ("y",))["cross-section dependence", "y"]
    assert found == pytest.approx(np.average(pair, weights=[14, 9]), abs=1e-12)
    assert math.isnan(facts(y[1:, :, None], ("y",))["cross-section dependence", "y"])
