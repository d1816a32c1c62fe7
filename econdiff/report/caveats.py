"""What a careful reader of a forecast should know, paths below 0 among it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from econdiff.forecast import Forecast
from econdiff.transforms.choice import SHADOW

REVISED = (
    "The past forecasts read today's values of the data, not those first published; revisions make "
    "real-time errors larger than the ones shown."
)


def caveats(
    forecast: Forecast,
    history: pd.DataFrame,
    manifest: Mapping[str, Any],
    fast: tuple[Forecast, pd.DataFrame] | None = None,
) -> tuple[str, ...]:
    """What a careful reader should know before using the numbers."""
    noise = 196 * np.sqrt(0.05 * 0.95 / forecast.paths)
    known = history.iloc[-1].notna().to_numpy()
    late = [name for name, there in zip(forecast.names, known, strict=True) if not there]
    points = [
        "The model knows these series and nothing else: no news, no announced policy, no event "
        "that has not yet moved the numbers.",
        "A band is right only if the model is. The share of past outcomes that fell inside is "
        "given above, where past forecasts were made.",
        REVISED,
        "The quantiles hold for each series and period by itself. The line that joins them is "
        "not a path; for sums, peaks or events use the paths in paths.parquet.",
        f"{forecast.paths:,} paths are a sample: the chance that the model gives to values below "
        f"q05 is 5%, give or take {noise:.1f} percentage points.",
        "A distribution is no advice: econdiff states chances, not causes and not effects.",
    ]
    if late:
        points.append(
            f"Not known up to {manifest['data']['last']}: {', '.join(late)}. "
            + (
                "Their fans go in a straight line from their own last value to the first period "
                "that no series has; econdiff nowcast draws the periods between."
                if forecast.nowcast is None
                else "Their periods until then are drawn with the rest of each path, given what is "
                "known of the other series: the nowcast."
            )
        )
    if fast is not None:
        points.append(
            "The months are drawn by a model of quarters, where each is a column that goes on from "
            "the month before: who wants them for their own sake forecasts their panel."
        )
    points += [f"{line}." for line in floors_wanted(forecast, history, manifest, fast)[1]]
    if manifest["data"]["frequency"].startswith("D"):
        points.append("The days ahead take no account of market holidays that are still to come.")
    if forecast.horizon > len(history) / 10:
        points.append(
            f"{forecast.horizon} steps are far ahead for a history of {len(history)} rows."
        )
    return tuple(points)


def floors_wanted(
    forecast: Forecast,
    history: pd.DataFrame,
    manifest: Mapping[str, Any],
    fast: tuple[Forecast, pd.DataFrame] | None = None,
) -> tuple[dict[str, float], list[str]]:
    """The shares of `below_zero` and the lines of `may_want_a_floor`, of stacked series too."""
    data = manifest["data"]
    below = below_zero(forecast, history, data.get("modelled", {}))
    lines = may_want_a_floor(below, history)
    if fast is not None:
        more = below_zero(*fast, modelled_fast(data))
        lines += [line for line in may_want_a_floor(more, fast[1]) if line not in lines]
        below = more | below
    return below, lines


def below_zero(
    forecast: Forecast, history: pd.DataFrame, modelled: Mapping[str, str]
) -> dict[str, float]:
    """The share of paths that fall below 0, by series that never did and were given no floor.

    1% at least; `modelled` says what a series is modelled as.
    """
    lowest = forecast.samples.min(axis=1)
    shares = {name: float((lowest[:, k] < 0).mean()) for k, name in enumerate(forecast.names)}
    return {
        name: share
        for name, share in shares.items()
        if share >= 0.01
        and np.nanmin(history[name].to_numpy(float)) >= 0
        and not modelled.get(name, "").endswith(SHADOW)
    }


def may_want_a_floor(below: Mapping[str, float], history: pd.DataFrame) -> list[str]:
    """What to do about such paths, a line a series; a floor lies below every value."""
    lines = []
    for name, share in below.items():
        was = history[name].to_numpy(float)
        floor = "0" if np.nanmin(was) > 0 else f"{-0.05 * np.nanstd(was):.1g}"
        lines.append(
            f"{share:.0%} of the paths of {name} fall below 0, where it has never been; if it "
            f"cannot, --floor {name}={floor} keeps it above"
        )
    return lines


def modelled_fast(data: Mapping[str, Any]) -> dict[str, str]:
    """What stacked series are modelled as: what their first columns are."""
    columns, modelled = data.get("stacked", {}).get("columns", {}), data.get("modelled", {})
    return {name: modelled[first] for name, (first, *_) in columns.items() if first in modelled}
