"""Past origins: run models at them, test the differences, keep the files."""

import json
from pathlib import Path

import pandas as pd

from econdiff.commands.folder import write_text
from econdiff.report.past import Past

FILES = ("scores", "tests", "pits")


def write_past(past: Past, folder: Path) -> None:
    """Write scores.csv, tests.csv, pits.csv and past.json."""
    for name in FILES:
        getattr(past, name).to_csv(folder / f"{name}.csv", index=False)
    about = {"origins": list(past.origins), "failures": dict(past.failures)}
    write_text(folder / "past.json", json.dumps(about, indent=2, ensure_ascii=False) + "\n")


def read_past(folder: Path) -> Past | None:
    """What `write_past` wrote; None where nothing was."""
    path = folder / "past.json"
    if not path.is_file():
        return None
    about = json.loads(path.read_text(encoding="utf-8"))
    tables = {name: pd.read_csv(folder / f"{name}.csv", dtype={"series": str}) for name in FILES}
    return Past(**tables, origins=tuple(about["origins"]), failures=about["failures"])


def look_back(*a):
    return None
