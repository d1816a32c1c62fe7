"""What synthetic panels may be told: attributes of their entities, a regime, shocks, aggregates.

A table of entities (columns are static attributes, a row an entity) says who is to be drawn. A
table of time (rows are periods, empty cells free) has any of these columns:

    gdp            the mean of gdp over entities (its own path, where there is one entity)
    gdp@e03        gdp of one entity
    shock gdp      the shock that all entities share, in deviations
    regime         2007Q4:2009Q2 - shocks as loud, and with the mean, of these real periods

A `Scenario`, as forecasts take it, says values of series (and of SERIES@ENTITY); see
`condition_pins`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from econdiff.panel import PanelError
from econdiff.panel.dates import parse_dates
from econdiff.panel.frequency import FINER, NAMES, to_periods
from econdiff.scenario import Scenario
from econdiff.synth.errors import SynthError
from econdiff.synth.law import FittedLaw
from econdiff.synth.schema import Schema
from econdiff.synth.shocks import Shocks, deviations

PULL = 5  # pseudo-periods with which the loudness of a regime is drawn to that of all periods


@dataclass(frozen=True, eq=False)
class Condition:
    """`statics` has a row an entity, `paths` a row a period (a PeriodIndex); any may be None."""

    statics: pd.DataFrame | None = None
    paths: pd.DataFrame | None = None
    scenario: Scenario | None = None

    @classmethod
    def of(cls, table: pd.DataFrame, schema: Schema) -> "Condition":
        """Tell the two tables apart: one that has the column of time is of time."""
        if schema.time in table:
            index = _periods(pd.Series(table[schema.time]), schema)
            paths = table.drop(columns=schema.time).set_axis(index)
            return cls(paths=_checked(paths, schema))
        unknown = [name for name in table if name not in schema.statics]
        missing = [name for name in schema.statics if name not in table]
        if unknown or missing or table.empty:
            raise SynthError(
                f"a condition has the column {schema.time!r} (a row a period), or the static "
                f"attributes {', '.join(schema.statics) or '(this panel has none)'} "
                f"(a row an entity); got {', '.join(map(str, table.columns))}"
            )
        return cls(statics=table.reset_index(drop=True))

    def shared(self) -> "Condition":
        """What holds whoever the entities are: nothing of single ones, nor of who they are."""
        paths, scenario = self.paths, self.scenario
        if paths is not None:
            paths = paths.drop(columns=[name for name in paths if "@" in str(name)])
        if scenario is not None:
            pins = [p for p in scenario.pins if not any("@" in term.series for term in p.terms)]
            scenario = replace(scenario, pins=tuple(pins))
        return Condition(None, paths, scenario)

    def cells(self, index: pd.PeriodIndex) -> list[tuple[str, int, float]]:
        """(column, place in `index`, value) of each number that was given, regimes apart."""
        if self.paths is None:
            return []
        outside = self.paths.index.difference(index)
        if len(outside):
            raise SynthError(f"the condition speaks of {outside[0]}, which is not drawn")
        places = index.get_indexer(pd.PeriodIndex(self.paths.index))
        return [
            (name, int(place), float(value))
            for name in self.paths
            if name != "regime"
            for place, value in zip(places, self.paths[name].to_numpy(float), strict=True)
            if np.isfinite(value)
        ]

    def shocked(self, index: pd.PeriodIndex, skipped: int) -> list[tuple[str, int, float]]:
        """(coordinate, place among the shocks, deviations); `skipped` periods have no shock."""
        told = [cell for cell in self.cells(index) if cell[0].startswith("shock ")]
        for _, place, _ in told:
            if place < skipped:
                raise SynthError(
                    f"{index[place]} comes before the first shock, that of {index[skipped]}"
                )
        return [(name.removeprefix("shock "), place - skipped, x) for name, place, x in told]

    def size(self, index: pd.PeriodIndex) -> int:
        """How much is said: cells, shocks, periods of regimes, pins, entities described."""
        regimes = sum(len(places) for places in self.regimes(index).values())
        pins = 0 if self.scenario is None else len(self.scenario.pins)
        described = 0 if self.statics is None else len(self.statics)
        return len(self.cells(index)) + regimes + pins + described

    def regimes(self, index: pd.PeriodIndex) -> dict[str, np.ndarray]:
        """For each span of real periods, the places in `index` where it reigns."""
        if self.paths is None or "regime" not in self.paths:
            return {}
        given = self.paths["regime"].dropna()
        return {
            str(span): index.get_indexer(pd.PeriodIndex(given.index[given == span]))
            for span in given.unique()
            if str(span).strip()
        }


@dataclass(frozen=True, eq=False)
class ToldShocks:
    """Shocks under a condition; `skipped` periods of a panel come before its first shock."""

    shocks: Shocks
    law: FittedLaw
    condition: Condition
    index: pd.PeriodIndex
    skipped: int

    def draw(
        self, panels: int, entities: int, length: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Shocks.draw`."""
        common, own = self.shocks.draw(panels, entities, length, rng)
        if length != max(len(self.index) - self.skipped, 1):
            return common, own  # periods that are thrown away
        shared = own[:, 0] if len(self.law.panel.entities) == 1 else common
        for span, places in self.condition.regimes(self.index).items():
            rows = places[places >= self.skipped] - self.skipped
            loud, shift, loud_own = _regime(self.law, span)
            common[:, rows] *= loud
            own[:, :, rows] *= loud_own
            shared[:, rows] += shift
        self._pin(shared, self._covariance())
        return common, own

    def _covariance(self) -> np.ndarray:
        split, alone = self.law.shocks, len(self.law.panel.entities) == 1
        return split.own_covariance if alone else split.common_covariance

    def _pin(self, shared: np.ndarray, covariance: np.ndarray) -> None:
        """Set the shocks that were given; the others follow as the normal law says."""
        names = self.law.names
        at: dict[int, list[tuple[int, float]]] = {}
        for name, t, value in self.condition.shocked(self.index, self.skipped):
            at.setdefault(t, []).append((names.index(name), value))
        spread = deviations(covariance)
        for t, given in at.items():
            k = [which for which, _ in given]
            goal = np.array([value for _, value in given]) * spread[k]
            gain = covariance[:, k] @ np.linalg.pinv(covariance[np.ix_(k, k)])
            shared[:, t] += (goal - shared[:, t][:, k]) @ gain.T


def _regime(law: FittedLaw, span: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Loudness of common shocks and their mean, and loudness of own ones, in a span [k]."""
    inside = reign(law.panel.index, span, law.lags)[law.lags :]
    split, alone = law.shocks, len(law.panel.entities) == 1
    shared = split.own[0] if alone else split.common
    loud_own = _loudness(split.own, split.own[:, inside])
    loud = loud_own if alone else _loudness(shared, shared[inside])
    seen = shared[inside]
    shift = np.nansum(seen, axis=0) / (np.isfinite(seen).sum(axis=0) + PULL)
    return loud, shift, loud_own


def reign(real: pd.PeriodIndex, span: str, lags: int = 1) -> np.ndarray:
    """Which real periods a regime means; SynthError where none of them has a shock."""
    first, colon, last = span.partition(":")
    try:  # a year is all of its periods
        start = _written(first).asfreq(real.freq, how="start")[0]
        end = _written(last if colon else first).asfreq(real.freq, how="end")[0]
    except ValueError as error:
        raise SynthError(f"{span!r} is no regime; write one as '{real[0]}:{real[-1]}'") from error
    inside = np.asarray((real >= start) & (real <= end))
    if not inside[lags:].any():
        raise SynthError(f"the regime {span} is outside the real panel, {real[0]} to {real[-1]}")
    return inside


def _written(text: str) -> pd.PeriodIndex:
    """The one period that is meant, of the frequency that it is written in, or ValueError."""
    return pd.PeriodIndex([pd.Period(text.strip())])


def _loudness(all_of_it: np.ndarray, part: np.ndarray) -> np.ndarray:
    axes = tuple(range(part.ndim - 1))
    usual = np.nanmean(all_of_it**2, axis=axes)
    count = np.isfinite(part).sum(axis=axes)
    square = np.nansum(part**2, axis=axes) / np.maximum(usual, 1e-12)
    return np.sqrt((square + PULL) / (count + PULL))


def _periods(cells: pd.Series, schema: Schema) -> pd.PeriodIndex:
    try:
        dates = parse_dates(cells, schema.time)
    except PanelError as error:
        raise SynthError(str(error)) from error
    if dates.written and FINER.index(dates.written) > FINER.index(schema.frequency):
        raise SynthError(
            f"the condition says {cells.iloc[0]} in {schema.time!r}, and the panel is "
            f"{NAMES[schema.frequency]}; give a row for each period that is meant"
        )
    return to_periods(dates.stamps, schema.frequency)


def _checked(paths: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    for name in paths:
        series = str(name).removeprefix("shock ").partition("@")[0]
        if name != "regime" and series not in schema.series and not str(name).startswith("shock "):
            raise SynthError(
                f"the condition has a column {name!r}; say a series ({', '.join(schema.series)}), "
                "SERIES@ENTITY, 'shock SERIES' or 'regime'"
            )
    if paths.index.has_duplicates:
        twice = paths.index[paths.index.duplicated()][0]
        raise SynthError(f"two rows of the condition for {twice}")
    twice = paths.columns[paths.columns.duplicated()]
    if len(twice):
        raise SynthError(f"two columns of the condition are called {twice[0]!r}")
    numbers = {name: _numbers(pd.Series(paths[name])) for name in paths if name != "regime"}
    return paths.assign(**numbers)


def _numbers(cells: pd.Series) -> pd.Series:
    """Finite numbers, NaN where a cell is empty."""
    numbers = pd.Series(pd.to_numeric(cells, errors="coerce"), cells.index).astype(float)
    wrong = ~np.isfinite(numbers) & cells.notna() & (cells.astype(str).str.strip() != "")
    if wrong.any():
        when = cells.index[int(wrong.to_numpy().argmax())]
        raise SynthError(
            f"the condition says {cells.name} = {cells[when]} at {when}; give a finite number, or "
            "leave the cell empty"
        )
    return numbers


def shock_names(condition: Condition, names: Sequence[str]) -> None:
    """Refuse a shock to what is not a coordinate of the panel."""
    for column in () if condition.paths is None else condition.paths:
        wanted = str(column).removeprefix("shock ")
        if str(column).startswith("shock ") and wanted not in names:
            raise SynthError(
                f"no shock to {wanted!r}: shocks are to what moves freely, {', '.join(names)}"
            )
