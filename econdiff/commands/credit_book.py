"""What `econdiff credit` was asked: rates, macro series and the link between them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from econdiff.commands.assumptions import Assumed, assumed
from econdiff.commands.errors import UsageError
from econdiff.commands.models import nearest
from econdiff.commands.reading import Input, Reading, read
from econdiff.risk.credit import FittedLogitLink, LogitLink
from econdiff.risk.supervisory import read_supervisory
from econdiff.scenario import Scenario
from econdiff.transforms import choose
from econdiff.transforms.ragged import edge_rows

DRIVERS = ("Real GDP growth", "change(Unemployment rate)")  # of the supervisory tables

RARE = 0.002  # a rate that is never higher may have been given in fractions

_CHANGE = re.compile(r"^change\((.+)\)$")


@dataclass(frozen=True)
class CreditRequest:
    """What was asked; the fields are the command's options."""

    reading: Reading
    horizon: int
    out: Path
    rate: str | None = None
    drivers: tuple[str, ...] = ()
    scenario: Path | None = None
    pins: tuple[str, ...] = ()
    supervisory: Path | None = None
    probabilities: tuple[tuple[str, float], ...] = ()
    link_until: str | None = None
    rate_in: Literal["percent", "fractions"] = "percent"
    rate_over: Literal["year", "period"] = "year"
    loss_given_default: float = 0.45
    correlation: float = 0.15
    discount: float = 0.0
    level: float = 0.999
    model: str = "diffusion"
    paths: int = 5000
    seed: int = 0
    overwrite: bool = False


@dataclass(frozen=True, eq=False)
class Book:
    """Rates [period] as fractions, the macro panel beside them, the link, and what is assumed.

    The macro panel ends with the last period in which any of it is known, a ragged edge with it.
    """

    data: Input
    rates: pd.Series
    macro: pd.DataFrame
    link: FittedLogitLink
    said: tuple[Assumed, ...]

    def within(self) -> pd.Series:
        """The rates up to the end of the macro series."""
        return self.rates.loc[: self.macro.index[-1]]


def book_of(request: CreditRequest) -> Book:
    """Read and refuse, before any work."""
    _check(request)
    data = read(request.reading)
    name = _rate_name(request, list(data.panel.columns))
    rates = data.panel.loc[:, name].dropna() / (1 if request.rate_in == "fractions" else 100)
    if rates.max() >= 1:
        percent = request.rate_in == "fractions" and rates.max() < 100
        raise UsageError(
            f"the rate reaches {100 * rates.max():.4g}%, read as --rate-in {request.rate_in}; "
            + ("leave that out for percentages" if percent else "divide basis points by 100")
            + " (a rate of 1.5% is 1.5, or 0.015 with --rate-in fractions)"
        )
    said = assumed(request.scenario, request.pins)
    macro = data.panel.drop(columns=name)
    drivers = request.drivers
    if request.supervisory is not None:
        published = read_supervisory(request.supervisory)
        drivers = drivers or DRIVERS
        names = _bases(drivers, list(published.history.columns))
        macro = published.history.loc[:, names]
        tables = published.scenarios.items()
        made = (Assumed(key, Scenario.of(table.loc[:, names])) for key, table in tables)
        said = (*made, *said)
    drivers = drivers or tuple(str(column) for column in macro.columns)
    _bases(drivers, list(macro.columns))
    if not drivers:
        raise UsageError(
            "the panel has no series beside the rate; give macro series in the same file, or "
            "--supervisory FOLDER"
        )
    complete = macro.index[macro.notna().all(axis=1)]
    if complete.empty or not isinstance(macro.index, pd.PeriodIndex):
        raise UsageError("no period has every macro series")
    known = macro.index[macro.notna().any(axis=1)]
    macro = macro.loc[complete[0] : known[-1]]
    edge_rows(macro, choose(macro))  # refuses a series that ended long ago
    if rates.index.dtype != macro.index.dtype:
        raise UsageError(
            f"the rate is {rates.index.dtype} and the macro series are {macro.index.dtype}; bring "
            "them to one frequency"
        )
    x = _driven_panel(macro, drivers)
    within = rates.loc[: macro.index[-1]]
    if len(within):
        between = (x.index > within.index[-1]) & (x.index <= complete[-1])
        _refuse_gap(x.loc[between], str(within.index[-1]))
    used = slice(None, request.link_until)
    try:
        link = LogitLink(drivers).fit(rates.loc[used], x.loc[used])
    except (KeyError, pd.errors.ParserError) as error:
        raise UsageError(f"--link-until takes a period such as 2019Q4; {error}") from error
    return Book(data, rates, macro, link, said)


def careful(book: Book, request: CreditRequest) -> list[str]:
    """What to look at before trusting the losses: the rate's units, and where it ends."""
    said = []
    highest = float(book.rates.max())
    if request.rate_in == "percent" and highest < RARE:
        said.append(
            f"careful: the rate is never above {100 * highest:.3g}%; if its values are fractions, "
            "say --rate-in fractions"
        )
    missing = book.macro.columns[book.macro.iloc[-1].isna()]
    if len(missing):
        ends = (f"{name} ends in {book.macro[name].last_valid_index()}" for name in missing)
        said.append(
            f"{'; '.join(ends)}: up to {book.macro.index[-1]} what is missing is drawn, given what "
            "is published."
        )
    last, end = book.within().index[-1], book.macro.index[-1]
    if last < end:
        said.append(
            f"The rate is known to {last} and the macro series to {end}: between them it is drawn "
            f"from the link, and losses are counted after {end}."
        )
    return said


def _check(request: CreditRequest) -> None:
    for name, value in (
        ("--lgd", request.loss_given_default),
        ("--correlation", request.correlation),
        ("--level", request.level),
    ):
        low = value > 0 or (value == 0 and name != "--level")
        if not low or not (value < 1 or (value == 1 and name == "--lgd")):
            raise UsageError(f"{name} is a share such as 0.45; got {value:g}")
    if not -1 < request.discount < float("inf"):
        raise UsageError(f"--discount is a rate a year such as 0.03; got {request.discount:g}")


def _refuse_gap(x: pd.DataFrame, last: str) -> None:
    """The rate goes on along the drivers `x` from its last period, so these must be known."""
    missing = x.index[x.isna().any(axis=1)]
    if len(missing):
        name = str(x.columns[x.loc[missing[0]].isna()][0])
        raise UsageError(
            f"the driver {name!r} is not known in {missing[0]}, between the last rate, of {last}, "
            "and the end of the macro series; fill the gap, or cut the macro series before it"
        )


def _rate_name(request: CreditRequest, names: list[str]) -> str:
    if request.rate is None and len(names) > 1:
        raise UsageError(f"which series is the default rate? say --rate, one of {', '.join(names)}")
    name = names[0] if request.rate is None else request.rate
    if name not in names:
        raise UsageError(f"--rate: no series {name!r}; {nearest(name, names)}")
    return name


def _base(driver: str) -> str:
    """The series that a driver is made of: `change(NAME)` is the change of NAME over a period."""
    found = _CHANGE.match(driver)
    return found[1].strip() if found else driver


def _bases(drivers: Sequence[str], names: list[str]) -> list[str]:
    bases = list(dict.fromkeys(map(_base, drivers)))
    wrong = [name for name in bases if name not in names]
    if wrong:
        raise UsageError(f"--drivers: no series {wrong[0]!r}; {nearest(wrong[0], names)}")
    return bases


def driven(values: np.ndarray, names: Sequence[str], drivers: Sequence[str]) -> np.ndarray:
    """Drivers [..., time - 1, driver] from `values` [..., time, series], less its first row."""
    columns = []
    for driver in drivers:
        y = values[..., list(names).index(_base(driver))]
        columns.append(np.diff(y, axis=-1) if _CHANGE.match(driver) else y[..., 1:])
    return np.stack(columns, axis=-1)


def _driven_panel(macro: pd.DataFrame, drivers: Sequence[str]) -> pd.DataFrame:
    made = driven(macro.to_numpy(float), list(macro.columns), drivers)
    return pd.DataFrame(made, index=macro.index[1:], columns=list(drivers))
