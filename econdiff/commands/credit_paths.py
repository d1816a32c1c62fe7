"""What `econdiff credit` draws: macro paths by scenario, default rates on them, and losses."""

import numpy as np
import pandas as pd

from econdiff.commands.assumptions import Assumed, conditioned
from econdiff.commands.credit_book import Book, CreditRequest, driven
from econdiff.commands.errors import UsageError
from econdiff.commands.models import named_model
from econdiff.commands.progress import Progress
from econdiff.forecast import Forecast
from econdiff.periods import steps_after
from econdiff.risk.credit import CreditLoss, portfolio_losses
from econdiff.scenario import Scenario, ScenarioError
from econdiff.transforms import Transformed, TransformedForecaster, choose, periods_per_year

REPEATS = 20  # portfolios drawn on each path of default rates
FREE = "no scenario"
STREAMS = ("macro paths", "shocks to the rate", "common factor")  # independent of each other


def macro_paths(
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
            told = fully_stated(one.scenario, macro, index)
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


def fully_stated(said: Scenario, macro: pd.DataFrame, index: pd.Index) -> np.ndarray | None:
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


def default_rates(book: Book, drawn: Forecast, request: CreditRequest) -> np.ndarray:
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


def losses_of(book: Book, rates: np.ndarray, request: CreditRequest) -> CreditLoss:
    """Losses of `REPEATS` portfolios on each path of the default rates [path, step]."""
    per_year = 1 if request.rate_over == "period" else periods_per_year(book.macro.index)
    return portfolio_losses(
        np.repeat(rates, REPEATS, axis=0),
        loss_given_default=request.loss_given_default,
        correlation=request.correlation,
        span=per_year,
        discount=(1 + request.discount) ** (1 / periods_per_year(book.macro.index)) - 1,
        rng=_rng(request, "common factor"),
    )


def _rng(request: CreditRequest, stream: str) -> np.random.Generator:
    """Random numbers of one of `STREAMS`, the same in every scenario, which makes them pairs."""
    return np.random.default_rng([request.seed, STREAMS.index(stream)])
