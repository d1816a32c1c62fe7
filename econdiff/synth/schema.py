"""What a panel of entities is made of; kept beside the data as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from econdiff.synth.errors import SynthError
from econdiff.synth.identity import Identity

Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class Schema:
    """Names, calendar and rules of a panel of entities.

    `entity` is the column that tells entities apart (None where there is one entity), `time` the
    column of periods, `frequency` that of a PeriodIndex. `series` move in time, `statics` belong
    to the entity. Series in `positive` are above zero, those in `bounds` strictly between two
    numbers (None is open); `identities` add up.
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
        said += [name for identity in self.identities for name in identity.series]
        unknown = [name for name in said if name not in self.series]
        if unknown:
            raise SynthError(f"no series {unknown[0]!r}; the panel has {', '.join(self.series)}")
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
            {name: (low, high) for name, (low, high) in facts["bounds"].items()},
        )

    @classmethod
    def read(cls, path: Path) -> "Schema":
        """Read a `schema.json`."""
        return cls.from_json(path.read_text(encoding="utf-8"))
