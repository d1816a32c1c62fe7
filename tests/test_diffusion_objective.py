"""The training objective: one error, four readings, no weight that sees the target."""

import inspect
import math

import pytest
import torch

from econdiff.diffusion import views
from econdiff.diffusion.known_laws import four_modes
from econdiff.diffusion.objective import (
    clean_weight,
    denoising_loss,
    noise_weight,
    score_matching_loss,
    stratified_angles,
)
from econdiff.diffusion.process import diffuse


@pytest.fixture
def drawn():
    rng = torch.Generator().manual_seed(0)
    clean = four_modes().draw(512, rng)
    noise = torch.randn(512, 2, generator=rng, dtype=torch.float64)
    return clean, noise, stratified_angles(512, rng, torch.float64).clamp(0.02, 1.55)


def guess(x, angle):
    """Some network that has not been trained."""
    return 0.4 * torch.sin(2 * x) + torch.cos(angle)[:, None]


def test_each_weight_makes_the_error_that_of_its_view(drawn):
    clean, noise, angle = drawn
    x = diffuse(clean, noise, angle)
    noise_miss = views.noise_from_velocity(x, guess(x, angle), angle) - noise
    clean_miss = views.clean_from_velocity(x, guess(x, angle), angle) - clean
    for weight, miss in ((noise_weight, noise_miss), (clean_weight, clean_miss)):
        loss = denoising_loss(guess, clean, noise, angle, weight)
        torch.testing.assert_close(loss, miss.square().mean(dim=1))
    snr = 1 / torch.tan(angle) ** 2
    torch.testing.assert_close(noise_miss.square(), snr[:, None] * clean_miss.square())


def test_the_simple_objective_is_denoising_score_matching(drawn):
    torch.testing.assert_close(
        denoising_loss(guess, *drawn, noise_weight), score_matching_loss(guess, *drawn)
    )


def test_score_matching_to_the_noise_is_score_matching_to_the_law():
    # Vincent (2011): the two differ by a constant, so they rank any two networks alike
    law, rng = four_modes(), torch.Generator().manual_seed(1)
    rows = 200_000
    angle = torch.full((rows,), 0.9, dtype=torch.float64)
    clean = law.draw(rows, rng)
    noise = torch.randn(rows, 2, generator=rng, dtype=torch.float64)
    x = diffuse(clean, noise, angle)
    truth = views.velocity_from_clean(x, law.denoise(x, angle), angle)

    def explicit(network):
        score = [
            views.score_from_noise(views.noise_from_velocity(x, v, angle), angle)
            for v in (network(x, angle), truth)
        ]
        return (math.sin(0.9) * (score[0] - score[1])).square().mean()

    def zero(x, angle):
        return 0 * x

    denoising = [score_matching_loss(f, clean, noise, angle).mean() for f in (guess, zero)]
    gap = float(explicit(guess) - explicit(zero))
    assert float(denoising[0] - denoising[1]) == pytest.approx(gap, abs=0.01)
    assert abs(gap) > 0.1


def test_the_true_velocity_has_the_least_loss(drawn):
    law = four_modes()

    def truth(x, angle):
        return views.velocity_from_clean(x, law.denoise(x, angle), angle)

    best = denoising_loss(truth, *drawn).mean()
    for nudge in (-0.3, 0.3):
        assert denoising_loss(lambda x, a, n=nudge: truth(x, a) + n, *drawn).mean() > best + 0.05


def test_a_weight_sees_the_angle_and_nothing_else():
    for weight in (noise_weight, clean_weight):
        assert list(inspect.signature(weight).parameters) == ["angle"]


def test_angles_fall_one_in_each_part():
    angles = stratified_angles(64, torch.Generator().manual_seed(0))
    parts = (angles / (math.pi / 2) * 64).floor().long()
    assert sorted(parts.tolist()) == list(range(64))
    assert parts.tolist() != list(range(64))
