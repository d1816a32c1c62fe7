"""Where choices are made: density forecasts of rows to 1984, with common random numbers.

    python benchmarks/early.py [--data ../shared/data] [--weights FILE]

FRED-QD (targets 1970-84, every second quarter, h=1,2,4,8) and FRED-MD (every fourth month,
h=1,3,6,12) in panels of five series drawn at random, and the macrohistory of Jorda, Schularick
and Taylor (2017), 18 countries to 1984 (growth, inflation, short and long rate, money; h=1,2,4).
CRPS relative to a shrunken AR(1) of constant variance, geometric means over series, and coverage of
the central 80% band, each by step. Futures are drawn
with the same Student noise (8 degrees of freedom, what training takes for it; antithetic) through
the lags and scale that the network gives, without the denoiser: quick, and so little noise
that differences of .002 can be seen. Nothing after 1984 is read.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from prior import PANELS, read

from econdiff.anchor import Anchor
from econdiff.anchor.robust import FREEDOM, GAUSSIAN
from econdiff.diffusion.network import Network
from econdiff.diffusion.origin import origin
from econdiff.diffusion.training import MINIMUM_ROWS
from econdiff.diffusion.weights import load_weights
from econdiff.scoring import crps

FIRST = {"FRED-QD": 42, "FRED-MD": 130, "JST": 45}  # rows before the first origin
EVERY = {"FRED-QD": 2, "FRED-MD": 4, "JST": 2}
RECENT = {"FRED-QD": 80, "FRED-MD": 240, "JST": 80}  # rows of the second view: `anchor.recent`
STEPS = {"FRED-QD": (1, 2, 4, 8), "FRED-MD": (1, 3, 6, 12), "JST": (1, 2, 4)}
DRAWS = 64  # and their opposites
YARDSTICK = Anchor(lags=1, cross=(), local=False, mixture=0.0)


@dataclass(frozen=True, eq=False)
class Job:
    """One panel `y` [series, time] of a source, NaN where not known."""

    source: str
    y: np.ndarray


def jobs(folder: Path) -> Iterator[Job]:
    """All panels."""
    for source, (file, frequency) in PANELS.items():
        y = read(folder, file, frequency)
        order = np.random.default_rng(0).permutation(len(y))
        for first in range(0, len(y) - 4, 5):
            yield Job(source, y[order[first : first + 5]])
    table = pd.read_excel(folder / "macro_international" / "JSTdatasetR6.xlsx")
    for _, country in table.groupby("country"):
        c = country.set_index("year").loc[1870:1984]
        growth = {"output": c.rgdpmad * c["pop"], "prices": c.cpi, "money": c.money}
        rates = {"short": c.stir, "long": c.ltrate}
        panel = pd.DataFrame({k: 100 * np.log(x).diff() for k, x in growth.items()} | rates)
        yield Job("JST", panel.iloc[1:].to_numpy().T)


def histories(job: Job, origins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows before each origin [origin, series, time], and which series can be forecast there.

    A series that cannot is replaced by noise and not scored.
    """
    longest = int(origins.max())
    y = np.full((len(origins), len(job.y), longest), np.nan)
    for row, o in enumerate(origins):
        y[row, :, longest - o :] = job.y[:, :o]
    usable = np.isfinite(y[..., -1]) & (np.isfinite(y).sum(-1) >= MINIMUM_ROWS)
    noise = np.random.default_rng(0).standard_normal(longest)
    return np.where(usable[..., None], y, noise), usable


def score(job: Job, anchor: Anchor, network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Log of the CRPS relative to the yardstick's, and coverage; both [series, step]."""
    steps = np.array(STEPS[job.source])
    ahead = steps.max()
    origins = np.arange(FIRST[job.source], job.y.shape[1] - ahead + 1, EVERY[job.source])
    future = np.stack([job.y[:, o : o + ahead] for o in origins])
    rng = np.random.default_rng(1)
    z = rng.standard_t(FREEDOM, (DRAWS, *future.shape)) / np.sqrt(GAUSSIAN)
    noise = rng.standard_normal((DRAWS, *future.shape))
    y, usable = histories(job, origins)
    plain = YARDSTICK.estimate(y).filter(y)
    at = origin(network, anchor.estimate(y).filter(y), int(ahead))
    scored = (np.isfinite(future) & usable[..., None])[..., steps - 1]
    future = np.nan_to_num(future)[..., steps - 1]

    def mean(values: np.ndarray) -> np.ndarray:
        return np.where(scored, values, 0).sum(0) / np.where(
            scored.sum(0) < 8, np.nan, scored.sum(0)
        )

    ours = at.color(np.concatenate([z, -z]))[..., steps - 1]
    theirs = plain.color(np.concatenate([noise, -noise]))[..., steps - 1]
    low, high = np.quantile(ours, [0.1, 0.9], axis=0)
    ratio = np.log(mean(crps(ours, future)) / mean(crps(theirs, future)))
    return np.clip(ratio, -1.5, 1.5), mean((low <= future) & (future <= high))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, help="a weights file; without it the package's")
    options = parser.parse_args()
    torch.set_num_threads(1)
    network = load_weights(options.weights or "shipped")
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for job in jobs(options.data):
        anchor = Anchor(recent=RECENT[job.source])
        found.setdefault(job.source, []).append(score(job, anchor, network))
    for source, parts in found.items():
        ratio, covered = (np.concatenate(part) for part in zip(*parts, strict=True))
        known = np.nanmean(ratio[~np.isnan(ratio).all(axis=1)], axis=1)
        print(
            f"{source:8s} {_cells(np.exp(np.nanmean(ratio, axis=0)), 4):30s} "
            f"all {np.exp(known.mean()):.4f} (standard error over series "
            f"{known.std() / np.sqrt(len(known)):.4f})  "
            f"80% band {_cells(np.nanmean(covered, axis=0), 3)}",
            flush=True,
        )


def _cells(values: np.ndarray, digits: int) -> str:
    return " ".join(f"{value:.{digits}f}" for value in values)


if __name__ == "__main__":
    main()
