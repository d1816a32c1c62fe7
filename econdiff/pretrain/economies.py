"""Simulated economies: what the shipped weights have lived through.

`prior` says what an economy may be; here one is drawn, run through time and published, and looked
at from an origin of its own.
"""

from dataclasses import dataclass

import numpy as np

from econdiff.pretrain.levels import mean_paths, polynomial
from econdiff.pretrain.prior import BURN, Prior, chance
from econdiff.pretrain.randomness import Randomness
from econdiff.pretrain.shocks import draw_jumps, draw_shocks
from econdiff.pretrain.volatility import Volatility


@dataclass(frozen=True, eq=False)
class Episode:
    """Windows of simulated economies, each seen up to its own origin.

    `history` [economy, series, window] with NaN before the sample starts and where a cell
    is missing; `future` [economy, future, series, step] complete, several draws of what came next.
    """

    history: np.ndarray
    future: np.ndarray


def episodes(
    economies: int,
    series: int,
    *,
    window: int,
    horizon: int,
    rng: np.random.Generator,
    futures: int = 1,
    prior: Prior | None = None,
) -> Episode:
    """Simulate economies and look at each from an origin of its own, with 24 rows or more.

    Its `futures` are draws of what may come after the origin, given all that it is by then.
    """
    parted = Randomness(rng, futures, parting=horizon)
    y = simulated(economies * futures, series, window + horizon, parted, prior or Prior())
    y = y.reshape(economies, futures, series, window + horizon)
    known = np.exp(rng.uniform(np.log(24), np.log(window), economies)).astype(int)
    late = np.where(rng.random((economies, series)) < 0.2, rng.random((economies, series)), 0)
    starts = window - known[:, None] + (late * (known[:, None] - 24)).astype(int)
    history, future = y[:, 0, :, :window].copy(), y[..., window:]
    holes = (rng.random(economies) < 0.05)[:, None, None] & (rng.random(history.shape) < 0.08)
    holes[..., -1] = False  # the origin is where every series is known
    history[(np.arange(window) < starts[..., None]) | holes] = np.nan
    return Episode(history, future)


def simulate(
    economies: int, series: int, length: int, rng: np.random.Generator, prior: Prior | None = None
) -> np.ndarray:
    """Draw economies, [economy, series, time], float32."""
    return simulated(economies, series, length, Randomness(rng), prior or Prior())


def simulated(e: int, s: int, length: int, rng: Randomness, prior: Prior) -> np.ndarray:
    """`simulate`, where economies may share their past: [economy, series, time], float32."""
    total = BURN + length
    market = rng.random((e, 1)) < prior.markets
    shocks = draw_shocks(e, s, total, market, prior, rng)  # [time, economy, series], unit variance
    mean = mean_paths(e, s, total, market, prior, rng)  # in units of the shocks' usual deviation
    y = _run(shocks, mean, market, prior, rng)
    y = np.moveaxis(y[BURN:], 0, -1)
    return _as_published(y, market, rng).astype(np.float32)


def _run(
    shocks: np.ndarray,
    mean: np.ndarray,
    market: np.ndarray,
    prior: Prior,
    rng: Randomness,
) -> np.ndarray:
    """The recursion in time: volatility, then level; [time, economy, series]."""
    total, e, s = shocks.shape
    shape = (e, s)
    before, after = (polynomial(e, s, market, prior, rng) for _ in range(2))
    changed = np.where(chance(prior.changes, shape, rng), rng.integers(BURN, total, shape), total)
    span = np.where(chance(0.5, shape, rng), 1 + total * rng.random(shape), 1)  # of a change
    theta = rng.uniform(-0.6, 0.6, shape) * chance(0.4, shape, rng) * ~market

    jumps = draw_jumps(shocks, market, rng)
    volatility = Volatility(shocks, market, prior, rng)
    gaps = np.zeros((5, e, s), dtype=np.float32)  # deviations from the mean path, latest first
    last = np.zeros(shape, dtype=np.float32)
    y = np.empty_like(shocks)
    for t in range(total):
        u = np.exp(0.5 * volatility.at(t, gaps[0])) * (shocks[t] + jumps[t])
        b = before + np.clip((t + 1 - changed) / span, 0, 1).astype(np.float32) * (after - before)
        x = (b * gaps[:4]).sum(0) + u + theta * last
        x = np.clip(x, -1e4, 1e4)
        last = u
        gaps = np.concatenate([x[None], gaps[:4]])
        y[t] = x + mean[t]
        volatility.move(t)
    return y


def _as_published(y: np.ndarray, market: np.ndarray, rng: Randomness) -> np.ndarray:
    """What floors, rounding, mistakes and hands make of a series; [economy, series, time]."""
    e, s, length = y.shape
    shape = (e, s, 1)
    seen = y[..., : length - rng.parting]
    middle = np.median(seen, axis=-1, keepdims=True)
    width = np.maximum(np.abs(seen - middle).mean(-1, keepdims=True), 1e-6)
    x = np.clip((y - middle) / width, -200, 200)

    plain = ~market[..., None]
    least = 0.35 * rng.rng.random()
    floor = np.quantile(x[..., : length - rng.parting], least, axis=-1, keepdims=True)
    floored = np.maximum(x, floor) + 0.01 * rng.shocks((length, e, s)).transpose(1, 2, 0)
    x = np.where(chance(0.06, shape, rng) & plain, floored, x)
    bend = rng.uniform(0.1, 0.5, shape)
    x = np.where(chance(0.06, shape, rng) & plain, np.exp(np.clip(bend * x, -6, 6)) / bend, x)
    strikes = rng.shares((length, e, s)) < 0.01
    slips = (strikes * 5 * rng.shocks((length, e, s))).transpose(1, 2, 0)
    x = x + slips * chance(np.where(plain, 0.12, 0.04), shape, rng)
    grid = rng.uniform(0.02, 0.3, shape)
    x = np.where(chance(0.08, shape, rng) & plain, np.round(x / grid) * grid, x)
    by_hand = _set_by_hand(x, np.exp(rng.uniform(np.log(0.1), np.log(2), shape)))
    return np.where(chance(0.05, shape, rng) & plain, by_hand, x)


def _set_by_hand(wanted: np.ndarray, step: np.ndarray) -> np.ndarray:
    """A rate that stands still until a `step` from what is `wanted` [economy, series, time]."""
    step, now = step[..., 0], wanted[..., 0]
    found = np.empty_like(wanted)
    for t, x in enumerate(np.moveaxis(wanted, -1, 0)):
        now = np.where(np.abs(x - now) < step, now, np.round(x / step) * step)
        found[..., t] = now
    return found
