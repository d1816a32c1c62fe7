"""Sequential Monte Carlo: pinned draws that are right where the law is not Gaussian.

`pinned` guesses Cov(z | x) from a Gaussian prior. Here that guess only proposes, and
weights correct it: the twisted diffusion sampler of Wu et al. (2023), Algorithm 1. One
reverse step of the chain is, with z | x_t taken as N(D, V),

    p(x_s | x_t)        = N(w D + w' x_t,  beta-tilde + w^2 V)    w, w' as in DDPM's mean
    q(x_s | x_t, pins)  = N(w D' + w' x_t, beta-tilde + w^2 V')   D', V' after the pins
    weight             *= p(x_s | x_t) / q(x_s | x_t, pins) * psi(x_s) / psi(x_t)
    psi(x)              = N(d; C D, C V C' + R)                   what the pins say of x

Keeping V (Bao et al., 2022, call it the optimal variance) makes every step exact for a
Gaussian law, however long, and by Bayes' rule the weights are then all 1: the effective
sample size falls only by what is not Gaussian.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor

from econdiff.diffusion.guidance import SignalCovariance, SignalPins, white
from econdiff.diffusion.process import posterior_variance, posterior_weights
from econdiff.diffusion.sampler import randn_like
from econdiff.diffusion.views import Denoiser

FREEDOM = 4  # degrees of freedom of the Student t that widened guidance has in mind


@dataclass(frozen=True, eq=False)
class Particles:
    """Weighted draws: `x[row, ...]`, their `weights[row]`, which sum to 1.

    `effective[step]` is the effective sample size 1 / sum w^2 on the way, `lineage[row]` the
    particle at the start that each descends from. When few are effective, or few have
    descendants, the draws are few, whatever their number: draw more, or pin less. `shadow` [row,
    dim] are independent draws of the Gaussian answer as long as no particle was drawn anew.
    """

    x: Tensor
    weights: Tensor
    effective: Tensor
    lineage: Tensor
    shadow: Tensor | None = None

    @property
    def ancestors(self) -> int:
        """How many of the particles at the start have descendants at the end."""
        return len(self.lineage.unique())

    def equal(self, rng: torch.Generator) -> Tensor:
        """As many draws of equal weight, some of them twice."""
        return self.thinned(len(self.x), rng).x

    def thinned(self, rows: int, rng: torch.Generator) -> "Particles":
        """`rows` particles of equal weight: of many more, hardly any is chosen twice.

        Their effective number is that of a mean, whose variance is 1 / E by the weights, E the
        least on the way, and 1 / rows - 1 / all by the choice.
        """
        chosen = resample(self.weights, rows, rng)
        variance = 1 / self.effective.min() + 1 / rows - 1 / len(self.x)
        even = self.weights.new_full((rows,), 1 / rows)
        return Particles(self.x[chosen], even, 1 / variance[None], self.lineage[chosen])


class CollapseError(ValueError):
    """Fewer particles than asked for carry the pins; the rest of the way makes them no more."""

    def __init__(self, effective: float, ancestors: int):
        """The effective sample size, and how many particles at the start had descendants."""
        super().__init__(f"{effective:.1f} effective particles are left: pin less, or draw more")
        self.effective, self.ancestors = effective, ancestors


def twisted(
    denoise: Denoiser,
    x: Tensor,
    angles: Tensor,
    pins: SignalPins,
    rng: torch.Generator,
    prior: SignalCovariance | None = None,
    threshold: float = 0.3,
    least: float = 0.0,
) -> Particles:
    """Carry the particles `x`, pure noise, down `angles` from pi/2; the pins hold at the end.

    Particles are drawn anew in proportion to their weights whenever the effective sample size
    falls below `threshold` of their number: late, since who is drawn anew has no shadow left (of
    which mean differences are steadied). The longer the ladder, the nearer the
    chain's own law is to the diffusion's; for a Gaussian every ladder is exact. CollapseError as
    soon as fewer than `least` are effective, by which the draws at the end would be judged.
    """
    shape, prior = x.shape, prior or white(x[0].numel())
    x = shadow = x.flatten(1)
    lineage = torch.arange(len(x), device=x.device)
    clean = denoise(x.reshape(shape), angles[0]).flatten(1)
    log_psi = _log_psi(clean, angles[0], pins, prior)
    log_weights, effective = log_psi.log_softmax(dim=0), []
    for angle, cleaner in pairwise(angles):
        if 1 / log_weights.exp().square().sum() < threshold * len(x):
            chosen = resample(log_weights.exp(), len(x), rng)
            x, clean, log_psi, lineage = (a[chosen] for a in (x, clean, log_psi, lineage))
            log_weights, shadow = torch.full_like(log_weights, -math.log(len(x))), None
        step, kick = _step(x, clean, angle, cleaner, pins, prior), randn_like(x, rng)
        x, log_ratio = step.to(kick)
        if shadow is not None:
            shadow = _shadow(shadow, kick, step, angle, cleaner, pins, prior)
        if cleaner > 0:  # else p psi / (q psi) is 1 by Bayes' rule: the pins themselves are met
            clean = denoise(x.reshape(shape), cleaner).flatten(1)
            new = _log_psi(clean, cleaner, pins, prior)
            log_weights = (log_weights + log_ratio + new - log_psi).log_softmax(dim=0)
            log_psi = new
        effective.append(1 / log_weights.exp().square().sum())
        if effective[-1] < least:
            raise CollapseError(float(effective[-1]), len(lineage.unique()))
    steps = torch.stack(effective)
    return Particles(x.reshape(shape), log_weights.exp(), steps, lineage, shadow)


def distance(prior: SignalCovariance, pins: SignalPins) -> float:
    """Squared Mahalanobis distance of the `pins` (one value for all rows) from 0 under `prior`."""
    _, total = pins.gain(torch.tensor(math.pi / 2), prior)
    value = pins.value.double()
    return float(value @ torch.linalg.solve(total[0], value))


def widened(prior: SignalCovariance, pins: SignalPins) -> SignalCovariance:
    """`prior` as wide as a heavy-tailed law is where the `pins` (one value for all rows) lie.

    Given p pins at the squared Mahalanobis distance d a Student t of v degrees of freedom is as
    wide as a Gaussian times (v + d) / (v + p); Ding (2016), "On the conditional distribution of
    the multivariate t distribution". Never narrower than `prior`.
    """
    wider = (FREEDOM + distance(prior, pins)) / (FREEDOM + len(pins.value))
    return SignalCovariance(max(1.0, wider) * prior.covariance)


@dataclass(frozen=True, eq=False)
class _Step:
    """Two Gaussians: where the chain would go, and where it goes for the pins."""

    mean: Tensor  # [row, dim]
    spread: Tensor  # [dim], along `axes`
    axes: Tensor
    told_mean: Tensor
    told_spread: Tensor
    told_axes: Tensor

    def to(self, kick: Tensor) -> tuple[Tensor, Tensor]:
        """What white noise makes of a step for the pins, and log p - log q of it."""
        x = self.told_mean + (kick * self.told_spread.sqrt()) @ self.told_axes.mT
        apart = ((x - self.mean) @ self.axes).square() / self.spread
        log_p = -0.5 * (apart + self.spread.log()).sum(dim=1)
        log_q = -0.5 * (kick.square() + self.told_spread.log()).sum(dim=1)
        return x, log_p - log_q


def _step(
    x: Tensor,
    clean: Tensor,
    angle: Tensor,
    cleaner: Tensor,
    pins: SignalPins,
    prior: SignalCovariance,
) -> _Step:
    on_clean, on_noisy = (float(w) for w in posterior_weights(angle, cleaner))
    fresh = float(posterior_variance(angle, cleaner))
    spread, (_, axes) = prior.left(angle)[0], prior.axes
    covariance = (axes * spread) @ axes.mT
    gain, _ = pins.gain(angle, prior)
    told = covariance - gain[0] @ pins.matrix.double() @ covariance
    told_spread, told_axes = torch.linalg.eigh((told + told.mT) / 2)
    told_clean = pins.told(clean, angle, prior)
    return _Step(
        on_clean * clean + on_noisy * x,
        (fresh + on_clean**2 * spread).to(x),
        axes.to(x),
        on_clean * told_clean + on_noisy * x,
        (fresh + on_clean**2 * told_spread.clamp(min=0)).to(x),
        told_axes.to(x),
    )


def _shadow(
    x: Tensor,
    kick: Tensor,
    step: _Step,
    angle: Tensor,
    cleaner: Tensor,
    pins: SignalPins,
    prior: SignalCovariance,
) -> Tensor:
    """Where the same noise takes a particle whose law is the prior."""
    on_clean, on_noisy = (float(w) for w in posterior_weights(angle, cleaner))
    told = pins.told(prior.expected(x, angle), angle, prior)
    mean = on_clean * told + on_noisy * x
    return replace(step, told_mean=mean).to(kick)[0]


def _log_psi(clean: Tensor, angle: Tensor, pins: SignalPins, prior: SignalCovariance) -> Tensor:
    """Log N(d; C D, C V C' + R), up to what is the same for all particles, [row]."""
    _, total = pins.gain(angle, prior)
    miss = pins.value.double() - clean.double() @ pins.matrix.double().mT
    return -0.5 * (miss * torch.linalg.solve(total[0], miss.mT).mT).sum(dim=1).to(clean)


def resample(weights: Tensor, rows: int, rng: torch.Generator) -> Tensor:
    """Systematic resampling; Kitagawa (1996). Each about as often as its weight says, [row]."""
    shift = torch.rand(1, generator=rng, dtype=torch.float64, device=weights.device)
    places = (torch.arange(rows, device=weights.device) + shift) / rows
    return torch.searchsorted(weights.double().cumsum(0), places).clamp(max=len(weights) - 1)
