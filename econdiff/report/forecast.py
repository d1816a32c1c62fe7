"""The page of a forecast: what was asked, the fans, the table, the past, the caveats."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from econdiff.forecast import Forecast
from econdiff.periods import period_labels
from econdiff.report.figures import fan, svg
from econdiff.report.page import Page, Picture, Section, Table, decimals_of, shown
from econdiff.transforms.choice import SHADOW

MOST_FANS = 24
MOST_ROWS = 60


def forecast_page(
    forecast: Forecast,
    history: pd.DataFrame,
    manifest: Mapping[str, Any],
    past: tuple[Section, ...],
    inside: tuple[Forecast, pd.DataFrame] | None = None,
    fast: tuple[Forecast, pd.DataFrame] | None = None,
) -> Page:
    """The whole report of one forecast; `past` says how the model did before.

    `inside` are draws and history of the transformed series in the model's own units, `fast` those
    of series of a higher frequency.
    """
    data, model = manifest["data"], manifest["model"]["name"]
    labels = period_labels(forecast.index)
    lead = (
        f"{forecast.paths:,} joint paths of {len(forecast.names)} series, {labels[0]} to "
        f"{labels[-1]}, drawn by the model “{model}” from data that end in {data['last']}."
    )
    sections = (
        _next(forecast, history, data),
        *([_fast(*fast)] if fast else []),
        *([_inside(*inside)] if inside else []),
        *past,
        understood(history, data),
        Section("What to keep in mind", points=caveats(forecast, history, manifest)),
    )
    return Page(f"{data['name']}: what may come next", lead, facts(manifest), sections, manifest)


def fan_figure(forecast: Forecast, history: pd.DataFrame, title: str = "") -> Figure:
    """The fan chart that is shown: all series, or the first of them where there are very many."""
    return fan(forecast.select(*forecast.names[:MOST_FANS]), history, title=title)


def quantiles(forecast: Forecast, history: pd.DataFrame) -> pd.DataFrame:
    """The summary from the first cell of each series that `history` does not know.

    `series, period, kind, mean, q05 ... q95`; `kind` is "nowcast" up to the end of the history,
    "forecast" after it.
    """
    whole = forecast.joined()
    edge = whole.horizon - forecast.horizon
    drawn = np.ones((whole.horizon, len(whole.names)), bool)  # [step, series]
    drawn[:edge] = history[list(whole.names)].iloc[len(history) - edge :].isna()
    table = whole.summary()
    kinds = np.repeat(["nowcast", "forecast"], [edge, forecast.horizon])
    table.insert(2, "kind", np.tile(kinds, len(whole.names)))
    return table.loc[drawn.T.ravel()].reset_index(drop=True)


def facts(manifest: Mapping[str, Any]) -> dict[str, str]:
    """What was asked, of what, and when."""
    data = manifest["data"]
    known = {
        "Asked": manifest["command"],
        "Data": f"{data['name']}: {data['source']}",
        "Vintage": data.get("vintage") or "not stated by the source",
        "Span": f"{data['first']} to {data['last']}, {data['rows']} rows",
        "Made": f"{manifest['made']} by econdiff {manifest['versions']['econdiff']}",
        "Seed": str(manifest["settings"]["seed"]),
    }
    return known | ({"Terms": data["terms"]} if data.get("terms") else {})


def understood(history: pd.DataFrame, data: Mapping[str, Any]) -> Section:
    """How the data were read: the reader's own words, and a row a series."""
    labels = period_labels(pd.PeriodIndex(history.index))
    rows = []
    for name in history.columns:
        known = np.flatnonzero(history[name].notna().to_numpy())
        rows.append(
            {
                "series": str(name),
                "units": data["units"].get(str(name), "not stated"),
                "modelled as": data.get("modelled", {}).get(str(name), "as it is"),
                "first": labels[known[0]],
                "last": labels[known[-1]],
                "last value": float(history[name].iloc[known[-1]]),
                "missing": len(labels) - len(known),
            }
        )
    table = Table("The series, as they were read", pd.DataFrame(rows), digits=5)
    return Section("What was understood of the data", points=tuple(data["notes"]), tables=(table,))


def caveats(
    forecast: Forecast, history: pd.DataFrame, manifest: Mapping[str, Any]
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
        "The past forecasts read today's values of the data, not those first published; "
        "revisions make real-time errors larger than the ones shown.",
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
    below = below_zero(forecast, history, manifest)
    points += [f"{line}." for line in may_want_a_floor(below, history)]
    if manifest["data"]["frequency"].startswith("D"):
        points.append("The days ahead take no account of market holidays that are still to come.")
    if forecast.horizon > len(history) / 10:
        points.append(
            f"{forecast.horizon} steps are far ahead for a history of {len(history)} rows."
        )
    return tuple(points)


def below_zero(
    forecast: Forecast, history: pd.DataFrame, manifest: Mapping[str, Any]
) -> dict[str, float]:
    """The share of paths that fall below 0, by series that never did and were given no floor.

    1% at least.
    """
    modelled = manifest["data"].get("modelled", {})
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


def _next(forecast: Forecast, history: pd.DataFrame, data: Mapping[str, Any]) -> Section:
    text = ["Each band holds the stated share of the paths; it starts at the last known value."]
    if forecast.nowcast is not None:
        text.append(
            f"What is not known of the last periods up to {data['last']} is drawn too: the tables "
            "call it a nowcast, and nowcast.parquet holds the paths there."
        )
    if len(forecast.names) > MOST_FANS:
        text.append(
            f"The picture shows the first {MOST_FANS} of {len(forecast.names)} series; the tables, "
            "quantiles.csv and paths.parquet hold them all."
        )
    tables = _tables(forecast, history, data.get("titles", {}))
    return Section("What may come next", tuple(text), (), (_fans(forecast, history),), tables)


def _inside(forecast: Forecast, history: pd.DataFrame) -> Section:
    text = (
        "The same draws as changes, growth rates or shadow levels (of a series with a floor): the "
        "units in which the model sees the series that it transforms. The files are in "
        "model_units/.",
    )
    tables = _tables(forecast, history, {}, folded=True)
    heading = "The same draws as the model sees them"
    return Section(heading, text, (), (_fans(forecast, history),), tables)


def _fast(forecast: Forecast, history: pd.DataFrame) -> Section:
    text = (
        "The same draws of the series of a higher frequency, period by period: path for path they "
        "belong to those above. The files are in stacked/.",
    )
    tables = _tables(forecast, history, {}, folded=True)
    return Section("What may come next in between", text, (), (_fans(forecast, history),), tables)


def _fans(forecast: Forecast, history: pd.DataFrame) -> Picture:
    return Picture(svg(fan_figure(forecast, history)), described(forecast))


def _tables(
    forecast: Forecast, history: pd.DataFrame, titles: Mapping[str, str], folded: bool = False
) -> tuple[Table, ...]:
    """A table of mean and quantiles for each series; folded away where there are many."""
    tables = []
    for name, rows in quantiles(forecast, history).groupby("series", sort=False):
        about = [titles.get(str(name), ""), forecast.units.get(str(name), "")]
        caption = ", ".join([str(name), *filter(None, about)])
        folded = folded or len(forecast.names) * forecast.horizon > MOST_ROWS
        plain = "nowcast" not in set(rows["kind"])
        rows = rows.drop(columns=["series", "kind"] if plain else "series")
        largest = float(rows.select_dtypes("number").abs().to_numpy().max())
        decimals = decimals_of(largest) if largest >= 1 else None
        tables.append(Table(caption, rows, decimals=decimals, folded=folded))
    return tuple(tables)


def described(forecast: Forecast) -> str:
    """The fan chart in words, for those who do not see it."""
    low, high = (table.iloc[-1] for table in forecast.interval(0.9))
    median = forecast.quantile(0.5).iloc[-1]
    last = period_labels(forecast.index)[-1]
    parts = [
        f"{name}: median {shown(float(median[name]))}, 90% of paths between "
        f"{shown(float(low[name]))} and {shown(float(high[name]))}"
        for name in forecast.names[:MOST_FANS]
    ]
    return f"Fan charts. In {last}, " + "; ".join(parts) + "."
