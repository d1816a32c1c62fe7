"""`econdiff report`: make the page of a result folder again from its files."""

from pathlib import Path

from econdiff.commands.answer import Answer
from econdiff.commands.backtest import read_study, study_html
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import manifest_of, read_page, write_text
from econdiff.commands.forecast import read_outcome
from econdiff.report.page import render

PAGES = {
    "risk": "validation.html",
    "risk-backtest": "report.html",
    "credit": "report.html",
    "scenario": "report.html",
    "structural": "report.html",
    "synth": "quality.html",
    "synth-report": "quality.html",
}
"""What is kept as page.json; the pages of forecasts and backtests are made of their draws."""


def report(folder: Path) -> Answer:
    """Write the page of a result folder anew, without running any model."""
    manifest = manifest_of(folder)
    kind = manifest.get("kind")
    match kind:
        case "forecast":
            page = render(read_outcome(folder, manifest).page())
        case "backtest":
            page = study_html(read_study(folder, manifest))
        case _ if kind in PAGES:
            page = render(read_page(folder, manifest))
        case _:
            known = ", ".join(["forecast", "backtest", *PAGES])
            raise UsageError(f"{folder} holds a {kind!r}; a page is made of {known}")
    place = folder / PAGES.get(str(kind), "report.html")
    write_text(place, page)
    return Answer({"report": str(place)}, f"{place}")
