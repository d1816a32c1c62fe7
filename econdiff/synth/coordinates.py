"""Coordinates in which a panel may move freely, and from which every rule holds by construction.

A series that is free to move is its own coordinate. A positive one moves in logs, a bounded one
in log-odds. An identity takes one coordinate away:

- a total of positive parts, all added: log of the total, and log-ratios of the parts to the last
  (Aitchison, 1982, "The statistical analysis of compositional data", section 4), so that parts
  are positive shares of the total;
- a number of positive parts: their log-ratios alone;
- any other: the total is what its parts add up to. Writing y = N w with the parts for w, the
  columns of N span the null space of the identities.

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
        self._order()

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
        coordinate = {name: moved[..., k] for k, name in enumerate(self.names)}
        column = {name: self._close(name, coordinate[name]) for name in self._free()}
        for identity in self._ratios():
            ratios = [coordinate[name] for name in _ratio_names(identity)]
            logits = np.stack([*ratios, np.zeros_like(ratios[0])], axis=-1)
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
        low, high = self._bound(name)
        low, high = -np.inf if low is None else low, np.inf if high is None else high
        return np.where((y > low) & (y < high), y, np.nan)

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

    def _is_ratio(self, identity: Identity) -> bool:
        positive = all(name in self.schema.positive for name in identity.series)
        return positive and all(weight > 0 for weight in identity.parts.values())

    def _ratios(self) -> list[Identity]:
        """Identities of positive parts, a total before those of its parts."""
        return [identity for identity in self._order() if self._is_ratio(identity)]

    def _totals(self) -> list[Identity]:
        """Every identity, the innermost first: each total is the sum of its finished parts."""
        return self._order()[::-1]

    def _free(self) -> list[str]:
        taken = {i.total for i in self.schema.identities if not self._is_ratio(i)}
        taken |= {name for i in self._ratios() for name in i.parts}
        return [name for name in self.schema.series if name not in taken]

    def _order(self) -> list[Identity]:
        """Identities, each before those whose total is one of its parts."""
        left, placed = list(self.schema.identities), []
        while left:
            outer = [i for i in left if not any(i.total in j.parts for j in left)]
            if not outer:
                raise SynthError(f"the identities {'; '.join(map(str, left))} go in a circle")
            placed += outer
            left = [i for i in left if i not in outer]
        for identity in placed:
            held = [o for o in placed if self._is_ratio(o) and identity.total in o.parts]
            shared = [o for o in placed if o is not identity and set(o.parts) & set(identity.parts)]
            if (held and not self._is_ratio(identity)) or (shared and self._is_ratio(identity)):
                other = (held or shared)[0]
                raise SynthError(
                    f"{identity} and {other} cannot both be kept by construction: leave one out, "
                    "or leave their series out of `positive`"
                )
        return placed


def _ratio_names(identity: Identity) -> list[str]:
    *parts, last = identity.parts
    return [f"{part}/{last}" for part in parts]


def _add(identity: Identity, column: dict[str, np.ndarray]) -> np.ndarray:
    names = tuple(identity.parts)
    return identity.sum(np.stack([column[name] for name in names], axis=-1), names)
