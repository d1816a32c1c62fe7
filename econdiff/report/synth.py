"""The page of synthetic panels: pictures beside the real ones, quality, conclusions, privacy."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from econdiff.report.drawing import CYCLE, HISTORY, QUIET, dates, finish, grid_of, styled, wrapped
from econdiff.report.figures import svg
from econdiff.report.page import Page, Picture, Section, Table
from econdiff.synth.card import (
    below_zero,
    guarantee,
    levels,
    logs,
    order,
    private,
    whole_numbers,
)
from econdiff.synth.evidence import Privacy
from econdiff.synth.fidelity import autocorrelation
from econdiff.synth.generation import SyntheticPanels
from econdiff.synth.panel import EntityPanel
from econdiff.synth.quality import worse_than_bootstrap

MOST_SERIES = 12
REAL, MADE = HISTORY, CYCLE[0]


def synth_page(
    real: EntityPanel,
    made: SyntheticPanels,
    table: pd.DataFrame,
    conclusions: pd.DataFrame,
    privacy: Privacy,
    manifest: Mapping[str, Any],
) -> Page:
    """The whole report."""
    lead = (
        f"{len(made)} panels of {len(made.entities)} entities, {len(made.index)} periods and "
        f"{len(made.schema.series)} series, beside the real one."
    )
    facts = {
        "Asked": manifest["command"],
        "Data": f"{manifest['data']['name']}, {len(real.entities)} entities, "
        f"{real.index[0]} to {real.index[-1]}",
        "Drawn": "; ".join(f"{name} {value}" for name, value in made.provenance.items()),
        "Made": f"{manifest['made']} by econdiff {manifest['versions']['econdiff']}",
        "Release": privacy.verdict,
    }
    sections = (
        _look(real, made),
        _alike(real, made, table),
        _lost(table),
        *((_survives(made, conclusions),) if len(conclusions) else ()),
        _privacy(made, privacy),
    )
    title = f"{manifest['data']['name']}: synthetic panels"
    return Page(title, lead, facts, sections, manifest)


def _look(real: EntityPanel, made: SyntheticPanels) -> Section:
    """Series and their memory, real and synthetic."""
    pictures = (
        Picture(
            svg(paths_figure(real, made)),
            "Real and synthetic series of some entities.",
            "Left the real panel, right the first synthetic one: of each series up to five "
            "entities, from the lowest to the highest. An axis is logarithmic where the highest is "
            "20 times the lowest.",
        ),
        Picture(
            svg(memory_figure(real, made)),
            "Autocorrelations, real and synthetic.",
            "Within entities; the synthetic ones are those of the first five panels.",
        ),
    )
    return Section("What they look like", pictures=pictures)


def _alike(real: EntityPanel, made: SyntheticPanels, table: pd.DataFrame) -> Section:
    """Every measure, and what to know of them."""
    return Section(
        "How alike they behave",
        (
            logs(made),
            *order(made),
            *whole_numbers(real, made),
            *below_zero(real, made),
            "Autoregressions, impulse responses, cointegration, signatures, coverage and "
            "forecasts are measured in those logs (log-ratios of parts to the last of them, "
            "where a total is in logs); all else on the series as they are.",
            "Facts of the real panel and of the others, then distances to it (0 is the same). "
            "Where the copy is best, the measure rewards copying; where the shuffled panel is "
            "as good as the others, it does not see time.",
            "Panels beside are as long as the synthetic ones. A cell is empty where a measure "
            "needs longer panels, or (spectra) panels as long as the real one or with fewer "
            "holes; real cells are empty for distances.",
            "Generators and bootstraps were fitted to the whole panel, and so to the rows on "
            "which forecasts trained on synthetic panels are tested; those trained on the real "
            "one saw only the rows before. The CRPS ratio flatters them by that.",
        ),
        tables=(Table("Every measure", table, heads=2, digits=3, folded=len(table) > 80),),
    )


def _lost(table: pd.DataFrame) -> Section:
    """Where a bootstrap is nearer to the real panel."""
    lost = worse_than_bootstrap(table)
    return Section(
        "Where a bootstrap is nearer",
        ("Measures in which a bootstrap comes clearly nearer to the real panel.",)
        if len(lost)
        else ("There is no measure in which a bootstrap comes clearly nearer.",),
        tables=(Table("Lost to a bootstrap", lost, heads=2, digits=3),) if len(lost) else (),
    )


def _survives(made: SyntheticPanels, conclusions: pd.DataFrame) -> Section:
    """Regressions on the real and on the synthetic panels."""
    text = (
        "Coefficients are averaged over the synthetic panels; the overlap of their confidence "
        "intervals is 1 for the same interval and negative for intervals that lie apart. A "
        "single panel has its own sampling noise, and so a smaller overlap.",
        *([levels(made)] if "level drawn apart" in made.provenance else []),
    )
    inner = Table("Regressions within entities", conclusions, heads=2, digits=3)
    return Section("Whether conclusions survive", text, tables=(inner,))


def _privacy(made: SyntheticPanels, privacy: Privacy) -> Section:
    """The verdict, what is guaranteed, and the evidence."""
    attacks = "Copies" if np.isnan(privacy.auc) else "Attacks on a generator that saw half of it"
    evidence = Table(attacks, privacy.to_frame(), digits=3)
    said = guarantee(made) if private(made) else ["No differential privacy is claimed."]
    said = (f"Verdict: {privacy.verdict}.", *said)
    return Section("Privacy", said, tables=(evidence,))


def paths_figure(real: EntityPanel, made: SyntheticPanels) -> Figure:
    """A row a series: real entities on the left, synthetic ones on the right, on one scale.

    Of each five from the lowest to the highest by their mean, so that like stands beside like.
    """
    series = real.schema.series[:MOST_SERIES]
    with styled():
        figure, grid = grid_of(len(series), 2, width=4.0, height=1.9, sharey="row")
        for row, (place, name) in zip(grid, enumerate(series), strict=True):
            left, right = (_spread(v[..., place]) for v in (real.values, made.values[0]))
            for axes, values, index, color, label in (
                (row[0], left, real.index, REAL, "real"),
                (row[1], right, made.index, MADE, "synthetic"),
            ):
                at = dates(index)
                axes.plot(at, values.T, color=color, linewidth=0.8)
                axes.set_title(f"{name}, {label}")
                axes.xaxis.set_major_locator(locator := AutoDateLocator(minticks=2, maxticks=5))
                axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
            shown = np.concatenate([left.ravel(), right.ravel()])
            if 0 < 20 * np.nanmin(shown) < np.nanmax(shown):
                row[0].set_yscale("log")
                row[0].yaxis.set_major_formatter(StrMethodFormatter("{x:,.12g}"))  # no formulas
            row[0].set_ylabel(wrapped(real.schema.units.get(name, ""), 24))
    return figure


def _spread(values: np.ndarray) -> np.ndarray:
    """Up to five of `values` [entity, period], from the lowest mean to the highest."""
    order = pd.DataFrame(values).mean(axis=1).dropna().sort_values(kind="stable").index.to_numpy()
    return values[order[np.linspace(0, len(order) - 1, min(5, len(order))).round().astype(int)]]


def memory_figure(real: EntityPanel, made: SyntheticPanels) -> Figure:
    """Autocorrelations of levels and of the size of changes, real and synthetic."""
    series = real.schema.series[:MOST_SERIES]
    steps = np.arange(1, min(20, len(real.index) // 3, len(made.index) // 3) + 1)
    with styled():
        figure, grid = grid_of(len(series), 2, width=4.0, height=1.9, sharey="all")
        for row, (place, name) in zip(grid, enumerate(series), strict=True):
            for axes, what in zip(row, ("levels", "absolute changes"), strict=True):
                for values in made.values[:5, ..., place]:
                    drawn = _memory(values, what, steps)
                    axes.plot(steps, drawn, color=MADE, linewidth=0.8, label="synthetic")
                true = _memory(real.values[..., place], what, steps)
                axes.plot(steps, true, color=REAL, label="real")
                axes.axhline(0, color=QUIET, linewidth=0.6)
                axes.set_title(f"{name}, {what}")
                axes.set_xlabel("lag")
                axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for axes in grid[:, 0]:
            axes.set_ylabel("autocorrelation")
        finish(figure, grid)
    return figure


def _memory(y: np.ndarray, what: str, steps: np.ndarray) -> list[float]:
    y = y if what == "levels" else np.abs(np.diff(y, axis=1))
    return [autocorrelation(y, int(step)) for step in steps]
