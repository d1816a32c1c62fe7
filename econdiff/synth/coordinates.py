"""Coordinates in which a panel may move freely, and from which every rule holds by construction.

A series that is free to move is its own coordinate. A positive one moves in logs, a bounded one
in log-odds. An identity takes one coordinate away:

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

import numpy as np

from econdiff.synth.errors import SynthError
from econdiff.synth.identity import Identity
from econdiff.synth.schema import Schema


@dataclass(frozen=True)
class Coordinates:
    """The map between series [..., series] and coordinates [..., coordinate]."""

    schema: Schema

    def __post_init__(self) -> None:
        for identity in self._order():
            self._check_rules(identity, identity in self._ratios())

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
        return (*map(self._label, self._free()), *ratios)

    def inward(self, values: np.ndarray) -> np.ndarray:
        """Series to coordinates; a cell outside its rule has none, and is NaN."""
        series = enumerate(self.schema.series)
        column = {name: self._inside(name, values[..., k]) for k, name in series}
        moved = [self._open(name, column[name]) for name in self._free()]
        for identity in self._ratios():
            *parts, last = (np.log(weight * column[n]) for n, weight in identity.parts.items())
            moved += [part - last for part in parts]
        return np.stack(moved, axis=-1)

    def outward(self, moved: np.ndarray) -> np.ndarray:
        """Coordinates to series; identities hold to the rounding of one addition."""
        free = self._free()
        column = {name: self._close(name, moved[..., k]) for k, name in enumerate(free)}
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
        for identity in self._totals():
            if identity.number is None:
                column[identity.total] = _add(identity, column)
        return np.stack([column[name] for name in self.schema.series], axis=-1)

    def outside(self, values: np.ndarray) -> dict[str, float]:
        """For each series that has a rule, the share of its known cells that break it."""
        found = {}
        for k, name in enumerate(self.schema.series):
            if self._bound(name) != (None, None):
                known = np.isfinite(values[..., k])
                kept = np.isfinite(self._inside(name, values[..., k]))
                found[name] = float(1 - kept.sum() / known.sum()) if known.any() else np.nan
        return found

    def _inside(self, name: str, y: np.ndarray) -> np.ndarray:
        low, high = self.limits(name)
        return np.where((y > low) & (y < high), y, np.nan)

    def limits(self, name: str) -> tuple[float, float]:
        """Between which numbers a series is kept."""
        low, high = self._bound(name)
        return -np.inf if low is None else low, np.inf if high is None else high

    def _open(self, name: str, y: np.ndarray) -> np.ndarray:
        low, high = self._bound(name)
        if low is not None and high is not None:
            return np.log((y - low) / (high - y))
        if low is not None:
            return np.log(y - low)
        return y if high is None else -np.log(high - y)

    def _label(self, name: str) -> str:
        """What `_open` does, written."""
        low, high = self._bound(name)
        above = f"{name} - {low:g}" if low else name
        if low is not None and high is not None:
            return f"log(({above})/({high:g} - {name}))"
        if low is not None:
            return f"log({above})"
        return name if high is None else f"-log({high:g} - {name})"

    def _close(self, name: str, w: np.ndarray) -> np.ndarray:
        low, high = self._bound(name)
        if low is not None and high is not None:
            return low + (high - low) / (1 + np.exp(-w))
        if low is not None:
            return low + np.exp(w)
        return w if high is None else high - np.exp(-w)

    def _bound(self, name: str) -> tuple[float | None, float | None]:
        floor = (0.0, None) if name in self.schema.positive else (None, None)
        return self.schema.bounds.get(name, floor)

    def _above_zero(self, identity: Identity) -> bool:
        positive = all(name in self.schema.positive for name in identity.series)
        return positive and all(weight > 0 for weight in identity.parts.values())

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
                raise SynthError(
                    f"{'; '.join(map(str, (identity, *others)))} cannot be kept together by "
                    "construction: leave one out"
                )
        return kept

    def _check_rules(self, identity: Identity, ratio: bool) -> None:
        """Refuse a rule of a series that the identity decides, unless it follows from it."""
        lows = [self._bound(name)[0] for name in identity.parts]
        added = min(identity.parts.values()) > 0 and all(
            low is not None and low >= 0 for low in lows
        )
        floor, ceiling = 0.0 if ratio or added else -np.inf, np.inf
        for name in identity.parts if ratio else (identity.total,):
            if ratio and identity.number is not None:
                ceiling = identity.number / identity.parts[name]
            low, high = self._bound(name)
            if (low is not None and low > floor) or (high is not None and high < ceiling):
                raise SynthError(
                    f"{identity} decides {name!r}, which then cannot be kept {_words(low, high)} "
                    "by construction: leave one of the two out"
                )

    def _totals(self) -> list[Identity]:
        """Every identity, the innermost first: each total is the sum of its finished parts."""
        return self._order()[::-1]

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


def _words(low: float | None, high: float | None) -> str:
    sides = (("above", low), ("below", high))
    return " and ".join(f"{side} {limit:g}" for side, limit in sides if limit is not None)


def _ratio_names(identity: Identity) -> list[str]:
    *parts, last = identity.parts
    return [f"{part}/{last}" for part in parts]


def _add(identity: Identity, column: dict[str, np.ndarray]) -> np.ndarray:
    names = tuple(identity.parts)
    return identity.sum(np.stack([column[name] for name in names], axis=-1), names)
