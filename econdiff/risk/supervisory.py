"""The Federal Reserve's supervisory scenarios, read as they are published.

Files are named `YEAR-Table_1A_Historic_Domestic.csv` (history), `2A`/`2B` (baseline) and `3A`/`3B`
(severely adverse), A domestic and B international; quarters are written `2025 Q1`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.panel.cells import numbers
from econdiff.panel.dates import parse_dates

TABLES = {"history": "1", "baseline": "2", "severely adverse": "3"}


@dataclass(frozen=True, eq=False)
class Supervisory:
    """One year's scenarios: panels [quarter x variable], both areas side by side."""

    year: int
    history: pd.DataFrame
    scenarios: dict[str, pd.DataFrame]


def read_supervisory(folder: Path, *, year: int | None = None) -> Supervisory:
    """Read the tables of `year` (the latest in `folder` where None)."""
    found: dict[tuple[int, str], Path] = {}
    for file in sorted(folder.glob("*.csv")):
        name = re.match(r"(\d{4})-Table_([123][AB])_", file.name)
        if name:
            found[int(name[1]), name[2]] = file
    if not found:
        raise ValueError(
            f"{folder.name} holds no file named like 2025-Table_3A_..._Domestic.csv; "
            "download the CSV tables of a year from the Federal Reserve's stress-test page"
        )
    chosen = year if year is not None else max(y for y, _ in found)
    panels = {}
    for label, number in TABLES.items():
        parts = [
            _read(found[chosen, number + part]) for part in "AB" if (chosen, number + part) in found
        ]
        if not parts:
            raise ValueError(f"the {label} tables ({number}A, {number}B) of {chosen} are missing")
        panels[label] = pd.concat(parts, axis=1)
    history = panels.pop("history")
    return Supervisory(chosen, history, panels)


def changes(panel: pd.DataFrame, before: pd.DataFrame | None = None) -> pd.DataFrame:
    """Quarterly moves: log changes of what is a level or an exchange rate, differences of rates.

    Growth and inflation rates stay as they are. `before` is the history that the first quarter
    is measured against.
    """
    whole = panel if before is None else pd.concat([before[panel.columns], panel])
    made = {}
    for name in panel.columns:
        column = np.asarray(whole[name], float)
        if re.search(r"\(Level\)|exchange rate", name):
            made[name] = np.diff(np.log(column), prepend=np.nan)
        elif re.search(r"growth|inflation", name):
            made[name] = column
        else:
            made[name] = np.diff(column, prepend=np.nan)
    return pd.DataFrame(made, index=whole.index).loc[panel.index]


def _read(file: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(file, dtype=str).dropna(how="all").reset_index(drop=True)
        if "Date" not in table.columns:
            raise ValueError("there is no column Date, so it is not a supervisory table")
        dates = parse_dates(table.loc[:, "Date"], "Date")
        quarters = pd.PeriodIndex(dates.stamps, freq="Q", name="Date")
        if dates.written != "Q" or (np.diff(quarters.asi8) != 1).any():
            raise ValueError("its dates are not quarters, one after the other, as 2025 Q1")
        values = table.drop(columns=["Scenario Name", "Date"], errors="ignore")
        read = {str(n): numbers(cells, dates.stamps, str(n)) for n, cells in values.items()}
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from error
    return pd.DataFrame(read, index=quarters)
