"""Golden VARs: conditional forecasts against closed forms; run by `scenario.py`.

golden    random stable VARs, with pins here and there; bias and spread of every free cell, for the
          closed form of the package and for the diffusion model whose anchor is the truth
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
import torch
from scenario_laws import none, place
from scipy.stats import chi2, norm

from econdiff.baselines.gaussian import LinearGaussian
from econdiff.diffusion.conditional import DiffusionLaw
from econdiff.diffusion.known_laws import gaussian
from econdiff.scenario import conditional
from econdiff.scenario.gaussian import Gaussian
from econdiff.transforms import Transformed, fred_md


def random_var(rng: np.random.Generator, series: int, lags: int) -> LinearGaussian:
    slopes = rng.normal(0, 0.3, (lags, series, series)) / np.sqrt(series)
    slopes[0] += np.diag(rng.uniform(0.2, 0.9, series))
    top = np.hstack(list(slopes))
    companion = np.vstack([top, np.eye(series * (lags - 1), series * lags)])
    radius = max(1.0, np.abs(np.linalg.eigvals(companion)).max() / 0.95)
    slopes = [a / radius ** (k + 1) for k, a in enumerate(slopes)]
    mix = np.eye(series) + 0.4 * rng.standard_normal((series, series))
    coefficients = np.vstack([rng.normal(0, 0.2, (1, series)), *(a.T for a in slopes)])
    return LinearGaussian(tuple(f"y{k}" for k in range(series)), coefficients, mix @ mix.T)


def golden(paths: int = 10_000, fewer: int = 1000) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for economy, (series, lags, steps) in enumerate(product((3, 5, 7), (1, 2), (4, 12, 24))):
        model = random_var(rng, series, lags)
        past = pd.DataFrame(
            rng.standard_normal((10, series)),
            index=pd.period_range("2000Q1", periods=10, freq="Q"),
            columns=list(model.names),
        )
        mean, covariance = model.path_moments(past, steps)
        law, size = Gaussian(mean.ravel(), covariance), steps * series
        for kind, level in product(("mask", "last", "levels"), (0.5, 2.0, 4.0)):
            if kind == "levels" and economy % 3:
                continue
            answer, truth = _ask(model, past, law, kind, level, rng, paths)
            rows.append({"who": "closed form", **_errors(answer, truth, kind, level)})
            if size > 60:
                continue
            anchored = place(gaussian(*map(torch.from_numpy, (law.mean, law.covariance))), series,
                             steps)  # fmt: skip
            told = DiffusionLaw(anchored).draw(  # pyright: ignore[reportArgumentType]
                none(size), answer.told.pins, "hard", fewer, rng
            )
            rows.append({"who": "diffusion", **_errors_of(told.alternative, truth, kind, level)})
    table = pd.DataFrame(rows)
    found = table.groupby(["who", "kind", "level"]).agg(
        cases=("bias", "size"), cells=("cells", "sum"), draws=("draws", "first"),
        bias=("bias", "median"), farthest=("farthest", "max"), low=("low", "min"),
        high=("high", "max"), miss=("miss", "max"), p_bias=("p_bias", "min"),
        p_spread=("p_spread", "min"),
    )  # fmt: skip
    for name in ("p_bias", "p_spread"):  # the smallest of all cells, as one test: Sidak (1967)
        found[name] = 1 - (1 - found[name]) ** found["cells"]
    print(found.round(4).to_string())


def _ask(model, past, law, kind, level, rng, paths):
    steps = len(law.mean) // len(model.names)
    index = pd.period_range(past.index[-1] + 1, periods=steps, freq="Q")
    table = pd.DataFrame(np.nan, index=index, columns=list(model.names))
    if kind == "mask":
        chosen = rng.random(table.shape) < 0.3
        chosen[0, 0] = True
    else:
        chosen = np.zeros(table.shape, bool)
        chosen[-1, 0] = True
    apart = level * np.sqrt(np.diag(law.covariance)).reshape(table.shape)
    table = table.mask(chosen, law.mean.reshape(table.shape) + apart)
    forecaster, history = model, past
    if kind == "levels":  # the model works in growth, the user pins the level at the end
        history = past.copy()
        history["y0"] = np.exp(past["y0"].cumsum() / 100)
        transforms = {n: fred_md(1) for n in model.names} | {"y0": fred_md(5, per_year=1)}
        forecaster = Transformed(_As(model), transforms).fit(history)
        first = np.zeros(len(law.mean))
        first[:: len(model.names)] = 1
        whole, spread = first @ law.mean, np.sqrt(first @ law.covariance @ first)
        table.iloc[-1, 0] = history["y0"].iloc[-1] * np.exp((whole + level * spread) / 100)
    answer = conditional(
        forecaster, history, table, mode="hard", horizon=steps, paths=paths, rng=rng
    )
    C, d = answer.told.pins.matrix, answer.told.pins.value
    # the closed form in precision form, as the limit of an error that vanishes
    precise = np.linalg.inv(law.covariance) + C.T @ C * 1e9
    centre = np.linalg.solve(precise, np.linalg.solve(law.covariance, law.mean) + C.T @ d * 1e9)
    return answer, Gaussian(centre, np.linalg.inv(precise))


@dataclass(frozen=True)
class _As:
    """The model, as if it had been fitted."""

    model: LinearGaussian

    def fit(self, panel: pd.DataFrame) -> LinearGaussian:
        """The model itself."""
        return self.model


def _errors(answer, truth, kind, level):
    found = _errors_of(answer.told.alternative, truth, kind, level)
    return found | {"miss": answer.diagnostics.largest_miss}


def _errors_of(draws, truth, kind, level):
    """Bias and spread of the free cells; p-values of the most extreme cell, if it were alone."""
    size = np.sqrt(np.maximum(np.diag(truth.covariance), 0))
    free, n = size > 1e-3 * size.max(), len(draws)
    apart = np.abs(draws.mean(axis=0) - truth.mean)[free] / size[free]
    ratio = draws.std(axis=0, ddof=1)[free] / size[free]
    squares = (n - 1) * ratio**2  # chi-square where the spread is right
    tails = 2 * np.minimum(chi2.cdf(squares, n - 1), chi2.sf(squares, n - 1))
    return {
        "kind": kind, "level": level, "cells": int(free.sum()), "draws": n,
        "bias": float(np.sqrt((apart**2).mean())), "farthest": float(apart.max()),
        "low": float(ratio.min()), "high": float(ratio.max()), "miss": np.nan,
        "p_bias": float(2 * norm.sf(apart.max() * np.sqrt(n))), "p_spread": float(tails.min()),
    }  # fmt: skip
