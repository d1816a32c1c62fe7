"""How likely a signal is: exactly, by the probability-flow ODE, and bounded from below.

The ODE d x / d angle = v(x, angle) carries the law of the data (angle 0) into N(0, I)
(angle pi/2) and back, one to one. So a signal has a noise that it comes from (`encode`,
`decode`), and its density is that of the noise times how the map has stretched space,

    log p(z) = log N(x(pi/2); 0, I) + int_0^{pi/2} div v(x(angle), angle) d angle

Song et al. (2021), eq. 39, in the angle; the divergence is exact in small dimension and
by the estimator of Skilling (1989) and Hutchinson (1990) otherwise.

If z is made from data y by an invertible map (the anchor), then
log p(y) = log p(z) + log |det dz/dy|: pass that as `log_det` to be in data units.
All logarithms are natural.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from econdiff.diffusion.dormand_prince import dormand_prince
from econdiff.diffusion.process import posterior_mean, posterior_variance
from econdiff.diffusion.sampler import randn_like
from econdiff.diffusion.schedule import PURE_NOISE
from econdiff.diffusion.views import Denoiser, velocity_from_clean


@dataclass(frozen=True, eq=False)
class LogDensity:
    """`value[row]` in nats, its `standard_error[row]` (0 if exact), and the noise it came from."""

    value: Tensor
    standard_error: Tensor
    noise: Tensor  # shaped as the signal was


def encode(denoise: Denoiser, clean: Tensor, *, tolerance: float = 1e-6) -> Tensor:
    """The noise that the ODE leads to from `clean`; `decode` leads back."""
    return _carry(denoise, clean, 0.0, PURE_NOISE, tolerance)


def decode(denoise: Denoiser, noise: Tensor, *, tolerance: float = 1e-6) -> Tensor:
    """The signal that the ODE makes of `noise`, solved adaptively."""
    return _carry(denoise, noise, PURE_NOISE, 0.0, tolerance)


def log_density(
    denoise: Denoiser,
    clean: Tensor,
    *,
    log_det: Tensor | float = 0.0,
    probes: int = 0,
    rng: torch.Generator | None = None,
    tolerance: float = 1e-6,
) -> LogDensity:
    """Log density of each row of `clean` under the law that `denoise` samples by its ODE.

    With `probes` 0 the divergence is exact, at one backward pass a dimension. Otherwise it is
    estimated by that many random signs, drawn from `rng` once and kept on the way;
    the trajectory does not depend on them, so their spread is the standard error.
    """
    if probes == 1 or (probes and rng is None):
        raise ValueError("an estimated divergence needs at least 2 probes, and rng to draw them")
    flat = clean.flatten(1)
    rows, dim = flat.shape
    signs = _signs(flat, probes, rng) if rng is not None and probes else None

    def slope(state: Tensor, angle: Tensor) -> Tensor:
        with torch.enable_grad():
            x = state[:, :dim].detach().requires_grad_()
            v = _velocity(denoise, x.reshape(clean.shape), angle).flatten(1)
            stretch = _trace(v, x) if signs is None else _estimates(v, x, signs)
        return torch.cat([v.detach(), stretch], dim=1)

    start = torch.cat([flat, flat.new_zeros(rows, max(probes, 1))], dim=1)
    end = dormand_prince(slope, start, 0.0, PURE_NOISE, tolerance=tolerance)
    noise, stretch = end[:, :dim], end[:, dim:]
    value = _log_normal(noise) + stretch.mean(dim=1) + log_det
    error = stretch.std(dim=1) / math.sqrt(probes) if probes else torch.zeros_like(value)
    return LogDensity(value, error, noise.reshape(clean.shape))


@dataclass(frozen=True, eq=False)
class VariationalBound:
    """The variational bound, term by term, in nats per dimension; all estimate -log p from above.

    `prior[row]` is L_T, `rungs[row, step]` L_{T-1} ... L_1, noisiest first, and
    `reconstruction[row]` L_0.
    """

    prior: Tensor
    rungs: Tensor
    reconstruction: Tensor

    def total(self) -> Tensor:
        """The bound on -log p of each row, in nats per dimension, [row]."""
        return self.prior + self.rungs.sum(dim=1) + self.reconstruction


def variational_bound(
    denoise: Denoiser,
    clean: Tensor,
    angles: Tensor,
    rng: torch.Generator,
    variance: Callable[[Tensor, Tensor], Tensor] = posterior_variance,
) -> VariationalBound:
    """The bound of the chain that `ddpm` samples with these `angles` and `variance`.

    Sohl-Dickstein et al. (2015), eq. 13-14; Ho et al. (2020), eq. 5. Each term is an
    unbiased estimate from one draw of the noise. The last step of the chain, which
    samples without noise, is read as N(clean expected, sigma_1^2 / alpha_1^2), the spread that the
    first rung leaves.
    """
    top, bottom = angles[0], angles[-2]
    terms = [
        _rung(denoise, clean, angle, cleaner, variance, rng)
        for angle, cleaner in pairwise(angles[:-1])
    ]
    rungs = torch.stack(terms, dim=1) if terms else clean.new_zeros(len(clean), 0)
    x = _noised(clean, bottom, rng)
    spread = math.tan(float(bottom)) ** 2
    miss = _mean_square(clean - denoise(x, bottom))
    reconstruction = 0.5 * (miss / spread + math.log(2 * math.pi * spread))
    alpha2, sigma2 = math.cos(float(top)) ** 2, math.sin(float(top)) ** 2
    prior = 0.5 * (alpha2 * _mean_square(clean) + sigma2 - 1 - math.log(sigma2))
    return VariationalBound(prior, rungs, reconstruction)


def _rung(
    denoise: Denoiser,
    clean: Tensor,
    angle: Tensor,
    cleaner: Tensor,
    variance: Callable[[Tensor, Tensor], Tensor],
    rng: torch.Generator,
) -> Tensor:
    """KL(q(x_s | x_t, x_0) || p(x_s | x_t)), two Gaussians, per dimension, [row]."""
    x = _noised(clean, angle, rng)
    guess = posterior_mean(denoise(x, angle), x, angle, cleaner)
    gap = _mean_square(posterior_mean(clean, x, angle, cleaner) - guess)
    ours, true = float(variance(angle, cleaner)), float(posterior_variance(angle, cleaner))
    return 0.5 * (gap / ours + true / ours - 1 - math.log(true / ours))


def _carry(denoise: Denoiser, x: Tensor, start: float, end: float, tolerance: float) -> Tensor:
    def slope(state: Tensor, angle: Tensor) -> Tensor:
        return _velocity(denoise, state.reshape(x.shape), angle).flatten(1)

    with torch.no_grad():
        flat = dormand_prince(slope, x.flatten(1), start, end, tolerance=tolerance)
    return flat.reshape(x.shape)


def _velocity(denoise: Denoiser, x: Tensor, angle: Tensor) -> Tensor:
    """The velocity, also where all is clean.

    There it is the limit, read off at a millionth of a radian, which is too near for single
    precision: that takes 0, the mean of the noise behind a clean x, true of every smooth law and
    nearly so of a network.
    """
    noisy = angle.clamp(min=1e-6)
    v = velocity_from_clean(x, denoise(x, noisy), noisy)
    if x.dtype == torch.float64:
        return v
    return torch.where((angle > 0).reshape(-1, *[1] * (x.ndim - 1)), v, torch.zeros_like(v))


def _trace(v: Tensor, x: Tensor) -> Tensor:
    """Divergence of each row, [row, 1]; rows do not depend on each other."""
    total = torch.zeros_like(x[:, 0])
    for i in range(x.shape[1]):
        (slope,) = torch.autograd.grad(v[:, i].sum(), x, retain_graph=True)
        total = total + slope[:, i]
    return total[:, None]


def _estimates(v: Tensor, x: Tensor, signs: Tensor) -> Tensor:
    """The form s' (dv/dx) s for each probe s, [row, probe]."""
    grads = [torch.autograd.grad(v, x, s, retain_graph=True)[0] for s in signs]
    return torch.stack([(g * s).sum(dim=1) for g, s in zip(grads, signs, strict=True)], dim=1)


def _signs(x: Tensor, probes: int, rng: torch.Generator) -> Tensor:
    bits = torch.randint(0, 2, (probes, *x.shape), generator=rng, device=x.device)
    return (2 * bits - 1).to(x.dtype)


def _noised(clean: Tensor, angle: Tensor, rng: torch.Generator) -> Tensor:
    return float(torch.cos(angle)) * clean + float(torch.sin(angle)) * randn_like(clean, rng)


def _log_normal(x: Tensor) -> Tensor:
    return -0.5 * (x.square() + math.log(2 * math.pi)).sum(dim=1)


def _mean_square(x: Tensor) -> Tensor:
    return x.flatten(1).square().mean(dim=1)
