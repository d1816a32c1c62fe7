"""One market, many assets: a factor with a volatility of its own, and what it does not explain.

    r_it - m_i = b_it f_t + h_it e_it,   f_t = s_t u_t

f_t is the market (the mean of all series, or a series named) less its mean, s_t its volatility,
b_it = S[f r_i] / S[f^2] with S exponentially weighted means (slow), h_it^2 that of the squared
residuals (fast). Rows (u_t, e_1t, e_2t, ...) of the past are drawn whole.

Engle, Ng and Rothschild (1990), "Asset pricing with a factor-ARCH covariance structure", with
filtered historical shocks (Barone-Adesi, Giannopoulos and Vosper, 1999). Since the market is a
part of the law, what the assets do if it moves by a given amount needs no search among paths: it
is b f plus a residual. Residuals are larger on days when the market moves far, by c0 + c1 |u|.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from econdiff.baselines.ewma import START, exponential_variance
from econdiff.baselines.history import check_varies, complete_rows, even_rows, values_of
from econdiff.baselines.mixed_volatility import MixedVolatility
from econdiff.baselines.volatility import SeriesVolatility, VolatilityModel
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after


@dataclass(frozen=True)
class MarketFactor:
    """One-factor filtered historical simulation; for panels of returns.

    `market` names the series that leads, None takes the mean of all; `lead` is its volatility.
    `slow` and `fast` are the decays of betas and of the residuals' variances, chosen on 20 stocks
    of 1994 to 2006. Rows with a missing cell are left out.
    """

    market: str | None = None
    lead: VolatilityModel = field(default_factory=MixedVolatility)
    slow: float = 0.9986  # a half-life of 500 rows
    fast: float = 0.97

    def fit(self, panel: pd.DataFrame) -> "FittedMarketFactor":
        """Estimate the market's volatility, the betas to start from, and c0, c1."""
        rows = complete_rows(panel, panel.to_numpy(float), need=100)
        check_varies(panel.columns, rows)
        mean = rows.mean(axis=0)
        weights = market_weights(panel, self.market)
        r = rows - mean
        f = r @ weights
        law = self.lead.fit(pd.DataFrame({"market": f})).laws[0]
        start = np.append(f @ r, f @ f) / len(f)
        fitted = FittedMarketFactor(
            tuple(panel.columns), mean, weights, law, start, self.slow, self.fast, np.empty(0)
        )
        u, e, *_ = fitted.filtered(panel)
        size = np.sqrt((e**2).mean(axis=1))
        slope = np.polyfit(np.abs(u), size, 1)[::-1]
        return FittedMarketFactor(
            fitted.names, mean, weights, law, start, self.slow, self.fast, slope
        )


@dataclass(frozen=True, eq=False)
class FittedMarketFactor:
    """Means, the market's weights and law, where betas start, decays, and c0, c1."""

    names: tuple[str, ...]
    mean: np.ndarray
    weights: np.ndarray  # [series]
    law: SeriesVolatility
    start: np.ndarray  # [series + 1], S[f r] and S[f^2]
    slow: float
    fast: float
    size: np.ndarray  # c0, c1

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def atoms(self, history: pd.DataFrame) -> np.ndarray:
        """The next row's law: equally likely rows [atom, series]."""
        u, e, beta, own, state = self.filtered(history)
        return self.mean + np.outer(u * self.law.scale(state), beta) + e * np.sqrt(own)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`. Betas stay as they are over the horizon."""
        u, e, beta, own, state = self.filtered(history)
        row = even_rows(len(u), paths, horizon, rng)
        samples = np.empty((paths, horizon, len(self.names)))
        own, state = np.broadcast_to(own, (paths, len(own))), np.repeat(state, paths, axis=1)
        for step in range(horizon):
            residual = e[row[:, step]] * np.sqrt(own)
            f = u[row[:, step]] * self.law.scale(state)
            samples[:, step] = np.outer(f, beta) + residual
            own = self.fast * own + (1 - self.fast) * residual**2
            state = self.law.moved(state, f)
        provenance = {"model": "market factor, filtered historical"}
        future = steps_after(history, horizon)
        return Forecast(self.mean + samples, future, self.names, provenance=provenance)

    def given_market(
        self, history: pd.DataFrame, move: float, *, paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Draws of the next row [path, series] if the market moves by `move`; it does in each.

        Exact given the law: the market's part is known, the residual's is drawn and made to leave
        the market alone.
        """
        u, e, beta, own, state = self.filtered(history)
        f = move - float(self.mean @ self.weights)
        drawn = rng.integers(len(u), size=paths)
        expected = self.size[0] + self.size[1] * abs(f) / float(self.law.scale(state)[0])
        usual = np.maximum(self.size[0] + self.size[1] * np.abs(u[drawn]), 1e-6)
        residual = e[drawn] * np.sqrt(own) * (expected / usual)[:, None]
        residual -= np.outer(residual @ self.weights, beta)
        return self.mean + f * beta + residual

    def filtered(
        self, history: pd.DataFrame
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Past u [row] and e [row, series]; next betas, h^2 [series]; market state [part, 1]."""
        r = complete_rows(history, values_of(history, self.names), need=START + 2) - self.mean
        f = r @ self.weights
        scales = self.law.scales(f - self.law.mean)
        products = np.column_stack([f[:, None] * r, f**2])
        later, _ = lfilter(
            [1 - self.slow], [1, -self.slow], products, axis=0, zi=self.slow * self.start[None]
        )
        moments = np.vstack([self.start, later])
        beta = moments[:, :-1] / moments[:, -1:]
        residual = r - beta[:-1] * f[:, None]
        own = exponential_variance(residual, self.fast)
        e = residual[START:] / np.sqrt(np.maximum(own[:-1], 1e-300))
        state = self.law.state(f - self.law.mean)[:, None]
        return f[START:] / scales[START:-1], e, beta[-1], own[-1], state


def market_weights(panel: pd.DataFrame, market: str | None) -> np.ndarray:
    """Weights [series] of the market: all series alike, or one that is named."""
    if market is None:
        return np.full(panel.shape[1], 1 / panel.shape[1])
    if market not in panel.columns:
        raise ValueError(
            f"the panel has no series {market!r} to lead; it has {list(panel.columns)}"
        )
    return np.array([float(name == market) for name in panel.columns])
