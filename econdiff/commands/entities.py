"""Panels of entities from files, real ones and those that somebody drew."""

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from econdiff.commands.errors import UsageError
from econdiff.panel import PanelError
from econdiff.panel.table import read_file
from econdiff.scenario import read_scenario
from econdiff.synth import (
    Condition,
    EntityPanel,
    Schema,
    SynthError,
    SyntheticPanels,
    read_entities,
    read_like,
)
from econdiff.synth.schema import Limit, Range
from econdiff.synth.spelling import flat


@dataclass(frozen=True)
class EntityReading:
    """How a table of entities is read; the fields are options of `econdiff synth`."""

    entity: str | None = None
    time: str | None = None
    freq: str | None = None
    gaps: Literal["error", "nan"] = "error"
    identities: tuple[str, ...] = ()
    positive: tuple[str, ...] | None = None
    bounds: tuple[str, ...] | None = None
    units: tuple[str, ...] = ()


def read_real(
    name: str, reading: EntityReading
) -> tuple[EntityPanel, pd.DataFrame, dict[str, Any]]:
    """The real panel, its table, and the name, digest and columns (with types) of its file."""
    path = Path(name)
    if not path.is_file():
        raise UsageError(
            f"there is no file {name}; give a long table, one row an entity and period"
        )
    frame = read_frame(path, text=reading.entity)
    if "panel" in frame:
        raise UsageError(f"{path.name} has a column 'panel', which numbers the copies; rename it")
    panel = read_entities(
        frame,
        entity=reading.entity,
        time=reading.time,
        freq=reading.freq,
        gaps=reading.gaps,
        identities=reading.identities,
        positive=() if reading.positive == ("none",) else reading.positive,
        bounds=_bounds(reading.bounds),
        units=dict(_unit(text) for text in reading.units),
    )
    return (
        panel,
        frame,
        {
            "name": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "columns": {str(name): str(column.dtype) for name, column in frame.items()},
        },
    )


def read_condition(path: Path, schema: Schema) -> Condition:
    """What panels are told: a table of time or of entities, or a scenario as forecasts take it."""
    if path.suffix.lower() == ".toml":
        return Condition(scenario=read_scenario(path))
    frame = _told(path)
    said = [name for name in frame if str(name).partition("@")[0] in schema.series]
    worded = any(not pd.api.types.is_numeric_dtype(frame[name].dtype) for name in said)
    ours = schema.time in frame or set(frame) & set(schema.statics)
    if path.suffix.lower() == ".csv" and (worded or not ours):
        return Condition(scenario=read_scenario(path))
    return Condition.of(frame, schema)


def _bounds(texts: tuple[str, ...] | None) -> dict[str, Range] | None:
    return None if texts is None else dict(_bound(text) for text in texts if text != "none")


def _bound(text: str) -> tuple[str, Range]:
    name, _, limits = text.partition("=")
    low, colon, high = limits.partition(":")
    bound = _limit(low), _limit(high)
    if not colon or bound == (None, None):
        raise UsageError(
            f"--bound {text!r}: write 'SERIES=LOW:HIGH', with numbers, or with other series as in "
            "'high=open,close:'; either may be left out"
        )
    return name.strip(), bound


def _limit(text: str) -> Limit:
    try:
        return float(text)
    except ValueError:
        names = tuple(name for part in text.split(",") if (name := part.strip()))
    return names if len(names) > 1 else names[0] if names else None


def _unit(text: str) -> tuple[str, str]:
    name, equals, unit = text.partition("=")
    if not equals or not unit.strip():
        raise UsageError(f"--unit {text!r}: write 'SERIES=UNIT'")
    return name.strip(), unit.strip()


def read_frame(path: Path, text: str | None = None) -> pd.DataFrame:
    """The table of a file, numbers as numbers where all cells of a column are.

    The column `text` stays as it is, and so do dates of Excel, codes that begin with a nought, and
    Parquet.
    """
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    frame = flat(read_file(path).frame)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise UsageError(f"two columns of {path.name} are called {twice[0]!r}; rename or drop one")
    for name in () if path.suffix.lower() == ".parquet" else frame:
        cells = frame[name].replace("", None)
        dated = any(isinstance(cell, date) for cell in cells)
        if name == text or dated or cells.astype(str).str.match(r"0\d").any():
            frame[name] = cells
            continue
        try:
            frame[name] = pd.to_numeric(cells)
        except (ValueError, TypeError):
            continue
    return frame


def _told(path: Path) -> pd.DataFrame:
    """The table of a condition, which may have one column only."""
    try:
        return read_frame(path)
    except PanelError:
        first = path.read_bytes().partition(b"\n")[0].strip()
        if path.suffix.lower() != ".csv" or not first or any(mark in first for mark in b",;\t"):
            raise
        return pd.read_csv(path)


def read_made(name: str, real: EntityPanel) -> SyntheticPanels:
    """Panels as `econdiff synth` writes them, or one panel without the column `panel`."""
    path, schema = Path(name), real.schema
    frame = read_frame(path, text=schema.entity)
    needed = [n for n in (schema.entity, schema.time, *schema.series) if n is not None]
    absent = [n for n in needed if n not in frame]
    if absent:
        raise UsageError(f"{path.name} has no column {absent[0]!r}, which the real panel has")
    if frame.empty:
        raise UsageError(f"{path.name} has no rows; there is nothing to judge")
    if "panel" in frame and (empty := pd.Series(frame["panel"]).isna().to_numpy()).any():
        row = int(empty.argmax())
        raise UsageError(f"'panel' is empty in row {row} of {path.name}; number every copy")
    groups = [part for _, part in frame.groupby("panel")] if "panel" in frame else [frame]
    try:
        panels = [read_like(part, schema) for part in groups]
    except SynthError as error:
        raise UsageError(f"{path.name}: {error}") from error
    shapes = {panel.values.shape for panel in panels}
    if len(shapes) > 1:
        raise UsageError(f"the panels of {path.name} differ in size: {sorted(shapes)}")
    values, first = np.stack([panel.values for panel in panels]), panels[0]
    facts = {"generator": "not ours"}
    statics = [panel.statics for panel in panels]
    return SyntheticPanels(values, first.index, first.entities, statics, schema, facts)
