"""Joint filtered historical simulation: the market's volatility, and each asset's own beside it.

    r_it - m_i = s_t h_it z_it

m_i is the mean of each asset, s_t the volatility of the market (the mean of all series, or a
series named) by GJR-GARCH or another `SeriesVolatility`, h_it^2 the exponentially weighted mean
of (h_it z_it)^2, and the rows z_t = (z_1t, z_2t, ...) of the past are drawn whole. Correlations
rise in a crisis because all assets share s_t; what the sector or the firm does moves h_it.

Barone-Adesi, Giannopoulos and Vosper (1999), with the factor volatility of Engle, Ng and
Rothschild (1990) for their volatilities asset by asset.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from econdiff.baselines.ewma import START, exponential_variance
from econdiff.baselines.garch import GARCH
from econdiff.baselines.history import check_varies, complete_rows, even_rows, values_of
from econdiff.baselines.market_factor import market_weights
from econdiff.baselines.volatility import SeriesVolatility, VolatilityModel
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after

DECAYS = (0.94, 0.96, 0.97, 0.98, 0.99, 0.995)


@dataclass(frozen=True)
class MarketFHS:
    """Market and per-asset volatility with past joint shocks; for panels of returns.

    `market` names the series that leads, None takes the mean of all; `lead` is its volatility.
    `decay` is that of each asset's own volatility, None chooses the one of `DECAYS` with the
    highest Gaussian likelihood, 1 leaves h_it constant; .99 is the best of .90, .94, .97, .99 on
    20 stocks of 1994 to 2004. Rows with a missing cell are left out.
    """

    market: str | None = None
    decay: float | None = 0.99
    lead: VolatilityModel = field(default_factory=GARCH)

    def fit(self, panel: pd.DataFrame) -> "FittedMarketFHS":
        """Estimate the market's volatility and the decay."""
        rows = complete_rows(panel, panel.to_numpy(float), need=100)
        check_varies(panel.columns, rows)
        mean = rows.mean(axis=0)
        r = rows - mean
        weights = market_weights(panel, self.market)
        law = self.lead.fit(pd.DataFrame({"market": r @ weights})).laws[0]
        scaled = r / law.scales(r @ weights - law.mean)[:-1, None]
        decay = _likeliest(scaled) if self.decay is None else self.decay
        return FittedMarketFHS(tuple(panel.columns), mean, weights, law, decay)


@dataclass(frozen=True, eq=False)
class FittedMarketFHS:
    """Means, the market's weights and law, and the decay of the assets' own volatility."""

    names: tuple[str, ...]
    mean: np.ndarray
    weights: np.ndarray  # [series]
    law: SeriesVolatility
    decay: float

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def atoms(self, history: pd.DataFrame) -> np.ndarray:
        """The next row's law: equally likely rows [atom, series]."""
        z, own, state, _ = self._state(history)
        return self.mean + z * np.sqrt(own) * self.law.scale(state)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`.

        Over the horizon h_it stays as it is, and s_t follows the market's own past shocks: were
        both fed by the shock that was drawn, each would raise the other, and some paths run off.
        """
        z, own, state, u = self._state(history)
        row = even_rows(len(z), paths, horizon, rng)
        samples = z[row] * np.sqrt(own)
        state = np.repeat(state, paths, axis=1)
        for step in range(horizon):
            scale = self.law.scale(state)
            samples[:, step] *= scale[:, None]
            state = self.law.moved(state, u[row[:, step]] * scale)
        provenance = {"model": "joint FHS, market and own volatility", "decay": self.decay}
        future = steps_after(history, horizon)
        return Forecast(self.mean + samples, future, self.names, provenance=provenance)

    def _state(
        self, history: pd.DataFrame
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Past z [row, series], next h^2 [series], market's state [part, 1], its past u [row]."""
        r = complete_rows(history, values_of(history, self.names), need=START + 2) - self.mean
        market = r @ self.weights - self.law.mean
        scales = self.law.scales(market)[:-1]
        scaled = r / scales[:, None]
        own = _own_variance(scaled, self.decay)
        z, u = scaled[START:] / np.sqrt(own[:-1]), (market / scales)[START:]
        return z, own[-1], self.law.state(market)[:, None], u


def _own_variance(scaled: np.ndarray, decay: float) -> np.ndarray:
    if decay == 1:
        return np.tile((scaled**2).mean(axis=0), (len(scaled) - START + 1, 1))
    return exponential_variance(scaled, decay)


def _likeliest(scaled: np.ndarray) -> float:
    def surprise(decay: float) -> float:
        variance = exponential_variance(scaled, decay)[:-1]
        return float((np.log(variance) + scaled[START:] ** 2 / variance).mean())

    return min(DECAYS, key=surprise)
