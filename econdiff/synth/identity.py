"""Accounting identities as they are written: `gdp = c + i + g + nx`; of shares `1 = a + b + c`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from econdiff.synth.errors import SynthError

_TERM = re.compile(r"([+-]?)\s*(?:(\d+(?:\.\d+)?)\s*\*\s*)?([^\W\d][\w.]*)\s*")

_NUMBER = re.compile(r"\d*\.?\d+")


@dataclass(frozen=True)
class Identity:
    """`total`, a series or a number, is the sum of `parts`, each times its coefficient."""

    total: str
    parts: Mapping[str, float]

    @classmethod
    def parse(cls, text: str) -> "Identity":
        """Read `gdp = c + i - m`, `y = 0.5*a + b` or `100 = a + b + c`."""
        left, equals, right = (side.strip() for side in text.partition("="))
        parts, at = {}, 0
        while equals and at < len(right):
            term = _TERM.match(right, at)
            if term is None or (at and not term[1]) or term[3] in parts:
                break
            parts[term[3]] = float(term[2] or 1) * (-1 if term[1] == "-" else 1)
            at = term.end()
        whole = _TERM.fullmatch(left) or _NUMBER.fullmatch(left)
        if not whole or not parts or at < len(right) or left in parts:
            raise SynthError(f"{text!r} is no identity; write one as 'gdp = c + i + g + nx'")
        return cls(left, parts)

    def __str__(self) -> str:
        words = []
        for name, weight in self.parts.items():
            size = "" if abs(weight) == 1 else f"{abs(weight):g}*"
            words += ["-" if weight < 0 else "+", size + name]
        return f"{self.total} = {' '.join(words).removeprefix('+ ')}"

    @property
    def number(self) -> float | None:
        """The total where it is a number: parts are shares of it."""
        return float(self.total) if _NUMBER.fullmatch(self.total) else None

    @property
    def series(self) -> tuple[str, ...]:
        """All series in it, the total first."""
        return tuple(self.parts) if self.number is not None else (self.total, *self.parts)

    def residual(self, values: np.ndarray, series: tuple[str, ...]) -> np.ndarray:
        """Total less parts, for `values` [..., series]."""
        number = self.number
        whole = values[..., series.index(self.total)] if number is None else number
        return whole - self.sum(values, series)

    def deviation(self, values: np.ndarray, series: tuple[str, ...]) -> float:
        """Standard deviation of the total, the largest of a part where it is a number."""
        names = [self.total] if self.number is None else list(self.parts)
        return max(float(np.nanstd(values[..., series.index(name)])) for name in names)

    def sum(self, values: np.ndarray, series: tuple[str, ...]) -> np.ndarray:
        """The parts added up, for `values` [..., series]."""
        terms = [weight * values[..., series.index(name)] for name, weight in self.parts.items()]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total
