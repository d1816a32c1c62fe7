"""A forecast with its history, in one kind of units, as files."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.commands.folder import write_picture
from econdiff.forecast import Forecast
from econdiff.periods import period_labels
from econdiff.report.forecast import fan_figure, quantiles

HISTORY = "history.parquet"
NOWCAST = "nowcast.parquet"
PATHS = "paths.parquet"


@dataclass(frozen=True, eq=False)
class View:
    """Draws and the rows that they continue, in the same units."""

    forecast: Forecast
    history: pd.DataFrame

    def write(self, folder: Path, title: str) -> None:
        """Write paths.parquet, history.parquet, quantiles.csv, fan.png and fan.svg.

        And nowcast.parquet, the same paths in the last rows of the history, where it ends raggedly.
        """
        folder.mkdir(exist_ok=True)
        write_draws(self.forecast, folder, PATHS, NOWCAST)
        write_history(self.history, folder)
        table = quantiles(self.forecast, self.history)
        table.to_csv(folder / "quantiles.csv", index=False)
        write_picture(folder, "fan", fan_figure(self.forecast, self.history, title))

    @classmethod
    def read(cls, folder: Path, freq: str, units: Mapping[str, str]) -> "View":
        """What `write` wrote, every digit of it."""
        forecast = _read_draws(folder / PATHS, freq, units)
        if (folder / NOWCAST).exists():
            forecast = replace(forecast, nowcast=_read_draws(folder / NOWCAST, freq, units))
        return cls(forecast, read_history(folder, freq))


def write_draws(forecast: Forecast, folder: Path, paths: str, nowcast: str) -> None:
    """Write the draws as the file `paths`, and those of a ragged edge, if any, as `nowcast`."""
    forecast.to_frame().to_parquet(folder / paths, index=False)
    if forecast.nowcast is not None:
        forecast.nowcast.to_frame().to_parquet(folder / nowcast, index=False)


def write_both(folder: Path, alternative: Forecast, baseline: Forecast) -> None:
    """Write the draws of a scenario and those without it, path by path of the same noise."""
    write_draws(alternative, folder, PATHS, NOWCAST)
    write_draws(baseline, folder, "baseline.parquet", f"baseline_{NOWCAST}")


def _read_draws(file: Path, freq: str, units: Mapping[str, str]) -> Forecast:
    draws = pd.read_parquet(file)
    steps, names = draws["period"].unique(), draws["series"].unique()
    samples = draws["value"].to_numpy(float).reshape(-1, len(steps), len(names))
    return Forecast(samples, pd.PeriodIndex(steps, freq=freq), tuple(names), dict(units))


def write_history(history: pd.DataFrame, folder: Path) -> None:
    """Write history.parquet: a panel as `period, series, value`."""
    rows, series = history.shape
    names = np.array([str(name) for name in history.columns], dtype=object)
    long = pd.DataFrame(
        {
            "period": np.repeat(period_labels(pd.PeriodIndex(history.index)), series),
            "series": np.tile(names, rows),
            "value": history.to_numpy(float).ravel(),
        }
    )
    long.to_parquet(folder / HISTORY, index=False)


def read_history(folder: Path, freq: str) -> pd.DataFrame:
    """The panel that `write_history` wrote."""
    long = pd.read_parquet(folder / HISTORY)
    rows, names = long["period"].unique(), long["series"].unique()
    values = long["value"].to_numpy(float).reshape(len(rows), len(names))
    return pd.DataFrame(values, index=pd.PeriodIndex(rows, freq=freq), columns=list(names))
