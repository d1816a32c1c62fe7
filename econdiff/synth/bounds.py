"""How a series moves between its bounds, which are numbers or other series.

A positive series moves in logs, one between two bounds in log-odds of its place. One above other
series moves in the log of what it has over the highest of them: relative to it where that is above
zero, log(high/max(open, close) - 1), which does not drift with the level.

Ties are usual where series are ordered (a price that opens at its low), and have no logs: a gap to
a bounding series is never taken for less than a tenth of the median gap of the panel, and a place
between two series that are equal is the middle. (Logs of smaller gaps spread so far that normal
ones come out with highs that no market has seen.) So no ties are drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from econdiff.synth.errors import SynthError
from econdiff.synth.schema import Limit, Range, Schema, each

TIE = 0.1  # of the median gap


@dataclass(frozen=True)
class Bounds:
    """Of each series of a schema; `column` has the cells [...] of all series that bound it."""

    schema: Schema

    def check(self) -> None:
        """Refuse bounds by series that nothing keeps in order; none may go in a circle."""
        for name in self.schema.series:
            low, high = self.of(name)
            apart = not set(each(low)) & set(each(high)) and self.keeps(low, high)
            if self.by(name) and not apart:
                raise SynthError(
                    f"{name!r} is to be {words(low, high)}, and no rule keeps {_highest(low)} "
                    f"below {_lowest(high)}: bound one of these by the other (or say --positive), "
                    "or leave one out"
                )
            if name in self.schema.positive and not self.keeps(0.0, low):
                raise SynthError(
                    f"{name!r} is positive and {words(low, None)}, which may fall below zero: say "
                    "that this is positive too (--positive), or leave one out"
                )

    def of(self, name: str) -> Range:
        """The lower and the upper one; None is open."""
        low, high = self.schema.bounds.get(name, (None, None))
        if name in self.schema.positive and (low is None or (_is_number(low) and low < 0)):
            low = 0.0
        return low, high

    def by(self, name: str) -> list[str]:
        """The series that bound this one."""
        return [side for limit in self.of(name) for side in each(limit) if isinstance(side, str)]

    def keeps(self, low: Limit, high: Limit) -> bool:
        """Whether the rules keep `low` at or below `high`, as far as there are both."""
        return all(self._below(a, b) for a in each(low) for b in each(high))

    def _below(self, low: float | str, high: float | str) -> bool:
        if low == high:
            return True
        if not isinstance(low, str) and not isinstance(high, str):
            return low < high
        down = each(self.of(high)[0]) if isinstance(high, str) else ()
        up = each(self.of(low)[1]) if isinstance(low, str) else ()
        return any(self._below(low, b) for b in down) or any(self._below(a, high) for a in up)

    def broken(self, column: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """For each series that has a rule, which of its cells break it.

        A cell at a number is outside; one at another series is not, nor beside a missing one.
        """
        found = {}
        for name, y in column.items():
            low, high = self.of(name)
            out = [y < column[n] if isinstance(n, str) else y <= n for n in each(low)]
            out += [y > column[n] if isinstance(n, str) else y >= n for n in each(high)]
            if out:
                found[name] = np.any(out, axis=0)
        return found

    def inward(self, name: str, column: Mapping[str, np.ndarray]) -> np.ndarray:
        """Cells of a series to a coordinate that may move freely."""
        y, (lower, upper), (low, high) = column[name], self.of(name), self._limits(name, column)
        above = below = y
        if low is not None:
            above = (y - low) / low if self._relative(name) else y - low
        if high is not None:
            below = high - y
        if low is not None and high is not None:
            flat = np.equal(high, low)
            whole = np.where(flat, 1, high - low)
            above, below = (np.where(flat, 0.5, gap / whole) for gap in (above, below))
        above = above if lower is None or _is_number(lower) else _off(above)
        below = below if upper is None or _is_number(upper) else _off(below)
        if low is not None and high is not None:
            return np.log(above / below)
        if low is not None:
            return np.log(above)
        return y if high is None else -np.log(below)

    def outward(self, name: str, w: np.ndarray, column: Mapping[str, np.ndarray]) -> np.ndarray:
        """A coordinate to cells of a series; order among series holds to the last bit."""
        low, high = self._limits(name, column)
        if low is not None and high is not None:
            y = low + (high - low) / (1 + np.exp(-w))
            return np.clip(y, low, high) if self.by(name) else y  # rounding may pass a series
        if low is not None:
            return low + (low * np.exp(w) if self._relative(name) else np.exp(w))
        return w if high is None else high - np.exp(-w)

    def label(self, name: str) -> str:
        """What `inward` does, written."""
        low, high = self.of(name)
        if self._relative(name):
            return f"log({name}/{_highest(low)} - 1)"
        above = f"{name} - {_highest(low)}" if low else name
        if low is not None and high is not None:
            return f"log(({above})/({_lowest(high)} - {name}))"
        if low is not None:
            return f"log({above})"
        return name if high is None else f"-log({_lowest(high)} - {name})"

    def _relative(self, name: str) -> bool:
        low, high = self.of(name)
        by_series = low is not None and not _is_number(low)
        return by_series and high is None and self.keeps(0.0, low)

    def _limits(
        self, name: str, column: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray | float | None, np.ndarray | float | None]:
        """The highest of the lower bounds, and the lowest of the upper ones."""
        low, high = (
            [column[n] if isinstance(n, str) else n for n in each(limit)] for limit in self.of(name)
        )
        return (
            np.asarray(low).max(axis=0) if low else None,
            np.asarray(high).min(axis=0) if high else None,
        )


def words(low: Limit, high: Limit) -> str:
    """What is kept: above the one, below the other."""
    sides = (("above", low, _highest), ("below", high, _lowest))
    return " and ".join(
        f"{side if _is_number(limit) else f'at or {side}'} {write(limit)}"
        for side, limit, write in sides
        if limit is not None
    )


def _off(gap: np.ndarray) -> np.ndarray:
    """Gaps with ties, and what is as near, moved off the bound."""
    apart = gap[gap > 0]
    return np.maximum(gap, TIE * (float(np.median(apart)) if len(apart) else 1.0))


def _highest(limit: Limit) -> str:
    return _written(each(limit), "max")


def _lowest(limit: Limit) -> str:
    return _written(each(limit), "min")


def _written(sides: Sequence[float | str], most: str) -> str:
    texts = [side if isinstance(side, str) else f"{side:g}" for side in sides]
    return texts[0] if len(texts) == 1 else f"{most}({', '.join(texts)})"


def _is_number(limit: Limit) -> TypeGuard[float]:
    return isinstance(limit, float | int)
