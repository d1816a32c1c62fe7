"""What a panel may hold and most likely should not: said, never mended."""

import numpy as np
import pandas as pd

from econdiff.periods import period_label


def suspicions(panel: pd.DataFrame) -> list[str]:
    """Remarks on zeros that seem to stand for missing values."""
    found = {name: _zeros_at_an_end(column) for name, column in panel.items()}
    where = [f"{name} ({place})" for name, place in found.items() if place]
    if not where:
        return []
    return [
        "careful: exactly 0 next to values far from 0, as if 0 stood for missing: "
        f"{', '.join(where)}; if it does, empty these cells"
    ]


def _zeros_at_an_end(series: pd.Series) -> str | None:
    """Where a series, else positive throughout, is exactly 0 for the first or the last rows.

    The step to 0 must also be ten times the usual step: a rate may well come down to 0.
    """
    known = series.dropna()
    values = known.to_numpy(float)
    filled = np.flatnonzero(values != 0)
    if len(filled) == 0 or len(filled) == len(values) or (values < 0).any():
        return None
    first, last = filled[0], filled[-1]
    if (values[first : last + 1] == 0).any():
        return None
    usual = np.median(np.abs(np.diff(values[first : last + 1])))
    ends = [("up to", first - 1, values[first]), ("from", last + 1, values[last])]
    for word, at, step in ends:
        if 0 <= at < len(values) and step > 10 * usual:
            return f"{word} {period_label(known.index[at])}"
    return None
