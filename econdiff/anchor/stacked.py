"""Columns that are one series: the months of a quarter, each a column (`econdiff.stacking`).

Each month goes on from the month before it, and for the first of a quarter that is the last of the
quarter before, another column. So the last of a series' columns is where its others go on from
(`latest`), and what a column sees of the others of its series (`kin`) it sees as its own past.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd


def latest_columns(panel: pd.DataFrame) -> tuple[int, ...] | None:
    """For each column the last of its series', by number; None where no series has two columns."""
    names = [str(name) for name in panel.columns]
    latest = list(range(len(names)))
    for columns in panel.attrs.get("stacked", {}).values():
        there = [names.index(name) for name in columns if name in names]
        for k in there:
            latest[k] = there[-1]
    return None if latest == list(range(len(names))) else tuple(latest)


def kin(latest: Sequence[int] | None) -> np.ndarray | None:
    """Whether two columns, not one, are of the same series, [series, other]; None: none are."""
    if latest is None:
        return None
    last = np.array(latest)
    return (last[:, None] == last) & ~np.eye(len(last), dtype=bool)
