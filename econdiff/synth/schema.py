"""What a panel of entities is made of; kept beside the data as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from econdiff.synth.errors import SynthError
from econdiff.synth.identity import Identity

Limit = float | str | tuple[str, ...] | None  # a number, or the name of one or more series
Range = tuple[Limit, Limit]


@dataclass(frozen=True)
class Schema:
    """Names, calendar and rules of a panel of entities.

    `entity` is the column that tells entities apart (None where there is one entity), `time` the
    column of periods, `frequency` that of a PeriodIndex. `series` move in time, `statics` belong
    to the entity. Series in `positive` are above zero, those in `bounds` between two limits
    (None is open): strictly where it is a number, at it or not where it is another series, or
    several, as in {"high": (("open", "close"), None), "close": ("low", None)}; `identities` add up.
    """

    entity: str | None
    time: str
    frequency: str
    series: tuple[str, ...]
    statics: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    identities: tuple[Identity, ...] = ()
    positive: tuple[str, ...] = ()
    bounds: Mapping[str, Range] = field(default_factory=dict)

    def __post_init__(self) -> None:
        said = [*self.units, *self.positive, *self.bounds]
        said += [side for sides in self.bounds.values() for side in _names(sides)]
        said += [name for identity in self.identities for name in identity.series]
        unknown = [name for name in said if name not in self.series]
        if unknown:
            raise SynthError(f"no series {unknown[0]!r}; the panel has {', '.join(self.series)}")
        for name, pair in self.bounds.items():
            numbers = [side for side in pair if isinstance(side, float | int)]
            if not all(map(isfinite, numbers)) or sorted(set(numbers)) != numbers:
                raise SynthError(
                    f"the bounds of {name!r} are {pair}; give a lower and a higher number, or the "
                    "name of a series, or None (on the command line nothing) for an open side"
                )
        for identity in self.identities:
            mixed = set(identity.parts) - set(self.positive)
            if identity.number is not None and (mixed or min(identity.parts.values()) < 0):
                raise SynthError(
                    f"{identity} shares out a number, so its parts must be added and above zero"
                    + (f", and {min(mixed)!r} is not (--positive {min(mixed)})" if mixed else "")
                )
        totals = [identity.total for identity in self.identities if identity.number is None]
        twice = [name for name in totals if totals.count(name) > 1]
        if twice:
            raise SynthError(f"{twice[0]!r} is the total of two identities; give one of them")

    @property
    def rules(self) -> tuple[str, ...]:
        """All that is kept, in words."""
        above = [f"{name} > 0" for name in self.positive]
        return (*map(str, self.identities), *above, *_chains(self.bounds))

    @property
    def order(self) -> tuple[str, ...]:
        """Of the rules, those that set series above one another."""
        ordered = {n: pair for n, pair in self.bounds.items() if _names(pair)}
        return _chains(ordered)

    def to_json(self) -> str:
        """As JSON text."""
        facts = {
            "entity": self.entity,
            "time": self.time,
            "frequency": self.frequency,
            "series": list(self.series),
            "statics": list(self.statics),
            "units": dict(self.units),
            "identities": [str(identity) for identity in self.identities],
            "positive": list(self.positive),
            "bounds": {name: list(bound) for name, bound in self.bounds.items()},
        }
        return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Schema":
        """Read what `to_json` wrote."""
        facts = json.loads(text)
        return cls(
            facts["entity"],
            facts["time"],
            facts["frequency"],
            tuple(facts["series"]),
            tuple(facts["statics"]),
            facts["units"],
            tuple(Identity.parse(text) for text in facts["identities"]),
            tuple(facts["positive"]),
            {name: (_read(low), _read(high)) for name, (low, high) in facts["bounds"].items()},
        )

    @classmethod
    def read(cls, path: Path) -> "Schema":
        """Read a `schema.json`."""
        return cls.from_json(path.read_text(encoding="utf-8"))


def each(limit: Limit) -> tuple[float | str, ...]:
    """The number or the series of a bound, none where it is open."""
    if limit is None:
        return ()
    return (limit,) if isinstance(limit, float | int | str) else tuple(limit)


def _chains(bounds: Mapping[str, Range]) -> tuple[str, ...]:
    """As 'low <= open, close <= high', one text for all series with the same bounds."""
    same: dict[tuple[str, str], list[str]] = {}
    for name, (low, high) in bounds.items():
        same.setdefault((_side(low, "{} {} "), _side(high, " {1} {0}")), []).append(name)
    return tuple(left + ", ".join(names) + right for (left, right), names in same.items())


def _side(limit: Limit, form: str) -> str:
    sign = "<" if isinstance(limit, float | int) else "<="
    return form.format(", ".join(map(str, each(limit))), sign) if each(limit) else ""


def _names(pair: Range) -> list[str]:
    return [side for limit in pair for side in each(limit) if isinstance(side, str)]


def _read(limit: float | str | list[str] | None) -> Limit:
    return tuple(limit) if isinstance(limit, list) else limit
