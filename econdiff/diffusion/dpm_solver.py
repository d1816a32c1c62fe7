"""Probability-flow ODE by DPM-Solver++(2M), one evaluation a step."""

import math
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from econdiff.diffusion.views import Denoiser


def dpm_solver(denoise: Denoiser, x: Tensor, angles: Tensor) -> Iterator[Tensor]:
    """Second-order multistep in the log signal-to-noise ratio; Lu et al. (2022), Algorithm 2.

        x_s = (sigma_s / sigma_t) x_t - alpha_s (exp(-h) - 1) D,    h = lambda_s - lambda_t
        D = D_t + h / (2 h_before) (D_t - D_before),                lambda = log(alpha / sigma)

    The first step knows no earlier D and the last has h infinite: these two are of
    first order. alpha_s (1 - exp(-h)) is written as sin(angle - cleaner) / sigma_t.
    """
    yield x
    before: Tensor | None = None
    h_before = math.inf
    for angle, cleaner in pairwise(angles):
        clean = denoise(x, angle)
        h = _log_ratio(cleaner) - _log_ratio(angle)
        ahead = clean
        if before is not None and math.isfinite(h):
            ahead = clean + h / (2 * h_before) * (clean - before)
        sigma = float(torch.sin(angle))
        x = (
            float(torch.sin(cleaner)) / sigma * x
            + float(torch.sin(angle - cleaner)) / sigma * ahead
        )
        before, h_before = clean, h
        yield x


def _log_ratio(angle: Tensor) -> float:
    """The log of alpha / sigma; infinite at angle 0."""
    tangent = float(torch.tan(angle))
    return -math.log(tangent) if tangent > 0 else math.inf
