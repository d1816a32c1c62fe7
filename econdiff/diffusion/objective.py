"""What training minimises: one squared error, read in four ways.

Of one prediction at one level, with snr = alpha^2 / sigma^2,

    velocity   |v - v^|^2 = (1 + snr) |z - z^|^2              Salimans and Ho (2022)
    noise      |e - e^|^2 = snr |z - z^|^2                    Ho et al. (2020), eq. 14, "simple"
    score      sigma^2 |s^ - grad log q(x|z)|^2 = |e - e^|^2  Song et al. (2021), eq. 7

so an objective is the velocity's error times a weight of the *angle*. A weight can
see nothing else, by its signature: one that knew the target would train the spread away.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from econdiff.diffusion.process import diffuse
from econdiff.diffusion.views import Velocity, alpha_sigma, noise_from_velocity, score_from_noise

Weight = Callable[[Tensor], Tensor]


def velocity_weight(angle: Tensor) -> Tensor:
    """Weight 1: the error of the velocity itself, even over angles. The default."""
    return torch.ones_like(angle)


def noise_weight(angle: Tensor) -> Tensor:
    """cos^2 = snr / (1 + snr): makes the error that of the noise, the "simple" objective."""
    return torch.cos(angle) ** 2


def clean_weight(angle: Tensor) -> Tensor:
    """sin^2 = 1 / (1 + snr): makes the error that of the clean signal."""
    return torch.sin(angle) ** 2


def squared_error(velocity: Velocity, clean: Tensor, noise: Tensor, angle: Tensor) -> Tensor:
    """The velocity's squared error, shaped as `clean`, at one `angle` for each of its rows."""
    alpha, sigma = alpha_sigma(angle, clean)
    miss = velocity(diffuse(clean, noise, angle), angle) - (alpha * noise - sigma * clean)
    return miss.square()


def denoising_loss(
    velocity: Velocity,
    clean: Tensor,
    noise: Tensor,
    angle: Tensor,
    weight: Weight = velocity_weight,
) -> Tensor:
    """The weighted mean squared error of each row, [row].

    `noise` is standard normal like `clean`, `angle` one for each row (`stratified_angles`).
    """
    error = squared_error(velocity, clean, noise, angle)
    return weight(angle) * error.flatten(1).mean(dim=1)


def score_matching_loss(velocity: Velocity, clean: Tensor, noise: Tensor, angle: Tensor) -> Tensor:
    """Denoising score matching of each row, weighted by sigma^2; Song et al. (2021), eq. 7.

    The target is grad log q(x | z) = -e / sigma. Equal to `denoising_loss` with
    `noise_weight`, and up to a constant to matching grad log q(x) itself: Vincent (2011).
    """
    x = diffuse(clean, noise, angle)
    score = score_from_noise(noise_from_velocity(x, velocity(x, angle), angle), angle)
    _, sigma = alpha_sigma(angle, clean)
    return (sigma * (score - score_from_noise(noise, angle))).flatten(1).square().mean(dim=1)


def stratified_angles(
    rows: int, rng: torch.Generator, dtype: torch.dtype = torch.float32, low: float = 0.0
) -> Tensor:
    """One angle for each row, one in each of `rows` equal parts of [low, pi/2], shuffled.

    As Kingma et al. (2021), appendix I.1, lower the variance of the loss.
    """
    part = torch.randperm(rows, generator=rng, device=rng.device)
    within = torch.rand(rows, generator=rng, dtype=dtype, device=rng.device)
    return low + (math.pi / 2 - low) * ((part + within) / rows)
