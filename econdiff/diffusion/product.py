"""Multiply a law by another distribution, and be right about it.

    r(z) = p(z) exp(-energy(z)) / mass

for any energy that can be differentiated twice, the negative log of another density among
them: Sohl-Dickstein et al. (2015), section 2.5. `guidance.tilted` guesses; here a guess of
that kind only proposes and sequential Monte Carlo weights correct it, as `twisted` does for
pins (Wu et al., 2023, Algorithm 1). With z | x_t taken as N(D, V), and its product with
exp(-energy) for a Gaussian N(D', V') of mass psi,

    q(x_s | x_t)        = N(w D' + w' x_t, beta-tilde + w^2 V')    w, w' as in DDPM's mean
    weight             *= p(x_s | x_t) psi(x_s) / (q(x_s | x_t) psi(x_t))

and at the end psi(z) = exp(-energy(z)) itself. D', V' and psi are those of the energy expanded
about the most plausible z, and along the line from D to it those of the energy itself, by
quadrature: for a wall, an expansion knows one side only. Every step is exact where the law is
Gaussian and the energy quadratic, and the weights are then all equal. It costs a backward pass
for each dimension, and a matrix [dim, dim] for each particle: for tens of dimensions, not
for hundreds.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from econdiff.diffusion.guidance import Energy, SignalCovariance, white
from econdiff.diffusion.process import posterior_variance, posterior_weights
from econdiff.diffusion.sampler import randn_like
from econdiff.diffusion.twisted import Particles, resample
from econdiff.diffusion.views import Denoiser

NEWTON = 3  # steps towards the mode


@dataclass(frozen=True, eq=False)
class Product:
    """Weighted draws of the product, and `log_mass`, the log of int p(z) exp(-energy(z)) dz.

    Where the energy is the negative log of a probability of something given z, the mass is the
    chance of it; where it is that of another density, the overlap of the two.
    """

    particles: Particles
    log_mass: float


def multiplied(
    denoise: Denoiser,
    x: Tensor,
    angles: Tensor,
    energy: Energy,
    rng: torch.Generator,
    prior: SignalCovariance | None = None,
    threshold: float = 0.5,
) -> Product:
    """Carry the particles `x` [row, ...], pure noise, down `angles` from pi/2 to the product.

    `energy` takes signals shaped as `x` and gives a number a row, the likelier the lower.
    Particles are drawn anew whenever the effective sample size falls below `threshold` of
    their number. The longer the ladder, the nearer the chain's own law is to the diffusion's.
    """
    shape, prior = x.shape, prior or white(x[0].numel())

    def of(z: Tensor) -> Tensor:
        return energy(z.reshape(shape))

    x = x.flatten(1)
    even = torch.full((len(x),), -math.log(len(x)), dtype=x.dtype, device=x.device)
    lineage = torch.arange(len(x), device=x.device)
    here = _fitted(of, denoise(x.reshape(shape), angles[0]).flatten(1), angles[0], prior)
    log_weights, log_mass, effective = even + here.log_psi, 0.0, []
    for angle, cleaner in pairwise(angles):
        log_mass += float(log_weights.logsumexp(dim=0))
        log_weights = log_weights.log_softmax(dim=0)
        if 1 / log_weights.exp().square().sum() < threshold * len(x):
            chosen = resample(log_weights.exp(), len(x), rng)
            x, lineage, here, log_weights = x[chosen], lineage[chosen], here.take(chosen), even
        x, log_ratio = _step(x, here, angle, cleaner, prior, rng)
        if cleaner > 0:
            next_ = _fitted(of, denoise(x.reshape(shape), cleaner).flatten(1), cleaner, prior)
            log_weights = log_weights + log_ratio + next_.log_psi - here.log_psi
            here = next_
        else:
            log_weights = log_weights + log_ratio - of(x) - here.log_psi
        effective.append(1 / log_weights.softmax(dim=0).square().sum())
    log_mass += float(log_weights.logsumexp(dim=0))
    weights = log_weights.softmax(dim=0)
    return Product(Particles(x.reshape(shape), weights, torch.stack(effective), lineage), log_mass)


@dataclass(frozen=True, eq=False)
class _Gaussian:
    """What N(D, V) exp(-energy) is taken for, in u = V^(-1/2) (z - D)."""

    clean: Tensor  # D, [row, dim]
    mean: Tensor  # of u, [row, dim]
    precision: Tensor  # of u, [row, dim, dim]
    log_psi: Tensor  # the log of its mass, [row]

    def take(self, rows: Tensor) -> "_Gaussian":
        return _Gaussian(
            self.clean[rows], self.mean[rows], self.precision[rows], self.log_psi[rows]
        )


def _fitted(of: Energy, clean: Tensor, angle: Tensor, prior: SignalCovariance) -> _Gaussian:
    """Expand about the mode; along the way to it, where the energy acts, integrate instead."""
    root = _root(angle, prior).to(clean)

    def energy(u: Tensor) -> Tensor:
        return of(clean + u @ root)

    mode, precision = _mode(energy, torch.zeros_like(clean))
    length = mode.norm(dim=1)
    first = torch.zeros_like(mode)
    first[:, 0] = 1
    way = torch.where(length[:, None] > 1e-9, mode / length.clamp(min=1e-9)[:, None], first)
    along = torch.einsum("ni,nij,nj->n", way, precision, way)
    log_mass, centre, variance = _along(energy, way, length, along.rsqrt())
    log_psi = log_mass + 0.5 * (along.log() - torch.logdet(precision))
    stretch = (1 / (variance * along)).sqrt() - 1
    turn = torch.eye(clean.shape[1]).to(clean) + stretch[:, None, None] * (
        way[:, :, None] * way[:, None]
    )
    mean = mode + (centre - length)[:, None] * way
    return _Gaussian(clean, mean, turn @ precision @ turn, log_psi)


def _mode(energy: Energy, u: Tensor) -> tuple[Tensor, Tensor]:
    """The least of |u|^2 / 2 + energy(u) by Newton's method, and the curvature there."""
    unit = torch.eye(u.shape[1]).to(u)
    lengths = u.new_tensor([1.0, 0.5, 0.2, 0.05, 0.0])
    slope, curve = _derivatives(energy, u)
    for _ in range(NEWTON):
        way = -torch.linalg.solve(unit + curve, u + slope)
        tried = u + lengths[:, None, None] * way
        found = torch.stack([t.square().sum(dim=1) / 2 + energy(t) for t in tried])
        u = u + lengths[found.nan_to_num(torch.inf).argmin(dim=0)][:, None] * way
        slope, curve = _derivatives(energy, u)
    return u, unit + curve


def _along(
    energy: Energy, way: Tensor, length: Tensor, scale: Tensor, points: int = 65
) -> tuple[Tensor, Tensor, Tensor]:
    """Log mass, mean and variance [row] of N(0, 1) exp(-energy) on the line along `way`.

    By the trapezoid rule in s, with places length + scale sinh(s): close together about the
    mode, and out to eight deviations.
    """
    most = torch.asinh(8 / scale)
    s = torch.linspace(-1, 1, points).to(scale)[:, None] * most  # [point, row]
    places = length + scale * torch.sinh(s)
    energies = torch.stack([energy(p[:, None] * way) for p in places])
    weight = (scale * torch.cosh(s) * most * 2 / (points - 1)).log() - math.log(2 * math.pi) / 2
    logs = weight - places.square() / 2 - energies
    share = logs.softmax(dim=0)
    mean = (share * places).sum(dim=0)
    variance = (share * (places - mean).square()).sum(dim=0)
    return logs.logsumexp(dim=0), mean, variance


def _root(angle: Tensor, prior: SignalCovariance) -> Tensor:
    """V^(1/2) at `angle`, symmetric, [dim, dim]."""
    _, axes = prior.axes
    return (axes * prior.left(angle)[0].sqrt()) @ axes.mT


def _derivatives(energy: Energy, u: Tensor) -> tuple[Tensor, Tensor]:
    """Slope [row, dim] and curvature [row, dim, dim] of each row's energy.

    Of the curvature what is not positive is left out, so that the product is a Gaussian.
    """
    with torch.enable_grad():
        u = u.detach().requires_grad_()
        (slope,) = torch.autograd.grad(energy(u).sum(), u, create_graph=True)
        if not slope.requires_grad:  # a linear energy
            return slope, torch.zeros_like(u)[..., None] * u[:, None].detach()
        rows = [
            torch.autograd.grad(slope[:, i].sum(), u, retain_graph=True)[0]
            for i in range(u.shape[1])
        ]
    curve = torch.stack(rows, dim=1)
    wrong = ~torch.isfinite(curve).all(dim=(1, 2)) | ~torch.isfinite(slope).all(dim=1)
    if bool(wrong.any()):
        raise ValueError(
            f"the energy has no finite first and second derivatives at {int(wrong.sum())} of "
            f"{len(u)} signals, which begin at the mean of the law; smooth it there"
        )
    size, axes = torch.linalg.eigh((curve + curve.mT) / 2)
    return slope.detach(), (axes * size.clamp(min=0)[:, None]) @ axes.mT


def _step(
    x: Tensor,
    here: _Gaussian,
    angle: Tensor,
    cleaner: Tensor,
    prior: SignalCovariance,
    rng: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Draw from q, and the log of p / q of what was drawn."""
    on_clean, on_noisy = (float(w) for w in posterior_weights(angle, cleaner))
    fresh = float(posterior_variance(angle, cleaner))
    root = _root(angle, prior).to(x)
    moved = on_clean * here.mean @ root  # how far the energy moves the mean
    unit = torch.eye(x.shape[1]).to(x)
    p = fresh * unit + on_clean**2 * root @ root
    q = fresh * unit + on_clean**2 * root @ torch.linalg.inv(here.precision) @ root
    p_root, q_root = torch.linalg.cholesky(p), torch.linalg.cholesky((q + q.mT) / 2)
    kick = randn_like(x, rng)
    step = moved + (q_root @ kick[..., None])[..., 0]  # from p's mean
    apart = torch.linalg.solve_triangular(p_root, step.mT, upper=False).mT
    log_p = -0.5 * apart.square().sum(dim=1) - p_root.diagonal().log().sum()
    log_q = -0.5 * kick.square().sum(dim=1) - q_root.diagonal(dim1=-2, dim2=-1).log().sum(dim=1)
    return on_clean * here.clean + on_noisy * x + step, log_p - log_q
