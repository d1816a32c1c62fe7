"""`econdiff structural`: effects of shocks under a declared identification."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from econdiff.commands.answer import Answer
from econdiff.commands.assumptions import stated
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import whole, write_manifest, write_page, write_picture
from econdiff.commands.forecast_files import write_both, write_history
from econdiff.commands.manifest import new_manifest, settings_of
from econdiff.commands.models import STRUCTURAL, named_model, refuse_unable
from econdiff.commands.progress import Progress, silent
from econdiff.commands.reading import Reading, read
from econdiff.report.scenario_figures import changes, contributions, responses
from econdiff.report.structural import structural_page
from econdiff.scenario import Scenario, ScenarioError, bind
from econdiff.structural import (
    Scheme,
    Structural,
    StructuralScenario,
    brought_about,
    check_driven,
    local_projections,
    read_scheme,
    structural,
)
from econdiff.transforms import Transformed


@dataclass(frozen=True)
class StructuralRequest:
    """What `econdiff structural` was asked; the fields are its options."""

    reading: Reading
    identify: str
    horizon: int
    out: Path
    scenario: Path | None = None
    pins: tuple[str, ...] = ()
    driven_by: tuple[str, ...] = ()
    mode: Literal["hard", "density"] = "hard"
    given_sd: float = 0.0
    model: str = "bvar"
    draws: int = 300
    paths: int = 1000
    seed: int = 0
    overwrite: bool = False


def structural_effects(request: StructuralRequest, command: str, progress: Progress = silent):
    """Identify, answer, and write the folder `request.out`, whole."""
    refuse_unable((request.model,), STRUCTURAL, "have its shocks identified")
    try:
        scheme, said = read_scheme(request.identify), _said(request)
        with whole(request.out, overwrite=request.overwrite) as folder:
            return _answer(folder, scheme, said, request, command, progress)
    except ScenarioError as error:
        raise UsageError(str(error)) from error


def _answer(
    folder: Path,
    scheme: Scheme,
    said: Scenario,
    request: StructuralRequest,
    command: str,
    progress: Progress,
) -> Answer:
    data, rng = read(request.reading), np.random.default_rng(request.seed)
    scheme_name = request.identify if ":" in request.identify else Path(request.identify).name
    settings = settings_of(request, identify=scheme_name)
    manifest = new_manifest("structural", command, settings) | {"data": data.record}
    transformed = Transformed(named_model(request.model), data.transforms)
    scheme.check(tuple(map(str, data.panel.columns)))
    if said.pins:
        bound = bind(said, data.panel, request.horizon, transformed.chosen(data.panel))
        check_driven(scheme, bound, request.driven_by, request.mode)
    with progress(f"{request.model}: fit, identify, answer", 3) as step:
        forecaster = transformed.fit(data.panel)
        step()
        model = structural(forecaster, data.panel, scheme, draws=request.draws, rng=rng)
        step()
        bands = model.bands(request.horizon)
        local = pd.concat(
            [local_projections(model, shock, request.horizon) for shock in scheme.shocks]
        )
        historical = model.historical() if model.past.notna().all(axis=None) else None
        brought = None
        if said.pins:
            brought = brought_about(
                model, said, request.driven_by, horizon=request.horizon, paths=request.paths,
                rng=rng, mode=request.mode,
            )  # fmt: skip
        step()
    manifest |= {"identification": list(model.said())}
    manifest["model"] = {"name": request.model, "settings": repr(named_model(request.model))}
    _write(folder, model, bands, local, historical, brought)
    write_manifest(folder, manifest)
    name = said.name or ", ".join(scheme.shocks)
    page = structural_page(model, bands, local, historical, brought, manifest, name)
    write_page(folder, page)
    facts: dict[str, Any] = {
        "out": str(request.out),
        "files": sorted(file.name for file in folder.iterdir()),
        "identification": list(model.said()),
    }
    words = [*model.said()]
    if brought is not None:
        facts["modesty"] = brought.modesty().to_dict(orient="records")
        facts["plausibility"] = brought.plausibility()
        words += ["", brought.modesty().round(2).to_string(index=False)]
    return Answer(facts, "\n".join([*words, "", str(request.out / "report.html")]))


def _write(
    folder: Path,
    model: Structural,
    bands: pd.DataFrame,
    local: pd.DataFrame,
    historical: pd.DataFrame | None,
    brought: StructuralScenario | None,
) -> None:
    bands.merge(local, on=["shock", "series", "step"]).to_csv(folder / "responses.csv", index=False)
    write_history(model.panel, folder)
    figures = {"responses": responses(bands, local)}
    if historical is not None:
        historical.to_csv(folder / "historical.csv", index=False)
        figures["historical"] = contributions(historical)
    if brought is not None:
        write_both(folder, brought.alternative, brought.baseline)
        brought.difference().to_csv(folder / "difference.csv", index=False)
        brought.sizes().to_csv(folder / "shocks.csv", index=False)
        figures["difference"] = changes(brought.difference(), brought.baseline)
    for name, figure in figures.items():
        write_picture(folder, name, figure)


def _said(request: StructuralRequest) -> Scenario:
    said = stated(request.scenario, request.pins)
    if bool(said.pins) != bool(request.driven_by):
        raise ScenarioError(
            "a structural scenario needs both what is assumed (--scenario or --pin) and the shocks "
            "that bring it about (--driven-by)"
        )
    if request.given_sd and request.mode != "density":
        raise ScenarioError(f"--given-sd belongs to the mode density, not to {request.mode}")
    if said.pins and request.paths < 2:
        raise ScenarioError(f"--paths: a scenario needs 2 at least, got {request.paths}")
    return said.with_sd(request.given_sd)
