"""Seasons that all entities share: taken out before a fit, put back into what is drawn.

A law whose lags alone carry a season forgets it, as its roots are below one. So the season of a
quarterly or monthly coordinate is a mean by quarter or month, where it is stable: where changes, in
the mean over entities, differ between seasons by more than within, F above 7 (Lothian and Morry,
1978, "A test for the presence of identifiable seasonality when using the X-11-ARIMA program",
Statistics Canada). Changes, since levels may wander. What moves by the calendar alone is left to
its lags, which repeat it exactly.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from econdiff.synth import within
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.panel import EntityPanel

STABLE = 7.0
FEWEST = 3  # changes of each season


def season_of(index: pd.PeriodIndex) -> np.ndarray:
    """The season of each period, from 0; all are 0 where the calendar is no quarters or months."""
    kind = index.freqstr[0]
    if kind not in "QM":
        return np.zeros(len(index), int)
    return np.asarray(index.quarter if kind == "Q" else index.month) - 1


def without_seasons(panel: EntityPanel) -> tuple[EntityPanel, np.ndarray]:
    """The panel without its seasons, and these [season, k]; the panel itself where it has none."""
    coordinates = Coordinates(panel.schema)
    w = coordinates.inward(panel.values)
    found = seasons(w, panel.index)
    if not found.any():
        return panel, found
    return replace(panel, values=coordinates.outward(w - found[season_of(panel.index)])), found


def seasons(w: np.ndarray, index: pd.PeriodIndex) -> np.ndarray:
    """Seasons [season, k] of coordinates `w` [entity, time, k], about 0; 0 where none is stable."""
    change = within.means(np.diff(w, axis=1).swapaxes(0, 1))[:, 0]  # [time - 1, k]
    at = season_of(index)
    found = np.zeros((int(at.max()) + 1, w.shape[-1]))
    for place, column in enumerate(change.T):
        each = [column[(at[1:] == s) & np.isfinite(column)] for s in range(len(found))]
        if len(each) > 1 and min(map(len, each)) >= FEWEST and _stable(each):
            means = np.array([own.mean() for own in each])
            level = np.cumsum(means - means.mean())
            found[:, place] = level - level.mean()
    return found


def _stable(each: list[np.ndarray]) -> bool:
    """Whether an analysis of variance of changes, season by season, has an F above `STABLE`."""
    pooled, count = np.concatenate(each), len(each)
    inner = sum(float(((own - own.mean()) ** 2).sum()) for own in each)
    between = float(((pooled - pooled.mean()) ** 2).sum()) - inner
    moves = inner > 1e-9 * between
    return moves and between / (count - 1) > STABLE * inner / (len(pooled) - count)
