"""What synthetic panels give away about the real entities they were made from.

A generator is fitted on half of the entities; the others are held out. Where there is one entity,
stretches of time take their place. Records are windows of standardised coordinates.

- copies: rows equal to a real row (see `equal_rows`), and records that lie nearer to a member than
  a tenth of what real records lie apart;
- distance to the closest record: the share of synthetic records nearer to a member than to a held
  out record: one half where members are not followed;
- nearest-neighbour ratio: distance to the closest over that to the second closest real record,
  median, for synthetic and for held-out records: lower is closer to one person, and below 0.7 of
  what the held out have is refused, which finds noise put on real records;
- membership inference by density ratio (see `membership`).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import t

from econdiff.synth import membership
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.diffused import DiffusedPanel
from econdiff.synth.effects import FEWEST as FEWEST_DRAWN
from econdiff.synth.equal_rows import equal_rows
from econdiff.synth.errors import SynthError
from econdiff.synth.evidence import Privacy
from econdiff.synth.gaussian_panel import GaussianPanel
from econdiff.synth.generation import Generator
from econdiff.synth.panel import EntityPanel
from econdiff.synth.steered import Steered

WINDOW = 16  # periods of a record
NARROWEST = 4  # of records that are cut from a few long paths
FEWEST = 3  # records that can be compared
FEW = "there are too few complete records"
HALVES = (
    f"that takes {2 * FEWEST_DRAWN} entities or more, since of fewer than {FEWEST_DRAWN}, as in a "
    "half of these, the generator keeps real starts and levels, which it does not of all"
)


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
    gives away of such a panel on average. A split with a half that cannot be fitted is drawn anew,
    `splits` times at most; one with too few records tells nothing of members.

    From 8 to 15 entities the diffusion and the gaussian are not fitted to halves, which would be
    another generator (see `effects`): panels drawn from the whole are searched for copies alone.
    """
    if _halves_are_others(generator, panel):
        made = generator.fit(panel).sample(panels=panels, rng=rng).values
        return replace(beside(panel, made), untested=HALVES)
    found, refused = [], ""
    for _ in range(2 * splits):
        try:
            found.append(_split(generator, panel, rng, panels, ways=min(splits, 2)))
        except (SynthError, np.linalg.LinAlgError) as error:
            refused = str(error)
        if len(found) == splits:
            break
    if not found:
        return Privacy(0, 0, 0, untested=f"no half of the panel could be fitted ({refused})")
    known = [split for split in found if all(np.isfinite(one.auc) for one in split)]
    judged = (known or found)[0][0]
    if len(known) > 1:  # one split has no spread: its own interval has to do
        judged = _over_splits([one for split in known for one in split])
    every = [one for split in found for one in split]
    return replace(
        judged,
        exact=sum(one.exact for one in every),
        near=sum(one.near for one in every),
        records=sum(one.records for one in every),
        chance=sum(one.chance for one in every),
    )


def _halves_are_others(generator: Generator, panel: EntityPanel) -> bool:
    """Whether halves keep their entities' starts and levels, and the whole panel draws others."""
    anew = True
    if isinstance(generator, Steered):
        anew, generator = generator.start == "anew", generator.generator
    count = len(panel.entities)
    lawful = isinstance(generator, DiffusedPanel | GaussianPanel) and anew
    return lawful and count // 2 < FEWEST_DRAWN <= count


def _split(
    generator: Generator, panel: EntityPanel, rng: np.random.Generator, panels: int, ways: int
) -> list[Privacy]:
    """The evidence of one split into halves, one way or both ways round."""
    found = []
    for members, others in _halves(panel, rng)[:ways]:
        made = generator.fit(members).sample(panels=panels, rng=rng).values
        found.append(compare(members.values, others.values, made, panel))
    return found


def _over_splits(found: Sequence[Privacy]) -> Privacy:
    """The evidence on members of splits, two after each other being one split both ways round."""
    auc = np.array([one.auc for one in found]).reshape(-1, 2).mean(axis=1)
    half = float(t.ppf(0.975, len(auc) - 1) * auc.std(ddof=1) / np.sqrt(len(auc)))
    return replace(
        found[0],
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
    exact, chance = equal_rows(members, made, [others])
    taken, kept, drawn = _all_records(panel, each)
    if min(len(taken[0]), len(kept[0])) < FEWEST or not len(drawn[0]):  # rows alone to compare
        return Privacy(exact, 0, 0, untested=FEW, chance=chance)
    a, b = cdist(drawn[0], taken[0]), cdist(drawn[0], kept[0])
    apart = cdist(taken[0], taken[0]) + np.diag(np.full(len(taken[0]), np.inf))
    nearest = np.sort(np.concatenate([a, b], axis=1), axis=1)
    held = np.sort(cdist(kept[0], taken[0]), axis=1)
    auc, low, high = membership.attack(taken, kept, drawn[0])
    return Privacy(
        exact=exact,
        near=int((a.min(axis=1) < 0.1 * np.median(apart.min(axis=1))).sum()),
        records=len(drawn[0]),
        nearer_to_members=float(np.mean(a.min(axis=1) < b.min(axis=1))),
        ratio_synthetic=_ratio(nearest),
        ratio_held_out=_ratio(held),
        auc=auc,
        auc_low=low,
        auc_high=high,
        chance=chance,
    )


def beside(panel: EntityPanel, made: np.ndarray) -> Privacy:
    """Evidence from drawn panels and the whole real one, where nobody is held out.

    Copies, and the nearest-neighbour ratio beside that of real records to those of other entities.
    Members cannot be told: there is nobody to tell them from.
    """
    (real, owner), *drawn = _all_records(panel, (panel.values, *made))
    exact, chance = equal_rows(panel.values, made)
    records = sum(len(rows) for rows, _ in drawn)
    if len(real) < FEWEST or not records:
        return Privacy(exact, 0, 0, chance=chance)
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
        chance=chance,
    )


def _ratio(nearest: np.ndarray) -> float:
    """Median of the distance to the closest over that to the second closest, [record, 2]."""
    if not len(nearest):
        return float("nan")
    return float(np.median(nearest[:, 0] / np.maximum(nearest[:, 1], 1e-12)))


def _halves(panel: EntityPanel, rng: np.random.Generator) -> list[tuple[EntityPanel, EntityPanel]]:
    """Members and others, and then the same two the other way round."""
    if _many(panel):
        count = len(panel.entities)
        order = rng.permutation(count)
        first, second = (
            panel.take(np.sort(rows)) for rows in (order[: count // 2], order[count // 2 :])
        )
    else:
        periods, size = panel.values.shape[1], 2 * _width(panel)
        blocks = periods // size
        if blocks < 2:
            raise SynthError(f"{periods} periods are too few to hold some out")
        block = np.minimum(np.arange(periods) // size, blocks - 1)
        held = rng.permutation(blocks)[: blocks // 2]
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
    width = min(_width(panel), *(v.shape[1] for v in each))
    return [_records((inward(v) - centre) / spread, width) for v in each]


def _width(panel: EntityPanel) -> int:
    """Periods of a record; where stretches of time are held out there are several in each half."""
    periods = panel.values.shape[1]
    return min(WINDOW, periods // 2 if _many(panel) else max(NARROWEST, periods // 8))


def _many(panel: EntityPanel) -> bool:
    """Whether there are entities enough to hold half of them out."""
    return len(panel.entities) >= 4


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
