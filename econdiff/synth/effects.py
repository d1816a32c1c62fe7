"""What tells entities apart: where they start, their intercepts, how loud they are, their statics.

    v_i = (start_i, intercept_i, numeric statics_i) ~ N(m_g, V),    log loudness_i ~ N(0, q)

with a mean for each group g (a combination of the static attributes that are not numbers).
Estimated intercepts carry noise, S_o / T each; it is taken out of V, or synthetic entities would
differ more than real ones do (the deconvolution of empirical Bayes: Morris, 1983, *JASA* 78). The
variance q is what the loudness of odd and of even periods share. Group means are drawn towards each
other as far as chance alone would have parted them; where panels start anywhere, correlations of
intercepts are drawn to none likewise (Schäfer and Strimmer, 2005, *Stat. Appl. Genet. Mol. Biol.*
4, section 2.4).

What so few entities say about where they lie is said about them: the mean level of a small panel
tells its members from others. So each call draws the level of all its panels about the estimate,
with a deviation of (`APART` / N)^2 of what entities lie apart (`FARTHEST` at most), N being their
number: what a mean of N gives away falls as one over its root, and from a hundred on there is
nothing to hide. It is the form of the Gaussian mechanism of differential privacy, without its
promise. A path is moved as a whole in its coordinates: changes, dynamics, and differences between
entities and groups are as they were there, in logs and log-ratios where a series is positive or a
share. In levels they move too, and so does a regression that mixes the two. Nothing is hidden by
`PanelLaw(levels="kept")`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.baselines.gaussian import root
from econdiff.synth.errors import SynthError
from econdiff.synth.shocks import positive

FEWEST = 8  # entities from which a law of entities can be estimated; fewer are kept as they are
APART, FARTHEST = 30.0, 1.5  # of the hiding of the mean level; chosen on simulated panels


def hidden(entities: int) -> float:
    """By how much of what entities lie apart the level of a panel of so many is moved."""
    return min(FARTHEST, (APART / entities) ** 2) if entities >= FEWEST else 0.0


@dataclass(frozen=True, eq=False)
class Effects:
    """The law of entities, or the real ones (`vectors`) where they are too few for a law."""

    vectors: np.ndarray  # [entity, size]
    loudness: np.ndarray  # [entity], logs
    groups: np.ndarray  # [entity], codes
    means: np.ndarray  # [group, size]
    covariance: np.ndarray  # [size, size]
    spread: float  # of the log loudness
    level: np.ndarray  # [size, size], covariance of what the level of a call is moved by
    apart: float  # its deviation, in what entities lie apart

    @property
    def lawful(self) -> bool:
        """Whether entities are drawn from a law."""
        return len(self.vectors) >= FEWEST

    def draw(
        self, panels: int, groups: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Vectors [panel, entity, size] and loudness [panel, entity] for entities of `groups`."""
        shape = (panels, len(groups))
        if not self.lawful:
            rows = np.arange(len(groups)) % len(self.vectors)
            vectors = np.broadcast_to(self.vectors[rows], (*shape, self.vectors.shape[1]))
            return vectors, np.broadcast_to(self.loudness[rows], shape)
        noise = rng.standard_normal((*shape, len(self.covariance))) @ root(self.covariance)
        moved = rng.standard_normal(len(self.level)) @ root(self.level)
        return self.means[groups] + moved + noise, self.spread * rng.standard_normal(shape)

    def given(self, vectors: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """`vectors` that were drawn, with their last entries set to `numbers` [entity, number]."""
        at = slice(vectors.shape[-1] - numbers.shape[-1], None)
        gain = self.covariance[:, at] @ np.linalg.pinv(self.covariance[at, at])
        moved = vectors + (numbers - vectors[..., at]) @ gain.T
        moved[..., at] = numbers
        return moved


def law_of_entities(
    vectors: np.ndarray,
    noise: np.ndarray,
    loudness: np.ndarray,
    groups: np.ndarray,
    levels: np.ndarray,
    lift: np.ndarray,
    moved_by: float,
) -> Effects:
    """Estimate the law of entities.

    `vectors` are [entity, size], `noise` is the covariance of their error, `loudness` [entity, 3]
    the logs of all periods, of odd ones, of even ones. `levels` [entity, k] are means over time,
    `lift` [k, size] is what a unit of level does to a vector. The level of a call is `moved_by` so
    much of what entities lie apart.
    """
    count = int(groups.max()) + 1
    overall = vectors.mean(axis=0)
    means = np.stack([vectors[groups == g].mean(axis=0) for g in range(count)])
    sizes = np.bincount(groups, minlength=count)[:, None]
    apart = vectors - means[groups]
    total = apart.T @ apart / max(len(vectors) - count, 1)
    means = overall + _shrinkage(means - overall, np.diag(total), sizes) * (means - overall)
    means = np.where(sizes >= 3, means, overall)  # a group of one or two is nobody's secret to keep
    covariance = positive(total - noise)
    shared = np.cov(loudness[:, 1], loudness[:, 2])[0, 1] if len(vectors) >= FEWEST else 0.0
    spread = float(np.sqrt(max(shared, 0.0)))
    between = np.stack([levels[groups == g].mean(axis=0) for g in range(count)])[groups]
    moved = (levels - between) * moved_by @ lift
    level = moved.T @ moved / max(len(vectors) - count, 1)
    return Effects(vectors, loudness[:, 0], groups, means, covariance, spread, level, moved_by)


def less_correlated(covariance: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Correlations drawn to nought by as much as those of `seen` [entity, k] are chance."""
    n, k = seen.shape
    x = seen - seen.mean(axis=0)
    x = x / np.maximum(x.std(axis=0), 1e-12)
    products = np.einsum("ni,nj->nij", x, x)
    r = products.mean(axis=0)
    chance = ((products - r) ** 2).sum(axis=0) / max(n * (n - 1), 1)
    off = ~np.eye(k, dtype=bool)
    weight = min(1.0, chance[off].sum() / max((r[off] ** 2).sum(), 1e-12))
    return np.where(off, (1 - weight) * covariance, covariance)


def _shrinkage(apart: np.ndarray, variance: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """How far group means may stand apart [group, size]: what chance would do is taken away."""
    error = variance / np.maximum(sizes, 1)
    between = np.maximum((apart**2).mean(axis=0) - error.mean(axis=0), 0)
    return between / np.maximum(between + error, 1e-12)


def in_logs(statics: pd.DataFrame) -> np.ndarray:
    """Which numeric attributes are drawn in logs: those above zero for all entities."""
    return np.asarray((statics > 0).all(axis=0), bool)


def as_drawn(statics: pd.DataFrame, logs: np.ndarray) -> np.ndarray:
    """Numeric attributes [entity, number], in logs where `logs` says so."""
    values = statics.to_numpy(float)
    if (values[:, logs] <= 0).any():
        name = statics.columns[logs][(values[:, logs] <= 0).any(axis=0).argmax()]
        raise SynthError(f"the static attribute {name!r} must be above zero, as the real ones are")
    return np.where(logs, np.log(np.where(logs, values, 1.0)), values)


def grouping(statics: pd.DataFrame) -> tuple[np.ndarray, list[str], list[str]]:
    """The group of each entity, the attributes that make groups, and those that are numbers."""
    numbers = [
        name
        for name in statics
        if pd.api.types.is_numeric_dtype(statics[name].dtype)
        and not pd.api.types.is_bool_dtype(statics[name].dtype)
        and int(pd.Series(statics[name]).nunique()) > max(2, len(statics) // 4)
    ]
    kinds = [name for name in statics if name not in numbers]
    if not kinds:
        return np.zeros(len(statics), int), kinds, numbers
    codes = statics.groupby(kinds, sort=True, dropna=False).ngroup().to_numpy()
    return codes, kinds, numbers


def described(real: pd.DataFrame, wanted: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
    """Groups of new entities with the attributes `wanted`, and their numbers in the law's units.

    `real` are the attributes of the real entities. SynthError where they say nothing of such.
    """
    if len(real) < FEWEST:
        raise SynthError(f"{len(real)} entities are too few to draw others")
    codes, kinds, numbers = grouping(real)
    groups = np.zeros(len(wanted), int)
    for row, said in enumerate(wanted[kinds].astype(str).itertuples(index=False)):
        same = (real[kinds].astype(str).to_numpy() == list(said)).all(axis=1)
        if not same.any():
            words = ", ".join(f"{k} {v}" for k, v in zip(kinds, said, strict=True))
            raise SynthError(f"no real entity has {words}; a law of such is not to be had")
        groups[row] = codes[int(same.argmax())]
    if not numbers:
        return groups, None
    numeric = pd.DataFrame(real[numbers])
    logs = in_logs(numeric)
    known = as_drawn(numeric, logs)
    apart = as_drawn(pd.DataFrame(wanted[numbers]), logs) - known.mean(axis=0)
    return groups, apart / np.maximum(known.std(axis=0), 1e-12)
