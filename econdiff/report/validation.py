"""The validation report of market risk, in the order in which supervisors ask.

Purpose, data, method, assumptions, outcome analysis, sensitivity, benchmarks, limits, monitoring:
the elements of *Guidance on Model Risk Management* (Federal Reserve and OCC, 2011, SR 11-7).
"""

from collections.abc import Mapping

import pandas as pd

from econdiff.report.page import Page, Section, Table
from econdiff.report.sizes import rejected_if_right, size_table
from econdiff.report.validation_desk import desk, longer
from econdiff.report.validation_outcomes import benchmarks, monitoring, outcomes
from econdiff.report.validation_sensitivity import attribution, scenarios, settings_changed, stress
from econdiff.report.validation_tables import (
    LONG,
    Validation,
    in_percent,
    percent,
    some_pictures,
)
from econdiff.risk.backtests.outcome import FEWEST_TAIL_DAYS
from econdiff.risk.prices import labels_of

LEARNED = {  # what of our own models was learned from what
    "diffusion": "The diffusion model was pretrained on simulated economies; its network was not "
    "fitted to these prices, only the filter before it was.",
    "diffusion-gjr": "The diffusion model was pretrained on simulated economies; its network was "
    "not fitted to these prices, only the GJR-GARCH and the filter before it were.",
    "anchor": "The filtered autoregression was fitted to these prices; no network alters it.",
    "scratch": "The network was trained on these prices alone, and what it learned is kept only "
    "where it beat the filtered autoregression on the last of them.",
}


def validation_page(found: Validation, pictured: Mapping[str, str]) -> Page:
    """The page; `pictured` are those of `validation_pictures.pictures` as SVG text."""
    sections = (
        _purpose(found, pictured),
        _data(found),
        _method(found),
        _assumptions(found),
        outcomes(found, pictured),
        *longer(found, pictured),
        attribution(found, pictured),
        stress(found),
        *scenarios(found, pictured),
        *desk(found),
        settings_changed(found),
        benchmarks(found),
        _limits(found),
        monitoring(found),
    )
    labels = labels_of(found.panel)
    first = found.risk.iloc[0]
    return Page(
        title=f"Validation of market risk: {found.subject}",
        lead=(
            f"{first['portfolio']}, {first['horizon']} step ahead: VaR at {first['alpha']:g} "
            f"{percent(first['VaR'])}, ES {percent(first['ES'])} of wealth. {_verdict(found)}"
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
    days = len(found.tracks[0].days)
    zones = own.loc[own["test"] == "Basel traffic light", "verdict"]
    worst = next((zone for zone in ("red", "yellow") if (zones == zone).any()), "green")
    return (
        f"{len(rejected)} of {len(judged)} tests over {days} {found.periods} reject it at 5%, each "
        f"by itself, and some {rejected_if_right(judged, days):.0f} would a right model; over "
        f"{found.recent} the worst traffic light is {worst}."
    )


def _purpose(found: Validation, pictured: Mapping[str, str]) -> Section:
    columns = [
        "portfolio",
        "horizon",
        "alpha",
        "VaR",
        "VaR_se",
        "ES",
        "ES_se",
        "loss_probability",
        "loss_probability_se",
        "mean",
        "semi_deviation",
        "maximum_drawdown",
    ]
    own = found.risk.loc[found.risk["model"] == found.subject, columns]
    table = in_percent(own, *columns[3:])
    loss = found.settings.get("loss")
    beyond = "any loss" if loss is None else f"a loss of more than {loss:g}%"
    words = (
        "To measure what the portfolios may lose over the next steps: the loss that is exceeded "
        "with a stated probability (Value-at-Risk), and the mean loss beyond it (Expected "
        "Shortfall), for limits, for capital, and to see where the risk comes from.",
        "Figures are returns in per cent of wealth: -2 is a loss of 2%; the probability is that of "
        f"{beyond}, in per cent. Columns ending in _se are "
        "Monte Carlo standard errors, which say how exactly the paths give the model's number, "
        "not how right the model is. They take paths as independent: for models that draw past "
        "rows evenly (hs and the filtered historical ones) they are upper bounds, and the next "
        "step's VaR and ES are nearly exact. The drawdown is the median over paths.",
    )
    return Section(
        "1. Purpose",
        words,
        pictures=some_pictures(
            pictured,
            "losses",
            "Histograms of the portfolio's gain with VaR and ES.",
            f"Distribution of the gain under {found.subject}",
            found,
        ),
        tables=(Table("VaR and ES", table, heads=3, digits=3, folded=len(table) > LONG),),
    )


def _data(found: Validation) -> Section:
    record = found.manifest["data"]
    held = found.weights.reset_index(names="series")
    rows = []
    for name, column in found.panel.items():
        known = column.dropna()
        labels = labels_of(known)
        rows.append(
            (
                str(name),
                labels[0],
                labels[-1],
                len(known),
                int(column.isna().to_numpy().sum()),
                found.modelled[str(name)],
            )
        )
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
    past = (
        f"Past {found.periods} are forecast one step ahead, with a new fit every "
        f"{settings['refit']} of them; a forecast sees nothing of what it forecasts."
    )
    return Section(
        "3. Method",
        (
            f"Each model draws {settings['paths']} joint paths of all series. A portfolio's gain "
            "on a path is the sum of weight times the gain of each asset; VaR is the quantile of "
            "the paths (Harrell and Davis, 1982), ES the mean of the worst of them.",
            past if found.tracks else "No past day was forecast.",
            "Components are Euler's: weight times the conditional mean of the asset's gain in the "
            "portfolio's tail (Tasche, 2000); they add up to the measure.",
        ),
        points=tuple(
            f"{name}, from the last {found.windows[name]} returns: {said}"
            for name, said in found.manifest["models"].items()
        ),
    )


def _assumptions(found: Validation) -> Section:
    points = [
        "What is held is bought at the origin and kept: no trading, no margin calls, no costs.",
        "Gains are linear in prices; options and other non-linear positions are not revalued.",
        "Prices are of one currency and hold what is paid out: a foreign price that is not "
        "converted leaves out the exchange rate, one that is not adjusted its dividends.",
        "The law of returns over the fitting window goes on over the horizon.",
        "Paths over several steps are drawn step by step, not by the square-root-of-time rule.",
    ]
    if found.subject in LEARNED:
        points.append(LEARNED[found.subject])
    if "hs" in found.assets:
        points.append("Historical simulation takes each row of its window as equally likely.")
    return Section("4. Assumptions", points=tuple(points))


def _limits(found: Validation) -> Section:
    days = len(found.tracks[0].days) if found.tracks else 0
    points = [
        "A test that passes has not shown the model to be right: with few losses beyond VaR it has "
        "little power. 'No evidence' means that the test could not speak on these days.",
        "Many of the tests reject a right model more often than the 5% that they say, most of all "
        "the two-sided Nolde-Ziegel one.",
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
        tested = {1, *(past.horizon for past in found.longer)}
        rest = [h for h in found.horizons if h not in tested]
        if rest:
            points.append(
                f"Over {', '.join(map(str, rest))} steps too few periods lie in the past to be "
                "backtested; these horizons rest on the model's dynamics."
            )
    for name, rows in found.windows.items():
        beyond = [a for a in found.alphas if a * rows < FEWEST_TAIL_DAYS]
        if beyond and (name == "hs" or name.endswith("fhs")):
            counts = ", ".join(f"{a * rows:.2g} beyond VaR at {a:g}" for a in beyond)
            points.append(
                f"{name} draws from {rows} past {found.periods}, {counts}: so far out its figures "
                "hang on single ones, of which the Monte Carlo errors say nothing."
            )
    careful = [note for note in found.notes if note.startswith("careful")]
    points += [f"Of the data: {note}" for note in careful]
    tables = (size_table(days, found.alphas),) if days else ()
    return Section("8. Limits", points=tuple(points), tables=tables)
