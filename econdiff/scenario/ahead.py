"""Where the cells of the steps to come stand: periods, steps, and what the history has of them.

Transforms are linear up to a link (`econdiff.transforms.series`), so each cell is linear in those
of the model.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.statement import Pin, Term, When, written
from econdiff.transforms.series import Difference, Transform


@dataclass(frozen=True, eq=False)
class Ahead:
    """Where each cell of the steps to come stands."""

    start: pd.DataFrame
    known: pd.DataFrame
    index: pd.PeriodIndex | pd.DatetimeIndex
    edge: int
    transforms: Mapping[str, Transform]

    def told(self, pin: Pin) -> Pin:
        """`pin` on days that there are, if it speaks of cells that are not all known."""
        pin = self._on_days(pin)
        cells = [(term, self.step(term.when), self.known_value(term)) for term in pin.terms]
        if all(value is not None for _, _, value in cells):
            shown = ", ".join(f"{t.series} {written(t.when)} = {v:g}" for t, _, v in cells)
            raise ScenarioError(
                f"{pin.label!r} is history already: {shown}; a scenario pins what is not known. "
                "Leave it out, or cut the history before it"
            )
        return pin

    def _on_days(self, pin: Pin) -> Pin:
        """An average or a sum over days: of those that are in the panel, no weekends or holidays.

        Holidays that are still to come are not known, and are days.
        """
        if self.periods.freqstr != "D" or len({(t.series, t.weight) for t in pin.terms}) > 1:
            return pin
        days = pd.PeriodIndex(periods_of(self.start.index).append(self.periods))
        business = bool((days.day_of_week < 5).all())

        def there(when: When) -> bool:
            day = self.periods[0] if isinstance(when, int) else self.period(when)
            past = days[0] <= day <= days[-1]
            return day in days or not (past or (business and day.day_of_week >= 5))

        terms = tuple(term for term in pin.terms if there(term.when))
        if len(terms) in (0, len(pin.terms)):
            return pin
        share = 1.0 if terms[0].weight == 1 else 1 / len(terms)
        return replace(pin, terms=tuple(replace(term, weight=share) for term in terms))

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
        transform = self.transforms[term.series]
        floor = transform.floor if isinstance(transform, Difference) else None
        if floor is not None and value <= floor:
            least = self.start[term.series].min()
            raise ScenarioError(
                f"{label!r} = {value:g}: {term.series} stays above its floor of {floor:g}; say a "
                f"value that it has seen, the lowest is {least:g}, or give a lower floor"
            )
        try:
            return float(transform.link(np.array([value]))[0])
        except ValueError as error:
            raise ScenarioError(f"{label!r} = {value:g}: {error}") from error

    def logs(self, series: str) -> bool:
        """Whether the series is modelled in logarithms."""
        return self.transforms[series].log

    def straight(self, series: str) -> bool:
        """Whether the series is modelled as it is, so that sums of its levels are linear."""
        return self.transforms[series].straight

    def slope(self, series: str, value: float) -> float:
        """By how much the link of the series moves with a small change of `value`."""
        return self.transforms[series].slope(value)

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
        before = periods_of(self.start.index).get_indexer(pd.PeriodIndex([period]))[0]
        if before < 0:
            raise ScenarioError(
                f"{when} is no period of this panel, which runs from {self.start.index[0]} to "
                f"{self.periods[-1]}"
            )
        return int(before) - len(self.start)

    def label(self, when: When) -> str:
        """The period as text."""
        step = self.step(when)
        return str(self.periods[step] if step >= 0 else periods_of(self.start.index)[step])

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
        return periods_of(self.index)

    def period(self, when: str | pd.Period | pd.Timestamp) -> pd.Period:
        """`when` in the frequency of the panel; a date as the day that it is."""
        if isinstance(when, pd.Timestamp):
            when = written(when)
        if isinstance(when, pd.Period) and when.freqstr != self.periods.freqstr:
            raise ScenarioError(
                f"{when} has the frequency {when.freqstr}, the panel {self.periods.freqstr}"
            )
        try:
            found, said = pd.PeriodIndex([when], freq=self.periods.freqstr)[0], pd.Period(when)
        except ValueError:
            found = said = pd.NaT
        if not (isinstance(found, pd.Period) and isinstance(said, pd.Period)):  # "nan" is read too
            raise ScenarioError(
                f"{when!r} is no period of frequency {self.periods.freqstr}; "
                f"write it like {self.periods[0]}"
            )
        alike = said.freqstr.split("-")[0] == found.freqstr.split("-")[0]  # years end where they do
        if said.end_time > found.end_time and not alike:
            last = said.asfreq(found.freqstr, how="end")
            raise ScenarioError(
                f"{when} is longer than a period of this panel: name one of {found} to {last}, or "
                f"pin all of them by average(NAME, {found}, {last}) or sum(NAME, {found}, {last})"
            )
        return found


def periods_of(index: pd.Index) -> pd.PeriodIndex:
    """Dates as the periods that they stand for; days of business are days."""
    if isinstance(index, pd.PeriodIndex):
        return index
    dates = pd.DatetimeIndex(index)
    dates = dates if dates.freq else pd.DatetimeIndex(dates, freq="infer")
    return dates.to_period("D" if dates.freqstr in (None, "B", "C") else None)
