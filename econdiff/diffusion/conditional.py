"""The law of the diffusion model under a scenario: pinned guidance, corrected by weights.

How draws are made given pins is the page `given_pins`. Where weights collapse whatever is done,
the anchor's own answer is given.

A scenario that leaves no hole in its first periods is a history from there on, as published
figures are: the model stands at the end of them and draws what follows. That is its law of the
rest given those periods, and no draw has to be weighed by hundreds of pins to find it.

The anchor's own answer, in closed form and from the same noise, stands beside.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from econdiff.diffusion.given_pins import GivenPins
from econdiff.diffusion.likelihood import decode, log_density
from econdiff.diffusion.origin import Origin
from econdiff.diffusion.pin_values import absolute, values_of
from econdiff.diffusion.sampler import generator_from
from econdiff.diffusion.scenario_origin import ScenarioOrigin
from econdiff.diffusion.twisted import CollapseError
from econdiff.scenario.control import Controlled
from econdiff.scenario.gaussian import Gaussian
from econdiff.scenario.law import Draws
from econdiff.scenario.pins import Pins, settled
from econdiff.scenario.statement import Mode

EXACT_TRACE = 32  # cells up to which the divergence of the likelihood is exact
PROBES = 16  # random signs beyond that


@dataclass(frozen=True, eq=False)
class DiffusionLaw:
    """The future of the diffusion model at an origin; cells are [step, series], step first.

    `turns` are the steps of the sampler. With `correct` False the guided draws are the answer:
    faster, and as good as the network is near the anchor. `behind` gives the law that stands
    behind rows [step, series] that are assumed whole.
    """

    at: Origin
    turns: int = 4
    correct: bool = True
    behind: Callable[[np.ndarray], "DiffusionLaw"] | None = None

    def __repr__(self) -> str:
        return f"DiffusionLaw at {self.at}"

    def gaussian(self) -> Gaussian:
        """The anchor's law, with the lags and the scale that the network gives this origin."""
        return self._origin.gaussian()

    @property
    def _origin(self) -> ScenarioOrigin:
        return ScenarioOrigin(self.at, self.turns)

    def draw(
        self, facts: Pins, pins: Pins, mode: Mode, paths: int, rng: np.random.Generator
    ) -> Draws:
        """See `Law`."""
        generator = generator_from(rng)
        x = torch.randn(paths, *self._origin.shape, generator=generator)
        return self._drawn(x, facts, pins, mode, generator, rng)

    def obstacle(self, facts: Pins) -> str:
        """See `HasNoise`: given facts, draws come by weights."""
        edge = "the history ends in a ragged edge; cut it there, and rare events are sought"
        return edge if len(facts) else ""

    def futures(self, noise: np.ndarray, facts: Pins) -> np.ndarray:
        """See `HasNoise`: by the sampler, which is deterministic."""
        del facts
        x = torch.from_numpy(noise).float().reshape(len(noise), *self._origin.shape)
        return self._origin.futures(self._origin.plain(x))

    def _drawn(
        self,
        x: Tensor,
        facts: Pins,
        pins: Pins,
        mode: Mode,
        generator: torch.Generator,
        rng: np.random.Generator,
    ) -> Draws:
        """`draw`, from the noise `x` [path, series, step]."""
        z = self._origin.plain(x)
        free, prior = self._origin.futures(z), self._origin.prior(z)
        known = GivenPins(self._origin, facts, facts.value[None], "hard", self.correct)
        before = known.draws(x, free, prior, generator)
        baseline = before.draws
        anchor = self.gaussian().given(facts)
        plain = self._origin.futures(self.at.spread * x)
        free_control = None if len(facts) else _even(baseline, plain, anchor.mean)
        pins = absolute(pins, baseline, free_control)
        twin = self.gaussian().moved(plain, facts, "hard", rng)
        beside = anchor.moved(twin, pins, mode, rng)
        if len(pins) == 0:
            return Draws(baseline, baseline, baseline, beside, pins, *before.worth)
        both = facts.and_(pins)
        lead, rest = settled(both, len(x[0])) if mode == "hard" else (both.value[:0], both)
        if len(lead) and self.behind:
            rows = lead.reshape(-1, len(x[0]))
            after = self.behind(rows)._drawn(
                x[..., len(rows) :], rest.keep(np.zeros(0, int)), rest, mode, generator, rng
            )
            told, guided = (
                np.hstack([np.tile(lead, (len(x), 1)), y]) for y in (after.alternative, after.twin)
            )
            method = f"from the end of the {len(rows)} periods pinned whole, {after.method}"
            return Draws(
                baseline, told, guided, beside, pins, after.effective, after.ancestors, method
            )
        values = values_of(facts, pins, mode, anchor, len(x), rng)
        try:
            asked = GivenPins(self._origin, both, values, mode, self.correct)
            after = asked.judged(x, free, prior, generator)
        except CollapseError as few:
            method = "guidance whose weights collapsed"
            return Draws(
                baseline, beside, beside, beside, pins, few.effective, few.ancestors, method
            )
        controls = None
        if after.control is not None and free_control is not None:
            controls = free_control, after.control
        return Draws(baseline, after.draws, after.guided, beside, pins, *after.worth, controls)

    def log_density_ratio(
        self, path: np.ndarray, draws: np.ndarray, facts: Pins
    ) -> tuple[float, float, str]:
        """See `Law`: by the probability-flow ODE of the network, in nats.

        The densest path known is the densest of the image of zero noise, the mean and the median
        of `draws`, all moved to meet the facts, and `path` itself.
        """
        place = self._origin
        mean, matrix = place.affine()
        zero = decode(self.at.denoise, torch.zeros(1, *place.shape), tolerance=1e-3)
        dense = np.stack([draws.mean(axis=0), np.median(draws, axis=0), place.futures(zero)[0]])
        rows = np.vstack([path, place.meet(dense, facts, facts.value[None], "hard")])
        z = torch.from_numpy(np.linalg.solve(matrix, (rows - mean).T).T).float()
        z = place.series_first(z)
        large = z[0].numel() > EXACT_TRACE
        generator = torch.Generator().manual_seed(0)  # the signs, not the answer, hang on it
        found = log_density(
            self.at.denoise,
            z,
            probes=PROBES if large else 0,
            rng=generator if large else None,
            tolerance=1e-3,
        )
        best = int(found.value.argmax())
        ratio = float(found.value[0] - found.value[best])
        error = float(torch.hypot(found.standard_error[0], found.standard_error[best]))
        method = f"probability-flow ODE, {f'{PROBES} probes' if large else 'exact divergence'}"
        return ratio, error if best else 0.0, method


def _even(draws: np.ndarray, twins: np.ndarray, centre: np.ndarray) -> Controlled:
    """Draws [path, cell] all alike in weight, and their Gaussian twins."""
    return Controlled(draws, np.full(len(draws), 1 / len(draws)), twins, centre)
