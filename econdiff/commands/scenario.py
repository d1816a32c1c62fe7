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
from econdiff.report.scenario import Beside, Findings, scenario_page
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
from econdiff.scenario.at_risk import at_risk, recession
from econdiff.scenario.attribution import drivers, shares
from econdiff.scenario.law import GaussianLaw
from econdiff.scenario.news import news
from econdiff.transforms import Transformed, TransformedForecaster

SHAPLEY_PATHS = 200
MOST_PLAYERS = 3  # pinned series up to which Shapley's value is asked of the model: 2^n answers


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
    target: str | None = None
    conditions: tuple[str, ...] = ()
    paths: int = 1000
    seed: int = 0
    overwrite: bool = False


def scenario(request: ScenarioRequest, command: str, progress: Progress = silent) -> Answer:
    """Answer a scenario and write the folder `request.out`, whole."""
    said = _said(request)
    with whole(request.out, overwrite=request.overwrite) as folder:
        data = read(request.reading)
        manifest = new_manifest("scenario", command, _settings(request)) | {"data": data.record}
        forecaster, answer, notes = _answered(request.model, data, said, request, progress)
        beside = [
            _beside(name, answer, *_answered(name, data, said, request, progress)[1:])
            for name in request.against
            if name != request.model and request.mode in ("hard", "soft", "density")
        ]
        found = _found(forecaster, answer, tuple(beside), data, request, notes)
        write_answer(folder, answer, data.panel)
        _write(folder, found, answer)
        manifest["model"] = {"name": request.model, "settings": repr(named_model(request.model))}
        write_manifest(folder, manifest)
        write_text(
            folder / "report.html", render(scenario_page(answer, found, manifest, said.name))
        )
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
    _, answer, notes = _answered(request.model, data, Scenario(), asked, progress)
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
) -> tuple[TransformedForecaster, Conditional, tuple[str, ...]]:
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
    return forecaster, answer, tuple(dict.fromkeys(notes))


def _beside(name: str, answer: Conditional, other: Conditional, notes: tuple[str, ...]) -> Beside:
    """Another model's answer, and the gap to it where both are in the same units."""
    del notes
    return Beside(name, other.difference(), answer.gap(other.law.gaussian()))


def _found(
    forecaster: TransformedForecaster,
    answer: Conditional,
    beside: tuple[Beside, ...],
    data: Read,
    request: ScenarioRequest,
    notes: tuple[str, ...],
) -> Findings:
    """Everything that the report says of an answer."""
    events, risk = request.events, None
    if request.target is not None:
        try:
            risk = at_risk(answer, request.target, request.conditions)
        except ScenarioError as error:
            raise UsageError(str(error)) from error
        events = (*events, recession(answer, request.target))
    by_pin = _by_pin(answer, request)
    return Findings(
        plausibility(answer, events),
        beside,
        _shares(answer, by_pin, request),
        by_pin,
        news(forecaster, data.panel.iloc[:-1], data.panel, horizon=request.horizon),
        risk,
        notes,
    )


def _write(folder: Path, found: Findings, answer: Conditional) -> None:
    """The tables behind the report."""
    judged = _judged(found.plausibility, answer.diagnostics)
    write_text(folder / "plausibility.json", judged)
    found.drivers.to_csv(folder / "drivers.csv", index=False)
    found.shares.to_csv(folder / "shares.csv", index=False)
    found.news.releases.to_csv(folder / "news.csv", index=False)
    if found.at_risk is not None:
        found.at_risk.to_csv(folder / "at_risk.csv", index=False)
    for other in found.beside:
        table = other.difference.merge(other.gap, on=["series", "period"], suffixes=("", "_of_gap"))
        table.to_csv(folder / f"beside_{other.name}.csv", index=False)


def _by_pin(answer: Conditional, request: ScenarioRequest) -> pd.DataFrame:
    """Contributions and sensitivities by pin, exact under the Gaussian law."""
    if len(answer.told.pins) == 0 or request.mode not in ("hard", "soft", "density"):
        columns = ["series", "period", "pin", "pinned", "at", "contribution", "sensitivity"]
        return pd.DataFrame(columns=columns)
    law = answer.law.gaussian().given(answer.bound.facts)
    return drivers(law, answer.bound, answer.told.pins, request.mode)


def _shares(answer: Conditional, by_pin: pd.DataFrame, request: ScenarioRequest) -> pd.DataFrame:
    """Contributions by pinned series: from draws where few are pinned, else in closed form."""
    few = len(set(answer.told.pins.series)) <= MOST_PLAYERS
    if len(by_pin) and few and not isinstance(answer.law, GaussianLaw):
        return shares(answer, paths=min(SHAPLEY_PATHS, request.paths), seed=request.seed)
    keys = ["series", "period", "pinned"]
    table = by_pin.groupby(keys, sort=False, as_index=False)["contribution"].sum()
    return table.assign(how="closed form")


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
