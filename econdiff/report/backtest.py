"""The page of a backtest: every model against the first, losing cells first."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from econdiff.forecast import Forecast
from econdiff.report.caveats import REVISED
from econdiff.report.figures import fans
from econdiff.report.forecast import facts, understood
from econdiff.report.page import Page, Picture, Section, Table
from econdiff.report.past import Past, past_sections

MOST_ROWS = 8  # series in the picture of models side by side
MOST_MODELS = 5

CAVEATS = (
    "What a model takes from data (coefficients, transforms, lags) is taken anew at every origin, "
    "from the rows up to it. Which models to compare was chosen by a person who may know how the "
    "story went.",
    "The CRPS is in the units of each series, so its size says nothing across series; ratios do.",
    "A model that did well in these years need not do well in the next ones.",
)

STACKED = (
    "Every origin stands at the end of a period, where all that is stacked in it is known as well: "
    "what the first months of a quarter that is not over are worth is not measured here (--edge)."
)


def study_page(past: Past, panel: pd.DataFrame, manifest: Mapping[str, Any], drawn: str) -> Page:
    """The whole report of one backtest; `drawn` are the last forecasts as SVG."""
    data, models, known = manifest["data"], list(manifest["models"]), manifest.get("known", "")
    lead = (
        f"{', '.join(models)}: forecasts of {len(data['series'])} series over "
        f"{past.scores['step'].max()} periods, from {len(past.origins)} past origins."
    )
    if len(models) > 1:
        lead += f" “{models[0]}” is held against the others."
    names = {"fit_seconds": "seconds of fitting", "sample_seconds": "seconds of drawing"}
    runs = past.runs.rename(columns=names)
    cost = Section("What it took", tables=(Table("Runs and their cost", runs, digits=3),))
    vintages = manifest["settings"].get("real_time") is not None
    points = CAVEATS if vintages else (REVISED, *CAVEATS)
    points = (*points, STACKED) if data.get("stacked") and not known else points
    caveats = Section("What to keep in mind", points=points)
    pictures = (_side_by_side(past, drawn),) if drawn else ()
    return Page(
        f"{data['name']}: how models did in the past",
        lead,
        facts(manifest),
        (*past_sections(past, models[0], known), *pictures, cost, understood(panel, data), caveats),
        manifest,
    )


def side_by_side(
    drawn: Mapping[str, Forecast], history: pd.DataFrame, outcome: pd.DataFrame
) -> Figure:
    """The first models and series, a column a model, with what came."""
    first = {
        name: forecast.select(*forecast.names[:MOST_ROWS])
        for name, forecast in list(drawn.items())[:MOST_MODELS]
    }
    return fans(first, history, outcome=outcome)


def _side_by_side(past: Past, drawn: str) -> Section:
    picture = Picture(
        drawn,
        f"Fan charts of the models side by side, drawn from {past.origins[-1]}, with what came.",
        "A row a series, a column a model; the models of a row share the value axis.",
    )
    text = (f"One forecast proves nothing; this is the last of them, made in {past.origins[-1]}.",)
    return Section("The last forecast, model beside model", text, pictures=(picture,))
