"""From what is assumed to what a model is told: linear restrictions in model units.

A model draws the steps after the last row that is complete. What has been published of the
rows since (the ragged edge) and what a scenario pins are both restrictions on them (`pins`);
`pin_rows` works out each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.periods import steps_after
from econdiff.scenario.ahead import Ahead
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.pin_rows import Row, row_of
from econdiff.scenario.pins import Pins, refuse_conflicts
from econdiff.scenario.statement import Pin, Scenario, written
from econdiff.transforms.ragged import edge_rows
from econdiff.transforms.series import Difference, Transform


@dataclass(frozen=True, eq=False)
class BoundScenario:
    """A scenario at an origin.

    `start` is the history up to its last complete row (the user's units), `index` the periods
    from there to the horizon, of which the first `edge` lie in the history. `facts` are
    what the history says of those, `pins` what the scenario adds, `stated` as it was said, pin by
    pin.
    """

    start: pd.DataFrame
    index: pd.PeriodIndex | pd.DatetimeIndex
    edge: int
    transforms: Mapping[str, Transform]
    facts: Pins
    pins: Pins
    events: tuple[str, ...]
    stated: tuple[Pin, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The series, in the order of the cells."""
        return tuple(self.transforms)

    @property
    def steps(self) -> int:
        """How many steps are drawn: those of the edge and those of the horizon."""
        return len(self.index)

    def index_of(self, *, edge: bool) -> pd.PeriodIndex | pd.DatetimeIndex:
        """The periods of the ragged edge, or those of the horizon."""
        rows = np.arange(self.steps)
        chosen = self.index.take(rows[: self.edge] if edge else rows[self.edge :])
        if not isinstance(chosen, pd.PeriodIndex | pd.DatetimeIndex):
            raise TypeError(f"periods are needed, got {type(chosen).__name__}")
        return chosen

    def to_user(self, samples: np.ndarray) -> np.ndarray:
        """Draws [path, step, series] in model units, in the user's."""
        columns = [
            transform.invert(samples[:, :, k], self.start[name].to_numpy(float))
            for k, (name, transform) in enumerate(self.transforms.items())
        ]
        return np.stack(columns, axis=-1)


def bind(
    scenario: Scenario,
    history: pd.DataFrame,
    horizon: int,
    transforms: Mapping[str, Transform] | None = None,
) -> BoundScenario:
    """Read `scenario` at the end of `history`; ScenarioError says what cannot be.

    `transforms` lead to the model's units; None where the model works in the user's.
    """
    if history.columns.has_duplicates:
        twice = history.columns[history.columns.duplicated()][0]
        raise ScenarioError(f"two series are named {twice!r}; rename one")
    transforms = transforms or {str(name): Difference() for name in history.columns}
    history = history.loc[:, list(transforms)]
    edge = edge_rows(history, transforms)
    start, known = history.iloc[: len(history) - edge], history.iloc[len(history) - edge :]
    index = known.index.append(steps_after(history, horizon))
    ahead = Ahead(start, known, index, edge, transforms)
    facts = [row_of(ahead, pin) for pin in Scenario.of(known).pins]
    pins = [row_of(ahead, ahead.told(pin)) for pin in scenario.pins]
    cells = len(index) * len(transforms)
    bound = BoundScenario(
        start,
        index,
        edge,
        transforms,
        _stacked(facts, cells),
        _stacked(pins, cells),
        scenario.events,
        scenario.pins,
    )
    _refuse_parts(pins)
    refuse_conflicts(bound.facts, bound.pins)
    return bound


def _refuse_parts(rows: list[Row]) -> None:
    """Refuse several values of one cell, of months where the panel has quarters."""
    said: dict[tuple[str, str], Pin] = {}
    for row in rows:
        term = row.pin.terms[0]
        if len(row.pin.terms) > 1 or isinstance(term.when, int):
            continue
        first = said.setdefault((term.series, row.period), row.pin)
        if written(first.terms[0].when) != written(term.when):
            raise ScenarioError(
                f"{first.label!r} and {row.pin.label!r} both fall in {row.period}, of which the "
                f"panel has one value of {term.series}: pin that, an average perhaps, or put the "
                "series beside the panel by --stack"
            )


def linear_scale(bound: BoundScenario, changes: np.ndarray) -> np.ndarray:
    """Changes [cell, ...] in model units as changes of the series, [step, series, ...].

    Of a series that is modelled in logarithms, 100 times the change of its logarithm; of one with a
    floor, the change of its shadow rate.
    """
    cells = changes.reshape(bound.steps, len(bound.names), *changes.shape[1:])
    out = np.empty_like(cells)
    for k, (name, transform) in enumerate(bound.transforms.items()):
        _, matrix = transform.linear(bound.start[name].to_numpy(float), bound.steps)
        out[:, k] = np.tensordot(matrix, cells[:, k], axes=1) * (100 if transform.log else 1)
    return out


def _stacked(rows: list[Row], cells: int) -> Pins:
    return Pins(
        tuple(row.pin.label for row in rows),
        tuple(" ".join(dict.fromkeys(t.series for t in row.pin.terms)) for row in rows),
        tuple(row.period for row in rows),
        np.array([row.weights for row in rows]).reshape(len(rows), cells),
        np.array([row.value for row in rows]),
        np.array([row.sd for row in rows]),
        np.array([bool(row.pin.relative) for row in rows], bool),
        np.array([row.log for row in rows], bool),
        {row.pin.label: row.shadow for row in rows if row.shadow is not None},
    )
