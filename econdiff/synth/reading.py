"""How a panel of entities is read from a long frame."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from econdiff.panel import PanelError
from econdiff.panel.dates import looks_like_dates, parse_dates
from econdiff.panel.frequency import infer_frequency, missing_periods, parse_frequency, to_periods
from econdiff.synth.checks import ROUNDING, check, check_kinds, check_whole
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.errors import SynthError
from econdiff.synth.identity import Identity
from econdiff.synth.panel import EntityPanel
from econdiff.synth.positive import natural, prices
from econdiff.synth.schema import Range, Schema
from econdiff.synth.spelling import flat

TIME_NAMES = ("time", "date", "period", "year", "yr", "quarter", "month", "week", "day")


def read_entities(
    frame: pd.DataFrame,
    *,
    entity: str | None = None,
    time: str | None = None,
    freq: str | None = None,
    identities: Sequence[str | Identity] = (),
    positive: Sequence[str] | None = None,
    bounds: Mapping[str, Range] | None = None,
    units: Mapping[str, str] | None = None,
    gaps: Literal["error", "nan"] = "error",
    rounding: float = ROUNDING,
) -> EntityPanel:
    """Read a long frame, one row an entity and period; levels of its index are columns, too.

    A column that is constant within each entity is a static attribute, any other is a series.
    `positive` series are modelled in logs; unless told, those above zero throughout whose logs have
    no long tail below, which levels above zero by luck have (see `positive.natural`).
    `bounds` are numbers or other series (see `Schema`); unless told, columns open, high, low and
    close keep their order, where it holds throughout (see `positive.prices`).
    Raises `SynthError` for what cannot be used: a broken identity (and in which rows), an entity
    seen once, a constant series, statics that identify, a gap in time.
    """
    frame = flat(frame)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise SynthError(f"two columns are called {twice[0]!r}; rename or drop one")
    time = time or _time_column(frame, entity)
    for name in (entity, time):
        if name is not None and name not in frame:
            raise SynthError(f"no column {name!r}; there are {', '.join(frame.columns)}")
    periods, letter = _periods(pd.Series(frame[time]), time, freq)
    names, codes = _entities(frame, entity)
    index = _calendar(periods, codes, names, gaps)
    others = [name for name in frame if name not in (entity, time)]
    statics = [name for name in others if _is_static(pd.Series(frame[name]), codes, len(names))]
    series = tuple(name for name in others if name not in statics)
    check_kinds(frame, series, statics, len(names))
    values = np.full((len(names), len(index), len(series)), np.nan)
    values[codes, index.get_indexer(periods)] = frame[list(series)].to_numpy(float)
    parsed = tuple(i if isinstance(i, Identity) else Identity.parse(i) for i in identities)
    if bounds is None:
        bounds = prices(values, series, parsed)
    if positive is None:
        positive = natural(values, series, parsed, bounds)
    schema = Schema(
        entity,
        time,
        letter,
        series,
        tuple(statics),
        dict(units or {}),
        parsed,
        tuple(positive),
        dict(bounds),
    )
    first = (
        pd.DataFrame(frame[statics]).groupby(codes).first()
        if statics
        else pd.DataFrame(index=range(len(names)))
    )
    panel = EntityPanel(values, index, names, first.reset_index(drop=True), schema)
    check(panel, rounding)
    return panel


def read_like(frame: pd.DataFrame, schema: Schema) -> EntityPanel:
    """Read a long frame that somebody made to be like a panel of `schema`; it may break its rules.

    Of its static attributes those are read that are there. Raises `SynthError` for a series of
    which nothing is known, for text and infinite numbers, naming the cell, and where too few rows
    are whole and keep the rules for any slope on the period before.
    """
    periods, _ = _periods(pd.Series(frame[schema.time]), schema.time, schema.frequency)
    names, codes = _entities(frame, schema.entity)
    index = _calendar(periods, codes, names, "nan")
    values = np.full((len(names), len(index), len(schema.series)), np.nan)
    for place, name in enumerate(schema.series):
        cells = pd.Series(frame[name])
        numbers = np.asarray(pd.to_numeric(cells, errors="coerce"), float)
        wrong = ~np.isfinite(numbers) & (cells.notna() & (cells != "")).to_numpy()
        if wrong.any():
            row = int(wrong.argmax())
            raise SynthError(
                f"{name} is {str(cells.iloc[row])!r} for {names[codes[row]]} at {periods[row]}; "
                "give a finite number, or leave the cell empty"
            )
        if np.isnan(numbers).all():
            raise SynthError(f"the series {name!r} is empty; give some of it")
        values[codes, index.get_indexer(periods), place] = numbers
    check_whole(values, Coordinates(schema))
    own = [name for name in schema.statics if name in frame]
    statics = pd.DataFrame(frame[own], index=frame.index).groupby(codes).first()
    return EntityPanel(values, index, names, statics.reset_index(drop=True), schema)


def _time_column(frame: pd.DataFrame, entity: str | None) -> str:
    named = [name for name in frame if name.lower() in TIME_NAMES and name != entity]
    dated = [n for n in frame if pd.api.types.is_datetime64_any_dtype(frame[n].dtype)]
    texts = [n for n in frame if n != entity and not pd.api.types.is_numeric_dtype(frame[n].dtype)]
    for name in [*named, *dated, *texts]:
        if looks_like_dates(pd.Series(frame[name]), name):
            return name
    raise SynthError(
        f"no column of {', '.join(frame)} holds the time; call it 'date', or name it (time=)"
    )


def _periods(cells: pd.Series, time: str, freq: str | None) -> tuple[pd.PeriodIndex, str]:
    try:
        dates = parse_dates(cells, time)
        letter = parse_frequency(freq) if freq else dates.written or infer_frequency(dates.stamps)
    except PanelError as error:
        raise SynthError(str(error)) from error
    if letter is None:
        raise SynthError(f"the dates in {time!r} keep no rhythm; say how often (freq='Q')")
    return to_periods(dates.stamps, letter), letter


def _entities(frame: pd.DataFrame, entity: str | None) -> tuple[tuple[str, ...], np.ndarray]:
    if entity is None:
        return ("all",), np.zeros(len(frame), int)
    empty = frame[entity].isna().to_numpy()
    if empty.any():
        raise SynthError(f"{entity!r} is empty in row {int(empty.argmax())}")
    codes, names = pd.factorize(pd.Series(frame[entity]))
    return tuple(str(name) for name in names), np.asarray(codes)


def _calendar(
    periods: pd.PeriodIndex, codes: np.ndarray, names: tuple[str, ...], gaps: str
) -> pd.PeriodIndex:
    twice = pd.MultiIndex.from_arrays([codes, periods]).duplicated()
    if twice.any():
        row = int(twice.argmax())
        hint = "" if len(names) > 1 else "; where there are several entities, name their column"
        raise SynthError(f"two rows for {names[codes[row]]} at {periods[row]}{hint}")
    union = pd.PeriodIndex(periods.unique().sort_values())
    for code, name in enumerate(names):
        own = periods[codes == code].sort_values()
        within = union[(union >= own[0]) & (union <= own[-1])]
        absent = within.difference(own).union(missing_periods(pd.PeriodIndex(own)))
        if len(absent) and gaps == "error":
            raise SynthError(
                f"{name} has no row for {absent[0]}"
                + (f" and {len(absent) - 1} more periods" if len(absent) > 1 else "")
                + " inside its span; add the rows, or say gaps='nan' (--gaps nan) to take them as "
                "cells not known"
            )
    return pd.PeriodIndex(union.union(missing_periods(union)))


def _is_static(cells: pd.Series, codes: np.ndarray, entities: int) -> bool:
    if entities == 1:
        return not pd.api.types.is_numeric_dtype(cells.dtype)
    return bool((cells.groupby(codes).nunique() <= 1).all())
