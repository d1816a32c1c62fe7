"""econdiff's own panels: the law of the panel, and shocks drawn by the diffusion model.

The shocks of the law are white and of known covariance, but real ones come in clusters, with
heavy tails and leverage. `streams` has the network draw them, `correction` brings them to the mean,
the covariance and the tails of the panel, and the law is then settled once more, such that
panels with these very shocks are estimated as the real one is (see `estimation`).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from econdiff.anchor import Anchor
from econdiff.synth.errors import SynthError
from econdiff.synth.estimation import PanelLaw, Repeated, settled
from econdiff.synth.gaussian_panel import FittedPanel
from econdiff.synth.panel import EntityPanel
from econdiff.synth.season import without_seasons
from econdiff.synth.streams import Streams

if TYPE_CHECKING:  # torch is imported only when panels are drawn
    from econdiff.diffusion.network import Network
    from econdiff.diffusion.training import Training

ROUNDS = 4  # of inference with the network's shocks
CELLS = 40_000  # entities and periods that are drawn for it


@dataclass(frozen=True)
class DiffusedPanel:
    """Settings: the law, and the `weights` of the network ("shipped", a file, None: the anchor).

    `turns` are the steps of the sampler, three evaluations of the network each. The correction is
    found from `trials` streams. With `training` the network goes on learning from the shocks that
    all entities share (from its own, where there is one entity): what is learned is kept only
    where it improves the last stretch, held out. SynthError where there are too few periods.
    """

    law: PanelLaw = field(default_factory=PanelLaw)
    weights: str | Path | None = "shipped"
    turns: int = 2
    trials: int = 1024
    training: "Training | None" = None

    def fit(self, panel: EntityPanel) -> FittedPanel:
        """Estimate the law, bring the network's shocks to its covariances, and settle the two."""
        from econdiff.diffusion.network import untrained
        from econdiff.diffusion.training import Training
        from econdiff.diffusion.weights import load_weights

        panel, season = without_seasons(panel)
        law, training = self.law.fit(panel), self.training or Training(steps=0)
        network = (
            untrained(seed=training.seed) if self.weights is None else load_weights(self.weights)
        )
        split, name = law.shocks, "diffusion"
        if training.steps > 0:
            stream = split.own[0] if len(panel.entities) == 1 else split.common
            network, name = _trained(network, stream.T, training)
        own = Streams.of(split.own.swapaxes(-1, -2), network, self.turns)
        own = own.calibrated(split.own_covariance, self.trials)
        common = None
        if len(panel.entities) > 1 and np.trace(split.common_covariance) > 1e-9:
            common = Streams.of(split.common.T[None], network, self.turns)
            common = common.calibrated(split.common_covariance, self.trials)
        shocks = Repeated(DiffusedShocks(own, common, "anew"))
        law = settled(law, lambda law: shocks, min(ROUNDS, self.law.rounds), CELLS, self.law.copies)
        return FittedPanel(law, lambda start: DiffusedShocks(own, common, start), name, season)


def _trained(network: "Network", stream: np.ndarray, training: "Training") -> tuple["Network", str]:
    """The network after learning from a stream of shocks [k, time], and how it is called then."""
    from econdiff.diffusion.training import train

    try:
        *_, last = train(network, stream, Anchor(), training)
    except ValueError as error:
        raise SynthError(f"to train on this panel: {error}") from error
    if last.kept == 0:
        return network, "diffusion (training brought nothing; as it was)"
    gain = f"(held out, nats a cell: {last.start:.4f} to {last.best:.4f})"
    return last.network.eval(), f"diffusion, trained here {gain}"


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
