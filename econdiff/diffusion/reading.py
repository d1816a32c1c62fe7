"""What the model is handed, checked and read: histories, a ragged edge, futures, scenarios."""

import numpy as np
import pandas as pd

from econdiff.diffusion.training import MINIMUM_ROWS
from econdiff.panel import PanelError, check_rows
from econdiff.panel.frequency import infer_frequency
from econdiff.periods import steps_after


def known(panel: pd.DataFrame, window: int) -> np.ndarray:
    """The last `window` rows of a panel that can be fitted, as [series, time]."""
    check_rows(panel)
    y = panel.iloc[-window:].to_numpy(float).T
    empty = np.isnan(y).all(axis=1)
    if empty.any():
        name = panel.columns[empty.argmax()]
        raise PanelError(
            f"series {name!r} has no value in the last {y.shape[1]} rows; leave it out"
        )
    if len(panel) < MINIMUM_ROWS:
        raise ValueError(
            f"{MINIMUM_ROWS} rows are needed, and {len(panel)} are there after any differences;"
            f" give {MINIMUM_ROWS - len(panel)} more, or take another model, such as AR "
            "(--model ar)"
        )
    return y


def fitted_series(history: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """The series of a history that the model was fitted on, in the order that it knows."""
    check_rows(history)
    missing = [name for name in names if name not in history.columns]
    if missing:
        raise ValueError(
            f"history lacks the series {missing}; the model was fitted on {list(names)}"
        )
    return history.loc[:, list(names)]


def ragged(y: np.ndarray, history: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Rows up to the last that is complete, and the edge after it, both [series, time]."""
    complete = np.flatnonzero(np.isfinite(y).all(axis=0))
    if not len(complete):
        never = "; ".join(
            f"{name} is known until {column.last_valid_index()}" for name, column in history.items()
        )
        raise ValueError(f"no period of the history has every series: {never}")
    end = complete[-1] + 1
    return y[:, :end], y[:, end:]


def cells(
    scenario: pd.DataFrame, index: pd.PeriodIndex | pd.DatetimeIndex, names: tuple[str, ...]
) -> np.ndarray:
    """A scenario's numbers as [series, step].

    Its rows are periods of `index` itself: text or dates that only look like them are refused.
    """
    if not isinstance(scenario, pd.DataFrame):
        raise PanelError(f"a scenario is a DataFrame, got {type(scenario).__name__}")
    unknown = [name for name in scenario.columns if name not in names]
    periods = set(index)
    late = [period for period in scenario.index if period not in periods]
    if unknown or late:
        raise ValueError(
            f"the scenario names {unknown or late}; the forecast has series {list(names)} "
            f"over {index[0]} to {index[-1]}, a {type(index).__name__}"
        )
    for axis in scenario.axes:
        if axis.has_duplicates:
            raise PanelError(f"the scenario names {axis[axis.duplicated()][0]} twice; keep one")
    placed = scenario.reindex(index=index, columns=list(names))
    check_rows(placed)
    return placed.to_numpy(float).T


def following(history: pd.DataFrame, future: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """The rows of `future` [step x series], series in the order of `names`.

    They must follow `history` at once: of days, which may leave out holidays, later will do.
    """
    check_rows(future)
    if sorted(map(str, future.columns)) != sorted(names):
        raise ValueError(f"fitted on {list(names)}, the future has {list(future.columns)}")
    future, history = future.loc[:, list(names)], fitted_series(history, names)
    both = pd.concat([history, future])
    if not isinstance(both.index, pd.PeriodIndex | pd.DatetimeIndex):
        raise PanelError(
            f"the history is indexed by {history.index.dtype}, the future by {future.index.dtype}; "
            "say future.set_index(econdiff.forecast.steps_after(history, len(future)))"
        )
    index, due = history.index, steps_after(history, len(future))
    stamps = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
    if infer_frequency(pd.DatetimeIndex(stamps)) != "D" and not future.index.equals(due):
        raise ValueError(
            f"a future of {len(due)} steps after this history is {due[0]} to {due[-1]}, "
            f"got {future.index[0]} to {future.index[-1]}"
        )
    check_rows(both)
    return future
