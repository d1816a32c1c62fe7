"""What every model is given, and what every model gives back. Read this first.

A `Model` is settings. Fitting it makes a `Forecaster`, which draws futures:

    forecaster = AR().fit(panel)
    forecast = forecaster.sample(history, horizon=8, paths=1000, rng=rng)
    forecast.quantile(0.05)  # DataFrame [step x series]

A panel (and a history: its rows up to and including the origin) is a DataFrame
with one row a period and one column a series. Its index is a PeriodIndex, or a
DatetimeIndex with a frequency. Daily panels may leave out weekends and market
holidays. NaN means "not known".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from econdiff.periods import joined_index, period_labels


@dataclass(frozen=True, eq=False)
class Forecast:
    """Futures drawn by a forecaster: `samples[path, step, series]`.

    `index` holds the periods of the steps, `names` the series, `units` what each
    series is measured in ("" where not known), `provenance` where the draws come
    from (model, vintage, seed, ...): plain values that JSON can hold.

    `nowcast` holds the same paths over the ragged edge: the last rows of the history, of which
    some cells were not known yet (those that were are as published). None where there is no such
    row, or where the model goes on from each series' own last value.
    """

    samples: np.ndarray
    index: pd.PeriodIndex | pd.DatetimeIndex
    names: tuple[str, ...]
    units: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    nowcast: "Forecast | None" = None

    def __post_init__(self) -> None:
        expected = (len(self.index), len(self.names))
        if self.samples.ndim != 3 or self.samples.shape[1:] != expected:
            raise ValueError(
                f"samples must be [path, step={expected[0]}, series={expected[1]}], "
                f"got {self.samples.shape}"
            )
        same = self.paths, self.names
        if self.nowcast is not None and (self.nowcast.paths, self.nowcast.names) != same:
            raise ValueError("a nowcast has the paths and the series of its forecast")

    def __repr__(self) -> str:
        return f"Forecast: {self.described()}"

    def described(self) -> str:
        """How many paths and steps of what, in a line."""
        labels = period_labels(self.index)
        span = f" {labels[0]} to {labels[-1]}" if labels else ""
        return f"{self.paths} paths, {self.horizon} steps{span}, {some_names(self.names)}"

    @property
    def paths(self) -> int:
        """How many paths were drawn."""
        return self.samples.shape[0]

    @property
    def horizon(self) -> int:
        """How many steps ahead the paths reach."""
        return self.samples.shape[1]

    def mean(self) -> pd.DataFrame:
        """Mean over paths, [step x series]."""
        return self._table(self.samples.mean(axis=0))

    def quantile(self, q: float) -> pd.DataFrame:
        """The `q` quantile over paths at each step, [step x series]; `summary` has several."""
        if not isinstance(q, Real) or not 0 <= q <= 1:
            raise ValueError(
                f"q is one number from 0 to 1, got {q!r}; for several say "
                "pd.concat({q: forecast.quantile(q) for q in (0.05, 0.95)})"
            )
        return self._table(np.quantile(self.samples, q, axis=0))

    def interval(self, coverage: float) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Lower and upper end of the central band that holds `coverage` of the paths."""
        if not 0 < coverage < 1:
            raise ValueError(f"coverage must lie between 0 and 1, got {coverage}")
        tail = (1 - coverage) / 2
        return self.quantile(tail), self.quantile(1 - tail)

    def select(self, *names: str) -> "Forecast":
        """The same paths, of these series only."""
        missing = [name for name in names if name not in self.names]
        if missing:
            raise KeyError(
                f"no series {missing} in this forecast; name them one by one, as in "
                f"select('gdp', 'cpi') or select(*names); it has {list(self.names)}"
            )
        columns = [self.names.index(name) for name in names]
        nowcast = None if self.nowcast is None else self.nowcast.select(*names)
        samples = self.samples[:, :, columns]
        return replace(self, samples=samples, names=tuple(names), nowcast=nowcast)

    def split(self, edge: int) -> "Forecast":
        """The same paths, their first `edge` steps set apart as the nowcast."""
        if edge == 0:
            return self
        first = replace(self, samples=self.samples[:, :edge], index=self.index[:edge])
        return replace(self, samples=self.samples[:, edge:], index=self.index[edge:], nowcast=first)

    def joined(self) -> "Forecast":
        """The same paths from the first step of the nowcast on; undoes `split`."""
        if self.nowcast is None:
            return self
        samples = np.concatenate([self.nowcast.samples, self.samples], axis=1)
        index = joined_index(self.nowcast.index, self.index)
        return replace(self, samples=samples, index=index, nowcast=None)

    def to_frame(self) -> pd.DataFrame:
        """All draws in long form, one row a cell: `path, period, series, value`."""
        paths, steps, series = self.samples.shape
        return pd.DataFrame(
            {
                "path": np.repeat(np.arange(paths), steps * series),
                "period": np.tile(np.repeat(period_labels(self.index), series), paths),
                "series": np.tile(np.array(self.names, dtype=object), paths * steps),
                "value": self.samples.ravel(),
            }
        )

    def summary(self) -> pd.DataFrame:
        """Mean and quantiles in long form: `series, period, mean, q05 ... q95`."""
        levels = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
        columns = {f"q{round(100 * q):02d}": self.quantile(q) for q in levels}
        tables = {"mean": self.mean(), **columns}
        cells = {name: table.to_numpy() for name, table in tables.items()}
        return long_table(self.names, self.index, cells)

    def plot(
        self,
        history: pd.DataFrame | None = None,
        *,
        outcome: pd.DataFrame | None = None,
        title: str = "",
        span: int | None = None,
        axes: Any = None,
    ) -> Any:
        """Fan chart of every series, a matplotlib Figure; see `econdiff.report.figures.fan`.

        With `axes` of your own, of one series on those, which are given back.
        """
        from econdiff.report.figures import fan, fan_on  # the one arrow up, taken only when asked

        if axes is not None:
            return fan_on(axes, self, history, outcome=outcome, title=title, span=span)
        return fan(self, history, outcome=outcome, title=title, span=span)

    def _table(self, values: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(values, index=self.index, columns=list(self.names))


@runtime_checkable
class Forecaster(Protocol):
    """A fitted model."""

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """Draw `paths` futures of `horizon` steps that continue `history`.

        Nothing is estimated here: what was learned was learned in `Model.fit`. The
        same `rng` state gives the same digits on one machine.
        """
        ...


@runtime_checkable
class Model(Protocol):
    """The settings of a model; all that is learned from data is learned in `fit`."""

    def fit(self, panel: pd.DataFrame) -> Forecaster:
        """Estimate from the rows of `panel`, and from nothing else."""
        ...


def some_names(names: Sequence[str], most: int = 6) -> str:
    """The first names and how many more there are: 'gdp, cpi and 3 more'."""
    left = len(names) - most
    return ", ".join(names[:most]) + (f" and {left} more" if left > 0 else "")


def fitted_words(model: object, names: Sequence[str]) -> str:
    """What a fitted model is: 'VAR fitted to growth, inflation'."""
    told = getattr(model, "provenance", {}).get("model", "")
    return f"{told or type(model).__name__.removeprefix('Fitted')} fitted to {some_names(names)}"


def long_table(
    names: Sequence[str],
    index: pd.PeriodIndex | pd.DatetimeIndex,
    columns: Mapping[str, np.ndarray | str],
) -> pd.DataFrame:
    """`series, period, ...`, a row a cell, series by series.

    Each of `columns` is [step, series], or one word for all cells.
    """
    rows = pd.MultiIndex.from_product([names, period_labels(index)], names=["series", "period"])
    cells = {
        name: values if isinstance(values, str) else values.T.ravel()
        for name, values in columns.items()
    }
    return pd.DataFrame(cells, index=rows).reset_index()
