"""What makes a table a panel: the checks that `read_panel` and models rely on."""

import numpy as np
import pandas as pd

from econdiff.panel.errors import PanelError


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
        twice = index[index.duplicated()][0]
        raise PanelError(f"{twice} is there twice; keep one row a period")
    if not index.is_monotonic_increasing:
        raise PanelError("the rows are not in the order of time; say panel.sort_index()")
    for name in panel:
        _check_series(panel[name], minimum_rows)


def _check_series(series: pd.Series, minimum_rows: int) -> None:
    name = series.name
    if not pd.api.types.is_numeric_dtype(series.dtype):
        raise PanelError(
            f"series {name!r} holds {series.dtype}, not numbers; leave it out or convert it"
        )
    values = series.to_numpy(float)
    if np.isinf(values).any():
        raise PanelError(f"series {name!r} is infinite at {series.index[np.isinf(values)][0]}")
    known = values[~np.isnan(values)]
    if len(known) == 0:
        raise PanelError(f"series {name!r} has no values at all; leave it out")
    if len(known) < minimum_rows:
        raise PanelError(
            f"series {name!r} has too short a history: {len(known)} values, "
            f"at least {minimum_rows} are needed; leave it out or give more history"
        )
    if (known == known[0]).all():
        raise PanelError(
            f"series {name!r} is constant: {known[0]:g} from {series.first_valid_index()} to "
            f"{series.last_valid_index()}; leave it out"
        )
