"""The door of every generator: settings, fitted generator, synthetic panels.

generator = DiffusedPanel().fit(panel)
synthetic = generator.sample(panels=10, rng=rng)
synthetic.to_frame(frame)  # the columns of the frame that was read, and `panel`
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd

from econdiff.periods import steps_after
from econdiff.synth.errors import SynthError
from econdiff.synth.panel import EntityPanel
from econdiff.synth.schema import Schema
from econdiff.synth.spelling import like


@dataclass(frozen=True, eq=False)
class SyntheticPanels:
    """Panels that were drawn: `values[panel, entity, time, series]`.

    `statics` has one frame a panel. `provenance` are plain values that JSON can hold.
    """

    values: np.ndarray
    index: pd.PeriodIndex
    entities: tuple[str, ...]
    statics: Sequence[pd.DataFrame]
    schema: Schema
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, place: int) -> EntityPanel:
        """One of the panels."""
        statics = self.statics[place]
        return EntityPanel(self.values[place], self.index, self.entities, statics, self.schema)

    def to_frame(self, source: pd.DataFrame | None = None) -> pd.DataFrame:
        """Long form: `panel` numbers the copies from 1, then the columns of the schema.

        With the `source` that was read, its columns in its order, kinds and spelling (see
        `spelling.like`); else periods and entities are text.
        """
        frames = [self[place].to_frame() for place in range(len(self))]
        for number, frame in enumerate(frames, start=1):
            frame.insert(0, "panel", number)
        long = pd.concat(frames, ignore_index=True)
        return long if source is None else like(long, source, self.schema, self.index)


class FittedGenerator(Protocol):
    """What was estimated."""

    def sample(
        self, *, panels: int, rng: np.random.Generator, length: int | None = None
    ) -> SyntheticPanels:
        """Draw `panels` panels of `length` periods (as many as the real one, unless told)."""
        ...


class Generator(Protocol):
    """The settings of a generator; all that is learned from the panel is learned in `fit`."""

    def fit(self, panel: EntityPanel) -> FittedGenerator:
        """Estimate from `panel`."""
        ...


def calendar(index: pd.PeriodIndex, length: int | None) -> pd.PeriodIndex:
    """The first `length` periods of `index`, going on after its end where more are asked for."""
    if length is None:
        return index
    if length < 2:
        raise SynthError(f"a panel needs a length of 2 periods or more, got {length}")
    if length <= len(index):
        return pd.PeriodIndex(index[:length])
    later = steps_after(pd.DataFrame(index=index), length - len(index))
    return pd.PeriodIndex(index.append(later))


def new_names(count: int) -> tuple[str, ...]:
    """Names of synthetic entities, which stand for nobody: e01, e02, ..."""
    width = len(str(count))
    return tuple(f"e{number:0{width}d}" for number in range(1, count + 1))


def names_of(real: EntityPanel, count: int) -> tuple[str, ...]:
    """Names of `count` synthetic entities: new ones, or that of the only one of `real`."""
    return new_names(count) if len(real.entities) > 1 else real.entities
