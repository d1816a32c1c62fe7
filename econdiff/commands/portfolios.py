"""What is held: weights from a file or equal, and prices fit to be held."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.commands.errors import UsageError
from econdiff.commands.models import nearest
from econdiff.commands.tables import read_text_table
from econdiff.panel.dates import looks_like_dates
from econdiff.risk.portfolio import equal_weights, matched_weights
from econdiff.risk.prices import labels_of, not_prices, returns_of, suspicious
from econdiff.transforms import Transform, choose, fred_md

LARGEST = 20.0  # gross weight; more is a weight in per cent, or a slip
UNUSUAL = 1e-6


@dataclass(frozen=True, eq=False)
class Holdings:
    """Weights [held series x portfolio], and what is to be said of them and of the prices."""

    weights: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def held(self) -> list[str]:
        """The series that some portfolio holds."""
        return list(self.weights.index)


def holdings(
    said: str, prices: pd.DataFrame, own: Sequence[str], beside: Sequence[str] = ()
) -> Holdings:
    """The portfolios that `--weights` names: `equal` (of `own`), or a file.

    `beside` names what the table has and `prices` leave out, as closes beside adjusted closes.

    Raises UsageError for weights that do not match the prices, for a held series that is plainly
    no price and for one that ends before the last row, ValueError for prices that are zero or
    negative; jumps like splits and prices that stand still are notes.
    """
    names = [str(name) for name in prices.columns]
    weights = equal_weights(own) if said == "equal" else read_weights(Path(said))
    unknown = [str(name) for name in weights.index if name not in names]
    if unknown and unknown[0] in beside:
        raise UsageError(
            f"the weights name {unknown[0]!r}, and of an asset's columns only its close is held, "
            "adjusted where it has that; to hold what the weights name, say "
            f"{shlex.join(['--series', ','.join(map(str, weights.index))])}"
        )
    if unknown:
        raise UsageError(
            f"the weights name {unknown[0]!r}, which is no series of the prices; "
            f"{_instead(unknown[0], weights, names)}"
        )
    try:
        values = matched_weights(weights, names)
    except ValueError as error:
        raise UsageError(str(error)) from error
    held = [name for name, row in zip(names, values, strict=True) if row.any()]
    weights = pd.DataFrame(values, index=pd.Index(names), columns=weights.columns).loc[held]
    priced = prices.loc[:, held]
    _refuse_unpriced(priced)
    returns_of(priced)
    _refuse_stale(priced)
    return Holdings(weights, (*_of_weights(weights), *_of_prices(priced)))


def _instead(unknown: str, weights: pd.DataFrame, names: Sequence[str]) -> str:
    """What to write for a row of weights that names no series."""
    if unknown.lower() == "cash":
        return "leave the row out: what weights lack to 1 is cash that earns nothing"
    if looks_like_dates(pd.Index([unknown])):
        return (
            "weights are those of one day, a row a series; a backtest rebalances to them, and "
            "other weights are further columns, each a portfolio"
        )
    if set(weights.columns) <= set(names):
        return "turn the table round: a row a series, a column a portfolio"
    return nearest(unknown, list(names))


def _refuse_unpriced(held: pd.DataFrame) -> None:
    told = not_prices(held, held.attrs.get("units", {}))
    if told:
        name, why = next(iter(told.items()))
        others = f" (nor can {', '.join(map(repr, list(told)[1:]))})" if len(told) > 1 else ""
        raise UsageError(
            f"{name!r} cannot be held as a price: {why}{others}. Leave it out with --series, or "
            "give --weights a file that names prices only: what is not held is a risk factor"
        )


def _refuse_stale(held: pd.DataFrame) -> None:
    """A gain over one step begins at the last row, so every price must be known there."""
    labels = np.array(labels_of(held), dtype=object)
    ends = {str(name): labels[column.notna()][-1] for name, column in held.items()}
    stale = {name: end for name, end in ends.items() if end != labels[-1]}
    if stale:
        name, end = next(iter(stale.items()))
        others = f" (nor have {', '.join(map(repr, list(stale)[1:]))})" if len(stale) > 1 else ""
        raise UsageError(
            f"{name!r} has no price after {end}, and the rows go on to {labels[-1]}{others}: from "
            "an old price, one step ahead is many. Give its prices, leave it out with --series or "
            "--weights, or cut the rows after its last price"
        )


def read_weights(file: Path) -> pd.DataFrame:
    """Weights [series x portfolio] of a file: names in the first column, a column a portfolio.

    An empty cell is a series that is not held.
    """
    if not file.is_file():
        raise UsageError(f"there is no file of weights {file.name}; name one, or say equal")
    table = read_text_table(file)
    if table.shape[1] < 2 or table.empty:
        raise UsageError(
            f"{file.name} needs a column of series and a column of weights a portfolio, as in\n"
            "series,weight\nAAPL,0.6\nMSFT,0.4"
        )
    names = table.iloc[:, 0].str.strip()
    cells = table.iloc[:, 1:].apply(lambda column: column.str.strip())
    numbers = cells.apply(pd.to_numeric, errors="coerce").astype(float)
    wrong = (numbers.isna() & (cells != "")) | np.isinf(numbers)
    if wrong.to_numpy().any():
        row, column = np.argwhere(wrong.to_numpy())[0]
        raise UsageError(
            f"line {row + 2} of {file.name}: the weight {cells.iloc[row, column]!r} of "
            f"{names[row]!r} is no number; weights are shares of wealth, 0.25 for 25%"
        )
    weights = numbers.fillna(0.0).set_axis(names, axis=0)
    weights.columns = [str(name) for name in weights.columns]
    twice = [name for name in weights.columns if list(weights.columns).count(name) > 1]
    if twice:
        raise UsageError(f"{file.name} has two portfolios {twice[0]!r}; give each its own name")
    return weights.rename(columns={"weight": file.stem}) if weights.shape[1] == 1 else weights


def price_transforms(prices: pd.DataFrame, held: Sequence[str], until: int) -> dict[str, Transform]:
    """How each series is modelled: what is held as log returns in per cent, the others by rule.

    The rule (`econdiff.transforms.choose`) looks at the first `until` rows only.
    """
    others = [name for name in prices.columns if name not in held]
    made: dict[str, Transform] = {name: fred_md(5, per_year=1) for name in held}
    if others:
        made |= choose(prices[others].iloc[:until])
    return {str(name): made[str(name)] for name in prices.columns}


def _of_weights(weights: pd.DataFrame) -> list[str]:
    notes = []
    for name, column in weights.items():
        gross, net = float(column.abs().sum()), float(column.sum())
        if gross > LARGEST:
            raise UsageError(
                f"the weights of {name!r} add up to {gross:g} times wealth, signs aside; weights "
                "are shares of wealth, 0.25 for 25%"
            )
        if abs(net - 1) > UNUSUAL:
            rest = "is cash that earns nothing" if net < 1 else "is borrowed at no cost"
            notes.append(f"the weights of {name} add up to {net:g}; the rest {rest}")
    return notes


def _of_prices(prices: pd.DataFrame) -> list[str]:
    found = suspicious(prices)
    notes = []
    for series, problem in dict.fromkeys(zip(found["series"], found["problem"], strict=True)):
        rows = found.loc[(found["series"] == series) & (found["problem"] == problem)]
        first = rows.iloc[0]
        more = f" ({len(rows)} such places)" if len(rows) > 1 else ""
        notes.append(f"careful: {series}, {problem}: {first['words']} at {first['period']}{more}")
    labels = labels_of(prices)
    for name, column in prices.items():
        known = np.flatnonzero(np.isfinite(column.to_numpy(float)))
        if known[0] > 0:
            notes.append(
                f"{name} is known from {labels[known[0]]} on only; models that need all series "
                "together see no earlier row"
            )
    return notes
