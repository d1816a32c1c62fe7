"""Draws of the diffusion model given pins: guidance proposes, weights correct.

What a scenario pins is linear in the future and so in the innovations z. Guidance with the
closed-form covariance of the anchor (or that of the draws, where it is plainly another) moves each
path to meet the pins; it is exact where the law is Gaussian. Elsewhere it only proposes, and
sequential Monte Carlo weights (`twisted`) correct it. In the mode density each island of particles
gets its own values of the pins, drawn from what is assumed of them. Once too few particles are
left to be an answer the others are not carried on: guidance is widened for pins that lie far out
(`widened`), and if that leaves too few as well there is no answer. Pins that the Gaussian holds
for improbable have it so from the first: there weights may be wrong without a collapse, for no
particle ever comes near where the learned law's tail is.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import chi2
from torch import Tensor

from econdiff.diffusion.guidance import SignalCovariance
from econdiff.diffusion.pin_values import islands_of
from econdiff.diffusion.scenario_origin import ScenarioOrigin
from econdiff.diffusion.schedule import even_angles
from econdiff.diffusion.twisted import CollapseError, Particles, distance, twisted, widened
from econdiff.scenario.control import Controlled
from econdiff.scenario.law import least_effective
from econdiff.scenario.pins import Pins
from econdiff.scenario.statement import Mode

RUNGS = 32  # of the ladder down which particles are carried
IMPROBABLE = 0.01  # of pins as far out by the Gaussian: guidance is wide from the first
POOL = 4  # particles for each path: the paths are chosen among them by weight


@dataclass(frozen=True, eq=False)
class Given:
    """Draws given pins, their paired twins under guidance alone, and what they are worth."""

    draws: np.ndarray
    guided: np.ndarray
    effective: float
    ancestors: int
    method: str
    control: Controlled | None = None

    @property
    def worth(self) -> tuple[float, int, str]:
        """Effective sample size, ancestors and method, as `Draws` has them."""
        return self.effective, self.ancestors, self.method


@dataclass(frozen=True, eq=False)
class GivenPins:
    """The model at `place`, given pins of the `values` [path, pin], or [1, pin] for all paths.

    With `correct` False guidance alone is the answer. The noise `x` is [path, series, step], the
    futures `free` that it makes without pins [path, cell], and `prior` what guidance assumes.
    """

    place: ScenarioOrigin
    pins: Pins
    values: np.ndarray
    mode: Mode
    correct: bool

    def judged(
        self, x: Tensor, free: np.ndarray, prior: SignalCovariance, generator: torch.Generator
    ) -> Given:
        """`draws`, guided widely where that is needed; CollapseError if it does not help."""
        here = self.place.signal_pins(self.pins, self.values[:1], self.mode)
        alike = len(self.values) == 1
        least = least_effective(len(x)) if alike else 0.0  # islands are judged together
        improbable = chi2.sf(distance(prior, here), len(here.value)) < IMPROBABLE
        if not (self.correct and least and improbable):
            try:
                return self.draws(x, free, prior, generator, least)
            except CollapseError:
                pass
        return self.draws(x, free, widened(prior, here), generator, least)

    def draws(
        self,
        x: Tensor,
        free: np.ndarray,
        prior: SignalCovariance,
        generator: torch.Generator,
        least: float = 0.0,
    ) -> Given:
        """Draws given the pins; CollapseError where fewer than `least` are effective."""
        paths, place = len(x), self.place
        if len(self.pins) == 0:
            return Given(free, free, paths, paths, "probability-flow ODE")
        if not self.correct:
            guided = self._guided(x, prior)
            return Given(guided, guided, paths, paths, "guidance without weights")
        islands = islands_of(paths) if len(self.values) > 1 else 1
        told, control = np.empty_like(free), None
        effective, ancestors = 0.0, 0
        for rows in np.array_split(np.arange(paths), islands):
            value = self.values[rows[0] if len(self.values) > 1 else 0][None]
            found = self._particles(len(rows), value, prior, generator, least)
            if islands == 1:
                control = self._control(found, value, prior)
            found = found.thinned(len(rows), generator)
            told[rows] = place.meet(place.futures(found.x), self.pins, value, self.mode)
            effective += float(found.effective[0])
            ancestors += found.ancestors
        method = "guidance with sequential Monte Carlo weights"
        return Given(told, self._guided(x, prior), effective, ancestors, method, control)

    def _guided(self, x: Tensor, prior: SignalCovariance) -> np.ndarray:
        """The noise `x` as futures [path, cell] that meet the pins, without weights."""
        place = self.place
        z = place.plain(x, place.signal_pins(self.pins, self.values, self.mode), prior)
        return place.meet(place.futures(z), self.pins, self.values, self.mode)

    def _particles(
        self,
        paths: int,
        value: np.ndarray,
        prior: SignalCovariance,
        generator: torch.Generator,
        least: float,
    ) -> Particles:
        """Weighted innovations, `POOL` for each path that is wanted, at one `value` [1, pin]."""
        here = self.place.signal_pins(self.pins, value, self.mode)
        start = torch.randn(POOL * paths, *self.place.shape, generator=generator)
        rungs = even_angles(RUNGS)
        with torch.inference_mode():
            return twisted(self.place.in_blocks, start, rungs, here, generator, prior, least=least)

    def _control(
        self, found: Particles, value: np.ndarray, prior: SignalCovariance
    ) -> Controlled | None:
        """The particles with their shadows, which are draws of the Gaussian answer."""
        if found.shadow is None:
            return None
        place = self.place
        draws = place.meet(place.futures(found.x), self.pins, value, self.mode)
        shadows = place.futures(found.shadow.reshape(found.x.shape))
        centre = place.centre(prior, place.signal_pins(self.pins, value, self.mode))
        return Controlled(draws, found.weights.double().numpy(), shadows, centre)
