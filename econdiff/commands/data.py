"""`econdiff data list | show | pull`: what panels there are, and more of them."""

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.progress import Progress, silent
from econdiff.commands.reading import Input, Reading, read
from econdiff.data import TERMS, list_bundled, list_snapshots, pull
from econdiff.data.pulled import Request
from econdiff.periods import period_labels
from econdiff.transforms import chosen


@dataclass(frozen=True)
class PullRequest:
    """What `econdiff data pull` was asked; the fields are its options."""

    service: str
    series: tuple[str, ...]
    start: str | None = None
    end: str | None = None
    freq: str | None = None
    aggregation: Literal["mean", "last", "sum"] | None = None  # the usual one of the service
    as_of: str | None = None
    returns: bool = False


def list_data() -> Answer:
    """Bundled panels and the snapshots pulled so far."""
    bundled = [{"name": panel.name, "title": panel.title} for panel in list_bundled()]
    snapshots = [
        {"name": found.name, "title": found.title or "; ".join(found.notes)}
        for found in list_snapshots()
    ]
    lines = ["Bundled, read from packages already installed:", *map(_line, bundled)]
    lines += [
        "",
        "Snapshots in data/snapshots:",
        *(map(_line, snapshots) if snapshots else ["  none"]),
    ]
    return Answer({"bundled": bundled, "snapshots": snapshots}, "\n".join(lines))


def show_data(reading: Reading) -> Answer:
    """What is understood of a panel, and its last rows."""
    data = read(reading)
    last = data.panel.tail(5)
    last = last.set_axis(period_labels(pd.PeriodIndex(last.index)), axis=0)
    lines = [f"{data.record['name']}: {data.record['source']}", *data.record["notes"], ""]
    titles, modelled = data.record["titles"], _modelled(data)
    lines += [
        f"  {name}: {f'{titles[name]}; ' if titles.get(name) else ''}modelled as: {units}"
        for name, units in modelled.items()
    ]
    lines += ["", _text(last)]
    return Answer({"data": data.record | {"modelled": modelled}}, "\n".join(lines))


def pull_data(request: PullRequest, progress: Progress = silent) -> Answer:
    """Pull series and keep them as a snapshot; the terms of the services are said."""
    _refuse_misuse(request)
    with progress(f"pulling from {request.service}", len(request.series)) as step:

        def came(name: str) -> None:
            del name
            step()

        panel, source = pull(
            request.service,
            request.series,
            start=request.start,
            end=request.end,
            freq=request.freq,
            aggregation=request.aggregation,
            as_of=request.as_of,
            returns=request.returns,
            came=came,
        )
    labels = period_labels(pd.PeriodIndex(panel.index))
    facts: dict[str, Any] = {
        "snapshot": source.name,
        "vintage": source.vintage,
        "sha256": source.sha256,
        "rows": len(panel),
        "first": labels[0],
        "last": labels[-1],
        "terms": TERMS,
    }
    words = (
        f"{source.name}: {panel.shape[1]} series, {len(panel)} rows, {labels[0]} to {labels[-1]}\n"
        f"Next: econdiff forecast {source.name} --horizon 8 --out out\n\n{TERMS}"
    )
    return Answer(facts, words)


def _refuse_misuse(asked: PullRequest) -> None:
    """What no service could answer is refused before one is asked."""
    for option, said, service in (
        ("--as-of", asked.as_of, "fred"),
        ("--returns", asked.returns, "yahoo"),
    ):
        if said and asked.service != service:
            raise UsageError(f"{option} is for {service}, not {asked.service}; leave it out")
    try:
        Request(asked.series, asked.start, asked.end, asked.freq, asked.aggregation)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _modelled(data: Input) -> dict[str, str]:
    """What a model sees of each series, in words, as `--transform` says."""
    transforms = chosen(data.transforms, data.panel)
    return {name: transform.units or "level" for name, transform in transforms.items()}


def _line(entry: dict[str, str]) -> str:
    return f"  {entry['name']:<16} {entry['title']}"


def _text(table: pd.DataFrame) -> str:
    return table.to_string(na_rep="-", max_cols=10, line_width=100)
