"""How fast a signal turns to noise: the discrete ladder and the continuous clock in one.

Everything here is variance-preserving: a clean signal `z` is seen as

    x_t = alpha_t z + sigma_t e,    alpha_t = sqrt(alpha_bar_t) = cos(angle),  sigma_t = sin(angle)

so a noise level has four names, and this page translates between them: the rung k of
the ladder of Ho et al. (2020), the time t = k / T in [0, 1] of the stochastic
differential equation of Song et al. (2021), `alpha_bar`, and the angle in [0, pi/2].
Networks and samplers know the angle only, so one set of weights serves any schedule.

Between two rungs the rate beta(t) is constant, and such that the equation

    dx = -beta(t) x / 2 dt + sqrt(beta(t)) dw,    alpha_bar(t) = exp(-int_0^t beta)

observed at the rungs *is* the ladder: exp(-int) over rung k is exactly 1 - beta_k.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

PURE_NOISE = math.pi / 2  # the angle at which nothing of the signal is left


@dataclass(frozen=True, eq=False)
class Schedule:
    """A ladder of variances `betas[k]`, read at any time in [0, 1]."""

    betas: Tensor  # [rung], the variance added between rung k - 1 and rung k

    def __post_init__(self) -> None:
        if self.betas.ndim != 1 or not bool(((self.betas > 0) & (self.betas < 1)).all()):
            raise ValueError("betas must be a vector of numbers strictly between 0 and 1")

    @property
    def steps(self) -> int:
        """T, the number of rungs above the clean signal."""
        return len(self.betas)

    def rungs(self) -> Tensor:
        """The times k / T of the rungs k = 0 ... T, clean signal first, [T + 1]."""
        return torch.arange(self.steps + 1, dtype=torch.float64) / self.steps

    def beta(self, t: Tensor) -> Tensor:
        """The rate of the stochastic differential equation, per unit of time."""
        rung = (t.double() * self.steps).ceil().long().clamp(1, self.steps) - 1
        return (-self.steps * torch.log1p(-self._betas(t))[rung]).to(t.dtype)

    def integral(self, t: Tensor) -> Tensor:
        """The integral of beta from 0 to t, that is -log alpha_bar(t), in float64."""
        knots = self._knots(t)
        place = t.double() * self.steps
        below = place.floor().long().clamp(0, self.steps - 1)
        return torch.lerp(knots[below], knots[below + 1], place - below)

    def alpha_bar(self, t: Tensor) -> Tensor:
        """exp(-int_0^t beta); at a rung, the product of 1 - beta_k; Ho et al. (2020), eq. 4."""
        return torch.exp(-self.integral(t)).to(t.dtype)

    def angle(self, t: Tensor) -> Tensor:
        """The angle whose cosine is alpha_t and whose sine is sigma_t."""
        total = self.integral(t)
        return torch.atan2(torch.sqrt(-torch.expm1(-total)), torch.exp(-total / 2)).to(t.dtype)

    def time(self, angle: Tensor) -> Tensor:
        """The time at which the angle is reached; 1 for all that lie beyond the last rung."""
        total = -2 * torch.log(torch.cos(angle.double()))
        knots = self._knots(angle)
        above = torch.searchsorted(knots, total).clamp(1, self.steps)
        part = (total - knots[above - 1]) / (knots[above] - knots[above - 1])
        return ((above - 1 + part.clamp(0, 1)) / self.steps).to(angle.dtype)

    def ladder(self, evaluations: int) -> Tensor:
        """Angles to step through: from the last rung to clean, evenly in time, [evaluations + 1].

        With `evaluations` = T these are the rungs themselves. In float64.
        """
        if evaluations < 1:
            raise ValueError(f"a ladder needs at least 1 evaluation, got {evaluations}")
        times = torch.arange(evaluations, -1, -1, dtype=torch.float64) / evaluations
        return self.angle(times)

    def _betas(self, like: Tensor) -> Tensor:
        return self.betas.to(like.device, torch.float64)

    def _knots(self, like: Tensor) -> Tensor:
        total = -torch.log1p(-self._betas(like)).cumsum(0)
        return torch.cat([total.new_zeros(1), total])  # [T + 1]


def linear(steps: int = 1000, low: float = 1e-4, high: float = 0.02) -> Schedule:
    """Variances that rise evenly from `low` to `high`; Ho et al. (2020), section 4."""
    return Schedule(torch.linspace(low, high, steps, dtype=torch.float64))


def cosine(steps: int = 1000, offset: float = 0.008, largest: float = 0.999) -> Schedule:
    """alpha_bar falls as a squared cosine of time; Nichol and Dhariwal (2021), eq. 17.

    `offset` keeps the first steps from being too small, `largest` the last beta below 1.
    """
    t = torch.arange(steps + 1, dtype=torch.float64) / steps
    alpha_bar = torch.cos((t + offset) / (1 + offset) * math.pi / 2) ** 2
    return Schedule((1 - alpha_bar[1:] / alpha_bar[:-1]).clamp(max=largest))


def even_angles(steps: int) -> Tensor:
    """Angles from pure noise to clean in equal turns: no schedule at all, [steps + 1]."""
    return torch.linspace(PURE_NOISE, 0, steps + 1, dtype=torch.float64)


def eased_angles(steps: int, top: float = PURE_NOISE) -> Tensor:
    """Angles from `top` to clean, closer together at both ends (half a cosine), [steps + 1].

    For solvers that lose their order near the ends, as those do that step in log(tan(angle)).
    """
    turns = torch.linspace(0, math.pi, steps + 1, dtype=torch.float64)
    return top * (1 + torch.cos(turns)) / 2


def karras(steps: int, low: float = 0.002, high: float = 80.0, rho: float = 7.0) -> Tensor:
    """The angles of Karras et al. (2022), eq. 5, then clean, [steps + 1].

    Their noise level is sigma / alpha = tan(angle), `steps` of them from `high` to `low`.
    """
    ramp = torch.linspace(0, 1, steps, dtype=torch.float64)
    level = (high ** (1 / rho) + ramp * (low ** (1 / rho) - high ** (1 / rho))) ** rho
    return torch.cat([torch.atan(level), level.new_zeros(1)])
