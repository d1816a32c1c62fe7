"""How the law of a panel is estimated: by indirect inference on panels that it draws itself.

Least squares within entities underestimates persistence in short panels (Nickell, 1981), and
panels drawn from the estimate are then underestimated once more. So the slopes are chosen by
indirect inference (Gouriéroux, Phillips and Yu, 2010, *Journal of Econometrics* 157): such that
the same biased estimator, on panels drawn from the law, gives on average what it gave on the real
one. In the same rounds the shocks are bent by a matrix near one, such that the covariance within
entities comes out on average as it is: any static regression with entity effects in these
coordinates is a function of that matrix, and so keeps its coefficients.

The panels are drawn with normal shocks, or with those that a generator is going to use: whatever
these do to slopes and covariances is then met as well.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from econdiff.anchor import power
from econdiff.synth import within
from econdiff.synth.checks import check_law
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.effects import (
    as_drawn,
    grouping,
    hidden,
    in_logs,
    law_of_entities,
    less_correlated,
)
from econdiff.synth.law import FittedLaw
from econdiff.synth.panel import EntityPanel
from econdiff.synth.shocks import Shocks, moment, positive, split

ROWS = 160_000  # entities times periods drawn in each round of the inference
MOST = 4000  # entities of them


@dataclass(frozen=True)
class PanelLaw:
    """Settings: `lags` (chosen by BIC up to `most_lags` unless told), `rounds` of inference.

    In each round at most `copies` panels are drawn, which adds 1 / copies to the variance of the
    slopes (Gouriéroux, Monfort and Renault, 1993, *Journal of Applied Econometrics* 8). `levels`
    says whether the level of small panels is "hidden", drawn about the real one with the same move
    for all panels of a call (see `effects`), or "kept".
    """

    lags: int | None = None
    most_lags: int = 4
    rounds: int = 8
    copies: int = 500
    levels: Literal["hidden", "kept"] = "hidden"

    def fit(self, panel: EntityPanel) -> FittedLaw:
        """Estimate from a panel; SynthError where a coordinate follows from others."""
        check_law(panel)
        w = Coordinates(panel.schema).inward(panel.values)
        centre = np.nanmean(w, axis=(0, 1))
        spread = np.maximum(np.nanstd(w, axis=(0, 1)), 1e-12)
        w = (w - centre) / spread
        longest = max(1, min(self.most_lags, w.shape[1] // 8))
        lags = self.lags or within.order(w, longest)
        slopes = within.contract(within.least_squares(w, lags))
        moved_by = hidden(len(panel.entities)) if self.levels == "hidden" else 0.0
        law = _given(panel, w, centre, spread, slopes, np.eye(w.shape[-1]), moved_by)
        return settled(law, lambda law: law.gaussian(), self.rounds, ROWS, self.copies)


def settled(
    law: FittedLaw, shocks: Callable[[FittedLaw], Shocks], rounds: int, rows: int, copies: int
) -> FittedLaw:
    """The law, moved such that panels drawn with `shocks` are estimated as the real one is.

    `rows` of entities and periods are drawn, in `copies` panels at most; of `rounds` laws the one
    that misses least is taken.
    """
    w = (Coordinates(law.panel.schema).inward(law.panel.values) - law.centre) / law.spread
    target, inner = within.least_squares(w, law.lags), _inner_covariance(w)
    best, miss = law, np.inf
    for _ in range(rounds):
        slopes, covariance = _expected(law, w, shocks(law), rows, copies)
        step = _transport(covariance, inner)
        off = max(np.abs(target - slopes).max(), np.abs(step - np.eye(len(step))).max())
        if off < miss:
            best, miss = law, float(off)
        slopes = within.contract(law.slopes + target - slopes)
        bend = law.bend @ power(step, 0.5)
        law = _given(law.panel, w, law.centre, law.spread, slopes, bend, law.effects.apart)
    return best


@dataclass(frozen=True, eq=False)
class Repeated:
    """Shocks that are drawn once for each size asked for, and handed out again after that."""

    shocks: Shocks
    drawn: dict[tuple[int, int, int], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def draw(
        self, panels: int, entities: int, length: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Shocks.draw`."""
        size = (panels, entities, length)
        if size not in self.drawn:
            self.drawn[size] = self.shocks.draw(*size, rng)
        return self.drawn[size]


def _expected(
    law: FittedLaw, w: np.ndarray, shocks: Shocks, rows: int, copies: int
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes by least squares and covariance within entities, on average over panels.

    The panels are drawn from `law` with `shocks` and have the cells of `w`.
    """
    rng = np.random.default_rng(0)  # an integral by simulation: the same draws at each call
    panels = int(np.clip(min(rows // w.shape[1], MOST) // len(w), 2, copies))
    drawn = law.simulate(panels, law.effects.groups, w.shape[1], shocks, rng).w
    seen = np.where(np.isfinite(w).all(axis=-1, keepdims=True), drawn, np.nan)
    return within.least_squares(seen, law.lags).mean(axis=0), _inner_covariance(seen)


def _inner_covariance(w: np.ndarray) -> np.ndarray:
    """Covariance within entities of [..., entity, time, k], over all rows that are complete."""
    inner = w - within.means(w)
    return moment(inner)


def _transport(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The symmetric T with T source T = target (Olkin and Pukelsheim, 1982)."""
    half, back = power(source, 0.5), power(source, -0.5)
    return back @ power(half @ target @ half, 0.5) @ back


def _given(
    panel: EntityPanel,
    w: np.ndarray,
    centre: np.ndarray,
    spread: np.ndarray,
    slopes: np.ndarray,
    bend: np.ndarray,
    moved_by: float,
) -> FittedLaw:
    """Everything else, where the slopes are known."""
    k = w.shape[-1]
    lags = len(slopes) // k
    left = within.given(w, slopes)
    groups, _, numbers = grouping(panel.statics)
    scale, loudness, e = _standardised(left.shocks, groups)
    taken = split(e)
    periods = np.isfinite(e).all(axis=-1).sum(axis=1)
    start, last = _ends(w, lags)
    numeric = pd.DataFrame(panel.statics[numbers])
    real = as_drawn(numeric, in_logs(numeric))
    real = (real - real.mean(axis=0)) / np.maximum(real.std(axis=0), 1e-12)
    vectors = np.concatenate([start.reshape(len(w), -1), left.intercepts, real], axis=1)
    noise = np.zeros((vectors.shape[1],) * 2)
    own = (scale[groups] * np.exp(loudness[:, :1])) / np.sqrt(np.maximum(periods, 1))[:, None]
    at = slice(lags * k, (lags + 1) * k)
    noise[at, at] = taken.own_covariance * (own.T @ own / len(w)) if len(w) > 1 else 0
    unmoved = np.eye(k) - slopes.reshape(lags, k, k).sum(axis=0)
    lift = np.hstack([np.eye(k)] * lags + [unmoved, np.zeros((k, len(numbers)))])
    levels = np.nanmean(w, axis=1)
    effects = law_of_entities(vectors, noise, loudness, groups, levels, lift, moved_by)
    law = FittedLaw(panel, centre, spread, slopes, scale, effects, taken, last, bend)
    if not (law.warmup and effects.lawful):
        return law
    covariance = effects.covariance.copy()
    covariance[at, at] = less_correlated(covariance[at, at], left.intercepts)
    return replace(law, effects=replace(effects, covariance=positive(covariance)))


def _standardised(u: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scale of each group [group, k], log loudness [entity, 3], and shocks over both.

    Squares are corrected for the intercepts that were taken out.
    """
    known = np.asarray(np.isfinite(u).all(axis=-1))[..., None]
    count = np.maximum(known.sum(axis=1), 1)
    inflate = np.sqrt(count / np.maximum(count - 1, 0.5))[:, None]
    u = u * inflate
    square = np.where(known, u, 0) ** 2
    overall = np.sqrt(square.sum(axis=(0, 1)) / known.sum())
    scale = np.stack(
        [
            np.sqrt(square[groups == g].sum(axis=(0, 1)) / max(known[groups == g].sum(), 1))
            if known[groups == g].sum() >= 8
            else overall
            for g in range(int(groups.max()) + 1)
        ]
    )
    scale = np.maximum(scale, 1e-9)
    relative = square / scale[groups][:, None] ** 2
    parts = [relative, relative[:, ::2], relative[:, 1::2]]
    seen = [known, known[:, ::2], known[:, 1::2]]
    loudness = np.stack(
        [
            0.5 * np.log((p.mean(axis=-1).sum(axis=1) + 1) / (s.sum(axis=(1, 2)) + 1))
            for p, s in zip(parts, seen, strict=True)
        ],
        axis=1,
    )
    if len(u) == 1:
        loudness = np.zeros_like(loudness)
    for g in range(int(groups.max()) + 1):  # the group's scale is that of its squares on average
        mine = groups == g
        loudness[mine] -= 0.5 * np.log(np.exp(2 * loudness[mine]).mean(axis=0))
    size = scale[groups] * np.exp(loudness[:, :1])
    return scale, loudness, u / size[:, None]


def _ends(w: np.ndarray, lags: int) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last `lags` complete rows of each entity, [entity, lags, k]."""
    first, last = [], []
    for rows in w:
        whole = rows[np.isfinite(rows).all(axis=-1)]
        while len(whole) < lags:
            whole = np.concatenate(
                [whole[:1] if len(whole) else np.zeros((1, rows.shape[1])), whole]
            )
        first.append(whole[:lags])
        last.append(whole[-lags:])
    return np.stack(first), np.stack(last)
