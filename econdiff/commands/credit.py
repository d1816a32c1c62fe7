"""`econdiff credit`: from macro scenarios to default rates to the losses of a loan portfolio."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.commands.answer import Answer
from econdiff.commands.credit_book import Book, CreditRequest, book_of, careful
from econdiff.commands.credit_paths import (
    FREE,
    REPEATS,
    default_rates,
    fully_stated,
    losses_of,
    macro_paths,
)
from econdiff.commands.credit_weights import check_probabilities, weighted_row
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import whole, write_manifest, write_page, write_picture
from econdiff.commands.manifest import new_manifest, settings_of
from econdiff.commands.progress import Progress, silent
from econdiff.commands.tables import led_by
from econdiff.periods import steps_after
from econdiff.report.credit import CreditStudy, credit_page, pictures
from econdiff.risk.credit import CreditLoss, FittedLogitLink
from econdiff.risk.measures import var_standard_error_by_path
from econdiff.scenario import ScenarioError, check
from econdiff.transforms import choose, periods_per_year

CLEAR = 2.0  # a t from which a driver is said to move the rate


def credit(request: CreditRequest, command: str, progress: Progress = silent) -> Answer:
    """Fit the link, draw the losses by scenario, and write the folder `request.out`, whole."""
    book = book_of(request)
    _check_said(book, request)
    check_probabilities(dict(request.probabilities), [FREE, *(one.name for one in book.said)])
    manifest = new_manifest("credit", command, settings_of(request)) | {"data": book.data.record}
    with whole(request.out, overwrite=request.overwrite) as folder:
        macro, warned = macro_paths(book, request, progress)
        notes = (*careful(book, request), *warned)
        rates = {name: default_rates(book, drawn, request) for name, drawn in macro.items()}
        losses = {name: losses_of(book, made, request) for name, made in rates.items()}
        table = _table(book, rates, losses, request)
        if request.probabilities:
            row = weighted_row(table, losses, rates, dict(request.probabilities))
            table = pd.concat([table, pd.DataFrame([row])], ignore_index=True)
        study = CreditStudy(
            manifest=manifest,
            history=book.rates,
            link=_link_table(book.link),
            link_words=_link_words(book.link),
            rates=rates,
            losses=losses,
            index=steps_after(book.macro, request.horizon),
            table=table,
            steps=_steps(book, rates, losses, request),
            notes=notes,
        )
        _write(study, folder)
    words = study.table.to_string(index=False, float_format=lambda x: f"{x:.4g}")
    facts = {
        "out": str(request.out),
        "losses": study.table.to_dict("records"),
        "link": study.link_words,
        "notes": list(notes),
    }
    said = (words, *notes, study.link_words, str(request.out / "report.html"))
    return Answer(facts, "\n\n".join(said))


def _check_said(book: Book, request: CreditRequest) -> None:
    """Refuse, before a model is fitted, a scenario that cannot be answered."""
    index = steps_after(book.macro, request.horizon)
    for one in book.said:
        if fully_stated(one.scenario, book.macro, index) is not None:
            continue
        try:
            transforms = choose(book.macro)
            check(one.scenario, book.macro, transforms, mode="hard", horizon=request.horizon)
        except ScenarioError as error:
            raise UsageError(f"{one.name}: {error}") from error


def _table(
    book: Book,
    rates: Mapping[str, np.ndarray],
    losses: Mapping[str, CreditLoss],
    request: CreditRequest,
) -> pd.DataFrame:
    """One row a scenario; losses and rates are fractions."""
    year = periods_per_year(book.macro.index)
    rows = []
    for name, loss in losses.items():
        error = float(var_standard_error_by_path(-loss.losses, 1 - request.level, REPEATS))
        rows.append(
            {
                "scenario": name,
                "expected_loss": loss.expected,
                "expected_loss_12m": loss.expected_until(year),
                "level": request.level,
                "quantile": float(np.quantile(loss.losses, request.level)),
                "quantile_se": error,
                "credit_VaR": loss.value_at_risk(request.level),
                "rate_highest": float(rates[name].mean(axis=0).max()),
                "rate_end": float(rates[name][:, -1].mean()),
            }
        )
    return pd.DataFrame(rows)


def _steps(
    book: Book,
    rates: Mapping[str, np.ndarray],
    losses: Mapping[str, CreditLoss],
    request: CreditRequest,
) -> pd.DataFrame:
    """One row a scenario and period."""
    index = steps_after(book.macro, request.horizon)
    tables = []
    for name, made in rates.items():
        low, middle, high = np.quantile(made, [0.05, 0.5, 0.95], axis=0)
        columns = {"period": [str(p) for p in index], "rate": made.mean(axis=0), "rate_q05": low,
                   "rate_q50": middle, "rate_q95": high,
                   "expected_loss": losses[name].by_step}  # fmt: skip
        tables.append(pd.DataFrame(columns).assign(scenario=name))
    return led_by(pd.concat(tables, ignore_index=True), "scenario")


def _link_table(link: FittedLogitLink) -> pd.DataFrame:
    names = ["constant", "logit of the last rate", *link.macro]
    errors = np.full(len(names), np.nan) if link.errors is None else link.errors
    table = pd.DataFrame(
        {"term": names, "coefficient": link.coefficients, "standard_error": errors}
    )
    return table.assign(t=table["coefficient"] / table["standard_error"])


def _link_words(link: FittedLogitLink) -> str:
    lag = float(link.coefficients[1])
    steady = "" if abs(lag) < 1 else " The lag is 1 or more: rates do not come back by themselves."
    weak = ""
    if link.errors is not None and not (np.abs(link.coefficients / link.errors)[2:] > CLEAR).any():
        weak = (
            " No macro series has a t beyond 2: scenarios hardly move this rate, or the wrong way. "
            "If unusual periods blur the link (2020 and after in the United States), leave them "
            "out with --link-until, as in --link-until 2019Q4."
        )
    return (
        f"Estimated on {link.periods} periods; the shock has a standard deviation of "
        f"{link.deviation:.3f} on the logit scale.{steady}{weak}"
    )


def _write(study: CreditStudy, folder: Path) -> None:
    study.table.to_csv(folder / "credit.csv", index=False)
    study.steps.to_csv(folder / "rates.csv", index=False)
    study.link.to_csv(folder / "link.csv", index=False)
    drawn = {}
    for name, figure in pictures(study).items():
        drawn[name] = write_picture(folder, name, figure)
    write_manifest(folder, dict(study.manifest))
    write_page(folder, credit_page(study, drawn))
