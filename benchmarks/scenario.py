"""Are conditional forecasts right: golden VARs, non-Gaussian worlds, events, the past, the Fed.

    python benchmarks/scenario.py golden worlds events backtest fed rare controls cross
                                  [--data ../shared/data] [--every 1] [--paths 250]
                                  [--folder out/scenario]

golden    random stable VARs whose answer is a closed form; bias and spread of every free cell
worlds    laws that are mixtures of Gaussians (regimes, volatility states), whose exact denoiser and
          exact conditional law are known; energy distance to true draws
events    p(A|B) p(B) = p(B|A) p(A), and conditionals averaged over what is pinned
backtest, fed    see scenario_past.py
rare, controls   see scenario_tails.py
cross            see scenario_cross.py
"""

import argparse
import time
from dataclasses import dataclass, field
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scenario_cross import cross
from scenario_past import backtest, fed
from scenario_tails import controls, rare
from scipy.stats import chi2, norm

from econdiff.baselines.gaussian import LinearGaussian
from econdiff.diffusion.conditional import DiffusionLaw
from econdiff.diffusion.known_laws import Mixture, gaussian
from econdiff.scenario import conditional
from econdiff.scenario.gaussian import Gaussian
from econdiff.scenario.pins import Pins
from econdiff.transforms import Transformed, fred_md


@dataclass(frozen=True)
class Place:
    """A place to stand at whose law is known: y = mean + root z, z from `law`."""

    law: Mixture
    mean: np.ndarray  # [series, step]
    root: np.ndarray  # [cell, cell], cells [series, step]
    vector: torch.Tensor = field(repr=False)

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return self.mean.shape[1]

    def denoise(self, x: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
        """The exact denoiser."""
        flat = self.law.denoise(x.double().flatten(1), angle)
        return flat.reshape(x.shape).to(x.dtype)

    def color(self, z: np.ndarray) -> np.ndarray:
        """Innovations to futures."""
        return self.mean + (z.reshape(len(z), -1) @ self.root.T).reshape(z.shape)

    def affine(self) -> tuple[np.ndarray, np.ndarray]:
        """`y = mean + matrix z`."""
        return self.mean.ravel(), self.root


def place(law: Mixture, series: int, steps: int, anchor: Gaussian | None = None) -> Place:
    """Stand where futures [step, series] have `law`; the anchor is its best Gaussian."""
    order = np.arange(steps * series).reshape(steps, series).T.ravel()  # to series first
    anchor = anchor or Gaussian(law.mean().numpy(), law.covariance().numpy())
    mean, covariance = anchor.mean[order], anchor.covariance[np.ix_(order, order)]
    root = np.linalg.cholesky(covariance)
    back = torch.from_numpy(np.linalg.inv(root))
    white = Mixture(
        law.weights,
        (law.means[:, order] - torch.from_numpy(mean)) @ back.T,
        back @ law.covariances[:, order][:, :, order] @ back.T,
    )
    return Place(white, mean.reshape(series, steps), root, torch.zeros(1, series, 1))


def pins_at(cells: np.ndarray, values: np.ndarray, size: int) -> Pins:
    names = tuple(str(c) for c in cells)
    nothing = np.zeros(len(cells))
    return Pins(names, names, names, np.eye(size)[cells], values, nothing, nothing.astype(bool))


def none(size: int) -> Pins:
    return pins_at(np.zeros(0, int), np.zeros(0), size)


# --- golden VARs ---------------------------------------------------------------------------


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
            told = DiffusionLaw(anchored).told(  # pyright: ignore[reportArgumentType]
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


# --- worlds that are not Gaussian -------------------------------------------------------------


def switching(series: int = 2, steps: int = 6) -> Mixture:
    """Expansion and recession: the mean and the variance of shocks follow a Markov chain."""
    slopes = np.array([[0.5, -0.1], [0.1, 0.8]])
    drift = np.array([[0.5, 0.1], [-1.5, -0.2]])
    roots = [np.array([[0.7, 0.0], [0.2, 0.4]]), np.array([[1.5, 0.0], [0.5, 0.6]])]
    return _chain(slopes, drift, roots, [0.8, 0.2], [[0.92, 0.08], [0.25, 0.75]], steps)


def volatile(steps: int = 4) -> Mixture:
    """Stochastic volatility on three states: shocks of .4, 1 and 2.5 deviations, with leverage."""
    slopes = np.array([[0.4, 0.0], [0.1, 0.7]])
    drift = np.array([[0.2, 0.0], [0.0, 0.0], [-0.6, 0.3]])
    roots = [s * np.array([[1.0, 0.0], [0.3, 0.8]]) for s in (0.4, 1.0, 2.5)]
    moves = [[0.8, 0.2, 0.0], [0.1, 0.8, 0.1], [0.0, 0.3, 0.7]]
    return _chain(slopes, drift, roots, [0.3, 0.5, 0.2], moves, steps)


def _chain(slopes, drift, roots, start, moves, steps) -> Mixture:
    series, weights, means, covariances = len(slopes), [], [], []
    for path in product(range(len(roots)), repeat=steps):
        weight = start[path[0]] * np.prod([moves[a][b] for a, b in pairwise(path)])
        if weight == 0:
            continue
        mean, matrix = np.zeros((steps, series)), np.zeros((steps, series, steps, series))
        level = np.zeros(series)
        for t, state in enumerate(path):
            level = slopes @ level + drift[state]
            mean[t] = level
            for r in range(t + 1):
                reach = np.linalg.matrix_power(slopes, t - r) @ roots[path[r]]
                matrix[t, :, r] = reach
        flat = matrix.reshape(steps * series, -1)
        weights.append(weight)
        means.append(mean.ravel())
        covariances.append(flat @ flat.T)
    arrays = (np.array(weights) / np.sum(weights), np.array(means), np.array(covariances))
    return Mixture(*(torch.from_numpy(a) for a in arrays))


def tails(series: int = 3, steps: int = 4) -> Mixture:
    """A VAR whose shocks share one scale for the whole path: calm, ordinary or wild."""
    slopes = np.array([[0.5, 0.0, -0.1], [0.1, 0.6, 0.0], [0.0, 0.1, 0.8]])
    roots = [s * np.linalg.cholesky(0.4 + 0.6 * np.eye(series)) for s in (0.5, 1.0, 3.0)]
    drift = np.array([[0.1, 0.0, 0.0]] * 3)
    return _chain(slopes, drift, roots, [0.5, 0.35, 0.15], np.eye(3), steps)


def energy_distances(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """2 E|X - Y| - E|X - X'| - E|Y - Y'| over all pairs, as usual, and free of bias.

    The first counts the pairs of a draw with itself, so it is never negative and of two samples of
    n from one law it is about 2 E|X - X'| / n; the second leaves them out, and is then about 0.
    """
    a, b = torch.from_numpy(x), torch.from_numpy(y)
    n, m = len(a), len(b)
    between, first, second = (
        2 * float(torch.cdist(a, b).mean()),
        float(torch.cdist(a, a).sum()),
        float(torch.cdist(b, b).sum()),
    )
    usual = between - first / n**2 - second / m**2
    return usual, between - first / (n * (n - 1)) - second / (m * (m - 1))


def worlds(paths: int = 600, seeds: int = 6, repeats: int = 60) -> None:
    """The bar: the distance to exact draws over that of two exact samples, of one size, below 2."""
    known = (("regimes", switching(), 2), ("volatility", volatile(), 2), ("tails", tails(), 3))
    rows = [
        {"world": name, "level": level, **_world(law, series, level, paths, seeds, repeats)}
        for (name, law, series), level in product(known, (-2.0, -1.0, 1.0, 2.0))
    ]
    table = pd.DataFrame(rows).sort_values("ratio", ascending=False)
    print(table.round(4).to_string(index=False))


def _world(law: Mixture, series: int, level: float, paths: int, seeds: int, repeats: int) -> dict:
    """One cell: the first half of one series pinned `level` deviations from its mean."""
    size = law.means.shape[1]
    at = np.arange(series - 1, size, series)[: size // series // 2]
    mean, spread = law.mean().numpy(), law.covariance().diagonal().sqrt().numpy()
    pins = pins_at(at, mean[at] + level * spread[at], size)
    exact = 1e-10 * torch.eye(len(at)).double()
    truth = law.given(torch.from_numpy(pins.matrix), torch.from_numpy(pins.value), exact)
    generator = torch.Generator().manual_seed(int(1000 + 10 * level))
    true = [truth.draw(paths, generator).numpy() for _ in range(2 * repeats)]
    pairs = zip(true[::2], true[1::2], strict=True)
    noise = np.array([energy_distances(a, b)[0] for a, b in pairs])
    standing = DiffusionLaw(place(law, series, size // series))  # pyright: ignore[reportArgumentType]
    found, share = [], []
    for seed in range(seeds):
        told = standing.told(none(size), pins, "hard", paths, np.random.default_rng(100 + seed))
        answers = (told.alternative, told.twin, told.gaussian)
        found.append([energy_distances(answer, true[seed]) for answer in answers])
        share.append(told.effective / paths)
    usual, unbiased = np.moveaxis(np.array(found), -1, 0)  # [seed, answer]
    ratio = usual[:, 0].mean() / noise.mean()
    relative = [v.std(ddof=1) / v.mean() / np.sqrt(len(v)) for v in (usual[:, 0], noise)]
    return {
        "two true samples": noise.mean(), "weighted": usual[:, 0].mean(),
        "guided": usual[:, 1].mean(), "Gaussian": usual[:, 2].mean(), "ratio": ratio,
        "its error": ratio * np.hypot(*relative), "weighted, unbiased": unbiased[:, 0].mean(),
        "effective": np.mean(share),
    }  # fmt: skip


# --- events -------------------------------------------------------------------------------------


def events(paths: int = 40_000) -> None:
    law = switching()
    generator = torch.Generator().manual_seed(0)
    one, two = (law.draw(paths, generator).numpy().reshape(paths, -1, 2) for _ in range(2))
    a, b = lambda y: y[:, :, 0].min(axis=1) < -2, lambda y: y[:, -1, 1] > 0.5
    left, right = a(one)[b(one)].mean() * b(one).mean(), b(two)[a(two)].mean() * a(two).mean()
    error = np.sqrt(2 * left * (1 - left) / paths)
    print(f"p(A|B)p(B) {left:.4f}, p(B|A)p(A) from other draws {right:.4f}, error {error:.4f}")

    rng, standing = np.random.default_rng(1), place(law, 2, 6)
    free = DiffusionLaw(standing).told(none(12), none(12), "hard", 4000, rng)  # pyright: ignore
    told = []
    for value in free.baseline[:200, [1, 3]]:  # what is pinned, drawn from the law itself
        pins = pins_at(np.array([1, 3]), value, 12)
        given = DiffusionLaw(standing).told(none(12), pins, "hard", 64, rng)  # pyright: ignore
        told.append(given.alternative)
    mixed, plain = np.concatenate(told), free.baseline
    spread = plain.std(axis=0)
    noise = np.array([np.stack([t.mean(axis=0) for t in told]).std(axis=0) / np.sqrt(len(told))])
    score = (mixed.mean(axis=0) - plain.mean(axis=0)) / np.hypot(noise, spread / np.sqrt(4000))
    print(f"averaged over pins: largest |z| of a mean {np.abs(score).max():.2f} over 12 cells, sd "
          f"ratio {(mixed.std(axis=0) / spread).min():.3f} to "
          f"{(mixed.std(axis=0) / spread).max():.3f}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ("golden", "worlds", "events", "backtest", "fed", "rare", "controls", "cross")
    parser.add_argument("parts", nargs="+", choices=names)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--every", type=int, default=1, help="quarters between origins")
    parser.add_argument("--paths", type=int, default=250, help="of the backtest")
    parser.add_argument("--folder", type=Path, default=Path("out/scenario"))
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    parts = {
        "golden": golden, "worlds": worlds, "events": events,
        "backtest": lambda: backtest(chosen.data, chosen.every, chosen.paths, chosen.folder),
        "fed": lambda: fed(chosen.data),
        "rare": lambda: rare([random_var(rng, 3, 1 + k % 2) for k in range(4)]),
        "controls": controls,
        "cross": lambda: cross(chosen.data),
    }  # fmt: skip
    for part in chosen.parts:
        began = time.perf_counter()
        print(f"\n== {part}")
        parts[part]()
        print(f"({time.perf_counter() - began:.0f} s)")


if __name__ == "__main__":
    main()
