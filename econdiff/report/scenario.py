"""The page of a scenario: what was assumed, how likely it was, what goes with it, what drives it.

The words are `conditional` and `historical`: what goes together in the data, not what would follow
from an intervention.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from econdiff.forecast import some_names
from econdiff.report.forecast import stacked_fact
from econdiff.report.page import Page, Picture, Section, Table, shown
from econdiff.report.scenario_answer import in_short
from econdiff.report.scenario_news import news_section
from econdiff.scenario import Conditional, Plausibility
from econdiff.scenario.gap import gap
from econdiff.scenario.news import News

MEANINGS = {
    "hard": "the pinned values hold exactly",
    "soft": "the pinned values were seen with an error of the stated standard deviation",
    "density": "the pinned values are distributed about the stated ones with the stated standard "
    "deviation",
    "event": "the paths in which the events occur",
    "tilt": "the baseline's paths, weighted so that their means are the stated values",
}


@dataclass(frozen=True, eq=False)
class Beside:
    """Another model's answer to the same scenario: its differences, and the gap to it in parts.

    `gap` is None where events are assumed.
    """

    name: str
    difference: pd.DataFrame
    gap: pd.DataFrame | None


@dataclass(frozen=True, eq=False)
class Findings:
    """What there is to say of an answer.

    `shares` are contributions by pinned series, `drivers` those by pin with their sensitivities,
    both empty where nothing is pinned or events are assumed too; `at_risk` is there where a target
    was named.
    """

    plausibility: Plausibility
    beside: tuple[Beside, ...]
    shares: pd.DataFrame
    drivers: pd.DataFrame
    news: News
    drawn_news: pd.DataFrame | None
    at_risk: pd.DataFrame | None
    notes: tuple[str, ...]


def scenario_page(
    answer: Conditional,
    found: Findings,
    manifest: Mapping[str, Any],
    name: str,
    drawn: Mapping[str, str],
) -> Page:
    """The whole report of one scenario; `drawn` are the pictures "fans" and "difference" as SVG."""
    data = manifest["data"]
    lead = (
        f"A conditional forecast, mode “{answer.mode}”: {_meaning(answer)}. "
        f"{answer.diagnostics.paths:,} paths, by {manifest['model']['name']}, from data that end "
        f"in {data['last']}."
    )
    facts = {
        "Asked": manifest["command"],
        "Data": f"{data['name']}: {data['source']}",
        **stacked_fact(data),
        "Method": answer.diagnostics.method,
        "Effective draws": f"{answer.diagnostics.effective:.0f} of {answer.diagnostics.paths}, "
        f"from {answer.diagnostics.ancestors} ancestors",
        **_missed(answer),
        "Made": f"{manifest['made']} by econdiff {manifest['versions']['econdiff']}",
    }
    target = manifest["settings"]["target"]
    sections = (
        in_short(answer, found.plausibility.verdict, found.notes),
        _assumed(answer, drawn["fans"]),
        _likely(found.plausibility),
        *(() if found.at_risk is None else (_at_risk(found.at_risk, target, answer),)),
        _moved(answer, found.beside, drawn["difference"]),
        *_explained(answer, found),
        news_section(found.news, found.drawn_news, manifest, _scale(answer)),
        Section("What to keep in mind", points=_caveats(answer)),
    )
    return Page(f"Scenario: {name or _assumptions(answer)}", lead, facts, sections, manifest)


def _assumptions(answer: Conditional) -> str:
    """The first pins and events in a line: 'tbilrate = 0.5, 0.75 and growth(gdp) < 0'."""
    said: dict[str, list[str]] = {}
    stacked: dict[str, list[str]] = answer.history.attrs.get("stacked", {})
    of = {column: name for name, columns in stacked.items() for column in columns}
    for pin in answer.bound.stated:
        series = pin.terms[0].series
        subject = of.get(series, series) if len(pin.terms) == 1 else pin.label
        said.setdefault(subject, []).append(pin.said)
    told = [f"{who} = {some_names(list(dict.fromkeys(values)), 4)}" for who, values in said.items()]
    told += answer.bound.events
    return " and ".join([*told[:3], *([f"{len(told) - 3} more"] if len(told) > 3 else [])])


def _meaning(answer: Conditional) -> str:
    """What the mode means, and what is assumed besides the pins."""
    means = MEANINGS[answer.mode]
    if answer.mode != "tilt" and any(pin.relative == "per cent" for pin in answer.bound.stated):
        means += "; percentages above the baseline are of its geometric mean"
    if answer.bound.pins.shadows:
        means += "; distances above the baseline of a rate with a floor are from its median"
    if answer.mode == "event" or not answer.bound.events:
        return means
    return f"{means}, and {' and '.join(answer.bound.events)} occurs"


def _scale(answer: Conditional) -> str:
    """What contributions to the shift of a mean are measured in."""
    words = "in the units of the series, or in per cent where it is modelled in logarithms"
    floored = [
        name for name, one in answer.bound.transforms.items() if not (one.straight or one.log)
    ]
    if not floored:
        return words
    return f"{words}, and of {', '.join(floored)} in units of its shadow rate, not of the rate"


def _missed(answer: Conditional) -> dict[str, str]:
    miss = answer.diagnostics.largest_miss
    return {} if miss != miss else {"Largest miss of an exact pin": f"{miss:.1e} (model units)"}


def _assumed(answer: Conditional, drawn: str) -> Section:
    pins = answer.told.pins
    table = pd.DataFrame(
        {
            "pin": pins.labels,
            "period": pins.periods,
            "stated": [pin.said for pin in answer.bound.stated[: len(pins)]],
            "sd": [pin.sd for pin in answer.bound.stated[: len(pins)]],
            "in model units": pins.value,
        }
    )
    tables = (
        (Table("What is pinned", table, digits=5, folded=len(table) > 24),) if len(pins) else ()
    )
    fans = Picture(
        drawn,
        "Fan charts of the baseline and of the conditional forecast for each series, with the "
        "pinned values marked.",
    )
    return Section("What was assumed", (), answer.bound.events, (fans,), tables)


def _likely(found: Plausibility) -> Section:
    rows = [
        ("log density less that of the mode", found.log_density_ratio),
        ("its standard error", found.log_density_error),
    ]
    if found.pins:
        rows = [
            ("squared Mahalanobis distance", found.distance),
            ("chi-square tail probability", found.tail),
            *rows,
            ("rank among the model's draws", found.rank),
        ]
    tables = [Table("Plausibility", pd.DataFrame(rows, columns=["measure", "value"]))]
    if found.before:
        weighed = pd.DataFrame(
            {
                "event": [p.event for p in found.before],
                "baseline": [p.value for p in found.before],
                "baseline ± (standard error)": [p.standard_error for p in found.before],
                "conditional": [p.value for p in found.after],
                "conditional ± (standard error)": [p.standard_error for p in found.after],
            }
        )
        tables.append(Table("Probabilities of events", weighed))
    text = (f"Density by: {found.log_density_method}.",)
    if found.outside:
        far = pd.DataFrame({"pin": found.outside})
        tables.append(Table("Outside experience", far, folded=len(far) > 6))
    return Section("How likely it was", text, (), (), tuple(tables))


def _moved(answer: Conditional, beside: tuple[Beside, ...], drawn: str) -> Section:
    table = answer.difference()
    for other in beside:
        table[f"{other.name}: mean"] = other.difference["mean"].to_numpy()
    words = (
        "The conditional forecast less the baseline: the mean (steadied by the Gaussian answer "
        "from the same random numbers, where there is one) and its Monte Carlo standard error, the "
        "5% and 95% quantiles of the differences path by path, and how far quantiles of the two "
        "forecasts lie apart.",
    )
    if beside:
        names = ", ".join(other.name for other in beside)
        how = "by" if answer.bound.events else "in closed form by"
        words += (f"Beside it, the same question answered {how}: {names}.",)
    picture = Picture(drawn, "Conditional less baseline for each series.")
    folded = len(table) > 48
    return Section(
        "What goes with it",
        words,
        (),
        (picture,),
        (Table("Conditional less baseline", table, heads=2, folded=folded),),
    )


def _at_risk(table: pd.DataFrame, target: str, answer: Conditional) -> Section:
    transform = answer.bound.transforms[target]
    units = (
        transform.units or ("" if transform.straight else "shadow rate") or answer.units.get(target)
    )
    words = (
        f"Quantiles of the average of {target} over the horizon, in model units"
        f"{f' ({units})' if units else ''}: of the joint paths without and "
        "with the scenario, and by quantile regression on the latest values (Adrian, Boyarchenko "
        "and Giannone, 2019), which does not know the scenario and stands beside the baseline.",
    )
    heading = f"Growth at risk: {target}"
    return Section(heading, words, (), (), (Table("Quantiles of the average", table),))


def _explained(answer: Conditional, found: Findings) -> tuple[Section, ...]:
    sections = []
    if len(found.shares):
        sections.append(_driven(found, _scale(answer)))
    if answer.told.gaussian is not None and answer.weights is None and not answer.bound.events:
        words = (
            "The model's answer less a Gaussian answer in closed form, for means in model units, "
            "in parts: centre (another forecast without the scenario), volatility (other "
            "covariances) and shape (what no Gaussian has). A gap within two standard errors, "
            "which are those of the draws, is no gap.",
        )
        gaps = [Table("The gap to its own Gaussian anchor", gap(answer), heads=2, folded=True)]
        gaps += [
            Table(f"The gap to {other.name}", other.gap, heads=2, folded=True)
            for other in found.beside
            if other.gap is not None
        ]
        sections.append(
            Section("Why it differs from the Gaussian answers", words, (), (), tuple(gaps))
        )
    return tuple(sections)


def _driven(found: Findings, scale: str) -> Section:
    by = found.shares.pivot_table(
        index=["series", "period"], columns="pinned", values="contribution", aggfunc="sum",
        sort=False,
    ).reset_index()  # fmt: skip
    how = {
        "closed form": "exact for a Gaussian law, here that of the model or its anchor; the rest "
        "is what other laws and the error of the draws add",
        "Shapley": "by Shapley's value from draws of the model itself",
    }[found.shares["how"].iloc[0]]
    by["all"] = by.iloc[:, 2:].sum(axis=1)
    last = found.drivers[found.drivers["period"] == found.drivers["period"].iloc[-1]]
    steep = last.pivot_table(index="pin", columns="series", values="sensitivity", sort=False)
    words = (
        f"How much each pinned series contributes to the shift of the mean (all), {how}; {scale}. "
        "These are contributions to a conditional forecast, not causes.",
        "The sensitivity is how far the last period of each series moves for one more of a pin (in "
        "model units of the pin's own scale), all other pins held: exact under the Gaussian law.",
    )
    tables = (
        Table("Contributions by pinned series", by, heads=2, folded=len(by) > 48),
        Table("Sensitivity of the last period to each pin", steep.reset_index(), folded=True),
    )
    return Section("What drives it", words, (), (), tables)


def _caveats(answer: Conditional) -> tuple[str, ...]:
    found = answer.diagnostics
    points = [
        "A conditional forecast says what goes together in the data with what is assumed. It does "
        "not say what would follow if somebody brought it about; that needs a declared "
        "identification.",
        "The model weighs the scenario by the past: all causes that ever made such paths are mixed "
        "as they were mixed then.",
        f"Means rest on about {shown(float(found.effective), 3)} independent draws.",
    ]
    if found.fallback:
        points.insert(0, f"This is the Gaussian answer: {found.fallback}.")
    return tuple(points)
