"""Simulation-based calibration on fresh economies: the ranks of outcomes should be uniform.

Talts et al. (2018): an outcome from the prior falls equally often between any two neighbours
among the draws of a calibrated forecaster. Seeds are apart from those of training.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import chisquare

from econdiff.anchor import Anchor
from econdiff.diffusion.network import Network
from econdiff.diffusion.origin import origin
from econdiff.pretrain.economies import episodes
from econdiff.scoring import crps

FRESH = 987_654_321  # mixed into the seed: no economy of training is met again


@dataclass(frozen=True)
class Calibration:
    """What the ranks say, one entry a step: coverage of bands, a chi-square test, the losses."""

    steps: tuple[int, ...]
    coverage50: tuple[float, ...]
    coverage90: tuple[float, ...]
    p_uniform: tuple[float, ...]
    crps_of_anchor: tuple[float, ...]  # the network's mean CRPS over that of the anchor alone


def calibrate(
    network: Network,
    *,
    economies: int = 300,
    series: int = 3,
    paths: int = 99,
    steps: tuple[int, ...] = (1, 4, 8, 12),
    seed: int = 0,
) -> Calibration:
    """Forecast fresh economies, seen for up to 400 periods, and rank what came."""
    rng = np.random.default_rng([seed, FRESH])
    episode = episodes(economies, series, window=400, horizon=max(steps), rng=rng)
    state = Anchor().estimate(episode.history).filter(episode.history)
    draws = {}
    for name, net in (("network", network), ("anchor", Network(network.size))):
        generator = torch.Generator().manual_seed(seed)
        drawn = origin(net, state, max(steps)).draw(paths, 4, generator)
        draws[name] = drawn.reshape(economies, paths, series, max(steps))
    at = np.array(steps) - 1
    future = episode.future[..., at]
    size = state.scale[..., None] * state.coefficients.spread[..., None]
    score = {name: _mean_crps(x[..., at], future, size) for name, x in draws.items()}
    rank = (draws["network"][..., at] < future).sum(axis=1)  # [economy, series, step]
    share = rank.reshape(-1, len(at)) / paths
    # series of one economy depend on each other: test on one series of each; with 99 paths, ten
    # bins of ten ranks
    p = [chisquare(np.bincount(ranks * 10 // (paths + 1), minlength=10)).pvalue
         for ranks in rank[:, 0].T]  # fmt: skip
    return Calibration(
        steps,
        tuple(np.mean(np.abs(share - 0.5) <= 0.25, axis=0).tolist()),
        tuple(np.mean(np.abs(share - 0.5) <= 0.45, axis=0).tolist()),
        tuple(map(float, p)),
        tuple((score["network"] / score["anchor"]).tolist()),
    )


def _mean_crps(draws: np.ndarray, outcome: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Mean fair CRPS by step, in units of the anchor's scale, winsorised at 20 of them."""
    score = crps(np.moveaxis(draws / size[:, None], 1, 0), outcome[:, 0] / size)
    return np.minimum(score, 20).mean(axis=(0, 1))
