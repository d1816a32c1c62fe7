"""Parts of a validation report that a desk asks for: longer horizons, views, market-risk rules."""

from collections.abc import Mapping

import pandas as pd

from econdiff.report.page import Section, Table
from econdiff.report.validation_tables import (
    LONG,
    LongerHorizon,
    Validation,
    Views,
    first_level,
    in_percent,
    percent,
    some_pictures,
    with_levels,
    without_outcome,
)

TOLD = {
    "exceptions": "beyond VaR",
    "exceptions expected": "expected",
    "Kupiec POF": "POF p",
    "Christoffersen conditional coverage": "coverage p",
    "McNeil-Frey": "McNeil-Frey p",
    "Acerbi-Szekely Z2, simulated": "Z2 p",
    "Acerbi-Szekely Z3, simulated": "Z3 p",
}
"""Tests of a longer horizon that are shown; the file has all."""


def longer(found: Validation, pictured: Mapping[str, str]) -> tuple[Section, ...]:
    """Outcome analysis of each longer horizon, and P&L attribution where it was asked for."""
    profit = () if found.profit is None else (_profit(found.profit),)
    return *(_longer(found, past, pictured) for past in found.longer), *profit


def _longer(found: Validation, past: LongerHorizon, pictured: Mapping[str, str]) -> Section:
    periods = len(past.tracks[0].days)
    name = f"{past.horizon}-steps"
    table = with_levels(_told(past.tests))
    return Section(
        f"5. Outcome analysis: {past.horizon} steps ahead",
        (
            f"{periods} periods of {past.horizon} steps were forecast, each from the step at which "
            "the one before ended. They do not overlap, so each test holds as it stands; with so "
            f"few periods it has little power. tests-{name}.csv has every test, "
            f"backtest-{name}.csv every period.",
            *without_outcome(past.tracks[0], "periods"),
        ),
        pictures=some_pictures(
            pictured,
            f"exceptions-{name}",
            "Returns of each period with VaR and ES as lines and a mark on each beyond VaR.",
            f"Exceptions over {past.horizon} steps at {found.alphas[first_level(found)]:g}",
            found,
        ),
        tables=(
            Table(
                "Losses beyond VaR, and p-values",
                table,
                heads=3 if "portfolio" in table else 2,
                digits=3,
                folded=len(table) > LONG,
            ),
        ),
    )


def _told(tests: pd.DataFrame) -> pd.DataFrame:
    """One row a portfolio, model and level; what is counted, then p-values."""
    rows = [name for name in ("portfolio", "model", "level") if name in tests]
    chosen = tests.loc[tests["test"].isin(list(TOLD))]
    counted = chosen["test"].str.startswith("exceptions")
    value = chosen["p_value"].where(~counted, chosen["statistic"])
    wide = chosen.assign(value=value).pivot_table(
        index=rows, columns="test", values="value", sort=False, dropna=False
    )
    wide = wide.dropna(how="all").reindex(columns=[name for name in TOLD if name in wide])
    wide["exceptions"] = wide["exceptions"].astype(int)
    return wide.rename(columns=TOLD).reset_index().rename_axis(columns=None)


def desk(found: Validation) -> tuple[Section, ...]:
    """Views and liquidity horizons, those that were asked for."""
    views = () if found.views is None else (_views(found, found.views),)
    liquid = () if found.liquidity is None else (_liquidity(found.liquidity),)
    return *views, *liquid


def _views(found: Validation, views: Views) -> Section:
    table = in_percent(views.table, "mean", "VaR", "ES")
    return Section(
        "6. Sensitivity: views",
        (
            f"Views on means over {max(found.horizons)} steps: {'; '.join(views.labels)}. The "
            f"paths of {found.subject} are weighted so that their means are these and otherwise "
            "as little as can be is said (entropy pooling, Meucci, 2008). The weights rest on "
            f"{views.effective:.0f} effective paths of {views.paths}, relative entropy "
            f"{views.entropy:.3g}; on too few the command refuses.",
        ),
        tables=(
            Table(
                "Risk without and with the views, per cent",
                table,
                heads=4,
                digits=3,
                folded=len(table) > LONG,
            ),
        ),
    )


def _liquidity(table: pd.DataFrame) -> Section:
    worst = table.loc[table["ES_liquidity"].idxmin()]
    return Section(
        "6. Sensitivity: liquidity horizons",
        (
            "ES at 97.5% over ten days, as drawn and by the cascade of MAR33.5 with the liquidity "
            "horizons that were given: the part of each longer horizon is scaled by the square "
            f"root of its time. The largest is {percent(worst['ES_liquidity'])} "
            f"({worst['portfolio']}, {worst['model']}). This is the measure, not the capital: the "
            "stressed period and the add-ons of MAR33 are not in it.",
        ),
        tables=(
            Table(
                "ES at 97.5%, per cent of wealth",
                in_percent(table, "ES", "ES_liquidity"),
                heads=2,
                digits=3,
                folded=len(table) > LONG,
            ),
        ),
    )


def _profit(table: pd.DataFrame) -> Section:
    counted = table["zone"].value_counts()
    said = ", ".join(
        f"{counted[zone]} {zone}" for zone in ("red", "amber", "green") if zone in counted
    )
    return Section(
        "5. Outcome analysis: P&L attribution",
        (
            f"How far the risk model's P&L and the books' hypothetical P&L move together over the "
            f"last 250 days: {said}. Zones of MAR32: green needs a Spearman correlation above .80 "
            "and a Kolmogorov-Smirnov distance below .09; red is below .70 or above .12.",
        ),
        tables=(Table("Desks", table, digits=3, folded=len(table) > LONG),),
    )
