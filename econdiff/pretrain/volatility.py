"""How loud simulated series are: what moves their log variances, and how long it lasts.

The log variance of a series is a sum of AR(1) processes (a slow one of its own, a slow one that
the economy shares and, in markets, a quick one, as the components of Engle and Lee, 1999, "A
long-run and short-run component model of stock return volatility"), each moved by noise, by the
size of shocks (EGARCH; Nelson, 1991) and by their sign (leverage); of a break; of the louder of
two regimes; and of the level. What markets are (a few weeks of memory that falls start, over a
volatility that hardly moves) follows moments of days before 2003 (`benchmarks/prior_markets.py`).
"""

from dataclasses import dataclass

import numpy as np

from econdiff.pretrain.levels import markov
from econdiff.pretrain.prior import Prior, chance
from econdiff.pretrain.randomness import Randomness


@dataclass(eq=False)
class Component:
    """One AR(1) process of log variances, [economy, series] or [economy, 1]."""

    now: np.ndarray
    keep: np.ndarray  # the share that stays to the next period
    noise: np.ndarray
    size: np.ndarray | float  # of its answer to the size of a shock
    lean: np.ndarray | float  # of its answer to the sign, negative where falls make louder
    draws: np.ndarray  # [time, ...]

    def move(self, t: int, shock: np.ndarray) -> None:
        """On to the next period, after `shock` in period `t`."""
        moved = self.noise * self.draws[t] + self.lean * shock
        self.now = self.keep * self.now + moved + self.size * (np.abs(shock) - 0.8)


class Volatility:
    """Log variances of series that hear `shocks` [time, economy, series] of unit variance."""

    def __init__(self, shocks: np.ndarray, market: np.ndarray, prior: Prior, rng: Randomness):
        total, e, s = shocks.shape
        shape, self.shocks = (e, s), np.clip(shocks, -6, 6)
        moves = chance(np.where(market, 1, 0.85), (e, 1), rng)
        self._own(shape, market, moves, prior, rng)
        self._shared(shape, market, moves, prior, rng)
        self._quick(market, prior, rng)

        shift_at = np.where(chance(0.6, (e, 1), rng), rng.integers(0, total, (e, 1)), total)
        shift = rng.normal(0, 1.3, shape) * chance(prior.shifts, shape, rng)
        loud = np.abs(rng.normal(0, 1, shape)) * chance(prior.regimes, (e, 1), rng)
        self.shift, self.loud = (np.where(market, 0.4, 1) * a for a in (shift, loud))
        self.shift_at, self.state = shift_at, markov(e, total, rng)
        self.lift = rng.normal(0, 0.3, shape) * chance(prior.level, shape, rng) * ~market

    def _own(self, shape, market, moves, prior, rng) -> None:
        keep = np.clip(1 - np.where(market, 0.06, 0.2) * rng.random(shape) ** 2, 0.8, 0.998)
        noise = np.where(market, 0.02, 0.3) * rng.random(shape)
        size = np.where(market, 0.06, 0.2) * rng.random(shape) * chance(0.5, shape, rng)
        falls = chance(np.where(market, 0.8, 0.2), shape, rng)
        lean = -np.where(market, 0.07, 0.2) * rng.random(shape) * falls
        noise, size = (prior.volatility * moves * a for a in (noise, size))
        draws = rng.shocks(self.shocks.shape)
        self.own = Component(np.zeros(shape), keep, noise, size, lean * moves, draws)

    def _shared(self, shape, market, moves, prior, rng) -> None:
        e = shape[0]
        self.share = 1.2 * rng.random(shape) * moves
        keep = np.clip(1 - 0.2 * rng.random((e, 1)) ** 2, 0.8, 0.998)
        noise = prior.volatility * np.where(market, 0.13, 0.35) * rng.random((e, 1))
        draws = rng.shocks((len(self.shocks), e, 1))
        self.shared = Component(np.zeros((e, 1)), keep, noise, 0.0, 0.0, draws)

    def _quick(self, market, prior, rng) -> None:
        total, e, s = self.shocks.shape
        shape = (e, s)
        falls = rng.random((e, 1))  # whether falls start it, rather than any large shock
        keep = rng.uniform(0.7, 0.96, shape)
        noise, size, lean = (a * rng.random(shape) * market for a in (0.2, 0.2, -0.5))
        size, lean = size * (1 - falls), lean * falls
        market_wide = self.shocks.mean(-1, keepdims=True)
        market_wide = market_wide / market_wide[: total - rng.parting].std(0)
        joint = chance(0.7, (e, 1), rng)
        self.heard = np.where(joint, market_wide, self.shocks)
        draws = np.where(joint, rng.shocks((total, e, 1)), rng.shocks((total, e, s)))
        self.quick = Component(np.zeros(shape), keep, noise, size, lean, draws)

    def at(self, t: int, gap: np.ndarray) -> np.ndarray:
        """Log variances of period `t`, for series that stand at `gap` from their means."""
        found = self.own.now + self.share * self.shared.now + self.quick.now
        found = found + self.shift * (t >= self.shift_at) + self.loud * self.state[t]
        return np.clip(found + self.lift * np.clip(gap, -4, 4), -5, 5)

    def move(self, t: int) -> None:
        """Past period `t`."""
        for part, shock in ((self.own, self.shocks), (self.shared, self.shocks),
                            (self.quick, self.heard)):  # fmt: skip
            part.move(t, shock[t])
