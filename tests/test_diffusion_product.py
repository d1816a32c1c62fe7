"""A law times another distribution, against products that are known exactly."""

import math

import pytest
import torch

from econdiff.diffusion.guidance import SignalCovariance, tilted
from econdiff.diffusion.known_laws import Mixture, four_modes, gaussian
from econdiff.diffusion.product import multiplied
from econdiff.diffusion.sampler import angular, last
from econdiff.diffusion.schedule import even_angles


def real(value):
    return torch.tensor(value, dtype=torch.float64)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def noise(rows, dim, seed=0):
    return torch.randn(rows, dim, generator=seeded(seed), dtype=torch.float64)


def overlap(one, other):
    """The product of two mixtures, normalised, and the log of its mass; both closed forms."""
    parts = []
    for w, m, s in zip(one.weights, one.means, one.covariances, strict=True):
        for v, n, t in zip(other.weights, other.means, other.covariances, strict=True):
            gain = torch.linalg.solve(s + t, s).mT
            fit = torch.distributions.MultivariateNormal(m, s + t).log_prob(n)
            parts.append((w.log() + v.log() + fit, m + gain @ (n - m), s - gain @ s))
    logs, means, covariances = (torch.stack(a) for a in zip(*parts, strict=True))
    return Mixture(logs.softmax(0), means, covariances), float(logs.logsumexp(0))


def moments(particles):
    mean = particles.weights @ particles.x
    apart = particles.x - mean
    return mean, (particles.weights[:, None] * apart).T @ apart


def test_a_gaussian_times_a_quadratic_energy_is_exact_and_every_weight_the_same():
    law = gaussian(real([0.3, 0.0, -0.2]), real([[1, 0.6, 0], [0.6, 0.8, 0.1], [0, 0.1, 1.3]]))
    factor = gaussian(real([1.0, -1.0, 0.5]), real([[0.5, 0.1, 0], [0.1, 0.7, 0], [0, 0, 2.0]]))
    truth, mass = overlap(law, factor)
    found = multiplied(
        law.denoise,
        noise(4000, 3),
        even_angles(3),
        lambda z: -factor.log_density(z),
        seeded(1),
        SignalCovariance(law.covariance()),
    )
    torch.testing.assert_close(
        found.particles.effective, torch.full((3,), 4000.0).double(), rtol=1e-6, atol=0
    )
    assert found.log_mass == pytest.approx(mass, abs=1e-9)
    assert found.particles.ancestors == 4000
    mean, covariance = moments(found.particles)
    spread = truth.covariance().diagonal().sqrt()
    assert ((mean - truth.mean()) / spread).abs().max() < 4 / 4000**0.5
    torch.testing.assert_close(covariance, truth.covariance(), atol=0.05, rtol=0)


def test_two_mixtures_multiply_to_the_mixture_of_their_products():
    law = four_modes(1.0, 0.5)
    factor = Mixture(
        real([0.7, 0.3]),
        real([[1.2, 0.4], [-0.5, -1.0]]),
        real([[[0.6, 0.2], [0.2, 0.5]], [[0.4, 0.0], [0.0, 0.9]]]),
    )
    truth, mass = overlap(law, factor)

    def energy(z):
        return -factor.log_density(z)

    prior, x = SignalCovariance(law.covariance()), noise(6000, 2)
    found = multiplied(law.denoise, x, even_angles(50), energy, seeded(1), prior)
    fair = found.particles.equal(seeded(2))
    plain = last(angular(tilted(law.denoise, energy, prior), x, even_angles(20)))

    def shares(drawn):
        return torch.cdist(drawn, law.means).argmin(dim=1).bincount(minlength=4) / len(drawn)

    exact = shares(truth.draw(200_000, seeded(3)))
    assert (shares(fair) - exact).abs().max() < 0.03
    assert (fair.mean(dim=0) - truth.mean()).abs().max() < 0.05
    assert (fair.T.cov() - truth.covariance()).abs().max() < 0.06
    assert found.log_mass == pytest.approx(mass, abs=0.06)
    # the guess that is corrected here is off by more
    assert (shares(plain) - exact).abs().max() > 2 * (shares(fair) - exact).abs().max()
    assert 1000 < float(found.particles.effective.min()) < 6000


def test_the_mass_of_an_event_is_its_chance():
    # softly: sigmoid(8 (z_1 + z_2 - 2)) is nearly the event that the sum is above 2
    law = gaussian(real([0.0, 0.0]), real([[1.0, 0.5], [0.5, 1.0]]))
    found = multiplied(
        law.denoise,
        noise(6000, 2),
        even_angles(12),
        lambda z: torch.nn.functional.softplus(-8 * (z.sum(dim=1) - 2)),
        seeded(1),
        SignalCovariance(law.covariance()),
    )
    grid = torch.linspace(-14, 14, 8001, dtype=torch.float64)
    density = torch.exp(-(grid**2) / 6) / math.sqrt(6 * math.pi)  # of the sum, variance 3
    inside = density * torch.sigmoid(8 * (grid - 2))
    chance = float(inside.sum() * (grid[1] - grid[0]))
    assert math.exp(found.log_mass) == pytest.approx(chance, rel=0.05)
    mean = float((grid * inside).sum() / inside.sum())
    total = found.particles.x.sum(dim=1)
    assert float(found.particles.weights @ total) == pytest.approx(mean, rel=0.02)


def test_a_linear_energy_shifts_a_gaussian_and_keeps_its_width():
    # exp(c'z) N(m, P) is N(m + P c, P); the energy has no curvature at all
    law, c = gaussian(real([0.5, 0.0]), real([[1.0, 0.3], [0.3, 0.5]])), real([0.8, -0.4])
    found = multiplied(
        law.denoise,
        noise(4000, 2),
        even_angles(4),
        lambda z: -(z @ c),
        seeded(1),
        SignalCovariance(law.covariance()),
    )
    assert float(found.particles.effective.min()) == pytest.approx(4000, rel=1e-6)
    mean, covariance = moments(found.particles)
    torch.testing.assert_close(mean, law.mean() + law.covariance() @ c, atol=0.07, rtol=0)
    torch.testing.assert_close(covariance, law.covariance(), atol=0.07, rtol=0)
    mass = float(c @ law.mean() + c @ law.covariance() @ c / 2)
    assert found.log_mass == pytest.approx(mass, abs=1e-9)


def test_paths_keep_their_shape():
    x = torch.randn(64, 2, 3, generator=seeded(0))
    found = multiplied(
        lambda x, angle: torch.cos(angle).to(x) * x,
        x,
        even_angles(2),
        lambda z: (z[:, 0, -1] - 1).square(),
        seeded(1),
    )
    assert found.particles.x.shape == (64, 2, 3)
    assert found.particles.x.dtype == torch.float32


def test_an_energy_with_a_corner_where_the_law_has_its_mean_is_named():
    law = four_modes()
    with pytest.raises(ValueError, match=r"no finite .+ derivatives at .+ of 10 signals"):
        multiplied(
            law.denoise,
            noise(10, 2),
            even_angles(2),
            lambda z: (z.norm(dim=1) - 2).square(),
            seeded(1),
        )
