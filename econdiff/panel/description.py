"""What was understood of a panel, in words."""

import numpy as np
import pandas as pd

from econdiff.panel.frequency import NAMES
from econdiff.periods import period_label

SERIES_SHOWN = 12


def describe_panel(panel: pd.DataFrame) -> str:
    """Frequency, span, series with their units, missing cells and what is done about them."""
    index = panel.index
    freq = index.freqstr if isinstance(index, pd.PeriodIndex | pd.DatetimeIndex) else None
    rhythm = NAMES.get((freq or "?")[0], "dated")
    lines = [
        f"{rhythm}, {_span(index)}, {len(panel)} rows",
        f"{panel.shape[1]} series: {_series(panel)}",
        *_missing(panel),
        *panel.attrs.get("notes", ()),
    ]
    return "\n".join(lines)


def _span(index: pd.Index) -> str:
    first, last = index[[0, -1]]
    return f"{period_label(first)} to {period_label(last)}"


def _series(panel: pd.DataFrame) -> str:
    units = panel.attrs.get("units", {})
    names = [f"{name} ({units[name]})" if units.get(name) else str(name) for name in panel]
    more = len(names) - SERIES_SHOWN
    return ", ".join(names[:SERIES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _missing(panel: pd.DataFrame) -> list[str]:
    """One line for each place where cells are missing: before, inside and after the values."""
    absent = panel.isna().to_numpy()
    before = np.logical_and.accumulate(absent, axis=0)
    after = np.logical_and.accumulate(absent[::-1], axis=0)[::-1]
    places = [
        (before, "before a series begins", "it counts from its first value on"),
        (absent & ~before & ~after, "inside a series", "not known, nothing is filled in"),
        (after, "after a series ends", "it is drawn from there on"),
    ]
    lines = [
        f"missing {where}: {place.sum()} ({_where(panel, place)}); {done}"
        for place, where, done in places
        if place.any()
    ]
    return lines or ["no cell is missing"]


def _where(panel: pd.DataFrame, place: np.ndarray) -> str:
    """The series with most such cells, and how many others have some."""
    counts = place.sum(axis=0)
    worst = int(counts.argmax())
    rows = np.flatnonzero(place[:, worst])
    first, last = period_label(panel.index[rows[0]]), period_label(panel.index[rows[-1]])
    span = f"at {first}" if first == last else f"between {first} and {last}"
    others = int((counts > 0).sum()) - 1
    rest = f", and {others} other series" if others else ""
    return f"{panel.columns[worst]} {span}{rest}"
