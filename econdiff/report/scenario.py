"""The page of a scenario: what was assumed, how likely it was, what goes with it, what drives it.

The words are `conditional` and `historical`: what goes together in the data, not what would follow
from an intervention.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from econdiff.report.figures import svg
from econdiff.report.page import Page, Picture, Section, Table, shown
from econdiff.report.scenario_figures import differences, two_fans
from econdiff.scenario import Conditional, Plausibility

MEANINGS = {
    "hard": "the pinned values hold exactly",
    "soft": "the pinned values were seen with an error of the stated deviation",
    "density": "the pinned values are distributed about the stated ones with the stated deviation",
    "event": "the paths in which the events occur",
    "tilt": "the baseline's paths, weighted so that their means are the stated values",
}


@dataclass(frozen=True, eq=False)
class Beside:
    """Another model's answer to the same scenario: its table of differences."""

    name: str
    difference: pd.DataFrame


def scenario_page(
    answer: Conditional,
    found: Plausibility,
    beside: tuple[Beside, ...],
    driven: pd.DataFrame,
    manifest: Mapping[str, Any],
    name: str,
    notes: tuple[str, ...],
) -> Page:
    """The whole report of one scenario."""
    data = manifest["data"]
    lead = (
        f"A conditional forecast, mode “{answer.mode}”: {MEANINGS[answer.mode]}. "
        f"{answer.diagnostics.paths:,} paths, by {manifest['model']['name']}, from data that end "
        f"in {data['last']}. {' '.join(notes)}"
    )
    facts = {
        "Asked": manifest["command"],
        "Data": f"{data['name']}: {data['source']}",
        "Method": answer.diagnostics.method,
        "Effective draws": f"{answer.diagnostics.effective:.0f} of {answer.diagnostics.paths}, "
        f"from {answer.diagnostics.ancestors} ancestors",
        "Largest miss of an exact pin": f"{answer.diagnostics.largest_miss:.1e} (model units)",
        "Made": f"{manifest['made']} by econdiff {manifest['versions']['econdiff']}",
    }
    sections = (
        _assumed(answer),
        _likely(found),
        _moved(answer, beside),
        *_explained(answer, driven),
        Section("What to keep in mind", points=_caveats(answer)),
    )
    return Page(f"Scenario: {name or 'pins'}", lead, facts, sections, manifest)


def _assumed(answer: Conditional) -> Section:
    pins = answer.told.pins
    table = pd.DataFrame({"pin": pins.labels, "value in model units": pins.value, "sd": pins.sd})
    tables = (
        (Table("What is pinned", table, digits=5, folded=len(table) > 24),) if len(pins) else ()
    )
    fans = Picture(
        svg(two_fans(answer)),
        "Fan charts of the baseline and of the conditional forecast for each series, with the "
        "pinned values marked.",
    )
    return Section("What was assumed", (), answer.bound.events, (fans,), tables)


def _likely(found: Plausibility) -> Section:
    rows = [
        ("squared Mahalanobis distance", found.distance),
        ("chi-square tail probability", found.tail),
        ("log density less that of the mode", found.log_density_ratio),
        ("its standard error", found.log_density_error),
        ("rank among the model's draws", found.rank),
    ]
    tables = [Table("Plausibility", pd.DataFrame(rows, columns=["measure", "value"]))]
    if found.before:
        weighed = pd.DataFrame(
            {
                "event": [p.event for p in found.before],
                "baseline": [p.value for p in found.before],
                "± (standard error)": [p.standard_error for p in found.before],
                "conditional": [p.value for p in found.after],
                "± (standard error) ": [p.standard_error for p in found.after],
            }
        )
        tables.append(Table("Probabilities of events", weighed))
    text = (found.verdict, f"Density by: {found.log_density_method}.")
    outside = tuple(f"Outside experience: {label}" for label in found.outside[:12])
    return Section("How likely it was", text, outside, (), tuple(tables))


def _moved(answer: Conditional, beside: tuple[Beside, ...]) -> Section:
    table = answer.difference()
    for other in beside:
        table[f"{other.name}: mean"] = other.difference["mean"].to_numpy()
    words = (
        "The conditional forecast less the baseline, path by path from the same random numbers: "
        "mean, its Monte Carlo standard error, the 5% and 95% quantiles of the paired differences "
        "and how far quantiles of the two forecasts lie apart.",
    )
    if beside:
        names = ", ".join(other.name for other in beside)
        words += (f"Beside it, the same question answered in closed form by: {names}.",)
    picture = Picture(svg(differences(answer)), "Conditional less baseline for each series.")
    folded = len(table) > 48
    return Section(
        "What goes with it",
        words,
        (),
        (picture,),
        (Table("Conditional less baseline", table, heads=2, folded=folded),),
    )


def _explained(answer: Conditional, driven: pd.DataFrame) -> tuple[Section, ...]:
    sections = []
    if len(driven):
        by = driven.pivot_table(
            index=["series", "period"], columns="pinned", values="contribution", aggfunc="sum",
            sort=False,
        ).reset_index()  # fmt: skip
        words = (
            "How much each pinned series contributes to the shift of the mean, in the units of the "
            "series, or in per cent where it is modelled in logarithms. drivers.csv has it by pin "
            "and period. These are contributions to a conditional forecast, not causes.",
        )
        table = Table("Contributions by pinned series", by, heads=2, folded=len(by) > 48)
        sections.append(Section("What drives it", words, (), (), (table,)))
    if answer.told.gaussian is not None and answer.weights is None:
        words = (
            "The model's answer less that of its Gaussian anchor in closed form, for means in "
            "model units: split into centre, volatility (covariances) and shape. A gap within two "
            "standard errors is no gap.",
        )
        gap = Table("The gap to the Gaussian answer", answer.gap(), heads=2, folded=True)
        sections.append(Section("Why it differs from the Gaussian answer", words, (), (), (gap,)))
    return tuple(sections)


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
