"""What is assumed: pins on cells, averages, sums, spreads and growth; and events.

A `Scenario` speaks the user's language: series by name, periods, the user's units. It knows no
model. `econdiff.scenario.binding.bind` turns it into linear restrictions on a model's own units.

    Scenario.of(table)                                    # a table with holes
    Scenario((cell("FEDFUNDS", "2025Q1", 5.5), spread("GS10", "FEDFUNDS", "2025Q1", -1.0)))
    Scenario.of(table) + Scenario(events=("growth(GDPC1) < 0 for 2",))
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from econdiff.scenario.errors import ScenarioError

When = str | int | pd.Period | pd.Timestamp
"""A period as text ("2025Q1"), a pandas Period or date, or a step after the origin (1, 2, ...)."""

MODES = ("hard", "soft", "density", "event", "tilt")
Mode = Literal["hard", "soft", "density", "event", "tilt"]


@dataclass(frozen=True)
class Term:
    """`weight` times a cell."""

    series: str
    when: When
    weight: float = 1.0


@dataclass(frozen=True)
class Pin:
    """`terms` add up to `value`, give or take a standard deviation `sd`.

    With `relative` the value is added to what the model expects without the scenario: in the
    user's units ("points"; "percentage points" only where these are per cent), or as a percentage
    of it ("per cent"; of the geometric mean, for the series is in logarithms; in the mode tilt, and
    in synthetic panels, of the mean). With `growth` the terms are an earlier and a later cell, and
    `value` is the change between them in per cent.
    """

    label: str
    terms: tuple[Term, ...]
    value: float
    sd: float = 0.0
    relative: Literal["", "points", "percentage points", "per cent"] = ""
    growth: bool = False

    @property
    def said(self) -> str:
        """The value as it was stated: 5.5, 2% or baseline +1."""
        percent = "%" if self.growth or self.relative == "per cent" else ""
        sign = "+" if self.relative else ""
        value = f"{self.value:{sign}.12g}{percent}"
        return f"baseline {value}" if self.relative else value

    def __post_init__(self) -> None:
        if not self.terms:
            raise ScenarioError(f"the pin {self.label!r} names no cell")
        if not pd.notna(self.value) or abs(self.value) == float("inf"):
            raise ScenarioError(f"the pin {self.label!r} needs a number, got {self.value}")
        if not 0 <= self.sd < float("inf"):
            raise ScenarioError(
                f"the pin {self.label!r} has the standard deviation {self.sd}; it must be 0 "
                "(exact) or a positive number in the units of the series"
            )


@dataclass(frozen=True)
class Scenario:
    """Pins that hold together, and events that happen. `name` is for titles."""

    pins: tuple[Pin, ...] = ()
    events: tuple[str, ...] = ()
    name: str = ""

    @classmethod
    def of(cls, table: pd.DataFrame, sd: float | pd.DataFrame = 0.0, name: str = "") -> "Scenario":
        """The table with holes: `table` [period x series], NaN where the cell is free."""
        values = table.to_numpy(float)  # [period, series]
        errors = np.full(values.shape, sd) if isinstance(sd, float | int) else sd.to_numpy(float)
        pins = [
            cell(str(series), _when(when), float(values[row, column]), float(errors[row, column]))
            for column, series in enumerate(table.columns)
            for row, when in enumerate(table.index)
            if np.isfinite(values[row, column])
        ]
        return cls(tuple(pins), name=name)

    def __add__(self, other: "Scenario") -> "Scenario":
        name = " + ".join(part for part in (self.name, other.name) if part)
        return Scenario(self.pins + other.pins, self.events + other.events, name)

    def with_sd(self, sd: float) -> "Scenario":
        """The same pins with the standard deviation `sd`, where they had none of their own."""
        pins = tuple(pin if pin.sd else replace(pin, sd=sd) for pin in self.pins)
        return replace(self, pins=pins)


def cell(series: str, when: When, value: float, sd: float = 0.0) -> Pin:
    """One cell."""
    return Pin(f"{series} {written(when)}", (Term(series, when),), value, sd)


def average(series: str, periods: Sequence[When], value: float, sd: float = 0.0) -> Pin:
    """The average of a series over `periods`."""
    terms = tuple(Term(series, when, 1 / len(periods)) for when in periods)
    return Pin(f"average {series} {_span(periods)}", terms, value, sd)


def total(series: str, periods: Sequence[When], value: float, sd: float = 0.0) -> Pin:
    """The sum of a series over `periods`."""
    terms = tuple(Term(series, when) for when in periods)
    return Pin(f"sum {series} {_span(periods)}", terms, value, sd)


def change(series: str, start: When, end: When, value: float, sd: float = 0.0) -> Pin:
    """The difference of a series between two periods, in its units."""
    terms = (Term(series, end), Term(series, start, -1.0))
    return Pin(f"change {series} {_span((start, end))}", terms, value, sd)


def spread(series: str, less: str, when: When, value: float, sd: float = 0.0) -> Pin:
    """One series less another in the same period."""
    terms = (Term(series, when), Term(less, when, -1.0))
    return Pin(f"{series} less {less} {written(when)}", terms, value, sd)


def growth(series: str, start: When, end: When, value: float, sd: float = 0.0) -> Pin:
    """The growth of a series from one period to a later one, in per cent, not annualised."""
    terms = (Term(series, start), Term(series, end))
    return Pin(f"growth {series} {_span((start, end))}", terms, value, sd, growth=True)


def above_baseline(
    series: str,
    whens: Sequence[When],
    by: float,
    unit: Literal["points", "percentage points", "per cent"] = "points",
) -> tuple[Pin, ...]:
    """A series `by` so much above what is expected without the scenario.

    In its own units ("points"); 1 of the "percentage points" of a series in per cent is 100 basis
    points.
    """
    sign = "%" if unit == "per cent" else ""
    return tuple(
        Pin(
            f"{series} {written(when)} baseline {by:+g}{sign}",
            (Term(series, when),),
            by,
            relative=unit,
        )
        for when in whens
    )


def written(when: When) -> str:
    """A period as text."""
    return f"step {when}" if isinstance(when, int) else str(_when(when))


def _span(periods: Sequence[When]) -> str:
    return f"{written(periods[0])} to {written(periods[-1])}"


def _when(label: object) -> When:
    if isinstance(label, pd.Timestamp):
        return f"{label:%Y-%m-%d}"
    return label if isinstance(label, int | pd.Period) else str(label)
