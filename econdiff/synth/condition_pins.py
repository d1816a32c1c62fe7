"""What a condition says of the values of series, as pins on the panels to be drawn.

A column of a table of time is a mean over entities or an entity's own; a `Scenario` is what
forecasts take too: cells, averages, sums, spreads and growth, exact or give or take a deviation,
in numbers or above what is expected without it. Steps 1, 2, ... are the first periods drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from econdiff.periods import period_labels, steps_after
from econdiff.scenario import Pin as Statement
from econdiff.scenario import Term
from econdiff.scenario.statement import When
from econdiff.synth.condition import Condition, reign, shock_names
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.effects import described
from econdiff.synth.errors import SynthError
from econdiff.synth.generation import calendar, names_of
from econdiff.synth.panel import EntityPanel
from econdiff.synth.pinning import Cell, Pin, seen
from econdiff.synth.schema import Schema


def planned(
    real: EntityPanel,
    told: Condition,
    *,
    length: int | None,
    start: str,
    entities: int | None = None,
    missing: bool = False,
) -> "Calendar":
    """The panels to be drawn; SynthError, before any fit, for what cannot be told of them."""
    shock_names(told, Coordinates(real.schema).names)
    if start == "last":
        if entities is not None or told.statics is not None:
            raise SynthError("a panel that goes on has the real entities; describe no others")
        index = steps_after(pd.DataFrame(index=real.index), length or len(real.index))
        names = real.entities
    else:
        index, count = calendar(real.index, length), entities
        if told.statics is not None:
            count = len(described(real.statics, told.statics)[0])
        if entities not in (None, count):
            raise SynthError(f"{entities} entities were asked for and {count} described")
        names = names_of(real, len(real.entities) if count is None else count)
    if missing and (len(names), len(index)) != real.values.shape[:2]:
        raise SynthError("holes can be kept only for as many entities and periods as are real")
    made = Calendar(pd.PeriodIndex(index), names, real.schema)
    for span in told.regimes(made.index):
        reign(real.index, span)
    unknown = np.full((len(names), len(index), len(real.schema.series)), np.nan)
    made.pins(told, lambda: unknown)
    told.shocked(made.index, 0 if start == "last" else 1)
    return made


@dataclass(frozen=True)
class Calendar:
    """What pins speak of: the periods, entities and schema of the panels to be drawn."""

    index: pd.PeriodIndex
    entities: tuple[str, ...]
    schema: Schema

    def pins(self, told: Condition, baseline: Callable[[], np.ndarray]) -> list[Pin]:
        """All pins of `told`; `baseline` gives the values [entity, time, series] to expect.

        SynthError for a value on or beyond the limits of its series; NaN is one not known yet.
        """
        found = self._pins(told, baseline)
        limits = Coordinates(self.schema).limits
        for pin in found:
            if len(pin.cells) != 1 or pin.sd or np.isnan(pin.value):
                continue
            cell, total = pin.cells[0], pin.cells[0].weights.sum()
            name = self.schema.series[cell.series]
            low, high = limits(name)
            if not low < pin.value / total < high:
                raise SynthError(
                    f"the condition says {name} = {pin.value / total:g} at "
                    f"{period_labels(self.index)[cell.time]}; it is kept "
                    + (f"above {low:g}" if high == np.inf else f"between {low:g} and {high:g}")
                )
        return found

    def _pins(self, told: Condition, baseline: Callable[[], np.ndarray]) -> list[Pin]:
        found = [
            Pin((self._cell(column, place, 1.0),), value)
            for column, place, value in told.cells(self.index)
            if not column.startswith("shock ")
        ]
        if told.scenario is None:
            return found
        if told.scenario.events:
            raise SynthError(
                f"the event {told.scenario.events[0]!r}: panels are told values, not events; "
                "pin the cells"
            )
        return found + [self._stated(pin, baseline) for pin in told.scenario.pins]

    def _stated(self, pin: Statement, baseline: Callable[[], np.ndarray]) -> Pin:
        cells = tuple(self._term(term) for term in pin.terms)
        if pin.growth:
            if pin.sd:
                raise SynthError(f"{pin.label!r}: growth is pinned exactly; leave its sd out")
            before, after = cells
            factor = 1 + pin.value / 100
            return Pin((after, replace(before, weights=-factor * before.weights)), 0.0)
        found = Pin(cells, pin.value, pin.sd)
        if not pin.relative:
            return found
        (expected,) = seen(baseline(), [found])
        above = pin.value / 100 * expected if pin.relative == "per cent" else pin.value
        return replace(found, value=float(expected + above))

    def _term(self, term: Term) -> Cell:
        return self._cell(term.series, self._place(term.when), term.weight)

    def _cell(self, column: str, place: int, weight: float) -> Cell:
        name, _, entity = column.partition("@")
        series = self.schema.series
        if name not in series:
            raise SynthError(f"no series {name!r} is drawn; there are {', '.join(series)}")
        if entity and entity not in self.entities:
            first, last = self.entities[0], self.entities[-1]
            raise SynthError(f"no entity {entity!r} is drawn; there are {first} to {last}")
        mine = np.array([not entity or entity == other for other in self.entities], float)
        return Cell(weight * mine / mine.sum(), series.index(name), place)

    def _place(self, when: When) -> int:
        if isinstance(when, int):
            place = when - 1 if 1 <= when <= len(self.index) else -1
        else:
            try:
                period = pd.Period(str(when), freq=self.index.freq)
            except ValueError as error:
                raise SynthError(f"{when!r} is no period of this panel: {error}") from error
            place = int(self.index.get_indexer(pd.PeriodIndex([period]))[0])
        if place < 0:
            raise SynthError(
                f"the scenario speaks of {when}, which is not drawn: {self.index[0]} to "
                f"{self.index[-1]}"
            )
        return place
