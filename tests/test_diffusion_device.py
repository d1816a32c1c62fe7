"""Where the network runs, how wide and how told: what each setting changes, and what it leaves."""

import numpy as np
import pytest
import torch

from econdiff.diffusion.device import chosen, halved
from econdiff.diffusion.guidance import classifier_free
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.network import Size, untrained
from econdiff.diffusion.training import Training
from econdiff.diffusion.weights import save_weights

ANCHOR = Diffusion(weights=None, training=Training(steps=0))


def stirred_network():
    network = untrained(Size(width=16, inner=8), seed=0)
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.05 * torch.randn(weight.shape, generator=rng))
    return network


@pytest.fixture
def stirred(tmp_path):
    """The path of weights that say something, though nothing sensible."""
    save_weights(stirred_network(), tmp_path / "stirred.safetensors")
    return tmp_path / "stirred.safetensors"


def draw(model, panel, paths=30, horizon=5, **options):
    rng = np.random.default_rng(3)
    return model.fit(panel).sample(panel, horizon=horizon, paths=paths, rng=rng, **options)


class Elsewhere(torch.nn.Module):
    """A network that, like one on an accelerator, takes its own single precision only."""

    def __init__(self, network):
        super().__init__()
        self.network, self.asked = network, []

    def forward(self, x, angle, vector):
        self.asked.append((x.dtype, angle.dtype, x.device, angle.device))
        return self.network(x, angle, vector)

    def encode(self, *arrays):
        return self.network.encode(*arrays)


@pytest.mark.parametrize(("bf16", "amx"), [(False, False), (True, False), (False, True)])
def test_half_precision_is_for_processors_that_multiply_in_it(monkeypatch, bf16, amx):
    """Elsewhere it is emulated, and training takes forty times as long."""
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: bf16)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert halved(torch.device("cpu")) == (bf16 or amx)
    network = stirred_network()
    with torch.autocast("cpu", torch.bfloat16, enabled=halved(torch.device("cpu"))):
        answer = network.denoiser.enter(torch.zeros(3, 1))
    assert (answer.dtype == torch.bfloat16) == (bf16 or amx)


def test_the_cpu_is_there_and_is_taken_where_there_is_nothing_better(monkeypatch):
    assert chosen("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert chosen() == torch.device("cpu")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert chosen() == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert chosen() == torch.device("cuda")
    assert chosen("cuda:1") == torch.device("cuda:1")
    with pytest.raises(ValueError, match=r"no 'cuda:2'.*\['cpu', 'mps', 'cuda'\]"):
        chosen("cuda:2")


def test_a_device_that_is_absent_or_unknown_is_named_before_any_work(panel, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="there is no 'cuda' that torch can use"):
        Diffusion(device="cuda", weights="nowhere").fit(panel)
    with pytest.raises(ValueError, match="torch knows no device 'gpu'"):
        Diffusion(device="gpu", weights="nowhere").fit(panel)


def test_the_device_told_and_the_device_found_draw_the_same(stirred, panel, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    told = draw(Diffusion(weights=stirred, device="cpu"), panel)
    np.testing.assert_array_equal(told.samples, draw(Diffusion(weights=stirred), panel).samples)


def test_only_the_network_leaves_the_cpu_and_only_in_single_precision(panel):
    fitted = ANCHOR.fit(panel)
    at = fitted.origin(panel, 4)
    away = Elsewhere(stirred_network())
    object.__setattr__(at, "network", away)
    object.__setattr__(at, "vector", torch.zeros(1, 2, 16))
    x = torch.randn(3, 2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    v = at.velocity(x, torch.tensor([0.3, 0.5, 0.7], dtype=torch.float64))
    assert v.dtype == x.dtype
    assert v.device == x.device
    assert away.asked == [(torch.float32, torch.float32, at.vector.device, at.vector.device)]


def test_spread_one_changes_no_digit_and_is_not_mentioned(stirred, panel):
    plain = draw(Diffusion(weights=stirred), panel)
    same = draw(Diffusion(weights=stirred, spread=1.0), panel)
    np.testing.assert_array_equal(plain.samples, same.samples)
    assert "spread" not in plain.provenance


@pytest.mark.parametrize("spread", [0.5, 1.5])
def test_spread_multiplies_every_deviation_of_a_gaussian(spread, panel):
    model = Diffusion(weights=None, training=Training(steps=0), spread=spread)
    plain, wider = draw(ANCHOR, panel), draw(model, panel)
    centre = ANCHOR.fit(panel).origin(panel, 5).color(np.zeros((1, 2, 5)))[0].T
    # the same noise, so path by path, not only on average
    expected = centre + spread * (plain.samples - centre)
    np.testing.assert_allclose(wider.samples, expected, rtol=2e-3, atol=2e-3)
    assert wider.provenance["spread"] == spread


def test_spread_holds_under_pins_and_in_the_density(panel):
    model = Diffusion(weights=None, training=Training(steps=0), spread=1.5)
    fitted, index = model.fit(panel[:-2]), panel.index[-2:]
    scenario = panel.loc[index].assign(inflation=np.nan)
    rng = np.random.default_rng(0)
    drawn = fitted.sample(panel[:-2], horizon=2, paths=6000, rng=rng, scenario=scenario)
    mean, matrix = fitted.origin(panel[:-2], 2).affine()
    law = 1.5**2 * matrix @ matrix.T
    pin, free = [0, 1], [2, 3]
    gain = law[np.ix_(free, pin)] @ np.linalg.inv(law[np.ix_(pin, pin)])
    left = law[np.ix_(free, free)] - gain @ law[np.ix_(pin, free)]
    exact = mean[free] + gain @ (panel.loc[index, "growth"].to_numpy() - mean[pin])
    np.testing.assert_allclose(drawn.samples[:, :, 1].std(0), np.sqrt(np.diag(left)), rtol=0.03)
    np.testing.assert_allclose(drawn.samples[:, :, 1].mean(0), exact, atol=0.05 * law.max() ** 0.5)

    from scipy.stats import multivariate_normal

    future = panel.loc[index]
    known = multivariate_normal(mean, law).logpdf(future.to_numpy().T.ravel())
    assert fitted.log_density(panel[:-2], future) == pytest.approx(known, abs=1e-3)


def test_strength_goes_between_and_beyond_what_was_learned(panel):
    at = ANCHOR.fit(panel).origin(panel, 4)
    network = stirred_network()
    network.untold = torch.nn.Parameter(0.3 * torch.ones(16))
    vector = torch.randn(1, 2, 16, generator=torch.Generator().manual_seed(1))
    for name, value in (("network", network), ("vector", vector)):
        object.__setattr__(at, name, value)
    x = torch.randn(5, 2, 4, generator=torch.Generator().manual_seed(0))
    angle = torch.tensor(0.8)

    def velocity(strength):
        object.__setattr__(at, "strength", strength)
        return at.velocity(x, angle)

    told = network(x, angle[None], vector)
    untold = network(x, angle[None], torch.full_like(vector, 0.3))
    torch.testing.assert_close(velocity(1.0), told)
    torch.testing.assert_close(velocity(0.0), untold)
    torch.testing.assert_close(velocity(1.5), told + 0.5 * (told - untold))
    assert (told - untold).abs().max() > 0.01


def test_settings_that_mean_nothing_are_refused():
    for wrong in ({"spread": 0.0}, {"spread": -1.0}, {"strength": -0.5}, {"spread": float("nan")}):
        with pytest.raises(ValueError, match="spread must be positive, strength not negative"):
            Diffusion(**wrong)
    with pytest.raises(ValueError, match="must not be negative"):
        classifier_free(lambda x, angle: x, lambda x, angle: x, -1.0)
