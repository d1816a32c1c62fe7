"""`econdiff scenario` and `econdiff nowcast`: conditional forecasts for a reader."""

import json
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import whole, write_manifest, write_text
from econdiff.commands.manifest import new_manifest
from econdiff.commands.models import named_model
from econdiff.commands.progress import Progress, silent
from econdiff.commands.reading import Read, Reading, read
from econdiff.commands.view import write_history
from econdiff.forecast import Forecast
from econdiff.report.figures import png, svg
from econdiff.report.page import render
from econdiff.report.scenario import Beside, scenario_page
from econdiff.report.scenario_figures import differences, two_fans
from econdiff.scenario import (
    Conditional,
    Diagnostics,
    Mode,
    Plausibility,
    Scenario,
    ScenarioError,
    ScenarioWarning,
    conditional,
    parse_pin,
    plausibility,
    read_scenario,
)
from econdiff.scenario.attribution import drivers, shares
from econdiff.scenario.law import GaussianLaw
from econdiff.transforms import Transformed

SHAPLEY_PATHS = 200


@dataclass(frozen=True)
class ScenarioRequest:
    """What `econdiff scenario` was asked; the fields are its options."""

    reading: Reading
    horizon: int
    out: Path
    scenario: Path | None = None
    pins: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    mode: Mode = "hard"
    given_sd: float = 0.0
    model: str = "diffusion"
    against: tuple[str, ...] = ("bvar",)
    paths: int = 1000
    seed: int = 0
    overwrite: bool = False


def scenario(request: ScenarioRequest, command: str, progress: Progress = silent) -> Answer:
    """Answer a scenario and write the folder `request.out`, whole."""
    said = _said(request)
    with whole(request.out, overwrite=request.overwrite) as folder:
        data = read(request.reading)
        manifest = new_manifest("scenario", command, _settings(request)) | {"data": data.record}
        answer, notes = _answered(request.model, data, said, request, progress)
        beside = [
            Beside(name, _answered(name, data, said, request, progress)[0].difference())
            for name in request.against
            if name != request.model and request.mode in ("hard", "soft", "density")
        ]
        found = plausibility(answer, request.events)
        driven = _driven(answer, request)
        write_answer(folder, answer, data.panel)
        write_text(folder / "plausibility.json", _judged(found, answer.diagnostics))
        driven.to_csv(folder / "drivers.csv", index=False)
        manifest["model"] = {"name": request.model, "settings": repr(named_model(request.model))}
        write_manifest(folder, manifest)
        page = scenario_page(answer, found, tuple(beside), driven, manifest, said.name, notes)
        write_text(folder / "report.html", render(page))
    facts = {
        "out": str(request.out),
        "files": sorted(f.name for f in request.out.iterdir()),
        "plausibility": found.to_dict(),
        "fallback": answer.diagnostics.fallback,
    }
    table = _last(answer.difference())
    words = "\n\n".join([found.verdict, *notes, table, str(request.out / "report.html")])
    return Answer(facts, words)


@dataclass(frozen=True)
class NowcastRequest:
    """What `econdiff nowcast` was asked; the fields are its options."""

    reading: Reading
    model: str = "diffusion"
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
    answer, notes = _answered(request.model, data, Scenario(), asked, progress)
    edge = answer.edge()
    if edge is None:
        raise UsageError("there is no ragged edge to nowcast")
    table = _unpublished(edge, data.panel)
    facts = {"data": data.record, "nowcast": table.to_dict(orient="records")}
    return Answer(facts, "\n".join([table.to_string(index=False), *notes]))


def write_answer(folder: Path, answer: Conditional, history: pd.DataFrame) -> None:
    """Draws, differences and pictures of an answered scenario."""
    answer.alternative.to_frame().to_parquet(folder / "paths.parquet", index=False)
    answer.baseline.to_frame().to_parquet(folder / "baseline.parquet", index=False)
    write_history(history, folder)
    answer.difference().to_csv(folder / "difference.csv", index=False)
    for name, figure in (
        ("fans", two_fans(answer)),
        ("difference", differences(answer)),
    ):
        write_text(folder / f"{name}.svg", svg(figure))
        (folder / f"{name}.png").write_bytes(png(figure))


def _judged(found: Plausibility, diagnostics: Diagnostics) -> str:
    """JSON; what is not a number is null."""
    facts = asdict(diagnostics)
    if np.isnan(diagnostics.largest_miss):
        facts["largest_miss"] = None
    told = found.to_dict() | {"diagnostics": facts}
    return json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _said(request: ScenarioRequest) -> Scenario:
    """The file, the pins and the events as one scenario."""
    try:
        said = stated(request.scenario, request.pins)
    except ScenarioError as error:
        raise UsageError(str(error)) from error
    if request.mode in ("soft", "density", "tilt"):
        said = said.with_sd(request.given_sd)
    elif request.given_sd:
        raise UsageError(
            f"--given-sd belongs to the modes soft, density and tilt, not to {request.mode}"
        )
    if request.mode == "event":
        said = said + Scenario(events=request.events)
    if not said.pins and not said.events:
        raise UsageError(
            'a scenario needs --scenario FILE, --pin "NAME=5.5,5.5" or --mode event --event EXPR'
        )
    return said


def stated(file: Path | None, pins: tuple[str, ...]) -> Scenario:
    """A scenario file and the pins of the command line as one; nothing where neither is given."""
    said = read_scenario(file) if file else Scenario()
    for text in pins:
        said = said + parse_pin(text)
    return said


def _answered(
    name: str, data: Read, said: Scenario, request: ScenarioRequest, progress: Progress
) -> tuple[Conditional, tuple[str, ...]]:
    with progress(f"{name}: fit, then condition", 2) as step:
        forecaster = Transformed(named_model(name), data.transforms).fit(data.panel)
        step()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ScenarioWarning)
            try:
                answer = conditional(
                    forecaster,
                    data.panel,
                    said,
                    mode=request.mode,
                    horizon=request.horizon,
                    paths=request.paths,
                    rng=np.random.default_rng(request.seed),
                )
            except ScenarioError as error:
                raise UsageError(str(error)) from error
        step()
    notes = (str(w.message) for w in caught if issubclass(w.category, ScenarioWarning))
    return answer, tuple(dict.fromkeys(notes))


def _driven(answer: Conditional, request: ScenarioRequest) -> pd.DataFrame:
    """By pin where it is exact, else by pinned series."""
    if len(answer.told.pins) == 0 or request.mode not in ("hard", "soft", "density"):
        return pd.DataFrame(columns=["series", "period", "pinned", "contribution"])
    if isinstance(answer.law, GaussianLaw):
        law = answer.law.gaussian().given(answer.bound.facts)
        return drivers(law, answer.bound, answer.told.pins, request.mode)
    return shares(answer, paths=min(SHAPLEY_PATHS, request.paths), seed=request.seed)


def _last(table: pd.DataFrame) -> str:
    last = table.loc[table["period"] == table["period"].iloc[-1]]
    shown = last[["series", "period", "mean", "standard_error", "low", "high"]]
    return f"Alternative less baseline\n{shown.to_string(index=False)}"


def _unpublished(edge: Forecast, panel: pd.DataFrame) -> pd.DataFrame:
    summary = edge.summary()
    known = panel.iloc[len(panel) - edge.horizon :].notna().to_numpy().T.ravel()
    columns = ["series", "period", "mean", "q05", "q50", "q95"]
    return summary.loc[~known, columns].reset_index(drop=True)


def _settings(request: ScenarioRequest) -> dict[str, Any]:
    """The request as plain values; files by their names, not their paths."""
    reading = replace(request.reading, input=Path(request.reading.input).name)
    settings = asdict(replace(request, reading=reading)) | {"out": request.out.name}
    settings["scenario"] = request.scenario.name if request.scenario else None
    return {key: value for key, value in settings.items() if key != "overwrite"}
