"""One-day densities of the S&P 500: CRPS and log score against the models of market risk.

    python benchmarks/markets.py [--every 1] [--paths 100] [--out out/markets] [--weights FILE]

`arch.data.sp500`, percent log returns of Adj Close, days from 2002-12-27 to 2018-12-31, a
window of 1000 days. GARCH is fitted every 21 days, the means of EWMA and historical simulation
too; the diffusion model estimates its anchor every day, on the same window, of the returns and of
the shocks that GJR-GARCH leaves ("on gjr"), and on the 400 days that are its default.
`quantile-mean` sees 2000 days. Laws that are known are scored exactly (CRPS by 1999 quantiles),
draws by the fair CRPS. The log score is exact where the model has a density. Tests:
Diebold-Mariano against GJR with skewed t, and the 90% model confidence set. Baselines are kept in
`--out`.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from arch.data import sp500
from arch.univariate import SkewStudent
from density import kept_frame
from scipy.stats import norm

from econdiff.baselines.ewma import EWMA
from econdiff.baselines.garch import GARCH, SeriesGARCH
from econdiff.baselines.historical_simulation import HistoricalSimulation
from econdiff.baselines.quantile_mean import QuantileMean
from econdiff.baselines.volatility import FittedVolatility
from econdiff.scoring import crps, diebold_mariano, model_confidence_set, pinball

FIRST, LAST = "2002-12-27", "2018-12-31"
WINDOW, DEFAULT, REFIT = 1000, 400, 21
LEVELS = (np.arange(1999) + 0.5) / 1999

Scores = tuple[float, float]  # CRPS and minus log density of a day


def returns() -> pd.Series:
    """Percent log returns, from FIRST less the longest window on."""
    prices = sp500.load()["Adj Close"]
    return (100 * np.log(prices).diff().dropna())[:LAST]


def exact(quantiles: np.ndarray, came: float) -> float:
    """CRPS of a law given by its quantiles at LEVELS."""
    return float(2 * pinball(quantiles[:, None], np.array([came]), LEVELS).mean())


def at_levels(atoms: np.ndarray) -> np.ndarray:
    """Quantiles at LEVELS of the law that gives every atom the same weight."""
    return np.quantile(atoms, LEVELS, method="inverted_cdf")


_fits: dict[pd.Timestamp, FittedVolatility] = {}


class Skewed:
    """GJR-GARCH with skewed t shocks; `filtered` takes past shocks in their place."""

    def __init__(self, past: pd.DataFrame, filtered: bool):
        if past.index[-1] not in _fits:  # both laws have the same parameters
            _fits[past.index[-1]] = GARCH().fit(past)
        self.fitted = _fits[past.index[-1]]
        self.law: SeriesGARCH = self.fitted.laws[0]
        self.shape = np.array([self.law.freedom, self.law.skew])
        shocks = self.fitted.shocks[:, 0]
        self.z = at_levels(shocks) if filtered else self.law.quantile(LEVELS)
        self.filtered = filtered

    def score(self, history: np.ndarray, came: float) -> Scores:
        """See `Scores`."""
        scale = self.law.scales(history - self.law.mean)[-1]
        if self.filtered:
            return exact(self.law.mean + scale * self.z, came), np.nan
        z = np.array([(came - self.law.mean) / scale])
        log = SkewStudent().loglikelihood(self.shape, z, np.ones(1), individual=True)
        return exact(self.law.mean + scale * self.z, came), float(np.log(scale) - log[0])


class Normal:
    """RiskMetrics."""

    def __init__(self, past: pd.DataFrame):
        self.fitted = EWMA().fit(past)
        self.z = norm.ppf(LEVELS)

    def score(self, history: np.ndarray, came: float) -> Scores:
        """See `Scores`."""
        frame = pd.DataFrame({"return": history})
        mean, deviation = self.fitted.mean[0], self.fitted.covariance(frame)[0, 0] ** 0.5
        return exact(mean + deviation * self.z, came), -float(norm.logpdf(came, mean, deviation))


class Averaged:
    """The mean of quantiles of many volatilities; no density."""

    def __init__(self, past: pd.DataFrame):
        fitted = QuantileMean().fit(past)
        self.members = fitted.members
        self.laws, quantiles = fitted.series(0)
        self.z = np.stack([quantile(LEVELS) for quantile in quantiles])

    def score(self, history: np.ndarray, came: float) -> Scores:
        """See `Scores`."""
        mean = np.array([member.expected(0, history) for member in self.members])
        scale = np.stack([law.scale(law.state(history - law.mean)) for law in self.laws]).ravel()
        quantiles = np.mean(mean[:, None] + scale[:, None] * self.z, axis=0)
        return exact(quantiles, came), np.nan


class Atoms:
    """A law of equally likely past values: historical simulation, plain or filtered."""

    def __init__(self, model: EWMA | HistoricalSimulation, past: pd.DataFrame):
        self.fitted = model.fit(past)

    def score(self, history: np.ndarray, came: float) -> Scores:
        """See `Scores`."""
        index = pd.bdate_range("2000-01-03", periods=len(history))
        atoms = self.fitted.atoms(pd.DataFrame({"return": history}, index=index))
        return exact(at_levels(atoms[:, 0]), came), np.nan


LONGER = {"quantile-mean": 2000}  # rows that it sees
RIVALS: dict[str, Callable[[pd.DataFrame], Skewed | Normal | Averaged | Atoms]] = {
    "quantile-mean": Averaged,
    "gjr": lambda past: Skewed(past, filtered=False),
    "gjr-fhs": lambda past: Skewed(past, filtered=True),
    "ewma": Normal,
    "ewma-fhs": lambda past: Atoms(EWMA(filtered=True), past),
    "hs": lambda past: Atoms(HistoricalSimulation(), past),
}


def rival(name: str, y: pd.Series, days: np.ndarray) -> pd.DataFrame:
    """CRPS and log score of each day [day x score]; refitted every REFIT days."""
    values, rows, fitted, since = y.to_numpy(), [], None, -REFIT
    for day in days:
        first = max(0, day - LONGER.get(name, WINDOW))
        past = values[first:day]
        if fitted is None or day - since >= REFIT:
            frame = pd.DataFrame({"return": past}, y.index[first:day])
            fitted, since = RIVALS[name](frame), day
        rows.append(fitted.score(past, values[day]))
    return pd.DataFrame(rows, index=days, columns=["crps", "log"])


def ours(
    history: np.ndarray, came: np.ndarray, paths: int, weights: Path | None, scale: np.ndarray
) -> dict[str, pd.DataFrame]:
    """The same of the diffusion model and of its anchor, all days in batches.

    `history` [day, 1, time] and `came` [day] in units of `scale` [day].
    """
    from many import bare, drawn, log_densities  # torch

    rng, parts = np.random.default_rng(1), {"diffusion": [], "anchor": []}
    for batch in drawn(history, 1, paths, rng, weights):
        x, unit = came[batch.rows], scale[batch.rows]
        known = log_densities(batch.at, x[:, None, None])
        anchor = bare(batch.at)
        anchored = norm.logpdf(anchor.whiten(x[:, None, None])[:, 0, 0])
        anchored = anchored - anchor.log_determinant()
        for name, draws, log in (("diffusion", batch.network, known),
                                 ("anchor", batch.anchor, anchored)):  # fmt: skip
            score = unit * crps(draws[:, :, 0, 0].T, x)
            parts[name].append(pd.DataFrame({"crps": score, "log": np.log(unit) - log}))
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}


def by_day(
    y: pd.Series, days: np.ndarray, rows: int = WINDOW
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns before each day [day, 1, time], what came [day], and the scale of both."""
    values = y.to_numpy()
    history = np.stack([values[day - rows : day] for day in days])[:, None]
    return history, values[days], np.ones(len(days))


def filtered(y: pd.Series, days: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same of the shocks that GJR-GARCH leaves, fitted on the same days as its rivals."""
    values, rows, law, since = y.to_numpy(), [], None, -REFIT
    for day in days:
        if law is None or day - since >= REFIT:
            frame = pd.DataFrame({"return": values[day - WINDOW : day]})
            law, since = GARCH().fit(frame).laws[0], day
        e = values[day - WINDOW : day + 1] - law.mean
        scales = law.scales(e[:-1])
        z = e / scales
        rows.append((z[-1 - WINDOW : -1], z[-1], scales[-1]))
    history, came, scale = (np.array(part) for part in zip(*rows, strict=True))
    return history[:, None], came, scale


def table(found: dict[str, pd.DataFrame], score: str) -> pd.DataFrame:
    """Means, tests against GJR with skewed t, and the model confidence set."""
    wide = pd.DataFrame({name: scored[score] for name, scored in found.items()})
    wide = wide.dropna(axis=1, how="all")
    confidence = model_confidence_set(wide.to_numpy(), rng=np.random.default_rng(0))
    rows = {}
    for name, p in zip(wide, confidence, strict=True):
        test = diebold_mariano(wide[name].to_numpy(), wide["gjr"].to_numpy())
        rows[name] = {"mean": wide[name].mean(), "DM against gjr": test.statistic,
                      "p": test.p_value, "MCS p": p}  # fmt: skip
    return pd.DataFrame(rows).T.sort_values("mean", ascending=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="every n-th day only")
    parser.add_argument("--paths", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("out/markets"))
    parser.add_argument("--weights", type=Path, help="a weights file; without it the package's")
    options = parser.parse_args()
    y = returns()
    days = np.arange(y.index.get_loc(FIRST), len(y))[:: options.every]
    code = [GARCH(), QuantileMean(), EWMA(), HistoricalSimulation(), Path(__file__)]
    found = {
        name: kept_frame(
            options.out, name, [*code, y, days], lambda name=name: rival(name, y, days)
        )
        for name in RIVALS
    }
    default = partial(by_day, rows=DEFAULT)
    parts = (("", by_day), (f", {DEFAULT} rows", default), (" on gjr", filtered))
    for suffix, read in parts:
        history, came, scale = read(y, days)
        made = ours(history, came, options.paths, options.weights, scale)
        found |= {name + suffix: table.set_index(days) for name, table in made.items()}
    print(f"S&P 500, one day ahead, {len(days)} days from {FIRST} to {LAST}; the worst first")
    for score in ("crps", "log"):
        print(f"\n{score}\n{table(found, score).round(4).to_string()}")
    z = found["diffusion"]
    print(f"\ndays without a finite log score: {int((~np.isfinite(z['log'])).sum())}")


if __name__ == "__main__":
    main()
