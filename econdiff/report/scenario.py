"""The page of a scenario: what was assumed, how likely it was, what goes with it, what drives it.

The words are `conditional` and `historical`: what goes together in the data, not what would follow
from an intervention.
"""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from econdiff.report.figures import CYCLE, HISTORY, QUIET, STYLE, svg
from econdiff.report.page import Page, Picture, Section, Table, shown
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


def two_fans(answer: Conditional, span: int = 24) -> Figure:
    """Baseline and alternative: medians and 90% bands, the pinned cells marked."""
    names = answer.baseline.names
    with mpl.rc_context(STYLE):
        figure, grid = _grid(len(names))
        for axes, name in zip(grid.flat, names, strict=False):
            past = answer.history[name].iloc[-span:]
            axes.plot(_dates(past.index), past.to_numpy(float), color=HISTORY, label="history")
            known = past.dropna().iloc[-1:]  # the fans start where the history ends
            last = known.to_numpy(float)
            dates = np.append(_dates(known.index), _dates(answer.baseline.index))
            for label, forecast, color in (
                ("baseline", answer.baseline, QUIET),
                ("conditional", answer.alternative, CYCLE[0]),
            ):
                low, high = forecast.interval(0.9)
                axes.fill_between(
                    dates,
                    np.append(last, low[name]),
                    np.append(last, high[name]),
                    color=color,
                    alpha=0.22,
                    lw=0,
                    label=f"{label}, 90%",
                )
                middle = np.append(last, forecast.quantile(0.5)[name])
                axes.plot(dates, middle, color=color, label=f"{label}, median")
            pinned = _pinned(answer, name)
            if len(pinned):
                axes.plot(_dates(pinned.index), pinned, "D", color=CYCLE[1], ms=3.5, label="pinned")
            axes.set_title(str(name))
            axes.set_ylabel(textwrap.fill(answer.units.get(name, ""), 30))
        return _finished(figure, grid, len(names))


def differences(answer: Conditional) -> Figure:
    """Conditional less baseline: mean, Monte Carlo error, and the band of paired differences."""
    table = answer.difference()
    names = answer.baseline.names
    with mpl.rc_context(STYLE):
        figure, grid = _grid(len(names))
        for axes, name in zip(grid.flat, names, strict=False):
            rows = table.loc[table["series"] == name]
            dates = _dates(answer.baseline.index)
            axes.axhline(0, color=QUIET, lw=0.8)
            if rows["low"].notna().all():
                axes.fill_between(
                    dates, rows["low"], rows["high"], color=CYCLE[0], alpha=0.2, lw=0,
                    label="90% of paired differences",
                )  # fmt: skip
            axes.errorbar(
                dates, rows["mean"], 2 * rows["standard_error"], color=CYCLE[0], capsize=2,
                label="mean, two Monte Carlo errors",
            )  # fmt: skip
            axes.set_title(str(name))
        return _finished(figure, grid, len(names))


def _grid(count: int) -> tuple[Figure, np.ndarray]:
    columns = min(count, 2 if count in (2, 4) else 3)
    rows = -(-count // columns)
    size = (4.0 * columns + 0.5, 2.6 * rows + 0.7)
    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    return figure, figure.subplots(rows, columns, squeeze=False)


def _finished(figure: Figure, grid: np.ndarray, count: int) -> Figure:
    for axes in grid.flat[count:]:
        axes.remove()
    for axes in grid.flat[:count]:
        axes.tick_params(axis="x", labelrotation=30)
    handles, labels = [], []
    for axes in grid.flat[:count]:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            if label not in labels:
                handles.append(handle)
                labels.append(label)
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _dates(index: pd.Index) -> np.ndarray:
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    return pd.DatetimeIndex(index).to_numpy()


def _pinned(answer: Conditional, name: str) -> pd.Series:
    """Where the scenario pins single cells of a series, the mean that it has there."""
    pins, periods = answer.told.pins, answer.baseline.index
    labels = [str(period) for period in periods]
    told = {
        period
        for series, period, label in zip(pins.series, pins.periods, pins.labels, strict=True)
        if series == name and not label.startswith(("average", "sum", "change", "growth"))
    }
    rows = [k for k, label in enumerate(labels) if label in told]
    return answer.alternative.mean()[name].iloc[rows]


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
