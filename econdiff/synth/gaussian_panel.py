"""Panels from the law with normal shocks, and the sampling that other shocks share."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from econdiff.synth.condition import Condition, ToldShocks
from econdiff.synth.condition_pins import planned
from econdiff.synth.effects import described
from econdiff.synth.errors import SynthError
from econdiff.synth.estimation import PanelLaw
from econdiff.synth.generation import SyntheticPanels
from econdiff.synth.law import Drawn, FittedLaw
from econdiff.synth.panel import EntityPanel
from econdiff.synth.pinning import pinned
from econdiff.synth.season import season_of, without_seasons
from econdiff.synth.shocks import Shocks

EXPECTED = 200  # panels whose mean is what is expected without a scenario


@dataclass(frozen=True)
class GaussianPanel:
    """Gaussian VAR with entity effects, common and own shocks: the law alone."""

    law: PanelLaw = field(default_factory=PanelLaw)

    def fit(self, panel: EntityPanel) -> "FittedPanel":
        """Estimate the law."""
        panel, season = without_seasons(panel)
        law = self.law.fit(panel)
        return FittedPanel(law, lambda start: law.gaussian(), "gaussian VAR", season)


@dataclass(frozen=True, eq=False)
class FittedPanel:
    """A law, what makes its shocks, and seasons, for panels that start anew or go on."""

    law: FittedLaw
    shocks: Callable[[str], Shocks]
    name: str
    season: np.ndarray  # [season, k], in the units of the coordinates

    def sample(
        self,
        *,
        panels: int,
        rng: np.random.Generator,
        length: int | None = None,
        start: Literal["anew", "last"] = "anew",
        entities: int | None = None,
        spread: float = 1.0,
        missing: bool = False,
        condition: Condition | None = None,
    ) -> SyntheticPanels:
        """See `FittedGenerator.sample`.

        `start="anew"` makes new entities and another past; "last" goes on from the end of the
        real panel with its own entities. `entities` asks for another number of new ones. `spread`
        scales the shocks: above 1 wider than the real ones, below 1 tamer. `missing` gives the
        drawn panel the holes of the real one. `condition` says what is to hold.
        """
        law, told = self.law, condition or Condition()
        real, shocks = law.panel, _Spread(self.shocks(start), spread)
        check_draw(length, start, spread, missing)
        if panels < 1:
            raise SynthError(f"panels={panels} must be positive")
        plan = planned(real, told, length=length, start=start, entities=entities, missing=missing)
        index = plan.index
        if start == "last":
            groups, numbers, skipped = law.effects.groups, None, 0
        else:
            groups, numbers = _groups(law, entities, told, rng)
            skipped = law.lags
        shocks = ToldShocks(shocks, law, told, index, skipped)

        season = self.season[season_of(index)] / law.spread  # [time, k]

        def draw(count: int) -> Drawn:
            if start == "last":
                drawn = law.go_on(count, len(index), shocks, rng)
            else:
                drawn = law.simulate(count, groups, len(index), shocks, rng, numbers)
            return replace(drawn, w=drawn.w + season)

        drawn = draw(panels)
        pins = plan.pins(told, lambda: law.outward(draw(EXPECTED).w).mean(axis=0))
        values = law.outward(pinned(law, drawn, pins, rng))
        if missing:
            values = np.where(np.isfinite(real.values), values, np.nan)
        same = start == "last"
        statics = [real.statics if same else law.statics(v, groups) for v in drawn.vectors]
        facts = self._provenance(start, spread) | {"conditions": told.size(index)}
        return SyntheticPanels(values, index, plan.entities, statics, real.schema, facts)

    def _provenance(self, start: str, spread: float) -> dict[str, Any]:
        facts = {
            "generator": self.name,
            "start": start,
            "spread": spread,
            "lags": self.law.lags,
            "largest root": round(self.law.radius, 4),
        }
        seasonal = [n for n, own in zip(self.law.names, self.season.T, strict=True) if own.any()]
        facts |= {"season": " and ".join(seasonal)} if seasonal else {}
        apart = self.law.effects.apart
        return facts | ({"level drawn apart": round(apart, 3)} if apart and start == "anew" else {})


def check_draw(length: int | None, start: str, spread: float, missing: bool) -> None:
    """Refuse what no panel can be drawn with."""
    least = 1 if start == "last" else 2
    if length is not None and length < least:
        raise SynthError(f"a panel needs a length of {least} or more, got {length}")
    if not 0 < spread < np.inf:
        raise SynthError(f"spread={spread} must be positive; 1 is that of the real panel")
    if start == "last" and missing:
        raise SynthError("a panel that goes on has no holes to keep; leave one of the two out")


@dataclass(frozen=True, eq=False)
class _Spread:
    """Shocks times a number."""

    shocks: Shocks
    factor: float

    def draw(
        self, panels: int, entities: int, length: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        common, own = self.shocks.draw(panels, entities, length, rng)
        return common * self.factor, own * self.factor


def _groups(
    law: FittedLaw, entities: int | None, told: Condition, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray | None]:
    """The group of each new entity, and its numeric attributes where they were given."""
    real = law.effects.groups
    if told.statics is not None:
        return described(law.panel.statics, told.statics)
    if entities is None:
        return real, None
    if not law.effects.lawful:
        raise SynthError(f"{len(real)} entities are too few to draw others; leave `entities` out")
    return np.sort(rng.choice(real, size=entities)), None
