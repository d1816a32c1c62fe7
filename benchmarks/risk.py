"""Market risk, section D of the protocol: index, portfolios, golden values.

    python benchmarks/risk.py choose-index FILE   S&P 500 of 1970-2002, FILE has ticker, date, close
    python benchmarks/risk.py index               S&P 500, one day
    python benchmarks/risk.py ten-days            the same, ten days
    python benchmarks/risk.py choose-stocks       the stocks of 1994-2004
    python benchmarks/risk.py stocks              20 stocks, 10 portfolios, one joint model each
    python benchmarks/risk.py golden FILE         every backtest against values of R, MATLAB, Python
    python benchmarks/risk.py large-cap FILE      78 companies, 2010 - June 2025

Data come with `arch` (S&P 500) and `skfolio` (20 stocks). `--model diffusion` adds any model by
the command's name to the tables of index and stocks. Settings are chosen in the two `choose` parts,
on days before those of the tables; `risk_stress.py` has the stress given the market.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from risk_golden import golden
from scipy import stats

from econdiff.baselines.caviar import CAViaR
from econdiff.baselines.ewma import EWMA
from econdiff.baselines.garch import GARCH
from econdiff.baselines.harch import HARCH
from econdiff.baselines.historical_simulation import HistoricalSimulation
from econdiff.baselines.market_factor import MarketFactor
from econdiff.baselines.market_fhs import MarketFHS
from econdiff.baselines.mixed_volatility import MixedVolatility
from econdiff.baselines.on_volatility import FittedOnVolatility, OnVolatility, past_shocks
from econdiff.baselines.path_dependent import PathDependent
from econdiff.baselines.volatility import FittedVolatility
from econdiff.commands.models import named_model
from econdiff.diffusion.model import Diffusion, FittedDiffusion
from econdiff.diffusion.sampler import angular, last
from econdiff.diffusion.schedule import even_angles
from econdiff.forecast import Forecaster, Model
from econdiff.risk import backtests as bt
from econdiff.risk.measures import expected_shortfall
from econdiff.scoring import model_confidence_set

LEVELS = (0.01, 0.025, 0.05)
REFIT = 21
PATHS = 5000
EVEN = 500  # draws of the diffusion model where they are not random


def draws(forecaster: Forecaster, history: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """The next row [draw, series]: exactly where the law has atoms, by Monte Carlo otherwise."""
    if isinstance(forecaster, FittedVolatility):
        both = zip(forecaster.laws, history.to_numpy(float).T, strict=True)
        scale = np.array([law.scales(y - law.mean)[-1] for law, y in both])
        return np.array([law.mean for law in forecaster.laws]) + _shocks(forecaster) * scale
    if isinstance(forecaster, FittedOnVolatility):
        z = draws(forecaster.shocks, past_shocks(forecaster.volatility, history), rng)
        both = zip(forecaster.volatility.laws, history.to_numpy(float).T, strict=True)
        scale = np.array([law.scales(y - law.mean)[-1] for law, y in both])
        return np.array([law.mean for law in forecaster.volatility.laws]) + z * scale
    if isinstance(forecaster, FittedDiffusion) and len(forecaster.names) == 1:
        return _even_draws(forecaster, history)
    if hasattr(forecaster, "atoms") and getattr(forecaster, "filtered", True):
        return forecaster.atoms(history)
    return forecaster.sample(history, horizon=1, paths=PATHS, rng=rng).samples[:, 0]


@lru_cache(maxsize=2)  # a fit serves 21 days
def _shocks(forecaster: FittedVolatility) -> np.ndarray:
    """Standardised shocks, equally likely [draw, series]."""
    if forecaster.quantiles is None:
        return forecaster.shocks
    u = (np.arange(20_000) + 0.5) / 20_000
    return np.stack([q(u) for q in forecaster.quantiles], axis=1)


@lru_cache(maxsize=2)
def _unit_tails(forecaster: FittedVolatility) -> tuple[np.ndarray, np.ndarray]:
    """VaR and ES [level] of the shocks of the first series."""
    z = _shocks(forecaster)[:, 0]
    return np.quantile(z, LEVELS), np.array([expected_shortfall(z, a) for a in LEVELS])


def _scaled_tails(
    forecaster: FittedVolatility, history: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """VaR and ES [level] of a single series: those of its shocks times its scale."""
    law = forecaster.laws[0]
    scale = law.scales(history.iloc[:, 0].to_numpy() - law.mean)[-1]
    var, es = _unit_tails(forecaster)
    return law.mean + scale * var, law.mean + scale * es


def _even_draws(forecaster: FittedDiffusion, history: pd.DataFrame) -> np.ndarray:
    """One step of one series [draw, 1]: the sampler is a map, so even noise gives even draws."""
    at = forecaster.origin(history, 1)
    noise = stats.norm.ppf((np.arange(EVEN) + 0.5) / EVEN)[:, None, None]
    with torch.inference_mode():
        steps = even_angles(forecaster.settings.turns)
        z = last(angular(at.denoise, torch.from_numpy(noise).float(), steps))
    return at.color(z.double().numpy()[:, None])[:, 0, :, 0]


@dataclass(frozen=True)
class Study:
    """Returns, the first day forecast, what is held, and how far ahead."""

    returns: pd.DataFrame
    first: int
    weights: np.ndarray  # [series, portfolio]
    window: int = 1000  # rows that a fit and a forecast see; path-dependent models see 2000
    horizon: int = 1

    def held(self, day: int) -> np.ndarray:
        """Weights [series, portfolio] from the last refit on: of series that were known by then."""
        fit = day - (day - self.first) % REFIT
        known = self.returns.iloc[max(0, fit - self.window) : fit].notna().all().to_numpy()
        weights = self.weights * known[:, None]
        return weights / weights.sum(axis=0)

    @cached_property
    def realised(self) -> np.ndarray:
        """What each portfolio returned over `horizon` days from each origin [day, portfolio]."""
        values = self.returns.fillna(0).to_numpy()
        origins = range(self.first, len(values) - self.horizon + 1)
        return np.array(
            [values[day : day + self.horizon].sum(axis=0) @ self.held(day) for day in origins]
        )

    def days(self, model: Model) -> Iterator[tuple[int, pd.DataFrame, Forecaster, np.ndarray]]:
        """Each day forecast: number, history, model refitted every 21 days, weights it gives."""
        reaches = isinstance(model, PathDependent | MixedVolatility)
        seen = max(self.window, 2000) if reaches else self.window
        for day in range(self.first, len(self.returns) - self.horizon + 1):
            if (day - self.first) % REFIT == 0:
                weights = self.held(day)
                names = self.returns.columns[weights.any(axis=1)]
                weights = weights[weights.any(axis=1)]
                forecaster = model.fit(self.returns[names].iloc[max(0, day - seen) : day])
            history = self.returns[names].iloc[max(0, day - seen) : day]
            yield day - self.first, history, forecaster, weights

    def forecasts(self, model: Model, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """VaR and ES [day, portfolio, level]."""
        rng = np.random.default_rng(seed)
        shape = (*self.realised.shape, len(LEVELS))
        var, es = np.empty(shape), np.empty(shape)
        for t, history, forecaster, weights in self.days(model):
            if self.horizon == 1 and isinstance(forecaster, FittedVolatility) and len(weights) == 1:
                var[t], es[t] = _scaled_tails(forecaster, history)
                continue
            if self.horizon == 1:
                law = draws(forecaster, history, rng) @ weights
            else:
                made = forecaster.sample(history, horizon=self.horizon, paths=2000, rng=rng)
                law = made.samples.sum(axis=1) @ weights
            var[t] = np.quantile(law, LEVELS, axis=0).T
            es[t] = np.stack([expected_shortfall(law, a) for a in LEVELS], axis=-1)
        return np.minimum(var, -1e-9), np.minimum(es, var - 1e-9)


def fz0(study: Study, var: np.ndarray, es: np.ndarray) -> np.ndarray:
    """FZ0 losses [day, portfolio, level]."""
    r = study.realised
    losses = np.empty_like(var)
    for p in range(var.shape[1]):
        for k, alpha in enumerate(LEVELS):
            losses[:, p, k] = bt.fz0_loss(r[:, p], var[:, p, k], es[:, p, k], alpha)
    return losses


def p_values(study: Study, var: np.ndarray) -> pd.DataFrame:
    """Kupiec, coverage and DQ p-values, one row a level and portfolio."""
    rows = []
    for p in range(var.shape[1]):
        r = study.realised[:, p]
        for k, alpha in enumerate(LEVELS):
            hit = r < var[:, p, k]
            rows.append(
                {
                    "portfolio": p,
                    "level": alpha,
                    "hits": 100 * hit.mean(),
                    "POF": bt.kupiec(hit, alpha).p_value,
                    "CC": bt.christoffersen_coverage(hit, alpha).p_value,
                    "DQ": bt.dynamic_quantile(r, var[:, p, k], alpha).p_value,
                }
            )
    return pd.DataFrame(rows)


def index_study(horizon: int = 1) -> Study:
    from arch.data import sp500

    price = sp500.load()["Adj Close"]
    returns = (100 * np.log(price).diff().dropna()).to_frame("SPX")
    returns.index = returns.index.to_period("D")
    first = returns.index.searchsorted(pd.Period("2002-12-27", "D"))
    return Study(returns, int(first), np.ones((1, 1)), horizon=horizon)


KERNELS = [
    ((a, b), (c, d))
    for a, b, c, d in (
        (10, 55, 3, 20),
        (2, 20, 3, 20),
        (5, 25, 12.6, 84),
        (5, 40, 5, 60),
        (2, 20, 5, 60),
        (10, 55, 5, 60),
        (2, 40, 5, 100),
    )
]  # rows; the third is Guyon and Lekeufack's own
INDEX_CHOICES: dict[str, Model] = {
    "GJR-skewed-t": GARCH(),
    "GJR-FHS": GARCH(filtered=True),
    **{f"path-dependent {a} {b}": PathDependent(trend=a, activity=b) for a, b in KERNELS},
    "path-dependent (2, 20) (3, 20), FHS": PathDependent("past"),
    "path-dependent (2, 20) (3, 20), 1000 rows": PathDependent(window=1000),
    "path-dependent (2, 20) (3, 20), 4000 rows": PathDependent(window=4000),
}


def index_choice(file: Path, cache: Path) -> None:
    """One day ahead on the S&P 500 from 1970 to the day before the test begins."""
    close = pd.read_csv(file).query("ticker == '^GSPC'").set_index("date")["close"]
    returns = (100 * np.log(close).diff().dropna()).to_frame("SPX")
    returns.index = pd.PeriodIndex(returns.index, freq="D")
    returns = returns["1960":"2002-12-26"]
    first = int(returns.index.searchsorted(pd.Period("1970-01-01", "D")))
    study = Study(returns, first, np.ones((1, 1)))
    print(f"S&P 500, {len(study.realised)} days of 1970-2002: FZ0 at 1/2.5/5%")
    for name, model in INDEX_CHOICES.items():
        loss = fz0(study, *_cached(cache / "choice", study, name, model))[:, 0].mean(axis=0)
        print(f"      {name:44s} {_row(loss)}", flush=True)


INDEX_MODELS: dict[str, Model] = {
    "mixed volatility": MixedVolatility(),
    "GJR, fitted tails": GARCH(tails=True),
    "threshold GARCH, fitted tails": GARCH(tails=True, power=1),
    "HARCH, fitted tails": HARCH("tails"),
    "path-dependent, fitted tails": PathDependent("tails"),
    "GJR-skewed-t": GARCH(),
    "GJR-FHS": GARCH(filtered=True),
    "CAViaR-AS": CAViaR(),
    "GARCH-t": GARCH(asymmetric=False),
    "EWMA-normal": EWMA(),
    "EWMA-FHS": EWMA(filtered=True),
    "HS250": HistoricalSimulation(),
    "diffusion": Diffusion(),
    "diffusion on GJR": OnVolatility(Diffusion()),
}
FOUR = tuple(name for name in INDEX_MODELS if name.endswith("fitted tails"))
COMBINED = ("GJR-skewed-t", "GJR-FHS", "CAViaR-AS")
OURS = ("GJR, fitted tails", *COMBINED)


def _mean(
    found: dict[str, tuple[np.ndarray, np.ndarray]], names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """The means of the VaRs and of the ESs of some models."""
    var, es = (np.mean([found[name][i] for name in names], axis=0) for i in (0, 1))
    return var, es


def index(extra: dict[str, Model], cache: Path) -> None:
    study = index_study()
    found = {name: _cached(cache, study, name, m) for name, m in (INDEX_MODELS | extra).items()}
    found["mean of GJR, its FHS, CAViaR"] = _mean(found, COMBINED)
    found["the same and GJR, fitted tails"] = _mean(found, OURS)
    found["mean of four volatilities, fitted tails"] = _mean(found, FOUR)
    losses = {name: fz0(study, *pair)[:, 0] for name, pair in found.items()}
    inside = []
    for k in range(len(LEVELS)):
        table = np.stack([loss[:, k] for loss in losses.values()], axis=1)
        kept = model_confidence_set(table, rng=np.random.default_rng(1))
        inside.append(dict(zip(losses, kept, strict=True)))
    print(f"S&P 500, {len(study.realised)} days; MCS is the p-value in the 90% set")
    for k, alpha in enumerate(LEVELS):
        print(f"\n{alpha:.1%}  {'':36s} hits%   FZ0     MCS    POF    CC     DQ")
        for name, pair in sorted(found.items(), key=lambda item: losses[item[0]][:, k].mean()):
            row = p_values(study, pair[0]).query("level == @alpha").iloc[0]
            print(
                f"      {name:36s} {row.hits:5.2f}  {losses[name][:, k].mean():.4f}  "
                f"{inside[k][name]:.3f}  {row.POF:.3f}  {row.CC:.3f}  {row.DQ:.3f}"
            )


def index_ten_days(cache: Path) -> None:
    study = index_study(10)
    names = ("HARCH, fitted tails", "mixed volatility", *OURS, "EWMA-FHS", "HS250")
    models = {name: INDEX_MODELS[name] for name in names}
    found = {name: _cached(cache, study, name, m) for name, m in models.items()}
    found["mean of GJR, its FHS, CAViaR"] = _mean(found, COMBINED)
    found["the same and GJR, fitted tails"] = _mean(found, OURS)
    print(f"\nTen days, {len(study.realised)} overlapping origins: FZ0 at 1/2.5/5%, hits %")
    for name, pair in found.items():
        loss = fz0(study, *pair)[:, 0].mean(axis=0)
        hits = 100 * (study.realised < pair[0][:, 0]).mean(axis=0)
        print(f"      {name:36s} {_row(loss)}   {_row(hits, 2)}")


def _cached(cache: Path, study: Study, name: str, model: Model) -> tuple[np.ndarray, np.ndarray]:
    """VaR and ES of one model, kept so that a run that is stopped can go on."""
    shape = f"{study.returns.shape[1]}x{study.weights.shape[1]}h{study.horizon}"
    file = cache / f"{shape}-{''.join(c for c in name if c.isalnum())}.npz"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        var, es = study.forecasts(model)
        np.savez(file.with_suffix(".tmp.npz"), var=var, es=es)
        file.with_suffix(".tmp.npz").replace(file)
        print(f"[{name} done]", flush=True)
    held = np.load(file)
    return held["var"], held["es"]


def _row(values: np.ndarray, digits: int = 4) -> str:
    return " ".join(f"{value:.{digits}f}" for value in values)


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


def joint(study: Study, models: dict[str, Model], cache: Path) -> None:
    """Mean FZ0 over portfolios of each joint model, and how many portfolios DQ and POF reject."""
    print(
        f"{study.returns.shape[1]} series, {study.weights.shape[1]} portfolios, "
        f"{len(study.realised)} days: mean FZ0 at 1/2.5/5%; rejected by DQ, by POF at 5%"
    )
    rows = []
    for name, model in models.items():
        var, es = _cached(cache, study, name, model)
        found = p_values(study, var)
        rejected = [
            "/".join(str(int((found.query("level == @a")[test] < 0.05).sum())) for a in LEVELS)
            for test in ("DQ", "POF")
        ]
        rows.append((name, fz0(study, var, es).mean(axis=(0, 1)), rejected))
    for name, loss, rejected in sorted(rows, key=lambda row: row[1][0]):
        print(f"      {name:48s} {_row(loss)}   {rejected[0]}   {rejected[1]}")


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


def main() -> None:
    """Parse, and run one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ("choose-index", "index", "ten-days", "choose-stocks", "stocks", "large-cap", "golden")
    parser.add_argument("part", choices=parts)
    parser.add_argument("file", type=Path, nargs="?", help="for choose-index, large-cap and golden")
    parser.add_argument("--model", action="append", default=[], help="any model of the command")
    parser.add_argument("--cache", type=Path, default=Path("build/risk"))
    asked = parser.parse_args()
    extra = {name: named_model(name) for name in asked.model}
    if asked.part in ("choose-index", "large-cap", "golden") and asked.file is None:
        parser.error(f"{asked.part} needs a file")
    if asked.part == "index":
        index(extra, asked.cache)
    elif asked.part == "ten-days":
        index_ten_days(asked.cache)
    elif asked.part == "stocks":
        joint(stocks_study(), JOINT_MODELS | extra, asked.cache)
    elif asked.part == "choose-stocks":
        joint(stocks_study("1994-01-03", "2005-01-01"), JOINT_CHOICES, asked.cache / "choice")
    elif asked.part == "choose-index":
        index_choice(asked.file, asked.cache)
    elif asked.part == "large-cap":
        joint(large_cap_study(asked.file), JOINT_MODELS | extra, asked.cache)
    else:
        golden(asked.file)


if __name__ == "__main__":
    main()
