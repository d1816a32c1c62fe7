"""The data card that travels with synthetic panels: what they are, and what they are not for."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from econdiff.synth.evidence import Privacy
from econdiff.synth.generation import SyntheticPanels
from econdiff.synth.panel import EntityPanel


def card(
    real: EntityPanel,
    made: SyntheticPanels,
    privacy: Privacy,
    manifest: Mapping[str, Any],
    lost: int,
    renamed: Mapping[str, str] | None = None,
) -> str:
    """Markdown. `lost` counts the measures in which a bootstrap came nearer to the real panel.

    `renamed` are columns that Stata does not allow, and what they are called there.
    """
    schema = real.schema
    series = [f"{n} ({schema.units[n]})" if n in schema.units else n for n in schema.series]
    settings = ", ".join(f"{key} {value}" for key, value in made.provenance.items())
    digest = manifest["data"].get("sha256")
    lines = [
        f"# Synthetic panels of {manifest['data']['name']}",
        "",
        "**These are no data.** Every number was drawn from a model that was fitted to the source "
        f"below. {_stands_for(made)}",
        "",
        "## Source",
        "",
        f"{len(real.entities)} entities, {len(real.index)} periods ({real.index[0]} to "
        f"{real.index[-1]}), series {', '.join(series)}; static attributes: "
        f"{', '.join(schema.statics) or 'none'}."
        + (f" SHA-256 of the file: {digest}." if digest else ""),
        "",
        "## How they were made",
        "",
        f"{len(made)} panels of {len(made.entities)} entities and {len(made.index)} periods; "
        f"{settings}; seed {manifest['settings']['seed']}; econdiff "
        f"{manifest['versions']['econdiff']}, {manifest['made']}.",
        f"Kept by construction: {'; '.join(made.schema.rules) or 'no rule was given'}.",
        logs(made),
        *order(made),
        levels(made),
        *whole_numbers(real, made, manifest["data"]["columns"] if private(made) else None),
        *([] if private(made) else below_zero(real, made)),
        *([_renamed(renamed)] if renamed else []),
        "",
        "## Privacy",
        "",
        *(guarantee(made) if private(made) else _evidence(privacy, lost)),
        "",
        "## Not to be used for",
        "",
        "- statements about any real entity, period or event;",
        "- estimates to be published as if they were from the real panel: confirm them there;",
        "- tails, crises and rare groups beyond what the source holds;",
        "- causal claims: what was kept are associations and dynamics.",
        "",
    ]
    return "\n".join(lines)


def whole_numbers(
    real: EntityPanel, made: SyntheticPanels, types: Mapping[str, str] | None = None
) -> list[str]:
    """What is said of series that are whole numbers in the source and not in `made`.

    The `types` of columns are asked instead of cells where these must not be looked at.
    """
    if types is None:
        whole = [n for n in real.schema.series if _whole(real, n) and not _whole(made, n)]
    else:
        kinds = {name: types.get(name, "").lower() for name in real.schema.series}
        whole = [name for name, kind in kinds.items() if kind.startswith(("int", "uint"))]
    if not whole:
        return []
    return [
        f"Whole numbers in the source are drawn as any numbers: {', '.join(whole)}. Round them "
        "where counts are needed; identities then hold to the rounding."
    ]


def below_zero(real: EntityPanel, made: SyntheticPanels) -> list[str]:
    """What is said of series that are never below 0 in the source, and in places are in `made`.

    Nothing of those whose lower bound was told.
    """
    found = []
    for place, name in enumerate(real.schema.series):
        drawn = made.values[..., place]
        share = float((drawn < 0).sum() / max(np.isfinite(drawn).sum(), 1))
        told = real.schema.bounds.get(name, (None, None))[0] is not None
        if share > 0 and not told and np.nanmin(real.values[..., place]) >= 0:
            found.append(f"{name} ({'under 1%' if share < 0.01 else f'{share:.0%}'} of cells)")
    if not found:
        return []
    return [
        f"Never below 0 in the source, and below it here: {', '.join(found)}. --bound SERIES=-0.5: "
        "keeps a count at 0 or above once it is rounded."
    ]


def _whole(panel: EntityPanel | SyntheticPanels, name: str) -> bool:
    cells = panel.values[..., panel.schema.series.index(name)]
    cells = cells[np.isfinite(cells)]
    return bool((cells == np.rint(cells)).all())


def _renamed(names: Mapping[str, str]) -> str:
    said = ", ".join(f"{name} is {other}" for name, other in names.items())
    return f"In synthetic.dta {said}."


def _stands_for(made: SyntheticPanels) -> str:
    """Whether rows bear the names of real entities."""
    if made.provenance.get("start") != "last":
        return "No row stands for a real entity or event."
    return (
        "They go on from the end of the source under the names of its own entities: each path is "
        "one future that the model thinks possible for a real entity, and starts from where that "
        "entity stood."
    )


def levels(made: SyntheticPanels) -> str:
    """Whether levels are the source's, and what else moves where they are not."""
    if "level drawn apart" not in made.provenance:
        return "Levels are those of the source."
    return (
        f"So that members cannot be told from others, the level of all panels together was moved "
        f"at random, by a deviation of {made.provenance['level drawn apart']} of what entities lie "
        "apart (--levels hidden). Changes, dynamics and differences between entities are the "
        "source's where a series moves freely, and in logs and log-ratios where it is positive or "
        "part of a total. Levels are not; nor are changes in levels of what moves in logs, shares "
        "of totals, and regressions that mix logs with levels or with such totals: --levels kept "
        "draws these as the source has them, and gives away where it lies."
    )


def logs(made: SyntheticPanels) -> str:
    """Which series are in logs, and how to say otherwise."""
    names = made.schema.positive
    said = "" if "epsilon" in made.provenance else "; --positive A,B, or none, says otherwise"
    return f"Taken as positive, and so in logs: {', '.join(names) or 'none'}{said}."


def order(made: SyntheticPanels) -> list[str]:
    """What order series keep, and how to say otherwise; nothing where they keep none."""
    rules = "; ".join(made.schema.order)
    if not rules:
        return []
    kept = (
        "Taken as a rule"
        if made.provenance.get("generator") == "not ours"
        else "Kept by construction"
    )
    return [f"{kept}: {rules}; --bound A=LOW:HIGH, or none, says otherwise."]


def private(made: SyntheticPanels) -> bool:
    """Whether the panels are differentially private; then nothing else of the source is told."""
    return "epsilon" in made.provenance


def _evidence(privacy: Privacy, lost: int) -> list[str]:
    """The verdict, what it rests on, and quality: all of them computed from the real panel."""
    attacks = (
        "The attacks were run on a generator fitted to half of the entities (of the time, where "
        "there is one entity), from which panels were drawn as these were, apart from what a "
        "condition said of single entities; where its fit simulates, it did so less, which makes "
        "its slopes 5% more variable than those of the generator handed out. "
    )
    compared = "The panels handed out here were compared with the whole source for copies."
    return [
        f"Verdict: {privacy.verdict}.",
        f"{'' if np.isnan(privacy.auc) else attacks}{compared} The evidence is in privacy.csv.",
        "No differential privacy is claimed.",
        "",
        "## Quality",
        "",
        "quality.csv sets every measure beside a copy, jitter, shuffled rows and two bootstraps. "
        f"In {lost} measures a bootstrap came clearly nearer to the real panel.",
    ]


def guarantee(made: SyntheticPanels) -> list[str]:
    """What differential privacy covers of a folder, and what not."""
    facts = made.provenance
    return [
        f"The panels are ({facts['epsilon']}, {facts['delta']}) differentially private for whole "
        "entities: of two sources that differ in one entity none can be told from them by more "
        "than that.",
        "Covered: synthetic.parquet, synthetic.csv and synthetic.dta, and what is computed from "
        "them alone. They may be handed out with schema.json, card.md and manifest.json, which "
        "tell nothing else but what is taken as public.",
        "Taken as public, and not covered: the number of entities, the calendar, the names, order "
        "and types of columns, and all that was said on the command line (ranges, identities, "
        "units).",
        "Not covered: quality.csv, regressions.csv, privacy.csv with the verdict on attacks, the "
        "pictures, quality.html and page.json. They were computed from the real panel, without "
        "noise, and must stay where it is. A second run on the same source is a second release: "
        "epsilons and deltas add up.",
    ]
