"""Pictures of scenarios: baseline and alternative, their difference, responses to shocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from econdiff.forecast import Forecast
from econdiff.periods import period_labels
from econdiff.report.drawing import (
    CYCLE,
    HISTORY,
    QUIET,
    Shown,
    dates,
    finish,
    one_each,
    styled,
    wrapped,
)
from econdiff.scenario import Conditional
from econdiff.scenario.ahead import periods_of
from econdiff.stacking import fast_of, unstack


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two forecasts of one panel by name, the first in grey; `marks` are drawn as diamonds."""

    pair: Mapping[str, Forecast]
    history: pd.DataFrame
    marks: Mapping[str, pd.Series]
    units: Mapping[str, str]
    names: Sequence[str]

    def draw(self, axes: Axes, name: str) -> None:
        """One series; its fan goes on from its own last value, by the steps behind it."""
        past = self.history[name]
        axes.plot(dates(past.index), past.to_numpy(float), color=HISTORY, label="history")
        known = past.dropna().iloc[-1:]  # the fans start where the history ends
        last = known.to_numpy(float)
        for (label, ahead), color in zip(self.pair.items(), (QUIET, CYCLE[0]), strict=True):
            forecast = ahead.joined()
            steps = dates(forecast.index)
            first = np.searchsorted(steps, dates(known.index), side="right").sum()
            at = np.append(dates(known.index), steps[first:])
            low, high = (np.append(last, end[name][first:]) for end in forecast.interval(0.9))
            axes.fill_between(at, low, high, color=color, alpha=0.22, lw=0, label=f"{label}, 90%")
            middle = np.append(last, forecast.quantile(0.5)[name][first:])
            axes.plot(at, middle, color=color, label=f"{label}, median")
        if len(self.marks.get(name, ())):
            mark = self.marks[name]
            axes.plot(dates(mark.index), mark, "D", color=CYCLE[1], ms=3.5, label="pinned")
        axes.set_title(wrapped(name, 38))
        axes.set_ylabel(wrapped(self.units.get(name, ""), 30))
        axes.tick_params(axis="x", labelrotation=30)


def two_fans(answer: Conditional, span: int = 24) -> Figure:
    """Baseline and alternative: medians and 90% bands, the pinned cells marked.

    After the last `span` periods of the panel; stacked series stand by their own periods.
    """
    drawn, history = answer.alternative, answer.history
    pair = {"baseline": answer.baseline, "conditional": drawn}
    marks = {name: _pinned(answer, drawn.joined(), name) for name in drawn.names}
    stacked: dict[str, list[str]] = history.attrs.get("stacked", {})
    if not stacked:
        return side_by_side(pair, history, marks, answer.units, span)
    columns = {column for one in stacked.values() for column in one}
    own = [name for name in drawn.names if name not in columns]
    months = fast_of(history.iloc[-span:])
    inside = {label: unstack(forecast, months) for label, forecast in pair.items()}
    by_month = {name: _by_month([marks[c] for c in one], months) for name, one in stacked.items()}
    units = {name: answer.units.get(one[0], "") for name, one in stacked.items()}
    return _drawn(
        _Pair(pair, history.iloc[-span:], marks, answer.units, own),
        _Pair(inside, months, by_month, units, list(stacked)),
    )


def _by_month(marks: Sequence[pd.Series], months: pd.DataFrame) -> pd.Series:
    """Marks of the columns of a stacked series, one for each month of a quarter, by the month."""
    inner = pd.PeriodIndex(months.index).freq
    found = [
        one.set_axis(periods_of(one.index).asfreq(inner, "start") + k)
        for k, one in enumerate(marks)
    ]
    return pd.concat(found).sort_index()


def side_by_side(
    pair: Mapping[str, Forecast],
    history: pd.DataFrame,
    marks: Mapping[str, pd.Series],
    units: Mapping[str, str],
    span: int = 24,
) -> Figure:
    """Two forecasts of one panel by name, the first in grey; `marks` are drawn as diamonds."""
    names = next(iter(pair.values())).names
    return _drawn(_Pair(pair, history.iloc[-span:], marks, units, names))


def _drawn(*pairs: _Pair) -> Figure:
    """All series of all pairs on one sheet."""
    with styled():
        figure, grid = one_each(sum(len(one.names) for one in pairs))
        each = [(one, name) for one in pairs for name in one.names]
        for axes, (one, name) in zip(grid.flat, each, strict=False):
            one.draw(axes, name)
        finish(figure, grid, columns=3)
        return figure


def differences(answer: Conditional) -> Figure:
    """Conditional less baseline: mean, Monte Carlo error, and the band of paired differences."""
    return changes(answer.difference(), answer.baseline)


def changes(table: pd.DataFrame, baseline: Forecast) -> Figure:
    """The rows `series, mean, standard_error, low, high` of a table of differences."""
    names = baseline.names
    with styled():
        figure, grid = one_each(len(names))
        for axes, name in zip(grid.flat, names, strict=False):
            rows = table.loc[table["series"] == name]
            at = dates(baseline.index)
            axes.axhline(0, color=QUIET, lw=0.8)
            if rows["low"].notna().all():
                axes.fill_between(
                    at, rows["low"], rows["high"], color=CYCLE[0], alpha=0.2, lw=0,
                    label="90% of paired differences",
                )  # fmt: skip
            axes.errorbar(
                at, rows["mean"], 2 * rows["standard_error"], color=CYCLE[0], capsize=2,
                label="mean, two Monte Carlo errors",
            )  # fmt: skip
            axes.set_title(wrapped(name, 38))
            axes.set_ylabel(wrapped(baseline.units.get(name, ""), 30))
            every = -(-len(at) // 5)
            axes.set_xticks(at[::every], period_labels(baseline.index)[::every], rotation=30)
        finish(figure, grid, columns=3)
        return figure


def responses(bands: pd.DataFrame, local: pd.DataFrame | None = None) -> Figure:
    """Responses to each shock, a row a shock and a column a series, `local` ones as dots."""
    shocks, names = bands["shock"].unique(), bands["series"].unique()
    with styled():
        size = (2.5 * len(names) + 0.6, 2.0 * len(shocks) + 0.7)
        figure = Shown(figsize=size, layout="constrained", facecolor="white")
        grid = figure.subplots(len(shocks), len(names), squeeze=False, sharex=True)
        for row, shock in zip(grid, shocks, strict=True):
            for axes, name in zip(row, names, strict=True):
                one = bands[(bands["shock"] == shock) & (bands["series"] == name)]
                axes.axhline(0, color=QUIET, lw=0.8)
                axes.fill_between(
                    one["step"], one["low"], one["high"], color=CYCLE[0], alpha=0.2, lw=0,
                    label="band",
                )  # fmt: skip
                axes.plot(one["step"], one["median"], color=CYCLE[0], label="median")
                if local is not None:
                    dots = local[(local["shock"] == shock) & (local["series"] == name)]
                    axes.errorbar(
                        dots["step"], dots["local"], dots["standard_error"], fmt="o", ms=2.5,
                        lw=0.7, color=CYCLE[1], label="local projection, one error",
                    )  # fmt: skip
                axes.set_title(wrapped(f"{shock} → {name}", 30))
        for axes in grid[-1]:
            axes.set_xlabel("periods after")
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return figure


def contributions(historical: pd.DataFrame, span: int = 40) -> Figure:
    """What each shock gave each series in the last `span` periods: stacked bars, and their sum."""
    names = list(historical["series"].unique())
    periods = historical["period"].unique()[-span:]
    with styled():
        figure, grid = one_each(len(names))
        for axes, name in zip(grid.flat, names, strict=False):
            table = historical[historical["series"] == name].pivot(
                index="period", columns="shock", values="value"
            )
            table = table.loc[periods, list(historical["shock"].unique())]
            high, low = np.zeros(len(table)), np.zeros(len(table))
            for place, (shock, values) in enumerate(table.items()):
                value = values.to_numpy()
                color = QUIET if shock == table.columns[-1] else CYCLE[place % len(CYCLE)]
                base = np.where(value >= 0, high, low)
                axes.bar(range(len(table)), value, 0.9, base, color=color, label=str(shock))
                high, low = high + np.maximum(value, 0), low + np.minimum(value, 0)
            axes.plot(table.sum(axis=1).to_numpy(), color=HISTORY, lw=1.1, label="sum")
            ticks = np.linspace(0, len(table) - 1, 4).astype(int)
            axes.set_xticks(ticks, [str(periods[k]) for k in ticks], rotation=30)
            axes.set_title(wrapped(name, 38))
        finish(figure, grid, columns=3)
        return figure


def _pinned(answer: Conditional, drawn: Forecast, name: str) -> pd.Series:
    """Where the scenario pins single cells of a series, the mean that it has there."""
    pins = answer.told.pins
    told = {
        period
        for pin, period in zip(answer.bound.stated[: len(pins)], pins.periods, strict=True)
        if [term.series for term in pin.terms] == [name]
    }
    labels = [str(period) for period in periods_of(drawn.index)]
    rows = [k for k, label in enumerate(labels) if label in told]
    return drawn.mean()[name].iloc[rows]
