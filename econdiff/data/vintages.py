"""Panels as they stood on a day, from a snapshot that has every value ever published (ALFRED)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from econdiff.data.alfred import known_on
from econdiff.data.alignment import Aggregation, align
from econdiff.data.errors import EmptyAnswerError
from econdiff.data.fred import by_period
from econdiff.data.pulled import Request
from econdiff.data.snapshots import FOLDER, read_manifest, read_table


@dataclass(frozen=True, eq=False)
class Vintages:
    """Every value of some series, from when to when it stood; `on` a day it is a panel."""

    lives: Mapping[str, pd.DataFrame]  # `date, known_from, known_until, value` of each series
    frequency: Mapping[str, str]  # as FRED words it
    freq: str
    aggregation: Mapping[str, Aggregation]

    def __repr__(self) -> str:
        return f"Vintages of {', '.join(self.lives)} from {self.first:%Y-%m-%d} on"

    @property
    def first(self) -> datetime:
        """The day from which on every series was published."""
        since = [own["known_from"].min() for own in self.lives.values()]
        return pd.DatetimeIndex(since).sort_values().to_pydatetime()[-1]

    def on(self, day: str | datetime) -> pd.DataFrame:
        """The panel that stood on `day` [period x series], brought to `freq` as the snapshot was.

        Raises EmptyAnswerError where a series was not published yet.
        """
        moment = pd.Timestamp(day)
        columns = {}
        for name, own in self.lives.items():
            stood = known_on(own, moment.isoformat())
            if stood.notna().sum() == 0:
                raise EmptyAnswerError(
                    f"{name} had no values on {moment:%Y-%m-%d}; all series of the snapshot are "
                    f"known from {self.first:%Y-%m-%d} on"
                )
            words = self.frequency[name]
            info = {"frequency_short": words[:1], "frequency": words}
            columns[name] = by_period(stood, info, name)
        return align(columns, freq=self.freq, aggregation=self.aggregation)[0]


def read_vintages(name: str | Path, *, folder: Path | str = FOLDER) -> Vintages:
    """The vintages of a snapshot of `econdiff data pull alfred`, by its name or its path."""
    table, manifest = (
        read_table(name, "vintages", folder=folder),
        read_manifest(name, folder=folder),
    )
    asked = {key: value for key, value in manifest["request"].items() if key != "series"}
    request = Request(tuple(manifest["request"]["series"]), **asked)
    return Vintages(
        {str(one): own.drop(columns="series") for one, own in table.groupby("series")},
        {one: about["frequency"] for one, about in manifest["series"].items()},
        manifest["freq"][0],
        {one: request.aggregation_of(one, "mean") for one in request.series},
    )
