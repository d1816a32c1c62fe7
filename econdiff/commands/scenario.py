"""`econdiff scenario`: a conditional forecast for a reader."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from econdiff.commands.answer import Answer
from econdiff.commands.assumptions import conditioned, stated
from econdiff.commands.errors import UsageError
from econdiff.commands.findings import findings, write_findings
from econdiff.commands.folder import whole, write_manifest, write_page, write_picture
from econdiff.commands.forecast_files import write_both, write_history
from econdiff.commands.manifest import new_manifest, settings_of
from econdiff.commands.models import CONDITIONING, named_model, refuse_unable
from econdiff.commands.progress import Progress, silent
from econdiff.commands.reading import Input, Reading, read
from econdiff.report.scenario import scenario_page
from econdiff.report.scenario_figures import differences, two_fans
from econdiff.scenario import (
    Conditional,
    Mode,
    Scenario,
    ScenarioError,
    check,
)
from econdiff.scenario.stacked import in_columns
from econdiff.transforms import Transformed, TransformedForecaster


@dataclass(frozen=True)
class ScenarioRequest:
    """What `econdiff scenario` was asked; the fields are its options."""

    reading: Reading
    horizon: int
    out: Path
    scenario: Path | None = None
    scenario_series: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    mode: Mode = "hard"
    given_sd: float = 0.0
    model: str = "diffusion"
    against: tuple[str, ...] = ("bvar",)
    target: str | None = None
    conditions: tuple[str, ...] = ()
    older: Path | None = None
    older_stack: Path | None = None
    paths: int = 1000
    seed: int = 0
    overwrite: bool = False


def scenario(request: ScenarioRequest, command: str, progress: Progress = silent) -> Answer:
    """Answer a scenario and write the folder `request.out`, whole."""
    said = _said(request)
    refuse_unable((request.model, *request.against), CONDITIONING, "be conditioned on a scenario")
    with whole(request.out, overwrite=request.overwrite) as folder:
        data = read(request.reading)
        older = vintage(request.older, request.older_stack, request.reading)
        manifest = new_manifest("scenario", command, settings_of(request)) | {"data": data.record}
        if older is not None:
            manifest["older"] = older.record
        said = _in_columns(said, data)
        check_stated(said, request, data)
        forecaster, answer, notes = answered(request.model, data, said, request, progress)
        exact = request.mode in ("hard", "soft", "density")
        others = {
            name: answered(name, data, said, request, progress)[1]
            for name in request.against
            if exact and name != request.model
        }
        try:
            found = findings(
                forecaster, answer, others, panel=data.panel,
                older=None if older is None else older.panel, events=request.events,
                target=request.target, conditions=request.conditions, seed=request.seed,
                notes=notes,
            )  # fmt: skip
        except ScenarioError as error:
            raise UsageError(str(error)) from error
        drawn = write_answer(folder, answer, data.panel)
        write_findings(folder, found, answer.diagnostics)
        manifest["scenario"] = _stated(said, answer, request.scenario)
        manifest["model"] = {"name": request.model, "settings": repr(named_model(request.model))}
        write_manifest(folder, manifest)
        write_page(folder, scenario_page(answer, found, manifest, said.name, drawn))
    facts = {
        "out": str(request.out),
        "files": sorted(f.name for f in request.out.iterdir()),
        "plausibility": found.plausibility.to_dict(),
        "fallback": answer.diagnostics.fallback,
    }
    table = _last(answer.difference())
    words = "\n\n".join(
        [found.plausibility.verdict, *notes, table, str(request.out / "report.html")]
    )
    return Answer(facts, words)


def write_answer(folder: Path, answer: Conditional, history: pd.DataFrame) -> dict[str, str]:
    """Write draws, differences and pictures of an answered scenario; the pictures as SVG."""
    write_both(folder, answer.alternative, answer.baseline)
    write_history(history, folder)
    answer.difference().to_csv(folder / "difference.csv", index=False)
    figures = {"fans": two_fans(answer), "difference": differences(answer)}
    return {name: write_picture(folder, name, figure) for name, figure in figures.items()}


def _said(request: ScenarioRequest) -> Scenario:
    """The file, the pins and the events as one scenario."""
    try:
        said = _only(stated(request.scenario, ()), request) + stated(None, request.pins)
    except ScenarioError as error:
        raise UsageError(str(error)) from error
    if request.mode in ("soft", "density", "tilt"):
        said = said.with_sd(request.given_sd)
    elif request.given_sd:
        raise UsageError(
            f"--given-sd belongs to the modes soft, density and tilt, not to {request.mode}"
        )
    if request.paths < 2:
        raise UsageError(f"--paths: a scenario needs 2 at least, got {request.paths}")
    if request.mode == "event":
        said = said + Scenario(events=request.events)
    if not said.pins and not said.events:
        raise UsageError(
            'a scenario needs --scenario FILE, --pin "NAME=5.5,5.5" or --mode event --event EXPR'
        )
    return said


def _only(said: Scenario, request: ScenarioRequest) -> Scenario:
    """What a file pins of the series named by --scenario-series; all of it where none is named."""
    if not (names := request.scenario_series):
        return said
    there = list(dict.fromkeys(term.series for pin in said.pins for term in pin.terms))
    for name in names:
        if name not in there:
            raise UsageError(
                f"--scenario-series: no {name!r} in --scenario FILE, which pins {there}"
            )
    pins = [pin for pin in said.pins if {term.series for term in pin.terms} <= set(names)]
    return replace(said, pins=tuple(pins))


def _in_columns(said: Scenario, data: Input) -> Scenario:
    """Pins of months of stacked series as pins of their columns."""
    if data.fast is None:
        return said
    try:
        return in_columns(said, data.panel, data.fast)
    except ScenarioError as error:
        raise UsageError(str(error)) from error


def check_stated(said: Scenario, request: ScenarioRequest, data: Input) -> None:
    """Refuse a scenario that cannot be answered before a model is fitted."""
    transforms = Transformed(named_model(request.model), data.transforms).chosen(data.panel)
    asked = replace(said, events=tuple(dict.fromkeys((*said.events, *request.events))))
    try:
        check(asked, data.panel, transforms, mode=request.mode, horizon=request.horizon)
    except ScenarioError as error:
        raise UsageError(str(error)) from error
    names = list(map(str, data.panel.columns))
    for name in (request.target, *request.conditions):
        if name is not None and name not in names:
            raise UsageError(f"no series {name!r} to look at; there are {names}")


def vintage(older: Path | None, older_stack: Path | None, reading: Reading) -> Input | None:
    """INPUT and what is stacked in it as they were known earlier; None where none is named.

    Where only the stacked panel has an older vintage, INPUT is that of now.
    """
    if older_stack is not None and reading.stack is None:
        raise UsageError(
            "--older-stack is an earlier vintage of the panel of --stack; name that too"
        )
    if older is None and older_stack is None:
        return None
    if reading.stack is not None and older_stack is None:
        raise UsageError(
            "--older is a vintage of INPUT alone, and --stack has months of now: name an earlier "
            "vintage of them too, --older-stack FILE"
        )
    stack = None if older_stack is None else str(older_stack)
    return read(replace(reading, input=str(older or reading.input), stack=stack))


def answered(
    name: str, data: Input, said: Scenario, request: ScenarioRequest, progress: Progress
) -> tuple[TransformedForecaster, Conditional, tuple[str, ...]]:
    """Fit the model of that `name` and ask it: forecaster, answer, and what it warned of."""
    words = f"{name}: fit, then condition {request.paths} paths (fewer --paths are faster)"
    with progress(words, 2) as step:
        forecaster = Transformed(named_model(name), data.transforms).fit(data.panel)
        step()
        try:
            answer, notes = conditioned(
                forecaster, data.panel, said,
                mode=request.mode, horizon=request.horizon, paths=request.paths,
                rng=np.random.default_rng(request.seed),
            )  # fmt: skip
        except ScenarioError as error:
            raise UsageError(str(error)) from error
        step()
    return forecaster, answer, notes


def _last(table: pd.DataFrame) -> str:
    last = table.loc[table["period"] == table["period"].iloc[-1]]
    shown = last[["series", "period", "mean", "standard_error", "low", "high"]]
    return f"Alternative less baseline\n{shown.to_string(index=False)}"


def _stated(said: Scenario, answer: Conditional, file: Path | None) -> dict[str, Any]:
    """What was assumed, in the user's words and units, and of which file."""
    record: dict[str, Any] = {"name": said.name, "events": list(said.events)}
    record["pins"] = [
        {"pin": pin.label, "period": period, "value": pin.said, "sd": pin.sd}
        for pin, period in zip(said.pins, answer.bound.pins.periods, strict=True)
    ]
    if file is not None:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        record["file"] = {"name": file.name, "sha256": digest}
    return record
