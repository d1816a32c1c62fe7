"""`econdiff report`: make the page of a result folder again from its files."""

from pathlib import Path

from econdiff.commands.answer import Answer
from econdiff.commands.backtest import read_study, study_html
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import read_manifest, write_text
from econdiff.commands.forecast import read_outcome
from econdiff.report.page import render


def report(folder: Path) -> Answer:
    """Write `report.html` of a forecast's or a backtest's folder."""
    manifest = read_manifest(folder)
    match manifest.get("kind"):
        case "forecast":
            page = render(read_outcome(folder, manifest).page())
        case "backtest":
            page = study_html(read_study(folder, manifest))
        case kind:
            raise UsageError(
                f"{folder} holds a {kind!r}; a page is made of a forecast or a backtest"
            )
    write_text(folder / "report.html", page)
    return Answer({"report": str(folder / "report.html")}, f"{folder / 'report.html'}")
