"""Synthetic rows written as their source is: its columns, in its order, kinds and spelling.

A period that the source has is written as it most often is there. One beyond it gets the day that
the source's dates have within theirs (first, last, last business day, or the same number of days
from the start) and their spelling.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime

import numpy as np
import pandas as pd
from pandas.api import types

from econdiff.panel.dates import parse_dates
from econdiff.panel.frequency import to_periods
from econdiff.periods import period_labels
from econdiff.synth.schema import Schema


def like(
    frame: pd.DataFrame, source: pd.DataFrame, schema: Schema, index: pd.PeriodIndex
) -> pd.DataFrame:
    """`frame`, in the form that panels have, with the columns of `source`, after its own others.

    `index` are the periods of `frame`. A float column comes back in the width of the source, unless
    an identity needs all digits. New names of entities that the source numbers stay text.
    """
    source = flat(source)
    given = frame[[n for n in frame if n not in source] + [n for n in source if n in frame]]
    cells = times(pd.Series(source[schema.time]), schema, index)
    cells.index = pd.Index(period_labels(index), dtype=object)
    columns = {schema.time: cells.reindex(given[schema.time]).reset_index(drop=True)}
    exact = {name for identity in schema.identities for name in identity.series}
    for name in source.columns.intersection(given.columns).difference([schema.time, *exact]):
        columns[name] = _as_kind(pd.Series(given[name]), pd.Series(source[name]))
    return given.assign(**columns)


def flat(source: pd.DataFrame) -> pd.DataFrame:
    """A copy with the named levels of its index as columns, whose names are text."""
    levels = [name for name in source.index.names if name is not None]
    source = source.reset_index(levels, allow_duplicates=True)
    return source.set_axis([str(name) for name in source.columns], axis=1)


def times(cells: pd.Series, schema: Schema, index: pd.PeriodIndex) -> pd.Series:
    """The cells of a time column for the periods of `index`, written as `cells` are."""
    if isinstance(cells.dtype, pd.PeriodDtype):
        return pd.Series(index.asfreq(cells.dtype.freq))
    dates = parse_dates(cells, schema.time)
    periods = to_periods(dates.stamps, schema.frequency)
    pairs = pd.DataFrame({"period": periods, "cell": cells.array, "stamp": dates.stamps})
    groups = pairs.groupby(["period", "cell", "stamp"], sort=False, observed=True)
    usual = pd.Series(groups.size()).sort_values(ascending=False, kind="stable").reset_index()
    usual = usual.drop_duplicates("period").set_index("period").sort_index()
    beyond = pd.PeriodIndex(index.difference(pd.PeriodIndex(usual.index)))
    known, days = pd.Series(usual["cell"]), pd.Series(usual["stamp"])
    written = known.reindex(index).astype(object)
    if len(beyond):
        if dates.written:
            written[beyond] = [_a_year_apart(period, known) for period in beyond]
        else:
            written[beyond] = _dated(_day_of(days)(beyond), known, days, dates.format)
    kind = cells.dtype
    if isinstance(kind, pd.CategoricalDtype):
        kind = pd.CategoricalDtype(kind.categories.append(pd.Index(written)).unique(), kind.ordered)
    return written.reset_index(drop=True).astype(kind)


def _a_year_apart(period: pd.Period, cells: pd.Series) -> str:
    """The cell of the last such month, quarter or year, with another year in it."""
    alike = [other for other in pd.PeriodIndex(cells.index) if other.month == period.month]
    if not alike:
        return period_labels(pd.PeriodIndex([period]))[0]
    return str(cells[alike[-1]]).replace(str(alike[-1].year), str(period.year))


def _day_of(stamps: pd.Series) -> Callable[[pd.PeriodIndex], pd.DatetimeIndex]:
    """The day of a period on which most of `stamps`, by period, are."""
    business = pd.offsets.BDay()
    periods, known = pd.PeriodIndex(stamps.index), pd.DatetimeIndex(stamps)
    usual = pd.Timedelta((stamps - periods.start_time).mode()[0])
    ways: list[Callable[[pd.PeriodIndex], pd.DatetimeIndex]] = [
        lambda p: p.start_time,
        lambda p: p.end_time.normalize(),
        lambda p: pd.DatetimeIndex([business.rollback(day) for day in p.end_time.normalize()]),
        lambda p: p.start_time + usual,
    ]
    return max(ways, key=lambda way: int(np.asarray(way(periods) == known).sum()))


def _dated(
    stamps: pd.DatetimeIndex, cells: pd.Series, known: pd.Series, form: str
) -> Sequence[object]:
    """Dates of the kind and spelling of `cells`, whose days are `known`."""
    first = cells.iloc[0]
    if isinstance(first, datetime):  # a Timestamp is one, too
        moment = pd.DatetimeIndex([first])
        return list(stamps.tz_localize(first.tzinfo) + (moment - moment.normalize())[0])
    if isinstance(first, date):
        return [stamp.date() for stamp in stamps]

    def padded(day: pd.Timestamp) -> str:
        return day.strftime(form)

    def plain(day: pd.Timestamp) -> str:
        return re.sub(r"(?<!\d)0(?=\d)", "", padded(day))

    ways = (padded, plain)
    hits = [
        sum(str(cell).startswith(way(day)) for cell, day in zip(cells, known, strict=True))
        for way in ways
    ]
    way = ways[int(np.argmax(hits))]
    clock = str(first)[len(way(known.iloc[0])) :] if max(hits) and form != "%Y%m%d" else ""
    return [way(day) + clock for day in stamps]


def _as_kind(made: pd.Series, real: pd.Series) -> pd.Series:
    """Cells of the type of `real`, where that loses none of them."""
    kind = real.dtype
    if made.dtype == kind:
        return made
    if types.is_float_dtype(kind):
        return made.astype(kind)
    if types.is_integer_dtype(kind):
        numbers = pd.Series(pd.to_numeric(made, errors="coerce"))
        whole = numbers.notna().all() and (numbers % 1 == 0).all()
        return numbers.astype(kind) if whole else made
    own = {str(cell): cell for cell in real.dropna().unique()}
    known = made.isna() | made.astype(str).isin(own)
    if isinstance(kind, pd.CategoricalDtype):
        return made.astype(str).map(own).astype(kind) if known.all() else made.astype("category")
    if types.is_object_dtype(kind):
        return made.astype(str).map(own).astype(object) if known.all() else made
    return made.astype(kind) if types.is_string_dtype(kind) or known.all() else made
