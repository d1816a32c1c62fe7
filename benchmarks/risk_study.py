"""What the benchmarks of market risk share: a study of days, its forecasts, losses and tests.

Everything a model estimates it estimates from the rows before the day; it is fitted again every 21.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy import stats

from econdiff.backtest.fingerprint import ROOT, fingerprint
from econdiff.baselines.market_range import MarketRange
from econdiff.baselines.mixed_volatility import MixedVolatility
from econdiff.baselines.on_volatility import FittedOnVolatility, past_shocks
from econdiff.baselines.path_dependent import PathDependent
from econdiff.baselines.quantile_mean import FittedQuantileMean, QuantileMean
from econdiff.baselines.range_volatility import SUFFIX, FittedRange, RangeVolatility
from econdiff.baselines.volatility import FittedVolatility
from econdiff.diffusion.model import FittedDiffusion
from econdiff.diffusion.sampler import angular, last
from econdiff.diffusion.schedule import even_angles
from econdiff.forecast import Forecaster, Model
from econdiff.risk import backtests as bt
from econdiff.risk.measures import expected_shortfall

Pair = tuple[np.ndarray, np.ndarray]  # VaR and ES [day, portfolio, level]
LEVELS = (0.01, 0.025, 0.05)
REFIT = 21
PATHS = 5000
EVEN = 500  # draws of the diffusion model where they are not random
U = (np.arange(20_000) + 0.5) / 20_000
REACHES = (  # these see 2000 rows
    PathDependent,
    MixedVolatility,
    QuantileMean,
    RangeVolatility,
    MarketRange,
)


def draws(forecaster: Forecaster, history: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """The next row [draw, series]: exactly where the law has atoms, by Monte Carlo otherwise."""
    if isinstance(forecaster, FittedVolatility):
        mean, scale = _next(forecaster, history)
        return mean + _shocks(forecaster) * scale
    if isinstance(forecaster, FittedOnVolatility):
        z = draws(forecaster.shocks, past_shocks(forecaster.volatility, history), rng)
        mean, scale = _next(forecaster.volatility, history)
        return mean + z * scale
    if isinstance(forecaster, FittedDiffusion) and len(forecaster.names) == 1:
        return _even_draws(forecaster, history)
    if hasattr(forecaster, "atoms") and getattr(forecaster, "filtered", True):
        return forecaster.atoms(history)
    return forecaster.sample(history, horizon=1, paths=PATHS, rng=rng).samples[:, 0]


def _next(fitted: FittedVolatility, history: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Mean and scale [series] of the next row."""
    columns = history.to_numpy(float).T
    scale = [law.scales(y - law.mean)[-1] for law, y in zip(fitted.laws, columns, strict=True)]
    return np.array([fitted.expected(i, y) for i, y in enumerate(columns)]), np.array(scale)


@lru_cache(maxsize=2)  # a fit serves 21 days
def _shocks(forecaster: FittedVolatility) -> np.ndarray:
    """Standardised shocks, equally likely [draw, series]."""
    if forecaster.quantiles is None:
        return forecaster.shocks
    return np.stack([q(U) for q in forecaster.quantiles], axis=1)


@lru_cache(maxsize=2)
def _unit_tails(forecaster: FittedVolatility) -> tuple[np.ndarray, np.ndarray]:
    """VaR and ES [level] of the shocks of the first series."""
    z = _shocks(forecaster)[:, 0]
    return np.quantile(z, LEVELS), np.array([expected_shortfall(z, a) for a in LEVELS])


def _scaled_tails(
    forecaster: FittedVolatility, history: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """VaR and ES [level] of a single series: those of its shocks times its scale."""
    mean, scale = (part[0] for part in _next(forecaster, history))
    var, es = _unit_tails(forecaster)
    return mean + scale * var, mean + scale * es


@lru_cache(maxsize=2)
def _member_tails(forecaster: FittedQuantileMean | FittedRange) -> list[np.ndarray]:
    """VaR and ES [2, level] of the shocks of the first series under each member."""
    found = []
    for quantile in _quantiles(forecaster):
        z = quantile(U)
        es = [expected_shortfall(z, a) for a in LEVELS]
        found.append(np.stack([np.quantile(z, LEVELS), es]))
    return found


def _quantiles(
    forecaster: FittedQuantileMean | FittedRange,
) -> list[Callable[[np.ndarray], np.ndarray]]:
    if isinstance(forecaster, FittedRange):
        return [member.tails[0].quantile for member in forecaster.members]
    return list(forecaster.series(0)[1])


def _averaged_tails(
    forecaster: FittedQuantileMean | FittedRange, history: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """VaR and ES [level] of the first series: the means of its members', which they are exactly."""
    y, each = history.iloc[:, 0].to_numpy(), []
    for member, tails in zip(forecaster.members, _member_tails(forecaster), strict=True):
        law = member.laws[0]
        news = y - law.mean
        if isinstance(forecaster, FittedRange):
            news = np.stack([news, history.iloc[:, 1].to_numpy()])
        mean = law.mean + member.slopes[0] * (y[-1] - law.mean)
        each.append(mean + law.scale(law.state(news)) * tails)
    var, es = np.mean(each, axis=0)
    return var, es


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
    window: int = 1000  # rows that a fit and a forecast see; those of REACHES see 2000
    horizon: int = 1
    paths: int = 2000  # over more than a day
    refit: int = REFIT

    def held(self, day: int) -> np.ndarray:
        """Weights [series, portfolio] from the last refit on: of series that were known by then."""
        fit = day - (day - self.first) % self.refit
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
        """Each day forecast: number, history, model refitted now and then, weights it gives."""
        seen = max(self.window, 2000) if isinstance(model, REACHES) else self.window
        for day in range(self.first, len(self.returns) - self.horizon + 1):
            if (day - self.first) % self.refit == 0:
                weights = self.held(day)
                held = self.returns.columns[weights.any(axis=1)]
                kept = self.returns.columns.isin([*held, *(name + SUFFIX for name in held)])
                names, weights = self.returns.columns[kept], weights[kept]
                forecaster = model.fit(self.returns[names].iloc[max(0, day - seen) : day])
            history = self.returns[names].iloc[max(0, day - seen) : day]
            yield day - self.first, history, forecaster, weights

    def forecasts(self, model: Model, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """VaR and ES [day, portfolio, level]."""
        rng = np.random.default_rng(seed)
        shape = (*self.realised.shape, len(LEVELS))
        var, es = np.empty(shape), np.empty(shape)
        for t, history, forecaster, weights in self.days(model):
            alone = self.horizon == 1 and (weights > 0).sum() == 1
            if alone and isinstance(forecaster, FittedVolatility):
                var[t], es[t] = _scaled_tails(forecaster, history)
                continue
            if alone and isinstance(forecaster, FittedQuantileMean | FittedRange):
                var[t], es[t] = _averaged_tails(forecaster, history)
                continue
            if self.horizon == 1:
                law = draws(forecaster, history, rng) @ weights
            else:
                made = forecaster.sample(history, horizon=self.horizon, paths=self.paths, rng=rng)
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


def cached(cache: Path, study: Study, name: str, model: Model) -> tuple[np.ndarray, np.ndarray]:
    """VaR and ES of the model of that name, kept so that a run that is stopped can go on.

    Kept under the study, the weights and the code of all models: a change of one asks for all.
    """
    key = fingerprint(name, study, "shipped", _code())[:24]
    file = cache / f"{''.join(c for c in name if c.isalnum())}-{key}.npz"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        var, es = study.forecasts(model)
        np.savez(file.with_suffix(".tmp.npz"), var=var, es=es)
        file.with_suffix(".tmp.npz").replace(file)
        print(f"[{name} done]", flush=True)
    held = np.load(file)
    return held["var"], held["es"]


@lru_cache
def _code() -> list[Path]:
    """The files that say what a model is and how it forecasts."""
    parts = ("anchor", "baselines", "diffusion")
    files = [file for part in parts for file in ROOT.joinpath(part).glob("*.py")]
    return sorted([*Path(__file__).parent.glob("risk_*.py"), *files])


def row(values: np.ndarray, digits: int = 4) -> str:
    return " ".join(f"{value:.{digits}f}" for value in values)
