"""The GAN, the VAE and the literature's scores: they learn what is easy, and tell the different."""

import numpy as np
import pandas as pd
import pytest
import torch
from test_synth_generators import known

from econdiff.diffusion.training import Training
from econdiff.synth import GAN, VAE, DiffusedPanel, PanelLaw, SynthError, read_entities
from econdiff.synth.scores import Recurrent, discriminative, predictive
from econdiff.synth.windowed import Windows


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("kind", [VAE(steps=300), GAN(steps=60)], ids=["vae", "gan"])
def test_windows_come_back_as_panels_with_their_identities(kind):
    panel = known(entities=10, length=30, mean=5.0)
    state = torch.random.get_rng_state()
    fitted = kind.fit(panel)
    assert torch.equal(state, torch.random.get_rng_state())
    drawn = [fitted.sample(panels=2, length=40, rng=np.random.default_rng(0)) for _ in range(2)]
    assert drawn[0].values.shape == (2, 10, 40, 3)
    np.testing.assert_array_equal(drawn[0].values, drawn[1].values)
    identity = drawn[0].schema.identities[0]
    assert np.abs(identity.residual(drawn[0].values, drawn[0].schema.series)).max() == 0
    mean, spread = panel.values.mean(axis=(0, 1)), panel.values.std(axis=(0, 1))
    assert (np.abs(drawn[0].values.mean(axis=(0, 1, 2)) - mean) < 1.5 * spread).all()


def test_many_short_histories_are_learned_whole_and_one_long_one_in_parts():
    assert Windows.of(known(entities=120, length=20)).cells.shape[:2] == (120, 20)
    assert Windows.of(known(entities=10, length=20)).cells.shape[1] == 10
    assert Windows.of(known(entities=120, length=60)).cells.shape[1] == 24


def test_the_vae_learns_the_spread_and_the_memory():
    panel = known(entities=40, length=30)
    made = VAE(steps=600).fit(panel).sample(panels=2, rng=np.random.default_rng(0))
    ratio = made.values.std(axis=(0, 1, 2)) / panel.values.std(axis=(0, 1))
    np.testing.assert_allclose(ratio, 1, atol=0.35)
    steps = np.diff(made.values[:, :, :12], axis=2).std() / made.values[:, :, :12].std()
    assert steps < np.sqrt(2)  # what independent draws would have


def test_networks_side_by_side_are_those_of_torch(rng):
    network = Recurrent.new(3, 4, 2, rng)
    x = torch.from_numpy(rng.random((3, 5, 6, 4))).float()
    said = network(x)
    for repeat in range(3):
        units, out = torch.nn.GRU(4, 2, batch_first=True), torch.nn.Linear(2, 1)
        with torch.no_grad():
            units.weight_ih_l0.copy_(network.inward[repeat].T)
            units.bias_ih_l0.copy_(network.inward_bias[repeat, 0])
            units.weight_hh_l0.copy_(network.again[repeat].T)
            units.bias_hh_l0.copy_(network.again_bias[repeat, 0])
            out.weight.copy_(network.out[repeat].T)
            out.bias.copy_(network.out_bias[repeat, 0])
            exact = out(units(x[repeat])[0])[..., 0]
        torch.testing.assert_close(said[repeat], exact)


def test_a_classifier_tells_other_windows_and_not_the_same(rng):
    real = rng.random((400, 8, 2))
    other = 0.5 + 0.5 * rng.random((400, 8, 2))
    told = discriminative(real, other, rng, steps=800, repeats=2)
    same = discriminative(real, rng.random((400, 8, 2)), rng, steps=800, repeats=2)
    assert told.shape == (2,)
    assert told[0] != told[1]
    assert told.min() > 0.3
    assert same.max() < 0.12


def test_windows_that_teach_the_link_predict_better(rng):
    def windows(linked):
        x = rng.random((400, 8, 1))
        y = np.roll(x, 1, axis=1) if linked else rng.random((400, 8, 1))
        return np.concatenate([x, y], axis=-1)

    real = windows(True)
    taught = predictive(real, windows(True), rng, steps=2500, repeats=2)
    untaught = predictive(real, windows(False), rng, steps=2500, repeats=2)
    assert taught.max() < 0.8 * untaught.min()


def flips(length):
    """One series of white shocks with two modes."""
    rng = np.random.default_rng(0)
    shocks = 0.95 * rng.choice([-1, 1], length) + 0.3 * rng.standard_normal(length)
    months = pd.period_range("1990-01", periods=length, freq="M").astype(str)
    return read_entities(pd.DataFrame({"date": months, "x": shocks}))


def test_learning_from_a_panel_is_kept_only_where_the_held_out_part_improves():
    quick = {"weights": None, "turns": 1, "trials": 64, "law": PanelLaw(lags=1, rounds=1)}
    still = Training(steps=1, check=1, rate=0.0)
    names = [
        DiffusedPanel(**quick, training=plan).fit(flips(160)).name
        for plan in (still, Training(steps=60, check=20, origins=16))
    ]
    assert names[0] == "diffusion (training brought nothing; as it was)"
    assert "trained here" in names[1]
    with pytest.raises(SynthError, match="too few to train"):
        DiffusedPanel(**quick, training=still).fit(flips(20))
    assert DiffusedPanel(**quick, training=Training(steps=0)).fit(flips(20)).name == "diffusion"


def test_a_network_that_begins_from_nothing_follows_from_its_seed_alone():
    kind = DiffusedPanel(
        PanelLaw(lags=1, rounds=1), None, 1, 64, Training(steps=60, check=20, origins=16)
    )
    state = torch.random.get_rng_state()
    names = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        names.append(kind.fit(flips(160)).name)
    torch.random.set_rng_state(state)
    assert names[0] == names[1]
