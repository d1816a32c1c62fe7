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
from econdiff.forecast import Forecast
from econdiff.periods import period_labels
from econdiff.report.forecast import quantiles
from econdiff.scenario import Scenario, ScenarioError
from econdiff.scenario.news import news
from econdiff.stacking import place_of, unstack
from econdiff.transforms import TransformedForecaster

REVISED = (
    "What moved the Gaussian mean since the older vintage, by release: in per cent where a series "
    "is modelled in logarithms, of the shadow rate where it has a floor (before and now are in "
    "units of the series):"
)


@dataclass(frozen=True)
class NowcastRequest:
    """What `econdiff nowcast` was asked; the fields are its options."""

    reading: Reading
    model: str = "diffusion"
    older: Path | None = None
    older_stack: Path | None = None
    paths: int = 1000
    seed: int = 0


def nowcast(request: NowcastRequest, progress: Progress = silent) -> Answer:
    """The cells of the last rows that are not published yet, given those that are."""
    refuse_unable((request.model,), CONDITIONING, "be told the part of a row that is published")
    data = read(request.reading)
    older = vintage(request.older, request.older_stack, request.reading)
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
        moved = _moved(forecaster, older.panel, data, table)
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
    forecaster: TransformedForecaster, older: pd.DataFrame, data: Input, unknown: pd.DataFrame
) -> pd.DataFrame:
    """What moved the mean of each unpublished cell since the older vintage, a row a cell.

    `before` and `now` in the user's units; what lies between, on the linear scale of the model.
    """
    try:
        found = news(forecaster, older, data.panel, horizon=1, edge=True)
    except ScenarioError as error:
        raise UsageError(str(error)) from error
    index = found.old.index
    if not isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        raise TypeError(f"periods are needed, got {type(index).__name__}")
    labels = period_labels(index)
    before, after, rest = (table.set_axis(labels) for table in (found.old, found.new, found.rest))
    rows = []
    for name, label in zip(unknown["series"], unknown["period"], strict=True):
        column, at = _cell(name, label, data)
        released = _by_series(found.releases, column, at, data)
        revised = _by_series(found.revisions, column, at, data)
        transform = forecaster.transforms[column]
        scale = 100 if transform.log else 1
        was, now = (
            float(transform.unlink(table.loc[at, column] / scale)) for table in (before, after)
        )
        row: dict[str, object] = {"series": name, "period": label, "before": was}
        row |= {f"by {source}": moved for source, moved in released.items()}
        row |= {"revisions": sum(revised.values()), "rest": rest.loc[at, column]}
        rows.append(row | {"now": now})
    return pd.DataFrame(rows)


def _cell(name: str, label: str, data: Input) -> tuple[str, str]:
    """Where a series and a period stand in the panel: a month in its column and its quarter."""
    columns = data.panel.attrs.get("stacked", {}).get(name)
    if data.fast is None or columns is None or name in data.own:
        return name, label
    month = pd.PeriodIndex([label], freq=pd.PeriodIndex(data.fast.index).freq)[0]
    place, outer = place_of(month, pd.PeriodIndex(data.panel.index))
    return columns[place], period_labels(pd.PeriodIndex([outer]))[0]


def _by_series(table: pd.DataFrame, target: str, at: str, data: Input) -> dict[str, float]:
    """Contributions to one cell, added up by the series that they come from."""
    stacked: dict[str, list[str]] = data.panel.attrs.get("stacked", {})
    of = {column: name for name, columns in stacked.items() for column in columns}
    found: dict[str, float] = {}
    cells = table[(table["target"] == target) & (table["at"] == at)]
    for column, value in zip(cells["series"], cells["contribution"], strict=True):
        series = of.get(str(column), str(column))
        found[series] = found.get(series, 0.0) + float(value)
    return found
