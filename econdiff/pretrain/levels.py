"""Where simulated series are drawn to, and how they go there: means, factors, regimes, lags."""

import numpy as np

from econdiff.pretrain.prior import BURN, Prior, chance
from econdiff.pretrain.randomness import Randomness


def mean_paths(
    e: int, s: int, total: int, market: np.ndarray, prior: Prior, rng: Randomness
) -> np.ndarray:
    """Where each series is drawn to: breaks, drifts, regimes, factors; [time, economy, series]."""
    time = np.arange(total)[:, None, None]
    mean = np.zeros((total, e, s), dtype=np.float32)
    calm = np.where(market, 0.03, 1)  # little of what moves prices can be foreseen

    breaks = rng.normal(0, 2, (e, s)) * chance(prior.breaks, (e, s), rng) * calm
    at = np.where(
        chance(0.5, (e, 1), rng), rng.integers(BURN, total, (e, 1)), rng.integers(0, total, (e, s))
    )
    mean += breaks * (time >= at)
    drift = prior.drift * rng.random((e, s)) ** 2 * chance(0.5, (e, s), rng) * calm
    steps = rng.shocks((total, e, s))
    steady = 0.97 * chance(0.25, (e, s), rng)  # some drifts go one way for decades
    for t in range(1, total):
        steps[t] = steady * steps[t - 1] + (1 - 0.8 * steady) * steps[t]
    mean += np.cumsum(drift * steps, axis=0)

    mean += calm * factors(e, s, total, prior, rng)
    state = markov(e, total, rng)  # [time, economy, 1]
    mean += state * rng.normal(0, 1.5, (e, s)) * chance(prior.regimes, (e, 1), rng) * calm

    period = rng.choice([4, 12, 5, 7], (e, 1))
    wave = rng.normal(0, 0.6, (e, s)) * chance(0.08, (e, s), rng)
    mean += wave * np.cos(2 * np.pi * (time / period + rng.random((e, s))))
    return mean.astype(np.float32)


def factors(e: int, s: int, total: int, prior: Prior, rng: Randomness) -> np.ndarray:
    """Two AR(2) factors, with real roots or a cycle of 12 to 60 periods.

    Each series loads on them with a lead or lag of its own.
    """
    count, reach = 2, 4
    r1, r2 = 1 - 0.5 * rng.random((e, count)) ** 1.5, 0.8 * rng.random((e, count))
    r1 = np.minimum(r1, 0.99)
    radius = 1 - 0.2 * rng.random((e, count))
    period = np.exp(rng.uniform(np.log(12), np.log(60), (e, count)))
    swings = chance(prior.cycles, (e, count), rng)
    b1 = np.where(swings, 2 * radius * np.cos(2 * np.pi / period), r1 + r2)
    b2 = np.where(swings, radius**2, r1 * r2)
    noise = rng.shocks((total + reach, e, count))
    f = np.zeros_like(noise)
    for t in range(2, total + reach):
        f[t] = b1 * f[t - 1] - b2 * f[t - 2] + noise[t]
    f /= np.maximum(f[BURN : total - rng.parting].std(0), 1e-3)
    size = prior.factors * rng.random((e, 1)) ** 2
    weight = size[..., None] * rng.normal(0, 1, (e, s, count))
    lead = rng.integers(0, reach + 1, (e, s)) * chance(0.5, (e, 1), rng)
    ahead = np.stack([f[k : k + total] for k in range(reach + 1)], axis=-1)  # [time, e, count, k]
    loading = weight[..., None] * (lead[..., None] == np.arange(reach + 1))[..., None, :]
    flat = np.moveaxis(ahead.reshape(total, e, -1), 0, 1)
    made = flat @ loading.reshape(e, s, -1).astype(np.float32).swapaxes(1, 2)  # [e, time, s]
    return np.moveaxis(made, 1, 0)


def markov(e: int, total: int, rng: Randomness) -> np.ndarray:
    """A two-state chain, 1 in the rarer state; [time, economy, 1]."""
    enter = np.exp(rng.uniform(np.log(0.01), np.log(0.06), (e,)))
    leave = np.exp(rng.uniform(np.log(0.05), np.log(0.35), (e,)))
    u = rng.shares((total, e))
    state = np.zeros((total, e), dtype=np.float32)
    for t in range(1, total):
        state[t] = np.where(state[t - 1] > 0, u[t] >= leave, u[t] < enter)
    return state[..., None]


def polynomial(e: int, s: int, market: np.ndarray, prior: Prior, rng: Randomness) -> np.ndarray:
    """Coefficients at lags 1 to 4 from random roots, [lag, economy, series]."""
    shape = (e, s)
    near = 1 - 0.15 * rng.random(shape) ** 2
    first = np.where(chance(prior.near_unit, shape, rng), near, 1.3 * rng.random(shape) - 0.4)
    second = rng.uniform(-0.6, 0.85, shape) * chance(0.6, shape, rng)
    radius = 0.9 * rng.random(shape) * chance(0.35, shape, rng)
    angle = np.pi * rng.random(shape)
    white = market & chance(0.85, shape, rng)
    first = np.where(white, rng.normal(0, 0.05, shape), np.clip(first, -0.95, 0.999))
    second, radius = np.where(white, 0, second), np.where(white, 0, radius)
    poly = np.zeros((5, e, s))
    poly[0] = 1
    for factor in ([-first], [-second], [-2 * radius * np.cos(angle), radius**2]):
        whole = poly.copy()
        for k, c in enumerate(factor, start=1):
            whole[k:] += c * poly[:-k]
        poly = whole
    return -poly[1:].astype(np.float32)
