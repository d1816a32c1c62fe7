"""Ancestral sampling: the reverse chain, with fresh noise at every rung."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor

from econdiff.diffusion.process import posterior_mean, posterior_variance
from econdiff.diffusion.sampler import randn_like
from econdiff.diffusion.views import Denoiser


def ddpm(
    denoise: Denoiser,
    x: Tensor,
    angles: Tensor,
    rng: torch.Generator,
    variance: Callable[[Tensor, Tensor], Tensor] = posterior_variance,
) -> Iterator[Tensor]:
    """Draw x_s from N(mean of q(x_s | x_t, clean), variance); Ho et al. (2020), Algorithm 2.

    `variance` is one of the two fixed choices of their section 3.2: `posterior_variance`
    (beta-tilde, right for data that are one point) or `forward_variance` (beta, right for
    data that are N(0, I)), both of `econdiff.diffusion.process`. The last step, to angle 0,
    adds no noise. `angles` are a `Schedule.ladder`; with fewer rungs than the schedule's
    own, the chain is that of the same process observed less often.
    """
    yield x
    for angle, cleaner in pairwise(angles):
        x = posterior_mean(denoise(x, angle), x, angle, cleaner)
        if cleaner > 0:
            x = x + float(variance(angle, cleaner)) ** 0.5 * randn_like(x, rng)
        yield x
