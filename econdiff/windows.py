"""What was known at an origin, what came after it, and the windows that a network learns from.

Nothing here looks ahead: a history ends at its origin, and windows held out for
validation begin where those for training have ended.
"""

import numpy as np
import pandas as pd

Moment = pd.Period | pd.Timestamp | str


def history_at(panel: pd.DataFrame, origin: Moment) -> pd.DataFrame:
    """The rows of `panel` up to and including `origin`, as a copy of their own."""
    return panel.iloc[: _row(panel, origin) + 1].copy()


def future_after(panel: pd.DataFrame, origin: Moment, horizon: int) -> pd.DataFrame:
    """The `horizon` rows of `panel` that follow `origin`: what a forecast is scored against."""
    _positive(horizon=horizon)
    start = _row(panel, origin) + 1
    future = panel.iloc[start : start + horizon].copy()
    if len(future) < horizon:
        raise ValueError(
            f"{horizon} rows after {origin} are needed and {len(future)} are there; "
            f"the panel ends at {panel.index[-1]}"
        )
    return future


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


def windows(values: np.ndarray, length: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Every stretch of `length` rows and the `horizon` rows that follow it.

    From `values[time, ...]` come read-only views `past[window, length, ...]` and
    `future[window, horizon, ...]`; window `i` has its first row at time `i`.
    """
    _positive(length=length, horizon=horizon)
    whole = length + horizon
    if len(values) < whole:
        raise ValueError(
            f"a window of {length} + {horizon} rows does not fit into {len(values)} rows"
        )
    stretches = np.lib.stride_tricks.sliding_window_view(values, whole, axis=0)
    stretches = np.moveaxis(stretches, -1, 1)  # [window, row, ...]
    return stretches[:, :length], stretches[:, length:]


def held_out_windows(
    windows_in_all: int, horizon: int, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Which windows to train on and which to hold out: the last `share` of time, nothing shared.

    Rows of a held-out future are in no training window: between the last training window
    and the first held-out one `horizon - 1` windows, whose futures straddle the border, are
    in neither part. Indices into the windows of `windows`.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    held = max(1, round(share * windows_in_all))
    train = windows_in_all - held - (horizon - 1)
    if train < 1:
        raise ValueError(
            f"holding out {held} of {windows_in_all} windows leaves none to train on "
            f"with a horizon of {horizon}; shorten the horizon or lengthen the panel"
        )
    return np.arange(train), np.arange(windows_in_all - held, windows_in_all)


def _row(panel: pd.DataFrame, origin: Moment) -> int:
    index = panel.index
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
