"""What is asked of a service, and the whole panel that it hands over."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from econdiff.data.alignment import AGGREGATIONS, Aggregation, align
from econdiff.data.errors import EmptyAnswerError
from econdiff.panel.frequency import parse_frequency


@dataclass(frozen=True)
class Request:
    """What to pull. Days are ISO text, `start` and `end` both included.

    `freq` is D, W, M, Q or Y (None: the lowest frequency among the series), `aggregation`
    says how a series of a higher frequency is brought there: one word for all, or a
    word by series id. Where none is said, the service's usual one stands: the mean; of
    prices the last; of returns the sum.
    """

    series: tuple[str, ...]
    start: str | None = None
    end: str | None = None
    freq: str | None = None
    aggregation: Aggregation | Mapping[str, Aggregation] | None = None

    def __post_init__(self) -> None:
        if not self.series or not all(self.series):
            raise ValueError("name at least one series to pull, and none that is empty")
        twice = {name for name in self.series if self.series.count(name) > 1}
        if twice:
            raise ValueError(f"series asked for twice: {', '.join(sorted(twice))}; name each once")
        for name in ("start", "end"):
            check_day(name, getattr(self, name))
        if self.start and self.end and self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}; swap them")
        if self.freq:
            parse_frequency(self.freq)
        self._check_aggregation()

    def _check_aggregation(self) -> None:
        said = self.aggregation or {}
        said = dict.fromkeys(self.series, said) if isinstance(said, str) else said
        for name, how in said.items():
            if name not in self.series:
                raise ValueError(
                    f"an aggregation is said for {name!r}, which is not among the series "
                    f"asked for: {', '.join(self.series)}"
                )
            if how not in AGGREGATIONS:
                raise ValueError(f"{how!r} is no aggregation; say {', '.join(AGGREGATIONS)}")

    def aggregation_of(self, name: str, usual: Aggregation) -> Aggregation:
        """How that series is aggregated, should it have to be."""
        if self.aggregation is None or isinstance(self.aggregation, str):
            return self.aggregation or usual
        return self.aggregation.get(name, usual)

    def plain(self) -> dict[str, Any]:
        """What was asked, as JSON can hold it, without what was left open."""
        said = {**asdict(self), "series": list(self.series)}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True)
class Series:
    """One series of a panel: its title and units ("" where not known) and how it was made."""

    title: str = ""
    units: str = ""
    frequency: str = ""
    aggregation: str = ""  # how it was brought to the panel's frequency; "" where it was not
    updated: str = ""  # when the provider last changed it


@dataclass(frozen=True, eq=False)
class Pulled:
    """A whole pull, in memory. `tables` holds what comes beside the panel (volume, vintages)."""

    service: str
    panel: pd.DataFrame
    series: Mapping[str, Series]
    request: Mapping[str, Any]
    vintage: str  # ISO day: what was known on that day
    notes: tuple[str, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def assemble(
    service: str,
    request: Request,
    columns: Mapping[str, pd.Series],
    series: Mapping[str, Series],
    *,
    usual: Aggregation = "mean",
    vintage: str | None = None,
    notes: tuple[str, ...] = (),
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> Pulled:
    """One panel of series by period, each at its own frequency; refused if one is left empty."""
    how: dict[str, Aggregation]
    how = {name: request.aggregation_of(name, usual) for name in columns}
    panel, made = align(columns, freq=request.freq, aggregation=how)
    empty = [str(name) for name in panel.columns[panel.isna().all()]]
    if empty:
        raise EmptyAnswerError(
            f"{service} has no whole period of {', '.join(empty)} between "
            f"{request.start or 'the start'} and {request.end or 'the end'}; "
            "ask for a longer time or a higher frequency"
        )
    return Pulled(
        service=service,
        panel=panel,
        series={name: replace(series[name], aggregation=made[name]) for name in columns},
        request=request.plain(),
        vintage=vintage or today(),
        notes=notes,
        tables=tables or {},
    )


def today() -> str:
    """The day, by the one clock that all pulls go by."""
    return datetime.now(UTC).date().isoformat()


def check_day(name: str, day: str | None) -> None:
    """Refuse what is no ISO day."""
    if day is None:
        return
    try:
        date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"{name} must be a day as 2024-03-31, got {day!r}") from None
