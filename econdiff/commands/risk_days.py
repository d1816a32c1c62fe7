"""Days of return, VaR and ES as a desk has them: by portfolio and model, at a level."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

from econdiff.commands.errors import UsageError
from econdiff.commands.tables import read_columns
from econdiff.panel import PanelError
from econdiff.panel.dates import parse_dates
from econdiff.panel.frequency import NAMES, infer_frequency, to_periods
from econdiff.risk.validation import COLUMNS

LEAST = 10  # days; fewer say nothing
APART = 30  # times; per cent beside fractions are 100 times apart
OVERLAP, ENOUGH = 0.4, 60  # autocorrelation, two-day gains have 0.5; days that show it


@dataclass(frozen=True, eq=False)
class Days:
    """`return, VaR, ES` by model, all on the same dates; a single model has the name ""."""

    models: dict[str, pd.DataFrame]
    notes: tuple[str, ...] = ()

    @property
    def index(self) -> pd.DatetimeIndex:
        """The dates, in order."""
        return pd.DatetimeIndex(next(iter(self.models.values())).index)


def read_days(file: Path, alpha: float) -> dict[str, Days]:
    """The table `date, return, VaR, ES` by portfolio, in order of its dates; a single one is "".

    An error names the line at fault. Where a column `portfolio` names several, each has its rows;
    so has each `model` of a portfolio, on the days that all its models have. Of a column `level`,
    as `econdiff risk` writes it, the rows at `alpha` are taken.
    """
    table = read_columns(file, ("date", *COLUMNS))
    try:
        stamps = parse_dates(table.loc[:, "date"], "date").stamps.rename("date")
    except PanelError as error:
        raise UsageError(f"{file.name}: {error}") from error
    table = _at_level(table.assign(date=stamps), alpha, file.name)
    found = {}
    for portfolio, rows in _by("portfolio", table, file.name).items():
        name = f"{portfolio} in {file.name}" if portfolio else file.name
        models = _by("model", rows, file.name)
        found[portfolio] = _together({model: _of_one(t, name) for model, t in models.items()}, name)
    return found


def gaps(index: pd.DatetimeIndex) -> str:
    """How many dates lack between the rows, and what tests of order make of it, in words."""
    assumed = (
        "The tests of independence, of duration and of dynamic quantiles take each row as the "
        "period after the one before it"
    )
    letter = infer_frequency(index)
    if letter is None:
        return f"The dates are of no usual frequency. {assumed}."
    stamps = index.to_numpy().astype("datetime64[D]")
    weekend = index.day_of_week.to_numpy() >= 5
    if letter == "D" and weekend.mean() <= 0.1:  # as panels of days are read
        apart, what = np.busday_count(stamps[:-1], stamps[1:]), "weekdays"
    elif letter == "D":
        apart, what = np.diff(stamps).astype(int), "days"
    else:
        apart, what = np.diff(to_periods(index, letter).asi8), f"periods ({NAMES[letter]})"
    lacking = np.maximum(apart - 1, 0)
    if not lacking.any():
        return f"No date is missing between the first and the last. {assumed}."
    longest = int(lacking.argmax())
    return (
        f"Gaps in the dates, holidays among them: {(lacking > 0).sum()}, of {lacking.sum()} "
        f"{what} in all, the longest of {lacking[longest]} after {index[longest]:%Y-%m-%d}. "
        f"{assumed}, across gaps too."
    )


def careful(table: pd.DataFrame, alpha: float) -> list[str]:
    """What to look at before trusting the tests: VaR in units of its own, returns that overlap.

    The mean VaR is set beside the mean absolute return, whose ratio is that of a normal law
    within a factor of 30 for any model that a desk would use. Sums of h returns, written each day,
    have an autocorrelation of 1 - 1/h.
    """
    said = []
    returns = table["return"].to_numpy(float)
    moved, forecast = np.abs(returns).mean(), np.abs(table["VaR"].to_numpy(float)).mean()
    ratio, usual = forecast / max(moved, 1e-300), -norm.ppf(alpha) * np.sqrt(np.pi / 2)
    if moved > 0 and not usual / APART < ratio < usual * APART:
        said.append(
            f"careful: the mean VaR is {ratio:.3g} times the mean absolute return, and {usual:.3g} "
            f"is usual at {alpha:g}: is one of them in per cent, the other in fractions?"
        )
    pairs = np.stack([returns[:-1], returns[1:]])
    if len(returns) > ENOUGH and (np.ptp(pairs, axis=1) > 0).all():
        alike = float(np.corrcoef(pairs)[0, 1])
        if alike > OVERLAP:
            said.append(
                f"careful: each return is like the one before (autocorrelation {alike:.2f}), as "
                "where gains over several days are written each day: tests of returns that overlap "
                "reject right models; keep rows that do not, every tenth of ten-day gains"
            )
    return said


def _by(column: str, table: pd.DataFrame, name: str) -> dict[str, pd.DataFrame]:
    """The rows of each that `column` names, or all as "" where it does not name several."""
    each = list(dict.fromkeys(table[column])) if column in table else []
    if len(each) < 2:
        return {"": table}
    said = pd.Series(table[column])
    if "" in each:
        line = int(table.index[said == ""][0]) + 2
        raise UsageError(f"line {line} of {name} names no {column}, and others do")
    return {str(one): table.loc[said == one] for one in each}


def _at_level(table: pd.DataFrame, alpha: float, name: str) -> pd.DataFrame:
    """The rows at `alpha` where a column `level` has numbers, as 0.01, 0.99, 1 or 99."""
    said = table.get("level")
    level = np.asarray(pd.to_numeric(said, errors="coerce"), float) if said is not None else None
    if level is None or np.isnan(level).any():
        return table
    share = level / 100 if (level >= 1).any() else level
    chosen = np.isclose(share, alpha, atol=1e-9) | np.isclose(share, 1 - alpha, atol=1e-9)
    if not chosen.any():
        there = ", ".join(f"{value:g}" for value in np.unique(level))
        raise UsageError(f"{name} has the levels {there} and none is --alpha {alpha:g}")
    return table.loc[chosen]


def _of_one(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The numbers of one model by date; `table` has the lines of the file as its index."""
    cells = table.loc[:, list(COLUMNS)].apply(pd.to_numeric, errors="coerce")
    days = pd.DatetimeIndex(table["date"])
    numbers = cells.astype(float).set_axis(days, axis=0)
    wrong = np.isnan(numbers.to_numpy(float)).any(axis=1)
    if wrong.any():
        row = int(wrong.argmax())
        found = list(table.drop(columns="date").to_numpy()[row])
        raise UsageError(
            f"line {int(table.index[row]) + 2} of {name} has a cell that is no number: {found}; "
            "write numbers, and leave out days that have none"
        )
    if days.has_duplicates:
        twice = days[days.duplicated()][0]
        rows = table.loc[days == twice].drop(columns=["date", *COLUMNS])
        apart = [str(column) for column in rows.columns[rows.nunique() > 1]]
        each = f", a file for each {' and '.join(apart)}" if apart else ""
        raise UsageError(f"{twice:%Y-%m-%d} stands twice in {name}; keep one row a day{each}")
    if len(table) < LEAST:
        raise UsageError(f"{name} has {len(table)} days; at least {LEAST} are needed")
    return numbers.sort_index()


def _together(each: dict[str, pd.DataFrame], name: str) -> Days:
    """The days that all models have; their returns must be the same."""
    shared = next(iter(each.values())).index
    for days in each.values():
        shared = shared.intersection(days.index)
    if len(shared) < LEAST:
        raise UsageError(
            f"the models of {name} share {len(shared)} days, and {LEAST} are needed to compare "
            "them; give each a file of its own"
        )
    models = {model: days.loc[shared] for model, days in each.items()}
    returns = np.stack([days["return"].to_numpy(float) for days in models.values()])
    apart = np.ptp(returns, axis=0) > 1e-6 * np.abs(returns).max()
    if apart.any():
        raise UsageError(
            f"the models of {name} have different returns on {shared[apart.argmax()]:%Y-%m-%d}; "
            "models are compared on one portfolio: name each portfolio in a column portfolio"
        )
    every = len(set().union(*(days.index for days in each.values())))
    left = every - len(shared)
    return Days(models, (f"{left} days that some model lacks were left out",) if left else ())
