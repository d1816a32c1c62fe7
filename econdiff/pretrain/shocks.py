"""What strikes simulated economies: correlated shocks with tails and skewness, and rare events."""

import numpy as np

from econdiff.pretrain.prior import BURN, Prior, chance
from econdiff.pretrain.randomness import Randomness


def draw_shocks(
    e: int, s: int, total: int, market: np.ndarray, prior: Prior, rng: Randomness
) -> np.ndarray:
    """Correlated, fat-tailed, skewed shocks of unit variance, [time, economy, series]."""
    common = rng.shocks((total, e, 1))
    own = rng.shocks((total, e, s))
    sign = np.where(chance(0.3, (e, s), rng) & ~market, -1, 1)
    alike = np.where(market, 0.4 + 0.6 * rng.random((e, 1)), rng.random((e, 1)))
    weight = alike * np.minimum(0.9, 0.3 + rng.random((e, s))) * sign
    x = weight * common + np.sqrt(1 - weight**2) * own

    skew = rng.uniform(-0.45, 0.45, (e, s)) * chance(0.4, (e, s), rng)
    skew = np.where(market & chance(0.7, (e, s), rng), -np.abs(skew) * 0.6, skew)
    shift = np.sqrt(2 / np.pi) * 2 * skew
    spread = np.sqrt(1 + 3 * skew**2 - shift**2)
    x = (np.where(x > 0, 1 + skew, 1 - skew) * x - shift) / spread

    gaussian = chance(np.where(market, 0.1, prior.gaussian), (e, 1), rng)
    student = np.where(market, 4 + 20 * rng.random((e, 1)), 3 + 10 * rng.random((e, 1)))
    freedom = np.where(gaussian, 300, student)
    joint = chance(0.5, (e, 1), rng)  # tails shared by the series, or each its own
    mixing = np.where(
        joint,
        rng.gammas(freedom / 2, (total, e, 1)),
        rng.gammas(freedom / 2, (total, e, s)),
    )
    x = x * np.sqrt((freedom / 2 - 1) / mixing)

    spill = rng.normal(0, 0.25, (e, s, s)) * chance(0.4, (e, s, s), rng)
    spill *= (chance(prior.spill, (e, 1), rng) & ~market)[..., None] * (1 - np.eye(s))
    x[1:] += np.einsum("eij,tej->tei", spill, x[:-1])
    return x.astype(np.float32)


def draw_jumps(shocks: np.ndarray, market: np.ndarray, rng: Randomness) -> np.ndarray:
    """Rare large shocks, [time, economy, series]: of one series; of all, with a rebound; falls."""
    total, e, s = shocks.shape
    often = 0.012 * chance(np.where(market, 0.1, 0.25), (e, s), rng)
    strikes = rng.shares(shocks.shape) < often
    jumps = np.where(strikes, 5 * rng.shocks(shocks.shape), 0)
    struck = chance(0.08, (e, 1), rng)
    at = rng.integers(BURN, total, (e,))
    blow = np.exp(rng.uniform(np.log(4), np.log(25), (e, 1))) * rng.normal(0, 1, (e, s)) * struck
    back = rng.uniform(0, 1.2, (e, s))
    columns = np.arange(e)
    jumps[at, columns] += blow
    jumps[np.minimum(at + 1, total - 1), columns] -= back * blow
    return (jumps + _falls(shocks.shape, market, rng)).astype(np.float32)


def _falls(shape: tuple[int, int, int], market: np.ndarray, rng: Randomness) -> np.ndarray:
    """Days on which a whole market falls, seldom rises; [time, economy, series]."""
    total, e, s = shape
    often = 0.006 * rng.random((e, 1)) * chance(0.7, (e, 1), rng) * market
    sign = np.where(rng.shares((total, e, 1)) < 0.9, -1, 1)
    size = 3 * np.abs(rng.shocks((total, e, 1))) * (0.5 + rng.random((e, s)))
    return np.where(rng.shares((total, e, 1)) < often, sign * size, 0)
