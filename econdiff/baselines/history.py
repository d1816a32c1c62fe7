"""Reading a history: the series that a model knows, in the order that it knows them.

One rule for missing cells holds for every baseline. `fit` leaves out the rows (of one series
where the model takes series singly, of all where it takes them jointly) in which a cell that
it needs is not known. `sample` never fills by interpolation: a model with a law for the missing
cells draws them from that law given what is known (AR, VAR, BVAR, ARIMA, ETS, factor models); a
model without one starts each series at its last known cell and draws the missing steps with
the future (random walk, GARCH); climatology does not look at the origin.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

ROUNDING = 1e-9  # differences that are smaller, relative to the values, are rounding


def values_of(history: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """The cells of `history` [time, series] in the order of `names`.

    Raises ValueError where a series is missing, or has no known value at all.
    """
    absent = [name for name in names if name not in history.columns]
    if absent:
        raise ValueError(
            f"history lacks the series {absent}; the model was fitted on {list(names)}"
        )
    values = history[list(names)].to_numpy(float)
    for name, column in zip(names, values.T, strict=True):
        if not np.isfinite(column).any():
            raise ValueError(f"history has no known value of {name!r}; leave the series out")
    return values


def check_varies(names: Iterable[str], values: np.ndarray) -> None:
    """Raises ValueError naming a series of `values` [time, series] that is always the same."""
    for name, column in zip(names, values.T, strict=True):
        known = column[np.isfinite(column)]
        if len(known) and np.ptp(known) <= ROUNDING * np.abs(known).max():
            raise ValueError(
                f"{str(name)!r} is {known[0]:g} throughout, there is nothing to draw; "
                "leave it out or transform it otherwise"
            )


def complete_rows(panel: pd.DataFrame, values: np.ndarray, *, need: int) -> np.ndarray:
    """The rows of `values` [time, series] in which every series is known; at least `need`."""
    known = np.isfinite(values)
    complete = values[known.all(axis=1)]
    if len(complete) < need:
        found = f"{len(complete)} rows of the panel have every series known, {need} are needed; "
        if known.all():
            raise ValueError(f"{found}give more rows")
        sparse = str(panel.columns[known.sum(axis=0).argmin()])
        raise ValueError(f"{found}{sparse!r} is known least often, leave it out or give more rows")
    return complete


def even_rows(count: int, paths: int, steps: int, rng: np.random.Generator) -> np.ndarray:
    """Numbers of `count` past rows [path, step] to draw again, evenly.

    At each step every row is on as many paths as any other, give or take one, in a random order:
    a path's law is that of rows drawn at random, and the next step has hardly any Monte Carlo
    error.
    """
    order = [rng.permutation(np.resize(rng.permutation(count), paths)) for _ in range(steps)]
    return np.stack(order, axis=1)
