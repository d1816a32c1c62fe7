"""`econdiff backtest`: score models at past origins; a run that was killed goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from econdiff.commands.answer import Answer
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
from econdiff.commands.past import judged, least_history, read_past, run_trials, write_past
from econdiff.commands.progress import Progress, silent
from econdiff.commands.reading import Input, Reading, read
from econdiff.forecast import Forecast, Model
from econdiff.report.backtest import side_by_side, study_page
from econdiff.report.figures import pit_histograms, svg
from econdiff.report.page import render
from econdiff.report.past import Past, first_pits, first_reference, overview, ratio_figure
from econdiff.transforms import Floors
from econdiff.windows import backtest_origins, edge_rows_of, history_at, with_same_edge

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
    data = read(request.reading)
    origins = backtest_origins(
        data.panel,
        horizon=_edge(request, data.panel) + request.horizon,
        count=request.origins,
        step=request.every,
        minimum=least_history(data.panel),
    )
    wrapped = through(models, data.transforms)
    with whole(request.out, overwrite=request.overwrite, resume=True) as folder:
        trials = run_trials(
            wrapped,
            data.panel,
            origins,
            horizon=request.horizon,
            paths=request.paths,
            seed=request.seed,
            workers=request.workers,
            folder=folder / TRIALS,
            progress=progress,
            same_edge=request.edge,
        )
        past = judged(trials, seed=request.seed, progress=progress)
        manifest = new_manifest("backtest", command, settings_of(request))
        manifest["data"] = data.record | {"modelled": _modelled(data)}
        manifest["models"] = {name: repr(model) for name, model in models.items()}
        fans = _last_fans(wrapped, data.panel, origins[-1], past, request)
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


def _edge(request: BacktestRequest, panel: pd.DataFrame) -> int:
    """Rows of the ragged edge that the histories end in."""
    return edge_rows_of(panel) if request.edge else 0


def _last_fans(
    models: Mapping[str, Model],
    panel: pd.DataFrame,
    origin: pd.Period,
    past: Past,
    request: BacktestRequest,
) -> str:
    """The forecasts from the last origin beside what came, of the models that did not fail."""
    edge = _edge(request, panel)
    history = with_same_edge(panel, [origin])[origin] if edge else history_at(panel, origin)
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
