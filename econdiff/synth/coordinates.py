"""Coordinates in which a panel may move freely, and from which every rule holds by construction.

A series that is free to move is its own coordinate. A positive one moves in logs, a bounded one
in log-odds, also between other series (see `bounds`). An identity takes one coordinate away:

- a total of positive parts, all added: log of the total, and log-ratios of the parts to the last
  (Aitchison, 1982, "The statistical analysis of compositional data", section 4), so that parts
  are positive shares of the total;
- a number of positive parts: their log-ratios alone;
- any other, and one that shares parts with those or has a part that another identity adds up: the
  total is what its parts add up to. Writing y = N w with the parts for w, the columns of N span
  the null space of the identities.

Maps run over the last axis; NaN stays NaN.
"""

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np

from econdiff.synth.bounds import Bounds, words
from econdiff.synth.errors import SynthError
from econdiff.synth.identity import Identity
from econdiff.synth.schema import Schema


@dataclass(frozen=True)
class Coordinates:
    """The map between series [..., series] and coordinates [..., coordinate]."""

    schema: Schema

    def __post_init__(self) -> None:
        order, _ = self._order(), self._sequence()
        self.bounds.check()
        for identity in order:
            self._check_rules(identity, identity in self._ratios())

    @property
    def bounds(self) -> Bounds:
        """How each free series moves."""
        return Bounds(self.schema)

    @property
    def first(self) -> tuple[str, ...]:
        """The series that each coordinate rises with; ratios fall with the last of their parts."""
        return tuple(self._free() + [n for i in self._ratios() for n in [*i.parts][:-1]])

    @property
    def names(self) -> tuple[str, ...]:
        """One name a coordinate."""
        return tuple(self._free() + [n for i in self._ratios() for n in _ratio_names(i)])

    @property
    def labels(self) -> tuple[str, ...]:
        """One formula a coordinate, in terms of the series."""
        ratios = [f"log({name})" for i in self._ratios() for name in _ratio_names(i)]
        return (*map(self.bounds.label, self._free()), *ratios)

    def inward(self, values: np.ndarray) -> np.ndarray:
        """Series to coordinates; a cell outside its rule has none, and is NaN."""
        column = self._columns(values)
        for name, out in self.bounds.broken(column).items():
            column[name] = np.where(out, np.nan, column[name])
        moved = [self.bounds.inward(name, column) for name in self._free()]
        for identity in self._ratios():
            *parts, last = (np.log(weight * column[n]) for n, weight in identity.parts.items())
            moved += [part - last for part in parts]
        return np.stack(moved, axis=-1)

    def outward(self, moved: np.ndarray) -> np.ndarray:
        """Coordinates to series; identities hold to the rounding of one addition, order exactly."""
        bounds, free = self.bounds, {n: moved[..., k] for k, n in enumerate(self._free())}
        column = {n: bounds.outward(n, w, {}) for n, w in free.items() if not bounds.by(n)}
        at = len(free)
        for identity in self._ratios():
            ratios = moved[..., at : at + len(identity.parts) - 1]
            at += len(identity.parts) - 1
            logits = np.concatenate([ratios, np.zeros((*ratios.shape[:-1], 1))], axis=-1)
            shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
            shares /= shares.sum(axis=-1, keepdims=True)
            number = identity.number
            whole = column[identity.total] if number is None else number
            for k, (name, weight) in enumerate(identity.parts.items()):
                column[name] = whole * shares[..., k] / weight
        totals = {i.total: i for i in self.schema.identities if i.number is None}
        for name in self._sequence():
            if name in totals:  # also of ratios: the sum of its finished parts
                column[name] = _add(totals[name], column)
            elif name not in column:
                column[name] = bounds.outward(name, free[name], column)
        return np.stack([column[name] for name in self.schema.series], axis=-1)

    def outside(self, values: np.ndarray) -> dict[str, float]:
        """For each series that has a rule, the share of its known cells that break it."""
        column, found = self._columns(values), {}
        for name, out in self.bounds.broken(column).items():
            known = np.isfinite(column[name])
            found[name] = float((out & known).sum() / known.sum()) if known.any() else np.nan
        return found

    def limits(self, name: str) -> tuple[float, float]:
        """Between which numbers a series is kept, whatever else it is above or below."""
        low, high = self.bounds.of(name)
        least = 0.0 if low is not None and self.bounds.keeps(0.0, low) else -np.inf
        return (
            low if isinstance(low, float | int) else least,
            high if isinstance(high, float | int) else np.inf,
        )

    def broken(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """For each series that has a rule, which of its cells [...] break it."""
        return self.bounds.broken(self._columns(values))

    def _columns(self, values: np.ndarray) -> dict[str, np.ndarray]:
        return {name: values[..., k] for k, name in enumerate(self.schema.series)}

    def _above_zero(self, identity: Identity) -> bool:
        """Whether its parts may move as shares: above zero, and bounded by no other series."""
        positive = all(name in self.schema.positive for name in identity.series)
        free = not any(self.bounds.by(name) for name in identity.series)
        return positive and free and all(weight > 0 for weight in identity.parts.values())

    def _ratios(self) -> list[Identity]:
        """Identities of positive parts that are free to move, a total before those of its parts."""
        kept: list[Identity] = []
        order = self._order()
        for identity in sorted(order, key=lambda i: i.number is None):  # these have no other way
            if self._above_zero(identity) and not _sharing(identity, kept):
                kept.append(identity)
        while bound := [i for i in kept for o in order if o not in kept and o.total in i.parts]:
            kept.remove(bound[0])
        for identity in order:
            if identity.number is not None and identity not in kept:
                others = [o for o in order if o != identity and set(o.series) & set(identity.parts)]
                said = [
                    f"{n} {words(*self.bounds.of(n))}" for n in identity.parts if self.bounds.by(n)
                ]
                raise SynthError(
                    f"{'; '.join(map(str, (identity, *others, *said)))} cannot be kept together by "
                    "construction: leave one out"
                )
        return kept

    def _check_rules(self, identity: Identity, ratio: bool) -> None:
        """Refuse a rule of a series that the identity decides, unless it follows from it."""
        added = min(identity.parts.values()) > 0 and all(
            self.bounds.keeps(0.0, name) for name in identity.parts
        )
        floor, ceiling = 0.0 if ratio or added else -np.inf, np.inf
        for name in identity.parts if ratio else (identity.total,):
            if ratio and identity.number is not None:
                ceiling = identity.number / identity.parts[name]
            low, high = self.bounds.of(name)
            tight = isinstance(low, float | int) and low > floor
            tight = tight or (isinstance(high, float | int) and high < ceiling)
            if tight or self.bounds.by(name):
                raise SynthError(
                    f"{identity} decides {name!r}, which then cannot be kept {words(low, high)} "
                    "by construction: leave one of the two out"
                )

    def _sequence(self) -> list[str]:
        """Every series: a total after its parts, one between others after these."""
        after = {name: self.bounds.by(name) for name in self.schema.series}
        for identity in self.schema.identities:
            if identity.number is None:
                after[identity.total] += identity.parts
        try:
            return list(TopologicalSorter(after).static_order())
        except CycleError as error:
            circle = ", ".join(dict.fromkeys(error.args[1]))
            raise SynthError(f"the bounds of {circle} go in a circle; leave one out") from error

    def _free(self) -> list[str]:
        ratios = self._ratios()
        taken = {i.total for i in self.schema.identities if i not in ratios}
        taken |= {name for i in ratios for name in i.parts}
        return [name for name in self.schema.series if name not in taken]

    def _order(self) -> list[Identity]:
        """Identities, each before those whose total is one of its parts."""
        left, placed = list(self.schema.identities), []
        while left:
            outer = [i for i in left if not any(i.total in j.parts for j in left)]
            if not outer:
                raise SynthError(
                    f"the identities {'; '.join(map(str, left))} go in a circle; leave one out"
                )
            placed += outer
            left = [i for i in left if i not in outer]
        return placed


def _sharing(identity: Identity, others: list[Identity]) -> bool:
    return any(set(identity.parts) & set(other.parts) for other in others)


def _ratio_names(identity: Identity) -> list[str]:
    *parts, last = identity.parts
    return [f"{part}/{last}" for part in parts]


def _add(identity: Identity, column: dict[str, np.ndarray]) -> np.ndarray:
    names = tuple(identity.parts)
    return identity.sum(np.stack([column[name] for name in names], axis=-1), names)
