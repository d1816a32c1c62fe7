"""econdiff's own panels: the law of the panel, and shocks drawn by the diffusion model.

The shocks of the law are white and of known covariance, but real ones come in clusters, with
heavy tails and leverage. Each stream of shocks (the common one, and each entity's own) is what
the diffusion model calls innovations: its history goes through the anchor's volatility filter
and the encoder, and up to 32 steps are drawn at a time, every stream rolling on from its own
draws. Without trained weights this is the filtered volatility of the anchor alone.

The mean, the memory and the covariance are left to the law, whatever the network says of them:
an autoregression and a matrix, found once in `fit` from draws of their own, take memory out of
the draws and bring them to the covariance of the real shocks.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from econdiff.anchor import Anchor, Coefficients, power
from econdiff.baselines.gaussian import root
from econdiff.synth.gaussian_panel import FittedPanel
from econdiff.synth.law import PanelLaw
from econdiff.synth.panel import EntityPanel
from econdiff.synth.shocks import moment

BLOCK = 32  # steps that the network draws in one look
ROWS = 1024  # streams drawn at a time
MINIMUM = 8  # periods of shocks that a volatility filter can start from
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
        from econdiff.diffusion.network import Network  # imports torch: only when asked
        from econdiff.diffusion.weights import load_weights

        law = self.law.fit(panel)
        network = Network().eval() if self.weights is None else load_weights(self.weights)
        split = law.shocks
        own = Streams(split.own.swapaxes(-1, -2), network, self.turns)
        own = own.calibrated(split.own_covariance, self.trials)
        common = None
        if len(panel.entities) > 1 and np.trace(split.common_covariance) > 1e-9:
            common = Streams(split.common.T[None], network, self.turns)
            common = common.calibrated(split.common_covariance, self.trials)
        return FittedPanel(law, lambda start: DiffusedShocks(own, common, start), "diffusion")


@dataclass(frozen=True, eq=False)
class Streams:
    """Streams of shocks [stream, k, time], NaN where not known, and what draws more of them."""

    past: np.ndarray
    network: object
    turns: int
    correction: "Correction | None" = None

    def calibrated(self, covariance: np.ndarray, trials: int) -> "Streams":
        """The same streams, with white draws of mean zero and of this covariance."""
        rng = np.random.default_rng(0)  # an integral by simulation: the same draws at each fit
        rows = rng.integers(len(self.past), size=trials)
        length = min(2 * BLOCK, self.past.shape[-1])  # as far as panels of the real length go
        drawn = self._roll(self._cut(rows, rng), length, rng).swapaxes(-1, -2)
        return replace(self, correction=Correction.of(drawn, covariance))

    def draw(
        self, rows: np.ndarray, length: int, rng: np.random.Generator, *, last: bool
    ) -> np.ndarray:
        """Shocks [row, length, k] after the real streams `rows`, or after a moment of them."""
        past = self.past[rows] if last else self._cut(rows, rng)
        drawn = self._roll(past, length, rng).swapaxes(-1, -2)
        return drawn if self.correction is None else self.correction(drawn)

    def _cut(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The streams `rows`, each up to a moment drawn at random, aligned at its end."""
        length = self.past.shape[-1]
        ends = rng.integers(min(max(length // 2, MINIMUM), length), length + 1, size=len(rows))
        at = np.arange(length) + (ends - length)[:, None]  # [row, time]
        cut = np.take_along_axis(self.past[rows], np.maximum(at, 0)[:, None], axis=-1)
        return np.where((at >= 0)[:, None], cut, np.nan)

    def _roll(self, past: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
        """Raw draws [row, k, length]."""
        import torch

        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        parts = [
            self._block(past[at : at + ROWS], length, generator) for at in range(0, len(past), ROWS)
        ]
        return np.concatenate(parts)

    def _block(self, past: np.ndarray, length: int, generator) -> np.ndarray:
        from econdiff.diffusion.network import WINDOW
        from econdiff.diffusion.origin import origin

        law, drawn = self._white(), past[..., :0]
        while drawn.shape[-1] < length:
            shown = np.concatenate([past, drawn], axis=-1)[..., -2 * WINDOW :]
            ahead = min(length - drawn.shape[-1], BLOCK)
            state = law.filter(shown)
            at = origin(self.network, state, ahead)  # its say on the mean is left to the law
            at = replace(at, state=state, location=np.zeros_like(at.location))
            drawn = np.concatenate([drawn, at.draw(1, self.turns, generator)], axis=-1)
        return drawn

    def _white(self) -> Coefficients:
        """The anchor of shocks: no memory of their own, their scale and correlation."""
        k, anchor = self.past.shape[1], Anchor()
        covariance = moment(self.past.swapaxes(-1, -2))
        spread = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
        correlation = covariance / np.outer(spread, spread)
        values = np.linalg.eigvalsh(correlation)
        if values[0] < 0.02:  # as in the anchor: a root that can be undone
            weight = (0.02 - values[0]) / (1 - values[0])
            correlation = (1 - weight) * correlation + weight * np.eye(k)
        b = np.zeros((k, 1 + anchor.lags))
        return Coefficients(anchor, np.zeros(k), spread, b, np.ones(k), correlation)


@dataclass(frozen=True, eq=False)
class Correction:
    """Draws [row, time, k] to white ones of a given covariance, on average over rows."""

    shift: np.ndarray  # [k]
    memory: np.ndarray  # [LAGS * k, k]
    matrix: np.ndarray  # [k, k]

    @classmethod
    def of(cls, drawn: np.ndarray, covariance: np.ndarray) -> "Correction":
        """Estimate from draws."""
        shift = drawn.mean(axis=(0, 1))
        rows, target = _lagged(drawn - shift), drawn - shift
        flat = rows.reshape(-1, rows.shape[-1])
        memory = np.linalg.lstsq(flat, target.reshape(len(flat), -1), rcond=None)[0]
        left = moment(target - rows @ memory)
        inverse = power(left + 1e-12 * np.trace(left) * np.eye(len(left)), -0.5)
        return cls(shift, memory, root(covariance) @ inverse)

    def __call__(self, drawn: np.ndarray) -> np.ndarray:
        """Correct draws."""
        apart = drawn - self.shift
        return (apart - _lagged(apart) @ self.memory) @ self.matrix.T


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
        last = self.start == "last"
        real, k = self.own.past.shape[:2]
        rows = np.arange(entities) % real if last or entities == real else None
        rows = (
            np.tile(rows, panels)
            if rows is not None
            else rng.integers(real, size=panels * entities)
        )
        own = self.own.draw(rows, length, rng, last=last).reshape(panels, entities, length, k)
        if self.common is None:
            return np.zeros((panels, length, k)), own
        return self.common.draw(np.zeros(panels, int), length, rng, last=last), own
