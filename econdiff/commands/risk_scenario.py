"""Scenarios with a portfolio loss: joint paths of macro and market series, given what is assumed.

The assumption is a file or pins, as in `econdiff scenario`, or the Federal Reserve's supervisory
scenarios, whose variables are set beside the prices and pinned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.commands.assumptions import Assumed, conditioned
from econdiff.commands.errors import UsageError
from econdiff.commands.manifest import panel_record
from econdiff.commands.models import CONDITIONING, nearest
from econdiff.commands.progress import Progress
from econdiff.commands.reading import Input
from econdiff.commands.risk_fits import Fits
from econdiff.commands.tables import led_by
from econdiff.data.alignment import align
from econdiff.report.validation_tables import ScenarioLosses
from econdiff.risk.portfolio import Gains, price_gains, risk_table
from econdiff.risk.supervisory import Supervisory, read_supervisory
from econdiff.scenario import Scenario, ScenarioError, check, plausibility
from econdiff.transforms import Transform

GIVEN = (
    "Unemployment rate",
    "10-year Treasury yield",
    "BBB corporate yield",
    "Dow Jones Total Stock Market Index (Level)",
    "Market Volatility Index (Level)",
)
"""The supervisory variables that are pinned where none are named."""
MOST = 2000  # paths; conditioning costs far more than drawing


def with_supervisory(
    data: Input, folder: Path, given: Sequence[str]
) -> tuple[Input, tuple[Assumed, ...]]:
    """The prices by quarters beside the supervisory variables, and the scenarios that pin these.

    The origin is the last quarter of the tables' history; later prices are left out.
    """
    if not folder.is_dir():
        raise UsageError(f"--supervisory takes a folder of the published tables; got {folder.name}")
    published = read_supervisory(folder)
    names = _chosen(published, given)
    series = {str(name): column for name, column in data.panel.items()}
    clash = [name for name in series if name in names]
    if clash:
        raise UsageError(f"{clash[0]!r} is both a price and a supervisory variable; rename one")
    quarters, _ = align(series, freq="Q", aggregation=dict.fromkeys(series, "last"))
    history = published.history[names]
    origin = history.index[-1]
    if len(quarters) and quarters.index[-1] < origin:
        raise UsageError(
            f"the last quarter that the prices fill is {quarters.index[-1]}, and the "
            f"{published.year} scenarios begin after {origin}: give prices up to the end of "
            f"{origin}, or a folder with the tables of an earlier year"
        )
    panel = pd.concat([history, quarters], axis=1).loc[: history.index[-1]]
    whole = panel.notna().all(axis=1)
    if not whole.any():
        raise UsageError(
            f"no quarter up to {history.index[-1]} has both the prices and {', '.join(names)}"
        )
    panel = panel.loc[whole.idxmax() :]
    panel.index.name = "period"
    record = data.record | panel_record(panel)
    record["notes"] = [
        *data.record["notes"],
        f"prices are brought to quarters by their last value, and set beside {len(names)} "
        f"variables of the {published.year} supervisory scenarios up to {history.index[-1]}",
    ]
    said = tuple(
        Assumed(name, Scenario.of(table.loc[:, names], name=name))
        for name, table in published.scenarios.items()
    )
    return Input(panel, data.transforms, record), said


def check_assumed(
    said: Sequence[Assumed],
    models: Sequence[str],
    panel: pd.DataFrame,
    transforms: Mapping[str, Transform],
    horizon: int,
) -> None:
    """Refuse, before anything is fitted, a scenario that cannot be answered."""
    if said and not set(models) & set(CONDITIONING):
        raise UsageError(
            f"none of {', '.join(models)} can be given a scenario; add one of "
            f"{', '.join(CONDITIONING)} to --models"
        )
    for one in said:
        try:
            pins = _within(one.scenario, panel, horizon)
            check(pins, panel, transforms, mode="hard", horizon=horizon)
        except ScenarioError as error:
            raise UsageError(f"{one.name}: {error}") from error


def scenario_losses(
    said: Sequence[Assumed],
    models: Sequence[str],
    fits: Fits,
    weights: pd.DataFrame,
    *,
    horizons: Sequence[int],
    alphas: Sequence[float],
    window: int,
    paths: int,
    seed: int,
    loss: float,
    progress: Progress,
) -> ScenarioLosses | None:
    """Gains of the portfolios without and with each scenario, from one model's joint law.

    The model is the first that can condition, fitted on the last `window` rows as for risk without
    a scenario; how far out a scenario lies is judged by all rows. At most 2000 paths. `loss` as in
    `risk_table`. None where nothing is assumed.
    """
    if not said:
        return None
    panel = fits.panel
    held = panel[list(weights.index)].ffill().iloc[-1]
    with progress("scenarios", len(said) + 1) as step:
        name = next(name for name in models if name in CONDITIONING)
        forecaster, history = fits(name, window + 1), fits.history(window + 1)
        step()
        drawn: dict[str, Gains] = {}
        verdicts: dict[str, str] = {}
        notes: list[str] = []
        for one in said:
            try:
                answer, warned = conditioned(
                    forecaster, history, _within(one.scenario, panel, max(horizons)),
                    mode="hard", horizon=max(horizons), paths=min(paths, MOST),
                    rng=np.random.default_rng(seed),
                )  # fmt: skip
            except ScenarioError as error:
                raise UsageError(f"{one.name}: {error}") from error
            drawn.setdefault("no scenario", price_gains(answer.baseline, held))
            drawn[one.name] = price_gains(answer.alternative, held)
            verdicts[one.name] = plausibility(replace(answer, history=panel), density=False).verdict
            notes += [f"{one.name}: {note}" for note in warned]
            step()
    tables = [
        risk_table(gained, weights, alphas=alphas, horizons=horizons, loss=loss).assign(
            scenario=label
        )
        for label, gained in drawn.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    table = led_by(table, "scenario", "portfolio", "horizon", "alpha", "mean")
    return ScenarioLosses(name, table, drawn, verdicts, tuple(notes))


def _within(said: Scenario, panel: pd.DataFrame, horizon: int) -> Scenario:
    """The pins of a table up to the horizon; a period beyond it would be refused."""
    end = panel.index[-1] + horizon if isinstance(panel.index, pd.PeriodIndex) else None
    pins = tuple(
        pin
        for pin in said.pins
        if end is None
        or not all(isinstance(term.when, pd.Period) and term.when > end for term in pin.terms)
    )
    return replace(said, pins=pins)


def _chosen(published: Supervisory, given: Sequence[str]) -> list[str]:
    known = list(published.history.columns)
    wrong = [name for name in given if name not in known]
    if wrong:
        raise UsageError(
            f"--given: no supervisory variable {wrong[0]!r}; {nearest(wrong[0], known)}"
        )
    return list(dict.fromkeys(given)) or [name for name in GIVEN if name in known]
