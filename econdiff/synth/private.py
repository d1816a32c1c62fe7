"""A generator whose law is differentially private: nobody's whole history decides what is drawn.

Every entity gives one vector, clipped to length one: its mean, the square of its mean, and the
moments of its path about the mean at lags nought and one, all in units of ranges that the user
states (they must be known without looking at the data). Their sum is released once, with normal
noise. For panels that differ in one whole entity the sum moves by at most 2, and the noise is the
least that gives (epsilon, delta) exactly (Balle and Wang, 2018, "Improving the Gaussian mechanism
for differential privacy", theorem 8). What follows - slopes, covariances, panels - is a function
of the noisy sum and the number of entities, which is taken as public.

What is given up for it: static attributes, groups, comovement between entities, holes, and any
memory beyond one lag; slopes keep the bias of short panels. Noise comes from the operating system
and not from the seed: a published seed would let anyone subtract it. Floating-point attacks
(Mironov, 2012) are not met. The guarantee is that of the panels alone: whatever else is computed
from the real data (quality, privacy evidence, pictures) has none.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.stats import norm

from econdiff.baselines.gaussian import root
from econdiff.synth import within
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.errors import SynthError
from econdiff.synth.generation import SyntheticPanels, calendar, new_names
from econdiff.synth.identity import Identity
from econdiff.synth.panel import EntityPanel
from econdiff.synth.positive import kept_above
from econdiff.synth.schema import Schema
from econdiff.synth.shocks import positive

SENSITIVITY = 2.0  # of a sum of vectors of length one, when one of them is another
PATHS = 4.0  # weight of the moments of paths against those of means
FEWEST = 8  # entities
WARMUP = 60
LARGEST = 0.98  # root


def noise_for(epsilon: float, delta: float, sensitivity: float = SENSITIVITY) -> float:
    """Deviation of the least normal noise that is (epsilon, delta) private."""
    if not (0 < epsilon < np.inf and 0 < delta < 1):
        raise SynthError(f"epsilon {epsilon} must be positive, and delta {delta} between 0 and 1")
    low, high = 1e-6 * sensitivity, 1e6 * sensitivity
    for _ in range(200):
        middle = np.sqrt(low * high)
        if delta_of(middle, epsilon, sensitivity) > delta:
            low = middle
        else:
            high = middle
    return float(high)


def delta_of(noise: float, epsilon: float, sensitivity: float = SENSITIVITY) -> float:
    """The delta of normal noise at an epsilon (Balle and Wang, 2018, equation 6)."""
    near, far = sensitivity / (2 * noise), epsilon * noise / sensitivity
    return float(norm.cdf(near - far) - np.exp(epsilon + norm.logcdf(-near - far)))


@dataclass(frozen=True)
class PrivatePanel:
    """Settings: `epsilon`, `delta`, and the range of every series as its publisher knows it.

    A series whose range is above zero moves in logs (a total as its parts do). `noise` is for tests
    only: None is the operating system's.
    """

    epsilon: float
    ranges: Mapping[str, tuple[float, float]]
    delta: float = 1e-5
    noise: np.random.Generator | None = field(default=None, repr=False)

    def above_zero(self, identities: Sequence[Identity]) -> tuple[str, ...]:
        """Series that are kept above zero: those whose range is, and no total of others."""
        above = {name for name, (low, _) in self.ranges.items() if low > 0}
        return tuple(sorted(kept_above(above, identities)))

    def fit(self, panel: EntityPanel) -> "FittedPrivate":
        """Release the noisy moments, and derive the law from them."""
        deviation = noise_for(self.epsilon, self.delta)
        if len(panel.entities) < FEWEST:
            raise SynthError(
                f"{len(panel.entities)} entities are too few for differential privacy, which hides "
                f"one among many; {FEWEST} are needed"
            )
        _check_ranges(panel.schema, self.ranges)
        above = self.above_zero(panel.schema.identities)
        schema = replace(panel.schema, statics=(), positive=above, bounds={})
        middle, half = _scale(schema, self.ranges)
        low, high = (np.array([self.ranges[n][side] for n in schema.series]) for side in (0, 1))
        w = Coordinates(schema).inward(np.clip(panel.values, low, high))
        z = np.clip((w - middle) / half, -1, 1)
        total = np.sum([_clipped(_moments(rows)) for rows in z], axis=0)
        rng = self.noise or np.random.default_rng(secrets.randbits(256))
        noisy = (total + deviation * rng.standard_normal(total.shape)) / len(z)
        mean, spread, slopes, shocks = _law(noisy, z.shape[-1], deviation / len(z))
        facts = {
            "generator": "differentially private VAR(1)",
            "epsilon": self.epsilon,
            "delta": self.delta,
            "noise of each mean moment": round(deviation / len(z), 6),
        }
        law = (mean, root(spread), slopes, root(shocks))
        return FittedPrivate(schema, panel.index, len(panel.entities), law, (middle, half), facts)


@dataclass(frozen=True, eq=False)
class FittedPrivate:
    """A law that was derived from noisy moments, and nothing else of the real panel."""

    schema: Schema
    index: pd.PeriodIndex
    entities: int
    law: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    scale: tuple[np.ndarray, np.ndarray]
    facts: Mapping[str, object]

    def sample(
        self, *, panels: int, rng: np.random.Generator, length: int | None = None
    ) -> SyntheticPanels:
        """See `FittedGenerator.sample`."""
        index = calendar(self.index, length)
        mean, spread, slopes, shocks = self.law
        k, shape = len(mean), (panels, self.entities)
        level = mean + rng.standard_normal((*shape, k)) @ spread
        u = rng.standard_normal((*shape, WARMUP + len(index), k)) @ shocks
        start = np.zeros((*shape, 1, k))
        w = within.run(slopes, start, np.zeros((*shape, k)), u)[..., WARMUP:, :]
        middle, half = self.scale
        values = Coordinates(self.schema).outward(middle + half * (level[..., None, :] + w))
        names = new_names(self.entities)
        nothing = [pd.DataFrame(index=range(self.entities))] * panels
        return SyntheticPanels(values, index, names, nothing, self.schema, dict(self.facts))


def _check_ranges(schema: Schema, ranges: Mapping[str, tuple[float, float]]) -> None:
    missing = [name for name in schema.series if name not in ranges]
    if missing:
        raise SynthError(
            f"differential privacy needs the range of every series, known without looking; "
            f"{missing[0]!r} has none (--range '{missing[0]}=LOW:HIGH')"
        )
    wrong = [n for n in ranges if n not in schema.series or not ranges[n][0] < ranges[n][1]]
    if wrong:
        raise SynthError(f"the range of {wrong[0]!r} is of no series, or is empty")


def _scale(
    schema: Schema, ranges: Mapping[str, tuple[float, float]]
) -> tuple[np.ndarray, np.ndarray]:
    """Middle and half width of each coordinate's range [k].

    A coordinate is least where the series that it rises with is, and all others are greatest.
    """
    coordinates = Coordinates(schema)
    ends = np.array([ranges[name] for name in schema.series])  # [series, side]
    limits = []
    for side in (0, 1):
        corners = np.tile(ends[:, 1 - side], (len(coordinates.first), 1))  # [k, series]
        for row, name in zip(corners, coordinates.first, strict=True):
            row[schema.series.index(name)] = ranges[name][side]
        limits.append(np.diag(coordinates.inward(corners)))
    low, high = limits
    return (low + high) / 2, (high - low) / 2


def _moments(z: np.ndarray) -> np.ndarray:
    """One entity's vector: mean [k], its square [k * k], moments at lags 0 and 1 [2 * k * k]."""
    rows = z[np.isfinite(z).all(axis=-1)]
    k = z.shape[-1]
    if len(rows) == 0:
        return np.zeros(k + 3 * k * k)
    mean = rows.mean(axis=0)
    inner = z - mean
    pair = np.isfinite(inner[1:]).all(-1) & np.isfinite(inner[:-1]).all(-1)
    after, before = inner[1:][pair], inner[:-1][pair]
    count = max(int(pair.sum()), 1)
    level, lagged = (rows - mean).T @ (rows - mean) / len(rows), before.T @ after / count
    parts = (mean, np.outer(mean, mean), PATHS * level, PATHS * lagged)
    return np.concatenate([part.ravel() for part in parts])


def _clipped(vector: np.ndarray) -> np.ndarray:
    return vector / max(1.0, float(np.linalg.norm(vector)))


def _law(
    noisy: np.ndarray, k: int, noise: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean and covariance of entities, slopes and covariance of shocks, from mean moments.

    A ridge as large as the noise draws slopes to nought where there is nothing else to see.
    """
    mean, square, level, lagged = np.split(noisy, [k, k + k * k, k + 2 * k * k])
    spread = positive(square.reshape(k, k) - np.outer(mean, mean))
    level = positive(level.reshape(k, k) / PATHS) + 1e-4 * np.eye(k)
    ridge = 2 * np.sqrt(k) * noise / PATHS * np.eye(k)
    slopes = np.linalg.solve(level + ridge, lagged.reshape(k, k) / PATHS)
    slopes = within.contract(slopes, LARGEST)
    return mean, spread, slopes, positive(level - slopes.T @ level @ slopes) + 1e-6 * np.eye(k)
