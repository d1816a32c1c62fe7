"""The econometrician's law of a panel, which every draw of econdiff's own starts from.

    w_it = a_i + A_1 w_i,t-1 + ... + A_p w_i,t-p + s_g h_i (c_t + o_it)

in the coordinates w of `coordinates`: entity effects a_i, loudness h_i and starting points from
`effects`, a scale s_g for each group, common and own shocks from `shocks`. How it is estimated
stands in `estimation`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from econdiff.synth import within
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.effects import Effects, as_drawn, grouping, in_logs
from econdiff.synth.panel import EntityPanel
from econdiff.synth.shocks import GaussianShocks, Shocks, Split

STATIONARY = 0.95  # largest root up to which a panel may start anywhere
TREND = 0.8  # rank correlation with time from which a panel starts where the real one did


@dataclass(frozen=True, eq=False)
class Drawn:
    """Standardised coordinates `w` [panel, entity, time, k] and who they belong to.

    `size` [panel, entity, k] is how loud each entity is, `vectors` [panel, entity, size] what tells
    it apart.
    """

    w: np.ndarray
    size: np.ndarray
    vectors: np.ndarray


@dataclass(frozen=True, eq=False)
class FittedLaw:
    """What was estimated; coordinates are standardised by `centre` and `spread`."""

    panel: EntityPanel
    centre: np.ndarray  # [k]
    spread: np.ndarray  # [k]
    slopes: np.ndarray  # [lags * k, k]
    scale: np.ndarray  # [group, k]
    effects: Effects
    shocks: Split
    last: np.ndarray  # [entity, lags, k], where each entity stands at the end
    bend: np.ndarray  # [k, k], applied to the shocks

    @property
    def names(self) -> tuple[str, ...]:
        """One name a coordinate."""
        return Coordinates(self.panel.schema).names

    @property
    def lags(self) -> int:
        """How many rows decide the next."""
        return len(self.slopes) // len(self.centre)

    @property
    def radius(self) -> float:
        """The largest root."""
        k, size = len(self.centre), len(self.slopes)
        companion = np.zeros((size, size))
        companion[:, :k] = self.slopes
        companion[: size - k, k:] = np.eye(size - k)
        return float(np.abs(np.linalg.eigvals(companion)).max())

    @property
    def trending(self) -> bool:
        """Whether some coordinate's mean over entities goes on in one direction."""
        w = Coordinates(self.panel.schema).inward(self.panel.values)
        whole = np.isfinite(w).all(axis=(0, 2))
        mean, time = w[:, whole].mean(axis=0), np.flatnonzero(whole)
        if len(time) < 4:
            return False
        return any(abs(np.asarray(stats.spearmanr(time, column))[0]) > TREND for column in mean.T)

    @property
    def warmup(self) -> int:
        """Periods drawn and thrown away, so that a stationary panel starts anywhere."""
        if self.radius >= STATIONARY or self.trending:
            return 0
        return int(np.ceil(np.log(0.02) / np.log(max(self.radius, 0.1))))

    def gaussian(self) -> GaussianShocks:
        """Normal shocks of the estimated covariances."""
        return GaussianShocks(self.shocks.common_covariance, self.shocks.own_covariance)

    def simulate(
        self,
        panels: int,
        groups: np.ndarray,
        length: int,
        shocks: Shocks,
        rng: np.random.Generator,
        numbers: np.ndarray | None = None,
    ) -> Drawn:
        """New entities, whose numeric static attributes may be given [entity, number]."""
        k, lags = len(self.centre), self.lags
        vectors, loudness = self.effects.draw(panels, groups, rng)
        if numbers is not None:
            vectors = self.effects.given(vectors, numbers)
        start = vectors[..., : lags * k].reshape(panels, len(groups), lags, k)
        intercepts = vectors[..., lags * k : (lags + 1) * k]
        before = self.warmup
        early = self.gaussian().draw(panels, len(groups), before, rng)  # thrown away: any will do
        late = shocks.draw(panels, len(groups), max(length - lags, 1), rng)
        common, own = (np.concatenate(pair, axis=-2) for pair in zip(early, late, strict=True))
        common, own = common @ self.bend, own @ self.bend
        size = self.scale[groups][:, None] * np.exp(loudness)[..., None, None]
        if not self.effects.lawful:  # a real start: shifted by as much as four periods shift it
            moved, shift = shocks.draw(panels, len(groups), 4, rng)
            shift = (size * (moved[:, None] + shift)).sum(axis=-2, keepdims=True)
            start = start + shift
        w = within.run(self.slopes, start, intercepts, size * (common[:, None] + own))
        w = np.concatenate([start, w], axis=-2)
        return Drawn(w[..., before : before + length, :], size[..., 0, :], vectors)

    def go_on(self, panels: int, length: int, shocks: Shocks, rng: np.random.Generator) -> Drawn:
        """What follows the real panel."""
        effects, k = self.effects, len(self.centre)
        intercepts = effects.vectors[:, self.lags * k : (self.lags + 1) * k]
        common, own = shocks.draw(panels, len(effects.groups), length, rng)
        common, own = common @ self.bend, own @ self.bend
        size = self.scale[effects.groups] * np.exp(effects.loudness)[:, None]
        w = within.run(self.slopes, self.last, intercepts, size[:, None] * (common[:, None] + own))
        each = (panels, *size.shape)
        vectors = np.broadcast_to(effects.vectors, (panels, *effects.vectors.shape))
        return Drawn(w, np.broadcast_to(size, each), vectors)

    def outward(self, w: np.ndarray) -> np.ndarray:
        """Standardised coordinates to series."""
        return Coordinates(self.panel.schema).outward(self.centre + self.spread * w)

    def statics(self, vectors: np.ndarray, groups: np.ndarray) -> pd.DataFrame:
        """Static attributes of entities of `groups` whose vectors [entity, size] were drawn."""
        real = self.panel.statics
        _, kinds, numbers = grouping(real)
        first = [int(np.flatnonzero(self.effects.groups == g)[0]) for g in groups]
        made = real.iloc[first].reset_index(drop=True)
        if not self.effects.lawful:
            return made
        at = (self.lags + 1) * len(self.centre)
        numeric = pd.DataFrame(real[numbers])
        logs = in_logs(numeric)
        known = as_drawn(numeric, logs)
        for place, name in enumerate(numbers):
            drawn = known[:, place].mean() + known[:, place].std() * vectors[:, at + place]
            drawn = np.exp(drawn) if logs[place] else drawn
            whole = pd.api.types.is_integer_dtype(real[name].dtype)
            least = 1 if logs[place] else -np.inf  # of whole numbers
            made[name] = np.maximum(np.rint(drawn), least).astype(int) if whole else drawn
        return made[[*real.columns]] if kinds or numbers else made
