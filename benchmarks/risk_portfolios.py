"""Portfolios from one joint model: 20 stocks of 2005-2022, 77 companies of 2010 to June 2025."""

from pathlib import Path

import numpy as np
import pandas as pd
from risk_study import LEVELS, REFIT, Study, cached, fz0, p_values, row

from econdiff.baselines.garch import GARCH
from econdiff.baselines.harch import HARCH
from econdiff.baselines.historical_simulation import HistoricalSimulation
from econdiff.baselines.market_factor import MarketFactor
from econdiff.baselines.market_fhs import MarketFHS
from econdiff.baselines.market_range import MarketRange
from econdiff.baselines.path_dependent import PathDependent
from econdiff.baselines.range_volatility import SUFFIX, day_ranges
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

EARLY = ("market factor, GJR", "market and own volatility, FHS")


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


RANGED: dict[str, Model] = {"market and own ranges, FHS: sees highs and lows": MarketRange()}


def large_cap_study(file: Path, *, ranges: bool = False, early: bool = False) -> Study:
    """Companies from 2010 to June 2025; each joins at a refit once 1000 of its days are known.

    `ranges` sets each day's beside its return: more than the other models see. `early` forecasts
    1994 to 2009, to choose by.
    """
    since, first, last = ("1990", "1994-01-03", "2009") if early else ("2002", "2010-01-01", "2025")
    table = pd.read_parquet(file, columns=["ticker", "date", "high", "low", "close"])
    table["ticker"] = table["ticker"].astype(str)
    table = table[~table["ticker"].isin(["SPY", "QQQ", "TLT", "GLD", "^GSPC"])]
    high, low, close = (
        table.pivot(index="date", columns="ticker", values=name).astype(float)
        for name in ("high", "low", "close")
    )
    returns = 100 * close.pct_change(fill_method=None).loc[since:last]
    series = returns.shape[1]
    drawn = np.random.default_rng(0).dirichlet(np.ones(series), 9)
    weights = np.vstack([np.full(series, 1 / series), drawn]).T
    if ranges:
        told = {name + SUFFIX: day_ranges(high[name], low[name], close[name]) for name in close}
        returns = returns.join(pd.DataFrame(told))
        weights = np.vstack([weights, np.zeros_like(weights)])
    returns.index = pd.DatetimeIndex(returns.index).to_period("D")
    start = int(returns.index.searchsorted(pd.Period(first, "D")))
    return Study(returns, start, weights, refit=63 if early else REFIT)


def large_cap(file: Path, extra: dict[str, Model], cache: Path) -> None:
    """The table of companies, and the rows that see highs and lows."""
    joint(large_cap_study(file), JOINT_MODELS | extra, cache)
    joint(large_cap_study(file, ranges=True), RANGED, cache)


def choose_joint_ranges(file: Path, cache: Path) -> None:
    """The decay of own variances from ranges, and what ranges gain, on 1994 to 2009."""
    plain = {name: JOINT_MODELS[name] for name in EARLY}
    joint(large_cap_study(file, early=True), plain, cache)
    made = {f"market and own ranges, {d}": MarketRange(decay=d) for d in (0.90, 0.94, 0.97, 0.99)}
    joint(large_cap_study(file, ranges=True, early=True), made, cache)
