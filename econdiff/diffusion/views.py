"""One network, four readings: clean signal, noise, velocity and score.

Of the noisy `x = alpha z + sigma e`, with alpha = cos(angle) and sigma = sin(angle), each
of these conditional expectations gives the others by one line of algebra:

    clean     E[z | x]
    noise     E[e | x]                        Ho et al. (2020), the "epsilon" prediction
    velocity  E[alpha e - sigma z | x]        Salimans and Ho (2022), the "v" prediction
    score     grad log p(x) = -noise / sigma  Song et al. (2021); Vincent (2011)

(clean, noise) is (x, velocity) turned by the angle: x and velocity are the arms of a
pendulum that swings from noise to signal, and the velocity is d x / d angle on the way.
An angle is a scalar tensor, or one for each row (the leading dimension) of `x`.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Denoiser = Callable[[Tensor, Tensor], Tensor]
"""`denoise(x, angle)` is E[clean | x], the clean signal expected behind the noisy `x`."""

Velocity = Callable[[Tensor, Tensor], Tensor]
"""`velocity(x, angle)` is E[alpha e - sigma z | x]: what our networks put out."""


def alpha_sigma(angle: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
    """Signal and noise level at `angle`, shaped and typed to multiply `like`."""
    if angle.ndim:
        angle = angle.reshape(-1, *[1] * (like.ndim - 1))
    alpha, sigma = torch.cos(angle), torch.sin(angle)  # in the angle's own precision
    return alpha.to(like.dtype).to(like.device), sigma.to(like.dtype).to(like.device)


def clean_from_velocity(x: Tensor, velocity: Tensor, angle: Tensor) -> Tensor:
    """Clean: z = alpha x - sigma v."""
    alpha, sigma = alpha_sigma(angle, x)
    return alpha * x - sigma * velocity


def noise_from_velocity(x: Tensor, velocity: Tensor, angle: Tensor) -> Tensor:
    """Noise: e = sigma x + alpha v."""
    alpha, sigma = alpha_sigma(angle, x)
    return sigma * x + alpha * velocity


def velocity_from_clean(x: Tensor, clean: Tensor, angle: Tensor) -> Tensor:
    """Velocity: v = (alpha x - z) / sigma; has no meaning at angle 0, where all is clean."""
    alpha, sigma = alpha_sigma(angle, x)
    return (alpha * x - clean) / sigma


def velocity_from_noise(x: Tensor, noise: Tensor, angle: Tensor) -> Tensor:
    """Velocity: v = (e - sigma x) / alpha; has no meaning at angle pi/2, where all is noise."""
    alpha, sigma = alpha_sigma(angle, x)
    return (noise - sigma * x) / alpha


def noise_from_clean(x: Tensor, clean: Tensor, angle: Tensor) -> Tensor:
    """Noise: e = (x - alpha z) / sigma."""
    alpha, sigma = alpha_sigma(angle, x)
    return (x - alpha * clean) / sigma


def clean_from_noise(x: Tensor, noise: Tensor, angle: Tensor) -> Tensor:
    """Clean: z = (x - sigma e) / alpha."""
    alpha, sigma = alpha_sigma(angle, x)
    return (x - sigma * noise) / alpha


def score_from_clean(x: Tensor, clean: Tensor, angle: Tensor) -> Tensor:
    """Score: grad log p(x) = (alpha z - x) / sigma^2, Tweedie's formula; Efron (2011), eq. 2.8."""
    alpha, sigma = alpha_sigma(angle, x)
    return (alpha * clean - x) / sigma**2


def clean_from_score(x: Tensor, score: Tensor, angle: Tensor) -> Tensor:
    """Clean: z = (x + sigma^2 grad log p(x)) / alpha."""
    alpha, sigma = alpha_sigma(angle, x)
    return (x + sigma**2 * score) / alpha


def score_from_noise(noise: Tensor, angle: Tensor) -> Tensor:
    """Score: grad log p(x) = -e / sigma; Song et al. (2021), section 3.3."""
    _, sigma = alpha_sigma(angle, noise)
    return -noise / sigma


def noise_from_score(score: Tensor, angle: Tensor) -> Tensor:
    """Noise: e = -sigma grad log p(x)."""
    _, sigma = alpha_sigma(angle, score)
    return -sigma * score


def denoiser(velocity: Velocity) -> Denoiser:
    """The denoiser that a velocity network is."""

    def denoise(x: Tensor, angle: Tensor) -> Tensor:
        return clean_from_velocity(x, velocity(x, angle), angle)

    return denoise
