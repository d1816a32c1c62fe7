"""`econdiff risk-backtest`: every test of anybody's VaR and ES."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import norm

from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import refuse_existing, whole, write_manifest, write_page, write_text
from econdiff.commands.manifest import digests, new_manifest
from econdiff.commands.risk_days import Days, gaps, read_models
from econdiff.commands.risk_tests import compared
from econdiff.commands.tables import led_by
from econdiff.panel.frequency import infer_frequency
from econdiff.report.figures import svg
from econdiff.report.page import Page, Picture, Section, Table
from econdiff.report.risk import exceptions, exceptions_by_model
from econdiff.risk.backtests import fz0_loss
from econdiff.risk.validation import COLUMNS, validate, validate_shortfall

SEED = 0  # of simulated critical values and the confidence set
APART = 30  # times; per cent beside fractions are 100 times apart


@dataclass(frozen=True)
class RiskBacktestRequest:
    """What was asked; the fields are the command's options."""

    file: Path
    alpha: float
    out: Path
    overwrite: bool = False


def risk_backtest(request: RiskBacktestRequest, command: str) -> Answer:
    """Test the table `date, return, VaR, ES` and write `tests.csv`, the report and its picture.

    Of several models, in a column `model`, each is tested, and all against each other.
    """
    refuse_existing(request.out, request.overwrite)
    if not 0 < request.alpha < 0.5:
        raise UsageError(
            f"--alpha is the share of bad days, as 0.01 for a VaR at 99%; got {request.alpha:g}"
        )
    days = read_models(request.file, request.alpha)
    tests = _tests(days, request.alpha)
    notes = [*days.notes]
    for name, table in days.models.items():
        notes += [f"{name}: {note}" if name else note for note in careful(table, request.alpha)]
    drawn = svg(_picture(days, request.alpha))
    with whole(request.out, overwrite=request.overwrite) as work:
        tests.to_csv(work / "tests.csv", index=False)
        write_text(work / "exceptions.svg", drawn)
        page = _page(request, days, tests, notes, drawn, command)
        write_page(work, page)
        write_manifest(work, dict(page.manifest))
    words = tests.to_string(index=False, float_format=lambda x: f"{x:.4g}", na_rep="")
    facts = {"out": str(request.out), "tests": tests.to_dict("records"), "notes": notes}
    return Answer(facts, "\n\n".join([*notes, words, str(request.out / "report.html")]))


def _tests(days: Days, alpha: float) -> pd.DataFrame:
    """Every test of every model, and of several against each other; then `model` leads."""
    daily = infer_frequency(days.index) == "D"
    tables = []
    for name, table in days.models.items():
        rng = np.random.default_rng(SEED)
        try:
            own = [validate(table, alpha, daily=daily), validate_shortfall(table, alpha, rng=rng)]
        except ValueError as error:  # signs that no VaR can have
            raise UsageError(f"{name}: {error}" if name else str(error)) from error
        tables.append(pd.concat(own, ignore_index=True).assign(model=name))
    if len(tables) == 1:
        return tables[0].drop(columns="model")
    losses = {}
    for name, table in days.models.items():
        r, q, e = (table[column].to_numpy(float) for column in COLUMNS)
        losses[name] = fz0_loss(r, q, e, alpha)
    tables.append(compared(losses, seed=SEED))
    return pd.concat(tables, ignore_index=True).pipe(led_by, "model")


def _picture(days: Days, alpha: float) -> Figure:
    if len(days.models) > 1:
        return exceptions_by_model(days.models, alpha, fractions=False)
    return exceptions(next(iter(days.models.values())), alpha)


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
    days: Days,
    tests: pd.DataFrame,
    notes: Sequence[str],
    drawn: str,
    command: str,
) -> Page:
    hits = {
        name: int((table["return"] < table["VaR"]).to_numpy().sum())
        for name, table in days.models.items()
    }
    expected = f"{request.alpha * len(days.index):.1f} are expected"
    beyond = f"{next(iter(hits.values()))} losses beyond VaR where {expected}"
    if len(hits) > 1:
        counted = ", ".join(f"{name} {count}" for name, count in hits.items())
        beyond = f"losses beyond VaR: {counted}, where {expected}"
    picture = Picture(
        drawn,
        "Daily returns with VaR and ES as lines and a mark on each day whose loss was beyond VaR",
        "Days with a loss beyond VaR are marked.",
    )
    limits = (
        "A test that passes has not shown the model to be right: with few exceptions it has "
        "little power. 'No evidence' means that the test could not speak on these days.",
        "Many tests are made here; one rejection in twenty is expected of a right model. At 1% the "
        "two-sided Nolde-Ziegel test rejects a right model too often, about one time in four on "
        "500 days and in six on 1000.",
        "VaR and ES do not give a law whole. The p-values of Acerbi-Szekely are simulated from one "
        "that has each day's own VaR and ES: a Student t about 0, or a normal law where ES / VaR "
        "is a normal law's or less. They are of the lower tail: a small one says that risk was "
        "understated. Z3, Du-Escanciano and Berkowitz test the form of that law, which would be "
        "ours and not the model's, and are left out.",
    )
    settings = {"file": request.file.name, "alpha": request.alpha, "seed": SEED}
    manifest = new_manifest("risk-backtest", command, settings)
    manifest["inputs"] = digests(request.file)
    several = len(days.models) > 1
    between = tests["test"].str.contains("Diebold|confidence set")
    tables = [Table("At the 5% level", tests.loc[~between], heads=1 + several, folded=several)]
    if several:
        caption = "Models against each other by FZ0 loss; lower is better"
        tables.insert(0, Table(caption, tests.loc[between], heads=2))
        tables.insert(0, Table("Models side by side", _side_by_side(tests.loc[~between])))
    return Page(
        title=f"Backtest of VaR and ES at {request.alpha:g}",
        lead=f"{len(days.index)} days, {beyond}.",
        facts={
            "Asked": command,
            "Days": f"{days.index[0]:%Y-%m-%d} to {days.index[-1]:%Y-%m-%d}",
        },
        sections=(
            Section("Exceptions", text=tuple(notes), pictures=(picture,)),
            Section("Tests and losses", text=(gaps(days.index),), tables=tuple(tables)),
            Section("What this does not say", text=limits),
        ),
        manifest=manifest,
    )


def _side_by_side(tests: pd.DataFrame) -> pd.DataFrame:
    """One row a model: exceptions, zone, FZ0 loss, and how many tests reject."""
    rows = []
    for name, own in tests.groupby("model", sort=False):
        by_test = own.set_index("test")
        judged = own["verdict"].isin(["pass", "reject"]).sum()
        rejected = (own["verdict"] == "reject").sum()
        hits, loss = (by_test.loc[row, "statistic"] for row in ("exceptions", "FZ0 loss"))
        zone = by_test.loc["Basel traffic light", "verdict"]
        rows.append((name, str(int(hits)), loss, zone, f"{rejected} of {judged}"))
    columns = ["model", "beyond VaR", "FZ0 loss", "traffic light", "tests that reject"]
    return pd.DataFrame(rows, columns=columns)
