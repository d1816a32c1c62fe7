"""What training makes small: the network learns what the anchor gets wrong.

Two losses, added. For the denoiser, `objective.squared_error` of the velocity at every angle alike,

    E || v - v_hat(alpha z + sigma e, angle) ||^2,    v = alpha e - sigma z,    angle ~ U(0, pi/2)

For the re-centring, the negative log-likelihood of a Student t with 8 degrees of freedom, scaled so
that Gaussian innovations leave it at zero: it need not be the right law, since the denoiser learns
what is left, but it must not be led by outliers. The denoiser's loss is not passed into the
re-centring (it could be made small by shrinking z), and no weight anywhere depends on the size of
the target. In a small share of the rows the denoiser is not told of the history, so that guidance
without a classifier (Ho and Salimans, 2022) has something to lean on.
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from econdiff.anchor.robust import FREEDOM, GAUSSIAN
from econdiff.diffusion.examples import LIMIT, Examples
from econdiff.diffusion.network import Context, Network
from econdiff.diffusion.objective import squared_error, stratified_angles
from econdiff.diffusion.views import alpha_sigma

FORGET = 0.05  # share of training in which the denoiser is not told of the history


@dataclass(frozen=True)
class Losses:
    """Means over a batch; `anchor` is the denoising loss of v = 0, that is of the anchor alone."""

    denoise: Tensor
    anchor: Tensor
    recentre: Tensor


def losses(network: Network, batch: Examples, draws: int, rng: torch.Generator) -> Losses:
    """Both losses on a batch, with `draws` noise levels for each future."""
    horizon = batch.innovation.shape[-1]
    context = network.encode(batch.sequence, batch.numbers, batch.pairs, batch.still, horizon)
    residual = recentred(batch, context)
    recentre = _student(residual).mean() + context.log_scale.mean()

    z = (batch.unmix[:, None] @ residual.detach()).clamp(-LIMIT, LIMIT)
    z = z.flatten(0, 1).repeat_interleave(draws, 0)
    vector = context.vector.repeat_interleave(len(z) // len(batch), 0)
    forgotten = (torch.rand(len(z), generator=rng) < FORGET).to(z.device)
    vector = torch.where(forgotten[:, None, None], network.untold, vector)
    angle = stratified_angles(len(z), rng).to(z.device)
    noise = torch.randn(z.shape, generator=rng).to(z.device)  # the same noise on every device
    denoise = squared_error(partial(network, vector=vector), z, noise, angle).mean()
    anchor = squared_error(_anchor, z, noise, angle).mean()
    return Losses(denoise, anchor, recentre)


def recentred(batch: Examples, context: Context) -> Tensor:
    """Innovations whitened in time, [origin, future, series, step]; series still correlated."""
    owed = (batch.lagged @ context.lags[:, None, ..., None])[..., 0]
    return (batch.innovation - owed) * torch.exp(-context.log_scale)[:, None]


def _anchor(x: Tensor, angle: Tensor) -> Tensor:
    """The velocity where the anchor is the whole truth."""
    return torch.zeros_like(x)


def _student(r: Tensor) -> Tensor:
    """Negative log density of a Student t, up to a constant, stationary at unit scale if r ~ N."""
    return (FREEDOM + 1) / 2 * torch.log1p(GAUSSIAN * r.square() / FREEDOM)


@torch.inference_mode()
def immse_bound(network: Network, batch: Examples, seed: int, draws: int = 16) -> float:
    """An estimate of the bound on -log p of the futures' innovations, nats per cell.

    From the I-MMSE relation (Kingma et al., 2021, eq. 11, relative to v = 0, which is N(0, I)):

        -log p(z) <= |z|^2 / 2 + c - int cot(angle) (|v|^2 - |v - v_hat|^2) d angle
    """
    horizon = batch.innovation.shape[-1]
    context = network.encode(batch.sequence, batch.numbers, batch.pairs, batch.still, horizon)
    z = (batch.unmix[:, None] @ recentred(batch, context)).flatten(0, 1)
    gaussian = 0.5 * z.square().mean() + context.log_scale.mean()
    rng = torch.Generator().manual_seed(seed)
    z = z.repeat_interleave(draws, 0)
    low = 0.05  # below, nothing is left to learn and the weight grows without bound
    angle = stratified_angles(len(z), rng, low=low).to(z.device)
    noise = torch.randn(z.shape, generator=rng).to(z.device)
    vector = context.vector.repeat_interleave(len(z) // len(batch), 0)
    error = squared_error(partial(network, vector=vector), z, noise, angle)
    alpha, sigma = alpha_sigma(angle, z)
    gain = (alpha / sigma) * (squared_error(_anchor, z, noise, angle) - error)
    return float(gaussian - (math.pi / 2 - low) * gain.mean())
