"""One network in four views: every conversion, there and back."""

import math

import pytest
import torch

from econdiff.diffusion import views
from econdiff.diffusion.known_laws import four_modes
from econdiff.diffusion.process import diffuse


@pytest.fixture
def drawn():
    rng = torch.Generator().manual_seed(0)
    clean = torch.randn(6, 4, 3, generator=rng, dtype=torch.float64)
    noise = torch.randn(6, 4, 3, generator=rng, dtype=torch.float64)
    angle = torch.rand(6, generator=rng, dtype=torch.float64) * (math.pi / 2)
    return clean, noise, angle, diffuse(clean, noise, angle)


def test_every_view_of_the_truth_is_the_truth(drawn):
    clean, noise, angle, x = drawn
    velocity = views.velocity_from_clean(x, clean, angle)
    score = views.score_from_noise(noise, angle)
    close = torch.testing.assert_close
    close(velocity, views.velocity_from_noise(x, noise, angle))
    close(views.clean_from_velocity(x, velocity, angle), clean)
    close(views.noise_from_velocity(x, velocity, angle), noise)
    close(views.noise_from_clean(x, clean, angle), noise)
    close(views.clean_from_noise(x, noise, angle), clean)
    close(views.score_from_clean(x, clean, angle), score)
    close(views.clean_from_score(x, score, angle), clean)
    close(views.noise_from_score(score, angle), noise)


def test_velocity_is_how_the_path_turns(drawn):
    clean, noise, angle, x = drawn
    step = 1e-6
    slope = (diffuse(clean, noise, angle + step) - diffuse(clean, noise, angle - step)) / (2 * step)
    torch.testing.assert_close(views.velocity_from_clean(x, clean, angle), slope, atol=1e-8, rtol=0)


def test_a_velocity_of_zero_denoises_to_the_anchor(drawn):
    # for data N(0, I), E[clean | x] = alpha x
    *_, angle, x = drawn
    denoise = views.denoiser(lambda x, angle: torch.zeros_like(x))
    torch.testing.assert_close(denoise(x, angle), torch.cos(angle)[:, None, None] * x)


@pytest.mark.parametrize("angle", [0.1, 0.8, 1.5])
def test_the_known_denoiser_is_tweedies_formula_of_the_known_density(angle):
    law = four_modes()
    angle = torch.tensor(angle, dtype=torch.float64)
    x = torch.linspace(-3, 3, 14, dtype=torch.float64).reshape(7, 2).requires_grad_()
    alpha, sigma = torch.cos(angle), torch.sin(angle)
    parts = torch.distributions.MultivariateNormal(
        alpha * law.means, alpha**2 * law.covariances + sigma**2 * torch.eye(2, dtype=torch.float64)
    )
    mixture = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(law.weights), parts
    )
    (score,) = torch.autograd.grad(mixture.log_prob(x).sum(), x)
    torch.testing.assert_close(
        law.denoise(x, angle), views.clean_from_score(x, score, angle), atol=1e-10, rtol=0
    )


def test_the_known_density_draws_and_conditions_as_it_says():
    law = four_modes(1.0, 0.8)
    drawn = law.draw(200_000, torch.Generator().manual_seed(1))
    torch.testing.assert_close(drawn.T.cov(), law.covariance(), atol=0.02, rtol=0)
    # Bayes: p(z | seen) is proportional to p(z) p(seen | z)
    matrix = torch.tensor([[1.0, 0.5]], dtype=torch.float64)
    value, variance = (
        torch.tensor([0.7], dtype=torch.float64),
        torch.full((1, 1), 0.3, dtype=torch.float64),
    )
    told = law.given(matrix, value, variance)
    z = drawn[:5]
    likelihood = -((z @ matrix.T - value) ** 2)[:, 0] / (2 * 0.3)
    ratio = told.log_density(z) - law.log_density(z) - likelihood
    torch.testing.assert_close(ratio, ratio[:1].expand(5))
