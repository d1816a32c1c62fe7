"""Laws whose best denoiser is known exactly, to try everything else on.

A mixture of Gaussians stays one at every noise level,

    x ~ sum_k w_k N(alpha m_k, alpha^2 S_k + sigma^2 I)

so its denoiser, score, draws, density and conditionals are closed forms: nothing has
to be trained to see whether a sampler, a likelihood or a guidance is right.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from econdiff.diffusion.views import alpha_sigma


@dataclass(frozen=True, eq=False)
class Mixture:
    """Gaussians `means[part, dim]`, `covariances[part, dim, dim]`, with `weights[part]`."""

    weights: Tensor
    means: Tensor
    covariances: Tensor

    def draw(self, rows: int, rng: torch.Generator) -> Tensor:
        """True draws, [row, dim]."""
        part = torch.multinomial(self.weights, rows, replacement=True, generator=rng)
        roots = self._root()
        shock = torch.randn(rows, self.means.shape[1], generator=rng, dtype=self.means.dtype)
        return self.means[part] + torch.einsum("nij,nj->ni", roots[part], shock)

    def log_density(self, x: Tensor) -> Tensor:
        """Natural log of the density at each row of `x`, [row]."""
        return self._joint_log_density(x, x.new_zeros(())).logsumexp(dim=1)

    def denoise(self, x: Tensor, angle: Tensor) -> Tensor:
        """E[clean | x] at `angle` (a scalar, or one a row): the exact `Denoiser`, [row, dim]."""
        alpha, sigma = alpha_sigma(angle.reshape(-1), x)  # [1 or row, 1]
        share = self._joint_log_density(x, angle).softmax(dim=1)  # [row, part]
        axes, spread = self._axes(x)
        gain = alpha[..., None] * spread / (alpha[..., None] ** 2 * spread + sigma[..., None] ** 2)
        pull = torch.einsum("kij,nkj->nki", axes, gain * self._along(x, alpha))
        return torch.einsum("nk,nki->ni", share, self.means.to(x) + pull)

    def given(self, matrix: Tensor, value: Tensor, variance: Tensor) -> "Mixture":
        """The law of z once `matrix` z + N(0, `variance`) has been seen to be `value`."""
        seen = matrix @ self.covariances @ matrix.mT + variance  # [part, pin, pin]
        gain = torch.linalg.solve(seen, matrix @ self.covariances).mT  # [part, dim, pin]
        miss = value - self.means @ matrix.mT  # [part, pin]
        fit = torch.distributions.MultivariateNormal(torch.zeros_like(miss), seen).log_prob(miss)
        return Mixture(
            (self.weights.log() + fit).softmax(dim=0),
            self.means + torch.einsum("kij,kj->ki", gain, miss),
            self.covariances - gain @ matrix @ self.covariances,
        )

    def mean(self) -> Tensor:
        """[dim]."""
        return self.weights @ self.means

    def covariance(self) -> Tensor:
        """[dim, dim]."""
        apart = self.means - self.mean()
        within = torch.einsum("k,kij->ij", self.weights, self.covariances)
        return within + torch.einsum("k,ki,kj->ij", self.weights, apart, apart)

    def _axes(self, like: Tensor) -> tuple[Tensor, Tensor]:
        spread, axes = torch.linalg.eigh(self.covariances)
        return axes.to(like), spread.clamp(min=0).to(like)  # [part, dim, dim], [part, dim]

    def _root(self) -> Tensor:
        spread, axes = torch.linalg.eigh(self.covariances)
        return axes * spread.clamp(min=0).sqrt()[:, None]

    def _along(self, x: Tensor, alpha: Tensor) -> Tensor:
        """Distance of `x` from each noised mean along the part's own axes, [row, part, dim]."""
        axes, _ = self._axes(x)
        return torch.einsum("kij,nki->nkj", axes, x[:, None] - alpha[..., None] * self.means.to(x))

    def _joint_log_density(self, x: Tensor, angle: Tensor) -> Tensor:
        """log(w_k p_k(x)) at `angle`, [row, part]."""
        alpha, sigma = alpha_sigma(angle.reshape(-1), x)
        _, spread = self._axes(x)
        variance = alpha[..., None] ** 2 * spread + sigma[..., None] ** 2  # [1 or row, part, dim]
        square = self._along(x, alpha) ** 2 / variance
        log_normal = -0.5 * (square + variance.log() + math.log(2 * math.pi)).sum(dim=-1)
        return self.weights.log().to(x) + log_normal


def gaussian(mean: Tensor, covariance: Tensor) -> Mixture:
    """N(`mean`, `covariance`), a mixture of one."""
    return Mixture(mean.new_ones(1), mean[None], covariance[None])


def four_modes(distance: float = 2.0, deviation: float = 0.5) -> Mixture:
    """Four equal modes at (+-distance, +-distance) in the plane."""
    means = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * 2) * distance
    covariance = deviation**2 * torch.eye(2, dtype=torch.float64)
    return Mixture(torch.full((4,), 0.25, dtype=torch.float64), means, covariance.repeat(4, 1, 1))
