"""What all pictures share: colours, type, the grid of panels, the legend, and where periods stand.

Colours are Okabe and Ito's (2008, "Color Universal Design"), told apart by people
with any kind of colour vision; nothing is said by colour alone.
"""

import io
import textwrap
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure

PAGE_WIDTH = 7.0  # inches: a narrower figure would be blown up to the width of a page
TINTS = ("#cfe3f2", "#93c1e2", "#4c97cc")
MEDIAN, HISTORY, OUTCOME, QUIET = "#003f6b", "#222222", "#d55e00", "#8a8a8a"
CYCLE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999933")
MARKERS = "osD^vP*X"
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#666666",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "econdiff",
    "text.parse_math": False,  # a series may be called "$"
}


class Shown(Figure):
    """A figure that notebooks show as it is, where matplotlib waits for `%matplotlib inline`."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        with styled():
            self.savefig(buffer, format="png")
        return buffer.getvalue()


def styled() -> AbstractContextManager[None]:
    """Within it, figures are made in the one style."""
    return mpl.rc_context(STYLE)


def grid_of(
    rows: int,
    columns: int,
    *,
    width: float,
    height: float,
    sharey: Literal["none", "all", "row"] = "none",
) -> tuple[Figure, np.ndarray]:
    """A figure of `rows` by `columns` panels [row, column], of this size in inches or wider."""
    size = (max(PAGE_WIDTH, width * columns), height * rows + 0.7)
    figure = Shown(figsize=size, layout="constrained", facecolor="white")
    return figure, figure.subplots(rows, columns, squeeze=False, sharey=sharey)


def one_each(count: int, *, height: float = 2.6) -> tuple[Figure, np.ndarray]:
    """A figure of `count` panels, of a series each, in two or three columns."""
    columns = min(count, 2 if count in (2, 4) else 3)
    figure, grid = grid_of(-(-count // columns), columns, width=4.0, height=height)
    keep_only(grid, count)
    return figure, grid


def keep_only(grid: np.ndarray, count: int) -> None:
    """Remove the panels after the first `count`."""
    for axes in grid.flat[count:]:
        axes.remove()


def finish(
    figure: Figure,
    grid: np.ndarray,
    title: str = "",
    *,
    extra: Mapping[str, Artist] | None = None,
    columns: int | None = None,
) -> None:
    """Title above; below it one legend of `columns` for all panels, a label once."""
    legend: dict[str, Artist] = {}
    for axes in grid.flat:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            legend.setdefault(label, handle)
    legend |= extra or {}
    room = columns or max(2, int(figure.get_figwidth() / 1.25))
    figure.legend(legend.values(), legend, loc="outside lower center", ncols=min(room, len(legend)))
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")


def dates(index: pd.Index) -> np.ndarray:
    """Where periods stand on the date axis: weeks and days at their end, others at their start."""
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp(how="end" if index.freqstr.startswith("W") else "start")
    return pd.DatetimeIndex(index).tz_localize(None).normalize().to_numpy()


def at_periods(periods: pd.Index, values: pd.Series) -> np.ndarray:
    """`values` at these periods, NaN where there is none; one may have dates, the other periods."""
    rows = values.index
    if isinstance(periods, pd.PeriodIndex) and isinstance(rows, pd.DatetimeIndex):
        rows = rows.tz_localize(None).to_period(periods.freq)
    elif isinstance(periods, pd.DatetimeIndex) and isinstance(rows, pd.PeriodIndex):
        periods = periods.tz_localize(None).to_period(rows.freq)
    return values.set_axis(rows).reindex(periods).to_numpy(float)


def wrapped(text: object, width: int) -> str:
    """The text broken into lines of at most `width` letters."""
    return textwrap.fill(str(text), width)
