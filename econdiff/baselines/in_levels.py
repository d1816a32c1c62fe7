"""A model of levels where others model changes: what a random walk needs to be itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from econdiff.forecast import Model
from econdiff.transforms import (
    Difference,
    Transform,
    Transformed,
    TransformedForecaster,
    choose,
    fred_md,
)


@dataclass(frozen=True)
class InLevels:
    """`model`, fitted to levels, or to logarithms where `transforms` would take them.

    A random walk of a price is not a random walk of its returns: a model that takes
    differences itself must not be given differences. `transforms` as in `Transformed`; "auto"
    chooses in `fit`, from the rows given.
    """

    model: Model
    transforms: Literal["auto"] | Mapping[str, Transform] = "auto"

    def fit(self, panel: pd.DataFrame) -> TransformedForecaster:
        """See `Model`. The panel is in the user's units."""
        chosen = choose(panel) if self.transforms == "auto" else self.transforms
        levels = {
            name: fred_md(4 if _proportional(transform) else 1)
            for name, transform in chosen.items()
        }
        return Transformed(self.model, levels).fit(panel)


def _proportional(transform: Transform) -> bool:
    """Whether the transform looks at proportions; a change of a growth rate does too."""
    return transform.log if isinstance(transform, Difference) else True
