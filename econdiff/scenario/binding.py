"""From what is assumed to what a model is told: linear restrictions in model units.

A model draws the steps after the last row that is complete. What has been published of the
rows since (the ragged edge) and what a scenario pins are both restrictions on them:

    matrix m = value,    m the future in model units, flattened [step, series], step first

Transforms are linear up to a link (`econdiff.transforms.series`), so a pinned level is a linear pin
on the growth rates before it, exactly, also where only its last quarter is given.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from econdiff.forecast import steps_after
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.statement import Pin, Scenario, Term, When, written
from econdiff.transforms.ragged import edge_rows
from econdiff.transforms.series import Difference, Transform


@dataclass(frozen=True, eq=False)
class Pins:
    """`matrix` [pin, cell] times the future is `value` [pin], with errors of deviation `sd`."""

    labels: tuple[str, ...]
    series: tuple[str, ...]  # of each pin, for tables of what drives what
    periods: tuple[str, ...]
    matrix: np.ndarray
    value: np.ndarray
    sd: np.ndarray
    relative: np.ndarray  # [pin], bool: `value` is on top of what is expected

    def __len__(self) -> int:
        return len(self.value)

    def at(self, centre: np.ndarray) -> "Pins":
        """The same pins with relative ones made absolute about the mean `centre` [cell]."""
        value = self.value + self.relative * (self.matrix @ centre)
        return replace(self, value=value, relative=np.zeros(len(self), bool))

    def keep(self, rows: np.ndarray) -> "Pins":
        """These pins only."""
        order = np.arange(len(self))[rows]
        return Pins(
            tuple(self.labels[k] for k in order),
            tuple(self.series[k] for k in order),
            tuple(self.periods[k] for k in order),
            self.matrix[order],
            self.value[order],
            self.sd[order],
            self.relative[order],
        )


@dataclass(frozen=True, eq=False)
class Bound:
    """A scenario at an origin.

    `start` is the history up to its last complete row (the user's units), `index` the periods
    from there to the horizon, of which the first `edge` lie in the history. `facts` are
    what the history says of those, `pins` what the scenario adds.
    """

    start: pd.DataFrame
    index: pd.PeriodIndex | pd.DatetimeIndex
    edge: int
    transforms: Mapping[str, Transform]
    facts: Pins
    pins: Pins
    events: tuple[str, ...]

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
) -> Bound:
    """Read `scenario` at the end of `history`; ScenarioError says what cannot be.

    `transforms` lead to the model's units; None where the model works in the user's.
    """
    transforms = transforms or {str(name): Difference() for name in history.columns}
    history = history.loc[:, list(transforms)]
    edge = edge_rows(history, transforms)
    start, known = history.iloc[: len(history) - edge], history.iloc[len(history) - edge :]
    index = known.index.append(steps_after(history, horizon))
    ahead = _Ahead(start, known, index, edge, transforms)
    facts = [ahead.row(pin) for pin in Scenario.of(known).pins]
    pins = [ahead.row(ahead.told(pin)) for pin in scenario.pins]
    cells = len(index) * len(transforms)
    bound = Bound(
        start,
        index,
        edge,
        transforms,
        _stacked(facts, cells),
        _stacked(pins, cells),
        scenario.events,
    )
    _refuse_conflicts(bound.facts, bound.pins)
    return bound


@dataclass(frozen=True, eq=False)
class _Row:
    pin: Pin
    weights: np.ndarray  # [cell]
    value: float
    sd: float
    period: str


@dataclass(frozen=True, eq=False)
class _Ahead:
    """Where each cell of the steps to come stands."""

    start: pd.DataFrame
    known: pd.DataFrame
    index: pd.PeriodIndex | pd.DatetimeIndex
    edge: int
    transforms: Mapping[str, Transform]

    def told(self, pin: Pin) -> Pin:
        """`pin`, if it says something about cells that are not all known."""
        cells = [(term, self.step(term.when), self.known_value(term)) for term in pin.terms]
        if all(value is not None for _, _, value in cells):
            shown = ", ".join(f"{t.series} {written(t.when)} = {v:g}" for t, _, v in cells)
            raise ScenarioError(
                f"{pin.label!r} is history already: {shown}; a scenario pins what is not known. "
                "Leave it out, or cut the history before it"
            )
        return pin

    def row(self, pin: Pin) -> _Row:
        """The pin in model units; the link of each series is the scale of the pin."""
        for term in pin.terms:
            self.known_series(term.series)
        if pin.growth:
            weights, value, sd = self._growth(pin)
        elif len(pin.terms) == 1:
            weights, value, sd = self._cell(pin)
        else:
            weights, value, sd = self._combined(pin)
        last = max(pin.terms, key=lambda term: self.step(term.when))
        return _Row(pin, weights, value, sd, self.label(last.when))

    def _cell(self, pin: Pin) -> tuple[np.ndarray, float, float]:
        (term,) = pin.terms
        weights, offset = self.way_back(term)
        if pin.relative:
            return weights, self._above(pin, term), self._link_sd(pin, term, pin.sd)
        value = self.link(term, pin.value / term.weight, pin.label)
        return weights, value - offset, self._link_sd(pin, term, pin.value)

    def _above(self, pin: Pin, term: Term) -> float:
        """The distance from the baseline on the scale of the link."""
        log = self.logs(term.series)
        if log and pin.relative == "per cent":
            if pin.value <= -100:
                raise ScenarioError(f"{pin.label!r}: {term.series} cannot fall by 100% or more")
            return float(np.log1p(pin.value / 100))
        if log or pin.relative == "per cent":
            need = "+5%" if log else "+0.5"
            raise ScenarioError(
                f"{pin.label!r}: {term.series} is modelled in {'logarithms' if log else 'levels'}; "
                f"say baseline{need}"
            )
        return pin.value

    def _link_sd(self, pin: Pin, term: Term, value: float) -> float:
        """The deviation on the scale of the link; a logarithm's is relative to the value."""
        if not self.logs(term.series) or pin.sd == 0:
            return pin.sd
        return pin.sd / 100 if pin.relative else pin.sd / abs(value)

    def _growth(self, pin: Pin) -> tuple[np.ndarray, float, float]:
        before, after = pin.terms
        (w0, o0), (w1, o1) = self.way_back(before), self.way_back(after)
        factor = 1 + pin.value / 100
        if not self.logs(after.series):  # x1 = factor x0
            return w1 - factor * w0, factor * o0 - o1, pin.sd / 100 * abs(o0)
        if factor <= 0:
            raise ScenarioError(f"{pin.label!r}: a series of positive values cannot fall by 100%")
        return w1 - w0, float(np.log(factor)) - (o1 - o0), pin.sd / 100 / factor

    def _combined(self, pin: Pin) -> tuple[np.ndarray, float, float]:
        weights, value = np.zeros(len(self.index) * len(self.transforms)), pin.value
        for term in pin.terms:
            if self.logs(term.series):
                raise ScenarioError(
                    f"{pin.label!r}: {term.series} is modelled in logarithms, in which sums and "
                    f"differences of its levels are not linear; pin its growth, as in "
                    f"growth({term.series}, FIRST, LAST)=2"
                )
            row, offset = self.way_back(term)
            weights += term.weight * row
            value -= term.weight * offset
        return weights, value, pin.sd

    def way_back(self, term: Term) -> tuple[np.ndarray, float]:
        """The link of a cell as `offset + weights @ m`; a known cell is its offset alone."""
        weights = np.zeros((len(self.index), len(self.transforms)))
        step, transform = self.step(term.when), self.transforms[term.series]
        if step < 0:
            known = self.known_value(term)
            if known is None:
                raise ScenarioError(f"{term.series} {written(term.when)} is missing in the history")
            return weights.ravel(), float(transform.link(np.array([known]))[0])
        try:
            past = self.start[term.series].to_numpy(float)
            offset, matrix = transform.linear(past, len(self.index))
        except ValueError as error:
            raise ScenarioError(f"{term.series}: {error}") from error
        weights[:, list(self.transforms).index(term.series)] = matrix[step]
        return weights.ravel(), float(offset[step])

    def link(self, term: Term, value: float, label: str) -> float:
        """`value` on the scale on which the series is linear."""
        try:
            return float(self.transforms[term.series].link(np.array([value]))[0])
        except ValueError as error:
            raise ScenarioError(f"{label!r} = {value:g}: {error}") from error

    def logs(self, series: str) -> bool:
        """Whether the series is modelled in logarithms."""
        return bool(self.transforms[series].link(np.array([2.0]))[0] != 2.0)

    def known_series(self, name: str) -> None:
        """Refuse a series that is not there."""
        if name not in self.transforms:
            names = list(self.transforms)
            near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {names}"
            raise ScenarioError(f"the scenario names {name!r}, which is no series here; {hint}")

    def step(self, when: When) -> int:
        """The step of a period, 0 for the first; negative in the part of the history behind it."""
        if isinstance(when, int):
            if not 1 <= when <= len(self.index) - self.edge:
                raise ScenarioError(
                    f"step {when} is not among the {len(self.index) - self.edge} steps ahead; "
                    "take a longer horizon"
                )
            return self.edge + when - 1
        period = self.period(when)
        place = self.periods.get_indexer(pd.PeriodIndex([period]))[0]
        if place >= 0:
            return int(place)
        if period > self.periods[-1]:
            raise ScenarioError(
                f"{when} lies after {self.periods[-1]}, the last period of the horizon; "
                "take a longer horizon or leave the pin out"
            )
        before = _periods(self.start.index).get_indexer(pd.PeriodIndex([period]))[0]
        if before < 0:
            raise ScenarioError(
                f"{when} is no period of this panel, which runs from {self.start.index[0]} to "
                f"{self.periods[-1]}"
            )
        return int(before) - len(self.start)

    def label(self, when: When) -> str:
        """The period as text."""
        step = self.step(when)
        return str(self.periods[step] if step >= 0 else _periods(self.start.index)[step])

    def known_value(self, term: Term) -> float | None:
        """The value of a cell where the history has it."""
        self.known_series(term.series)
        step = self.step(term.when)
        if step >= self.edge:
            return None
        rows = self.start if step < 0 else self.known
        value = float(rows[term.series].iloc[step])
        return value if np.isfinite(value) else None

    @property
    def periods(self) -> pd.PeriodIndex:
        """The steps as periods."""
        return _periods(self.index)

    def period(self, when: str | pd.Period) -> pd.Period:
        """`when` in the frequency of the panel."""
        if isinstance(when, pd.Period) and when.freqstr != self.periods.freqstr:
            raise ScenarioError(
                f"{when} has the frequency {when.freqstr}, the panel {self.periods.freqstr}"
            )
        try:
            return pd.PeriodIndex([when], freq=self.periods.freqstr)[0]
        except ValueError as error:
            raise ScenarioError(
                f"{when!r} is no period of frequency {self.periods.freqstr}; "
                f"write it like {self.periods[0]}"
            ) from error


def _periods(index: pd.Index) -> pd.PeriodIndex:
    if isinstance(index, pd.PeriodIndex):
        return index
    freq = pd.DatetimeIndex(index).freq or pd.infer_freq(pd.DatetimeIndex(index))
    return pd.DatetimeIndex(index).to_period(None if freq else "D")


def _stacked(rows: list[_Row], cells: int) -> Pins:
    return Pins(
        tuple(row.pin.label for row in rows),
        tuple(" ".join(dict.fromkeys(t.series for t in row.pin.terms)) for row in rows),
        tuple(row.period for row in rows),
        np.array([row.weights for row in rows]).reshape(len(rows), cells),
        np.array([row.value for row in rows]),
        np.array([row.sd for row in rows]),
        np.array([bool(row.pin.relative) for row in rows], bool),
    )


def _refuse_conflicts(facts: Pins, pins: Pins) -> None:
    """Refuse pins that cannot all hold, that repeat each other, or that leave nothing free."""
    exact = np.concatenate([np.ones(len(facts), bool), pins.sd == 0])
    matrix = np.vstack([facts.matrix, pins.matrix])[exact]
    value = np.concatenate([facts.value, pins.value])[exact]
    relative = np.concatenate([facts.relative, pins.relative])[exact]
    labels = np.array([*facts.labels, *pins.labels], dtype=object)[exact]
    if len(matrix) == 0:
        return
    size = np.linalg.norm(matrix, axis=1)
    scaled = matrix / np.where(size > 0, size, 1)[:, None]
    left, spread, _ = np.linalg.svd(scaled)
    rank = int((spread > 1e-9 * spread[0]).sum())
    if rank == len(matrix):
        return
    null = left[:, rank:]  # combinations of pins that say 0 = something
    rest = null.T @ (value / np.where(size > 0, size, 1))
    told = np.where(np.abs(null).max(axis=1) > 1e-6)[0]
    names = ", ".join(repr(str(labels[k])) for k in told[:6])
    if not relative[told].any() and np.abs(rest).max() > 1e-8 * (1 + np.abs(value[told]).max()):
        raise ScenarioError(f"these pins contradict each other: {names}; leave one of them out")
    raise ScenarioError(f"these pins say the same thing twice: {names}; leave one of them out")
