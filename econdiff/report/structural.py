"""The page of a structural model: the declared scheme, responses, history, a scenario by shocks.

Here alone the words are effect and impact, and they hold under the scheme that stands at the top.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from econdiff.report.figures import svg
from econdiff.report.page import Page, Picture, Section, Table
from econdiff.report.scenario_figures import changes, contributions, responses, side_by_side
from econdiff.structural import Structural, StructuralScenario


def structural_page(
    model: Structural,
    bands: pd.DataFrame,
    local: pd.DataFrame,
    historical: pd.DataFrame | None,
    brought: StructuralScenario | None,
    manifest: Mapping[str, Any],
    name: str,
) -> Page:
    """The whole report."""
    data = manifest["data"]
    lead = (
        f"A structural model of {', '.join(model.names)}, identified as declared below, on data "
        f"that end in {data['last']}. Every effect on this page holds under that scheme and no "
        "other; the data cannot test it."
    )
    facts = {
        "Asked": manifest["command"],
        "Data": f"{data['name']}: {data['source']}",
        "Reduced form": f"{manifest['model']['name']}, {model.models[0].lags} lags",
        "Made": f"{manifest['made']} by econdiff {manifest['versions']['econdiff']}",
    }
    sections = [
        Section("The declared identification", model.said()),
        _responses(bands, local),
    ]
    if historical is not None:
        sections.append(_history(model, historical))
    if brought is not None:
        sections.append(_scenario(model, brought))
    return Page(f"Structural: {name}", lead, facts, tuple(sections), manifest)


def _responses(bands: pd.DataFrame, local: pd.DataFrame) -> Section:
    both = bands.merge(local, on=["shock", "series", "step"])
    local_at, error = both["local"].to_numpy(float), both["standard_error"].to_numpy(float)
    known = np.isfinite(local_at) & (both["step"].to_numpy(int) > 0)
    apart = (np.abs(local_at - both["median"].to_numpy(float)) > 2 * error) & known
    text = (
        "Effects of a shock of one standard deviation, in the units of the series, or in per cent "
        "where it is modelled in logarithms; step 0 is the period in which it comes. The band "
        "holds 68% of the draws.",
        "Local projections, which do not use the recursion, lie more than two of their errors "
        f"from the median in {apart.sum()} of {known.sum()} cells behind step 0, at "
        "which both are of the same residuals; about one in twenty would by chance, and "
        "neighbouring steps are not independent.",
    )
    picture = Picture(svg(responses(bands, local)), "Responses of each series to each shock.")
    table = Table("Responses", both, heads=3, folded=True)
    return Section("Responses", text, (), (picture,), (table,))


def _history(model: Structural, historical: pd.DataFrame) -> Section:
    unnamed = len(model.names) - len(model.scheme.shocks)
    text = (
        "What each shock gave each series in the last periods, in the units of the model (growth "
        "where it models growth), by the draw whose responses lie nearest to the medians. The rest "
        "is the start of the data and the constant.",
    )
    if unnamed:
        text += ("Shocks called unnamed are not identified: only their sum means something.",)
    picture = Picture(svg(contributions(historical)), "Contributions of each shock, stacked.")
    return Section("Historical decomposition", text, (), (picture,))


def _scenario(model: Structural, found: StructuralScenario) -> Section:
    sizes, modesty = found.sizes(), found.modesty()
    great, loud = sizes[~sizes["ordinary"]], modesty[~modesty["modest"]]
    verdict = (
        "Modest: no series is moved by more than two of the standard deviations that "
        "these shocks give it in ordinary times."
        if loud.empty
        else "Not modest (Leeper and Zha, 2003): "
        + "; ".join(
            f"{name} is moved by {by:+.1f}"
            for name, by in zip(loud["series"], loud["modesty"], strict=True)
        )
        + " of the standard deviations that these shocks give it in ordinary times. People would "
        "notice, and a model of the past may not hold."
    )
    text = (
        f"Brought about by {', '.join(found.driven_by)} alone; all other shocks keep their law. "
        f"{verdict}",
        f"Shocks of more than two standard deviations on average are needed in {len(great)} of "
        f"{len(sizes)} cells.",
        _distance(found),
    )
    pins = found.bound.pins
    marks = {name: _pinned(found, name) for name in found.bound.names}
    pair = {"baseline": found.baseline, "structural": found.alternative}
    pictures = (
        Picture(
            svg(side_by_side(pair, model.panel, marks, model.units)),
            "Fan charts without and with the scenario for each series.",
        ),
        Picture(
            svg(changes(found.difference(), found.baseline)), "The effect on each series by period."
        ),
    )
    pinned = pd.DataFrame({"pin": pins.labels, "value in model units": pins.value, "sd": pins.sd})
    tables = (
        Table("What is pinned", pinned, digits=5, folded=len(pinned) > 24),
        Table("Size of the driving shocks, in standard deviations", sizes, heads=2),
        Table("Where each series is moved the farthest", modesty),
        Table("The effect: structural less baseline", found.difference(), heads=2, folded=True),
    )
    return Section("The scenario, brought about by shocks", text, (), pictures, tables)


def _distance(found: StructuralScenario) -> str:
    said = found.plausibility()
    if said is None:
        return (
            "The pinned values hold exactly, so the divergence of the shocks' law from their "
            "ordinary one is infinite and says nothing; the mode density has one that does."
        )
    return (
        f"The law of all shocks lies {said['divergence']:.2g} nats (Kullback and Leibler) from "
        f"their ordinary one: as far as a coin that falls on one side with probability "
        f"{said['coin']:.2f} lies from a fair one, tossed once for each shock and period (90% of "
        f"the draws of the model: {said['coin_low']:.2f} to {said['coin_high']:.2f}; Antolin-Diaz, "
        "Petrella and Rubio-Ramirez, 2021)."
    )


def _pinned(found: StructuralScenario, name: str) -> pd.Series:
    """The mean of a series where all paths agree on it: there it is pinned."""
    values = found.alternative.samples[:, :, found.bound.names.index(name)]
    mean = found.alternative.mean()[name]
    rows = np.flatnonzero(values.std(axis=0) < 1e-9 * (1 + np.abs(mean.to_numpy())))
    return mean.iloc[rows]
