"""Pictures: fan charts, models side by side, PIT histograms, scores against a reference.

Every function takes plain values and gives back a matplotlib `Figure`; nothing is
kept between calls and no window is opened. `svg` and `png` turn a figure into
bytes that are the same every time. Colours and layout are those of `drawing`.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from scipy import stats

from econdiff.arguments import check_count
from econdiff.forecast import Forecast
from econdiff.report.drawing import (
    CYCLE,
    HISTORY,
    MARKERS,
    MEDIAN,
    OUTCOME,
    QUIET,
    TINTS,
    at_periods,
    dates,
    finish,
    grid_of,
    keep_only,
    one_each,
    styled,
    wrapped,
)

BANDS = (0.9, 0.6, 0.3)  # in the TINTS, wide to narrow


def fan(
    forecast: Forecast,
    history: pd.DataFrame | None = None,
    *,
    outcome: pd.DataFrame | None = None,
    title: str = "",
    span: int | None = None,
) -> Figure:
    """Fan chart of each series: bands that hold 30, 60 and 90% of the paths, and the median.

    The bands start at the last value known, that of each series itself where the forecast has a
    nowcast of those that end earlier: its medians are dots. `history` is drawn up to the first step
    of the forecast, and of it the last `span` rows (four times the horizon and at least 24 unless
    told); `outcome` is what came later, where that is known. ValueError where `history` lacks a
    series.
    """
    names = forecast.names
    history = _history_of(forecast, history, span)
    with styled():
        figure, grid = one_each(len(names))
        for axes, name in zip(grid.flat, names, strict=False):
            _draw_fan(axes, forecast, name, history, outcome, span)
            axes.set_title(wrapped(name, 38))
            axes.set_ylabel(wrapped(forecast.units.get(name, ""), 30))
        finish(figure, grid, title)
    return figure


def fans(
    forecasts: Mapping[str, Forecast],
    history: pd.DataFrame | None = None,
    *,
    outcome: pd.DataFrame | None = None,
    title: str = "",
    span: int | None = None,
) -> Figure:
    """Fan charts of several models side by side: a row a series, a column a model.

    The models of a row share the value axis, so that widths can be compared.
    """
    first = next(iter(forecasts.values()))
    history = _history_of(first, history, span)
    with styled():
        figure, grid = grid_of(
            len(first.names), len(forecasts), width=2.9, height=2.3, sharey="row"
        )
        for row, name in zip(grid, first.names, strict=True):
            for axes, (model, forecast) in zip(row, forecasts.items(), strict=True):
                _draw_fan(axes, forecast, name, history, outcome, span)
                axes.set_title(wrapped(f"{name}: {model}", 28))
            row[0].set_ylabel(wrapped(first.units.get(name, ""), 26))
        finish(figure, grid, title)
    return figure


def pit_histograms(pits: Mapping[str, np.ndarray], *, title: str = "") -> Figure:
    """Where outcomes fell in their forecasts: flat when the forecasts are right.

    The grey band holds a bar 90% of the time when outcomes are independent draws from
    the forecasts (Diebold, Gunther and Tay 1998); that holds one step ahead only.
    """
    columns = min(len(pits), 4)
    rows = -(-len(pits) // columns)
    with styled():
        figure, grid = grid_of(rows, columns, width=2.6, height=2.1, sharey="all")
        for axes, (name, values) in zip(grid.flat, pits.items(), strict=False):
            _draw_pit(axes, np.asarray(values, float))
            axes.set_title(name)
        keep_only(grid, len(pits))
        for axes in grid[:, 0]:
            axes.set_ylabel("share of outcomes")
        finish(figure, grid, title)
    return figure


def score_ratios(ratios: pd.DataFrame, *, reference: str, score: str, title: str = "") -> Figure:
    """Score of each model over that of `reference`, by step; below 1 is better.

    `ratios` has the columns `model, series, step, ratio, low, high, verdict`; the whisker
    runs from `low` to `high`, and a mark is filled where the verdict is "better" or "worse".
    """
    names = list(dict.fromkeys(ratios["series"]))
    models = list(dict.fromkeys(ratios["model"]))
    with styled():
        figure, grid = one_each(len(names), height=2.7)
        for axes, name in zip(grid.flat, names, strict=False):
            _draw_ratios(axes, ratios.loc[ratios["series"] == name], models)
            axes.set_title(wrapped(name, 38))
            axes.set_xlabel("steps ahead")
        for axes in grid[:, 0]:
            axes.set_ylabel(f"{score} / {score} of {reference}")
        hollow = Line2D([], [], marker="o", mfc="white", mec=QUIET, ls="none")
        finish(figure, grid, title, extra={"hollow: no difference shown": hollow})
    return figure


def svg(figure: Figure) -> str:
    """The figure as SVG text with its letters drawn in, the same at each call."""
    buffer = io.StringIO()
    with styled():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def png(figure: Figure, dots_per_inch: int = 150) -> bytes:
    """The figure as PNG bytes."""
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format="png", dpi=dots_per_inch, metadata={"Software": None})
    return buffer.getvalue()


def _history_of(
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


def _draw_fan(
    axes: Axes,
    forecast: Forecast,
    name: str,
    history: pd.DataFrame | None,
    outcome: pd.DataFrame | None,
    span: int | None,
) -> None:
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
    if outcome is not None and name in outcome:
        came = np.concatenate([start, at_periods(index, outcome[name])])
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


def _draw_pit(axes: Axes, values: np.ndarray) -> None:
    values = values[np.isfinite(values)]
    bins = 10 if len(values) >= 80 else 5
    shares = np.histogram(values, bins=bins, range=(0, 1))[0] / max(1, len(values))
    low, high = stats.binom.ppf([0.05, 0.95], len(values), 1 / bins) / max(1, len(values))
    centres = (np.arange(bins) + 0.5) / bins
    axes.bar(centres, shares, width=0.9 / bins, color=TINTS[1], label="outcomes")
    axes.axhspan(low, high, color=QUIET, alpha=0.25, linewidth=0, label="90% noise band")
    axes.axhline(1 / bins, color=HISTORY, linewidth=0.9, linestyle=":", label="flat")
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0", "½", "1"])
    axes.annotate(
        f"n = {len(values)}", (0.98, 0.97), xycoords="axes fraction", ha="right", va="top"
    )


def _draw_ratios(axes: Axes, ratios: pd.DataFrame, models: Sequence[str]) -> None:
    axes.axhline(1, color=HISTORY, linewidth=0.9)
    steps = sorted(set(ratios["step"]))
    for place, model in enumerate(models):
        rows = ratios.loc[ratios["model"] == model].sort_values("step")
        color, marker = CYCLE[place % len(CYCLE)], MARKERS[place % len(MARKERS)]
        shift = 0.5 * ((place + 0.5) / len(models) - 0.5)  # so that whiskers stand side by side
        x = np.array([steps.index(step) for step in rows["step"]]) + shift
        y = rows["ratio"].to_numpy(float)
        axes.vlines(x, rows["low"], rows["high"], color=color, linewidth=1)
        fills = [
            color if verdict in ("better", "worse") else "white" for verdict in rows["verdict"]
        ]
        axes.plot([], [], marker, color=color, markersize=5, label=model)
        for at, ratio, fill in zip(x, y, fills, strict=True):
            axes.plot(at, ratio, marker, mec=color, mfc=fill, markersize=5)
    axes.set_xticks(range(len(steps)), [str(step) for step in steps])
    axes.set_ylim(bottom=max(0, axes.get_ylim()[0]))
