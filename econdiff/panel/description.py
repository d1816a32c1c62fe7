"""What was understood of a panel, in words."""

import numpy as np
import pandas as pd

from econdiff.panel.frequency import NAMES


def describe_panel(panel: pd.DataFrame) -> str:
    """Frequency, span, series with their units, missing cells and what is done about them."""
    index = panel.index
    letter = (getattr(index, "freqstr", None) or "?")[0]
    units = panel.attrs.get("units", {})
    names = [f"{name} ({units[name]})" if units.get(name) else str(name) for name in panel]
    lines = [
        f"{NAMES.get(letter, 'dated')} panel, {len(panel)} rows from {index[0]} to {index[-1]}, "
        f"{panel.shape[1]} series",
        "series: " + ", ".join(names),
        _missing(panel),
        *panel.attrs.get("notes", ()),
    ]
    return "\n".join(lines)


def _missing(panel: pd.DataFrame) -> str:
    absent = panel.isna().to_numpy()
    if not absent.any():
        return "no missing cells"
    before = np.logical_and.accumulate(absent, axis=0)
    after = np.logical_and.accumulate(absent[::-1], axis=0)[::-1]
    inside = absent & ~before & ~after
    return (
        f"missing cells: {before.sum()} before a series starts, {after.sum()} after it ends, "
        f"{inside.sum()} inside; none is filled in, models leave them out"
    )
