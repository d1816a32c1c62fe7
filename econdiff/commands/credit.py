"""`econdiff credit`: from macro scenarios to default rates to the losses of a loan portfolio."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.commands.answer import Answer
from econdiff.commands.assumptions import Assumed, conditioned
from econdiff.commands.credit_book import Book, CreditRequest, book_of, careful, driven
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import whole, write_manifest, write_page, write_picture
from econdiff.commands.manifest import new_manifest, settings_of
from econdiff.commands.models import named_model
from econdiff.commands.progress import Progress, silent
from econdiff.commands.tables import led_by
from econdiff.forecast import Forecast
from econdiff.periods import steps_after
from econdiff.report.credit import CreditStudy, credit_page, pictures
from econdiff.risk.credit import CreditLoss, FittedLogitLink, portfolio_losses
from econdiff.risk.measures import var_standard_error_by_path
from econdiff.scenario import Scenario, ScenarioError, check
from econdiff.transforms import Transformed, TransformedForecaster, choose, periods_per_year

REPEATS = 20  # portfolios drawn on each path of default rates

FREE = "no scenario"

CLEAR = 2.0  # a t from which a driver is said to move the rate

STREAMS = ("macro paths", "shocks to the rate", "common factor")  # independent of each other


def credit(request: CreditRequest, command: str, progress: Progress = silent) -> Answer:
    """Fit the link, draw the losses by scenario, and write the folder `request.out`, whole."""
    book = book_of(request)
    _check_said(book, request)
    manifest = new_manifest("credit", command, settings_of(request)) | {"data": book.data.record}
    with whole(request.out, overwrite=request.overwrite) as folder:
        macro, warned = _paths(book, request, progress)
        notes = (*careful(book, request), *warned)
        rates = {name: _rates(book, drawn, request) for name, drawn in macro.items()}
        losses = {name: _losses(book, made, request) for name, made in rates.items()}
        study = CreditStudy(
            manifest=manifest,
            history=book.rates,
            link=_link_table(book.link),
            link_words=_link_words(book.link),
            rates=rates,
            losses=losses,
            index=steps_after(book.macro, request.horizon),
            table=_table(book, rates, losses, request),
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
        if _fully_stated(one.scenario, book.macro, index) is not None:
            continue
        try:
            transforms = choose(book.macro)
            check(one.scenario, book.macro, transforms, mode="hard", horizon=request.horizon)
        except ScenarioError as error:
            raise UsageError(f"{one.name}: {error}") from error


def _paths(
    book: Book, request: CreditRequest, progress: Progress
) -> tuple[dict[str, Forecast], tuple[str, ...]]:
    """Macro paths without and with each scenario, and what their answers warned of."""
    macro, index = book.macro, steps_after(book.macro, request.horizon)
    notes: list[str] = []
    with progress("macro paths", 2 + len(book.said)) as step:
        model = Transformed(named_model(request.model), choose(macro)).fit(macro)
        step()
        made = {
            FREE: model.sample(
                macro,
                horizon=request.horizon,
                paths=request.paths,
                rng=_rng(request, "macro paths"),
            )
        }
        step()
        for one in book.said:
            told = _fully_stated(one.scenario, macro, index)
            if told is not None:
                samples = np.broadcast_to(told, (request.paths, *told.shape))
                made[one.name] = Forecast(samples, index, tuple(map(str, macro.columns)))
            else:
                made[one.name], warned = _conditioned(model, macro, one, request)
                notes += [f"{one.name}: {note}" for note in warned]
            step()
    return made, tuple(notes)


def _conditioned(
    model: TransformedForecaster, macro: pd.DataFrame, one: Assumed, request: CreditRequest
) -> tuple[Forecast, tuple[str, ...]]:
    try:
        answer, notes = conditioned(
            model, macro, one.scenario,
            mode="hard", horizon=request.horizon, paths=request.paths,
            rng=_rng(request, "macro paths"),
        )  # fmt: skip
    except ScenarioError as error:
        raise UsageError(f"{one.name}: {error}") from error
    return answer.alternative, notes


def _fully_stated(said: Scenario, macro: pd.DataFrame, index: pd.Index) -> np.ndarray | None:
    """The path [step, series] that a scenario states, where it states every cell; else None.

    None at a ragged edge too, whose cells no scenario states.
    """
    if macro.iloc[-1].isna().any():
        return None
    periods = {str(step): str(when) for step, when in enumerate(index, start=1)}
    cells: dict[tuple[str, str], float] = {}
    for pin in said.pins:
        if len(pin.terms) == 1 and not (pin.relative or pin.growth or pin.sd):
            when = str(pin.terms[0].when)  # a step, or a period
            cells[pin.terms[0].series, periods.get(when, when)] = pin.value
    wanted = [[(str(name), when) for name in macro.columns] for when in periods.values()]
    if not all(key in cells for row in wanted for key in row):
        return None
    return np.array([[cells[key] for key in row] for row in wanted])


def _rates(book: Book, drawn: Forecast, request: CreditRequest) -> np.ndarray:
    """Default rates [path, step] of the horizon, from the last rate within the macro series.

    Periods whose macro series are known (or drawn, at a ragged edge) and whose rate is not stand
    between the two; rates that are known beyond the macro series hold.
    """
    within = book.within()
    since = max(int(np.count_nonzero(book.macro.index <= within.index[-1])) - 1, 0)
    known = book.macro.iloc[since:]
    before = np.tile(known.to_numpy(float), (drawn.paths, 1, 1))
    if drawn.nowcast is not None:
        rows = min(drawn.nowcast.horizon, len(known))
        before[:, len(known) - rows :] = drawn.nowcast.samples[:, drawn.nowcast.horizon - rows :]
    values = np.concatenate([before, drawn.samples], axis=1)
    made = driven(values, drawn.names, book.link.macro)
    index = pd.PeriodIndex([*known.index[1:], *drawn.index])
    path = Forecast(made, index, book.link.macro)
    rng = _rng(request, "shocks to the rate")
    published = book.rates.reindex(index).to_numpy(float)
    made = book.link.rates(float(within.iloc[-1]), path, rng=rng, known=published)
    return made[:, len(known) - 1 :]


def _losses(book: Book, rates: np.ndarray, request: CreditRequest) -> CreditLoss:
    per_year = 1 if request.rate_over == "period" else periods_per_year(book.macro.index)
    return portfolio_losses(
        np.repeat(rates, REPEATS, axis=0),
        loss_given_default=request.loss_given_default,
        correlation=request.correlation,
        span=per_year,
        discount=(1 + request.discount) ** (1 / periods_per_year(book.macro.index)) - 1,
        rng=_rng(request, "common factor"),
    )


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


def _rng(request: CreditRequest, stream: str) -> np.random.Generator:
    """Random numbers of one of `STREAMS`, the same in every scenario, which makes them pairs."""
    return np.random.default_rng([request.seed, STREAMS.index(stream)])
