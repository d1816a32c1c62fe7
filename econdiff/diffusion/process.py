"""The forward process, from signal to noise, and its posterior, one step back.

    q(x_t | x_0)           x_t = alpha_t x_0 + sigma_t e           Ho et al. (2020), eq. 4
    q(x_t | x_s)           one step or many, s < t                 eq. 2
    q(x_s | x_t, x_0)      Gaussian, mean and variance known       eqs. 6 and 7

Levels are angles, of which `angle` is always the noisier and `cleaner` the other
one. With `angle` and `cleaner` on neighbouring rungs of a `Schedule` these are the formulas
of the paper to the digit; for any other pair they are those of the same process
observed less often.
"""

import torch
from torch import Tensor

from econdiff.diffusion.views import alpha_sigma


def diffuse(clean: Tensor, noise: Tensor, angle: Tensor) -> Tensor:
    """What `clean` has become at `angle`, all steps at once: a draw of q(x_t | x_0)."""
    alpha, sigma = alpha_sigma(angle, clean)
    return alpha * clean + sigma * noise


def diffuse_further(x: Tensor, noise: Tensor, cleaner: Tensor, angle: Tensor) -> Tensor:
    """What `x` at level `cleaner` becomes at the noisier `angle`: a draw of q(x_t | x_s)."""
    beta = forward_variance(angle, cleaner)
    shrink, deviation = torch.sqrt(1 - beta), torch.sqrt(beta)
    return _shaped(shrink, x) * x + _shaped(deviation, x) * noise


def forward_variance(angle: Tensor, cleaner: Tensor) -> Tensor:
    """beta_t = 1 - alpha_t^2 / alpha_s^2, the noise added from `cleaner` to `angle`.

    As sin(angle - cleaner) sin(angle + cleaner) / cos(cleaner)^2, which keeps its digits
    where the two levels are close.
    """
    return torch.sin(angle - cleaner) * torch.sin(angle + cleaner) / torch.cos(cleaner) ** 2


def posterior_variance(angle: Tensor, cleaner: Tensor) -> Tensor:
    """beta-tilde_t = beta_t sigma_s^2 / sigma_t^2, the variance of q(x_s | x_t, x_0)."""
    return forward_variance(angle, cleaner) * (torch.sin(cleaner) / torch.sin(angle)) ** 2


def posterior_weights(angle: Tensor, cleaner: Tensor) -> tuple[Tensor, Tensor]:
    """The weights of x_0 and of x_t in the mean of q(x_s | x_t, x_0)."""
    on_clean = torch.cos(cleaner) * forward_variance(angle, cleaner) / torch.sin(angle) ** 2
    on_noisy = torch.cos(angle) / torch.cos(cleaner) * (torch.sin(cleaner) / torch.sin(angle)) ** 2
    return on_clean, on_noisy


def posterior_mean(clean: Tensor, x: Tensor, angle: Tensor, cleaner: Tensor) -> Tensor:
    """The mean of q(x_s | x_t, x_0); Ho et al. (2020), eq. 7."""
    on_clean, on_noisy = posterior_weights(angle, cleaner)
    return _shaped(on_clean, x) * clean + _shaped(on_noisy, x) * x


def _shaped(level: Tensor, like: Tensor) -> Tensor:
    if level.ndim:
        level = level.reshape(-1, *[1] * (like.ndim - 1))
    return level.to(like.device, like.dtype)
