"""Settings of market-risk models, chosen on days before those of the tables."""

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from risk_portfolios import joint, stocks_study
from risk_study import Pair, Study, cached, fz0, p_values, row

from econdiff.baselines.exponential import Formula, estimate
from econdiff.baselines.garch import GARCH
from econdiff.baselines.harch import HARCH, SQUARES
from econdiff.baselines.market_factor import MarketFactor
from econdiff.baselines.market_fhs import MarketFHS
from econdiff.baselines.path_dependent import PathDependent
from econdiff.baselines.quantile_mean import (
    USUAL,
    FittedQuantileMean,
    Known,
    estimated_members,
    usual_members,
)
from econdiff.baselines.range_volatility import SUFFIX, RangeVolatility, day_ranges
from econdiff.baselines.volatility import FittedVolatility, fit_each
from econdiff.forecast import Model

FORMULAS = ("squares", "trend", "falls", "sizes")  # in the order of USUAL


def closes(file: Path, first: str, last: str) -> pd.DataFrame:
    """Returns of the S&P 500 in per cent from `first` to `last`."""
    close = pd.read_csv(file).query("ticker == '^GSPC'").set_index("date")["close"]
    returns = (100 * np.log(close).diff().dropna()).to_frame("SPX")
    returns.index = pd.PeriodIndex(returns.index, freq="D")
    return returns[first:last]


def usual(file: Path) -> None:
    """Parameters of each formula over 1928 to the day before the test; what USUAL should hold."""
    y = closes(file, "1928", "2002-12-26")["SPX"].to_numpy()
    for name, (formula, b, freedom, skew) in zip(FORMULAS, USUAL, strict=True):
        law = estimate(y, formula)
        print(f"{name:8s} found {np.round(law.b, 3)} {law.freedom:.2f} {law.skew:.3f}")
        print(f"{name:8s} held  {np.round(b, 3)} {freedom:.2f} {skew:.3f}")


@dataclass(frozen=True, eq=False)
class Member:
    """One member of `QuantileMean` by itself: `known` parameters, or a formula to estimate."""

    of: Known | Formula
    window: int

    def fit(self, panel: pd.DataFrame) -> FittedQuantileMean:
        """See `Model.fit`."""
        if isinstance(self.of, Formula):
            found = estimated_members(panel, [self.of], self.window)
        else:
            found = usual_members(panel, [self.of], self.window)
        return FittedQuantileMean(tuple(panel.columns), tuple(found))


STRETCHES = (  # days forecast, and the years whose parameters are the usual ones there
    (("1936-01-01", "1969-12-31"), ("1970", "2002-12-26")),
    (("1970-01-01", "2002-12-26"), ("1928", "1969-12-31")),
)


def choose_index(file: Path, cache: Path) -> None:
    """One day ahead on the S&P 500 before the test; refit every 63 days."""
    for (first, last), years in STRETCHES:
        y = closes(file, *years)["SPX"].to_numpy()
        laws = {name: estimate(y, f) for name, (f, *_) in zip(FORMULAS, USUAL, strict=True)}
        models: dict[str, Model] = {}
        for name, law in laws.items():
            known = (law.formula, law.b, law.freedom, law.skew)
            models[f"{name}, usual"] = Member(known, 2000)
            for window in (1000, 2000):
                models[f"{name}, {window}"] = Member(law.formula, window)
        models["GJR, 1000"], models["threshold, 1000"] = (
            GARCH(tails=True),
            GARCH(tails=True, power=1),
        )
        returns = closes(file, "1928", last)
        start = int(returns.index.searchsorted(pd.Period(first, "D")))
        found = {}
        for name, model in models.items():
            window = 2000 if isinstance(model, Member) else 1000
            study = Study(returns, start, np.ones((1, 1)), window=window, refit=63)
            found[name] = cached(cache / first[:4], study, name, model)
        print(f"S&P 500, {len(study.realised)} days of {first[:4]}-{last[:4]}: FZ0 at 1/2.5/5%, DQ")
        _print_means(study, found)


def _print_means(study: Study, found: dict[str, Pair]) -> None:
    """Each member, then means of all members of some formulas, the worst first."""
    rows = dict(found)
    for size in range(1, len(FORMULAS) + 1):
        for names in combinations(FORMULAS, size):
            for kinds in (("1000", "2000"), ("usual",), ("1000", "2000", "usual")):
                chosen = [found[f"{name}, {kind}"] for name in names for kind in kinds]
                label = f"mean of {', '.join(names)}: {', '.join(kinds)}"
                rows[label] = (
                    np.mean([pair[0] for pair in chosen], axis=0),
                    np.mean([pair[1] for pair in chosen], axis=0),
                )
    losses = {name: fz0(study, *pair)[:, 0].mean(axis=0) for name, pair in rows.items()}
    for name in sorted(losses, key=lambda name: -losses[name].sum()):
        dq = p_values(study, rows[name][0])["DQ"].to_numpy()
        print(f"      {name:64s} {row(losses[name])}   {row(dq, 3)}", flush=True)


FLATS = (0.0, 0.05, 0.1, 0.2)


@dataclass(frozen=True)
class Sloping:
    """HARCH with fitted tails and slopes of prior deviation `flat`."""

    flat: float

    def fit(self, panel: pd.DataFrame) -> FittedVolatility:
        """See `Model.fit`."""
        return fit_each(
            panel, lambda y: estimate(y, SQUARES), shocks="tails", model="HARCH", flat=self.flat
        )


def choose_slope(file: Path, cache: Path) -> None:
    """What a return owes to the last, one and ten days ahead on the S&P 500 before the test."""
    for (first, last), _ in STRETCHES:
        returns = closes(file, "1928", last)
        start = int(returns.index.searchsorted(pd.Period(first, "D")))
        for horizon in (1, 10):
            study = Study(returns, start, np.ones((1, 1)), horizon=horizon, paths=1000, refit=63)
            print(f"S&P 500, {first[:4]}-{last[:4]}, {horizon} days: FZ0 and hits at 1/2.5/5%")
            for flat in FLATS:
                var, es = cached(cache / first[:4], study, f"slope {flat}", Sloping(flat))
                hits = 100 * (study.realised < var[:, 0]).mean(axis=0)
                loss = fz0(study, var, es)[:, 0].mean(axis=0)
                print(f"      prior deviation {flat:4g}   {row(loss)}   {row(hits, 2)}", flush=True)


COMPANIES = ("MSFT", "KO", "XOM", "JPM", "PG", "WMT")


def choose_ranges(file: Path) -> None:
    """HARCH of squared returns against that of squared ranges, both windows; refit every 63."""
    table = pd.read_parquet(file)
    for name in COMPANIES:
        one = table[table["ticker"].astype(str) == name].set_index("date")[:"2002-12-26"]
        high, low, close = (one[column].astype(float) for column in ("high", "low", "close"))
        both = pd.DataFrame(
            {name: 100 * np.log(close).diff(), name + SUFFIX: day_ranges(high, low, close)}
        ).dropna()
        both.index = pd.DatetimeIndex(both.index).to_period("D")
        both = both[both[name + SUFFIX] > 0]
        first = int(both.index.searchsorted(pd.Period("1994-01-03", "D")))
        ranged = Study(both, first, np.array([[1.0], [0.0]]), window=2000, refit=63)
        plain = Study(both[[name]], first, np.ones((1, 1)), window=2000, refit=63)
        squares = [
            plain.forecasts(Member(SQUARES, window)) for window in (1000, 2000)
        ]  # [window][VaR, ES]
        var, es = np.mean(squares, axis=0)
        print(f"{name:6s} returns {row(fz0(plain, var, es)[:, 0].mean(axis=0))}", end="   ")
        var, es = ranged.forecasts(RangeVolatility())
        print(f"ranges {row(fz0(ranged, var, es)[:, 0].mean(axis=0))}", flush=True)


def choose_stocks(cache: Path) -> None:
    """The joint models on the stocks of 1994-2004."""
    joint(stocks_study("1994-01-03", "2005-01-01"), JOINT_CHOICES, cache)


JOINT_CHOICES: dict[str, Model] = {
    **{f"market and own volatility, {d}": MarketFHS(decay=d) for d in (0.90, 0.94, 0.97, 0.99)},
    **{
        f"market (path-dependent) and own volatility, {d}": MarketFHS(decay=d, lead=PathDependent())
        for d in (0.97, 0.99)
    },
    **{
        f"market factor (path-dependent), {d}": MarketFactor(lead=PathDependent(), fast=d)
        for d in (0.94, 0.97)
    },
    "market factor (HARCH), 0.97": MarketFactor(lead=HARCH()),
    "market factor (mixed), 0.97": MarketFactor(),
    "market factor (GJR), 0.97": MarketFactor(lead=GARCH()),
}
