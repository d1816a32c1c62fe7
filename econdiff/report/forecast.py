"""The page of a forecast: what was asked, the fans, the table, the past, the caveats."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from econdiff.forecast import Forecast
from econdiff.periods import period_labels
from econdiff.report.caveats import caveats, modelled_fast
from econdiff.report.figures import fan, svg
from econdiff.report.page import Page, Picture, Section, Table, decimals_of, shown

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
        *([_fast(*fast, data["stacked"])] if fast else []),
        *([_inside(*inside)] if inside else []),
        *past,
        understood(history, data, None if fast is None else fast[1]),
        Section("What to keep in mind", points=caveats(forecast, history, manifest, fast)),
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
        **stacked_fact(data),
        "Made": f"{manifest['made']} by econdiff {manifest['versions']['econdiff']}",
        "Seed": str(manifest["settings"]["seed"]),
    }
    return known | ({"Terms": data["terms"]} if data.get("terms") else {})


def stacked_fact(data: Mapping[str, Any]) -> dict[str, str]:
    """The panel that is stacked in this one, if any."""
    if not (stacked := data.get("stacked")):
        return {}
    vintage = f", vintage {stacked['vintage']}" if stacked.get("vintage") else ""
    span = f"{stacked['first']} to {stacked['last']}, {stacked['rows']} rows"
    return {"Stacked": f"{stacked['name']}{vintage}: {span}"}


def understood(
    history: pd.DataFrame, data: Mapping[str, Any], fast: pd.DataFrame | None = None
) -> Section:
    """How the data were read: the reader's own words, and a row a series.

    `fast` are stacked series, which the history leaves out.
    """
    tables = [Table("The series, as they were read", _rows(history, data), digits=5)]
    if fast is not None:
        rows = _rows(fast, data["stacked"] | {"modelled": modelled_fast(data)})
        tables.append(Table("The series that are stacked, as they were read", rows, digits=5))
    heading = "What was understood of the data"
    return Section(heading, points=tuple(data["notes"]), tables=tuple(tables))


def _rows(history: pd.DataFrame, data: Mapping[str, Any]) -> pd.DataFrame:
    """What is known of each series."""
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
    return pd.DataFrame(rows)


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


def _fast(forecast: Forecast, history: pd.DataFrame, data: Mapping[str, Any]) -> Section:
    text = (
        "The same draws of the series of a higher frequency, period by period: path for path they "
        f"belong to those above. They are known to {data['last']}. The files are in stacked/.",
    )
    tables = _tables(forecast, history, data.get("titles", {}), folded=True)
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
