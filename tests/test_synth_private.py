"""Differential privacy: the accountant is exact, and one entity moves little."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats
from test_synth_generators import known

from econdiff.synth import PrivatePanel, Schema, SynthError, within
from econdiff.synth.identity import Identity
from econdiff.synth.private import _clipped, _moments, _scale, delta_of, noise_for

RANGES = {"a": (-15.0, 15.0), "b": (-15.0, 15.0), "all": (-30.0, 30.0)}


@pytest.mark.parametrize(("epsilon", "delta"), [(0.5, 1e-5), (1.0, 1e-6), (8.0, 1e-3)])
def test_the_noise_is_the_least_that_keeps_the_loss_in_its_bounds(epsilon, delta):
    noise = noise_for(epsilon, delta, 2.0)
    mean = 2.0**2 / (2 * noise**2)  # the privacy loss of a normal is normal
    loss = stats.norm(mean, np.sqrt(2 * mean))
    exact, _ = integrate.quad(
        lambda x: -np.expm1(epsilon - x) * loss.pdf(x), epsilon, mean + 40 * np.sqrt(2 * mean)
    )
    assert exact == pytest.approx(delta, rel=1e-3)
    assert delta_of(0.99 * noise, epsilon) > delta


def test_no_entity_gives_more_than_a_vector_of_length_one(rng):
    for size in (0.1, 1.0, 100.0):
        vector = _clipped(_moments(size * rng.standard_normal((30, 2))))
        assert np.linalg.norm(vector) <= 1 + 1e-12


def test_with_little_noise_the_law_comes_back():
    panel = known(entities=200, length=60)
    fitted = PrivatePanel(1e4, RANGES, noise=np.random.default_rng(0)).fit(panel)
    made = fitted.sample(panels=3, rng=np.random.default_rng(1))
    real, drawn = (within.estimate(v[..., :2], 1).slopes for v in (panel.values, made.values))
    np.testing.assert_allclose(drawn.mean(axis=0), real, atol=0.08)
    assert made.values[..., 0].std() == pytest.approx(panel.values[..., 0].std(), rel=0.15)
    assert np.abs(made.schema.identities[0].residual(made.values, made.schema.series)).max() == 0
    assert made.provenance["epsilon"] == 1e4


def test_names_and_weights_of_series_do_not_matter_to_ranges():
    names, ranges = ("debt/gdp", "b", "all"), {"debt/gdp": (1, 4), "b": (2, 8), "all": (4, 20)}
    schema = Schema(None, "t", "Q", names, identities=(Identity("all", {names[0]: 3.0, "b": 1.0}),))
    schema = replace(schema, positive=names)
    middle, half = _scale(schema, ranges)
    low, high = np.log([4, 3 * 1 / 8]), np.log([20, 3 * 4 / 2])  # all, and 3 debt/gdp over b
    np.testing.assert_allclose(middle - half, low)
    np.testing.assert_allclose(middle + half, high)


def test_a_total_whose_range_is_above_zero_need_not_be_kept_there():
    identities = [Identity.parse(text) for text in ("gdp = c - m", "all = c + m")]
    private = PrivatePanel(1.0, dict.fromkeys(("gdp", "all", "c", "m"), (1.0, 9.0)))
    assert private.above_zero(identities) == ("all", "c", "m")


def test_noise_is_not_that_of_a_seed():
    panel = known(entities=20, length=20)
    laws = [PrivatePanel(1.0, RANGES).fit(panel).law[0] for _ in range(2)]
    assert np.abs(laws[0] - laws[1]).max() > 0


def test_what_privacy_needs_is_asked_for():
    with pytest.raises(SynthError, match="'all' has none"):
        PrivatePanel(1.0, {"a": (0, 1), "b": (0, 1)}).fit(known(entities=20, length=20))
    with pytest.raises(SynthError, match="too few"):
        PrivatePanel(1.0, RANGES).fit(known(entities=4, length=20))
    with pytest.raises(SynthError, match="must be positive"):
        PrivatePanel(0.0, RANGES).fit(known(entities=20, length=20))
