"""The mean of many volatilities' quantiles, as one law that draws paths.

    y_t = mean over members k of [ m_k,t + s_k,t Q_k(u_t) ],   u_t uniform, the same for all members

m_k,t and s_k,t are a member's mean and scale given all y before t (the mean moves with the last
shock only, `volatility`), Q_k the quantile function of its shocks. Members
that share u_t move as one, so at every level VaR and ES of the next row are the means of the
members' VaR and ES: Vincent's average of quantiles (Lichtendahl, Grushka-Cockayne and Winkler,
2013, "Is it better to average probabilities or quantiles?", *Management Science* 59), the simple
combination of Taylor (2020), *International Journal of Forecasting* 36, that here has a future too.

Members are four formulas of long memory. Each is estimated on the last 1000 and on the last 2000
rows, and has a third member with the parameters of the S&P 500 from 1928 to 2002: what is estimated
on four years is noisy (Bollerslev, Hood, Huss and Pedersen, 2018, "Risk everywhere").
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.baselines.exponential import Formula, SeriesExponential, estimate
from econdiff.baselines.harch import MEMORIES, SQUARES
from econdiff.baselines.history import values_of
from econdiff.baselines.path_dependent import trending
from econdiff.baselines.volatility import FittedVolatility, Quantile, SeriesVolatility, fit_each
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after

SIZES = Formula(
    lambda e: np.stack([abs(e)] * 3 + [abs(e) * (e < 0)] * 3),
    MEMORIES * 2,
    lambda a, b0, *b: b0 + np.tensordot(b, a, axes=1),
    start=(0.05, 0.4 / 3, 0.4 / 3, 0.4 / 3, 0.2, 0.2, 0.2),
    bounds=((0, 1), *(((0, 3),) * 6)),
)
"""HARCH in absolute values, as threshold GARCH is to GJR."""


def _fallen(a: np.ndarray, b0: float, *b: float) -> np.ndarray:
    activity = np.tensordot(b[:3], a[:3], axes=1)
    fall = np.tensordot(b[3:], np.minimum(a[3:], 0), axes=1)
    return b0 + np.sqrt(np.maximum(activity, 1e-8)) + fall


FALLS = Formula(
    lambda e: np.stack([e**2] * 3 + [e] * 2),
    (*MEMORIES, 2.0, 15.0),
    _fallen,
    start=(0.05, 0.2, 0.2, 0.2, -0.3, -0.3),
    bounds=((0, 1), *(((0, 2),) * 3), *(((-3, 0),) * 2)),
)
"""s = b0 + sqrt(activity) + b min(trend, 0): falling markets, as in Corsi and Reno (2012)."""

Known = tuple[Formula, tuple[float, ...], float, float]  # with b, eta, lambda

USUAL: tuple[Known, ...] = (
    (SQUARES, (0.041, 0.0, 0.270, 0.284, 0.571, 0.217, 0.0), 6.38, -0.064),
    (trending((2, 20), (3, 20)), (0.111, -0.441, 0.877, 0.547, 0.828), 6.33, -0.056),
    (FALLS, (0.081, 0.018, 0.339, 0.249, -0.191, -1.049), 6.44, -0.059),
    (SIZES, (0.060, 0.0, 0.190, 0.565, 0.406, 0.545, 0.0), 6.39, -0.059),
)
"""Formulas with b, eta and lambda of the S&P 500 from 1928 to 2002-12-26; the command that prints
them is `benchmarks/risk_choice.py usual`."""


@dataclass(frozen=True)
class QuantileMean:
    """The mean of the quantiles of `USUAL`'s formulas; for panels of daily returns.

    `windows` are the rows that members are estimated on; `usual` adds the members that are not,
    whose mean, unit and tails are those of the longest window. Gaps as in `GARCH`.
    """

    windows: tuple[int, ...] = (1000, 2000)
    usual: bool = True

    def __post_init__(self) -> None:
        if not self.windows or min(self.windows) < 1:
            raise ValueError(f"windows are numbers of rows, as in (1000, 2000), got {self.windows}")

    def fit(self, panel: pd.DataFrame) -> "FittedQuantileMean":
        """Estimate each member; ValueError names a series that is constant or too short."""
        known = USUAL if self.usual else ()
        members = [*usual_members(panel, known, max(self.windows))]
        for window in sorted(self.windows, reverse=True):
            members += estimated_members(panel, [formula for formula, *_ in USUAL], window)
        return FittedQuantileMean(tuple(panel.columns), tuple(members))


def usual_members(
    panel: pd.DataFrame, known: Sequence[Known], window: int
) -> list[FittedVolatility]:
    """A member for each of `known`; mean, unit and tails are those of the last `window` rows."""
    last = panel.iloc[-window:]
    return [
        fit_each(last, lambda y, known=one: _usual(y, *known), shocks="tails", model="usual")
        for one in known
    ]


def estimated_members(
    panel: pd.DataFrame, formulas: Sequence[Formula], window: int
) -> list[FittedVolatility]:
    """A member for each formula, estimated on the last `window` rows."""
    last = panel.iloc[-window:]
    return [
        fit_each(last, lambda y, formula=one: estimate(y, formula), shocks="tails", model="own")
        for one in formulas
    ]


def _usual(
    y: np.ndarray, formula: Formula, b: tuple[float, ...], freedom: float, skew: float
) -> SeriesExponential:
    return SeriesExponential(formula, float(y.mean()), float(y.std()), b, freedom, skew, True)


@dataclass(frozen=True, eq=False)
class FittedQuantileMean:
    """The members; series are joint by the past ranks of the first one's shocks."""

    names: tuple[str, ...]
    members: tuple[FittedVolatility, ...]

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`."""
        values = values_of(history, self.names)
        gaps = np.isfinite(values)[::-1].argmax(axis=0)  # [series], rows since the last known
        u = self.members[0].uniform(paths, int(gaps.max()) + horizon, rng)
        samples = [
            self._futures(i, values[:, i], u[:, gaps.max() - gap :, i])[:, gap:]
            for i, gap in enumerate(gaps)
        ]
        unsure = [name for m in self.members for name in m.provenance["search_not_converged"]]
        provenance = {
            "model": "mean of quantiles of long-memory volatilities",
            "members": len(self.members),
            "search_not_converged": list(dict.fromkeys(unsure)),
        }
        future = steps_after(history, horizon)
        return Forecast(np.stack(samples, axis=-1), future, self.names, provenance=provenance)

    def series(self, i: int) -> tuple[list[SeriesVolatility], list[Quantile]]:
        """The members' laws of series `i`, and the quantile functions of their shocks."""
        quantiles = [m.quantiles[i] for m in self.members if m.quantiles]
        return [m.laws[i] for m in self.members], quantiles

    def _futures(self, i: int, y: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Paths [path, step] of series `i` after `y` [time] at the points `u` of every law."""
        laws, quantiles = self.series(i)
        slopes = [member.slopes[i] for member in self.members]
        known = y[np.isfinite(y)]
        states = [np.repeat(law.state(known - law.mean)[:, None], len(u), axis=1) for law in laws]
        z = [q(u) for q in quantiles]
        path, last = np.empty_like(u), known[-1]
        for step in range(u.shape[1]):
            drawn = [
                law.mean + slope * (last - law.mean) + law.scale(state) * shock[:, step]
                for law, slope, state, shock in zip(laws, slopes, states, z, strict=True)
            ]
            last = path[:, step] = np.mean(drawn, axis=0)
            states = [
                law.moved(state, last - law.mean) for law, state in zip(laws, states, strict=True)
            ]
        return path
