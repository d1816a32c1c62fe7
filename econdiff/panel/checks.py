"""What makes a table a panel: the checks that `read_panel` and models rely on."""

import numpy as np
import pandas as pd

from econdiff.panel.errors import PanelError
from econdiff.panel.frequency import label


def check_panel(panel: pd.DataFrame, minimum_rows: int = 24) -> None:
    """Refuse what no model can use, with a message that names it; cheap, changes nothing."""
    index = panel.index
    if not isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        raise PanelError(
            f"a panel's index must hold periods or dates, got {type(index).__name__}; "
            "pass the table through econdiff.panel.read_panel"
        )
    if panel.shape[1] == 0:
        raise PanelError("the panel has no series")
    if panel.columns.has_duplicates:
        twice = panel.columns[panel.columns.duplicated()][0]
        raise PanelError(f"two series are named {twice!r}; rename one")
    if index.has_duplicates:
        twice = label(index[index.duplicated()][0])
        raise PanelError(f"{twice} is there twice; keep one row a period")
    if not index.is_monotonic_increasing:
        raise PanelError("the rows are not in the order of time; say panel.sort_index()")
    for name, series in panel.items():
        _check_series(str(name), series, minimum_rows)


def _check_series(name: str, series: pd.Series, minimum_rows: int) -> None:
    if not pd.api.types.is_numeric_dtype(series.dtype):
        raise PanelError(
            f"series {name!r} holds {series.dtype}, not numbers; leave it out or convert it"
        )
    values = series.to_numpy(float)
    if np.isinf(values).any():
        where = label(series.index[np.isinf(values)][0])
        raise PanelError(f"series {name!r} is infinite at {where}")
    known = values[~np.isnan(values)]
    if len(known) == 0:
        raise PanelError(f"series {name!r} has no values at all; leave it out")
    if len(known) < minimum_rows:
        raise PanelError(
            f"series {name!r} has too short a history: {len(known)} values {_span(series)}, at "
            f"least {minimum_rows} are needed; give more history, or leave it out"
        )
    if (known == known[0]).all():
        raise PanelError(f"series {name!r} is constant, {known[0]:g} {_span(series)}; leave it out")


def _span(series: pd.Series) -> str:
    first, last = series.dropna().index[[0, -1]]
    return f"from {label(first)} to {label(last)}"
