"""`econdiff nowcast`: the ragged edge for a reader."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.models import CONDITIONING, refuse_unable
from econdiff.commands.progress import Progress, silent
from econdiff.commands.reading import Input, Reading, read
from econdiff.commands.scenario import ScenarioRequest, answered, vintage
from econdiff.forecast import Forecast, Forecaster
from econdiff.periods import period_labels
from econdiff.report.forecast import quantiles
from econdiff.scenario import Scenario, ScenarioError
from econdiff.scenario.news import news
from econdiff.stacking import unstack

REVISED = (
    "What moved the Gaussian mean since the older vintage (100 times logarithms where a series is "
    "modelled in them, the shadow rate where it has a floor):"
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
    refuse_unable((request.model,), CONDITIONING, "be told the part of a row that is published")
    data, older = read(request.reading), vintage(request.older, request.reading)
    if data.panel.iloc[-1].notna().all():
        raise UsageError(
            f"the last row of {data.record['name']}, {data.record['last']}, is complete: there is "
            "no ragged edge to nowcast; econdiff forecast draws what comes next"
        )
    asked = replace(
        ScenarioRequest(request.reading, 1, Path()),
        model=request.model,
        paths=request.paths,
        seed=request.seed,
    )
    forecaster, answer, notes = answered(request.model, data, Scenario(), asked, progress)
    table = _unpublished(answer.alternative, data)
    facts = {"data": data.record, "nowcast": table.to_dict(orient="records")}
    words = [table.to_string(index=False), *notes]
    if older is not None:
        moved = _moved(forecaster, older.panel, data.panel, table)
        facts |= {"older": older.record, "revision": moved.to_dict(orient="records")}
        words += ["", REVISED, moved.round(3).to_string(index=False)]
    return Answer(facts, "\n".join(words))


def _unpublished(drawn: Forecast, data: Input) -> pd.DataFrame:
    """`series, period, mean, q05, q50, q95` of what is not known up to the end of the panel.

    Stacked series stand by their own periods.
    """
    own = drawn.select(*data.own)
    table = quantiles(own, data.panel.loc[:, data.own])
    tables = [table.loc[table["kind"] == "nowcast"]]
    if data.fast is not None:
        inside = pd.PeriodIndex(data.fast.index)
        months = quantiles(unstack(drawn, data.fast), data.fast)
        end = pd.PeriodIndex(data.panel.index)[-1].asfreq(inside.freq, "end")
        there = pd.PeriodIndex(months["period"], freq=inside.freq) <= end
        tables.append(months.loc[there])
    columns = ["series", "period", "mean", "q05", "q50", "q95"]
    return pd.concat(tables, ignore_index=True).loc[:, columns]


def _moved(
    forecaster: Forecaster, older: pd.DataFrame, panel: pd.DataFrame, unknown: pd.DataFrame
) -> pd.DataFrame:
    """What moved the mean of each unpublished cell since the older vintage, a row a cell."""
    try:
        found = news(forecaster, older, panel, horizon=1, edge=True)
    except ScenarioError as error:
        raise UsageError(str(error)) from error
    index = found.old.index
    if not isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        raise TypeError(f"periods are needed, got {type(index).__name__}")
    labels = period_labels(index)
    before, after, rest = (table.set_axis(labels) for table in (found.old, found.new, found.rest))
    rows = []
    for name, label in zip(unknown["series"], unknown["period"], strict=True):
        released = _by_series(found.releases, name, label)
        revised = _by_series(found.revisions, name, label)
        row: dict[str, object] = {
            "series": name,
            "period": label,
            "before": before.loc[label, name],
        }
        row |= {f"by {source}": moved for source, moved in released.items()}
        row |= {"revisions": sum(revised.values()), "rest": rest.loc[label, name]}
        rows.append(row | {"now": after.loc[label, name]})
    return pd.DataFrame(rows)


def _by_series(table: pd.DataFrame, target: str, at: str) -> dict[str, float]:
    """Contributions to one cell, added up by the series that they come from."""
    found: dict[str, float] = {}
    cells = table[(table["target"] == target) & (table["at"] == at)]
    for series, value in zip(cells["series"], cells["contribution"], strict=True):
        found[str(series)] = found.get(str(series), 0.0) + float(value)
    return found
