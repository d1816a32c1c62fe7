"""`econdiff risk-backtest`: every test of anybody's VaR and ES."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import refuse_existing, whole, write_manifest, write_page, write_text
from econdiff.commands.manifest import new_manifest
from econdiff.commands.tables import read_columns
from econdiff.panel import PanelError
from econdiff.panel.dates import parse_dates
from econdiff.panel.frequency import infer_frequency
from econdiff.report.figures import svg
from econdiff.report.page import Page, Picture, Section, Table
from econdiff.report.risk import exceptions
from econdiff.risk.validation import COLUMNS, validate

LEAST = 10  # days; fewer say nothing
APART = 30  # times; per cent beside fractions are 100 times apart


@dataclass(frozen=True)
class RiskBacktestRequest:
    """What was asked; the fields are the command's options."""

    file: Path
    alpha: float
    out: Path
    overwrite: bool = False


def risk_backtest(request: RiskBacktestRequest, command: str) -> Answer:
    """Test the table `date, return, VaR, ES` and write `tests.csv`, the report and its picture."""
    refuse_existing(request.out, request.overwrite)
    if not 0 < request.alpha < 0.5:
        raise UsageError(
            f"--alpha is the share of bad days, as 0.01 for a VaR at 99%; got {request.alpha:g}"
        )
    table = read_days(request.file)
    daily = infer_frequency(pd.DatetimeIndex(table.index)) == "D"
    try:
        tests = validate(table, request.alpha, daily=daily)
    except ValueError as error:  # signs that no VaR can have
        raise UsageError(str(error)) from error
    notes = careful(table, request.alpha)
    page = _page(request, table, tests, notes, command)
    with whole(request.out, overwrite=request.overwrite) as work:
        tests.to_csv(work / "tests.csv", index=False)
        write_text(work / "exceptions.svg", svg(exceptions(table, request.alpha)))
        write_page(work, page)
        write_manifest(work, dict(page.manifest))
    words = tests.to_string(index=False, float_format=lambda x: f"{x:.4g}", na_rep="")
    facts = {"out": str(request.out), "tests": tests.to_dict("records"), "notes": notes}
    return Answer(facts, "\n\n".join([*notes, words, str(request.out / "report.html")]))


def read_days(file: Path) -> pd.DataFrame:
    """The table, in order of its dates; an error names the line at fault."""
    table = read_columns(file, ("date", *COLUMNS))
    try:
        days = parse_dates(table.loc[:, "date"], "date").stamps.rename("date")
    except PanelError as error:
        raise UsageError(f"{file.name}: {error}") from error
    cells = table.loc[:, list(COLUMNS)].apply(pd.to_numeric, errors="coerce")
    numbers = cells.astype(float).set_axis(days, axis=0)
    wrong = np.isnan(numbers.to_numpy(float)).any(axis=1)
    if wrong.any():
        row = int(wrong.argmax())
        found = list(table.to_numpy()[row])
        raise UsageError(f"line {row + 2} of {file.name} has a cell that is no number: {found}")
    if days.has_duplicates:
        twice = days[days.duplicated()][0]
        rows = table.loc[days == twice].drop(columns=["date", *COLUMNS])
        apart = [str(name) for name in rows.columns[rows.nunique() > 1]]
        each = f", a file for each {' and '.join(apart)}" if apart else ""
        raise UsageError(f"{twice:%Y-%m-%d} stands twice in {file.name}; keep one row a day{each}")
    if len(table) < LEAST:
        raise UsageError(f"{file.name} has {len(table)} days; at least {LEAST} are needed")
    return numbers.sort_index()


def careful(table: pd.DataFrame, alpha: float) -> list[str]:
    """What to look at before trusting the tests: returns and VaR in units of their own.

    The mean VaR is set beside the mean absolute return, whose ratio is that of a normal law
    within a factor of 30 for any model that a desk would use.
    """
    moved, forecast = np.abs(table[["return", "VaR"]].to_numpy(float)).mean(axis=0)
    ratio = forecast / max(moved, 1e-300)
    usual = -norm.ppf(alpha) * np.sqrt(np.pi / 2)
    if moved == 0 or usual / APART < ratio < usual * APART:
        return []
    return [
        f"careful: the mean VaR is {ratio:.3g} times the mean absolute return, and {usual:.3g} is "
        f"usual at {alpha:g}: is one of them in per cent, the other in fractions?"
    ]


def _page(
    request: RiskBacktestRequest,
    table: pd.DataFrame,
    tests: pd.DataFrame,
    notes: Sequence[str],
    command: str,
) -> Page:
    hits = int((table["return"] < table["VaR"]).to_numpy().sum())
    expected = request.alpha * len(table)
    picture = Picture(
        svg(exceptions(table, request.alpha)),
        "Daily returns with VaR and ES as lines and a mark on each day whose loss was beyond VaR",
        "Days with a loss beyond VaR are marked.",
    )
    limits = (
        "A test that passes has not shown the model to be right: with few exceptions it has "
        "little power. 'No evidence' means that the test could not speak on these days.",
        "Many tests are made here; one rejection in twenty is expected of a right model. At 1% the "
        "two-sided Nolde-Ziegel test rejects a right model too often, about one time in four on "
        "500 days and in six on 1000.",
    )
    settings = {"file": request.file.name, "alpha": request.alpha}
    return Page(
        title=f"Backtest of VaR and ES at {request.alpha:g}",
        lead=f"{len(table)} days, {hits} losses beyond VaR where {expected:.1f} are expected.",
        facts={
            "Asked": command,
            "Days": f"{table.index[0]:%Y-%m-%d} to {table.index[-1]:%Y-%m-%d}",
        },
        sections=(
            Section("Exceptions", text=tuple(notes), pictures=(picture,)),
            Section("Tests and losses", tables=(Table("At the 5% level", tests),)),
            Section("What this does not say", text=limits),
        ),
        manifest=new_manifest("risk-backtest", command, settings),
    )
