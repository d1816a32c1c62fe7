"""The validation report of market risk, in the order in which supervisors ask.

Purpose, data, method, assumptions, outcome analysis, sensitivity, benchmarks, limits, monitoring:
the elements of *Guidance on Model Risk Management* (Federal Reserve and OCC, 2011, SR 11-7).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from econdiff.backtest.var_es import Track
from econdiff.report import risk as draw
from econdiff.report.page import Page, Picture, Section, Table, shown
from econdiff.risk import backtests as bt
from econdiff.risk.frtb import desk_exceptions
from econdiff.risk.portfolio import Gains
from econdiff.risk.prices import labels_of

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
class Validation:
    """What the folder of `econdiff risk` holds. The first model is the one that is validated."""

    manifest: dict[str, Any]
    notes: tuple[str, ...]
    panel: pd.DataFrame
    weights: pd.DataFrame
    assets: Mapping[str, Gains]
    modelled: Mapping[str, str]
    risk: pd.DataFrame
    contributions: pd.DataFrame
    sensitivity: pd.DataFrame
    stresses: pd.DataFrame
    worst: pd.DataFrame
    reverse: pd.DataFrame
    tracks: tuple[Track, ...] = ()
    tests: pd.DataFrame | None = None
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
    def portfolios(self) -> list[str]:
        """Their names."""
        return [str(name) for name in self.weights.columns]

    def days(self) -> pd.DataFrame:
        """`date, model, level, VaR, ES, return`; `portfolio` first where there are several."""
        tables = []
        for track in self.tracks:
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


def pictures(found: Validation) -> dict[str, Figure]:
    """The figures that lie beside the page as files, of the first portfolios."""
    made: dict[str, Figure] = {}
    for place, portfolio in enumerate(found.portfolios[:SHOWN]):
        end = "" if place == 0 else f"-{place + 1}"
        risk = found.risk.loc[
            (found.risk["model"] == found.subject) & (found.risk["portfolio"] == portfolio)
        ]
        weights = found.weights.loc[:, portfolio]
        made[f"losses{end}"] = draw.losses(
            found.assets[found.subject], weights, found.horizons, risk
        )
        made[f"contributions{end}"] = draw.contributed(_parts(found, portfolio, "asset"))
        if found.tracks:
            tables = {track.model: track.frame(_first(found)) for track in found.of(portfolio)}
            alpha = found.alphas[_first(found)]
            made[f"exceptions{end}"] = draw.exceptions_by_model(tables, alpha)
            if len(next(iter(tables.values()))) > draw.YEAR:
                made[f"traffic{end}"] = draw.traffic(tables, alpha)
        if found.scenarios is not None:
            made[f"scenarios{end}"] = draw.scenario_fans(found.scenarios.drawn, weights)
    return made


def validation_page(found: Validation, pictured: Mapping[str, str]) -> Page:
    """The page; `pictured` are `pictures` as SVG text."""
    sections = (
        _purpose(found, pictured),
        _data(found),
        _method(found),
        _assumptions(found),
        _outcomes(found, pictured),
        _attribution(found, pictured),
        _stress(found),
        *_scenarios(found, pictured),
        _sensitivity(found),
        _benchmarks(found),
        _limits(found),
        _monitoring(found),
    )
    labels = labels_of(found.panel)
    first = found.risk.iloc[0]
    return Page(
        title=f"Validation of market risk: {found.subject}",
        lead=(
            f"{first['portfolio']}, {first['horizon']} step ahead: VaR at {first['alpha']:g} "
            f"{_percent(first['VaR'])}, ES {_percent(first['ES'])} of wealth. {_verdict(found)}"
        ),
        facts={
            "Asked": found.manifest["command"],
            "Prices": f"{found.manifest['data']['name']}, {labels[0]} to {labels[-1]}",
            "Portfolios": ", ".join(found.portfolios[:12])
            + (f" and {len(found.portfolios) - 12} more" if len(found.portfolios) > 12 else ""),
            "Models": ", ".join(found.assets) + f" (validated: {found.subject})",
            "Outcome": _verdict(found),
        },
        sections=sections,
        manifest=found.manifest,
    )


def _verdict(found: Validation) -> str:
    """One sentence on the tests of the model that is validated."""
    if not found.tracks or found.tests is None:
        return "No past day was forecast (--backtest START), so nothing is said of its accuracy."
    own = found.tests.loc[found.tests["model"] == found.subject]
    judged = own.loc[own["verdict"].isin(["pass", "reject"])]
    rejected = judged.loc[judged["verdict"] == "reject"]
    zones = own.loc[own["test"] == "Basel traffic light", "verdict"]
    worst = next((zone for zone in ("red", "yellow") if (zones == zone).any()), "green")
    return (
        f"{len(rejected)} of {len(judged)} tests reject it at 5%, each by itself; over all "
        f"{len(found.tracks[0].days)} days the worst traffic light is {worst}."
    )


def _purpose(found: Validation, pictured: Mapping[str, str]) -> Section:
    columns = ["portfolio", "horizon", "alpha", "VaR", "VaR_se", "ES", "ES_se", "mean",
               "semi_deviation", "maximum_drawdown"]  # fmt: skip
    own = found.risk.loc[found.risk["model"] == found.subject, columns]
    table = _in_percent(own, "VaR", "VaR_se", "ES", "ES_se", "mean", "semi_deviation",
                        "maximum_drawdown")  # fmt: skip
    words = (
        "To measure what the portfolios may lose over the next steps: the loss that is exceeded "
        "with a stated probability (Value-at-Risk), and the mean loss beyond it (Expected "
        "Shortfall), for limits, for capital, and to see where the risk comes from.",
        "Figures are returns in per cent of wealth: -2 is a loss of 2%. Columns ending in _se are "
        "Monte Carlo standard errors, which say how exactly the paths give the model's number, "
        "not how right the model is. The drawdown is the median over paths.",
    )
    return Section(
        "1. Purpose",
        words,
        pictures=_some(pictured, "losses", "Histograms of the portfolio's gain with VaR and ES.",
                       f"Distribution of the gain under {found.subject}", found),
        tables=(Table("VaR and ES", table, heads=3, digits=3, folded=len(table) > LONG),),
    )  # fmt: skip


def _data(found: Validation) -> Section:
    record = found.manifest["data"]
    held = found.weights.reset_index(names="series")
    rows = []
    for name, column in found.panel.items():
        known = column.dropna()
        labels = labels_of(known)
        rows.append((str(name), labels[0], labels[-1], len(known),
                     int(column.isna().to_numpy().sum()), found.modelled[str(name)]))  # fmt: skip
    table = pd.DataFrame(
        rows, columns=["series", "first", "last", "values", "missing", "modelled as"]
    )
    return Section(
        "2. Data",
        (
            f"{record['name']} ({record['source']}), {len(found.panel)} rows. Nothing was "
            "corrected; what looks wrong is listed, and is for the owner of the data to judge.",
        ),
        points=tuple(dict.fromkeys(found.notes)),
        tables=(
            Table("Series", table, folded=len(table) > LONG),
            Table("Weights, shares of wealth", held, digits=3, folded=len(held) > LONG),
        ),
    )


def _method(found: Validation) -> Section:
    settings = found.settings
    rebalanced = (
        f"Past days are forecast one step ahead from the {settings['window']} returns before them, "
        f"with a new fit every {settings['refit']} days; a forecast sees nothing of its own day."
    )
    return Section(
        "3. Method",
        (
            f"Each model draws {settings['paths']} joint paths of all series. A portfolio's gain "
            "on a path is the sum of weight times the gain of each asset; VaR is the quantile of "
            "the paths (Harrell and Davis, 1982), ES the mean of the worst of them.",
            rebalanced if found.tracks else "No past day was forecast.",
            "Components are Euler's: weight times the conditional mean of the asset's gain in the "
            "portfolio's tail (Tasche, 2000); they add up to the measure.",
        ),
        points=tuple(f"{name}: {said}" for name, said in found.manifest["models"].items()),
    )


def _assumptions(found: Validation) -> Section:
    own = {"diffusion", "anchor", "scratch"}
    points = [
        "What is held is bought at the origin and kept: no trading, no margin calls, no costs.",
        "Gains are linear in prices; options and other non-linear positions are not revalued.",
        "The law of returns over the fitting window goes on over the horizon.",
        "Paths over several steps are drawn step by step, not by the square-root-of-time rule.",
    ]
    if found.subject in own:
        points.append(
            "The diffusion model was pretrained on simulated economies; its network was not fitted "
            "to these prices, only the filter before it was."
        )
    if "hs" in found.assets:
        points.append("Historical simulation takes each row of its window as equally likely.")
    return Section("4. Assumptions", points=tuple(points))


def _outcomes(found: Validation, pictured: Mapping[str, str]) -> Section:
    if not found.tracks or found.tests is None:
        return Section(
            "5. Outcome analysis",
            ("No past day was forecast. Say --backtest START to have every day since START "
             "forecast and tested.",),
        )  # fmt: skip
    alpha = found.alphas[_first(found)]
    own = found.tests.loc[found.tests["model"] == found.subject].drop(columns="model")
    compared = own["test"].str.contains("Diebold|confidence set")
    own = own.loc[~compared]
    order = own["verdict"].map({"red": 0, "reject": 1, "yellow": 2}).fillna(3)
    own = own.loc[order.sort_values(kind="stable").index]
    refused = int((own["verdict"] == "reject").sum())
    words = (
        f"{len(found.tracks[0].days)} days were forecast. Marked days had a loss beyond VaR at "
        f"{alpha:g}. {refused} of {(own['verdict'].isin(['pass', 'reject'])).sum()} tests of "
        f"{found.subject} reject at 5%; these stand first. Each test stands for itself: about "
        "one in twenty rejects a right model.",
    )
    made = _some(pictured, "exceptions", "Daily returns with VaR and ES as lines and a mark on "
                 "each day beyond VaR, a row a model.", "Exceptions", found)  # fmt: skip
    made += _some(pictured, "traffic", "Count of losses beyond VaR over 250 days, over the zones "
                  "green, yellow and red.", "Traffic light over time", found)  # fmt: skip
    heads = 3 if len(found.portfolios) > 1 else 2
    return Section(
        "5. Outcome analysis",
        words,
        pictures=made,
        tables=(
            Table("Traffic light, the last 250 days", _levels(_lights(found)), heads=3, digits=3,
                  folded=len(found.tracks) > LONG),
            Table(f"Tests of {found.subject}; tests.csv has all models", _levels(own),
                  heads=heads, digits=3, folded=True),
        ),
    )  # fmt: skip


def _lights(found: Validation) -> pd.DataFrame:
    """Zone and multipliers of the last 250 days, by portfolio, model and level."""
    rows = []
    for track in found.tracks:
        for place, alpha in enumerate(found.alphas):
            hit = (track.returns < track.var[:, place])[-draw.YEAR :]
            light = bt.traffic_light(hit, alpha)
            rows.append((track.portfolio, track.model, alpha, len(hit), light.hits,
                         alpha * len(hit), light.zone, light.add_on,
                         light.frtb_add_on))  # fmt: skip
    columns = ["portfolio", "model", "level", "days", "beyond VaR", "expected", "zone",
               "add-on to 3 (1996)", "add-on to 1.5 (MAR32)"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table if len(found.portfolios) > 1 else table.drop(columns="portfolio")


def _attribution(found: Validation, pictured: Mapping[str, str]) -> Section:
    alpha, horizon = found.alphas[0], found.horizons[0]
    table = found.contributions
    table = table.loc[(table["model"] == found.subject) & (table["alpha"] == alpha)]
    table = table.loc[table["horizon"] == horizon].drop(columns=["model", "alpha", "horizon"])
    columns = [name for name in table.columns if name.split("_")[0] in
               ("marginal", "component", "incremental")]  # fmt: skip
    by = {
        kind: _in_percent(table.loc[table["by"] == kind].drop(columns="by"), *columns)
        for kind in ("asset", "factor")
    }
    by["factor"] = by["factor"].dropna(axis=1, how="all").rename(columns={"weight": "exposure"})
    if len(found.portfolios) == 1:
        by = {kind: frame.drop(columns="portfolio") for kind, frame in by.items()}
    return Section(
        "6. Sensitivity: attribution",
        (
            f"Who causes VaR and ES at {alpha:g}, {horizon} step ahead, in per cent of wealth. "
            "Components add up to the measure; marginal is its slope in the weight; "
            "incremental is what would go if the position were closed. By factor the portfolio is "
            "regressed on the factors over the paths; specific is the rest.",
        ),
        pictures=_some(pictured, "contributions", "Bars: the part of each asset in VaR and ES.",
                       "Components by asset", found),
        tables=(
            Table("By asset", by["asset"], decimals=2, folded=len(by["asset"]) > LONG),
            Table("By factor", by["factor"], decimals=2, folded=len(by["factor"]) > LONG),
        ),
    )  # fmt: skip


def _stress(found: Validation) -> Section:
    horizon = max(found.horizons)
    stressed = _in_percent(found.stresses, "mean", "VaR")
    worst = _in_percent(found.worst, "return")
    reverse = _in_percent(found.reverse, "loss", "scenario", "typical")
    return Section(
        "6. Sensitivity: stress",
        (
            f"What goes with a move of one series over {horizon} steps: the joint paths are "
            "conditioned on it. Where too few paths come near (method: regression) the portfolio "
            "is moved along a straight line through the paths, which out there is an assumption. "
            "Plausibility is the probability of so large a move either way were the paths "
            "Gaussian. These are conditional figures: they say what goes together, not what "
            "follows.",
            "The reverse stress is, among the paths that lose the portfolio's ES, the one whose "
            "moves lie least far out; typical is the mean of all that lose so much.",
        ),
        tables=(
            Table("If a series does this, per cent", stressed, heads=2, digits=3,
                  folded=len(stressed) > LONG),
            Table(f"The worst {horizon} steps on record, as now held, per cent", worst, digits=3),
            Table("Reverse stress, per cent", reverse, digits=3, folded=len(reverse) > 10),
        ),
    )  # fmt: skip


def _scenarios(found: Validation, pictured: Mapping[str, str]) -> tuple[Section, ...]:
    if found.scenarios is None:
        return ()
    told = found.scenarios
    table = _in_percent(told.table, "VaR", "VaR_se", "ES", "ES_se", "mean", "semi_deviation",
                        "semi_deviation_se", "maximum_drawdown")  # fmt: skip
    table = table.drop(columns=["semi_deviation", "semi_deviation_se", "VaR_se", "ES_se"])
    words = (
        f"Joint paths of {told.model}, all series together, without and with what is assumed of "
        "some of them. The mean is the expected gain given the scenario; VaR and ES are of the "
        "gain around it, from the origin on. Conditional figures: they say what goes together in "
        "the data, not what would follow from bringing it about.",
    )
    points = (*(f"{name}: {said}" for name, said in told.verdicts.items()), *told.notes)
    drawn = _some(pictured, "scenarios", "Fans of the portfolio's gain without and with scenarios.",
                  "Gain of the portfolio", found)  # fmt: skip
    title = "Risk by scenario, per cent"
    made = Table(title, table, heads=2, digits=3, folded=len(table) > LONG)
    return (Section("6. Sensitivity: scenarios", words, points, drawn, (made,)),)


def _sensitivity(found: Validation) -> Section:
    table = _in_percent(found.sensitivity, "VaR", "ES")
    return Section(
        "6. Sensitivity: settings",
        (
            f"The next step's VaR and ES at {min(found.alphas):g} with other lengths of history "
            "and with other random numbers. The diffusion model looks at 400 rows at most.",
        ),
        tables=(Table("Per cent of wealth", table, heads=2, digits=3, folded=len(table) > LONG),),
    )


def _benchmarks(found: Validation) -> Section:
    if not found.tracks or found.tests is None:
        columns = ["model", "portfolio", "horizon", "alpha", "VaR", "ES"]
        table = _in_percent(found.risk.loc[:, columns], "VaR", "ES")
        return Section(
            "7. Benchmarks",
            ("The same figures from the other models; without past forecasts, none is better.",),
            tables=(Table("All models, per cent of wealth", table, heads=2, digits=3,
                          folded=len(table) > LONG),),
        )  # fmt: skip
    chosen = found.tests["test"].str.contains("Diebold|confidence set")
    tests = found.tests.loc[chosen]
    order = tests["verdict"].map({"worse": 0, "outside": 1}).fillna(2)
    tests = tests.loc[order.sort_values(kind="stable").index]
    losses = _loss_table(found)
    return Section(
        "7. Benchmarks",
        (
            "FZ0 is the loss of VaR and ES together (Patton, Ziegel and Chen, 2019), of returns in "
            "per cent; lower is better. The confidence set holds the best model with 90% "
            "confidence. Comparable is what no test tells apart; what is worse stands first.",
        ),
        tables=(
            Table("Mean FZ0, losses beyond VaR in per cent of days", losses, heads=2, digits=4,
                  folded=len(losses) > LONG),
            Table("Tests between models", _levels(tests), heads=2, digits=3,
                  folded=len(tests) > LONG),
        ),
    )  # fmt: skip


def _loss_table(found: Validation) -> pd.DataFrame:
    rows = []
    for track in found.tracks:
        row: dict[str, Any] = {"portfolio": track.portfolio, "model": track.model}
        for place, alpha in enumerate(found.alphas):
            r, q, e = (100 * x for x in (track.returns, track.var[:, place], track.es[:, place]))
            row[f"FZ0 {alpha:g}"] = float(bt.fz0_loss(r, q, e, alpha).mean())
            row[f"beyond {alpha:g}"] = float(100 * (r < q).mean())
        rows.append(row)
    table = pd.DataFrame(rows).sort_values(
        ["portfolio", f"FZ0 {found.alphas[0]:g}"], ascending=[True, False], kind="stable"
    )
    return table if len(found.portfolios) > 1 else table.drop(columns="portfolio")


def _limits(found: Validation) -> Section:
    days = len(found.tracks[0].days) if found.tracks else 0
    points = [
        "A test that passes has not shown the model to be right: with few losses beyond VaR it has "
        "little power. 'No evidence' means that the test could not speak on these days.",
        "Risk that was never in the prices is not in the paths: a broken peg, a fund that closes, "
        "a market that does not open.",
        "Weights are held fixed in the past too, so the past is that of today's portfolio.",
    ]
    if days:
        few = [alpha for alpha in found.alphas if alpha * days < 10]
        if few:
            points.append(
                f"At {', '.join(f'{a:g}' for a in few)} fewer than ten losses beyond VaR were "
                "expected in all: verdicts at these levels say little."
            )
        points.append(
            "Only one step ahead was backtested; longer horizons rest on the model's dynamics."
        )
    careful = [note for note in found.notes if note.startswith("careful")]
    points += [f"Of the data: {note}" for note in careful]
    return Section("8. Limits", points=tuple(points))


def _monitoring(found: Validation) -> Section:
    rows = []
    for alpha in found.alphas:
        law = stats.binom(draw.YEAR, alpha)
        rows.append((alpha, alpha * draw.YEAR, int(law.ppf(0.95)), int(law.ppf(0.9999))))
    table = pd.DataFrame(rows, columns=["level", "expected in 250 days", "yellow from", "red from"])
    points = [
        "Count losses beyond VaR over 250 days; the zones are those of the Basel Committee (1996).",
        "Refit as often as in this report; look again at a yellow light, stop at a red one.",
        "Look at the list of data remarks before each run: an unadjusted split is a false loss.",
        *_watched(found),
    ]
    return Section("9. Monitoring", points=tuple(points), tables=(Table("Zones", _levels(table)),))


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
        if {0.01, 0.025} <= set(found.alphas):
            q99, q975 = (track.var[:, found.alphas.index(a)] for a in (0.01, 0.025))
            desk = desk_exceptions(track.returns, q99, q975)
            points.append(
                f"{who}: in the last 250 days {desk.at_99} beyond VaR at 1% and {desk.at_975} at "
                f"2.5%; by MAR32.18 the desk is {'' if desk.eligible else 'not '}eligible."
            )
    return points[: 2 * SHOWN]


def _parts(found: Validation, portfolio: str, by: str) -> pd.DataFrame:
    table = found.contributions
    return table.loc[
        (table["model"] == found.subject)
        & (table["portfolio"] == portfolio)
        & (table["by"] == by)
        & (table["alpha"] == found.alphas[0])
        & (table["horizon"] == found.horizons[0])
    ]


def _first(found: Validation) -> int:
    """The level whose exceptions are drawn: the one nearest to 1%."""
    return int(np.abs(np.array(found.alphas) - 0.01).argmin())


def _some(
    pictured: Mapping[str, str], name: str, alt: str, caption: str, found: Validation
) -> tuple[Picture, ...]:
    made = []
    for place, portfolio in enumerate(found.portfolios[:SHOWN]):
        key = name if place == 0 else f"{name}-{place + 1}"
        if key in pictured:
            made.append(Picture(pictured[key], f"{portfolio}. {alt}", f"{caption}: {portfolio}"))
    return tuple(made)


def _in_percent(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return _levels(table.assign(**{name: 100 * table[name].astype(float) for name in columns}))


def _levels(table: pd.DataFrame) -> pd.DataFrame:
    """Levels as text, so that 0.025 is not shown as 0.03; "" where a test has none."""
    columns = [name for name in ("alpha", "level") if name in table]
    written = {name: ["" if a != a else f"{a:g}" for a in table[name]] for name in columns}
    return table.assign(**written)


def _percent(value: float) -> str:
    return f"{shown(100 * float(value), 3)}%"
