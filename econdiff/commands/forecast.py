"""`econdiff forecast`: draw the future of a panel and write what a reader needs of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from econdiff.backtest.trial import check_drawn
from econdiff.baselines.in_levels import InLevels
from econdiff.commands.answer import Answer
from econdiff.commands.folder import whole, write_manifest, write_text
from econdiff.commands.forecast_files import View
from econdiff.commands.manifest import new_manifest, settings_of
from econdiff.commands.models import named_models, through
from econdiff.commands.past import (
    judged,
    read_past,
    run_trials,
    spread_origins,
    with_edge_of,
    write_past,
)
from econdiff.commands.progress import Progress, silent
from econdiff.commands.reading import Input, Reading, read
from econdiff.forecast import Model
from econdiff.report.caveats import floors_wanted
from econdiff.report.forecast import forecast_page, quantiles
from econdiff.report.page import Page, render
from econdiff.report.past import Past, no_past, past_sections
from econdiff.stacking import unstack
from econdiff.transforms import Transformed
from econdiff.windows import edge_rows_of

MODEL_UNITS = "model_units"  # the folder of the same draws before they are transformed back
STACKED = "stacked"  # that of the draws of stacked series, period by period of their own


@dataclass(frozen=True)
class ForecastRequest:
    """What `econdiff forecast` was asked; the fields are its options."""

    reading: Reading
    horizon: int
    out: Path
    model: str = "diffusion"
    paths: int = 1000
    seed: int = 0
    against: tuple[str, ...] = ("rw", "ar")
    origins: int = 12
    workers: int = 1
    overwrite: bool = False


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the folder of a forecast holds.

    `inside` shows the series that are transformed, `fast` those of a higher frequency.
    """

    view: View
    inside: View | None
    fast: View | None
    manifest: dict[str, Any]
    past: Past | None

    def page(self) -> Page:
        """The report of it."""
        if self.past is None:
            asked = self.manifest["settings"]["origins"]
            why = "the history is too short for them" if asked else "none were asked for"
            past = (no_past(f"No past forecasts were made: {why}."),)
        else:
            known = self.manifest.get("known", "")
            past = past_sections(self.past, self.manifest["model"]["name"], known)
        inside, fast = (
            (view.forecast, view.history) if view else None for view in (self.inside, self.fast)
        )
        return forecast_page(
            self.view.forecast, self.view.history, self.manifest, past, inside, fast
        )


def forecast(request: ForecastRequest, command: str, progress: Progress = silent) -> Answer:
    """Draw, look back, and write the folder `request.out`, whole."""
    out = request.out
    outcome = run_forecast(request, command, progress)
    summary = quantiles(outcome.view.forecast, outcome.view.history)
    nowcast = (summary["kind"] == "nowcast").to_numpy()
    last = (summary["period"] == summary["period"].iloc[-1]).to_numpy()
    told = ["series", "period", *(["kind"] if nowcast.any() else []), "q05", "q50", "q95"]
    table = summary.loc[nowcast | last, told].to_string(index=False)
    facts: dict[str, Any] = {"out": str(out), "files": sorted(f.name for f in out.iterdir())}
    view = outcome.view
    fast = (outcome.fast.forecast, outcome.fast.history) if outcome.fast else None
    below, lines = floors_wanted(view.forecast, view.history, outcome.manifest, fast)
    if below:
        facts["below_zero"] = below
        table += "\n\n" + "\n".join(lines)
    training = outcome.manifest["model"].get("training", "")
    said = f"\n\nTraining on this panel: {training}." if training else ""
    words = f"{table}{said}\n\n{out / 'report.html'}\n{out / 'fan.png'}"
    return Answer(facts | {key: outcome.manifest[key] for key in ("data", "model")}, words)


def run_forecast(request: ForecastRequest, command: str, progress: Progress = silent) -> Outcome:
    """What `forecast` does, without words."""
    models = named_models(tuple(dict.fromkeys([request.model, *request.against])))
    with whole(request.out, overwrite=request.overwrite) as folder:
        data = read(request.reading)
        manifest = new_manifest("forecast", command, settings_of(request))
        wrapped = through(models, data.transforms)
        view, inside, fast, modelled = _draw(wrapped[request.model], data, request, progress)
        manifest["data"] = data.record | {"modelled": modelled}
        manifest["model"] = {"name": request.model, "settings": repr(models[request.model])}
        if training := view.forecast.provenance.get("training"):
            manifest["model"]["training"] = training
        past, manifest["known"] = _look_back(wrapped, data.panel, request, progress)
        outcome = Outcome(view, inside, fast, manifest, past)
        write_outcome(outcome, folder)
    return outcome


def _draw(
    model: Transformed | InLevels, data: Input, request: ForecastRequest, progress: Progress
) -> tuple[View, View | None, View | None, dict[str, str]]:
    """The draws in the user's units, in model units, of stacked series; what the model units are.

    The first two are of the series at the panel's own frequency.
    """
    with progress(f"{request.model}: fit, then draw", 2) as step:
        forecaster = model.fit(data.panel)
        step()
        rng = np.random.default_rng(request.seed)
        drawn, inside = forecaster.sample_both(
            data.panel, horizon=request.horizon, paths=request.paths, rng=rng
        )
        expected = (request.paths, request.horizon, data.panel.shape[1])
        check_drawn(drawn.samples, expected, drawn.names)
        step()
    changed = [name for name, transform in forecaster.transforms.items() if transform.units]
    modelled = {name: forecaster.model_units[name] for name in changed}
    changed = [name for name in changed if name in data.own]
    history, own = forecaster.to_model(data.panel), data.own
    fast = None if data.fast is None else View(unstack(drawn, data.fast), data.fast)
    return (
        View(drawn.select(*own), data.panel.loc[:, own]),
        View(inside.select(*changed), history.loc[:, changed]) if changed else None,
        fast,
        modelled,
    )


def _look_back(
    models: Mapping[str, Model], panel: pd.DataFrame, request: ForecastRequest, progress: Progress
) -> tuple[Past | None, str]:
    """How the models did at past origins (None where no origin was asked for or fits).

    And what was known there, in words, where that is not the rows up to the origin.
    """
    seed, origins = request.seed, None
    if request.origins:
        ahead = edge_rows_of(panel) + request.horizon
        origins = spread_origins(panel, horizon=ahead, count=request.origins)
    if origins is None:
        return None, ""
    histories = with_edge_of(panel, origins, request.horizon)
    trials = run_trials(
        models,
        panel,
        histories,
        paths=max(2, request.paths),
        seed=seed,
        workers=request.workers,
        folder=None,
        progress=progress,
    )
    try:
        return judged(trials, seed=seed, progress=progress), histories.words
    except ValueError as error:
        raise ValueError(f"{error}; --origins 0 forecasts without a look at the past") from error


def write_outcome(outcome: Outcome, folder: Path) -> None:
    """Every file of a forecast's folder."""
    name = outcome.manifest["data"]["name"]
    outcome.view.write(folder, name)
    if outcome.inside is not None:
        outcome.inside.write(folder / MODEL_UNITS, f"{name}, in model units")
    if outcome.fast is not None:
        outcome.fast.write(folder / STACKED, outcome.manifest["data"]["stacked"]["name"])
    if outcome.past is not None:
        write_past(outcome.past, folder)
    write_manifest(folder, outcome.manifest)
    write_text(folder / "report.html", render(outcome.page()))


def read_outcome(folder: Path, manifest: dict[str, Any]) -> Outcome:
    """The outcome that a folder holds, from its files alone."""
    data = manifest["data"]
    view = View.read(folder, data["frequency"], data["units"])
    inside, fast, stacked = folder / MODEL_UNITS, folder / STACKED, data.get("stacked", {})
    return Outcome(
        view,
        View.read(inside, data["frequency"], data["modelled"]) if inside.is_dir() else None,
        View.read(fast, stacked["frequency"], stacked["units"]) if fast.is_dir() else None,
        manifest,
        read_past(folder),
    )
