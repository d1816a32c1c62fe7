"""The fan of one series on given axes: history, bands, median and what came later."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from econdiff.arguments import check_count
from econdiff.forecast import Forecast
from econdiff.report.drawing import (
    HISTORY,
    MEDIAN,
    OUTCOME,
    QUIET,
    TINTS,
    at_periods,
    dates,
)

BANDS = (0.9, 0.6, 0.3)  # in the TINTS, wide to narrow


def history_of(
    forecast: Forecast, history: pd.DataFrame | None, span: int | None
) -> pd.DataFrame | None:
    """The rows of `history` before the first step of `forecast`, if it has all its series."""
    if span is not None:
        check_count("span", span)
    if history is None:
        return None
    if isinstance(history, pd.Series):
        raise ValueError("history is a panel, got a Series; say history.to_frame()")
    missing = [name for name in forecast.names if name not in history]
    if missing:
        raise ValueError(
            f"history has no series {', '.join(missing)}, which the forecast has; "
            "give the panel that the forecast continues"
        )
    return history.loc[dates(history.index) < dates(forecast.index[:1])]


def draw_fan(
    axes: Axes,
    forecast: Forecast,
    name: str,
    history: pd.DataFrame | None,
    outcome: pd.DataFrame | None,
    span: int | None,
) -> None:
    """Draw the fan of the series `name`; `history` is what `history_of` gives back."""
    k, start = forecast.names.index(name), np.empty(0)  # what the fan starts at: the last value
    index, paths = forecast.index, forecast.samples[:, :, k]
    at, late = dates(index), 0  # how many steps are a nowcast
    if history is not None and np.isfinite(history[name].to_numpy(float)).any():
        shown = history[name].iloc[-(span or max(24, 4 * forecast.horizon)) :]
        _draw_line(axes, shown, color=HISTORY, linewidth=1.1, label="history")
        last = history[name].dropna().iloc[-1:]
        if forecast.nowcast is not None:
            late = int((dates(forecast.nowcast.index) > dates(last.index)).sum())
            whole, first = forecast.joined(), forecast.nowcast.horizon - late
            index, paths = whole.index[first:], whole.samples[:, first:, k]
        at, start = np.concatenate([dates(last.index), dates(index)]), last.to_numpy(float)
        paths = np.hstack([np.broadcast_to(start, (len(paths), 1)), paths])
    for coverage, tint in zip(BANDS, TINTS, strict=True):
        low, high = np.quantile(paths, [(1 - coverage) / 2, (1 + coverage) / 2], axis=0)
        label = f"{coverage:.0%} of paths"
        axes.fill_between(at, low, high, color=tint, linewidth=0, label=label)
    median = np.median(paths, axis=0)
    if late:
        dots = slice(1, 1 + late)
        axes.plot(at[dots], median[dots], "o", color=MEDIAN, ms=3.5, label="nowcast, median")
    axes.plot(at, median, color=MEDIAN, linewidth=1.4, label="median")
    later = None
    if outcome is not None and name in outcome:
        later = at_periods(index, outcome.loc[:, name])
    if later is not None and np.isfinite(later).any():
        came = np.concatenate([start, later])
        style: dict[str, Any] = {"color": OUTCOME, "linewidth": 1.1, "marker": ".", "markersize": 4}
        axes.plot(at, came, label="outcome", **style)
    low, high = axes.get_ylim()
    if low < 0 < high:
        axes.axhline(0, color=QUIET, linewidth=0.7, zorder=0.5)
    axes.margins(x=0.01)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    if max(abs(low), abs(high)) >= 10_000:
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    locator = AutoDateLocator(minticks=3, maxticks=7)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def _draw_line(axes: Axes, values: pd.Series, *, label: str, **style: Any) -> None:
    """A line with its gaps left open; a value between two gaps is a dot."""
    gaps = values.isna().to_numpy()
    alone = ~gaps & np.r_[True, gaps[:-1]] & np.r_[gaps[1:], True]
    at = dates(values.index)
    axes.plot(at, values.to_numpy(float), label=label, **style)
    axes.plot(at[alone], values.to_numpy(float)[alone], ".", color=style["color"], markersize=3)
