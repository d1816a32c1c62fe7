"""Who causes a portfolio's risk, and what the settings do to it."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pandas as pd

from econdiff.commands.day_ranges import Wrapped, wrapped
from econdiff.commands.models import looking_at, rows_read
from econdiff.commands.progress import Progress
from econdiff.commands.risk_fits import Fits
from econdiff.commands.risk_inputs import RiskInputs, RiskRequest
from econdiff.commands.tables import led_by
from econdiff.forecast import Forecast, Forecaster
from econdiff.risk.portfolio import (
    Gains,
    contributions,
    factor_contributions,
    price_gains,
    risk_table,
)
from econdiff.risk.stress_table import Given, Move
from econdiff.scenario import Scenario, ScenarioError, cell, conditional
from econdiff.scenario.law import HasLaw, HasMoments

FEW = 500  # paths under a stress where each has coefficients, and so a law, of its own


def contributed(
    assets: Gains, forecast: Forecast, inputs: RiskInputs, request: RiskRequest
) -> pd.DataFrame:
    """By asset and by factor, every portfolio, horizon and level."""
    tables = []
    for name, weights in inputs.hold.weights.items():
        for horizon in request.horizons:
            factors = _factors(assets, forecast, inputs, request, horizon)
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
        led_by, "portfolio", "horizon", "alpha", "by", "name"
    )


def _factors(
    assets: Gains, forecast: Forecast, inputs: RiskInputs, request: RiskRequest, horizon: int
) -> pd.DataFrame:
    """What the portfolios are split by [path x factor]: `--factors`, else what nobody holds.

    Where everything is held it is the market: the mean gain of all. A series above zero moves by
    its gain, any other by its change.
    """
    others = [name for name in inputs.transforms if name not in inputs.hold.held]
    names = request.factors or others
    if not names:
        return pd.DataFrame({"market": assets.at(horizon).mean(axis=1)})
    drawn = forecast.select(*names).samples[:, horizon - 1]
    start = inputs.last.loc[list(names)].to_numpy(float)
    gained = (start > 0) & (drawn > 0).all(axis=0)
    moved = np.where(gained, drawn / np.where(gained, start, 1) - 1, drawn - start)
    return pd.DataFrame(moved, columns=list(names))


def sensitivity(
    inputs: RiskInputs, request: RiskRequest, fits: Fits, progress: Progress
) -> pd.DataFrame:
    """The next step's VaR and ES with half and with twice the history, and with another seed.

    Half and twice of the rows that a model looks at, be they its own window. All cases draw one
    step ahead, so that those of one seed have the same random numbers. A case that a model has too
    few rows for is left out, and so is one that changes nothing.
    """
    rows = []
    by_model = {name: _cases(name, inputs, request) for name in inputs.wrapped}
    with progress("sensitivity", sum(map(len, by_model.values()))) as step:
        for model, cases in by_model.items():
            made: dict[str, pd.DataFrame] = {}
            for case, (fitting, window, seed) in cases.items():
                history = fits.history(window + 1)
                rng = np.random.default_rng(seed)
                with suppress(ValueError):
                    as_asked = fitting is inputs.wrapped[model]
                    fitted = fits(model, window + 1) if as_asked else fitting.fit(history)
                    drawn = fitted.sample(history, horizon=1, paths=request.paths, rng=rng)
                    gained = price_gains(drawn, inputs.last.loc[inputs.hold.held])
                    made[case] = _next_step(gained, inputs, request)
                step()
            asked = made.get("as asked")
            rows += [
                table.assign(model=model, case=case)
                for case, table in made.items()
                if table is asked or not table.equals(asked)
            ]
    return pd.concat(rows, ignore_index=True).pipe(led_by, "model", "portfolio", "case")


def _cases(
    name: str, inputs: RiskInputs, request: RiskRequest
) -> dict[str, tuple[Wrapped, int, int]]:
    """The model, rows of history and seed in each case of the sensitivity."""
    panel, asked = inputs.data.panel, inputs.wrapped[name]
    looks_at = min(rows_read(inputs.models[name], request.window), len(panel) - 1)
    ranges = [str(column) for column in panel.columns if column not in inputs.transforms]
    longer = wrapped(
        {name: looking_at(inputs.models[name], 2 * looks_at)}, inputs.transforms, ranges
    )
    cases = {
        "as asked": (asked, request.window, request.seed),
        "half the history": (asked, looks_at // 2, request.seed),
        "twice the history": (longer[name], 2 * looks_at, request.seed),
        "another seed": (asked, request.window, request.seed + 1),
    }
    if len(panel) - 1 == looks_at:
        del cases["twice the history"]
    return cases


def _next_step(gained: Gains, inputs: RiskInputs, request: RiskRequest) -> pd.DataFrame:
    table = risk_table(gained, inputs.hold.weights, alphas=[min(request.alphas)])
    return table.loc[:, ["portfolio", "VaR", "ES"]]


def under_moves(
    forecaster: Forecaster, inputs: RiskInputs, request: RiskRequest
) -> Callable[[Move], Given | None]:
    """Gains of the portfolios given where a series stands at the longest horizon, in closed form.

    None where the model has no closed form: the diffusion model's weights take seconds a stress,
    and far out they fall back to a Gaussian answer, so its many joint paths serve better.
    """
    history = inputs.data.panel.iloc[-request.window - 1 :]
    horizon, held = max(request.horizons), inputs.last.loc[inputs.hold.held]
    inner = getattr(forecaster, "inner", None)
    paths = min(request.paths, FEW) if hasattr(inner, "draws") else request.paths

    def given(move: Move) -> Given | None:
        if isinstance(inner, HasLaw) or not isinstance(inner, HasMoments):
            return None
        try:
            answer = conditional(
                forecaster, history, Scenario((cell(move.series, horizon, move.value),)),
                mode="hard", horizon=horizon, paths=paths,
                rng=np.random.default_rng(request.seed),
            )  # fmt: skip
        except ScenarioError:
            return None
        gained = price_gains(answer.alternative, held)
        weights = inputs.hold.weights
        totals = gained.at(horizon) @ weights.loc[list(gained.names)].to_numpy(float)
        found = answer.diagnostics
        told = pd.DataFrame(totals, columns=list(weights.columns))
        return Given(told, f"conditional law, {found.method}", found.effective)

    return given
