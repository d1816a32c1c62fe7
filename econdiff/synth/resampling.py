"""Panels made of real rows: what every other generator has to beat, and what privacy forbids.

- `BlockBootstrap`: blocks of random length, the same periods for all entities (Politis and
  Romano, 1994, "The stationary bootstrap", *JASA* 89), so that rows stay what they were.
- `Copy`, `Jitter`, `Shuffle`: no generators at all. A measure of quality that praises them
  rewards copying, or does not see time; reports show them beside every other row.

Rows are handed back to the digit. Noise is added in the coordinates of the panel, so that
identities hold.
"""

from dataclasses import dataclass

import numpy as np

from econdiff.synth.coordinates import Coordinates
from econdiff.synth.generation import SyntheticPanels, calendar, names_of
from econdiff.synth.panel import EntityPanel


@dataclass(frozen=True)
class BlockBootstrap:
    """Settings: `block` is the mean length of a block, the cube root of the length unless told."""

    block: float | None = None

    def fit(self, panel: EntityPanel) -> "Resampled":
        """Keep the rows."""
        mean = self.block or max(2.0, panel.values.shape[1] ** (1 / 3))
        return Resampled(panel, "block bootstrap", mean)


@dataclass(frozen=True)
class Copy:
    """The real panel, handed back."""

    def fit(self, panel: EntityPanel) -> "Resampled":
        """Keep the rows."""
        return Resampled(panel, "copy")


@dataclass(frozen=True)
class Jitter:
    """The real panel with noise of `noise` of each coordinate's deviation."""

    noise: float = 0.05

    def fit(self, panel: EntityPanel) -> "Resampled":
        """Keep the rows."""
        return Resampled(panel, "jitter", noise=self.noise)


@dataclass(frozen=True)
class Shuffle:
    """The real rows in random order, the same for all entities."""

    def fit(self, panel: EntityPanel) -> "Resampled":
        """Keep the rows."""
        return Resampled(panel, "shuffled", block=1.0)


@dataclass(frozen=True, eq=False)
class Resampled:
    """Rows of a real panel, in blocks of mean length `block` or in their order.

    In their order there are never more than are real.
    """

    panel: EntityPanel
    name: str
    block: float | None = None
    noise: float = 0.0

    def sample(
        self, *, panels: int, rng: np.random.Generator, length: int | None = None
    ) -> SyntheticPanels:
        """See `FittedGenerator.sample`."""
        real = self.panel
        if self.block is None and length is not None:  # the start again after the end would jump
            length = min(length, len(real.index))
        index = calendar(real.index, length)
        coordinates = Coordinates(real.schema)
        w = coordinates.inward(real.values)
        size = np.nanstd(w, axis=(0, 1))
        drawn = []
        for _ in range(panels):
            rows = self._rows(len(index), rng)
            noise = self.noise * size * rng.standard_normal((len(w), len(index), w.shape[-1]))
            moved = coordinates.outward(w[:, rows] + noise) if self.noise else real.values[:, rows]
            drawn.append(moved)
        names = names_of(real, len(real.entities))
        facts = {"generator": self.name}
        return SyntheticPanels(
            np.stack(drawn), index, names, [real.statics] * panels, real.schema, facts
        )

    def _rows(self, length: int, rng: np.random.Generator) -> np.ndarray:
        rows = self.panel.values.shape[1]
        if self.block is None:
            return np.arange(length)
        if self.block == 1.0 and length == rows:
            return rng.permutation(rows)
        return stationary_rows(rows, length, self.block, rng)


def stationary_rows(rows: int, length: int, block: float, rng: np.random.Generator) -> np.ndarray:
    """Row numbers of a stationary bootstrap: a new block begins with chance 1 / `block`."""
    starts = rng.integers(rows, size=length)
    fresh = rng.random(length) < 1 / block
    fresh[0] = True
    begun = np.maximum.accumulate(np.where(fresh, np.arange(length), 0))
    return (starts[begun] + np.arange(length) - begun) % rows
