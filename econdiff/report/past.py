"""How models did at past origins: losing cells first, and "comparable" where no test says more."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from econdiff.report.figures import pit_histograms, score_ratios, svg
from econdiff.report.page import Picture, Section, Table, shown

MOST_CELLS = 40  # rows of a table that are not folded away
MOST_SERIES = 12  # panels of a picture
FEW, FEW_A_STEP = 30, 10  # origins, in all and for each step, below which a test is unsafe
VERDICTS = ("worse", "comparable", "better", "untested")


@dataclass(frozen=True, eq=False)
class Past:
    """Tables of a study of past origins, as `econdiff.backtest` makes them.

    `scores` has `model, series, step, metric, value`; `tests` has `model, reference, series,
    step, ratio, low, high, verdict, ...` for each model against every other (empty where
    there is one model); `pits` has `model, series, step, pit, ...`; `runs` a row a model.
    """

    scores: pd.DataFrame
    tests: pd.DataFrame
    pits: pd.DataFrame
    runs: pd.DataFrame
    origins: tuple[str, ...]


def past_sections(past: Past, subject: str, known: str = "") -> tuple[Section, ...]:
    """How `subject` did against every other model, and whether its bands held what they say.

    `known` says what was known at the origins, where that is not the rows up to them.
    """
    return (_against(past, subject, known), _calibration(past))


def no_past(reason: str) -> Section:
    """The section where nothing was compared, which is said."""
    return Section("How it did in the past", (reason,))


def overview(past: Past, subject: str) -> pd.DataFrame:
    """A row for each model that `subject` was held against: CRPS ratios and counts of verdicts."""
    own = _own(past, subject)
    rows = []
    for reference in _references(own):
        cells = own.loc[own["reference"] == reference]
        counts = cells["verdict"].value_counts().to_dict()
        ratios = cells["ratio"].to_numpy(float)
        rows.append(
            {
                "against": reference,
                "ratio": geometric_mean(ratios),
                "worst cell": float(np.nanmax(ratios)),
                "best cell": float(np.nanmin(ratios)),
                **{verdict: counts.get(verdict, 0) for verdict in VERDICTS},
            }
        )
    return pd.DataFrame(rows)


def geometric_mean(ratios: np.ndarray) -> float:
    """Geometric mean of the ratios that are known."""
    return float(np.exp(np.nanmean(np.log(ratios))))


def ratio_figure(past: Past, reference: str) -> Figure:
    """CRPS of every model over that of `reference`, for the first series."""
    return score_ratios(_ratios(past, reference), reference=reference, score="CRPS")


def first_reference(past: Past, subject: str) -> str | None:
    """The model that the picture holds all others against; None where `subject` meets none."""
    return next(iter(_references(_own(past, subject))), None)


def first_pits(past: Past) -> dict[str, np.ndarray]:
    """PITs one step ahead of each model, all series together."""
    first = past.pits.loc[past.pits["step"] == past.pits["step"].min()]
    models = dict.fromkeys(first["model"])
    return {name: first.loc[first["model"] == name, "pit"].to_numpy(float) for name in models}


def _own(past: Past, subject: str) -> pd.DataFrame:
    """The tests of `subject`, those that failed left out."""
    if not len(past.tests):
        return past.tests
    own = past.tests.loc[past.tests["model"] == subject]
    return own.loc[own["ratio"].notna()]


def _references(own: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(own["reference"])) if len(own) else []


def _ratios(past: Past, reference: str) -> pd.DataFrame:
    rows = past.tests.loc[past.tests["reference"] == reference].dropna(subset="ratio")
    return rows.loc[rows["series"].isin(list(dict.fromkeys(rows["series"]))[:MOST_SERIES])]


def _against(past: Past, subject: str, known: str) -> Section:
    own = _own(past, subject)
    references = _references(own)
    heading = "How it did in the past"
    said = (
        f"At {len(past.origins)} past origins, {past.origins[0]} to {past.origins[-1]}, every "
        "model was fitted to the rows up to the origin and drew what came next. The CRPS says how "
        "far a whole distribution was from what came; lower is better.",
    )
    if known:
        said += (known,)
    if not references:
        return Section(heading, said, _failures(past), tables=_alone(past, subject))
    pictures = (_ratio_picture(past, references[0]),)
    tables = (_overview(past, subject), _cells(past, own, references))
    return Section(heading, said + _judging(past, subject), _failures(past), pictures, tables)


def _judging(past: Past, subject: str) -> tuple[str, ...]:
    """How ratios and verdicts are to be read."""
    text = [
        f"A ratio below 1 means that “{subject}” was closer.",
        "“Better” is said only where a Diebold-Mariano test (Harvey-Leybourne-Newbold, Holm over "
        "cells) has p < .10 and the 90% model confidence set does not leave the model out, “worse” "
        "where the test says so, “untested” where origins are too few to judge, under 8 or a step "
        "more than outcomes overlap; all else is “comparable”, whatever the ratio.",
    ]
    furthest = max(past.scores["step"])
    if len(past.origins) < max(FEW, FEW_A_STEP * furthest):
        text.append(
            f"{len(past.origins)} origins are few for {furthest} steps: differences that matter "
            "can be missed here, and luck can look like skill. Where outcomes overlap the test "
            "tells two equal models apart more often than in one case of ten: in one of four at "
            "12 origins and four steps, in one of five at 40 and eight."
        )
    return tuple(text)


def _failures(past: Past) -> tuple[str, ...]:
    failed = past.runs.loc[past.runs["failed"] > 0].to_dict("records")
    return tuple(
        f"{row['model']} failed at {row['failed']} of {row['origins']} origins, first at "
        f"{row['error']}"
        for row in failed
    )


def _overview(past: Past, subject: str) -> Table:
    names = {"ratio": "CRPS ratio, geometric mean", "against": f"{subject} against"}
    names |= {verdict: f"cells {verdict}" for verdict in VERDICTS}
    table = overview(past, subject).rename(columns=names)
    return Table("Over all series and tested steps", table, digits=3)


def _alone(past: Past, subject: str) -> tuple[Table, ...]:
    """The CRPS by series and step where there is no ratio; no table where `subject` failed."""
    table = _crps(past, subject).dropna()
    if not len(table):
        return ()
    return (Table("CRPS by series and step", table, heads=2, folded=len(table) > MOST_CELLS),)


def _crps(past: Past, subject: str) -> pd.DataFrame:
    rows = (past.scores["metric"] == "crps") & (past.scores["model"] == subject)
    return past.scores.loc[rows, ["series", "step", "value"]].rename(columns={"value": "CRPS"})


def _cells(past: Past, own: pd.DataFrame, references: Sequence[str]) -> Table:
    """A row a series and step: the CRPS, and the ratio to each reference; losing cells first."""
    subject = own["model"].iloc[0]
    values = _crps(past, subject).set_index(["series", "step"])["CRPS"].to_dict()
    cells: dict[tuple[str, int], dict[str, str]] = {}
    worst: dict[tuple[str, int], float] = {}
    for row in own.to_dict("records"):
        cell = (row["series"], row["step"])
        said = f"{shown(row['ratio'], 3)} {row['verdict']}"
        cells.setdefault(cell, {})[f"over {row['reference']}"] = said
        worst[cell] = max(worst.get(cell, 0.0), row["ratio"])
    rows = [
        {"series": cell[0], "step": cell[1], "CRPS": float(values.get(cell, np.nan)), **cells[cell]}
        for cell in sorted(cells, key=lambda cell: -worst[cell])
    ]
    columns = ["series", "step", "CRPS", *(f"over {name}" for name in references)]
    caption = "CRPS by series and step, and its ratio to each other model; losing cells first"
    table = pd.DataFrame(rows, columns=columns)
    return Table(caption, table, heads=2, folded=len(rows) > MOST_CELLS)


def _ratio_picture(past: Past, reference: str) -> Picture:
    ratios = _ratios(past, reference)
    said = ", ".join(
        f"{model} {shown(geometric_mean(ratios.loc[ratios['model'] == model, 'ratio']), 3)}"
        for model in dict.fromkeys(ratios["model"])
    )
    many = len(set(past.tests["series"])) > MOST_SERIES
    more = f" The first {MOST_SERIES} series are shown." if many else ""
    return Picture(
        svg(ratio_figure(past, reference)),
        f"CRPS of each model over that of {reference}, by series and step. "
        f"Geometric means: {said}.",
        f"Below 1 is better than {reference}. Whiskers are 90% intervals of the ratio, each of "
        "its cell alone; marks are filled where the test of all cells together says so; hollow "
        f"ones are comparable with {reference} or untested, though a whisker be clear of 1.{more}",
    )


def _calibration(past: Past) -> Section:
    """PIT histograms one step ahead, and the shares that the bands held."""
    pits = first_pits(past)
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
    steps = past.pits["step"].to_numpy(int)
    rows = []
    for model in dict.fromkeys(past.pits["model"]):
        for step in dict.fromkeys((steps.min(), steps.max())):
            cell = past.pits.loc[(past.pits["model"] == model) & (steps == step), "pit"]
            off = np.abs(cell.to_numpy(float) - 0.5)
            inside = {f"{c}% band": 100 * float(np.mean(off <= c / 200)) for c in (50, 80, 90)}
            rows.append({"model": model, "step": int(step), **inside, "outcomes": len(off)})
    return Table("Per cent of outcomes inside each band", pd.DataFrame(rows), heads=2, digits=3)
