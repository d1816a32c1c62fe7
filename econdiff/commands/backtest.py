"""`econdiff backtest`: score models at past origins; a run that was killed goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from econdiff.backtest.real_time import as_they_stood
from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import (
    refuse_existing,
    whole,
    write_manifest,
    write_picture,
    write_text,
)
from econdiff.commands.forecast_files import read_history, write_history
from econdiff.commands.manifest import new_manifest, settings_of
from econdiff.commands.models import named_models, through
from econdiff.commands.past import (
    Histories,
    judged,
    least_history,
    read_past,
    run_trials,
    with_edge_of,
    write_past,
)
from econdiff.commands.progress import Progress, silent
from econdiff.commands.reading import Input, Reading, read
from econdiff.data.errors import UnknownSourceError
from econdiff.data.vintages import read_vintages
from econdiff.forecast import Forecast, Model
from econdiff.report.backtest import side_by_side, study_page
from econdiff.report.figures import pit_histograms, svg
from econdiff.report.page import render
from econdiff.report.past import Past, first_pits, first_reference, overview, ratio_figure
from econdiff.transforms import Floors, chosen
from econdiff.windows import backtest_origins, edge_rows_of, history_at

TRIALS = "trials"  # the folder of finished trials


@dataclass(frozen=True)
class BacktestRequest:
    """What `econdiff backtest` was asked; the fields are its options."""

    reading: Reading
    horizon: int
    out: Path
    models: tuple[str, ...] = field(default=("diffusion", "rw", "ar", "var"), kw_only=True)
    origins: int
    every: int = 1
    edge: bool = False
    real_time: int | None = None  # days after the end of a period
    paths: int = 1000
    seed: int = 0
    workers: int = 1
    overwrite: bool = False


@dataclass(frozen=True, eq=False)
class Study:
    """What the folder of a backtest holds."""

    past: Past
    panel: pd.DataFrame
    manifest: dict[str, Any]
    fans: str  # the last forecasts, model beside model, as SVG


def backtest(request: BacktestRequest, command: str, progress: Progress = silent) -> Answer:
    """Score the models and write the folder `request.out`, whole."""
    study = run_backtest(request, command, progress)
    out, subject = request.out, request.models[0]
    failed = study.past.runs.loc[study.past.runs["failed"] > 0]
    lines = [
        f"{row.model} failed at {row.failed} origins: {row.error}" for row in failed.itertuples()
    ]
    table = overview(study.past, subject)
    if len(table):
        lines += [f"CRPS of {subject} over that of the others:", table.to_string(index=False)]
    facts = {
        "out": str(out),
        "files": sorted(file.name for file in out.iterdir()),
        "against": table.to_dict("records"),
        "failed": dict(zip(failed["model"], failed["error"], strict=True)),
    }
    return Answer(facts, "\n".join([*lines, "", str(out / "report.html")]))


def run_backtest(request: BacktestRequest, command: str, progress: Progress = silent) -> Study:
    """What `backtest` does, without words."""
    models = named_models(request.models)
    refuse_existing(request.out, request.overwrite)
    _check_real_time(request)
    data = read(request.reading)
    histories = _histories(request, data)
    wrapped = through(models, data.transforms)
    with whole(request.out, overwrite=request.overwrite, resume=True) as folder:
        trials = run_trials(
            wrapped,
            data.panel,
            histories,
            paths=request.paths,
            seed=request.seed,
            workers=request.workers,
            folder=folder / TRIALS,
            progress=progress,
        )
        past = judged(trials, seed=request.seed, progress=progress)
        manifest = new_manifest("backtest", command, settings_of(request))
        manifest["data"] = data.record | {"modelled": _modelled(data)}
        manifest["known"] = histories.words
        manifest["models"] = {name: repr(model) for name, model in models.items()}
        fans = _last_fans(wrapped, data.panel, histories, past, request)
        study = Study(past, data.panel, manifest, fans)
        write_study(study, folder)
    return study


def _modelled(data: Input) -> dict[str, str]:
    """What each series is modelled as, in words."""
    choice = data.transforms
    floors = dict(choice.values) if isinstance(choice, Floors) else {}
    named = choice.transforms if isinstance(choice, Floors) else choice
    if named == "auto":
        modelled = dict.fromkeys(data.record["series"], "chosen anew at each origin")
    else:
        modelled = {name: one.units for name, one in named.items() if one.units}
    for name, floor in floors.items():
        modelled[name] = f"{modelled.get(name, 'level')}, a shadow rate above {floor:g}"
    return modelled


def _check_real_time(request: BacktestRequest) -> None:
    if request.real_time is None:
        return
    if request.edge:
        raise UsageError("--real-time has the edge of each day itself; leave --edge out")
    if request.reading.stack is not None:
        raise UsageError(
            "--real-time reads the vintages of INPUT alone; leave --stack out, or stack vintages "
            "in Python (econdiff.data.vintages, econdiff.stacking)"
        )


def _histories(request: BacktestRequest, data: Input) -> Histories:
    """The origins, and what was known at each."""
    edge = edge_rows_of(data.panel) if request.edge else 0
    origins = backtest_origins(
        data.panel,
        horizon=edge + request.horizon,
        count=request.origins,
        step=request.every,
        minimum=least_history(data.panel),
    )
    if request.real_time is not None:
        return _as_they_stood(request, request.real_time, data, pd.PeriodIndex(origins))
    if request.edge:
        return with_edge_of(data.panel, origins, request.horizon)
    return Histories(origins, request.horizon)


def _as_they_stood(
    request: BacktestRequest, days: int, data: Input, periods: pd.PeriodIndex
) -> Histories:
    """The histories `days` after the end of each of `periods`, from the vintages of a snapshot."""
    wanted = "--real-time reads a snapshot of econdiff data pull alfred"
    if data.record["kind"] != "snapshot":
        raise UsageError(f"{wanted}, and {data.record['name']} is {data.record['source']}")
    try:
        vintages = read_vintages(request.reading.input)
    except UnknownSourceError as error:
        raise UsageError(f"{wanted}: {error}") from error
    logs = [name for name, one in chosen(data.transforms, data.panel).items() if one.log]
    known = as_they_stood(vintages.on, data.panel, periods, days=days, logs=logs)
    if set(known) == {data.panel.index[-1]}:
        raise UsageError(
            f"--real-time {days}: all of {data.record['name']} was out by then, and nothing is "
            "left to forecast; say fewer days"
        )
    edge = max(edge_rows_of(history) for history in known.values())
    when = f"{abs(days)} days {'after' if days >= 0 else 'before'} the end of a period"
    words = (
        f"What was known is what stood {when} (vintages of ALFRED); an origin is the last period "
        "of which all series were out then, and what was out beyond it was known and is not "
        "scored. Truth are the values of now. "
    )
    if logs:
        words += (
            f"Of {', '.join(logs)}, modelled by the logarithm, the vintage is brought to the base "
            "of now by one factor: what is scored is the growth since the origin. "
        )
    return Histories(pd.Index(list(known)), edge + request.horizon, known, words.strip())


def _last_fans(
    models: Mapping[str, Model],
    panel: pd.DataFrame,
    histories: Histories,
    past: Past,
    request: BacktestRequest,
) -> str:
    """The forecasts from the last origin beside what came, of the models that did not fail."""
    last, known = histories.origins[-1], histories.vintages
    history = known[last] if known else history_at(panel, last)
    failed = set(past.runs.loc[past.runs["failed"] > 0, "model"])
    drawn: dict[str, Forecast] = {
        name: model.fit(history).sample(
            history,
            horizon=request.horizon,
            paths=request.paths,
            rng=np.random.default_rng(request.seed),
        )
        for name, model in models.items()
        if name not in failed
    }
    return svg(side_by_side(drawn, history, panel)) if drawn else ""


def write_study(study: Study, folder: Path) -> None:
    """Every file of a backtest's folder."""
    write_past(study.past, folder)
    write_history(study.panel, folder)
    write_text(folder / "fans.svg", study.fans)
    pictures = {"pit": pit_histograms(first_pits(study.past))}
    reference = first_reference(study.past, next(iter(study.manifest["models"])))
    if reference is not None:
        pictures["scores"] = ratio_figure(study.past, reference)
    for name, figure in pictures.items():
        write_picture(folder, name, figure)
    write_manifest(folder, study.manifest)
    write_text(folder / "report.html", study_html(study))


def read_study(folder: Path, manifest: dict[str, Any]) -> Study:
    """The study that a folder holds, from its files alone."""
    past = read_past(folder)
    if past is None:
        raise FileNotFoundError(f"{folder} is not whole: it lacks the files of past origins")
    panel = read_history(folder, manifest["data"]["frequency"])
    return Study(past, panel, manifest, (folder / "fans.svg").read_text(encoding="utf-8"))


def study_html(study: Study) -> str:
    """The page of a backtest as HTML."""
    return render(study_page(study.past, study.panel, study.manifest, study.fans))
