"""Outcome analysis, benchmarks and monitoring of a validation report."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from econdiff.report.page import Section, Table, shown
from econdiff.report.sizes import rejected_if_right
from econdiff.report.validation_tables import (
    LONG,
    SHOWN,
    Validation,
    first_level,
    in_percent,
    some_pictures,
    with_levels,
    without_outcome,
)
from econdiff.risk import backtests as bt
from econdiff.risk.frtb import desk_exceptions


def outcomes(found: Validation, pictured: Mapping[str, str]) -> Section:
    """Exceptions, traffic light and tests of the model that is validated."""
    if not found.tracks or found.tests is None:
        return Section(
            "5. Outcome analysis",
            (
                "No past day was forecast. Say --backtest START to have every day since START "
                "forecast and tested.",
            ),
        )
    alpha = found.alphas[first_level(found)]
    own = found.tests.loc[found.tests["model"] == found.subject].drop(columns="model")
    compared = own["test"].str.contains("Diebold|confidence set")
    own = own.loc[~compared]
    order = own["verdict"].map({"red": 0, "reject": 1, "yellow": 2}).fillna(3)
    own = own.loc[order.sort_values(kind="stable").index]
    refused = int((own["verdict"] == "reject").sum())
    judged = int(own["verdict"].isin(["pass", "reject"]).sum())
    words = (
        f"{len(found.tracks[0].days)} {found.periods} were forecast. Those marked had a loss "
        f"beyond VaR at {alpha:g}. {refused} of {judged} tests of {found.subject} reject at 5%; "
        "these stand first. Each test stands for itself, and many reject a right model more often "
        f"than they say: some {rejected_if_right(own, len(found.tracks[0].days)):.0f} of these "
        "would (Limits).",
        *without_outcome(found.tracks[0], found.periods),
    )
    made = some_pictures(
        pictured,
        "exceptions",
        "Daily returns with VaR and ES as lines and a mark on each day beyond VaR, a row a model.",
        "Exceptions",
        found,
    )
    made += some_pictures(
        pictured,
        "traffic",
        f"Losses beyond VaR over 250 {found.periods}, over the zones green, yellow and red.",
        "Traffic light over time",
        found,
    )
    heads = 3 if len(found.portfolios) > 1 else 2
    return Section(
        "5. Outcome analysis",
        words,
        pictures=made,
        tables=(
            Table(
                f"Traffic light, {found.recent}",
                with_levels(_lights(found)),
                heads=3,
                digits=3,
                folded=len(found.tracks) > LONG,
            ),
            Table(
                f"Tests of {found.subject}; tests.csv has all models",
                with_levels(own),
                heads=heads,
                digits=3,
                folded=True,
            ),
        ),
    )


def _lights(found: Validation) -> pd.DataFrame:
    """Zone of the last 250 periods by portfolio, model and level; at 1% what it adds to capital."""
    rows = []
    for track in found.tracks:
        for place, alpha in enumerate(found.alphas):
            hit = (track.returns < track.var[:, place])[-bt.YEAR :]
            light = bt.traffic_light(hit, alpha)
            priced = alpha == bt.BASEL
            rows.append(
                (
                    track.portfolio,
                    track.model,
                    alpha,
                    len(hit),
                    light.hits,
                    alpha * len(hit),
                    light.zone,
                    light.add_on if priced else np.nan,
                    light.frtb_add_on if priced else np.nan,
                )
            )
    columns = [
        "portfolio",
        "model",
        "level",
        found.periods,
        "beyond VaR",
        "expected",
        "zone",
        "add-on to 3 (1996)",
        "add-on to 1.5 (MAR32)",
    ]
    table = pd.DataFrame(rows, columns=columns)
    if not found.by_basel or bt.BASEL not in found.alphas:
        table = table.iloc[:, :-2]
    return table if len(found.portfolios) > 1 else table.drop(columns="portfolio")


def benchmarks(found: Validation) -> Section:
    """The models side by side."""
    if not found.tracks or found.tests is None:
        columns = ["model", "portfolio", "horizon", "alpha", "VaR", "ES"]
        table = in_percent(found.risk.loc[:, columns], "VaR", "ES")
        return Section(
            "7. Benchmarks",
            ("The same figures from the other models; without past forecasts, none is better.",),
            tables=(
                Table(
                    "All models, per cent of wealth",
                    table,
                    heads=2,
                    digits=3,
                    folded=len(table) > LONG,
                ),
            ),
        )
    chosen = found.tests["test"].str.contains("Diebold|confidence set")
    tests = found.tests.loc[chosen]
    order = tests["verdict"].map({"worse": 0, "outside": 1}).fillna(2)
    tests = tests.loc[order.sort_values(kind="stable").index]
    losses = _loss_table(found)
    return Section(
        "7. Benchmarks",
        (
            "FZ0 is the loss of VaR and ES together (Patton, Ziegel and Chen, 2019), of returns as "
            "fractions, as in tests.csv; lower is better. The confidence set holds the best model "
            "with 90% confidence. Comparable is what no test tells apart; what is worse stands "
            "first.",
        ),
        tables=(
            Table(
                "Mean FZ0, losses beyond VaR in per cent of days",
                losses,
                heads=2,
                digits=4,
                folded=len(losses) > LONG,
            ),
            Table(
                "Tests between models",
                with_levels(tests),
                heads=2,
                digits=3,
                folded=len(tests) > LONG,
            ),
        ),
    )


def _loss_table(found: Validation) -> pd.DataFrame:
    rows = []
    for track in found.tracks:
        row: dict[str, Any] = {"portfolio": track.portfolio, "model": track.model}
        for place, alpha in enumerate(found.alphas):
            r, q, e = track.returns, track.var[:, place], track.es[:, place]
            row[f"FZ0 {alpha:g}"] = float(bt.fz0_loss(r, q, e, alpha).mean())
            row[f"beyond {alpha:g}"] = float(100 * (r < q).mean())
        rows.append(row)
    table = pd.DataFrame(rows).sort_values(
        ["portfolio", f"FZ0 {found.alphas[0]:g}"], ascending=[True, False], kind="stable"
    )
    return table if len(found.portfolios) > 1 else table.drop(columns="portfolio")


def monitoring(found: Validation) -> Section:
    """What to watch from now on, and where it stands."""
    rows = []
    for alpha in found.alphas:
        law = stats.binom(bt.YEAR, alpha)
        rows.append((alpha, alpha * bt.YEAR, int(law.ppf(0.95)), int(law.ppf(0.9999))))
    columns = ["level", f"expected in 250 {found.periods}", "yellow from", "red from"]
    table = pd.DataFrame(rows, columns=columns)
    points = [
        f"Count losses beyond VaR over 250 {found.periods}; the zones are those of the Basel "
        "Committee (1996), which are for days at 1%.",
        "Refit as often as in this report; look again at a yellow light, stop at a red one.",
        "Look at the list of data remarks before each run: an unadjusted split is a false loss.",
        *_watched(found),
    ]
    return Section(
        "9. Monitoring", points=tuple(points), tables=(Table("Zones", with_levels(table)),)
    )


def _watched(found: Validation) -> list[str]:
    """Where the tests that may be looked at daily stand, and the desk's eligibility."""
    points = []
    for track in found.tracks:
        if track.model != found.subject:
            continue
        who = f"{track.portfolio}, {track.model}"
        wealth = bt.e_backtest(
            track.returns, track.var[:, 0], track.es[:, 0], found.alphas[0]
        ).wealth
        points.append(
            f"{who}: wealth of a bet against ES at {found.alphas[0]:g} (Wang, Wang and Ziegel, "
            f"2022) stands at {shown(float(wealth[-1]), 3)}, its highest was "
            f"{shown(float(wealth.max()), 3)}; it may be looked at daily, and 20 rejects at 5%."
        )
        if found.by_basel and {0.01, 0.025} <= set(found.alphas):
            q99, q975 = (track.var[:, found.alphas.index(a)] for a in (0.01, 0.025))
            desk = desk_exceptions(track.returns, q99, q975)
            fit = "so few exceptions alone do not end" if desk.eligible else "so many end"
            points.append(
                f"{who}: in {found.recent} {desk.at_99} beyond VaR at 1% and {desk.at_975} at "
                f"2.5%; {fit} the desk's eligibility (MAR32.18)."
            )
    return points[: 2 * SHOWN]
