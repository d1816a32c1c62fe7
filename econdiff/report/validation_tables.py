"""What a validation of market risk found, and how its tables are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from econdiff.backtest.var_es import Track
from econdiff.report.page import Picture, shown
from econdiff.risk.backtests import YEAR
from econdiff.risk.portfolio import Gains
from econdiff.risk.prices import period_word

SHOWN = 4  # portfolios drawn; the files hold all
LONG = 24  # rows of a table that is not folded


@dataclass(frozen=True, eq=False)
class ScenarioLosses:
    """Risk without and with each scenario, from the joint law of `model`.

    `drawn` maps the scenario's name to gains, "no scenario" first.
    """

    model: str
    table: pd.DataFrame
    drawn: Mapping[str, Gains]
    verdicts: Mapping[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Views:
    """Risk without and with views on means, and what the weights of the paths rest on."""

    labels: tuple[str, ...]
    table: pd.DataFrame
    effective: float
    paths: int
    entropy: float


def without_outcome(track: Track, periods: str) -> tuple[str, ...]:
    """What is to be said of the periods that were forecast and cannot be judged, if any."""
    out = track.left_out
    if not out:
        return ()
    return (
        f"{out} more {periods} (of {out + len(track.days)}) were forecast and are in no figure: "
        "a price held is missing at their start or end, so that their gain is not known. Gains "
        "over closed markets are among them. Where markets close on different days, prices of the "
        "days on which all are open leave none out.",
    )


@dataclass(frozen=True, eq=False)
class LongerHorizon:
    """What was forecast over a horizon of several steps, periods that do not overlap."""

    horizon: int
    tracks: tuple[Track, ...]
    tests: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Validation:
    """What the folder of `econdiff risk` holds. The first model is the one that is validated."""

    manifest: dict[str, Any]
    notes: tuple[str, ...]
    panel: pd.DataFrame
    weights: pd.DataFrame
    assets: Mapping[str, Gains]
    modelled: Mapping[str, str]
    windows: Mapping[str, int]  # rows that each model looks at
    risk: pd.DataFrame
    contributions: pd.DataFrame
    sensitivity: pd.DataFrame
    stresses: pd.DataFrame
    worst: pd.DataFrame
    reverse: pd.DataFrame
    tracks: tuple[Track, ...] = ()
    tests: pd.DataFrame | None = None
    longer: tuple[LongerHorizon, ...] = ()
    views: Views | None = None
    liquidity: pd.DataFrame | None = None
    profit: pd.DataFrame | None = None
    scenarios: ScenarioLosses | None = None

    @property
    def settings(self) -> Mapping[str, Any]:
        """What was asked."""
        return self.manifest["settings"]

    @property
    def subject(self) -> str:
        """The model that is validated."""
        return next(iter(self.assets))

    @property
    def alphas(self) -> tuple[float, ...]:
        """Levels, as asked."""
        return tuple(self.settings["alphas"])

    @property
    def horizons(self) -> tuple[int, ...]:
        """Steps ahead, as asked."""
        return tuple(self.settings["horizons"])

    @property
    def periods(self) -> str:
        """What the rows of the panel are called, "days"."""
        return period_word(self.panel)

    @property
    def by_basel(self) -> bool:
        """Whether the past was forecast as Basel's rules count: days, and a year of them."""
        known = bool(self.tracks) and len(self.tracks[0].days) >= YEAR
        return known and self.periods == "days"

    @property
    def recent(self) -> str:
        """The stretch that the traffic light looks at, in words."""
        known = len(self.tracks[0].days) if self.tracks else YEAR
        return f"the last {min(YEAR, known)} {self.periods}"

    @property
    def portfolios(self) -> list[str]:
        """Their names."""
        return [str(name) for name in self.weights.columns]

    def days(self, tracks: Sequence[Track]) -> pd.DataFrame:
        """`date, model, level, VaR, ES, return`; `portfolio` first where there are several.

        The date is that on which the outcome is known.
        """
        tables = []
        for track in tracks:
            for place, level in enumerate(self.alphas):
                frame = track.frame(place)
                frame.insert(0, "level", level)
                frame.insert(0, "model", track.model)
                frame.insert(0, "date", track.labels)
                tables.append(frame.assign(portfolio=track.portfolio))
        columns = ["date", "model", "level", "VaR", "ES", "return"]
        several = ["portfolio"] if len(self.portfolios) > 1 else []
        return pd.concat(tables, ignore_index=True).loc[:, [*several, *columns]]

    def of(self, portfolio: str) -> list[Track]:
        """The tracks of a portfolio, one a model."""
        return [track for track in self.tracks if track.portfolio == portfolio]


def parts_of(found: Validation, portfolio: str, by: str) -> pd.DataFrame:
    """What adds to a portfolio's risk under the first model, at the first level and horizon."""
    table = found.contributions
    return table.loc[
        (table["model"] == found.subject)
        & (table["portfolio"] == portfolio)
        & (table["by"] == by)
        & (table["alpha"] == found.alphas[0])
        & (table["horizon"] == found.horizons[0])
    ]


def first_level(found: Validation) -> int:
    """The level whose exceptions are drawn: the one nearest to 1%."""
    return int(np.abs(np.array(found.alphas) - 0.01).argmin())


def some_pictures(
    pictured: Mapping[str, str], name: str, alt: str, caption: str, found: Validation
) -> tuple[Picture, ...]:
    """The picture of that name for each portfolio that is drawn."""
    made = []
    for place, portfolio in enumerate(found.portfolios[:SHOWN]):
        key = name if place == 0 else f"{name}-{place + 1}"
        if key in pictured:
            made.append(Picture(pictured[key], f"{portfolio}. {alt}", f"{caption}: {portfolio}"))
    return tuple(made)


def in_percent(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The table with these columns in per cent, and its levels as text."""
    return with_levels(table.assign(**{name: 100 * table[name].astype(float) for name in columns}))


def with_levels(table: pd.DataFrame) -> pd.DataFrame:
    """Levels as text, so that 0.025 is not shown as 0.03; "" where a test has none."""
    columns = [name for name in ("alpha", "level") if name in table]
    written = {name: ["" if a != a else f"{a:g}" for a in table[name]] for name in columns}
    return table.assign(**written)


def percent(value: float) -> str:
    """A fraction as text in per cent."""
    return f"{shown(100 * float(value), 3)}%"
