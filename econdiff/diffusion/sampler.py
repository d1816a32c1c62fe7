"""Samplers: walk from noise to signal down a ladder of angles.

A sampler sees one thing, a `Denoiser`: `denoise(x, angle)` is E[clean | x], the clean
signal expected behind a noisy `x`. The history, the guidance and the scenario are
already inside it. Every sampler is a generator of states, one for each angle, the
noise that it was given first; a picture looks at all of them, a forecast at the last:

    x = torch.randn(paths, steps, series, generator=rng)
    samples = last(angular(denoise, x, even_angles(4)))

`x` may have any shape whose leading dimension is rows (paths). The others:
`ddpm`, `ddim`, `reverse_sde`, `heun`, `dpm_solver`, each on its own page.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from econdiff.diffusion.views import Denoiser, velocity_from_clean

CALLS_PER_TURN = 3  # evaluations of the denoiser by `angular` for each step of its ladder


def angular(denoise: Denoiser, x: Tensor, angles: Tensor) -> Iterator[Tensor]:
    """The default: probability-flow ODE in the angle, third order, exact for a known signal.

    With x = cos(angle) z + sin(angle) e the ODE of Song et al. (2021), eq. 13, is

        d x / d angle = v(x, angle)

    without a schedule or a singularity: v is 0 where the data are N(0, I), so nothing
    has to be solved there. Three slopes a step, at 0, 1/3 and 2/3 of the turn d, the
    method of Heun (1900) with weights that integrate sine and cosine exactly, hence
    with no error at all where z and e do not change on the way:

        x <- x - w v_0 - w' v_2/3,    w' = (1 - cos d) / sin(2d/3),   w = sin d - w' cos(2d/3)

    `angles` fall from pi/2 (pure noise) to 0; `even_angles(4)` makes 12 evaluations.
    The denoiser is never asked at angle 0.
    """
    yield x
    for angle, cleaner in pairwise(angles):
        turn = float(angle - cleaner)
        late = (1 - math.cos(turn)) / math.sin(2 * turn / 3)
        early = math.sin(turn) - late * math.cos(2 * turn / 3)
        v = _velocity(denoise, x, angle)
        third = math.cos(turn / 3) * x - math.sin(turn / 3) * v
        v_third = _velocity(denoise, third, angle - turn / 3)
        two_thirds = x - 2 * math.sin(turn / 3) * v_third
        x = x - early * v - late * _velocity(denoise, two_thirds, angle - 2 * turn / 3)
        yield x


def last(states: Iterable[Tensor]) -> Tensor:
    """Where a sampler ends."""
    (x,) = deque(states, maxlen=1)
    return x


def _velocity(denoise: Denoiser, x: Tensor, angle: Tensor) -> Tensor:
    return velocity_from_clean(x, denoise(x, angle), angle)


def randn_like(x: Tensor, rng: torch.Generator) -> Tensor:
    """Standard normal noise of the shape, type and device of `x`, drawn from `rng`."""
    return torch.randn(x.shape, generator=rng, dtype=x.dtype, device=x.device)


def generator_from(rng: np.random.Generator) -> torch.Generator:
    """A generator of torch whose seed is the next number of `rng`."""
    return torch.Generator().manual_seed(int(rng.integers(2**62)))
