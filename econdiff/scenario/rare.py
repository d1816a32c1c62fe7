"""Events too rare to wait for: multilevel splitting.

A path is a function of white noise, y = F(x), x ~ N(0, I): of the diffusion model by its ODE, of a
Gaussian by a root of its covariance. With m(y) how far y is inside the event, and levels
l_1 < ... < l_K = 0,

    P(m > 0) = P(m > l_1) P(m > l_2 | m > l_1) ... P(m > l_K | m > l_K-1)

and no factor is small. Beyond each level the particles that got there are multiplied, and moved by

    x' = sqrt(1 - b^2) x + b e,    e ~ N(0, I)

which leaves N(0, I) as it is; a move out of the set is not made. Kahn and Harris (1951); subset
simulation, Au and Beck (2001), "Estimation of small failure probabilities in high dimensions by
subset simulation", section 3; the moves: Neal (1998), Cotter et al. (2013), eq. 4.10.

A first, smaller run finds the levels and the size b of the moves, and both are held in the second,
whose product of shares is then without bias (Cérou et al., 2012, "Sequential Monte Carlo for rare
event estimation", proposition 2). The second goes on in islands that know nothing of each
other, and the standard error is that of their mean.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from econdiff.scenario.errors import ScenarioError
from econdiff.weighting import systematic

SHARE = 0.2  # of the particles that reach the next level of the first run
MOVES = 8  # of each particle at each level
ISLANDS = 16
MOST = 40  # levels: an event below about SHARE^MOST is given up
ACCEPTED = 0.3  # share of the moves that the first run aims at
LEAST = 4  # particles an island


@dataclass(frozen=True, eq=False)
class Rare:
    """`noise` [path, dim] of paths in the event, all alike in weight, and how likely it was.

    `effective` is how many independent paths tell as much of their mean, as the islands differ.
    """

    noise: np.ndarray
    probability: float
    standard_error: float
    effective: float
    levels: int


@dataclass(frozen=True)
class _Plan:
    """The levels, and the size of the moves at each."""

    levels: tuple[float, ...]
    sizes: tuple[float, ...]


def splitting(
    margin: Callable[[np.ndarray], np.ndarray], dim: int, paths: int, rng: np.random.Generator
) -> Rare:
    """`paths` draws of N(0, I_dim) for which `margin` [path] is above 0, and the chance of it."""
    islands = min(ISLANDS, paths // LEAST)
    if islands < 2:
        raise ScenarioError(f"a rare event needs at least {2 * LEAST} paths, got {paths}")
    plan = _plan(margin, dim, max(paths // 4, 50), rng)
    groups = np.array_split(np.arange(paths), islands)
    island = np.concatenate([np.full(len(rows), k) for k, rows in enumerate(groups)])
    x = rng.standard_normal((paths, dim))
    reached, chances = margin(x), np.ones(islands)
    for level, size in zip(plan.levels, plan.sizes, strict=True):
        chosen = np.arange(paths)
        for k, rows in enumerate(groups):
            beyond = rows[reached[rows] > level]
            chances[k] *= len(beyond) / len(rows)
            if len(beyond):
                chosen[rows] = _repeated(beyond, len(rows), rng)
        alive = chances[island] > 0
        x, reached = x[chosen], reached[chosen]
        x[alive], reached[alive], _ = _moved(margin, x[alive], reached[alive], level, size, rng)
    return _pooled(x, chances, island, len(plan.levels), rng)


def _plan(
    margin: Callable[[np.ndarray], np.ndarray], dim: int, particles: int, rng: np.random.Generator
) -> _Plan:
    x = rng.standard_normal((particles, dim))
    reached, levels, sizes, size = margin(x), [], [], 0.5
    while not levels or levels[-1] < 0:
        level = min(float(np.quantile(reached, 1 - SHARE)), 0.0)
        if len(levels) == MOST or (levels and level <= levels[-1]) or not np.isfinite(level):
            raise ScenarioError(
                f"after {len(levels)} levels of splitting no path comes nearer to the event; "
                f"it is below about {SHARE ** len(levels):.0e}, or impossible"
            )
        chosen = _repeated(np.flatnonzero(reached > level), particles, rng)
        x, reached = x[chosen], reached[chosen]
        x, reached, accepted = _moved(margin, x, reached, level, size, rng)
        levels.append(level)
        sizes.append(size)
        size = float(np.clip(size * np.exp(accepted - ACCEPTED), 0.02, 1))
    return _Plan(tuple(levels), tuple(sizes))


def _repeated(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """`rows` as often as it takes to be `count`, each about equally often, by a fair shuffle."""
    order = rng.permutation(rows)
    return np.resize(order, count)


def _moved(
    margin: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    reached: np.ndarray,
    level: float,
    size: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Particles after `MOVES` moves beyond `level`, and the share of moves that were made."""
    made = 0.0
    for _ in range(MOVES):
        tried = np.sqrt(1 - size**2) * x + size * rng.standard_normal(x.shape)
        came = margin(tried)
        inside = came > level
        x, reached = np.where(inside[:, None], tried, x), np.where(inside, came, reached)
        made += inside.mean() / MOVES
    return x, reached, made


def _pooled(
    x: np.ndarray, chances: np.ndarray, island: np.ndarray, levels: int, rng: np.random.Generator
) -> Rare:
    """The islands' particles by their chances, as many of equal weight."""
    probability = float(chances.mean())
    if probability == 0:
        raise ScenarioError("no island of particles reached the event; draw more paths")
    error = float(chances.std(ddof=1) / np.sqrt(len(chances)))
    weights = chances[island] / chances[island].sum()
    means = np.stack([x[island == k].mean(axis=0) for k in range(len(chances))])
    share = chances / chances.sum()
    centre = share @ means
    between = (share[:, None] ** 2 * (means - centre) ** 2).sum(axis=0)  # of the weighted mean
    within = weights @ (x - weights @ x) ** 2
    effective = float(min(within.sum() / max(between.sum(), 1e-300), len(x)))
    return Rare(x[systematic(weights, rng)], probability, error, effective, levels)
