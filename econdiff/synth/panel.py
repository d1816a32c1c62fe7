"""A panel with entities: `values[entity, time, series]`, and how it is read from a long frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from econdiff.forecast import period_labels
from econdiff.panel import PanelError
from econdiff.panel.dates import looks_like_dates, parse_dates
from econdiff.panel.frequency import infer_frequency, missing_periods, parse_frequency, to_periods
from econdiff.synth.errors import SynthError
from econdiff.synth.identity import Identity
from econdiff.synth.schema import Bound, Schema

ROUNDING = 1e-4  # an identity may miss by this share of the total's deviation: published rounding
TIME_NAMES = ("time", "date", "period", "year", "yr", "quarter", "month", "week", "day")


@dataclass(frozen=True, eq=False)
class EntityPanel:
    """Series of several entities over one calendar; NaN is a cell that is not known.

    `statics` has a row an entity, `entities` its name.
    """

    values: np.ndarray  # [entity, time, series]
    index: pd.PeriodIndex
    entities: tuple[str, ...]
    statics: pd.DataFrame
    schema: Schema

    def take(self, rows: Sequence[int] | np.ndarray) -> "EntityPanel":
        """Some of the entities."""
        names = tuple(self.entities[i] for i in rows)
        statics = self.statics.iloc[list(rows)].reset_index(drop=True)
        return replace(self, values=self.values[rows], entities=names, statics=statics)

    def to_frame(self) -> pd.DataFrame:
        """Long form, in the columns of the schema; rows without any value are left out."""
        schema, (entities, times, _) = self.schema, self.values.shape
        columns = {}
        if schema.entity is not None:
            columns[schema.entity] = np.repeat(np.array(self.entities, dtype=object), times)
        columns[schema.time] = np.tile(np.array(period_labels(self.index), dtype=object), entities)
        for name in schema.statics:
            columns[name] = np.repeat(self.statics[name].to_numpy(), times)
        for place, name in enumerate(schema.series):
            columns[name] = self.values[:, :, place].ravel()
        there = np.isfinite(self.values).any(axis=-1).ravel()
        return pd.DataFrame(columns).loc[there].reset_index(drop=True)


def read_entities(
    frame: pd.DataFrame,
    *,
    entity: str | None = None,
    time: str | None = None,
    freq: str | None = None,
    identities: Sequence[str | Identity] = (),
    positive: Sequence[str] | None = None,
    bounds: Mapping[str, Bound] | None = None,
    units: Mapping[str, str] | None = None,
    gaps: Literal["error", "nan"] = "error",
    rounding: float = ROUNDING,
) -> EntityPanel:
    """Read a long frame, one row an entity and period.

    A column that is constant within each entity is a static attribute, any other is a series.
    `positive` series are modelled in logs; unless told, those that are above zero throughout.
    Raises `SynthError` for what cannot be used: a broken identity (and in which rows), an entity
    seen once, a constant series, statics that identify, a gap in time.
    """
    frame = frame.copy()
    frame.columns = [str(name) for name in frame.columns]
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
    _check_kinds(frame, series, statics, len(names))
    values = np.full((len(names), len(index), len(series)), np.nan)
    values[codes, index.get_indexer(periods)] = frame[list(series)].to_numpy(float)
    if positive is None:
        least = np.nanmin(np.where(np.isfinite(values), values, np.inf), axis=(0, 1))
        free = set(bounds or ())
        positive = [n for n, low in zip(series, least, strict=True) if low > 0 and n not in free]
    schema = Schema(
        entity,
        time,
        letter,
        series,
        tuple(statics),
        dict(units or {}),
        tuple(i if isinstance(i, Identity) else Identity.parse(i) for i in identities),
        tuple(positive),
        dict(bounds or {}),
    )
    first = (
        pd.DataFrame(frame[statics]).groupby(codes).first()
        if statics
        else pd.DataFrame(index=range(len(names)))
    )
    panel = EntityPanel(values, index, names, first.reset_index(drop=True), schema)
    check(panel, rounding)
    return panel


def check(panel: EntityPanel, rounding: float = ROUNDING) -> None:
    """Refuse what no generator can use, and what its own schema denies."""
    schema, values = panel.schema, panel.values
    known = np.isfinite(values)
    for name, rows in zip(panel.entities, known.any(axis=-1).sum(axis=1), strict=True):
        if rows < 2:
            raise SynthError(
                f"the entity {name!r} has {rows} observation; a path needs two or more. "
                "Leave it out or give more of it"
            )
    for place, name in enumerate(schema.series):
        cells = values[..., place][known[..., place]]
        if len(cells) == 0 or np.ptp(cells) == 0:
            raise SynthError(f"the series {name!r} is constant; leave it out")
    for name in schema.positive:
        _check_bounds(panel, name, 0.0, None)
    for name, (low, high) in schema.bounds.items():
        _check_bounds(panel, name, low, high)
    for identity in schema.identities:
        _check_identity(panel, identity, rounding)


def _check_identity(panel: EntityPanel, identity: Identity, rounding: float) -> None:
    residual = identity.residual(panel.values, panel.schema.series)
    total = panel.values[..., panel.schema.series.index(identity.total)]
    allowed = rounding * float(np.nanstd(total))
    broken = np.argwhere(np.abs(np.nan_to_num(residual)) > allowed)
    if len(broken):
        worst = float(np.nanmax(np.abs(residual)))
        raise SynthError(
            f"{identity} does not hold in {len(broken)} of {int(np.isfinite(residual).sum())} "
            f"rows ({_places(panel, broken)}); the largest miss is {worst:.6g}. Mend these rows, "
            "or leave the identity out"
        )


def _check_bounds(panel: EntityPanel, name: str, low: float | None, high: float | None) -> None:
    cells = panel.values[..., panel.schema.series.index(name)]
    below = np.zeros(cells.shape, bool) if low is None else cells <= low
    above = np.zeros(cells.shape, bool) if high is None else cells >= high
    out = np.argwhere(below | above)
    if len(out):
        limits = f"above {low}" if high is None else f"between {low} and {high}"
        raise SynthError(f"{name} must be {limits}, and is not at {_places(panel, out)}")


def _places(panel: EntityPanel, cells: np.ndarray) -> str:
    labels = period_labels(panel.index)
    shown = [f"{panel.entities[e]} {labels[t]}" for e, t in cells[:5]]
    return ", ".join(shown) + (f" and {len(cells) - 5} more" if len(cells) > 5 else "")


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
                + " inside its span; add the rows, or say that gaps are cells not known (gaps nan)"
            )
    return pd.PeriodIndex(union.union(missing_periods(union)))


def _is_static(cells: pd.Series, codes: np.ndarray, entities: int) -> bool:
    if entities == 1:
        return not pd.api.types.is_numeric_dtype(cells.dtype)
    return bool((cells.groupby(codes).nunique() <= 1).all())


def _check_kinds(
    frame: pd.DataFrame, series: tuple[str, ...], statics: list[str], entities: int
) -> None:
    if not series:
        raise SynthError("no column moves in time; at least one series is needed")
    for name in series:
        if not pd.api.types.is_numeric_dtype(frame[name].dtype):
            raise SynthError(f"{name!r} is text and changes in time; leave it out or code it")
    for name in statics:
        levels = int(pd.Series(frame[name]).nunique())
        if levels <= 1 and pd.api.types.is_numeric_dtype(frame[name].dtype):
            raise SynthError(f"the series {name!r} is constant; leave it out")
        text = not pd.api.types.is_numeric_dtype(frame[name].dtype)
        if text and entities > 1 and levels >= entities:
            raise SynthError(
                f"the static attribute {name!r} has as many levels as there are entities "
                f"({entities}): it names them. Leave it out, or make its levels coarser"
            )
