"""What generators of windows share: how windows are cut, scaled, and put end to end again.

Networks for time series (`gan`, `vae`) draw windows of a fixed length for one entity at a time.
Panels are made of them one after the other, each entity by itself: what joins two windows, or two
entities, such a generator does not know.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from econdiff.synth.coordinates import Coordinates
from econdiff.synth.errors import SynthError
from econdiff.synth.generation import SyntheticPanels, calendar, names_of
from econdiff.synth.panel import EntityPanel

LONGEST = 24  # periods of a window, the length of the literature's benchmark
MANY = 100  # entities from which a short panel is learned whole, and not in halves of time


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of a panel in [0, 1]: `cells` [window, time, k]."""

    panel: EntityPanel
    low: np.ndarray
    width: np.ndarray
    cells: np.ndarray

    @classmethod
    def of(cls, panel: EntityPanel) -> "Windows":
        """Cut every complete window of the panel's coordinates."""
        w = Coordinates(panel.schema).inward(panel.values)
        whole = len(w) >= MANY and w.shape[1] <= LONGEST
        length = w.shape[1] if whole else min(LONGEST, max(2, w.shape[1] // 2))
        low = np.nanmin(w, axis=(0, 1))
        width = np.maximum(np.nanmax(w, axis=(0, 1)) - low, 1e-12)
        cut = windows(w, length)
        if len(cut) < 8:
            raise SynthError(
                f"{len(cut)} complete windows of {length} periods are too few to train on"
            )
        return cls(panel, low, width, (cut - low) / width)


def windows(w: np.ndarray, length: int) -> np.ndarray:
    """Every complete window of [entity, time, k], [window, length, k]."""
    starts = range(w.shape[1] - length + 1)
    cut = np.concatenate([w[:, at : at + length] for at in starts])
    return cut[np.isfinite(cut).all(axis=(1, 2))]


@dataclass(frozen=True, eq=False)
class FittedWindows:
    """What was trained: `draw(count, rng)` gives windows [count, time, k] in [0, 1]."""

    windows: Windows
    draw: Callable[[int, np.random.Generator], np.ndarray]
    name: str

    def sample(
        self, *, panels: int, rng: np.random.Generator, length: int | None = None
    ) -> SyntheticPanels:
        """See `FittedGenerator.sample`."""
        real, cells = self.windows.panel, self.windows.cells
        index = calendar(real.index, length)
        entities, parts = len(real.entities), -(-len(index) // cells.shape[1])
        drawn = self.draw(panels * entities * parts, rng)
        w = drawn.reshape(panels, entities, parts * cells.shape[1], -1)[:, :, : len(index)]
        values = Coordinates(real.schema).outward(self.windows.low + self.windows.width * w)
        names = names_of(real, entities)
        facts = {"generator": self.name, "window": cells.shape[1]}
        return SyntheticPanels(values, index, names, [real.statics] * panels, real.schema, facts)
