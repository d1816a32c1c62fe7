"""INPUT of the command line, read: a file, a bundled panel or a snapshot."""

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from econdiff.commands.errors import UsageError
from econdiff.commands.manifest import panel_record
from econdiff.commands.models import nearest
from econdiff.data import TERMS, load
from econdiff.panel import describe_panel
from econdiff.transforms import Choice, Floors, Transform, chosen, fred_md, periods_per_year


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


@dataclass(frozen=True, eq=False)
class Input:
    """The panel, how it is to be modelled, and the record of it for the manifest."""

    panel: pd.DataFrame
    transforms: Choice
    record: dict[str, Any]


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
    record = {
        "name": source.name,
        "source": source.title or {"file": "a file of the user's"}.get(source.kind, source.kind),
        "kind": source.kind,
        "vintage": source.vintage,
        "source_sha256": source.sha256,
        **panel_record(panel),
        "titles": {name: text for name, text in source.titles.items() if name in panel},
        "notes": list(dict.fromkeys([*describe_panel(panel).splitlines(), *source.notes])),
    }
    if source.kind == "snapshot":
        record["terms"] = " ".join(TERMS.split())
    transforms = named_transforms(reading.transform, panel)
    if reading.floor:
        transforms = _floors(reading.floor, transforms, panel)
    return Input(panel, transforms, record)


def _floors(
    said: tuple[tuple[str, float], ...],
    transforms: Literal["auto"] | dict[str, Transform],
    panel: pd.DataFrame,
) -> Floors:
    """The transforms with the floors of `--floor`, which the whole panel is above."""
    names = [str(name) for name in panel.columns]
    for name, _ in said:
        if name not in names:
            raise UsageError(f"--floor: no series {name!r}; {nearest(name, names)}")
    floors = Floors(dict(said), transforms)
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
        codes = dict(_code(part, names) for part in said.split(","))
    missing = [name for name in names if name not in codes]
    if missing:
        raise UsageError(
            f"--transform {said} gives no code for {', '.join(missing)}; name a FRED-MD code for "
            f"every series, as in {missing[0]}=5, or say auto"
        )
    return {name: fred_md(codes[name], per_year=per_year) for name in names}


def _code(part: str, names: list[str]) -> tuple[str, int]:
    name, _, code = part.rpartition("=")
    if code not in tuple("1234567"):
        raise UsageError(
            "--transform takes auto, none, file, or FRED-MD codes such as GDP=5,UNRATE=2; "
            f"got {part!r}"
        )
    if name not in names:
        raise UsageError(f"--transform: no series {name!r}; {nearest(name, names)}")
    return name, int(code)
