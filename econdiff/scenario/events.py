"""Events in words: sets of paths.

    UNRATE > 6                          at any time
    growth(GDPC1) < 0 for 2             two periods one after another
    CPI > 3 always                      all the time
    mean(CPI) > 3 in 2025Q1 to 2025Q4   min, max, mean, sum over the periods named
    GS10 - FEDFUNDS < 0 in 2025Q3       one period
    UNRATE > 6 and CPI > 3              both; `or` is either, and binds less

`growth` is the change to the period before in per cent (not annualised), `change` the same in the
units of the series; the first of them starts at the last value of the history, or at a ragged edge
from the value that the path has there (the forecast's `nowcast`). Of a series that is stacked in a
panel of quarters (`econdiff.stacking`) the periods are its own: `UNRATE > 6` is in any month.

How far a path is inside an event is its margin: of a comparison the distance beyond the level, of
"ever" and `or` the largest, of "always", runs and `and` the least.
"""

import difflib
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.forecast import Forecast
from econdiff.periods import period_labels
from econdiff.scenario.errors import ScenarioError
from econdiff.stacking import fast_of, unstack

_CLAUSE = re.compile(
    r"^(?P<what>.+?)\s*(?P<sign><=|>=|<|>)\s*(?P<level>[+-]?\d*\.?\d+)"
    r"(?:\s+for\s+(?P<run>\d+))?(?:\s+in\s+(?P<first>[\w-]+)(?:\s+to\s+(?P<last>[\w-]+))?)?"
    r"(?:\s+(?P<quantifier>always|ever))?$"
)
_CALL = re.compile(r"^(?P<of>growth|change|min|max|mean|sum)\s*\((?P<inside>.*)\)$")
_OVER_TIME = {"min": np.min, "max": np.max, "mean": np.mean, "sum": np.sum}
_LEAST = np.nextafter(0, 1)  # the margin at the level itself, where that is inside


def occurs(event: str, forecast: Forecast, history: pd.DataFrame) -> np.ndarray:
    """Which paths of `forecast`, that go on from `history`, lie in the event, bool [path]."""
    return margin(event, forecast, history) > 0


def margin(event: str, forecast: Forecast, history: pd.DataFrame) -> np.ndarray:
    """How far each path is inside the event, [path]: above 0 inside, in the units of the event."""
    views = _views(forecast, history)
    found = [
        np.min([_clause(clause.strip(), views) for clause in both], axis=0)
        for both in (re.split(r"\s+and\s+", one) for one in re.split(r"\s+or\s+", event.strip()))
    ]
    return np.max(found, axis=0)


@dataclass(frozen=True)
class Probability:
    """The probability of an event and its Monte Carlo standard error."""

    event: str
    value: float
    standard_error: float


def probability(
    event: str,
    forecast: Forecast,
    history: pd.DataFrame,
    weights: np.ndarray | None = None,
    effective: float | None = None,
) -> Probability:
    """The share of the paths, or their share of `weights` [path], that lie in the event.

    Where no path does, or every one, the error is that of one path more or less. Paths that were
    chosen by weights are worth fewer independent ones: `effective`.
    """
    hit = occurs(event, forecast, history).astype(float)
    share_of = np.full(len(hit), 1 / len(hit)) if weights is None else weights / weights.sum()
    share = float(share_of @ hit)
    error = float(np.sqrt((share_of**2 * (hit - share) ** 2).sum()))
    each = 1.0 if effective is None else len(hit) / max(effective, 1)
    least = float((share_of**2).sum()) * each
    return Probability(event, share, max(error * each**0.5, least))


@dataclass(frozen=True, eq=False)
class _View:
    """Paths of one frequency, and each of them where the history ends, [path, series]."""

    forecast: Forecast
    before: np.ndarray


def _views(forecast: Forecast, history: pd.DataFrame) -> list[_View]:
    """The paths as they are, and stacked series by their own periods."""
    views = [_View(forecast, _before(forecast, history))]
    columns = [c for one in history.attrs.get("stacked", {}).values() for c in one]
    if columns and set(columns) <= set(forecast.names):
        months = fast_of(history)
        drawn = unstack(forecast, months)
        views.append(_View(drawn, _before(drawn, months)))
    return views


def _view_of(what: str, views: list[_View]) -> _View:
    """The paths that have the series of which an event speaks; the first where none has."""
    while call := _CALL.match(what):
        what = call["inside"].strip()
    name = what.strip("\"'")
    names = {name, name.partition(" - ")[0].strip()}
    return next((view for view in views if names & set(view.forecast.names)), views[0])


def _before(forecast: Forecast, history: pd.DataFrame) -> np.ndarray:
    """Each path where the history ends, [path, series]: drawn there, or the last known value."""
    if forecast.nowcast is not None:
        return forecast.nowcast.samples[:, -1]
    known = history.reindex(columns=list(forecast.names)).ffill()
    last = known.iloc[-1].to_numpy(float) if len(known) else np.full(len(forecast.names), np.nan)
    return np.tile(last, (forecast.paths, 1))


def _clause(clause: str, views: list[_View]) -> np.ndarray:
    said = _CLAUSE.match(clause)
    if said is None:
        raise ScenarioError(
            f"{clause!r} is no event; write it like UNRATE > 6, growth(GDP) < 0 for 2, "
            "or mean(CPI) > 3 in 2025Q1 to 2025Q4"
        )
    view = _view_of(said["what"].strip(), views)
    columns = _window(said["first"], said["last"], view.forecast)
    values = _values(said["what"].strip(), view.forecast, view.before, columns)
    inside = _inside(values, said["sign"], float(said["level"]))
    if inside.ndim == 1:
        if said["run"] or said["quantifier"]:
            raise ScenarioError(f"{clause!r}: one number a path has no run of periods")
        return inside
    if said["run"]:
        run = int(said["run"])
        if not 1 <= run <= inside.shape[1]:
            raise ScenarioError(f"{clause!r} asks for {run} of {inside.shape[1]} periods")
        inside = np.lib.stride_tricks.sliding_window_view(inside, run, axis=1).min(axis=-1)
    return inside.min(axis=1) if said["quantifier"] == "always" else inside.max(axis=1)


def _inside(values: np.ndarray, sign: str, level: float) -> np.ndarray:
    """How far beyond the level; a value that is not known is not beyond."""
    apart = values - level if sign[0] == ">" else level - values
    if sign[1:]:
        apart = np.where(apart == 0, _LEAST, apart)
    return np.where(np.isnan(apart), -np.inf, apart)


def _values(what: str, forecast: Forecast, before: np.ndarray, columns: slice) -> np.ndarray:
    """[path, step] of the window, or [path] where something is taken over time."""
    call = _CALL.match(what)
    if call and call["of"] in _OVER_TIME:
        inner = _values(call["inside"].strip(), forecast, before, columns)
        return _OVER_TIME[call["of"]](inner, axis=1)
    if call:
        path = _path(call["inside"].strip(), forecast, before)
        start, end = path[:, :-1], path[:, 1:]
        moved = 100 * (end / start - 1) if call["of"] == "growth" else end - start
        return moved[:, columns]
    return _path(what, forecast, before)[:, 1:][:, columns]


def _path(what: str, forecast: Forecast, before: np.ndarray) -> np.ndarray:
    """A series, or one less another, with the value before it, [path, 1 + step]."""
    name = what.strip("\"'")
    if name in forecast.names:
        k = forecast.names.index(name)
        return np.column_stack([before[:, k], forecast.samples[:, :, k]])
    first, minus, second = name.partition(" - ")
    if minus:
        return _path(first.strip(), forecast, before) - _path(second.strip(), forecast, before)
    near = difflib.get_close_matches(name, forecast.names, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {list(forecast.names)}"
    raise ScenarioError(f"an event names {name!r}, which is no series here; {hint}")


def _window(first: str | None, last: str | None, forecast: Forecast) -> slice:
    if first is None:
        return slice(None)
    labels = period_labels(forecast.index)
    for label in (first, last or first):
        if label not in labels:
            raise ScenarioError(
                f"an event names {label!r}, which is not among the periods {labels[0]} to "
                f"{labels[-1]}"
            )
    start, end = labels.index(first), labels.index(last or first)
    if end < start:
        raise ScenarioError(f"an event is in {first} to {last}: name the earlier period first")
    return slice(start, end + 1)
