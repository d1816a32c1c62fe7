"""A panel with entities: `values[entity, time, series]`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from econdiff.periods import period_labels
from econdiff.synth.schema import Schema


@dataclass(frozen=True, eq=False)
class EntityPanel:
    """Series of several entities over one calendar; NaN is a cell that is not known.

    `statics` has a row an entity, `entities` its name.
    """

    values: np.ndarray  # [entity, time, series]
    index: pd.PeriodIndex
    entities: tuple[str, ...]
    statics: pd.DataFrame
    schema: Schema

    def take(self, rows: Sequence[int] | np.ndarray) -> "EntityPanel":
        """Some of the entities."""
        names = tuple(self.entities[i] for i in rows)
        statics = self.statics.iloc[list(rows)].reset_index(drop=True)
        return replace(self, values=self.values[rows], entities=names, statics=statics)

    def to_frame(self) -> pd.DataFrame:
        """Long form, in the columns of the schema; rows without any value are left out."""
        schema, (entities, times, _) = self.schema, self.values.shape
        columns = {}
        if schema.entity is not None:
            columns[schema.entity] = np.repeat(np.array(self.entities, dtype=object), times)
        columns[schema.time] = np.tile(np.array(period_labels(self.index), dtype=object), entities)
        for name in schema.statics:
            columns[name] = np.repeat(self.statics[name].to_numpy(), times)
        for place, name in enumerate(schema.series):
            columns[name] = self.values[:, :, place].ravel()
        there = np.isfinite(self.values).any(axis=-1).ravel()
        return pd.DataFrame(columns).loc[there].reset_index(drop=True)
