"""`econdiff nowcast`: the ragged edge for a reader."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.progress import Progress, silent
from econdiff.commands.reading import Reading, read
from econdiff.commands.scenario import ScenarioRequest, answered, vintage
from econdiff.forecast import Forecast, Forecaster, period_labels
from econdiff.scenario import Scenario, ScenarioError
from econdiff.scenario.news import news

REVISED = (
    "What moved the Gaussian mean since the older vintage (100 times logarithms where a series is "
    "modelled in them):"
)


@dataclass(frozen=True)
class NowcastRequest:
    """What `econdiff nowcast` was asked; the fields are its options."""

    reading: Reading
    model: str = "diffusion"
    older: Path | None = None
    paths: int = 1000
    seed: int = 0


def nowcast(request: NowcastRequest, progress: Progress = silent) -> Answer:
    """The cells of the last rows that are not published yet, given those that are."""
    data = read(request.reading)
    if data.panel.iloc[-1].notna().all():
        raise UsageError(
            f"every series of {data.record['name']} is known up to {data.record['last']}: there is "
            "no ragged edge to nowcast; econdiff forecast draws what comes next"
        )
    asked = replace(
        ScenarioRequest(request.reading, 1, Path()),
        model=request.model,
        paths=request.paths,
        seed=request.seed,
    )
    forecaster, answer, notes = answered(request.model, data, Scenario(), asked, progress)
    edge = answer.edge()
    if edge is None:
        raise UsageError("there is no ragged edge to nowcast")
    table = _unpublished(edge, data.panel)
    facts = {"data": data.record, "nowcast": table.to_dict(orient="records")}
    words = [table.to_string(index=False), *notes]
    older = vintage(request.older, request.reading)
    if older is not None:
        moved = _moved(forecaster, older.panel, data.panel, table)
        facts |= {"older": older.record, "revision": moved.to_dict(orient="records")}
        words += ["", REVISED, moved.round(3).to_string(index=False)]
    return Answer(facts, "\n".join(words))


def _moved(
    forecaster: Forecaster, older: pd.DataFrame, panel: pd.DataFrame, unknown: pd.DataFrame
) -> pd.DataFrame:
    """What moved the mean of each unpublished cell since the older vintage, a row a cell."""
    try:
        found = news(forecaster, older, panel, horizon=1, edge=True)
    except ScenarioError as error:
        raise UsageError(str(error)) from error
    before, after, rest = (
        table.set_axis(period_labels(table.index)) for table in (found.old, found.new, found.rest)
    )
    released = found.releases.groupby(["target", "at", "series"], sort=False)["contribution"].sum()
    revised = found.revisions.groupby(["target", "at"], sort=False)["contribution"].sum()
    rows = []
    for name, label in unknown[["series", "period"]].itertuples(index=False):
        row = {"series": name, "period": label, "before": before.loc[label, name]}
        if (name, label) in released:
            row |= {f"by {source}": moved for source, moved in released[name, label].items()}
        row |= {"revisions": revised.get((name, label), 0.0), "rest": rest.loc[label, name]}
        rows.append(row | {"now": after.loc[label, name]})
    return pd.DataFrame(rows)


def _unpublished(edge: Forecast, panel: pd.DataFrame) -> pd.DataFrame:
    summary = edge.summary()
    known = panel.iloc[len(panel) - edge.horizon :].notna().to_numpy().T.ravel()
    columns = ["series", "period", "mean", "q05", "q50", "q95"]
    return summary.loc[~known, columns].reset_index(drop=True)
