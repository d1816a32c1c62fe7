"""Probability-flow ODE by the method of Heun, as Karras et al. sample."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from econdiff.diffusion.views import Denoiser


def heun(denoise: Denoiser, x: Tensor, angles: Tensor) -> Iterator[Tensor]:
    """Second order in the noise-to-signal ratio; Karras et al. (2022), Algorithm 1.

    Their noisy signal is y = x / cos(angle) and their noise level is tan(angle), in which

        dy / d level = (y - D(y, level)) / level

    Two evaluations a step and one for the last (Euler) step: 2n - 1 for n steps. The
    level is infinite at pure noise: `angles` start below pi/2, on a `Schedule.ladder` or
    on `schedule.karras`.
    """
    yield x
    for angle, cleaner in pairwise(angles):
        level, next_level = float(torch.tan(angle)), float(torch.tan(cleaner))
        stretch, next_stretch = float(torch.cos(angle)), float(torch.cos(cleaner))
        y = x / stretch
        slope = (y - denoise(x, angle)) / level
        ahead = y + (next_level - level) * slope
        if next_level > 0:
            next_slope = (ahead - denoise(next_stretch * ahead, cleaner)) / next_level
            ahead = y + (next_level - level) * (slope + next_slope) / 2
        x = next_stretch * ahead
        yield x
