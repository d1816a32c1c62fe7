"""A generator together with how panels are drawn from it, as one generator.

Whoever fits it again, on half of a panel to attack it, or on a part to test it, draws in the same
way: `examine(Steered(GaussianPanel(), start="last"), panel, rng=rng)`.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from econdiff.synth.condition import Condition
from econdiff.synth.condition_pins import planned
from econdiff.synth.diffused import DiffusedPanel
from econdiff.synth.gaussian_panel import FittedPanel, GaussianPanel, check_draw
from econdiff.synth.generation import FittedGenerator, Generator, SyntheticPanels
from econdiff.synth.panel import EntityPanel

COPIES = 20  # of half a panel that are simulated in a round, where many halves are fitted
TRIALS = 256  # streams from which the network's shocks are corrected there


@dataclass(frozen=True)
class Steered:
    """Settings: a generator, and what `FittedPanel.sample` is told; others only heed `length`."""

    generator: Generator
    length: int | None = None
    start: Literal["anew", "last"] = "anew"
    spread: float = 1.0
    missing: bool = False
    condition: Condition | None = None

    def __post_init__(self) -> None:
        check_draw(self.length, self.start, self.spread, self.missing)

    def fit(self, panel: EntityPanel) -> "FittedSteered":
        """Fit the generator; what cannot be told of such panels is refused before."""
        told = self.condition or Condition()
        planned(panel, told, length=self.length, start=self.start, missing=self.missing)
        return FittedSteered(self.generator.fit(panel), self)

    def of_any_entities(self) -> "Steered":
        """The same for other entities: without what the condition says of single ones."""
        told = self.condition
        return self if told is None else replace(self, condition=told.shared())

    def simulating_less(self) -> "Steered":
        """The same with a coarser fit, for the many fits of `examine`: several times faster.

        From `COPIES` simulated panels a round the slopes are 5% more variable: what is learned of
        the real panel is the same, with that much noise. Whether attacks find as much was not
        measured.
        """
        inner = self.generator
        if isinstance(inner, DiffusedPanel | GaussianPanel):
            law = replace(inner.law, copies=min(inner.law.copies, COPIES))
            inner = replace(inner, law=law)
        if isinstance(inner, DiffusedPanel):
            inner = replace(inner, trials=min(inner.trials, TRIALS))
        return replace(self, generator=inner)


@dataclass(frozen=True, eq=False)
class FittedSteered:
    """What was fitted, and how it draws."""

    fitted: FittedGenerator
    how: Steered

    def sample(
        self, *, panels: int, rng: np.random.Generator, length: int | None = None
    ) -> SyntheticPanels:
        """See `FittedGenerator.sample`."""
        how, length = self.how, length or self.how.length
        if not isinstance(self.fitted, FittedPanel):
            return self.fitted.sample(panels=panels, rng=rng, length=length)
        return self.fitted.sample(
            panels=panels,
            rng=rng,
            length=length,
            start=how.start,
            spread=how.spread,
            missing=how.missing,
            condition=how.condition,
        )
