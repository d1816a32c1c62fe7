"""Rare events and the noise of differences; run by `scenario.py`.

rare      multilevel splitting against the normal tail of random VARs, and against many plain draws
          of the shipped model
controls  the spread of a mean difference over seeds, plain and with control variates, and the
          standard error that was told
"""

import time

import numpy as np
import pandas as pd
from scipy.stats import norm

from econdiff.baselines.gaussian import LinearGaussian
from econdiff.data import load
from econdiff.diffusion.model import Diffusion
from econdiff.forecast import Forecast
from econdiff.scenario import Scenario, conditional, occurs, parse_pin
from econdiff.transforms import Transformed

SERIES = ["realgdp", "cpi", "unemp", "tbilrate"]


def rare(models: list[LinearGaussian], seeds: int = 12, draws: int = 40_000) -> None:
    """How far chances are from the truth, in their own errors."""
    rows = []
    for number, model in enumerate(models):
        past = pd.DataFrame(
            np.random.default_rng(number).standard_normal((10, len(model.names))),
            index=pd.period_range("2000Q1", periods=10, freq="Q"),
            columns=list(model.names),
        )
        mean, covariance = model.path_moments(past, 8)
        cell = 4 * len(model.names)  # the first series in the fifth step
        size = np.sqrt(covariance[cell, cell])
        for far in (3.0, 4.0, 5.0):
            event = f"{model.names[0]} > {mean.ravel()[cell] + far * size:.12f} in 2003Q3"
            beyond = norm.pdf(far) / norm.sf(far)
            expected = mean.ravel() + covariance[:, cell] / size * beyond
            for seed in range(seeds):
                answer = conditional(
                    model, past, Scenario(events=(event,)), mode="event", horizon=8, paths=1000,
                    rng=np.random.default_rng(seed),
                )  # fmt: skip
                if answer.chance is None:
                    raise RuntimeError(f"{event} was not sought")
                apart = (answer.told.alternative.mean(axis=0) - expected) / np.sqrt(
                    np.diag(covariance)
                )
                rows.append(
                    {
                        "deviations": far,
                        "ratio": answer.chance.value / norm.sf(far),
                        "errors": (answer.chance.value - norm.sf(far))
                        / answer.chance.standard_error,
                        "told": answer.chance.standard_error / norm.sf(far),
                        "bias": np.sqrt((apart**2).mean()),
                        "effective": answer.diagnostics.effective,
                    }
                )
    found = pd.DataFrame(rows).groupby("deviations")
    table = pd.DataFrame(
        {
            "runs": found.size(),
            "mean chance / truth": found["ratio"].mean(),
            "its error": found["ratio"].std() / np.sqrt(found.size()),
            "spread of a run": found["ratio"].std(),
            "told spread": np.sqrt(found["told"].apply(lambda x: (x**2).mean())),
            "z, root mean square": np.sqrt(found["errors"].apply(lambda x: (x**2).mean())),
            "bias of means, sd": found["bias"].mean(),
            "effective": found["effective"].median(),
        }
    )
    print(table.round(3).to_string())
    _learned(draws)


def _learned(draws: int) -> None:
    """The shipped model: one chance by splitting, by plain draws, and by its Gaussian anchor."""
    panel, _ = load("us-macro", series=SERIES)
    model = Transformed(Diffusion()).fit(panel)
    for event in ("unemp > 15", "growth(realgdp) < -3 for 2", "tbilrate > 8 and unemp > 12"):
        began = time.process_time()
        runs = [
            conditional(
                model, panel, Scenario(events=(event,)), mode="event", horizon=8, paths=500,
                rng=np.random.default_rng(seed),
            ).chance
            for seed in range(4)
        ]  # fmt: skip
        seconds = (time.process_time() - began) / 4
        sought = [run for run in runs if run is not None]
        hits = _share(model, panel, event, draws)
        said = ", ".join(f"{run.value:.2e} ± {run.standard_error:.1e}" for run in sought)
        error = np.sqrt(hits * (1 - hits) / draws)
        print(f"{event}: {said or 'not rare'}")
        print(f"    {draws} plain draws: {hits:.2e} ± {error:.1e}; {seconds:.0f} s a run")


def _share(model, panel: pd.DataFrame, event: str, draws: int) -> float:
    shares = []
    for seed in range(draws // 2000):
        drawn: Forecast = model.sample(
            panel, horizon=8, paths=2000, rng=np.random.default_rng(1000 + seed)
        )
        shares.append(occurs(event, drawn, panel).mean())
    return float(np.mean(shares))


def controls(seeds: int = 24, paths: int = 250) -> None:
    """Mean differences of the shipped model under a pinned bill rate, over seeds."""
    panel, _ = load("us-macro", series=SERIES)
    model = Transformed(Diffusion()).fit(panel)
    steadied, told, plain, worth = [], [], [], []
    for seed in range(seeds):
        answer = conditional(
            model, panel, parse_pin("tbilrate=1,2,3"), mode="hard", horizon=8, paths=paths,
            rng=np.random.default_rng(seed),
        )  # fmt: skip
        worth.append(answer.told.controls is not None)
        table = answer.difference()
        steadied.append(table["mean"].to_numpy())
        told.append(table["standard_error"].to_numpy())
        apart = answer.alternative.samples.mean(axis=0) - answer.baseline.samples.mean(axis=0)
        plain.append(apart.T.ravel())
    free = table["series"].ne("tbilrate").to_numpy() | (table.index % 8 >= 3)
    before, after = (np.std(x, axis=0, ddof=1)[free] for x in (plain, steadied))
    said = np.sqrt(np.mean(np.square(told), axis=0))[free]
    frame = table.loc[free, ["series"]].assign(
        plain=before, steadied=after, told=said, variance=(after / before) ** 2
    )
    print(f"{sum(worth)} of {seeds} seeds with controls; medians over the free cells of a series")
    print(frame.groupby("series").median().round(3).to_string())
