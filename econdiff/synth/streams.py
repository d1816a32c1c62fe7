"""Streams of shocks that the network goes on with, from moments of the real ones.

Each stream of shocks (the common one, and each entity's own) is what the diffusion model calls
innovations: its history up to a moment goes through the anchor's volatility filter and the encoder,
and up to 32 steps are drawn from there. Without trained weights this is the filtered volatility of
the anchor alone.

A path longer than that is a chain of moments. It begins at a moment of the real shocks drawn at
random; where 32 steps end, it goes on from a real moment whose volatility is like the one that the
draws have come to (a nearest-neighbour bootstrap of states, after Lall and Sharma, 1996, *Water
Resources Research* 32). So a volatility that the real panel never saw is never gone on from,
and paths of any length stay at the volatility of the panel.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from econdiff.anchor import Anchor, Coefficients
from econdiff.anchor.volatility import DECAYS, MAIN, running_variances
from econdiff.synth.correction import Correction, Sizes
from econdiff.synth.shocks import deviations, moment

if TYPE_CHECKING:  # torch is imported only when panels are drawn
    import torch

    from econdiff.diffusion.network import Network
    from econdiff.diffusion.origin import Origin

BLOCK = 32  # steps that the network draws in one look
ROWS = 1024  # streams drawn at a time
MINIMUM = 8  # periods of shocks that a volatility filter can start from
MOMENTS = 1500  # of the real shocks from which paths may begin and go on


@dataclass(frozen=True, eq=False)
class Streams:
    """Real moments of streams of shocks, from which the network draws what comes next.

    `moments` are encoded histories, the last moment of each of the `count` streams first;
    `loudness` is the log of the running variance there, a mean over series.
    """

    moments: "Origin"
    count: int
    turns: int
    sizes: Sizes  # of the real shocks
    correction: Correction | None = None

    @classmethod
    def of(cls, past: np.ndarray, network: "Network", turns: int) -> "Streams":
        """Encode moments of `past` [stream, k, time], NaN where not known."""
        from econdiff.diffusion.network import WINDOW
        from econdiff.diffusion.origin import origin

        shown = _histories(past)[..., -2 * WINDOW :]
        # the network's say on mean and memory is left to the law: no re-centring
        at = origin(network, _white(past).filter(shown), BLOCK, recentre=False)
        return cls(at, len(past), turns, Sizes.of(past.swapaxes(-1, -2)))

    def calibrated(self, covariance: np.ndarray, trials: int) -> "Streams":
        """The same streams, with white draws of this covariance and the real tails and clusters."""
        rng = np.random.default_rng(0)  # an integral by simulation: the same draws at each fit
        seen = self.moments.state.known.shape[-1]  # as far as real paths go
        length = min(2 * BLOCK, seen)
        drawn = self._roll(rng.integers(len(self.loudness), size=trials), length, rng)
        return replace(self, correction=Correction.of(drawn, covariance, self.sizes))

    def draw(self, count: int, length: int, rng: np.random.Generator) -> np.ndarray:
        """Shocks [count, length, k] that begin at moments drawn at random."""
        return self._corrected(rng.integers(len(self.loudness), size=count), length, rng)

    def go_on(self, rows: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
        """Shocks [row, length, k] after the last moment of each stream in `rows`."""
        return self._corrected(rows, length, rng)

    def _corrected(self, at: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
        drawn = self._roll(at, length, rng)
        return drawn if self.correction is None else self.correction(drawn)

    @cached_property
    def loudness(self) -> np.ndarray:
        """Log of the running variance at each moment [moment]."""
        return np.log(self.moments.state.memory[..., MAIN] ** 2).mean(axis=-1)

    def _roll(self, at: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
        """Raw draws [row, length, k] from the moments `at`."""
        from econdiff.diffusion.sampler import generator_from

        generator = generator_from(rng)
        drawn = []
        for begun in range(0, length, BLOCK):
            if begun:
                at = self._alike(self._loudness_after(at, drawn[-1]), rng)
            drawn.append(self._block(at, generator))
        return np.concatenate(drawn, axis=-1)[..., :length].swapaxes(-1, -2)

    def _block(self, at: np.ndarray, generator: "torch.Generator") -> np.ndarray:
        """One look ahead from each of the moments `at`, [row, k, BLOCK]."""
        parts = [at[k : k + ROWS] for k in range(0, len(at), ROWS)]
        return np.concatenate(
            [_rows(self.moments, rows).draw(1, self.turns, generator) for rows in parts]
        )

    def _loudness_after(self, at: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """The running variance's log where `drawn` [row, k, step] ends."""
        state, decay = self.moments.state, DECAYS[MAIN : MAIN + 1]
        shocks = drawn / state.coefficients.spread[:, None]
        known, start = np.ones(shocks.shape, bool), state.memory[at, :, MAIN] ** 2
        _, after = running_variances(shocks, known, start, np.zeros(start.shape), decay)
        return np.log(after).mean(axis=(-2, -1))

    def _alike(self, loudness: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """For each row a real moment, drawn from those that are nearest in `loudness`."""
        order = np.argsort(self.loudness)
        near = max(2, int(np.sqrt(len(order))) // 2)
        place = np.searchsorted(self.loudness[order], loudness)
        place = place + rng.integers(-near, near + 1, size=len(place))
        last = len(order) - 1
        return order[np.clip(np.abs(place), 0, last)]


def _histories(past: np.ndarray) -> np.ndarray:
    """Histories [moment, k, time] that end at moments of `past` [stream, k, time].

    The last moment of each stream first, then others drawn from all that can be filtered.
    """
    streams, _, length = past.shape
    first = min(max(length // 4, MINIMUM), length)
    stream, end = np.divmod(np.arange(streams * (length - first)), max(length - first, 1))
    known = np.asarray(np.isfinite(past).all(axis=1))  # [stream, time]
    end = end + first
    seen = np.cumsum(known, axis=1)[stream, end - 1] >= MINIMUM
    usable = seen & np.asarray(known[stream, end - 1])
    stream, end = stream[usable], end[usable]
    if len(stream) > MOMENTS:
        chosen = np.random.default_rng(0).choice(len(stream), MOMENTS, replace=False)
        stream, end = stream[chosen], end[chosen]
    stream = np.concatenate([np.arange(streams), stream])
    end = np.concatenate([np.full(streams, length), end])
    at = np.arange(length) + (end - length)[:, None]  # [moment, time]
    cut = np.take_along_axis(past[stream], np.maximum(at, 0)[:, None], axis=-1)
    return np.where((at >= 0)[:, None], cut, np.nan)


def _white(past: np.ndarray) -> Coefficients:
    """The anchor of shocks: no memory of their own, their scale and correlation."""
    covariance = moment(past.swapaxes(-1, -2))
    spread = deviations(covariance)
    correlation = covariance / np.outer(spread, spread)
    values = np.linalg.eigvalsh(correlation)
    if values[0] < 0.02:  # as in the anchor: a root that can be undone
        weight = (0.02 - values[0]) / (1 - values[0])
        correlation = (1 - weight) * correlation + weight * np.eye(len(spread))
    return Anchor().white(spread, correlation)


def _rows(at: "Origin", rows: np.ndarray) -> "Origin":
    """Some of the origins of a batch."""
    names = ("past", "scale", "known", "level", "innovation", "before", "memory")
    taken = replace(at.state, **{name: getattr(at.state, name)[rows] for name in names})
    arrays = {name: getattr(at, name)[rows] for name in ("lags", "scale")}
    return replace(at, state=taken, vector=at.vector[rows], **arrays)
