"""Simulated worlds in which the anchor is wrong: what the network adds to it.

    python benchmarks/worlds.py [--worlds 400] [--paths 200] [--weights FILE]

Each world is drawn anew `--worlds` times: one series of 240 periods, and eight more that are
forecast. CRPS at steps 1, 4 and 8 of the shipped model, of its anchor alone and of AR-BIC; the
worlds are independent, so the Diebold-Mariano test is that of independent differences. Losing
cells are printed first. The simulators here are not those of the training, though of their kind.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from many import drawn

from econdiff.baselines.ar import AR
from econdiff.scoring import crps, diebold_mariano, holm

LENGTH, HORIZON, BURN = 240, 8, 100
STEPS = (1, 4, 8)


def regimes(count: int, rng: np.random.Generator) -> np.ndarray:
    """Hamilton's (1989) switching mean, and a variance that switches with it."""
    total = BURN + LENGTH + HORIZON
    state = rng.integers(2, size=count)
    y = np.zeros((count, total))
    for t in range(1, total):
        state = np.where(rng.uniform(size=count) < np.where(state, 0.10, 0.04), 1 - state, state)
        mean, deviation = np.where(state, -1.5, 1.0), np.where(state, 1.2, 0.6)
        y[:, t] = mean + 0.3 * (y[:, t - 1] - mean) + deviation * rng.standard_normal(count)
    return y


def leverage(count: int, rng: np.random.Generator) -> np.ndarray:
    """GJR-GARCH(1,1) returns with t(6) shocks, at values that stock indices have."""
    total = BURN + LENGTH + HORIZON
    y, variance = np.zeros((count, total)), np.ones(count)
    for t in range(total):
        y[:, t] = np.sqrt(variance * 4 / 6) * rng.standard_t(6, count)
        variance = 0.02 + (0.02 + 0.16 * (y[:, t] < 0)) * y[:, t] ** 2 + 0.88 * variance
    return y


def drifting(count: int, rng: np.random.Generator) -> np.ndarray:
    """An AR(1) whose mean, slope and log volatility are random walks (Cogley and Sargent, 2005)."""
    total = BURN + LENGTH + HORIZON
    y, mean = np.zeros((count, total)), np.zeros(count)
    slope, log_sd = rng.uniform(0.2, 0.8, count), np.zeros(count)
    for t in range(1, total):
        mean = mean + 0.08 * rng.standard_normal(count)
        slope = np.clip(slope + 0.02 * rng.standard_normal(count), -0.2, 0.95)
        log_sd = np.clip(log_sd + 0.06 * rng.standard_normal(count), -2, 2)
        shock = np.exp(log_sd) * rng.standard_normal(count)
        y[:, t] = mean + slope * (y[:, t - 1] - mean) + shock
    return y


def heavy(count: int, rng: np.random.Generator) -> np.ndarray:
    """An AR(1) with t(3) shocks, skewed to the left."""
    total = BURN + LENGTH + HORIZON
    shock = rng.standard_t(3, (count, total))
    shock = np.where(shock < 0, 1.4, 0.7) * shock
    y = np.zeros((count, total))
    for t in range(1, total):
        y[:, t] = 0.5 * y[:, t - 1] + shock[:, t]
    return y


WORLDS: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "regime switching": regimes,
    "GARCH with leverage": leverage,
    "time-varying parameters": drifting,
    "heavy tails": heavy,
}


def scored(
    y: np.ndarray, paths: int, rng: np.random.Generator, weights: Path | None
) -> dict[str, np.ndarray]:
    """CRPS of each world [world, step] by model."""
    history, future = y[:, None, :-HORIZON], y[:, -HORIZON:]
    found: dict[str, list[np.ndarray]] = {"diffusion": [], "anchor": []}
    for batch in drawn(history, HORIZON, paths, rng, weights):
        for name, draws in (("diffusion", batch.network), ("anchor", batch.anchor)):
            found[name].append(crps(draws[:, :, 0].swapaxes(0, 1), future[batch.rows]))
    ar = [_ar(h[0], f, paths, rng) for h, f in zip(history, future, strict=True)]
    return {name: np.concatenate(parts) for name, parts in found.items()} | {"ar": np.stack(ar)}


def _ar(
    history: np.ndarray, future: np.ndarray, paths: int, rng: np.random.Generator
) -> np.ndarray:
    index = pd.period_range("1950Q1", periods=len(history), freq="Q")
    panel = pd.DataFrame({"y": history}, index=index)
    forecast = AR().fit(panel).sample(panel, horizon=HORIZON, paths=paths, rng=rng)
    return crps(forecast.samples[..., 0], future)


def rows_of(name: str, found: dict[str, np.ndarray]) -> list[dict]:
    """A row a step: ratios to the anchor and to AR, and p of the difference from the anchor."""
    rows = []
    for step in STEPS:
        own, anchor, ar = (found[m][:, step - 1] for m in ("diffusion", "anchor", "ar"))
        test = diebold_mariano(own, anchor)
        rows.append({"world": name, "step": step, "of anchor": own.mean() / anchor.mean(),
                     "p": test.p_value, "of AR": own.mean() / ar.mean(),
                     "anchor of AR": anchor.mean() / ar.mean()})  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--worlds", type=int, default=400)
    parser.add_argument("--paths", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", type=Path, help="a weights file; without it the package's")
    options = parser.parse_args()
    rows = []
    for k, (name, simulate) in enumerate(WORLDS.items()):
        rng = np.random.default_rng([options.seed, k])
        y = simulate(options.worlds, rng)[:, BURN:]
        rows += rows_of(name, scored(y, options.paths, rng, options.weights))
    table = pd.DataFrame(rows)
    table["p Holm"] = holm(table["p"].to_numpy())
    lost = table["of anchor"] >= 1
    print(f"cells lost to the anchor: {int(lost.sum())} of {len(table)}")
    for part in (table[lost], table[~lost]):
        if len(part):
            print(part.round(4).to_string(index=False))


if __name__ == "__main__":
    main()
