"""Accounting identities as they are written: `gdp = c + i + g + nx`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from econdiff.synth.errors import SynthError

_TERM = re.compile(r"([+-]?)\s*(?:(\d+(?:\.\d+)?)\s*\*\s*)?([^\W\d][\w.]*)\s*")


@dataclass(frozen=True)
class Identity:
    """`total` is the sum of `parts`, each times its coefficient."""

    total: str
    parts: Mapping[str, float]

    @classmethod
    def parse(cls, text: str) -> "Identity":
        """Read `gdp = c + i - m` or `y = 0.5*a + b`."""
        left, equals, right = (side.strip() for side in text.partition("="))
        parts, at = {}, 0
        while equals and at < len(right):
            term = _TERM.match(right, at)
            if term is None or (at and not term[1]) or term[3] in parts:
                break
            parts[term[3]] = float(term[2] or 1) * (-1 if term[1] == "-" else 1)
            at = term.end()
        if not _TERM.fullmatch(left) or not parts or at < len(right) or left in parts:
            raise SynthError(f"{text!r} is no identity; write one as 'gdp = c + i + g + nx'")
        return cls(left, parts)

    def __str__(self) -> str:
        words = []
        for name, weight in self.parts.items():
            size = "" if abs(weight) == 1 else f"{abs(weight):g}*"
            words += ["-" if weight < 0 else "+", size + name]
        return f"{self.total} = {' '.join(words).removeprefix('+ ')}"

    @property
    def series(self) -> tuple[str, ...]:
        """All series in it, the total first."""
        return (self.total, *self.parts)

    def residual(self, values: np.ndarray, series: tuple[str, ...]) -> np.ndarray:
        """Total less parts, for `values` [..., series]."""
        whole = values[..., series.index(self.total)]
        return whole - self.sum(values, series)

    def sum(self, values: np.ndarray, series: tuple[str, ...]) -> np.ndarray:
        """The parts added up, for `values` [..., series]."""
        terms = [weight * values[..., series.index(name)] for name, weight in self.parts.items()]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total
