"""Bootstrap of factors and of what they leave.

    w_it = mean_i + L_i f_t + r_it,    f_t = B f_t-1 + v_t

Principal components of all entities' coordinates; their number where the ratio of neighbouring
eigenvalues is largest (Ahn and Horenstein, 2013, *Econometrica* 81). Factors run on with residuals
drawn a period at a time; what they leave is drawn in blocks, an entity by itself.
"""

from dataclasses import dataclass

import numpy as np

from econdiff.synth import within
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.generation import SyntheticPanels, calendar, names_of
from econdiff.synth.panel import EntityPanel
from econdiff.synth.resampling import stationary_rows


@dataclass(frozen=True)
class FactorBootstrap:
    """Settings: the most `factors`, and the mean length of a `block` (cube root unless told)."""

    factors: int = 5
    block: float | None = None

    def fit(self, panel: EntityPanel) -> "FittedFactorBootstrap":
        """Take the panel apart; cells that are not known count as their mean."""
        w = Coordinates(panel.schema).inward(panel.values)
        entities, times, k = w.shape
        mean = within.means(w)
        flat = np.where(np.isfinite(w), w - mean, 0).swapaxes(0, 1).reshape(times, -1)
        size = np.maximum(flat.std(axis=0), 1e-12)
        left, values, right = np.linalg.svd(flat / size, full_matrices=False)
        most = max(1, min(self.factors, len(values) - 2))
        count = int(np.argmax(values[:most] ** 2 / values[1 : most + 1] ** 2)) + 1
        f = left[:, :count] * values[:count]
        rest = (flat - f @ right[:count] * size).reshape(times, entities, k).swapaxes(0, 1)
        found = within.estimate(f[None], 1)
        found = within.given(f[None], within.contract(found.slopes, 0.99))
        block = self.block or max(2.0, times ** (1 / 3))
        return FittedFactorBootstrap(panel, mean, right[:count] * size, f, found, rest, block)


@dataclass(frozen=True, eq=False)
class FittedFactorBootstrap:
    """Means, loadings [factor, entity * k], factors [time, factor], their law, and the rest."""

    panel: EntityPanel
    mean: np.ndarray
    loadings: np.ndarray
    factors: np.ndarray
    found: within.Within
    rest: np.ndarray  # [entity, time, k]
    block: float

    def sample(
        self, *, panels: int, rng: np.random.Generator, length: int | None = None
    ) -> SyntheticPanels:
        """See `FittedGenerator.sample`."""
        real = self.panel
        index = calendar(real.index, length)
        values = np.stack([self._draw(len(index), rng) for _ in range(panels)])
        values = Coordinates(real.schema).outward(values)
        names = names_of(real, len(real.entities))
        facts = {"generator": "factor bootstrap", "factors": self.factors.shape[1]}
        return SyntheticPanels(values, index, names, [real.statics] * panels, real.schema, facts)

    def _draw(self, length: int, rng: np.random.Generator) -> np.ndarray:
        entities, times, k = self.rest.shape
        shocks = np.nan_to_num(self.found.shocks[0])
        v = shocks[rng.integers(len(shocks), size=length)]
        start = self.factors[rng.integers(times)][None, None]
        f = within.run(self.found.slopes, start, self.found.intercepts, v[None])[0]
        common = (f @ self.loadings).reshape(length, entities, k).swapaxes(0, 1)
        rows = [stationary_rows(times, length, self.block, rng) for _ in range(entities)]
        own = np.stack([rest[at] for rest, at in zip(self.rest, rows, strict=True)])
        return self.mean + common + own
