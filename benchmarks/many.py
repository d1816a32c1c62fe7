"""Many origins at once: the network encodes and draws for all of them in one go."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from econdiff.diffusion.likelihood import log_density
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.network import Network
from econdiff.diffusion.origin import Origin, origin
from econdiff.diffusion.weights import load_weights

BATCH = 128  # origins


@dataclass(frozen=True, eq=False)
class Drawn:
    """What was drawn from a batch of origins, [origin, path, series, step]."""

    rows: slice  # of the histories
    network: np.ndarray
    anchor: np.ndarray  # the same noise without the network
    at: Origin


def drawn(
    y: np.ndarray, horizon: int, paths: int, rng: np.random.Generator, weights: Path | None = None
) -> Iterator[Drawn]:
    """Futures of each history of `y` [origin, series, time]; the anchor is estimated on each."""
    torch.set_num_threads(1)
    network = load_weights(weights or "shipped")
    for first in range(0, len(y), BATCH):
        rows = slice(first, min(first + BATCH, len(y)))
        yield _drawn(y[rows], rows, horizon, paths, rng, network)


def _drawn(
    y: np.ndarray, rows: slice, horizon: int, paths: int, rng: np.random.Generator,
    network: Network,
) -> Drawn:  # fmt: skip
    settings = Diffusion()
    at = origin(network, settings.anchor.estimate(y).filter(y), horizon)
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    count, series = y.shape[:2]
    futures = at.draw(paths, settings.turns, generator).reshape(count, paths, series, horizon)
    noise = rng.standard_normal((paths, count, series, horizon))
    return Drawn(rows, futures, bare(at).color(noise).swapaxes(0, 1), at)


def bare(at: Origin) -> Origin:
    """The anchor at the same origins, without what the network said."""
    return replace(at, lags=0 * at.lags, scale=at.scale**0)


def log_densities(at: Origin, future: np.ndarray) -> np.ndarray:
    """Exact log density of each origin's `future` [origin, series, step], in nats."""
    z = torch.from_numpy(at.whiten(future))
    size = torch.from_numpy(at.log_determinant())
    return log_density(at.denoise, z, log_det=-size, tolerance=1e-4).value.numpy()
