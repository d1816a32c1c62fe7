"""Portfolios from one joint model: 20 stocks of 2005-2022, 77 companies of 2010 to June 2025."""

from pathlib import Path

import numpy as np
import pandas as pd
from risk_study import LEVELS, Study, cached, fz0, p_values, row

from econdiff.baselines.garch import GARCH
from econdiff.baselines.harch import HARCH
from econdiff.baselines.historical_simulation import HistoricalSimulation
from econdiff.baselines.market_factor import MarketFactor
from econdiff.baselines.market_fhs import MarketFHS
from econdiff.baselines.path_dependent import PathDependent
from econdiff.forecast import Model


def stocks_study(first_day: str = "2005-01-01", end: str = "2023") -> Study:
    """20 stocks of skfolio, from `first_day` to `end`; equal weights and nine of Dirichlet(1)."""
    from skfolio.datasets import load_sp500_dataset

    returns = 100 * load_sp500_dataset().pct_change().dropna()
    returns.index = returns.index.to_period("D")
    returns = returns[returns.index < pd.Period(end, "D")]
    first = int(returns.index.searchsorted(pd.Period(first_day, "D")))
    series = returns.shape[1]
    drawn = np.random.default_rng(0).dirichlet(np.ones(series), 9)
    weights = np.vstack([np.full(series, 1 / series), drawn]).T
    return Study(returns, first, weights)


JOINT_MODELS: dict[str, Model] = {
    "market factor, mixed volatility": MarketFactor(),
    "market factor, path-dependent": MarketFactor(lead=PathDependent()),
    "market factor, HARCH": MarketFactor(lead=HARCH()),
    "market factor, GJR": MarketFactor(lead=GARCH()),
    "market and own volatility, FHS": MarketFHS(),
    "market and own volatility, FHS, .94": MarketFHS(decay=0.94),
    "market volatility only, FHS": MarketFHS(decay=1.0),
    "historical": HistoricalSimulation(),
}


def joint(study: Study, models: dict[str, Model], cache: Path) -> None:
    """Mean FZ0 over portfolios of each joint model, and how many portfolios DQ and POF reject."""
    print(
        f"{study.returns.shape[1]} series, {study.weights.shape[1]} portfolios, "
        f"{len(study.realised)} days: mean FZ0 at 1/2.5/5%; rejected by DQ, by POF at 5%"
    )
    rows = []
    for name, model in models.items():
        var, es = cached(cache, study, name, model)
        found = p_values(study, var)
        rejected = [
            "/".join(str(int((found.query("level == @a")[test] < 0.05).sum())) for a in LEVELS)
            for test in ("DQ", "POF")
        ]
        rows.append((name, fz0(study, var, es).mean(axis=(0, 1)), rejected))
    for name, loss, rejected in sorted(rows, key=lambda row: row[1][0]):
        print(f"      {name:48s} {row(loss)}   {rejected[0]}   {rejected[1]}")


def large_cap_study(file: Path) -> Study:
    """Companies from 2010 to June 2025; each joins at a refit once 1000 of its days are known."""
    table = pd.read_parquet(file, columns=["ticker", "date", "close"])
    table["ticker"] = table["ticker"].astype(str)
    close = table.pivot(index="date", columns="ticker", values="close").astype(float)
    close = close.drop(columns=[c for c in ("SPY", "QQQ", "TLT", "GLD", "^GSPC") if c in close])
    returns = 100 * close.pct_change(fill_method=None).loc["2005":]
    returns.index = pd.DatetimeIndex(returns.index).to_period("D")
    first = int(returns.index.searchsorted(pd.Period("2010-01-01", "D")))
    series = returns.shape[1]
    drawn = np.random.default_rng(0).dirichlet(np.ones(series), 9)
    return Study(returns, first, np.vstack([np.full(series, 1 / series), drawn]).T)
