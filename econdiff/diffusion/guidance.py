"""Guidance: turn a denoiser into one that knows something more.

Each function takes a `Denoiser` and returns a `Denoiser`, so guidance composes and samplers
never hear of it. Multiplying a law by another factor ("easy multiplication with other
distributions", Sohl-Dickstein et al., 2015, section 2.5) adds that factor's pull:

    classifier_free   lean more, or less, on the history
    pinned            linear functions of the signal are known: exact for a Gaussian
    tilted            the law times exp(-energy), for any differentiable energy
    temperature       wider or narrower draws than were learned

What is known enters at every noise level through Cov(z | x), how far the signal may
still lie from its expectation. It is taken from a Gaussian `SignalCovariance`: under the anchor
z ~ N(0, I), and where the network's law is known to differ, from that law's covariance.
Where the law is that Gaussian, `pinned` is exact; where it is not, `twisted.py` corrects it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from econdiff.diffusion.views import Denoiser, alpha_sigma

Energy = Callable[[Tensor], Tensor]
"""`energy(z)` of signals [row, ...] is a number a row, [row]; the likelier, the lower."""


@dataclass(frozen=True, eq=False)
class SignalCovariance:
    """The covariance [dim, dim] of the clean signal, its shape flattened behind the rows.

    Observing x = alpha z + sigma e leaves Cov(z | x) = sigma^2 P (alpha^2 P + sigma^2)^-1.
    """

    covariance: Tensor

    @cached_property
    def axes(self) -> tuple[Tensor, Tensor]:
        """Variances [dim] along the columns of an orthogonal matrix [dim, dim], in float64."""
        spread, axes = torch.linalg.eigh(self.covariance.double())
        return spread.clamp(min=0), axes

    def left(self, angle: Tensor) -> Tensor:
        """Variances of z given x along the axes, [1, dim] or [row, dim]."""
        spread, _ = self.axes
        alpha, sigma = alpha_sigma(angle.double().reshape(-1), spread[None])
        return sigma**2 * spread / (alpha**2 * spread + sigma**2)

    def expected(self, x: Tensor, angle: Tensor) -> Tensor:
        """E[z | x] of noisy signals `x` [row, dim] at one angle, were this the whole law."""
        spread, axes = self.axes
        alpha, sigma = alpha_sigma(angle.double().reshape(-1), spread[None])
        along = alpha * spread / (alpha**2 * spread + sigma**2)
        return ((x.double() @ axes) * along @ axes.mT).to(x)


def white(dim: int) -> SignalCovariance:
    """N(0, I): the anchor's innovations."""
    return SignalCovariance(torch.eye(dim, dtype=torch.float64))


@dataclass(frozen=True, eq=False)
class SignalPins:
    """What is known of the signal: `matrix` z + N(0, `variance`) = `value`.

    `matrix` is [pin, dim], `value` [pin] or one a row [row, pin], and `variance` [pin, pin],
    zero for pins that hold exactly.
    """

    matrix: Tensor
    value: Tensor
    variance: Tensor

    def told(self, clean: Tensor, angle: Tensor, prior: SignalCovariance) -> Tensor:
        """E[z | x, pins] where E[z | x] is `clean` [row, dim], [row, dim]."""
        gain, _ = self.gain(angle, prior)
        miss = self.value.double() - clean.double() @ self.matrix.double().mT
        return clean + (gain @ miss[..., None])[..., 0].to(clean)

    def gain(self, angle: Tensor, prior: SignalCovariance) -> tuple[Tensor, Tensor]:
        """V C' (C V C' + R)^-1 and (C V C' + R), V = Cov(z | x): [1 or row, dim or pin, pin]."""
        _, axes = prior.axes
        seen = self.matrix.double() @ axes  # [pin, dim]
        spread = prior.left(angle)[:, None]  # [1 or row, 1, dim]
        total = (seen * spread) @ seen.mT + self.variance.double()
        root, fault = torch.linalg.cholesky_ex(total)
        if bool(fault.any()):
            raise ValueError(
                "the pins repeat or contradict each other, or pin what cannot vary: "
                f"rank {int(torch.linalg.matrix_rank(total).min())} of {len(seen)}; "
                "leave some out, or give them a variance"
            )
        return torch.cholesky_solve((seen * spread) @ axes.mT, root).mT, total


def exactly(matrix: Tensor, value: Tensor) -> SignalPins:
    """Pins without error: `matrix` z = `value`."""
    return SignalPins(matrix, value, matrix.new_zeros(len(matrix), len(matrix)))


def pinned(denoise: Denoiser, pins: SignalPins, prior: SignalCovariance | None = None) -> Denoiser:
    """The denoiser of signals for which the pins hold.

        E[z | x, pins] = D + V C' (C V C' + R)^-1 (d - C D),    V = Cov(z | x) under `prior`

    the Gaussian conditional (Kalman, 1960) at every noise level: Finzi et al. (2023), eq. 9;
    Boys et al. (2023) with the prior's covariance in the place of a Jacobian. Pins without
    error hold to rounding at the end of any sampler here. `prior` is N(0, I) unless given.
    """
    prior = prior or white(pins.matrix.shape[1])

    def guided(x: Tensor, angle: Tensor) -> Tensor:
        clean = denoise(x, angle)
        return pins.told(clean.flatten(1), angle, prior).reshape(clean.shape)

    return guided


def tilted(denoise: Denoiser, energy: Energy, prior: SignalCovariance | None = None) -> Denoiser:
    """The denoiser of the law times exp(-energy), softly.

    At each level z given x is taken as N(D, V), D = E[z | x] and V = Cov(z | x) under
    `prior`, and E[z | x, energy] is found in two steps: the most plausible signal

        argmin_z  (z - D)' V^-1 (z - D) / 2 + energy(z)

    by Newton's method, then the mean instead of the mode along the line from D to it, by
    quadrature. Exact under a Gaussian law for every quadratic energy, and for
    every energy of one linear function of z (a wall, a threshold). The energy is
    differentiated twice; the network is not.
    """

    def guided(x: Tensor, angle: Tensor) -> Tensor:
        clean = denoise(x, angle)
        law = prior or white(clean[0].numel())
        _, axes = law.axes
        root = (axes * law.left(angle).sqrt()[:, None]).to(clean)  # [1 or row, dim, dim]

        def signal(u: Tensor) -> Tensor:
            return clean + (root @ u[..., None])[..., 0].reshape(clean.shape)

        def of_white(u: Tensor) -> Tensor:
            return energy(signal(u))

        mode = _minimise(of_white, torch.zeros_like(clean.flatten(1)))
        return signal(_mean_along(of_white, mode))

    return guided


def classifier_free(told: Denoiser, untold: Denoiser, strength: float) -> Denoiser:
    """Lean on what `told` knows and `untold` does not; Ho and Salimans (2022), eq. 6.

    `strength` 1 is `told` itself, 0 is `untold`, above 1 exaggerates: narrower than
    the law that was learned, and no longer a conditional law of anything. The same line serves
    velocities, which are affine in the clean signal at every level.
    """
    if strength < 0:
        raise ValueError(f"strength on the history must not be negative, got {strength}")

    def guided(x: Tensor, angle: Tensor) -> Tensor:
        without = untold(x, angle)
        return without + strength * (told(x, angle) - without)

    return guided


def temperature(denoise: Denoiser, spread: float, centre: Tensor | float = 0.0) -> Denoiser:
    """The law of `centre` + `spread` (z - centre): wider or narrower draws, on purpose.

    The denoiser of the changed law follows exactly from that of the law itself, so it may be
    pinned, tilted and weighed like any other. It is a choice of the user, not what was
    learned: say so where it is shown.
    """
    if spread <= 0:
        raise ValueError(f"spread must be positive, got {spread}")

    def guided(x: Tensor, angle: Tensor) -> Tensor:
        alpha, sigma = alpha_sigma(angle, x)
        size = torch.sqrt(alpha**2 * spread**2 + sigma**2)
        seen = (x - alpha * (1 - spread) * centre) / size
        narrower = torch.atan2(torch.sin(angle), spread * torch.cos(angle))
        return centre + spread * (denoise(seen, narrower) - centre)

    return guided


def _mean_along(energy: Energy, mode: Tensor, reach: float = 6.0, points: int = 49) -> Tensor:
    """The mean of N(0, I) exp(-energy) on the line through 0 and each row's mode, [row, dim]."""
    length = mode.norm(dim=1)
    way = mode / length.clamp(min=1e-12)[:, None]
    steps = torch.linspace(-reach, reach, points, dtype=mode.dtype, device=mode.device)
    places = length + steps[:, None]  # [point, row]
    logs = torch.stack([-(p**2) / 2 - energy(p[:, None] * way) for p in places])
    return (logs.softmax(dim=0) * places).sum(dim=0)[:, None] * way


def _minimise(energy: Energy, u: Tensor, newtons: int = 3, most: int = 20) -> Tensor:
    """Minimise |u|^2 / 2 + energy(u) for each row by Newton's method, from `u`, [row, dim]."""

    def objective(u: Tensor) -> Tensor:
        return u.square().sum(dim=1) / 2 + energy(u)

    for _ in range(newtons):
        with torch.enable_grad():
            at = u.detach().requires_grad_()
            (slope,) = torch.autograd.grad(objective(at).sum(), at, create_graph=True)

            def curve(p: Tensor, at: Tensor = at, slope: Tensor = slope) -> Tensor:
                (product,) = torch.autograd.grad((slope * p).sum(), at, retain_graph=True)
                return product

            way = _conjugate_gradients(curve, -slope.detach(), most)
        with torch.no_grad():
            lengths = [1.0, 0.5, 0.2, 0.05, 0.0]
            found = torch.stack([objective(u + length * way) for length in lengths])
            best = u.new_tensor(lengths)[found.nan_to_num(torch.inf).argmin(dim=0)]
            u = u + best[:, None] * way
    return u


def _conjugate_gradients(product: Callable[[Tensor], Tensor], b: Tensor, most: int) -> Tensor:
    """Solve A x = b for each row, stopping a row where A is not positive; [row, dim]."""
    x, residual, p = torch.zeros_like(b), b, b
    square = residual.square().sum(dim=1, keepdim=True)
    enough = 1e-12 * square
    for _ in range(min(most, b.shape[1])):
        ahead = product(p).detach()
        curvature = (p * ahead).sum(dim=1, keepdim=True)
        going = (square > enough) & (curvature > 0)
        if not bool(going.any()):
            break
        length = torch.where(going, square / curvature, 0.0)
        x, residual = x + length * p, residual - length * ahead
        new = residual.square().sum(dim=1, keepdim=True)
        p = torch.where(going, residual + new / square * p, 0.0)
        square = torch.where(going, new, torch.zeros_like(new))
    return x
