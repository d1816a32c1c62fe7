"""The page of the demo: the pages of its forecasts, one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from econdiff.report.page import Page, Section


def demo_page(pages: Sequence[Page], manifest: Mapping[str, Any]) -> Page:
    """All sections of `pages`, each heading with the name of its panel before it."""
    sections: list[Section] = []
    for page in pages:
        name = page.title.split(":")[0]
        about = tuple(f"{what}: {fact}" for what, fact in page.facts.items())
        sections.append(Section(name, (page.lead,), about))
        sections += [
            replace(section, heading=f"{name}: {section.heading.lower()}")
            for section in page.sections
        ]
    facts = {
        "Asked": manifest["command"],
        "Made": f"{manifest['made']} by econdiff {manifest['versions']['econdiff']}",
    }
    lead = "The US economy and its stock market, drawn from data that come with installed packages."
    return Page("econdiff: a first look", lead, facts, tuple(sections), manifest)
