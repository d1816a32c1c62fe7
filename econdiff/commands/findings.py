"""What a scenario's report says beyond the answer, worked out and written."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.commands.folder import write_text
from econdiff.report.scenario import Beside, Findings
from econdiff.scenario import Conditional, Diagnostics, Plausibility, plausibility
from econdiff.scenario.at_risk import at_risk, recession
from econdiff.scenario.attribution import drivers, shares, shift
from econdiff.scenario.gap import gap
from econdiff.scenario.law import GaussianLaw
from econdiff.scenario.news import drawn_news, news
from econdiff.transforms import TransformedForecaster

SHAPLEY_PATHS = 200
MOST_PLAYERS = 3  # pinned series up to which Shapley's value is asked of the model: 2^n answers
REST = "(rest)"  # of the answer's own shift, that the closed form leaves; no name of a series
MOST_RELEASES = 20  # of which the model itself is asked, one answer each


def findings(
    forecaster: TransformedForecaster,
    answer: Conditional,
    others: dict[str, Conditional],
    *,
    panel: pd.DataFrame,
    older: pd.DataFrame | None,
    events: tuple[str, ...],
    target: str | None,
    conditions: tuple[str, ...],
    seed: int,
    notes: tuple[str, ...],
) -> Findings:
    """Everything that the report says of an answer; ScenarioError where a name is not there.

    `older` is the panel as it was known earlier; without it, the panel but its last row.
    """
    risk = None
    if target is not None:
        risk = at_risk(answer, target, conditions)
        events = (*events, recession(answer, target))
    beside = [
        Beside(name, other.difference(), _gap(answer, other)) for name, other in others.items()
    ]
    by_pin = _by_pin(answer)
    before = panel.iloc[:-1] if older is None else older
    revision = news(forecaster, before, panel, horizon=answer.baseline.horizon)
    drawn = None
    if older is not None and not isinstance(answer.law, GaussianLaw):
        drawn = _drawn(forecaster, older, panel, answer, len(revision.releases), seed)
    return Findings(
        plausibility(answer, events),
        tuple(beside),
        _shares(answer, by_pin, seed),
        by_pin,
        revision,
        drawn,
        risk,
        notes,
    )


def write_findings(folder: Path, found: Findings, diagnostics: Diagnostics) -> None:
    """The tables behind the report."""
    write_text(folder / "plausibility.json", _judged(found.plausibility, diagnostics))
    found.drivers.to_csv(folder / "drivers.csv", index=False)
    found.shares.to_csv(folder / "shares.csv", index=False)
    found.news.releases.to_csv(folder / "news.csv", index=False)
    if len(found.news.revisions):
        found.news.revisions.to_csv(folder / "revisions.csv", index=False)
    if found.drawn_news is not None:
        found.drawn_news.to_csv(folder / "drawn_news.csv", index=False)
    if found.at_risk is not None:
        found.at_risk.to_csv(folder / "at_risk.csv", index=False)
    for other in found.beside:
        table = other.difference
        if other.gap is not None:
            table = table.merge(other.gap, on=["series", "period"], suffixes=("", "_of_gap"))
        table.to_csv(folder / f"beside_{other.name}.csv", index=False)


def _gap(answer: Conditional, other: Conditional) -> pd.DataFrame | None:
    """Why the two differ; None where events are assumed, of which no closed form knows."""
    return None if answer.bound.events else gap(answer, other.law.gaussian())


def _by_pin(answer: Conditional) -> pd.DataFrame:
    """Contributions and sensitivities by pin, exact under the Gaussian law.

    Empty where they would not be all that is assumed.
    """
    exact = answer.mode in ("hard", "soft", "density") and not answer.bound.events
    if len(answer.told.pins) == 0 or not exact:
        columns = ["series", "period", "pin", "pinned", "at", "contribution", "sensitivity"]
        return pd.DataFrame(columns=columns)
    law = answer.law.gaussian().given(answer.bound.facts)
    return drivers(law, answer.bound, answer.told.pins, answer.mode)


def _drawn(
    forecaster: TransformedForecaster,
    older: pd.DataFrame,
    panel: pd.DataFrame,
    answer: Conditional,
    cells: int,
    seed: int,
) -> pd.DataFrame | None:
    """What each release moved by draws of the model itself; None where releases are many."""
    horizon, series = answer.baseline.horizon, len(answer.bound.names)
    if not 0 < cells <= MOST_RELEASES * horizon * series:
        return None
    return drawn_news(
        forecaster, older, panel, horizon=horizon, paths=SHAPLEY_PATHS, seed=seed,
        most=MOST_PLAYERS,
    )  # fmt: skip


def _shares(answer: Conditional, by_pin: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Contributions by pinned series: from draws where few are pinned, else in closed form."""
    few = len(set(answer.told.pins.series)) <= MOST_PLAYERS
    closed = isinstance(answer.law, GaussianLaw) or answer.diagnostics.fallback
    if len(by_pin) and few and not closed:
        return shares(answer, paths=min(SHAPLEY_PATHS, answer.diagnostics.paths), seed=seed)
    keys = ["series", "period", "pinned"]
    if not len(by_pin):
        return pd.DataFrame(columns=[*keys, "contribution", "how"])
    table = by_pin.pivot_table("contribution", keys, aggfunc="sum", sort=False).reset_index()
    told = by_pin.pivot_table("contribution", keys[:2], aggfunc="sum", sort=False).reset_index()
    moved = shift(answer.bound, answer.told)[answer.bound.edge :].T.ravel()
    left = told.assign(contribution=moved - told["contribution"].to_numpy(), pinned=REST)
    return pd.concat([table, left], ignore_index=True).assign(how="closed form")


def _judged(found: Plausibility, diagnostics: Diagnostics) -> str:
    """JSON; what is not a number is null."""
    facts = asdict(diagnostics)
    if np.isnan(diagnostics.largest_miss):
        facts["largest_miss"] = None
    told = found.to_dict() | {"diagnostics": facts}
    return json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
