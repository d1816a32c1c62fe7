"""Implicit sampling: the same marginals as DDPM, with as little fresh noise as wanted."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from econdiff.diffusion.process import posterior_variance
from econdiff.diffusion.sampler import randn_like
from econdiff.diffusion.views import Denoiser, noise_from_clean


def ddim(
    denoise: Denoiser, x: Tensor, angles: Tensor, rng: torch.Generator, eta: float = 0.0
) -> Iterator[Tensor]:
    """Recombine the expected signal and noise at the next level; Song et al. (2021), eq. 12.

        x_s = alpha_s z + sqrt(sigma_s^2 - f^2) e + f n,    f = eta sqrt(beta-tilde)

    `eta` 0 is deterministic (no digit of `rng` is used), 1 is DDPM with variance beta-tilde.
    """
    if not 0 <= eta <= 1:
        raise ValueError(f"eta must lie between 0 (DDIM) and 1 (DDPM), got {eta}")
    yield x
    for angle, cleaner in pairwise(angles):
        clean = denoise(x, angle)
        noise = noise_from_clean(x, clean, angle)
        fresh = eta * float(posterior_variance(angle, cleaner)) ** 0.5
        kept = max(float(torch.sin(cleaner)) ** 2 - fresh**2, 0.0) ** 0.5
        x = float(torch.cos(cleaner)) * clean + kept * noise
        if fresh > 0:
            x = x + fresh * randn_like(x, rng)
        yield x
