"""Value-at-Risk and Expected Shortfall of portfolios on joint paths, and who in them causes it.

Weights are shares of wealth, negative where short; each column is one portfolio, and it is bought
at the origin and held. An asset's gain over h steps is exp(sum of log returns) - 1, or
prod(1 + simple returns) - 1, and a portfolio's is the weighted sum: linear in the weights, so
that Euler's rule splits its risk exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from econdiff.forecast import Forecast
from econdiff.risk.measures import (
    es_standard_error,
    expected_shortfall,
    loss_probability,
    loss_probability_error,
    maximum_drawdown,
    semi_deviation,
    semi_deviation_error,
    tail_weights,
    value_at_risk,
    var_standard_error,
)

Kind = Literal["log", "simple"]


@dataclass(frozen=True, eq=False)
class Gains:
    """What one unit of each asset has gained by each step: `values[path, step, series]`."""

    values: np.ndarray
    names: tuple[str, ...]

    def at(self, horizon: int) -> np.ndarray:
        """Gains over the first `horizon` steps [path, series]."""
        if not 1 <= horizon <= self.values.shape[1]:
            raise ValueError(f"the paths reach {self.values.shape[1]} steps, asked for {horizon}")
        return self.values[:, horizon - 1]

    def frame(self, horizon: int = 1) -> pd.DataFrame:
        """Gains over the first `horizon` steps as a plain table [path x series], fractions.

        What PyPortfolioOpt (`EfficientCVaR(expected_returns, returns=frame)`) and Riskfolio-Lib
        (`Portfolio(returns=frame)`) take for returns: every row one scenario of equal probability.
        """
        rows = pd.RangeIndex(len(self.values), name="path")
        return pd.DataFrame(self.at(horizon), index=rows, columns=list(self.names))


def price_gains(forecast: Forecast, last: pd.Series) -> Gains:
    """Gains of each asset on paths of its price, from the `last` price known: P_h / P_0 - 1.

    `forecast` is in prices, by series of which `last` [series] names some or all, and may hold
    others (macro series), which are passed over. So a joint path of macro and market series, free
    or conditioned on a scenario, has a portfolio loss. Raises ValueError where a price is not
    above zero, or is drawn below it.
    """
    held = [name for name in forecast.names if name in last.index]
    start = last.reindex(held).to_numpy(float)
    wrong = [name for name, price in zip(held, start, strict=True) if not price > 0]
    if wrong or not held:
        raise ValueError(
            f"the last price of {wrong or list(last.index)} is needed and must be above zero"
        )
    drawn = forecast.select(*held).samples
    if drawn.min() < 0:
        raise ValueError(
            f"a price of {drawn.min():g} was drawn, below zero; model prices by their logarithms"
        )
    return Gains(drawn / start - 1, tuple(held))


def gains(forecast: Forecast, *, kind: Kind, percent: bool = False) -> Gains:
    """Gains of each asset from paths of its returns, one row a step.

    `kind` says what the paths are of; `percent` that 1 means 1%. Raises ValueError where a simple
    return below -100% was drawn.
    """
    r = forecast.samples / (100 if percent else 1)
    if kind == "log":
        return Gains(np.expm1(r.cumsum(axis=1)), forecast.names)
    if kind != "simple":
        raise ValueError(f"kind is 'log' or 'simple', got {kind!r}")
    if r.min() < -1:
        raise ValueError(
            f"a simple return of {100 * r.min():.0f}% was drawn, below -100%; are the returns in "
            "percent (percent=True), or log returns (kind='log')?"
        )
    return Gains((1 + r).cumprod(axis=1) - 1, forecast.names)


def equal_weights(names: Sequence[str]) -> pd.DataFrame:
    """One portfolio, "equal", that holds the same of each."""
    return pd.DataFrame({"equal": 1 / len(names)}, index=pd.Index(list(names)))


def matched_weights(weights: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """`weights` [series, portfolio] in the order of `names`; ValueError where they do not match."""
    absent = [str(name) for name in weights.index if name not in names]
    if absent:
        raise ValueError(f"weights name {absent}, which are not among the series {list(names)}")
    doubled = [str(name) for name in weights.index[weights.index.duplicated()]]
    if doubled:
        raise ValueError(f"weights name {doubled} more than once; add them up to one row each")
    values = weights.reindex(list(names)).fillna(0.0).to_numpy(float)
    empty = [
        str(name) for name, held in zip(weights.columns, values.T, strict=True) if not held.any()
    ]
    if empty:
        raise ValueError(f"the portfolios {empty} hold nothing; give at least one weight each")
    return values


def risk_table(
    assets: Gains,
    weights: pd.DataFrame,
    *,
    alphas: Sequence[float] = (0.01, 0.025, 0.05),
    horizons: Sequence[int] = (1,),
    loss: float = 0.0,
) -> pd.DataFrame:
    """One row a portfolio, horizon and level: VaR and ES as returns, with Monte Carlo errors.

    Columns: portfolio, horizon, alpha, VaR, VaR_se, ES, ES_se, the probability of losing more than
    `loss` (a share of wealth; 0 is any loss) and its error, mean, semi_deviation and its error, and
    the median over paths of the maximum drawdown up to the horizon.
    """
    held = matched_weights(weights, assets.names)
    rows = []
    for name, w in zip(weights.columns, held.T, strict=True):
        path = assets.values @ w  # [path, step]
        for horizon in horizons:
            assets.at(horizon)
            total = path[:, horizon - 1]
            drawdown = float(np.median(maximum_drawdown(1 + path[:, :horizon])))
            rows += [
                {
                    "portfolio": name,
                    "horizon": horizon,
                    "alpha": alpha,
                    "VaR": float(value_at_risk(total, alpha)),
                    "VaR_se": float(var_standard_error(total, alpha)),
                    "ES": float(expected_shortfall(total, alpha)),
                    "ES_se": float(es_standard_error(total, alpha)),
                    "loss_probability": float(loss_probability(total, loss)),
                    "loss_probability_se": float(loss_probability_error(total, loss)),
                    "mean": float(total.mean()),
                    "semi_deviation": float(semi_deviation(total)),
                    "semi_deviation_se": float(semi_deviation_error(total)),
                    "maximum_drawdown": drawdown,
                }
                for alpha in alphas
            ]
    return pd.DataFrame(rows)


def contributions(
    assets: Gains, weights: pd.Series, *, alpha: float, horizon: int = 1
) -> pd.DataFrame:
    """What each asset adds to a portfolio's VaR and ES, one row an asset.

    marginal     d measure / d weight = E[gain | the portfolio's tail]
    component    weight x marginal; the components add up to the measure (Euler; Tasche, 2000)
    incremental  the measure less that of the portfolio without the asset
    """
    w = matched_weights(weights.to_frame(), assets.names)[:, 0]
    each = assets.at(horizon)
    total = each @ w
    table = pd.DataFrame({"weight": w}, index=pd.Index(assets.names, name="series"))
    for label, measure in (("VaR", value_at_risk), ("ES", expected_shortfall)):
        marginal = tail_weights(total, alpha, measure=label.lower()) @ each
        without = total[:, None] - each * w
        table[f"marginal_{label}"] = marginal
        table[f"component_{label}"] = w * marginal
        table[f"incremental_{label}"] = measure(total, alpha) - measure(without, alpha)
    return table.reset_index()


def factor_contributions(total: np.ndarray, factors: pd.DataFrame, *, alpha: float) -> pd.DataFrame:
    """What each factor adds to the VaR and ES of `total` [path]; they add up, with what is left.

    The portfolio is regressed on `factors` [path x factor] over the paths, total = a + F b + rest;
    a factor's component is b E[F | tail], and "specific" is that of a + rest.
    """
    F = factors.to_numpy(float)
    if len(F) != len(total):
        raise ValueError(f"factors have {len(F)} paths, the portfolio {len(total)}")
    X = np.column_stack([np.ones(len(F)), F])
    b = np.linalg.lstsq(X, total, rcond=None)[0][1:]
    parts = np.column_stack([F * b, total - F @ b])
    table = {"factor": [*map(str, factors.columns), "specific"], "exposure": [*b, np.nan]}
    for label in ("VaR", "ES"):
        table[f"component_{label}"] = tail_weights(total, alpha, measure=label.lower()) @ parts
    return pd.DataFrame(table)
