"""Every sampler, on laws whose denoiser is known exactly: nothing is trained here."""

import math

import pytest
import torch

from econdiff.diffusion.ddim import ddim
from econdiff.diffusion.ddpm import ddpm
from econdiff.diffusion.dpm_solver import dpm_solver
from econdiff.diffusion.heun import heun
from econdiff.diffusion.known_laws import four_modes, gaussian
from econdiff.diffusion.process import forward_variance
from econdiff.diffusion.reverse_sde import euler_maruyama, predictor_corrector
from econdiff.diffusion.sampler import angular, last
from econdiff.diffusion.schedule import PURE_NOISE, even_angles, linear

LADDER = linear().ladder
RANDOM = {
    "DDPM": lambda denoise, x, rng: ddpm(denoise, x, LADDER(200), rng),
    "DDPM beta": lambda denoise, x, rng: ddpm(denoise, x, LADDER(200), rng, forward_variance),
    "DDIM 0.5": lambda denoise, x, rng: ddim(denoise, x, LADDER(100), rng, 0.5),
    "Euler-Maruyama": lambda denoise, x, rng: euler_maruyama(denoise, x, LADDER(400), rng),
    "predictor-corrector": lambda denoise, x, rng: predictor_corrector(
        denoise, x, LADDER(200), rng
    ),
}
ODES = {  # with their order
    "angular": (angular, 3),
    "DDIM": (lambda denoise, x, angles: ddim(denoise, x, angles, seeded(0)), 1),
    "Heun": (heun, 2),
    "DPM-Solver++": (dpm_solver, 2),
}
EVERY = RANDOM | {
    name: (lambda denoise, x, rng, walk=walk: walk(denoise, x, LADDER(150)))
    for name, (walk, _) in ODES.items()
}


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def noise(rows, dim, seed=0, dtype=torch.float64):
    return torch.randn(rows, dim, generator=seeded(seed), dtype=dtype)


def correlated():
    covariance = real([[1.44, 0.6, 0.0], [0.6, 0.81, -0.2], [0.0, -0.2, 0.49]])
    return gaussian(real([0.5, -1.0, 0.0]), covariance)


def energy_distance(x, y):
    """2 E|x - y| - E|x - x'| - E|y - y'|, each pair once; Szekely and Rizzo (2013), eq. 2.5."""
    between = torch.cdist(x, y).mean()
    within = [torch.pdist(a).mean() for a in (x, y)]
    return float(2 * between - within[0] - within[1])


@pytest.mark.parametrize("name", EVERY)
def test_a_gaussian_has_its_mean_and_covariance(name):
    law = correlated()
    drawn = last(EVERY[name](law.denoise, noise(20_000, 3), seeded(1)))
    torch.testing.assert_close(drawn.mean(dim=0), law.mean(), atol=0.04, rtol=0)
    torch.testing.assert_close(drawn.T.cov(), law.covariance(), atol=0.05, rtol=0)


@pytest.mark.parametrize("name", EVERY)
def test_a_mixture_is_at_the_distance_of_true_draws(name):
    # two sets of 3000 true draws lie 0.000 +- 0.002 apart
    law = four_modes()
    drawn = last(EVERY[name](law.denoise, noise(3000, 2, seed=5), seeded(1)))
    assert energy_distance(drawn, law.draw(3000, seeded(2))) < 0.012
    modes = torch.cdist(drawn, law.means).argmin(dim=1).bincount(minlength=4) / 3000
    assert modes.sub(0.25).abs().max() < 0.03


@pytest.mark.parametrize(("name", "order"), [(name, order) for name, (_, order) in ODES.items()])
def test_the_order_of_convergence(name, order):
    walk, _ = ODES[name]
    law = gaussian(real(0.7), real([[0.36]]))
    x = torch.linspace(-2, 2, 5, dtype=torch.float64)[:, None]

    def error(n):
        even = even_angles(n)
        # Heun and DPM-Solver++ step in the logarithm of tan(angle), which has no end
        angles = even if name in ("angular", "DDIM") else torch.atan(geometric(40, 0.05, n))
        ends = torch.cos(angles[[0, -1]]), torch.sin(angles[[0, -1]])
        start, end = (torch.sqrt(ends[0] ** 2 * 0.36 + ends[1] ** 2)).unbind()
        exact = ends[0][1] * 0.7 + (x - ends[0][0] * 0.7) * end / start
        return float((last(walk(law.denoise, x, angles)) - exact).abs().max())

    assert math.log2(error(32) / error(64)) == pytest.approx(order, abs=0.2)


def real(value):
    return torch.tensor(value, dtype=torch.float64)


def geometric(high, low, steps):
    return torch.logspace(math.log10(high), math.log10(low), steps + 1, dtype=torch.float64)


@pytest.mark.parametrize("wrong", [0.6, 0.8, 1.0, 1.5, 2.0])
def test_the_default_has_the_right_spread_in_twelve_calls_where_the_anchor_is_wrong(wrong):
    calls = []

    def denoise(x, angle):
        calls.append(angle)
        return law.denoise(x, angle)

    law = gaussian(real([0.0]), real([[wrong**2]]))
    x = noise(1000, 1, dtype=torch.float32)
    drawn = last(angular(denoise, x, even_angles(4)))
    assert len(calls) == 12
    assert float(drawn.std() / x.std()) / wrong == pytest.approx(1, abs=0.002)


def test_the_default_is_exact_in_one_step_for_a_known_signal():
    known = torch.tensor([[3.0, -1.0]], dtype=torch.float64)
    drawn = last(angular(lambda x, angle: known.expand_as(x), noise(7, 2), even_angles(1)))
    torch.testing.assert_close(drawn, known.expand(7, 2), atol=1e-12, rtol=0)


def test_an_untrained_network_gives_its_noise_back():
    x = noise(5, 4)
    states = list(angular(lambda x, angle: torch.cos(angle) * x, x, even_angles(4)))
    assert len(states) == 5
    torch.testing.assert_close(states[-1], x)


def test_sde_and_ode_have_the_same_marginals_on_the_way():
    law, angles = four_modes(1.5, 0.5), LADDER(400)
    x = noise(2500, 2, seed=3)
    sde = list(euler_maruyama(law.denoise, x, angles, seeded(4)))
    ode = list(ddim(law.denoise, x, angles, seeded(4)))
    for k in (200, 300, 400):
        assert energy_distance(sde[k], ode[k]) < 0.012
        true = law.draw(2500, seeded(5))
        noisy = torch.cos(angles[k]) * true + torch.sin(angles[k]) * noise(2500, 2, seed=6)
        assert energy_distance(sde[k], noisy) < 0.012


def test_rows_may_have_any_shape():
    x = torch.randn(6, 8, 3, generator=seeded(0))
    assert last(angular(lambda x, angle: 0 * x, x, even_angles(2))).shape == (6, 8, 3)


def test_wrong_eta_is_named():
    with pytest.raises(ValueError, match="eta must lie between 0"):
        last(ddim(lambda x, angle: x, noise(1, 1), LADDER(2), seeded(0), eta=2.0))


def test_pure_noise_is_a_right_angle():
    assert math.isclose(PURE_NOISE, math.pi / 2)
