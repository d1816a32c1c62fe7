"""Residual bootstrap of a panel vector autoregression, as it is commonly done.

Slopes by least squares within entities, the real intercepts and starting rows, residuals drawn
with replacement a period at a time, for all entities together (Runkle, 1987, *Journal of Business
and Economic Statistics* 5). In place of a residual that is not known, one of the entity's own.
Comovement over entities stays; so does the bias of the slopes. Of an entity that is never known in
all series at once nothing is drawn.
"""

from dataclasses import dataclass

import numpy as np

from econdiff.synth import within
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.generation import SyntheticPanels, calendar, names_of
from econdiff.synth.panel import EntityPanel


@dataclass(frozen=True)
class VARBootstrap:
    """Settings: `lags` of the autoregression."""

    lags: int = 1

    def fit(self, panel: EntityPanel) -> "FittedVARBootstrap":
        """Estimate slopes and residuals."""
        w = Coordinates(panel.schema).inward(panel.values)
        found = within.estimate(w, self.lags)
        found = within.given(w, within.contract(found.slopes))
        start = within.first_rows(w, self.lags)
        return FittedVARBootstrap(panel, found, start)


@dataclass(frozen=True, eq=False)
class FittedVARBootstrap:
    """Slopes, intercepts, residuals and starting rows [entity, lags, k]."""

    panel: EntityPanel
    found: within.Within
    start: np.ndarray

    def sample(
        self, *, panels: int, rng: np.random.Generator, length: int | None = None
    ) -> SyntheticPanels:
        """See `FittedGenerator.sample`."""
        real, lags = self.panel, self.start.shape[1]
        index = calendar(real.index, length)
        shocks = self.found.shocks  # [entity, time, k]
        rows = rng.integers(shocks.shape[1], size=(panels, max(len(index) - lags, 1)))
        u = within.redrawn(shocks, rows, rng)  # [panel, entity, time, k]
        w = within.run(self.found.slopes, self.start, self.found.intercepts, u)
        start = np.broadcast_to(self.start, (panels, *self.start.shape))
        w = np.concatenate([start, w], axis=-2)[..., : len(index), :]
        values = Coordinates(real.schema).outward(w)
        names = names_of(real, len(real.entities))
        facts = {"generator": "VAR bootstrap", "lags": lags}
        return SyntheticPanels(values, index, names, [real.statics] * panels, real.schema, facts)
