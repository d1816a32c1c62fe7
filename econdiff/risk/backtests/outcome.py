"""What a test gives back, and what every test is given."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Outcome:
    """A test's statistic and the probability, under its null, of one at least as extreme.

    `note` says why the data cannot speak (p is then 1), or is empty.
    """

    statistic: float
    p_value: float
    note: str = ""


FEWEST_TAIL_DAYS = 5  # expected beyond alpha, below which moments in the tail say nothing


def silent(note: str) -> Outcome:
    """The outcome of a test on data that say nothing about its null."""
    return Outcome(0.0, 1.0, note)


def empty_tail(hits: np.ndarray, alpha: float) -> str:
    """Why `hits` [time] are too few for a test of moments in the tail; "" where they are not.

    Such a moment hardly varies without a hit, so that its own spread makes any mean significant.
    """
    if not hits.any():
        return "no exceptions"
    if len(hits) * alpha < FEWEST_TAIL_DAYS:
        return f"{len(hits)} days are too few for moments in the {alpha:g} tail"
    return ""


def chi_squared(statistic: float, freedom: int) -> Outcome:
    """Outcome of a statistic that is chi-squared under the null; rounding below 0 is 0."""
    statistic = max(float(statistic), 0.0)
    return Outcome(statistic, float(stats.chi2.sf(statistic, freedom)))


def two_sided(statistic: float) -> Outcome:
    """Outcome of a statistic that is standard normal under the null, either tail."""
    return Outcome(float(statistic), float(2 * stats.norm.sf(abs(statistic))))


def exceptions(returns: np.ndarray, var: np.ndarray) -> np.ndarray:
    """The days on which the return fell below the VaR, as booleans [time]."""
    returns, var = np.asarray(returns, float), np.asarray(var, float)
    if returns.shape != var.shape or returns.ndim != 1:
        raise ValueError(
            f"returns and VaR must be one column each of the same length, "
            f"got {returns.shape} and {var.shape}"
        )
    return returns < var


def checked(
    returns: np.ndarray,
    var: np.ndarray,
    es: np.ndarray,
    alpha: float,
    *,
    days: Sequence[str] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three columns as floats; ValueError unless they are finite, alike and e < q < 0.

    Errors name the row at fault by its place among `days`, or by its number.
    """
    r, q, e = (np.asarray(column, float) for column in (returns, var, es))
    if not (r.ndim == 1 and r.shape == q.shape == e.shape):
        raise ValueError(
            f"returns, VaR and ES must be one column each of the same length, "
            f"got {r.shape}, {q.shape} and {e.shape}"
        )
    if len(r) < 2:
        raise ValueError(f"a backtest needs at least 2 days, got {len(r)}")
    check_level(alpha)
    for name, column in (("returns", r), ("VaR", q), ("ES", e)):
        if not np.isfinite(column).all():
            row = int(np.flatnonzero(~np.isfinite(column))[0])
            raise ValueError(f"{name} is not finite on {_day(row, days)}; leave that day out")
    wrong = np.flatnonzero(~((e < q) & (q < 0)))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(
            f"{_day(row, days)} has VaR {q[row]:g} and ES {e[row]:g}; both must be negative "
            "returns (a loss of 2% is -2), ES below VaR"
        )
    return r, q, e


def _day(row: int, days: Sequence[str] | None) -> str:
    return f"row {row}" if days is None else days[row]


def check_level(alpha: float) -> None:
    """ValueError unless `alpha` is a tail probability such as 0.025."""
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must be a tail probability such as 0.025, got {alpha}")
