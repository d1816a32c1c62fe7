"""Pictures: fan charts, models side by side, PIT histograms, scores against a reference.

Every function takes plain values and gives back a matplotlib `Figure`; nothing is
kept between calls and no window is opened. `svg` and `png` turn a figure into
bytes that are the same every time. Colours and layout are those of `drawing`.
"""

import io
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy import stats

from econdiff.forecast import Forecast
from econdiff.report.drawing import (
    CYCLE,
    HISTORY,
    MARKERS,
    QUIET,
    TINTS,
    finish,
    grid_of,
    keep_only,
    one_each,
    styled,
    wrapped,
)
from econdiff.report.fan_axes import draw_fan, history_of


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
    history = history_of(forecast, history, span)
    with styled():
        figure, grid = one_each(len(names))
        for axes, name in zip(grid.flat, names, strict=False):
            draw_fan(axes, forecast, name, history, outcome, span)
            axes.set_title(wrapped(name, 38))
            axes.set_ylabel(wrapped(forecast.units.get(name, ""), 30))
        finish(figure, grid, title)
    return figure


def fan_on(
    axes: Axes,
    forecast: Forecast,
    history: pd.DataFrame | None = None,
    *,
    outcome: pd.DataFrame | None = None,
    title: str = "",
    span: int | None = None,
) -> Axes:
    """The fan of one series on `axes` of your own; axes.legend() adds its legend."""
    name, *others = forecast.names
    if others:
        raise ValueError(
            f"axes hold one series, and the forecast has {1 + len(others)}; choose one, as in "
            f"forecast.select({name!r}).plot(history, axes=axes)"
        )
    draw_fan(axes, forecast, name, history_of(forecast, history, span), outcome, span)
    axes.set(title=title or name, ylabel=forecast.units.get(name, ""))
    return axes


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
    history = history_of(first, history, span)
    with styled():
        figure, grid = grid_of(
            len(first.names), len(forecasts), width=2.9, height=2.3, sharey="row"
        )
        for row, name in zip(grid, first.names, strict=True):
            for axes, (model, forecast) in zip(row, forecasts.items(), strict=True):
                draw_fan(axes, forecast, name, history, outcome, span)
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
