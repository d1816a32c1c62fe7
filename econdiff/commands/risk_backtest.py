"""`econdiff risk-backtest`: every test of anybody's VaR and ES."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import refuse_existing, whole, write_manifest, write_page, write_text
from econdiff.commands.manifest import digests, new_manifest
from econdiff.commands.risk_days import Days, careful, gaps, read_days
from econdiff.commands.risk_tests import compared
from econdiff.panel.frequency import infer_frequency
from econdiff.report.figures import svg
from econdiff.report.page import Page, Picture, Section, Table
from econdiff.report.risk import exceptions, exceptions_by_model
from econdiff.report.sizes import size_table
from econdiff.report.validation_tables import SHOWN
from econdiff.risk.backtests import fz0_loss
from econdiff.risk.validation import COLUMNS, validate, validate_shortfall

SEED = 0  # of simulated critical values and the confidence set

LIMITS = (
    "A test that passes has not shown the model to be right: with few exceptions it has "
    "little power. 'No evidence' means that the test could not speak on these days.",
    "Many tests are made here, and many reject a right model more often than the 5% that they "
    "say, the two-sided Nolde-Ziegel one most of all.",
    "VaR and ES do not give a law whole. The p-values of Acerbi-Szekely are simulated from one "
    "that has each day's own VaR and ES: a Student t about 0, or a normal law where ES / VaR "
    "is a normal law's or less. They are of the lower tail: a small one says that risk was "
    "understated. Z3, Du-Escanciano and Berkowitz test the form of that law, which would be "
    "ours and not the model's, and are left out.",
)


@dataclass(frozen=True)
class RiskBacktestRequest:
    """What was asked; the fields are the command's options."""

    file: Path
    alpha: float
    out: Path
    overwrite: bool = False


def risk_backtest(request: RiskBacktestRequest, command: str) -> Answer:
    """Test the table `date, return, VaR, ES` and write `tests.csv`, the report and its picture.

    Of several portfolios, in a column `portfolio`, each is tested, and so is each `model` of one,
    and all of its models against each other.
    """
    refuse_existing(request.out, request.overwrite)
    if not 0 < request.alpha < 0.5:
        raise UsageError(
            f"--alpha is the share of bad days, as 0.01 for a VaR at 99%; got {request.alpha:g}"
        )
    books = read_days(request.file, request.alpha)
    tests = _tests(books, request.alpha)
    notes = []
    for portfolio, days in books.items():
        notes += [_of(portfolio, note) for note in days.notes]
        for name, table in days.models.items():
            notes += [_of(portfolio, name, note) for note in careful(table, request.alpha)]
    shown = list(books.values())[:SHOWN]
    drawn = [svg(_picture(days, request.alpha)) for days in shown]
    with whole(request.out, overwrite=request.overwrite) as work:
        tests.to_csv(work / "tests.csv", index=False)
        for place, picture in enumerate(drawn, start=1):
            end = "" if place == 1 else f"-{place}"
            write_text(work / f"exceptions{end}.svg", picture)
        page = _page(request, books, tests, notes, drawn, command)
        write_page(work, page)
        write_manifest(work, dict(page.manifest))
    words = tests.to_string(index=False, float_format=lambda x: f"{x:.4g}", na_rep="")
    facts = {"out": str(request.out), "tests": tests.to_dict("records"), "notes": notes}
    return Answer(facts, "\n\n".join([*notes, words, str(request.out / "report.html")]))


def _of(*words: str) -> str:
    """Words about a portfolio and model, which have the name "" where there is but one."""
    *who, what = words
    named = ", ".join(filter(None, who))
    return f"{named}: {what}" if named else what


def _tests(books: Mapping[str, Days], alpha: float) -> pd.DataFrame:
    """Every test; `portfolio` leads where there are several, then `model` where there are."""
    tables = [
        _tests_of(days, alpha, portfolio).assign(portfolio=portfolio)
        for portfolio, days in books.items()
    ]
    leading = ["portfolio"] if len(books) > 1 else []
    if any(len(days.models) > 1 for days in books.values()):
        leading.append("model")
    columns = [*leading, "test", "statistic", "p_value", "verdict"]
    return pd.concat(tables, ignore_index=True).loc[:, columns]


def _tests_of(days: Days, alpha: float, portfolio: str) -> pd.DataFrame:
    """Every test of every model, and of several against each other."""
    daily = infer_frequency(days.index) == "D"
    tables, losses = [], {}
    for name, table in days.models.items():
        rng = np.random.default_rng(SEED)
        try:
            own = [validate(table, alpha, daily=daily), validate_shortfall(table, alpha, rng=rng)]
        except ValueError as error:  # signs that no VaR can have
            raise UsageError(_of(portfolio, name, str(error))) from error
        tables.append(pd.concat(own, ignore_index=True).assign(model=name))
        realised, var, es = (table[column].to_numpy(float) for column in COLUMNS)
        losses[name] = fz0_loss(realised, var, es, alpha)
    if len(losses) > 1:
        tables.append(compared(losses, seed=SEED))
    return pd.concat(tables, ignore_index=True)


def _picture(days: Days, alpha: float) -> Figure:
    if len(days.models) > 1:
        return exceptions_by_model(days.models, alpha, fractions=False)
    return exceptions(next(iter(days.models.values())), alpha)


def _page(
    request: RiskBacktestRequest,
    books: Mapping[str, Days],
    tests: pd.DataFrame,
    notes: Sequence[str],
    drawn: Sequence[str],
    command: str,
) -> Page:
    pictures = tuple(
        Picture(
            picture,
            _of(
                portfolio,
                "Daily returns with VaR and ES as lines and a mark on each day whose loss was "
                "beyond VaR",
            ),
            _of(portfolio, "Days with a loss beyond VaR are marked."),
        )
        for portfolio, picture in zip(books, drawn, strict=False)
    )
    settings = {"file": request.file.name, "alpha": request.alpha, "seed": SEED}
    manifest = new_manifest("risk-backtest", command, settings)
    manifest["inputs"] = digests(request.file)
    who = list(tests.columns[: tests.columns.get_loc("test")])
    between = tests["test"].str.contains("Diebold|confidence set")
    own = tests.loc[~between]
    tables = [Table("At the 5% level", own, heads=1 + len(who), folded=bool(who))]
    if between.any():
        caption = "Models against each other by FZ0 loss; lower is better"
        tables.insert(0, Table(caption, tests.loc[between], heads=1 + len(who)))
    if who:
        side_by_side = _side_by_side(own, who)
        tables.insert(0, Table(f"{who[0].title()}s side by side", side_by_side, heads=len(who)))
    first = min(days.index[0] for days in books.values())
    last = max(days.index[-1] for days in books.values())
    return Page(
        title=f"Backtest of VaR and ES at {request.alpha:g}",
        lead=_lead(books, request.alpha),
        facts={"Asked": command, "Days": f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"},
        sections=(
            Section("Exceptions", text=tuple(notes), pictures=pictures),
            Section(
                "Tests and losses",
                text=_dated(books),
                tables=tuple(tables),
            ),
            Section(
                "What this does not say",
                text=LIMITS,
                tables=(
                    size_table(min(len(days.index) for days in books.values()), [request.alpha]),
                ),
            ),
        ),
        manifest=manifest,
    )


def _dated(books: Mapping[str, Days]) -> tuple[str, ...]:
    """What lacks between the dates, said once where all portfolios have the same."""
    said = {portfolio: gaps(days.index) for portfolio, days in books.items()}
    if len(set(said.values())) == 1:
        return tuple(said.values())[:1]
    return tuple(_of(portfolio, words) for portfolio, words in said.items())


def _lead(books: Mapping[str, Days], alpha: float) -> str:
    """Days, and losses beyond VaR where a line can hold them."""
    sizes = {len(days.index) for days in books.values()}
    ends = dict.fromkeys([min(sizes), max(sizes)])
    days = " to ".join(map(str, ends)) + " days"
    expected = " to ".join(f"{alpha * size:.1f}" for size in ends)
    if len(books) > 1:
        return (
            f"{len(books)} portfolios, {days}: {expected} losses beyond VaR are expected of each."
        )
    hits = {
        name: int((table["return"] < table["VaR"]).to_numpy().sum())
        for name, table in next(iter(books.values())).models.items()
    }
    if len(hits) > 1:
        counted = ", ".join(f"{name} {count}" for name, count in hits.items())
        return f"{days}, losses beyond VaR: {counted}, where {expected} are expected."
    beyond = next(iter(hits.values()))
    return f"{days}, {beyond} losses beyond VaR where {expected} are expected."


def _side_by_side(tests: pd.DataFrame, who: list[str]) -> pd.DataFrame:
    """One row each that the columns `who` name: exceptions, zone, FZ0 loss, tests that reject."""
    rows = []
    for _, own in tests.groupby(who, sort=False):
        by_test = own.set_index("test")
        judged = own["verdict"].isin(["pass", "reject"]).sum()
        rejected = (own["verdict"] == "reject").sum()
        hits, loss = (by_test.loc[row, "statistic"] for row in ("exceptions", "FZ0 loss"))
        zone = by_test.loc["Basel traffic light", "verdict"]
        rows.append((*own.iloc[0][who], str(int(hits)), loss, zone, f"{rejected} of {judged}"))
    columns = [*who, "beyond VaR", "FZ0 loss", "traffic light", "tests that reject"]
    return pd.DataFrame(rows, columns=columns)
