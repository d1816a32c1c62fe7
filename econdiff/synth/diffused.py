"""econdiff's own panels: the law of the panel, and shocks drawn by the diffusion model.

The shocks of the law are white and of known covariance, but real ones come in clusters, with
heavy tails and leverage. Each stream of shocks (the common one, and each entity's own) is what
the diffusion model calls innovations: its history up to a moment goes through the anchor's
volatility filter and the encoder, and up to 32 steps are drawn from there. Without trained
weights this is the filtered volatility of the anchor alone.

A path longer than that is a chain of moments. It begins at a moment of the real shocks drawn at
random; where 32 steps end, it goes on from a real moment whose volatility is like the one that the
draws have come to (a nearest-neighbour bootstrap of states, after Lall and Sharma, 1996, *Water
Resources Research* 32). So a volatility that the real panel never saw is never gone on from,
and paths of any length stay at the volatility of the panel.

The mean, the memory, the covariance and the weight of the tails are left to the panel, whatever
the network says of them: an autoregression, a bend of each margin (sinh-arcsinh; Jones and Pewsey,
2009, *Biometrika* 96) and a matrix, found once in `fit` from draws of their own, take memory out
of the draws and bring them to the kurtosis and the covariance of the real shocks. What the
network gives is their order: clusters of volatility, leverage, skew, extremes in common.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from econdiff.anchor import DECAYS, OUTLIER, Anchor, Coefficients, power
from econdiff.baselines.gaussian import root
from econdiff.synth.gaussian_panel import FittedPanel
from econdiff.synth.law import PanelLaw
from econdiff.synth.panel import EntityPanel
from econdiff.synth.shocks import moment

if TYPE_CHECKING:  # torch is imported only when panels are drawn
    import torch

    from econdiff.diffusion.network import Network
    from econdiff.diffusion.origin import Origin

BLOCK = 32  # steps that the network draws in one look
ROWS = 1024  # streams drawn at a time
MINIMUM = 8  # periods of shocks that a volatility filter can start from
MOMENTS = 1500  # of the real shocks from which paths may begin and go on
LAGS = 4  # of the memory that is taken out


@dataclass(frozen=True)
class DiffusedPanel:
    """Settings: the law, and the `weights` of the network ("shipped", a file, None: the anchor).

    `turns` are the steps of the sampler, three evaluations of the network each. The correction is
    found from `trials` streams.
    """

    law: PanelLaw = field(default_factory=PanelLaw)
    weights: str | Path | None = "shipped"
    turns: int = 2
    trials: int = 1024

    def fit(self, panel: EntityPanel) -> FittedPanel:
        """Estimate the law, and bring the network's shocks to its covariances."""
        from econdiff.diffusion.network import Network
        from econdiff.diffusion.weights import load_weights

        law = self.law.fit(panel)
        network = Network().eval() if self.weights is None else load_weights(self.weights)
        split = law.shocks
        own = Streams.of(split.own.swapaxes(-1, -2), network, self.turns)
        own = own.calibrated(split.own_covariance, self.trials)
        common = None
        if len(panel.entities) > 1 and np.trace(split.common_covariance) > 1e-9:
            common = Streams.of(split.common.T[None], network, self.turns)
            common = common.calibrated(split.common_covariance, self.trials)
        return FittedPanel(law, lambda start: DiffusedShocks(own, common, start), "diffusion")


@dataclass(frozen=True, eq=False)
class Streams:
    """Real moments of streams of shocks, from which the network draws what comes next.

    `moments` are encoded histories, the last moment of each of the `count` streams first;
    `loudness` is the log of the running variance there, a mean over series.
    """

    moments: "Origin"
    count: int
    turns: int
    kurtosis: np.ndarray  # [k], of the real shocks
    correction: "Correction | None" = None

    @classmethod
    def of(cls, past: np.ndarray, network: "Network", turns: int) -> "Streams":
        """Encode moments of `past` [stream, k, time], NaN where not known."""
        from econdiff.diffusion.network import WINDOW
        from econdiff.diffusion.origin import origin

        shown = _histories(past)[..., -2 * WINDOW :]
        # the network's say on mean and memory is left to the law: no re-centring
        at = origin(network, [_white(past).filter(shown)], BLOCK, recentre=False)
        return cls(at, len(past), turns, _kurtosis(past))

    def calibrated(self, covariance: np.ndarray, trials: int) -> "Streams":
        """The same streams, with white draws of mean zero, this covariance, the real tails."""
        rng = np.random.default_rng(0)  # an integral by simulation: the same draws at each fit
        seen = self.moments.views[0].state.known.shape[-1]  # as far as real paths go
        length = min(2 * BLOCK, seen)
        drawn = self._roll(rng.integers(len(self.loudness), size=trials), length, rng)
        return replace(self, correction=Correction.of(drawn, covariance, self.kurtosis))

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
        return np.log(self.moments.views[0].state.memory[..., 1] ** 2).mean(axis=-1)

    def _roll(self, at: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
        """Raw draws [row, length, k] from the moments `at`."""
        import torch

        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
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
        state, decay = self.moments.views[0].state, DECAYS[1]
        now = state.memory[at, :, 1] ** 2
        square = (drawn / state.coefficients.spread[:, None]) ** 2
        for t in range(square.shape[-1]):
            now = decay * now + (1 - decay) * np.minimum(square[..., t], OUTLIER**2 * now)
        return np.log(now).mean(axis=-1)

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
    k, anchor = past.shape[1], Anchor()
    covariance = moment(past.swapaxes(-1, -2))
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    correlation = covariance / np.outer(spread, spread)
    values = np.linalg.eigvalsh(correlation)
    if values[0] < 0.02:  # as in the anchor: a root that can be undone
        weight = (0.02 - values[0]) / (1 - values[0])
        correlation = (1 - weight) * correlation + weight * np.eye(k)
    b = np.zeros((k, 1 + anchor.lags))
    return Coefficients(anchor, np.zeros(k), spread, b, np.ones(k), correlation)


def _rows(at: "Origin", rows: np.ndarray) -> "Origin":
    """Some of the origins of a batch."""
    (view,) = at.views
    names = ("past", "scale", "known", "level", "innovation", "before", "memory")
    taken = replace(view.state, **{name: getattr(view.state, name)[rows] for name in names})
    arrays = {name: getattr(view, name)[rows] for name in ("lags", "cross", "location", "scale")}
    return replace(at, views=(replace(view, state=taken, **arrays),), vector=at.vector[rows])


@dataclass(frozen=True, eq=False)
class Correction:
    """Draws [row, time, k] to white ones of a given covariance and kurtosis, on average."""

    shift: np.ndarray  # [k]
    memory: np.ndarray  # [LAGS * k, k]
    unit: np.ndarray  # [k, k], to variances of one
    bend: np.ndarray  # [k], below one for lighter tails
    centre: np.ndarray  # [k]
    matrix: np.ndarray  # [k, k]

    @classmethod
    def of(cls, drawn: np.ndarray, covariance: np.ndarray, kurtosis: np.ndarray) -> "Correction":
        """Estimate from draws."""
        shift = drawn.mean(axis=(0, 1))
        apart = drawn - shift
        rows = _lagged(apart)
        flat = rows.reshape(-1, rows.shape[-1])
        memory = np.linalg.lstsq(flat, apart.reshape(len(flat), -1), rcond=None)[0]
        left = (apart - rows @ memory).reshape(len(flat), -1)
        spread = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
        unit = _to(moment(left), covariance / np.outer(spread, spread))
        x = left @ unit.T
        bend = np.array([_bend(column, k) for column, k in zip(x.T, kurtosis, strict=True)])
        bent = _bent(x, bend)
        centre = bent.mean(axis=0)
        return cls(shift, memory, unit, bend, centre, _to(moment(bent - centre), covariance))

    def __call__(self, drawn: np.ndarray) -> np.ndarray:
        """Correct draws."""
        apart = drawn - self.shift
        x = (apart - _lagged(apart) @ self.memory) @ self.unit.T
        return (_bent(x, self.bend) - self.centre) @ self.matrix.T


def _to(covariance: np.ndarray, target: np.ndarray) -> np.ndarray:
    """A matrix that takes shocks of one covariance to another."""
    inverse = power(covariance + 1e-12 * np.trace(covariance) * np.eye(len(covariance)), -0.5)
    return root(target) @ inverse


def _bent(x: np.ndarray, bend: np.ndarray) -> np.ndarray:
    return np.sinh(bend * np.arcsinh(x))


def _bend(x: np.ndarray, kurtosis: float) -> float:
    """The bend that gives `x` this kurtosis, or as near as it can come."""
    low, high = 0.3, 1.5
    for _ in range(20):
        middle = (low + high) / 2
        if stats.kurtosis(np.sinh(middle * np.arcsinh(x)), fisher=False) > kurtosis:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _kurtosis(past: np.ndarray) -> np.ndarray:
    """Of the known shocks [stream, k, time], one a series."""
    rows = past.swapaxes(-1, -2)
    rows = rows[np.isfinite(rows).all(axis=-1)]
    return np.asarray(stats.kurtosis(rows, axis=0, fisher=False))


def _lagged(x: np.ndarray) -> np.ndarray:
    """The last LAGS rows of `x` [row, time, k] before each, zero before the first."""
    padded = np.concatenate([np.zeros_like(x[:, :1]).repeat(LAGS, axis=1), x], axis=1)
    length = x.shape[1]
    return np.concatenate([padded[:, LAGS - j : LAGS - j + length] for j in range(1, LAGS + 1)], -1)


@dataclass(frozen=True, eq=False)
class DiffusedShocks:
    """Common and own shocks from their streams; see `Shocks`."""

    own: Streams
    common: Streams | None
    start: str

    def draw(
        self, panels: int, entities: int, length: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Shocks.draw`."""
        own = self._drawn(self.own, panels * entities, length, rng)
        own = own.reshape(panels, entities, *own.shape[1:])
        if self.common is None:
            return np.zeros((panels, length, own.shape[-1])), own
        return self._drawn(self.common, panels, length, rng), own

    def _drawn(
        self, streams: Streams, count: int, length: int, rng: np.random.Generator
    ) -> np.ndarray:
        if self.start == "last":
            return streams.go_on(np.arange(count) % streams.count, length, rng)
        return streams.draw(count, length, rng)
