"""Many assets whose highs and lows are known: joint filtered historical simulation from ranges.

    r_it - m_i = s_t h_it z_it

s_t is the volatility of the market (the mean of all series, or one that is named) by the formula
of `range_volatility`, told by the market's mean range; its b are estimated on several windows, and
the scales averaged. h_it^2 is the exponentially weighted mean of p_it / s_t^2, p_it Parkinson's
variance of the asset's own range. Rows z_t = (z_1t, z_2t, ...) of the past are drawn whole, so
assets share the market's storms and fall together, and each has a volatility of its own.

It is `market_fhs` (Barone-Adesi, Giannopoulos and Vosper, 1999; Engle, Ng and Rothschild, 1990)
with Parkinson's (1980, *Journal of Business* 53) variances in the place of squared returns.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.baselines.ewma import START, exponential_variance
from econdiff.baselines.exponential import SeriesExponential, estimate
from econdiff.baselines.history import even_rows, values_of
from econdiff.baselines.market_factor import market_weights
from econdiff.baselines.range_volatility import (
    NEED,
    PARKINSON,
    RANGES,
    SUFFIX,
    held_among,
    returns_and_ranges,
)
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after

LEAST = 1e-12  # of a variance that is divided by


@dataclass(frozen=True)
class MarketRange:
    """For panels of daily returns, with "X range" beside X in the same units for one X or more.

    `windows` are the rows that the market's volatility is estimated on, past shocks are those of
    the longest; `decay` is that of each asset's own variance, `market` the series that leads, None
    the mean of all. Rows with a missing cell are left out.
    """

    windows: tuple[int, ...] = (1000, 2000)
    decay: float = 0.97
    market: str | None = None

    def __post_init__(self) -> None:
        if not self.windows or not 0 < self.decay < 1:
            raise ValueError("windows are numbers of rows, decay lies between 0 and 1")

    def fit(self, panel: pd.DataFrame) -> "FittedMarketRange":
        """Estimate the market's volatility; ValueError where a range is absent or negative."""
        names = tuple(str(name) for name in panel.columns)
        held = held_among(names)
        rows = panel.iloc[-max(self.windows) :]
        y, r = returns_and_ranges(rows, held, need=NEED)
        mean, weights = y.mean(axis=0), market_weights(panel.loc[:, held], self.market)
        f, q = (y - mean) @ weights, r @ weights
        laws = tuple(estimate(f[-window:], RANGES, q[-window:]) for window in self.windows)
        return FittedMarketRange(names, tuple(held), mean, weights, laws, self.decay)


@dataclass(frozen=True, eq=False)
class _Past:
    """Rows before the origin over their day's scales, and what the next row hangs on."""

    shocks: np.ndarray  # z [row, series]
    ranges: np.ndarray  # [row, series], over s h
    market: np.ndarray  # shock and range of the market over s [2, row]
    own: np.ndarray  # h of the next row [series]
    states: list[np.ndarray]  # of each law, [part, 1]


@dataclass(frozen=True, eq=False)
class FittedMarketRange:
    """Means, the market's weights, its laws by window, and the decay of own variances."""

    names: tuple[str, ...]
    held: tuple[str, ...]
    mean: np.ndarray
    weights: np.ndarray  # [series]
    laws: tuple[SeriesExponential, ...]
    decay: float

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def atoms(self, history: pd.DataFrame) -> np.ndarray:
        """The next row's law: equally likely rows [atom, series]."""
        past = self._past(history)
        scale = past.own * self._scale(past.states)[:, None]
        return self._ordered(self.mean + past.shocks * scale, past.ranges * scale)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`.

        Over the horizon h_it stays as it is, and s_t follows the market's own past shocks, as in
        `market_fhs`.
        """
        values_of(history, self.names)
        past = self._past(history)
        row = even_rows(len(past.shocks), paths, horizon, rng)
        states = [np.repeat(state, paths, axis=1) for state in past.states]
        drawn = []
        for at in row.T:
            s = self._scale(states)
            scale = past.own * s[:, None]
            drawn.append(
                self._ordered(self.mean + past.shocks[at] * scale, past.ranges[at] * scale)
            )
            news = past.market[:, at] * s
            both = zip(self.laws, states, strict=True)
            states = [law.moved(state, news) for law, state in both]
        provenance = {"model": "joint FHS, market and own ranges", "decay": self.decay}
        samples = np.stack(drawn, axis=1)
        future = steps_after(history, horizon)
        return Forecast(samples, future, self.names, provenance=provenance)

    def _ordered(self, returns: np.ndarray, ranges: np.ndarray) -> np.ndarray:
        """Columns of returns and ranges [row, series] as the panel has them."""
        wide = np.maximum(ranges, np.abs(returns))
        columns = dict(zip(self.held, returns.T, strict=True))
        columns |= {name + SUFFIX: r for name, r in zip(self.held, wide.T, strict=True)}
        return np.stack([columns[name] for name in self.names], axis=1)

    def _scale(self, states: list[np.ndarray]) -> np.ndarray:
        both = zip(self.laws, states, strict=True)
        return np.mean([law.scale(state) for law, state in both], axis=0)

    def _past(self, history: pd.DataFrame) -> _Past:
        y, r = returns_and_ranges(history, self.held, need=START + 2)
        r0 = y - self.mean
        news = np.stack([r0 @ self.weights, r @ self.weights])
        s = np.mean([law.scales(news) for law in self.laws], axis=0)[:-1, None]
        own = np.maximum(exponential_variance(r / s / PARKINSON**0.5, self.decay), LEAST) ** 0.5
        scale = s[START:] * own[:-1]
        states = [law.state(news)[:, None] for law in self.laws]
        market = news[:, START:] / s[START:, 0]
        return _Past(r0[START:] / scale, r[START:] / scale, market, own[-1], states)
