"""Pins in words, as the command line and files have them.

FEDFUNDS=5.5,5.5,5.25              the first steps after the origin; an empty place is free
FEDFUNDS=baseline+100bp for 4      above what is expected without the scenario; bp and pp are
of a series in per cent, baseline+0.01 is in its own units
WTI=baseline+100% for 4 quarters   twice what is expected: its geometric mean; tilt: its mean
UNRATE@2025Q4=6                    one period; also spread(A, B)@2025Q4=1
average(UNRATE, 2025Q1, 2025Q4)=6  also sum, change, growth (per cent); spread(A, B)=1,1
"""

import re
from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd

from econdiff.panel.cells import is_missing
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.statement import (
    Pin,
    Scenario,
    When,
    above_baseline,
    average,
    cell,
    change,
    growth,
    spread,
    total,
)

_CALL = re.compile(r"^(average|sum|change|growth|spread)\s*\((.*)\)$")
_CALLED = re.compile(r"^[a-z]+\(.*[,@].*\)$")  # a name may have parentheses too
_ABOVE = re.compile(
    r"^baseline\s*(?P<sign>[+-])\s*(?P<by>\d+\.?\d*|\.\d+)\s*(?P<unit>bp|pp|%)?"
    r"(?:\s+for\s+(?P<steps>[1-9]\d*)(?:\s+[a-z]+)?)?$"
)
_UNITS: dict[str | None, Literal["points", "percentage points", "per cent"]] = {
    None: "points",
    "bp": "percentage points",
    "pp": "percentage points",
    "%": "per cent",
}
_SPANS = {"average": average, "sum": total, "change": change, "growth": growth}


def parse_pin(text: str) -> Scenario:
    """Read one `--pin`: LEFT=VALUES."""
    left, equals, right = text.partition("=")
    if not equals or not left.strip() or not right.strip():
        raise ScenarioError(f"a pin is written NAME=5.5,5.5,5.25; got {text!r}")
    above = _ABOVE.match(right.strip())
    values = right.strip() if above else [part.strip() for part in right.split(",")]
    return Scenario(tuple(pins_of(left.strip(), values)))


def pins_of(left: str, right: Any) -> list[Pin]:
    """Pins of one left side: from a number, a list, a table of periods, or a text."""
    if _CALLED.match(left) and not _CALL.match(left):
        raise ScenarioError(
            f"{left!r} is no pin; there are average, sum, change, growth (NAME, FIRST, LAST) and "
            "spread (A, B)"
        )
    place, at, when = left.rpartition("@")
    if at:
        left, right = place.strip(), {when.strip(): _only(right, left)}
    call = _CALL.match(left)
    if call and call[1] != "spread":
        return [_of_span(call[1], call[2], _only(right, left))]
    name = left if not call else call[2]
    above = _ABOVE.match(right.strip()) if isinstance(right, str) else None
    if above and not call:
        return cells_of(name, tuple(range(1, int(above["steps"] or 1) + 1)), right)
    if isinstance(right, dict):
        cells: list[tuple[When, Any]] = [(_step(when), value) for when, value in right.items()]
    else:
        listed = right if isinstance(right, list) else [right]
        cells = list(enumerate(listed, start=1))
    return [
        pin
        for when, value in cells
        if not is_missing(value)
        for pin in (cells_of(name, when, value) if not call else [_spread(name, when, value)])
    ]


def _only(right: Any, left: str) -> Any:
    """The one value of a left side that takes one."""
    if not isinstance(right, list):
        return right
    if len(right) != 1:
        raise ScenarioError(f"{left} takes one value, got {right}")
    return right[0]


def cells_of(series: str, when: When | Sequence[When], value: Any) -> list[Pin]:
    """A cell, or cells of a relative statement."""
    above = _ABOVE.match(value) if isinstance(value, str) else None
    if above is None:
        return [cell(series, _single(when), _number(value, series))]
    if above["steps"] and not isinstance(when, tuple):
        raise ScenarioError(
            f"{series}: {value!r} of one period; write {series}={value} for the first steps, or "
            "each period by itself"
        )
    by = float(above["sign"] + above["by"]) / (100 if above["unit"] == "bp" else 1)
    whens = when if isinstance(when, tuple) else (_single(when),)
    return list(above_baseline(series, whens, by, _UNITS[above["unit"]]))


def _spread(inside: str, when: When, value: Any) -> Pin:
    names = [part.strip() for part in inside.split(",")]
    if len(names) != 2:
        raise ScenarioError(f"a spread is written spread(A, B), got spread({inside})")
    return spread(names[0], names[1], when, _number(value, f"spread({inside})"))


def _of_span(kind: str, inside: str, value: Any) -> Pin:
    parts = [part.strip() for part in inside.rsplit(",", 2)]  # a name may have commas
    if len(parts) != 3:
        raise ScenarioError(f"{kind} is written {kind}(NAME, FIRST, LAST), got {kind}({inside})")
    series, first, last = parts[0], _step(parts[1]), _step(parts[2])
    number = _number(value, f"{kind}({inside})")
    if kind in ("change", "growth"):
        return _SPANS[kind](series, first, last, number)
    return _SPANS[kind](series, periods_between(first, last), number)


def periods_between(first: When, last: When) -> list[When]:
    """All periods, or all steps ahead, from `first` to `last`."""
    if isinstance(first, int) and isinstance(last, int):
        found = range(first, last + 1)
    else:
        try:
            found = pd.period_range(pd.Period(str(first)), pd.Period(str(last)))
        except ValueError as error:
            raise ScenarioError(f"{first} to {last} is no span of periods: {error}") from error
    if len(found) == 0:
        raise ScenarioError(f"{first} to {last} is empty; name the earlier period first")
    return list(found)


def _step(text: str) -> When:
    """Small whole numbers are steps ahead; 4-digit numbers are years."""
    return int(text) if text.isdigit() and len(text) < 4 else text


def _single(when: When | Sequence[When]) -> When:
    return when if isinstance(when, When) else when[0]


def _number(value: Any, about: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        need = "a number is" if _CALL.match(about) else "a number or baseline+100bp is"
        raise ScenarioError(f"{about}: {need} needed, got {value!r}") from error
