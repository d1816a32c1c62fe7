"""Panels of entities from files, real ones and those that somebody drew."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from econdiff.commands.errors import UsageError
from econdiff.panel.table import read_table
from econdiff.synth import EntityPanel, SyntheticPanels, read_entities


def read_real(
    name: str,
    *,
    entity: str | None,
    time: str | None,
    freq: str | None,
    gaps: Literal["error", "nan"],
    identities: Sequence[str],
    positive: Sequence[str] | None = None,
) -> tuple[EntityPanel, dict[str, str]]:
    """The real panel, and the name and digest of its file."""
    path = Path(name)
    if not path.is_file():
        raise UsageError(
            f"there is no file {name}; give a long table, one row an entity and period"
        )
    panel = read_entities(
        read_frame(path),
        entity=entity,
        time=time,
        freq=freq,
        identities=identities,
        positive=positive,
        gaps=gaps,
    )
    return panel, {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def read_frame(path: Path) -> pd.DataFrame:
    """The table of a file, numbers as numbers where all cells of a column are."""
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    frame = read_table(path).frame
    for name in frame:
        try:
            frame[name] = pd.to_numeric(frame[name].replace("", None))
        except (ValueError, TypeError):
            continue
    return frame


def read_made(name: str, real: EntityPanel) -> SyntheticPanels:
    """Panels as `econdiff synth` writes them, or one panel without the column `panel`."""
    path, schema = Path(name), real.schema
    frame = read_frame(path)
    needed = [n for n in (schema.entity, schema.time, *schema.series) if n is not None]
    absent = [n for n in needed if n not in frame]
    if absent:
        raise UsageError(f"{path.name} has no column {absent[0]!r}, which the real panel has")
    groups = [part for _, part in frame.groupby("panel")] if "panel" in frame else [frame]
    panels = [
        read_entities(
            pd.DataFrame(part[needed]),
            entity=schema.entity,
            time=schema.time,
            positive=(),
            freq=schema.frequency,
            gaps="nan",
        )
        for part in groups
    ]
    shapes = {panel.values.shape for panel in panels}
    if len(shapes) > 1:
        raise UsageError(f"the panels of {path.name} differ in size: {sorted(shapes)}")
    order = [panels[0].schema.series.index(n) for n in schema.series]
    values = np.stack([panel.values for panel in panels])[..., order]
    first = panels[0]
    facts = {"generator": "not ours"}
    statics = [panel.statics for panel in panels]
    return SyntheticPanels(values, first.index, first.entities, statics, schema, facts)
