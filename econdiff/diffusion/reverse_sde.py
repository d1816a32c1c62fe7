"""The reverse stochastic differential equation, and its predictor-corrector.

Run backwards in time, dx = -beta x / 2 dt + sqrt(beta) dw becomes

    dx = (x / 2 + grad log p_t(x)) beta dt + sqrt(beta) dw

(Anderson, 1982; Song et al., 2021, eq. 6; written here with dt > 0 towards the signal).
Its clock is the integral of beta, which between two angles is 2 log(cos(cleaner) / cos(angle)),
so that a ladder of angles is all it needs. The integral to pure noise is infinite: start
from a schedule's last rung, not from pi/2.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from econdiff.diffusion.sampler import randn_like
from econdiff.diffusion.views import Denoiser, score_from_clean


def euler_maruyama(
    denoise: Denoiser, x: Tensor, angles: Tensor, rng: torch.Generator
) -> Iterator[Tensor]:
    """One drift and one kick a step; first order. The last step, to angle 0, adds no noise."""
    yield x
    for angle, cleaner in pairwise(angles):
        x = _step(denoise, x, angle, cleaner, rng)
        yield x


def predictor_corrector(
    denoise: Denoiser,
    x: Tensor,
    angles: Tensor,
    rng: torch.Generator,
    corrections: int = 1,
    signal_to_noise: float = 0.16,
) -> Iterator[Tensor]:
    """Follow each Euler-Maruyama step by Langevin steps at the new level.

    Song et al. (2021), Algorithms 3 and 5. The Langevin steps draw the sample back to the
    law of its level, whatever error the predictor made; `signal_to_noise` sets their
    length. Evaluations: 1 + `corrections` a step, 1 for the last.
    """
    yield x
    for angle, cleaner in pairwise(angles):
        x = _step(denoise, x, angle, cleaner, rng)
        if cleaner > 0:
            for _ in range(corrections):
                x = _langevin(denoise, x, cleaner, signal_to_noise, rng)
        yield x


def _step(
    denoise: Denoiser, x: Tensor, angle: Tensor, cleaner: Tensor, rng: torch.Generator
) -> Tensor:
    elapsed = 2 * math.log(float(torch.cos(cleaner)) / float(torch.cos(angle)))
    drift = x / 2 + score_from_clean(x, denoise(x, angle), angle)
    x = x + elapsed * drift
    return x + elapsed**0.5 * randn_like(x, rng) if cleaner > 0 else x


def _langevin(
    denoise: Denoiser, x: Tensor, angle: Tensor, ratio: float, rng: torch.Generator
) -> Tensor:
    score = score_from_clean(x, denoise(x, angle), angle)
    kick = randn_like(x, rng)
    length = 2 * (ratio * _norm(kick) / _norm(score)) ** 2
    return x + length * score + math.sqrt(2 * length) * kick


def _norm(x: Tensor) -> float:
    return float(x.flatten(1).norm(dim=1).mean())
