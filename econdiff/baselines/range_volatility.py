"""Volatility from how far prices went within the day, not from where they closed alone.

    s_t^2 = b0 + sum over k of [ a_k P_k,t + g_k F_k,t ],   p = range^2 / (4 log 2)

P_k,t and F_k,t are exponential averages of p and of p 1[e < 0] before t: the heterogeneous ARCH of
`harch` with Parkinson's (1980, *Journal of Business* 53) variance of the day in the place of its
squared return, which says as much of a day's variance as five squared returns do. The return is
mean + e_t, e_t = slope e_{t-1} + s_t z_t, as in `volatility`, and z_t follows the past's own law
with fitted tails (`tails`); a series is estimated on several windows, and their quantiles are
averaged, as in `quantile_mean`. A path draws the day's return and its range
together: a row of the past gives the rank of z of every series, and range / s; a range is no
shorter than its return is. A series without ranges has p = return^2, which is `harch` again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.baselines.exponential import Formula, SeriesExponential, estimate
from econdiff.baselines.harch import MEMORIES
from econdiff.baselines.history import complete_rows, values_of
from econdiff.baselines.tails import Tails, fit_tails
from econdiff.baselines.volatility import before, slope_of
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after

SUFFIX = " range"
NEED = 250  # rows
PARKINSON = 4 * np.log(2)  # the mean of range^2 / variance


def _ranges(x: np.ndarray) -> np.ndarray:
    variance = x[1] ** 2 / PARKINSON
    return np.stack([variance] * 3 + [variance * (x[0] < 0)] * 3)


RANGES = Formula(
    _ranges,
    MEMORIES * 2,
    lambda a, b0, *b: np.sqrt(b0 + np.tensordot(b, a, axes=1)),
    start=(0.05, *(0.15,) * 6),
    bounds=((1e-4, 1), *(((0, 3),) * 6)),
)


def day_ranges(high: pd.Series, low: pd.Series, close: pd.Series) -> pd.Series:
    """Range of each day in per cent, 100 log(highest / lowest), yesterday's close among them.

    Raises ValueError where a low lies above its high or a price is not above zero.
    """
    if not ((low > 0) & (high >= low) | high.isna() | low.isna()).all():
        raise ValueError("lows must be above zero and not above their highs")
    previous = close.shift()
    ratio = np.asarray(np.maximum(high, previous) / np.minimum(low, previous), float)
    return pd.Series(100 * np.log(ratio), index=close.index)


@dataclass(frozen=True)
class RangeVolatility:
    """For panels of daily returns, with "X range" beside X in the same units for one X or more.

    `windows` are the rows that are estimated on. Rows with a missing cell are left out.
    """

    windows: tuple[int, ...] = (1000, 2000)

    def fit(self, panel: pd.DataFrame) -> "FittedRange":
        """Estimate each series on each window; ValueError where a range is absent or negative."""
        names = tuple(str(name) for name in panel.columns)
        held = held_among(names)
        members = []
        for window in sorted(self.windows, reverse=True):
            y, r = returns_and_ranges(panel.iloc[-window:], held, need=NEED)
            laws = [estimate(y[:, i], RANGES, r[:, i]) for i in range(len(held))]
            members.append(_member(laws, y, r))
        return FittedRange(names, tuple(held), tuple(members))


@dataclass(frozen=True, eq=False)
class _Member:
    """One window: each series' law and tails; past shocks and ranges [row, series] over scale."""

    laws: tuple[SeriesExponential, ...]
    slopes: tuple[float, ...]
    tails: tuple[Tails, ...]
    shocks: np.ndarray
    ranges: np.ndarray


@dataclass(frozen=True, eq=False)
class FittedRange:
    """The windows' laws; the longest one's past rows make series and ranges joint."""

    names: tuple[str, ...]
    held: tuple[str, ...]
    members: tuple[_Member, ...]

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`."""
        values_of(history, self.names)
        y, r = returns_and_ranges(history, self.held, need=2)
        first = self.members[0]
        rows = rng.integers(len(first.shocks), size=(paths, horizon))
        ranks = first.shocks.argsort(axis=0).argsort(axis=0)[rows]  # [path, step, series]
        u = (ranks + rng.random(ranks.shape)) / len(first.shocks)
        drawn = {}
        for i, name in enumerate(self.held):
            told = name + SUFFIX in self.names
            drawn[name], drawn[name + SUFFIX] = self._paths(
                i, y[:, i], r[:, i], rows if told else None, u[..., i]
            )
        samples = np.stack([drawn[name] for name in self.names], axis=-1)
        provenance = {"model": "mean of range volatilities", "members": len(self.members)}
        future = steps_after(history, horizon)
        return Forecast(samples, future, self.names, provenance=provenance)

    def _paths(
        self, i: int, y: np.ndarray, r: np.ndarray, rows: np.ndarray | None, u: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns and ranges [path, step] of series `i` at the points `u`.

        Ranges are those of past `rows`; None says that the series has none.
        """
        laws = [member.laws[i] for member in self.members]
        means = [law.mean for law in laws]
        slopes = [member.slopes[i] for member in self.members]
        z = [member.tails[i].quantile(u) for member in self.members]
        past = None if rows is None else self.members[0].ranges[rows, i]
        states = [np.repeat(law.state(_news(law, y, r))[:, None], len(u), axis=1) for law in laws]
        value, range_, last = np.empty_like(u), np.empty_like(u), y[-1]
        for step in range(u.shape[1]):
            scales = [law.scale(state) for law, state in zip(laws, states, strict=True)]
            drawn = [
                mean + slope * (last - mean) + s * x[:, step]
                for mean, slope, s, x in zip(means, slopes, scales, z, strict=True)
            ]
            last = value[:, step] = np.mean(drawn, axis=0)
            size = np.abs(last)
            if past is None:
                range_[:, step] = PARKINSON**0.5 * size
            else:
                range_[:, step] = np.maximum(np.mean(scales, axis=0) * past[:, step], size)
            states = [
                law.moved(state, _news(law, last, range_[:, step]))
                for law, state in zip(laws, states, strict=True)
            ]
        return value, range_


def _news(law: SeriesExponential, y: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Shock and range [2, time or path]."""
    return np.stack([y - law.mean, r])


def _member(laws: Sequence[SeriesExponential], y: np.ndarray, r: np.ndarray) -> _Member:
    """Slopes, tails, and shocks and ranges over the scale of their day."""
    slopes, z, k = [], np.empty_like(y), np.empty_like(r)
    for i, law in enumerate(laws):
        e, s = y[:, i] - law.mean, law.scales(_news(law, y[:, i], r[:, i]))[:-1]
        slopes.append(slope_of(e, s))
        z[:, i], k[:, i] = (e - slopes[-1] * before(e)) / s, r[:, i] / s
    return _Member(tuple(laws), tuple(slopes), tuple(fit_tails(c) for c in z.T), z, k)


def held_among(names: Sequence[str]) -> list[str]:
    """The series that are no ranges; ValueError where no series has its range, or a range none."""
    held = [name for name in names if not name.endswith(SUFFIX)]
    alone = [name for name in names if name.endswith(SUFFIX) and name[: -len(SUFFIX)] not in held]
    if alone or len(held) == len(names):
        missing = alone[0][: -len(SUFFIX)] if alone else f"{held[0]}{SUFFIX}"
        raise ValueError(
            f"the panel needs {missing!r} (see `day_ranges`); it has {list(names)[:8]}"
        )
    return held


def returns_and_ranges(
    panel: pd.DataFrame, held: Sequence[str], *, need: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns and ranges [time, series] of the rows in which all are known.

    A series without ranges is given the one that says as much of its variance as its return does.
    """
    told = [name for name in held if name + SUFFIX in panel.columns]
    table = panel.loc[:, [*held, *(name + SUFFIX for name in told)]]
    rows = complete_rows(table, table.to_numpy(float), need=need)
    y, ranges = rows[:, : len(held)], rows[:, len(held) :]
    r = PARKINSON**0.5 * np.abs(y)
    r[:, [name in told for name in held]] = ranges
    still = [name for name, column in zip(held, y.T, strict=True) if np.ptp(column) == 0]
    if still and need > 2:
        raise ValueError(f"the returns of {still[0]!r} are all the same")
    if (ranges < 0).any():
        raise ValueError("a range is below zero; see `day_ranges`")
    return y, r
