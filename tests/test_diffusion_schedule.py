"""The ladder and the clock, against the discrete product and the integral of the paper."""

import math

import pytest
import torch

from econdiff.diffusion.schedule import (
    PURE_NOISE,
    Schedule,
    cosine,
    eased_angles,
    even_angles,
    karras,
    linear,
)

BOTH = pytest.mark.parametrize("schedule", [linear(), cosine()], ids=["linear", "cosine"])


@BOTH
def test_the_clock_read_at_the_rungs_is_the_discrete_product(schedule):
    product = torch.cumprod(1 - schedule.betas, dim=0)
    torch.testing.assert_close(
        schedule.alpha_bar(schedule.rungs())[1:], product, rtol=1e-10, atol=0
    )


def test_alpha_bar_is_the_exponential_of_the_whole_integral_not_of_half():
    # beta(t) = 0.1 + 19.9 t has the integral 0.1 t + 9.95 t^2; Song et al. (2021), eq. 32-33
    t = torch.linspace(0, 1, 21, dtype=torch.float64)
    integral = 0.1 * t + 9.95 * t**2
    log_alpha_bar = linear().alpha_bar(t).log()
    torch.testing.assert_close(log_alpha_bar, -integral, rtol=0.01, atol=1e-3)
    assert abs(float(log_alpha_bar[-1] + integral[-1] / 2)) > 5


@BOTH
def test_beta_is_the_slope_of_the_integral(schedule):
    t = (torch.arange(10, dtype=torch.float64) * 97 + 0.5) / 1000  # within a rung
    step = 1e-5
    slope = (schedule.integral(t + step) - schedule.integral(t - step)) / (2 * step)
    torch.testing.assert_close(schedule.beta(t), slope, rtol=1e-6, atol=0)


@BOTH
def test_time_and_angle_undo_each_other(schedule):
    t = torch.linspace(0, 1, 137, dtype=torch.float64)
    torch.testing.assert_close(schedule.time(schedule.angle(t)), t, atol=1e-9, rtol=0)


@BOTH
def test_signal_and_noise_preserve_variance(schedule):
    t = torch.linspace(0, 1, 11, dtype=torch.float64)
    torch.testing.assert_close(torch.cos(schedule.angle(t)) ** 2, schedule.alpha_bar(t))


def test_cosine_falls_as_a_squared_cosine():
    t = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)

    def f(t):
        return torch.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    torch.testing.assert_close(
        cosine().alpha_bar(t), f(t) / f(torch.zeros(1)).double(), rtol=1e-6, atol=0
    )


def test_ladders_fall_to_clean():
    for angles in (
        linear().ladder(25),
        cosine().ladder(1000),
        even_angles(4),
        eased_angles(9),
        karras(18),
    ):
        assert (angles.diff() < 0).all()
        assert angles[-1] == 0
    assert even_angles(4)[0] == PURE_NOISE
    torch.testing.assert_close(linear().ladder(1000).flip(0), linear().angle(linear().rungs()))


def test_karras_levels_are_those_of_the_paper():
    assert torch.tan(karras(18)[[0, -2]]).tolist() == pytest.approx([80, 0.002])


def test_bad_betas_are_named():
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        Schedule(torch.tensor([0.1, 1.0]))
