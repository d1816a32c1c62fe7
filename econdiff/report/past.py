"""How models did at past origins: losing cells first, and "comparable" where no test says more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from econdiff.report.figures import pit_histograms, score_ratios, svg
from econdiff.report.page import Picture, Section, Table, shown

MOST_CELLS = 40  # rows of a table that are not folded away
MOST_SERIES = 12  # panels of a picture


@dataclass(frozen=True, eq=False)
class Past:
    """Scores and tests of a study of past origins.

    `scores` has `model, series, step, metric, value`. `tests` has `model, reference, series,
    step, ratio, low, high, p_value, verdict`: `ratio` is the model's CRPS over the
    reference's, with its 90% interval, and the verdict is better, comparable or worse.
    `pits` has `model, series, step, pit`, one row an origin. `failures` says why a model
    has no scores.
    """

    scores: pd.DataFrame
    tests: pd.DataFrame
    pits: pd.DataFrame
    origins: tuple[str, ...]
    failures: Mapping[str, str] = field(default_factory=dict)


def past_sections(past: Past, subject: str) -> tuple[Section, ...]:
    """How `subject` did against every other model, and whether its bands held what they say."""
    return (_against(past, subject), _calibration(past))


def no_past(reason: str) -> Section:
    """The section where nothing was compared, which is said."""
    return Section("How it did in the past", (reason,))


def _against(past: Past, subject: str) -> Section:
    own = past.tests.loc[past.tests["model"] == subject]
    references = list(dict.fromkeys(own["reference"]))
    text = [
        f"At {len(past.origins)} past origins, {past.origins[0]} to {past.origins[-1]}, every "
        "model was fitted to the rows up to the origin and drew what came next. The CRPS says how "
        "far a whole distribution was from what came; lower is better. A ratio below 1 means that "
        f"“{subject}” was closer.",
        "“Better” or “worse” is said only where a Diebold-Mariano test (Harvey-Leybourne-Newbold, "
        "Holm over all cells) finds p < .10 and the model confidence set agrees; else the two are "
        "“comparable”, whatever the ratio.",
    ]
    if len(past.origins) < 30:
        text.append(
            f"{len(past.origins)} origins are few, and neighbouring ones share outcomes: "
            "differences that matter can be missed here."
        )
    failed = tuple(f"{model} failed: {why}" for model, why in past.failures.items())
    pictures = (_ratio_picture(past, references[0]),) if references else ()
    tables = (_overview(own, references), _cells(past, own, references)) if references else ()
    return Section("How it did in the past", tuple(text), failed, pictures, tables)


def _overview(own: pd.DataFrame, references: Sequence[str]) -> Table:
    rows = []
    for reference in references:
        cells = own.loc[own["reference"] == reference]
        counts = cells["verdict"].value_counts()
        rows.append(
            {
                "against": reference,
                "CRPS ratio, geometric mean": float(np.exp(np.log(cells["ratio"]).mean())),
                "worst cell": float(cells["ratio"].max()),
                "best cell": float(cells["ratio"].min()),
                **{
                    f"cells {word}": int(counts.get(word, 0))
                    for word in ("worse", "comparable", "better")
                },
            }
        )
    return Table("Over all series and steps", pd.DataFrame(rows), digits=3)


def _cells(past: Past, own: pd.DataFrame, references: Sequence[str]) -> Table:
    """A row a series and step: the CRPS, and the ratio to each reference; losing cells first."""
    keys = ["series", "step"]
    crps = past.scores.loc[past.scores["metric"] == "crps"]
    crps = crps.loc[crps["model"] == own["model"].iloc[0]].set_index(keys)["value"]
    worst = own.groupby(keys, sort=False)["ratio"].max().sort_values(ascending=False, kind="stable")
    said = {
        (row.reference, row.series, row.step): f"{shown(float(row.ratio), 3)} {row.verdict}"
        for row in own.itertuples()
    }
    rows = [
        {
            "series": series,
            "step": step,
            "CRPS": float(crps.get((series, step), np.nan)),
            **{f"over {name}": said.get((name, series, step), "–") for name in references},
        }
        for series, step in worst.index
    ]
    caption = "CRPS by series and step, and its ratio to each other model; losing cells first"
    return Table(caption, pd.DataFrame(rows), heads=2, folded=len(rows) > MOST_CELLS)


def _ratio_picture(past: Past, reference: str) -> Picture:
    shown_ratios = past.tests.loc[past.tests["reference"] == reference]
    series = list(dict.fromkeys(shown_ratios["series"]))[:MOST_SERIES]
    shown_ratios = shown_ratios.loc[shown_ratios["series"].isin(series)]
    figure = score_ratios(shown_ratios, reference=reference, score="CRPS")
    means = {
        model: float(np.exp(np.log(cells["ratio"]).mean()))
        for model, cells in shown_ratios.groupby("model", sort=False)
    }
    said = ", ".join(f"{model} {shown(mean, 3)}" for model, mean in means.items())
    more = "" if len(series) < MOST_SERIES else f" The first {MOST_SERIES} series are shown."
    return Picture(
        svg(figure),
        f"CRPS of each model over that of {reference}, by series and step. "
        f"Geometric means: {said}.",
        f"Below 1 is better than {reference}. Whiskers are 90% intervals of the ratio; hollow "
        f"marks are comparable with {reference}.{more}",
    )


def _calibration(past: Past) -> Section:
    """PIT histograms one step ahead, and the shares that the bands held."""
    first = past.pits.loc[past.pits["step"] == past.pits["step"].min()]
    pits = {
        str(model): rows["pit"].to_numpy(float)
        for model, rows in first.groupby("model", sort=False)
    }
    inside = {model: 100 * np.mean(np.abs(pit - 0.5) < 0.45) for model, pit in pits.items()}
    said = "; ".join(
        f"{model}, {share:.0f}% inside its 90% band" for model, share in inside.items()
    )
    picture = Picture(
        svg(pit_histograms(pits)),
        f"Histograms of where outcomes fell in the one-step forecasts: {said}.",
        "One step ahead, all series together. Right forecasts give flat bars; a hump means bands "
        "too wide, a valley bands too narrow, a slope a bias. The noise band counts series as "
        "independent, which they are not: real noise is larger.",
    )
    return Section(
        "Did the bands hold what they say?",
        pictures=(picture,),
        tables=(_coverage(past),),
    )


def _coverage(past: Past) -> Table:
    """Share of outcomes inside the bands, over all series, at the first and the last step."""
    rows = []
    for (model, step), cell in past.pits.groupby(["model", "step"], sort=False):
        if step in (past.pits["step"].min(), past.pits["step"].max()):
            off = (cell["pit"].dropna() - 0.5).abs()
            inside = {f"{c}% band": 100 * float((off <= c / 200).mean()) for c in (50, 80, 90)}
            rows.append({"model": model, "step": int(step), **inside, "outcomes": len(off)})
    return Table("Per cent of outcomes inside each band", pd.DataFrame(rows), heads=2, digits=3)
