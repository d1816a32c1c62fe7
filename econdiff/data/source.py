"""Where a panel comes from, in a form that a study can name."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from econdiff.periods import period_labels


@dataclass(frozen=True)
class Source:
    """Name, units, vintage and hash of a panel that was read.

    `vintage` is the day of what was known (ISO), "" where the source does not say.
    `sha256` is of the file that was read, or of the panel's values for a bundled one.
    """

    name: str
    kind: Literal["bundled", "snapshot", "file", "damaged"]
    title: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    vintage: str = ""
    sha256: str = ""
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        vintage = f", vintage {self.vintage}" if self.vintage else ""
        return f"{self.name} ({self.kind}{vintage}, sha256 {self.sha256[:12]})"


def fingerprint(panel: pd.DataFrame) -> str:
    """SHA-256 of a panel's periods, names and values (64-bit floats, little-endian)."""
    labels = "\n".join([*period_labels(pd.PeriodIndex(panel.index)), "", *map(str, panel.columns)])
    digest = hashlib.sha256(labels.encode())
    digest.update(np.ascontiguousarray(panel.to_numpy(float), dtype="<f8").tobytes())
    return digest.hexdigest()
