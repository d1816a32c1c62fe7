"""`econdiff risk`: VaR and ES of portfolios from joint paths, and the report that validates them.

Gains and losses in the files are fractions of wealth: -0.02 is a loss of 2%.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from econdiff.backtest.var_es import Plan, backtest_var_es, block_files, blocks_of, tracks
from econdiff.commands.answer import Answer
from econdiff.commands.desk_rules import attributed, liquid_es, viewed
from econdiff.commands.folder import (
    keep_only,
    refuse_existing,
    whole,
    write_manifest,
    write_page,
    write_picture,
)
from econdiff.commands.manifest import digests, new_manifest, settings_of
from econdiff.commands.models import rows_read
from econdiff.commands.progress import Progress, silent
from econdiff.commands.risk_fits import Fits
from econdiff.commands.risk_inputs import RiskInputs, RiskRequest, risk_inputs
from econdiff.commands.risk_parts import contributed, sensitivity, under_moves
from econdiff.commands.risk_scenario import scenario_losses
from econdiff.commands.risk_tests import risk_tests
from econdiff.commands.tables import led_by
from econdiff.forecast import Forecast
from econdiff.report.validation import validation_page
from econdiff.report.validation_pictures import pictures
from econdiff.report.validation_tables import LongerHorizon, Validation
from econdiff.risk.portfolio import price_gains, risk_table
from econdiff.risk.prices import period_word
from econdiff.risk.stress_table import historical_worst, reverse_table, stress_table

DAYS = "days"  # the folder of finished blocks


def risk(request: RiskRequest, command: str, progress: Progress = silent) -> Answer:
    """Measure, backtest, stress, and write the folder `request.out`, whole."""
    refuse_existing(request.out, request.overwrite)
    inputs = risk_inputs(request)
    settings = settings_of(request, weights=Path(request.weights).name)
    manifest = new_manifest("risk", command, settings)
    manifest["data"] = inputs.data.record
    manifest["inputs"] = digests(
        None if request.weights == "equal" else Path(request.weights),
        request.scenario, request.supervisory, request.liquidity, request.pnl,
    )  # fmt: skip
    manifest["models"] = {name: repr(model) for name, model in inputs.models.items()}
    fits = Fits(inputs.wrapped, inputs.data.panel)
    forecasts = _forecasts(fits, request, progress)
    scenarios = scenario_losses(
        inputs.assumed, request.models, fits, inputs.hold.weights,
        horizons=request.horizons, alphas=request.alphas, window=request.window,
        paths=request.paths, seed=request.seed, loss=request.loss_share, progress=progress,
    )  # fmt: skip
    found = _validation(inputs, request, fits, forecasts, manifest, progress)
    found = replace(found, scenarios=scenarios)
    with whole(request.out, overwrite=request.overwrite, resume=True) as folder:
        past = [_past(inputs, plan, request, folder, progress) for plan in inputs.plans]
        days = folder / DAYS
        own = (block_files(inputs.wrapped, plan, days) for plan in inputs.plans)
        keep_only(days, set().union(*own))
        if past:
            found = replace(found, tracks=past[0].tracks, tests=past[0].tests)
        found = replace(found, longer=tuple(past[1:]))
        _write(found, folder)
    subject = found.risk.loc[found.risk["model"] == request.models[0]]
    further = ["mean", "semi_deviation", "semi_deviation_se", "loss_probability_se"]
    words = subject.drop(columns=[*further, "loss_probability"])
    words = words.to_string(index=False, float_format=lambda x: f"{x:.4g}")
    lines = [*inputs.hold.notes, words, str(request.out / "validation.html")]
    files = sorted(file.name for file in request.out.iterdir())
    facts = {
        "out": str(request.out),
        "files": files,
        "risk": found.risk.to_dict("records"),
        "notes": list(inputs.hold.notes),
    }
    return Answer(facts, "\n\n".join(lines))


def _forecasts(fits: Fits, request: RiskRequest, progress: Progress) -> dict[str, Forecast]:
    """Every model's joint paths from the last row, in prices."""
    rows = request.window + 1
    made: dict[str, Forecast] = {}
    with progress("fit, then draw", len(request.models)) as step:
        for name in request.models:
            made[name] = fits(name, rows).sample(
                fits.history(rows),
                horizon=max(request.horizons),
                paths=request.paths,
                rng=np.random.default_rng(request.seed),
            )
            step()
    return made


def _past(
    inputs: RiskInputs, plan: Plan, request: RiskRequest, folder: Path, progress: Progress
) -> LongerHorizon:
    """What every model forecast of the past over the plan's horizon, and its tests."""
    blocks = []
    with progress(f"past, {plan.horizon} ahead", len(inputs.wrapped) * blocks_of(plan)) as step:
        for block in backtest_var_es(
            inputs.wrapped, plan, folder=folder / DAYS, workers=request.workers
        ):
            blocks.append(block)
            step()
    tracked = tracks(blocks, plan)
    daily = plan.horizon == 1 and period_word(plan.prices) == "days"
    tests = risk_tests(tracked, request.alphas, daily=daily, seed=request.seed, progress=progress)
    return LongerHorizon(plan.horizon, tuple(tracked), tests)


def _validation(
    inputs: RiskInputs,
    request: RiskRequest,
    fits: Fits,
    forecasts: Mapping[str, Forecast],
    manifest: dict[str, Any],
    progress: Progress,
) -> Validation:
    subject, weights = request.models[0], inputs.hold.weights
    horizon, alpha = max(request.horizons), min(request.alphas)
    held = inputs.last.loc[inputs.hold.held]
    assets = {name: price_gains(drawn, held) for name, drawn in forecasts.items()}
    totals = pd.DataFrame(
        assets[subject].at(horizon) @ weights.loc[list(assets[subject].names)].to_numpy(),
        columns=list(weights.columns),
    )
    rules = inputs.rules
    asked = {
        "horizons": request.horizons, "alphas": request.alphas, "loss": request.loss_share,
    }  # fmt: skip
    return Validation(
        manifest=manifest,
        notes=(*inputs.data.record["notes"], *inputs.hold.notes),
        panel=inputs.data.panel,
        weights=weights,
        assets=assets,
        modelled=_modelled(inputs),
        windows={
            name: min(rows_read(model, request.window), len(inputs.data.panel) - 1)
            for name, model in inputs.models.items()
        },
        risk=pd.concat(
            [
                risk_table(gained, weights, **asked).assign(model=name)
                for name, gained in assets.items()
            ],
            ignore_index=True,
        ).pipe(led_by, "model"),
        contributions=pd.concat(
            [
                contributed(gained, forecasts[name], inputs, request).assign(model=name)
                for name, gained in assets.items()
            ],
            ignore_index=True,
        ).pipe(led_by, "model"),
        sensitivity=sensitivity(inputs, request, fits, progress),
        stresses=stress_table(
            forecasts[subject],
            totals,
            inputs.moves,
            inputs.data.panel,
            horizon=horizon,
            alpha=alpha,
            given=under_moves(fits(subject, request.window + 1), inputs, request),
        ),
        worst=historical_worst(inputs.data.panel, weights, horizon=horizon),
        reverse=reverse_table(assets[subject].frame(horizon), totals, alpha=alpha),
        views=viewed(forecasts[subject], totals, rules.views, request.alphas, horizon=horizon)
        if rules.views
        else None,
        liquidity=None if rules.liquidity is None else liquid_es(assets, weights, rules.liquidity),
        profit=None if rules.pnl is None else attributed(rules.pnl),
    )


def _modelled(inputs: RiskInputs) -> dict[str, str]:
    """What each series is to the models, in words."""
    words = dict.fromkeys(map(str, inputs.data.panel.columns), "range of the day, per cent")
    for name, transform in inputs.transforms.items():
        held = name in inputs.hold.held
        words[name] = "log return, per cent" if held else transform.units or "level"
    return words


def _write(found: Validation, folder: Path) -> None:
    found.risk.to_csv(folder / "risk.csv", index=False)
    found.contributions.to_csv(folder / "contributions.csv", index=False)
    found.stresses.to_csv(folder / "stress.csv", index=False)
    for name, table in (
        ("views", found.views.table if found.views else None),
        ("liquidity", found.liquidity),
        ("attribution", found.profit),
    ):
        if table is not None:
            table.to_csv(folder / f"{name}.csv", index=False)
    if found.tests is not None and found.tracks:
        found.days(found.tracks).to_csv(folder / "backtest.csv", index=False)
        found.tests.to_csv(folder / "tests.csv", index=False)
    for past in found.longer:
        name = f"{past.horizon}-steps.csv"
        found.days(past.tracks).to_csv(folder / f"backtest-{name}", index=False)
        past.tests.to_csv(folder / f"tests-{name}", index=False)
    if found.scenarios is not None:
        found.scenarios.table.to_csv(folder / "scenarios.csv", index=False)
    pictured = {}
    for name, figure in pictures(found).items():
        pictured[name] = write_picture(folder, name, figure)
    write_manifest(folder, dict(found.manifest))
    write_page(folder, validation_page(found, pictured), "validation.html")
