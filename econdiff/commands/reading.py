"""INPUT of the command line, read: a file, a bundled panel or a snapshot."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from econdiff.commands.errors import UsageError
from econdiff.commands.manifest import panel_record
from econdiff.commands.models import nearest
from econdiff.data import TERMS, Source, load
from econdiff.panel import PanelError, describe_panel
from econdiff.periods import period_label
from econdiff.stacking import stack
from econdiff.transforms import Choice, Floors, Transform, chosen, fred_md, periods_per_year
from econdiff.transforms.ragged import LONGEST_EDGE


@dataclass(frozen=True)
class Reading:
    """What to read and how; see the options of `econdiff forecast`."""

    input: str
    series: tuple[str, ...] = ()
    freq: str | None = None
    gaps: Literal["error", "nan"] = "error"
    transform: str = "auto"
    id: str = "unique_id"
    time: str = "ds"
    value: str = "y"
    sheet: str | None = None
    floor: tuple[tuple[str, float], ...] = ()
    stack: str | None = None
    stack_series: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Input:
    """The panel, how it is to be modelled, and the record of it for the manifest."""

    panel: pd.DataFrame
    transforms: Choice
    record: dict[str, Any]
    fast: pd.DataFrame | None = None  # what is stacked in the panel, at its own frequency

    @property
    def own(self) -> list[str]:
        """The series at the panel's own frequency."""
        stacked = {column for columns in _stacked_in(self.panel).values() for column in columns}
        return [str(name) for name in self.panel.columns if name not in stacked]


def read(reading: Reading) -> Input:
    """The panel that INPUT names, with these series only where some are asked for."""
    series = list(dict.fromkeys(reading.series)) or None
    panel, source = load(
        reading.input,
        freq=reading.freq,
        gaps=reading.gaps,
        series=series,
        id=reading.id,
        time=reading.time,
        value=reading.value,
        sheet=reading.sheet,
    )
    titles, notes = dict(source.titles), [*describe_panel(panel).splitlines(), *source.notes]
    fast, more = None, None
    if reading.stack is not None:
        panel, fast, more = _stacked(reading, panel)
        titles |= {
            column: f"{more.titles[name]}, {column.rpartition('_')[2]}"
            for name, columns in _stacked_in(panel).items()
            if name in more.titles
            for column in columns
        }
        notes += [f"stacked, {note}" for note in describe_panel(fast).splitlines()]
        notes += [f"stacked, {note}" for note in more.notes]
        notes.append(_where(panel, fast))
    elif reading.stack_series:
        raise UsageError("--stack-series names series of --stack; say which panel that is")
    record = {
        "name": source.name,
        "source": source.title or {"file": "a file of the user's"}.get(source.kind, source.kind),
        "kind": source.kind,
        "vintage": source.vintage,
        "source_sha256": source.sha256,
        **panel_record(panel),
        "titles": {name: text for name, text in titles.items() if name in panel},
        "notes": list(dict.fromkeys(notes)),
    }
    if fast is not None and more is not None:
        record["stacked"] = {
            "name": more.name,
            "vintage": more.vintage,
            "source_sha256": more.sha256,
            **panel_record(fast),
            "titles": {name: text for name, text in more.titles.items() if name in fast},
            "columns": _stacked_in(panel),
        }
    if "snapshot" in (source.kind, more and more.kind):
        record["terms"] = " ".join(TERMS.split())
    transforms = named_transforms(reading.transform, panel)
    if reading.floor:
        transforms = _floors(reading.floor, transforms, panel)
    return Input(panel, transforms, record, fast)


def _stacked(reading: Reading, panel: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, Source]:
    """The panel with the series of `--stack` in it; these at their own frequency; their source."""
    series = list(dict.fromkeys(reading.stack_series)) or None
    try:
        fast, source = load(str(reading.stack), gaps=reading.gaps, series=series)
    except PanelError as error:
        words = str(error).replace("(--series)", "(--stack-series)")
        raise PanelError(f"--stack {Path(str(reading.stack)).name}: {words}") from error
    both = stack(panel, fast)
    last, after = period_label(panel.index[-1]), len(both) - len(panel)
    if after > LONGEST_EDGE:
        raise PanelError(
            f"--stack {source.name} goes on to {period_label(fast.index[-1])}, {after} periods "
            f"after {Path(reading.input).name} ends in {last}; cut it at what was known then"
        )
    return both, fast, source


def _stacked_in(panel: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of each stacked series."""
    return panel.attrs.get("stacked", {})


def _where(panel: pd.DataFrame, fast: pd.DataFrame) -> str:
    """Which months stand in the last quarter, in words: fiscal quarters are read as others."""
    last, inside = pd.PeriodIndex(panel.index)[-1], pd.PeriodIndex(fast.index).freqstr
    first, end = (period_label(last.asfreq(inside, how)) for how in ("start", "end"))
    return f"stacked, {first} to {end} stand in {period_label(last)}"


def _floors(
    said: tuple[tuple[str, float], ...],
    transforms: Literal["auto"] | dict[str, Transform],
    panel: pd.DataFrame,
) -> Floors:
    """The transforms with the floors of `--floor`, which the whole panel is above."""
    said_of = {column: value for name, value in said for column in _columns("--floor", name, panel)}
    floors = Floors(said_of, transforms)
    try:
        chosen(floors, panel)
    except ValueError as error:
        raise UsageError(f"--floor: {error}") from error
    return floors


def named_transforms(said: str, panel: pd.DataFrame) -> Literal["auto"] | dict[str, Transform]:
    """`auto`, `none`, `file` (the codes in a FRED-MD file), or codes by name: `GDP=5,UNRATE=2`."""
    names = [str(name) for name in panel.columns]
    per_year = periods_per_year(panel.index)
    per_year = per_year if per_year <= 12 else 1  # weeks and days are not brought to a year
    codes: dict[str, int] = dict(panel.attrs.get("codes", {}))
    if said == "auto":
        return "auto"
    if said == "none":
        codes = dict.fromkeys(names, 1)
    elif said != "file":
        codes = dict(pair for part in said.split(",") for pair in _codes(part, panel))
    missing = [name for name in names if name not in codes]
    if missing:
        raise UsageError(
            f"--transform {said} gives no code for {', '.join(missing)}; name a FRED-MD code for "
            f"every series, as in {missing[0]}=5, or say auto"
        )
    return {name: fred_md(codes[name], per_year=per_year) for name in names}


def _codes(part: str, panel: pd.DataFrame) -> list[tuple[str, int]]:
    name, _, code = part.rpartition("=")
    if code not in tuple("1234567"):
        raise UsageError(
            "--transform takes auto, none, file, or FRED-MD codes such as GDP=5,UNRATE=2; "
            f"got {part!r}"
        )
    return [(column, int(code)) for column in _columns("--transform", name, panel)]


def _columns(option: str, name: str, panel: pd.DataFrame) -> list[str]:
    """The column of a series, and those in which it is stacked."""
    names, stacked = [str(column) for column in panel.columns], _stacked_in(panel)
    found = [*([name] if name in names else []), *stacked.get(name, [])]
    if not found:
        raise UsageError(f"{option}: no series {name!r}; {nearest(name, [*names, *stacked])}")
    return found
