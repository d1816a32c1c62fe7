"""Stress given the market, crisis left out: section D of the protocol.

    python benchmarks/risk_stress.py choose    days of 1998-2006, laws to 1997
    python benchmarks/risk_stress.py           days from 2007 on, laws to 2006

How the protocol's line was read: the 20 stocks of skfolio's bundled data, simple returns; the
market is their equal mean; every law is estimated on rows up to the end of 2006, so that it has
not seen the crisis; the days are those from 2007 on with a market below -2.75% (82 of them); given
that day's market return, and nothing else of the day, each law gives draws of the 20 returns, and
the energy score E|X - y| - E|X - X'| / 2 is averaged over the days. So read, the protocol's figures
of the unconditional law (.1875) and of the Gaussian (.0940) come out again.
"""

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd

from econdiff.baselines.market_factor import MarketFactor
from econdiff.scoring import diebold_mariano, energy_score

PATHS = 2000
Law = Callable[[pd.DataFrame, float, np.random.Generator], np.ndarray]  # history, move -> draws


def stock_returns() -> pd.DataFrame:
    from skfolio.datasets import load_sp500_dataset

    returns = load_sp500_dataset().pct_change().dropna()
    returns.index = returns.index.to_period("D")
    return returns


def regression(train: pd.DataFrame) -> tuple[np.ndarray, ...]:
    """Means, betas, the market's mean, residuals and the market's deviations over `train`."""
    x, market = train.to_numpy(), train.to_numpy().mean(axis=1)
    f = market - market.mean()
    beta = f @ x / (f @ f)
    residual = x - x.mean(axis=0) - np.outer(f, beta)
    return x.mean(axis=0), beta, market.mean(), residual, f


def unconditional(train: pd.DataFrame) -> Law:
    x = train.to_numpy()
    return lambda history, move, rng: rng.choice(x, PATHS)


def gaussian(train: pd.DataFrame) -> Law:
    mean, beta, middle, residual, _ = regression(train)
    covariance = np.cov(residual.T)

    def law(history: pd.DataFrame, move: float, rng: np.random.Generator) -> np.ndarray:
        drawn = rng.multivariate_normal(np.zeros(len(mean)), covariance, PATHS, method="eigh")
        return mean + beta * (move - middle) + drawn

    return law


def beta_and_residuals(train: pd.DataFrame, *, scaled: bool) -> Law:
    """Past residuals; `scaled` by what a regression of their size on |market| says of the day."""
    mean, beta, middle, residual, f = regression(train)
    size = np.sqrt((residual**2).mean(axis=1))
    c1, c0 = np.polyfit(np.abs(f), size, 1) if scaled else (0.0, 1.0)

    def law(history: pd.DataFrame, move: float, rng: np.random.Generator) -> np.ndarray:
        row = rng.integers(len(f), size=PATHS)
        scale = (c0 + c1 * abs(move - middle)) / (c0 + c1 * np.abs(f[row]))
        return mean + beta * (move - middle) + residual[row] * scale[:, None]

    return law


def vine(train: pd.DataFrame) -> Law:
    """The vine of skfolio, the market its central column, conditioned on it."""
    from skfolio.distribution import VineCopula

    table = train.assign(market=train.mean(axis=1))
    fitted = VineCopula(central_assets=["market"], random_state=0, n_jobs=1).fit(table)

    def law(history: pd.DataFrame, move: float, rng: np.random.Generator) -> np.ndarray:
        fitted.random_state = int(rng.integers(2**31))
        return fitted.sample(PATHS, conditioning={"market": move})[:, :-1]

    return law


def ours(train: pd.DataFrame, *, standing: bool, **decays: float) -> Law:
    """The market factor; `standing` at the day's origin, else at the end of `train`."""
    fitted = MarketFactor(**decays).fit(100 * train)

    def law(history: pd.DataFrame, move: float, rng: np.random.Generator) -> np.ndarray:
        known = history if standing else train
        return fitted.given_market(100 * known, 100 * move, paths=PATHS, rng=rng) / 100

    return law


def scores(returns: pd.DataFrame, law: Law, days: pd.PeriodIndex) -> np.ndarray:
    """Energy score of each day, in return units."""
    rng = np.random.default_rng(0)
    found = []
    for day in days:
        at = int(returns.index.get_loc(day))
        outcome = returns.iloc[at].to_numpy()
        draws = law(returns.iloc[:at], float(outcome.mean()), rng)
        found.append(float(energy_score(draws, outcome)))
    return np.array(found)


def study(first: str, last: str, fall: float, settings: list[dict[str, float]]) -> None:
    returns = stock_returns()
    train, later = returns.loc[: str(int(first) - 1)], returns.loc[first:last]
    days = later.index[later.mean(axis=1) < fall]
    print(f"Laws to the end of {train.index[-1]}, {len(days)} days of {first}-{last} below {fall}")
    laws = {
        "unconditional": unconditional(train),
        "Gaussian": gaussian(train),
        "beta + residuals": beta_and_residuals(train, scaled=False),
        "beta + scaled residuals": beta_and_residuals(train, scaled=True),
        "market factor, at the end of the rows": ours(train, standing=False),
        "market factor, at the day's origin": ours(train, standing=True),
    }
    for s in settings:
        laws[f"market factor, at the day's origin, {s}"] = ours(train, standing=True, **s)
    laws["skfolio's vine given the market"] = vine(train)
    peer = None
    for name, law in laws.items():
        loss = scores(returns, law, days)
        peer = loss if name == "beta + scaled residuals" else peer
        against = "" if peer is None else f"  p {diebold_mariano(loss, peer).p_value:.3f}"
        print(f"      {name:60s} {loss.mean():.4f}{against}", flush=True)


def main() -> None:
    """Parse, and run the choice or the test."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="?", choices=("test", "choose"), default="test")
    if parser.parse_args().part == "choose":
        grid = [{"slow": s, "fast": f} for s in (0.9972, 0.9986, 0.9993) for f in (0.9, 0.94, 0.97)]
        study("1998", "2006", -0.02, grid)
    else:
        study("2007", "2022", -0.0275, [])


if __name__ == "__main__":
    main()
