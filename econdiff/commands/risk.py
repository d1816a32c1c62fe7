"""`econdiff risk`: VaR and ES of portfolios from joint paths, and the report that validates them.

Gains and losses in the files are fractions of wealth: -0.02 is a loss of 2%.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from econdiff.backtest.var_es import Plan, Track, backtest_var_es, blocks_of, tracks
from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import refuse_existing, whole, write_manifest, write_text
from econdiff.commands.manifest import new_manifest
from econdiff.commands.models import named_models, nearest
from econdiff.commands.portfolios import Holdings, holdings, log_returns
from econdiff.commands.progress import Progress, silent
from econdiff.commands.reading import Read, Reading, read
from econdiff.commands.risk_scenario import Assumed, assumed, scenario_losses, with_supervisory
from econdiff.commands.risk_tests import risk_tests
from econdiff.forecast import Forecast, Model
from econdiff.report.figures import png, svg
from econdiff.report.page import render
from econdiff.report.validation import Validation, pictures, validation_page
from econdiff.risk.portfolio import (
    Gains,
    contributions,
    factor_contributions,
    price_gains,
    risk_table,
)
from econdiff.risk.prices import labels_of
from econdiff.risk.stresses import (
    Move,
    historical_worst,
    parse_move,
    reverse_table,
    stress_table,
    worst_moves,
)
from econdiff.transforms import Transform, Transformed

DAYS = "days"  # the folder of finished blocks
LEAST = {"D": 100, "W": 100}  # rows before the first forecast
LEAST_SLOW = 40  # ... of months, quarters and years
SHOCKED = 6  # series that are stressed where none is named


@dataclass(frozen=True)
class RiskRequest:
    """What was asked; the fields are the command's options."""

    reading: Reading
    out: Path
    weights: str = "equal"
    alphas: tuple[float, ...] = (0.01, 0.025, 0.05)
    horizons: tuple[int, ...] = (1, 10)
    models: tuple[str, ...] = ("diffusion", "gjr-fhs", "hs")
    backtest: str | None = None
    factors: tuple[str, ...] = ()
    stresses: tuple[str, ...] = ()
    scenario: Path | None = None
    pins: tuple[str, ...] = ()
    supervisory: Path | None = None
    given: tuple[str, ...] = ()
    window: int = 1000
    refit: int = 21
    paths: int = 5000
    seed: int = 0
    workers: int = 1
    overwrite: bool = False


@dataclass(frozen=True, eq=False)
class Desk:
    """All that is known before anything is estimated."""

    data: Read
    hold: Holdings
    models: Mapping[str, Model]
    wrapped: Mapping[str, Transformed]
    transforms: Mapping[str, Transform]
    plan: Plan | None
    moves: tuple[Move, ...]
    assumed: tuple[Assumed, ...]

    @property
    def last(self) -> pd.Series:
        """The last known value of each series."""
        return self.data.panel.ffill().iloc[-1]


def risk(request: RiskRequest, command: str, progress: Progress = silent) -> Answer:
    """Measure, backtest, stress, and write the folder `request.out`, whole."""
    refuse_existing(request.out, request.overwrite)
    desk = _desk(request)
    manifest = new_manifest("risk", command, _settings(request))
    manifest["data"] = desk.data.record
    manifest["models"] = {name: repr(model) for name, model in desk.models.items()}
    forecasts = _forecasts(desk, request, progress)
    scenarios = scenario_losses(
        desk.assumed, desk.wrapped, desk.data.panel, desk.hold.weights,
        horizons=request.horizons, alphas=request.alphas, paths=request.paths,
        seed=request.seed, progress=progress,
    )  # fmt: skip
    found = replace(_validation(desk, request, forecasts, manifest, progress), scenarios=scenarios)
    with whole(request.out, overwrite=request.overwrite, resume=True) as folder:
        tracked = _backtest(desk, request, folder, progress)
        tests = risk_tests(tracked, request.alphas, seed=request.seed, progress=progress)
        found = replace(found, tracks=tuple(tracked), tests=tests)
        _write(found, folder)
    subject = found.risk.loc[found.risk["model"] == request.models[0]]
    words = subject.drop(columns=["semi_deviation", "semi_deviation_se", "mean"])
    words = words.to_string(index=False, float_format=lambda x: f"{x:.4g}")
    lines = [*desk.hold.notes, words, str(request.out / "validation.html")]
    files = sorted(file.name for file in request.out.iterdir())
    facts = {
        "out": str(request.out),
        "files": files,
        "risk": found.risk.to_dict("records"),
        "notes": list(desk.hold.notes),
    }
    return Answer(facts, "\n\n".join(lines))


def _desk(request: RiskRequest) -> Desk:
    """Read and refuse, before any work."""
    _check(request)
    models = named_models(request.models)
    data = read(request.reading)
    own = [str(name) for name in data.panel.columns]
    said = assumed(request.scenario, request.pins)
    if request.supervisory is not None:
        data, published = with_supervisory(data, request.supervisory, request.given)
        said = (*published, *said)
    panel = data.panel
    hold = holdings(request.weights, panel, own)
    unknown = [name for name in request.factors if name not in panel.columns]
    if unknown:
        raise UsageError(
            f"--factors names {unknown[0]!r}, which is no series; "
            f"{nearest(unknown[0], list(panel.columns))}"
        )
    first = len(panel) if request.backtest is None else _row(panel, request.backtest)
    complete = int(panel.iloc[max(0, first - request.window - 1) : first].notna().all(axis=1).sum())
    least = LEAST.get(pd.PeriodIndex(panel.index).freqstr[0], LEAST_SLOW)
    if complete < least:
        raise UsageError(_too_short(panel, first, complete, least, request))
    transforms = log_returns(panel, hold.held, first)
    plan = None
    if request.backtest is not None:
        plan = Plan(
            panel, hold.weights, first, request.alphas, request.refit, request.window + 1,
            request.paths, request.seed,
        )  # fmt: skip
    horizon = max(request.horizons)
    try:
        moves = [parse_move(text, panel.ffill().iloc[-1]) for text in request.stresses]
    except ValueError as error:
        raise UsageError(str(error)) from error
    heaviest = hold.weights.abs().max(axis=1).sort_values(ascending=False, kind="stable")
    moves = moves or worst_moves(panel, list(heaviest.index[:SHOCKED]), horizon)
    wrapped = {name: Transformed(model, transforms) for name, model in models.items()}
    return Desk(data, hold, models, wrapped, transforms, plan, tuple(moves), said)


def _check(request: RiskRequest) -> None:
    wrong = [alpha for alpha in request.alphas if not 0 < alpha < 0.5]
    if wrong:
        raise UsageError(f"--alpha takes shares of bad days, as .01,.025; got {wrong[0]:g}")
    if request.paths * min(request.alphas) < 10:
        raise UsageError(
            f"{request.paths} paths hold {request.paths * min(request.alphas):g} beyond the "
            f"{min(request.alphas):g} quantile, 10 are needed; say --paths "
            f"{int(np.ceil(10 / min(request.alphas)))}"
        )
    if len(set(request.alphas)) < len(request.alphas) or len(set(request.horizons)) < len(
        request.horizons
    ):
        raise UsageError("--alpha and --horizon take each value once")


def _row(panel: pd.DataFrame, start: str) -> int:
    """The first row on or after the day START."""
    try:
        day = pd.Timestamp(start)
    except ValueError as error:
        raise UsageError(f"--backtest takes a day such as 2015-01-02; got {start!r}") from error
    starts = pd.PeriodIndex(panel.index).to_timestamp(how="start").to_numpy()
    row = int(np.searchsorted(starts, np.datetime64(f"{day:%Y-%m-%d}")))
    if row >= len(panel):
        raise UsageError(f"--backtest {start} lies after the last price, {labels_of(panel)[-1]}")
    return row


def _too_short(
    panel: pd.DataFrame, first: int, complete: int, least: int, request: RiskRequest
) -> str:
    labels = labels_of(panel)
    where = f"before {labels[first]}" if first < len(panel) else f"up to {labels[-1]}"
    known = panel.iloc[:first].notna().sum()
    scarce = str(known.idxmin())
    since = panel[scarce].first_valid_index()
    mend = "begin later with --backtest, or give a longer history"
    if since is not None and since > panel.index[0]:
        mend = "leave it out with --series, or begin later with --backtest"
    return (
        f"{complete} of the last {request.window} rows {where} have every series known, {least} "
        f"are needed; {scarce!r} is known from {since} on: {mend}"
    )


def _forecasts(desk: Desk, request: RiskRequest, progress: Progress) -> dict[str, Forecast]:
    """Joint paths of every model from the last row, in prices."""
    history = desk.data.panel.iloc[-request.window - 1 :]
    made = {}
    with progress("fit, then draw", len(desk.wrapped)) as step:
        for name, model in desk.wrapped.items():
            made[name] = model.fit(history).sample(
                history,
                horizon=max(request.horizons),
                paths=request.paths,
                rng=np.random.default_rng(request.seed),
            )
            step()
    return made


def _backtest(desk: Desk, request: RiskRequest, folder: Path, progress: Progress) -> list[Track]:
    if desk.plan is None:
        return []
    blocks = []
    with progress("past days", len(desk.wrapped) * blocks_of(desk.plan)) as step:
        for block in backtest_var_es(
            desk.wrapped, desk.plan, folder=folder / DAYS, workers=request.workers
        ):
            blocks.append(block)
            step()
    return tracks(blocks, desk.plan)


def _validation(
    desk: Desk,
    request: RiskRequest,
    forecasts: Mapping[str, Forecast],
    manifest: dict[str, Any],
    progress: Progress,
) -> Validation:
    subject, weights = request.models[0], desk.hold.weights
    horizon, alpha = max(request.horizons), min(request.alphas)
    held = desk.last.loc[desk.hold.held]
    assets = {name: price_gains(drawn, held) for name, drawn in forecasts.items()}
    totals = pd.DataFrame(
        assets[subject].at(horizon) @ weights.loc[list(assets[subject].names)].to_numpy(),
        columns=list(weights.columns),
    )
    asked = {"horizons": request.horizons, "alphas": request.alphas}
    return Validation(
        manifest=manifest,
        notes=(*desk.data.record["notes"], *desk.hold.notes),
        panel=desk.data.panel,
        weights=weights,
        assets=assets,
        modelled={
            name: "log return, per cent" if name in desk.hold.held else one.units or "level"
            for name, one in desk.transforms.items()
        },
        risk=pd.concat(
            [
                risk_table(gained, weights, **asked).assign(model=name)
                for name, gained in assets.items()
            ],
            ignore_index=True,
        ).pipe(_first, "model"),
        contributions=pd.concat(
            [
                _contributed(gained, forecasts[name], desk, request).assign(model=name)
                for name, gained in assets.items()
            ],
            ignore_index=True,
        ).pipe(_first, "model"),
        sensitivity=_sensitivity(desk, assets, request, progress),
        stresses=stress_table(
            forecasts[subject], totals, desk.moves, desk.data.panel, horizon=horizon, alpha=alpha
        ),
        worst=historical_worst(desk.data.panel, weights, horizon=horizon),
        reverse=reverse_table(assets[subject].frame(horizon), totals, alpha=alpha),
    )


def _contributed(
    assets: Gains, forecast: Forecast, desk: Desk, request: RiskRequest
) -> pd.DataFrame:
    """By asset and by factor, every portfolio, horizon and level."""
    tables = []
    for name, weights in desk.hold.weights.items():
        for horizon in request.horizons:
            factors = _factors(assets, forecast, desk, request, horizon)
            for alpha in request.alphas:
                by_asset = contributions(assets, weights, alpha=alpha, horizon=horizon)
                by_asset = by_asset.rename(columns={"series": "name"}).assign(by="asset")
                by_asset = by_asset.loc[by_asset["weight"] != 0]
                w = weights.loc[list(assets.names)].to_numpy(float)
                by_factor = factor_contributions(assets.at(horizon) @ w, factors, alpha=alpha)
                by_factor = by_factor.rename(columns={"factor": "name", "exposure": "weight"})
                both = pd.concat([by_asset, by_factor.assign(by="factor")], ignore_index=True)
                tables.append(both.assign(portfolio=name, horizon=horizon, alpha=alpha))
    return pd.concat(tables, ignore_index=True).pipe(
        _first, "portfolio", "horizon", "alpha", "by", "name"
    )


def _factors(
    assets: Gains, forecast: Forecast, desk: Desk, request: RiskRequest, horizon: int
) -> pd.DataFrame:
    """What the portfolios are split by [path x factor]: `--factors`, else what nobody holds.

    Where everything is held it is the market: the mean gain of all. A series above zero moves by
    its gain, any other by its change.
    """
    names = request.factors or [n for n in forecast.names if n not in desk.hold.held]
    if not names:
        return pd.DataFrame({"market": assets.at(horizon).mean(axis=1)})
    drawn = forecast.select(*names).samples[:, horizon - 1]
    start = desk.last.loc[list(names)].to_numpy(float)
    gained = (start > 0) & (drawn > 0).all(axis=0)
    moved = np.where(gained, drawn / np.where(gained, start, 1) - 1, drawn - start)
    return pd.DataFrame(moved, columns=list(names))


def _sensitivity(
    desk: Desk, assets: Mapping[str, Gains], request: RiskRequest, progress: Progress
) -> pd.DataFrame:
    """The next step's VaR and ES with half and with twice the history, and with another seed.

    A case that a model has too few rows for is left out.
    """
    rows = [
        _next_step(gained, desk, request).assign(model=model, case="as reported")
        for model, gained in assets.items()
    ]
    cases = {
        "half the history": (min(request.window, len(desk.data.panel) - 1) // 2, request.seed),
        "twice the history": (2 * request.window, request.seed),
        "another seed": (request.window, request.seed + 1),
    }
    if len(desk.data.panel) <= request.window + 1:
        del cases["twice the history"]
    with progress("sensitivity", len(cases) * len(desk.wrapped)) as step:
        for model, wrapped in desk.wrapped.items():
            for case, (window, seed) in cases.items():
                history = desk.data.panel.iloc[-window - 1 :]
                rng = np.random.default_rng(seed)
                with suppress(ValueError):
                    drawn = wrapped.fit(history).sample(
                        history, horizon=1, paths=request.paths, rng=rng
                    )
                    gained = price_gains(drawn, desk.last.loc[desk.hold.held])
                    made = _next_step(gained, desk, request)
                    rows.append(made.assign(model=model, case=case))
                step()
    return pd.concat(rows, ignore_index=True).pipe(_first, "model", "portfolio", "case")


def _next_step(gained: Gains, desk: Desk, request: RiskRequest) -> pd.DataFrame:
    table = risk_table(gained, desk.hold.weights, alphas=[min(request.alphas)])
    return table.loc[:, ["portfolio", "VaR", "ES"]]


def _first(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    return table.loc[:, [*names, *(name for name in table.columns if name not in names)]]


def _write(found: Validation, folder: Path) -> None:
    found.risk.to_csv(folder / "risk.csv", index=False)
    found.contributions.to_csv(folder / "contributions.csv", index=False)
    found.stresses.to_csv(folder / "stress.csv", index=False)
    if found.tests is not None and found.tracks:
        found.days().to_csv(folder / "backtest.csv", index=False)
        found.tests.to_csv(folder / "tests.csv", index=False)
    if found.scenarios is not None:
        found.scenarios.table.to_csv(folder / "scenarios.csv", index=False)
    pictured = {}
    for name, figure in pictures(found).items():
        pictured[name] = svg(figure)
        write_text(folder / f"{name}.svg", pictured[name])
        (folder / f"{name}.png").write_bytes(png(figure))
    write_manifest(folder, dict(found.manifest))
    write_text(folder / "validation.html", render(validation_page(found, pictured)))


def _settings(request: RiskRequest) -> dict[str, Any]:
    """The request as plain values; files by their names, not their paths."""
    reading = replace(request.reading, input=Path(request.reading.input).name)
    settings = asdict(replace(request, reading=reading)) | {"out": request.out.name}
    settings["weights"] = Path(request.weights).name
    for name in ("scenario", "supervisory"):
        path = getattr(request, name)
        settings[name] = path.name if path else None
    return {key: value for key, value in settings.items() if key not in ("overwrite", "workers")}
