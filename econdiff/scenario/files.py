"""Scenarios from files.

A CSV or Excel file is a table with holes, its first column the periods, or a Federal Reserve
supervisory scenario as published; cells between semicolons may have decimal commas. A TOML file has
the left sides of `econdiff.scenario.reading`:

    name = "Rates stay high"
    events = ["growth(GDPC1) < 0 for 2"]
    [pins]
    FEDFUNDS = [5.5, 5.5, 5.25]
    UNRATE = { "2025Q4" = 6.0 }
    "spread(GS10, FEDFUNDS)" = -1.0
    [sd]
    FEDFUNDS = 0.25
"""

import re
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

from econdiff.panel.cells import is_missing
from econdiff.panel.errors import PanelError
from econdiff.panel.table import even_rows, read_cells
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.reading import cells_of, pins_of
from econdiff.scenario.statement import Pin, Scenario


def read_scenario(path: str | Path) -> Scenario:
    """Read a CSV, Excel or TOML file; ScenarioError says what is wrong and how to write it."""
    path = Path(path)
    if not path.is_file():
        raise ScenarioError(
            f"there is no scenario file {path.name!r}; name a .csv, .xlsx or .toml file"
        )
    match path.suffix.lower():
        case ".toml":
            return _from_toml(path)
        case ".csv" | ".xlsx" | ".xls":
            return _from_table(path)
        case kind:
            raise ScenarioError(
                f"a scenario is read from .csv, .xlsx or .toml, got {kind or path.name!r}"
            )


def _from_toml(path: Path) -> Scenario:
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path.name} is not TOML: {error}") from error
    unknown = set(said) - {"name", "events", "pins", "sd"}
    if unknown:
        raise ScenarioError(
            f"{path.name} has the unknown keys {sorted(unknown)}; a scenario has name, events, "
            "[pins] and [sd]"
        )
    for key, example in (("pins", "NAME = [5.5, 5.25]"), ("sd", "NAME = 0.25")):
        if not isinstance(said.get(key, {}), dict):
            raise ScenarioError(
                f"{path.name}: {key} is a table, got {said[key]!r}; write [{key}], and below it "
                f"{example}"
            )
    stray = set(said.get("sd", {})) - set(said.get("pins", {}))
    if stray:
        raise ScenarioError(f"{path.name} has an sd for {sorted(stray)}, which [pins] do not pin")
    pins: list[Pin] = []
    for left, right in said.get("pins", {}).items():
        sd = said.get("sd", {}).get(left, 0.0)
        if isinstance(sd, bool) or not isinstance(sd, int | float):
            raise ScenarioError(f"{path.name}: the sd of {left} is one number, got {sd!r}")
        pins += [replace(pin, sd=float(sd)) for pin in pins_of(left, right)]
    events = said.get("events", [])
    if not isinstance(events, list) or not all(isinstance(event, str) for event in events):
        raise ScenarioError(f"{path.name}: events is a list of texts, got {events!r}")
    return Scenario(tuple(pins), tuple(events), str(said.get("name", path.stem)))


def _from_table(path: Path) -> Scenario:
    try:
        rows, _ = read_cells(path)
        rows = [row for row in rows if any(cell != "" for cell in row)]
        names = [str(cell).strip() for cell in rows[0]] if rows else []
        body = even_rows(rows[1:], len(names), 1, path.name)
    except PanelError as error:
        raise ScenarioError(f"{path.name} is no table of periods and series: {error}") from error
    if len(names) < 2:
        raise ScenarioError(f"{path.name} needs a column of periods and a column a series")
    name = path.stem
    if names[0] == "Scenario Name":  # as the Federal Reserve publishes them
        scenarios = list(dict.fromkeys(str(row[0]) for row in body))
        if len(scenarios) != 1:
            raise ScenarioError(f"{path.name} holds the scenarios {scenarios}; keep one")
        name, names, body = scenarios[0], names[1:], [row[1:] for row in body]
    periods = [_period(row[0]) for row in body]
    for at, period in enumerate(periods):
        if not period or period in periods[:at]:
            wrong = "is there twice" if period else "is empty"
            raise ScenarioError(f"{path.name}: the period of row {at + 2} {wrong}")
    pins: list[Pin] = []
    for column, series in enumerate(names[1:], start=1):
        for period, row in zip(periods, body, strict=True):
            cell = row[column]
            said = cell.strip() if isinstance(cell, str) else cell
            if not is_missing(said):
                pins += cells_of(series, period, said)
    if not pins:
        raise ScenarioError(f"{path.name} pins nothing: every cell below its names is empty")
    return Scenario(tuple(pins), name=name)


def _period(cell: object) -> str:
    """The period of a row as text; Excel has days as dates, and years as numbers."""
    if isinstance(cell, date):
        return f"{cell:%Y-%m-%d}"
    text = f"{cell:g}" if isinstance(cell, float) else str(cell).strip()
    return re.sub(r"^(\d{4})[ :-]?(Q\d)$", r"\1\2", text)
