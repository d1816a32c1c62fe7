"""What synthetic panels give away about the real entities they were made from.

A generator is fitted on half of the entities; the others are held out. Where there is one entity,
stretches of time take their place. Records are windows of standardised coordinates.

- copies: rows equal to a real row, and records that lie nearer to a member than a tenth of what
  real records lie apart;
- distance to the closest record: the share of synthetic records nearer to a member than to a held
  out record: one half where members are not followed;
- nearest-neighbour ratio: distance to the closest over that to the second closest real record,
  median, for synthetic and for held-out records: lower is closer to one person;
- membership inference by density ratio: a record is called a member where the density of synthetic
  records is high for what that of real ones is (van Breugel et al., 2023, "Membership inference
  attacks against synthetic data through overfitting detection", eq. 3). The AUC has the
  interval of Hanley and McNeil (1982), over entities: one half is a blind guess.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp
from scipy.stats import rankdata, t

from econdiff.synth.coordinates import Coordinates
from econdiff.synth.evidence import Privacy
from econdiff.synth.generation import Generator
from econdiff.synth.panel import EntityPanel

WINDOW = 16  # periods of a record
SIZE = 6  # principal components in which densities are estimated


def examine(
    generator: Generator,
    panel: EntityPanel,
    *,
    rng: np.random.Generator,
    panels: int = 4,
    splits: int = 1,
) -> Privacy:
    """Fit `generator` on half of `panel` and try to tell which half it was.

    With several `splits` into halves each is taken both ways round: either half is fitted once, and
    the other held out. A generator that did not look at its half has AUCs that add up to one, so
    what luck of the split there is goes out, and only what was learned of members stays. Copies are
    added up, and the AUC is the mean over splits with the interval of that mean: what the generator
    gives away of such a panel on average.
    """
    found = []
    for _ in range(splits):
        for members, others in _halves(panel, rng)[: min(splits, 2)]:
            made = generator.fit(members).sample(panels=panels, rng=rng).values
            found.append(compare(members.values, others.values, made, panel))
    return found[0] if splits == 1 else _over_splits(found)


def _over_splits(found: Sequence[Privacy]) -> Privacy:
    """The evidence of splits, two after each other being one split both ways round."""
    auc = np.array([one.auc for one in found]).reshape(-1, 2).mean(axis=1)
    half = float(t.ppf(0.975, len(auc) - 1) * auc.std(ddof=1) / np.sqrt(len(auc)))
    return Privacy(
        exact=sum(one.exact for one in found),
        near=sum(one.near for one in found),
        records=sum(one.records for one in found),
        nearer_to_members=float(np.mean([one.nearer_to_members for one in found])),
        ratio_synthetic=float(np.mean([one.ratio_synthetic for one in found])),
        ratio_held_out=float(np.mean([one.ratio_held_out for one in found])),
        auc=float(auc.mean()),
        auc_low=max(0.0, float(auc.mean()) - half),
        auc_high=min(1.0, float(auc.mean()) + half),
    )


def compare(
    members: np.ndarray, others: np.ndarray, made: np.ndarray, panel: EntityPanel
) -> Privacy:
    """Evidence from values of members and of others [entity, time, series], and drawn panels."""
    each = (members, others, made.reshape(-1, *made.shape[2:]))
    taken, kept, drawn = _all_records(panel, each)
    if not len(drawn[0]):  # a generator that hands on holes: nothing but rows to compare
        return Privacy(_equal_rows(members, made), 0, 0)
    a, b = cdist(drawn[0], taken[0]), cdist(drawn[0], kept[0])
    apart = cdist(taken[0], taken[0]) + np.diag(np.full(len(taken[0]), np.inf))
    nearest = np.sort(np.concatenate([a, b], axis=1), axis=1)
    held = np.sort(cdist(kept[0], taken[0]), axis=1)
    auc, low, high = _membership(taken, kept, drawn[0])
    return Privacy(
        exact=_equal_rows(members, made),
        near=int((a.min(axis=1) < 0.1 * np.median(apart.min(axis=1))).sum()),
        records=len(drawn[0]),
        nearer_to_members=float(np.mean(a.min(axis=1) < b.min(axis=1))),
        ratio_synthetic=_ratio(nearest),
        ratio_held_out=_ratio(held),
        auc=auc,
        auc_low=low,
        auc_high=high,
    )


def beside(panel: EntityPanel, made: np.ndarray) -> Privacy:
    """Evidence from drawn panels and the whole real one, where nobody is held out.

    Copies, and the nearest-neighbour ratio beside that of real records to those of other entities.
    Members cannot be told: there is nobody to tell them from.
    """
    (real, owner), *drawn = _all_records(panel, (panel.values, *made))
    exact = _equal_rows(panel.values, made)
    records = sum(len(rows) for rows, _ in drawn)
    if len(real) < 3 or not records:
        return Privacy(exact, 0, 0)
    apart = cdist(real, real)
    np.fill_diagonal(apart, np.inf)
    limit = 0.1 * np.median(apart.min(axis=1))
    nearest = [np.sort(cdist(rows, real), axis=1)[:, :2] for rows, _ in drawn if len(rows)]
    nearest = np.concatenate(nearest)
    strangers = np.sort(np.where(owner[:, None] == owner, np.inf, apart), axis=1)[:, :2]
    return Privacy(
        exact=exact,
        near=int((nearest[:, 0] < limit).sum()),
        records=records,
        ratio_synthetic=_ratio(nearest),
        ratio_held_out=_ratio(strangers[np.isfinite(strangers).all(axis=1)]),
    )


def _ratio(nearest: np.ndarray) -> float:
    """Median of the distance to the closest over that to the second closest, [record, 2]."""
    if not len(nearest):
        return float("nan")
    return float(np.median(nearest[:, 0] / np.maximum(nearest[:, 1], 1e-12)))


def _halves(panel: EntityPanel, rng: np.random.Generator) -> list[tuple[EntityPanel, EntityPanel]]:
    """Members and others, and then the same two the other way round."""
    count = len(panel.entities)
    if count >= 4:
        order = rng.permutation(count)
        first, second = (
            panel.take(np.sort(rows)) for rows in (order[: count // 2], order[count // 2 :])
        )
    else:
        block = np.arange(panel.values.shape[1]) // (2 * WINDOW)
        held = rng.permutation(block.max() + 1)[: max(1, (block.max() + 1) // 2)]
        out = np.isin(block, held)[None, :, None]
        first, second = (
            replace(panel, values=np.where(hidden, np.nan, panel.values)) for hidden in (out, ~out)
        )
    return [(first, second), (second, first)]


def _all_records(
    panel: EntityPanel, each: Sequence[np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Records of several values [entity, time, series], in the units of `panel`."""
    inward = Coordinates(panel.schema).inward
    w = inward(panel.values)
    centre, spread = np.nanmean(w, axis=(0, 1)), np.nanstd(w, axis=(0, 1))
    width = min(WINDOW, panel.values.shape[1] // 2, *(v.shape[1] for v in each))
    return [_records((inward(v) - centre) / spread, width) for v in each]


def _records(w: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Complete windows [record, width * k], and the entity (or stretch) each belongs to."""
    found, owner = [], []
    for number, rows in enumerate(w):
        for at in range(0, len(rows) - width + 1, width):
            window = rows[at : at + width]
            if np.isfinite(window).all():
                found.append(window.ravel())
                owner.append(number if len(w) > 1 else at)
    return np.array(found).reshape(len(found), width * w.shape[-1]), np.array(owner, int)


def _membership(
    taken: tuple[np.ndarray, np.ndarray], kept: tuple[np.ndarray, np.ndarray], drawn: np.ndarray
) -> tuple[float, float, float]:
    real = np.concatenate([taken[0], kept[0]])
    centre = real.mean(axis=0)
    _, values, axes = np.linalg.svd(real - centre, full_matrices=False)
    size = min(SIZE, len(axes), max(1, len(real) // 5))
    scale = np.maximum(values[:size], 1e-12) / np.sqrt(len(real))
    x = (real - centre) @ axes[:size].T / scale
    score = _log_density(x, (drawn - centre) @ axes[:size].T / scale) - _log_density(x, x)
    mine, theirs = score[: len(taken[0])], score[len(taken[0]) :]
    return _auc(_means(mine, taken[1]), _means(theirs, kept[1]))


def _means(score: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Mean score of each owner."""
    _, place = np.unique(owner, return_inverse=True)
    return np.bincount(place, weights=score) / np.bincount(place)


def _log_density(x: np.ndarray, sample: np.ndarray) -> np.ndarray:
    """Gaussian kernel density of `sample` at `x`; a point does not count for itself."""
    n, d = sample.shape
    width = n ** (-1 / (d + 4)) * np.maximum(sample.std(axis=0), 1e-12)
    square = cdist(x / width, sample / width, "sqeuclidean")
    if x is sample:
        np.fill_diagonal(square, np.inf)
    return logsumexp(-square / 2, axis=1) - np.log(n) - np.log(width).sum()


def _auc(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float]:
    """Chance that one of `a` exceeds one of `b`, and its 95% interval."""
    m, n = len(a), len(b)
    auc = (rankdata(np.concatenate([a, b]))[:m].sum() - m * (m + 1) / 2) / (m * n)
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (m - 1) * (q1 - auc**2) + (n - 1) * (q2 - auc**2)
    half = 1.96 * np.sqrt(max(variance, 0) / (m * n))
    return float(auc), float(max(0, auc - half)), float(min(1, auc + half))


def _equal_rows(real: np.ndarray, made: np.ndarray) -> int:
    """Synthetic rows that are a real row, to eight significant digits."""
    rows = real.reshape(-1, real.shape[-1])
    known = {row.tobytes() for row in _rounded(rows[np.isfinite(rows).all(axis=-1)])}
    drawn = made.reshape(-1, made.shape[-1])
    drawn = _rounded(drawn[np.isfinite(drawn).all(axis=-1)])
    return sum(row.tobytes() in known for row in drawn)


def _rounded(rows: np.ndarray) -> np.ndarray:
    return np.array([[float(f"{cell:.8g}") + 0.0 for cell in row] for row in rows])
