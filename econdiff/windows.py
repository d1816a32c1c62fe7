"""What was known at an origin, and the origins to forecast from.

Nothing here looks ahead: a history ends at its origin, or, where some series are published sooner
than others, in as ragged an edge as the panel itself.
"""

from collections.abc import Hashable, Iterable

import numpy as np
import pandas as pd

Moment = pd.Period | pd.Timestamp | str


def history_at(panel: pd.DataFrame, origin: Moment) -> pd.DataFrame:
    """The rows of `panel` up to and including `origin`, as a copy of their own."""
    return panel.iloc[: _row(panel, origin) + 1].copy()


def edge_rows_of(panel: pd.DataFrame) -> int:
    """How many rows stand after the last complete one; 0 where none is complete."""
    complete = np.all(panel.notna().to_numpy(), axis=1)
    return int(complete[::-1].argmax())


def with_same_edge(panel: pd.DataFrame, origins: Iterable[Moment]) -> dict[Hashable, pd.DataFrame]:
    """At each origin the rows up to it, and after it what is published as soon as now.

    Where the panel lacks a cell so many rows after its last complete row, the history lacks it so
    many rows after the origin: a pseudo real-time history (Giannone, Reichlin and Small, 2008,
    "Nowcasting: The real-time informational content of macroeconomic data", Journal of Monetary
    Economics 55(4)). They are the `vintages` of `econdiff.backtest.backtest`.
    """
    edge = edge_rows_of(panel)
    published = panel.iloc[len(panel) - edge :].notna().to_numpy()
    histories: dict[Hashable, pd.DataFrame] = {}
    for origin in origins:
        end = _row(panel, origin) + 1
        history = panel.iloc[: end + edge].astype(float)
        known = np.ones(history.shape, bool)
        known[end:] = published[: len(history) - end]
        histories[origin] = history.where(known)
    return histories


def backtest_origins(
    panel: pd.DataFrame,
    *,
    horizon: int,
    count: int | None = None,
    first: Moment | None = None,
    step: int = 1,
    minimum: int = 60,
) -> pd.Index:
    """The origins to forecast from: each has `minimum` rows of history and `horizon` rows after it.

    The last origin is the latest that has its whole future in the panel; the others lie
    every `step` rows before it, back to `first` or to the `minimum`, and at most `count`
    of them (the latest) are kept. The values of the panel play no part.
    """
    _positive(horizon=horizon, step=step, minimum=minimum, count=1 if count is None else count)
    earliest = minimum - 1 if first is None else max(_row(panel, first), minimum - 1)
    latest = len(panel) - horizon - 1
    if latest < earliest:
        raise ValueError(
            f"no origin is left: {len(panel)} rows, of which the history needs {earliest + 1} "
            f"and the future {horizon}; ask for a shorter horizon (--horizon), give more rows, or "
            "in Python say a lower minimum"
        )
    rows = np.arange(latest, earliest - 1, -step)[:count][::-1]
    if count is not None and len(rows) < count:
        raise ValueError(
            f"{count} origins every {step} rows were asked for and {len(rows)} fit between "
            f"{panel.index[earliest]} and {panel.index[latest]}; ask for {len(rows)} "
            f"(--origins {len(rows)})"
        )
    return panel.index[rows]


def _row(panel: pd.DataFrame, origin: Moment) -> int:
    index = panel.index
    if not index.is_monotonic_increasing or index.has_duplicates:
        raise ValueError(
            "the rows are not in the order of time, each period once, so what came before "
            f"{origin} cannot be told; say panel.sort_index(), and keep one row a period"
        )
    if isinstance(index, pd.PeriodIndex):
        row = index.get_indexer(pd.PeriodIndex([origin], freq=index.freq))[0]
    else:
        row = index.get_indexer(pd.DatetimeIndex([origin]))[0]
    if row < 0:
        raise ValueError(
            f"the panel has no row {origin}; "
            f"its {len(index)} rows run from {index[0]} to {index[-1]}"
        )
    return int(row)


def _positive(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
