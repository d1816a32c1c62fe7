"""A model of levels where others model changes: what a random walk needs to be itself."""

from dataclasses import dataclass, replace

import pandas as pd

from econdiff.forecast import Model
from econdiff.transforms import (
    Choice,
    Difference,
    Transform,
    Transformed,
    TransformedForecaster,
    chosen,
    fred_md,
)
from econdiff.transforms.choice import SHADOW


@dataclass(frozen=True)
class InLevels:
    """`model`, fitted to levels, or to logarithms where `transforms` would take them.

    A random walk of a price is not a random walk of its returns: a model that takes
    differences itself must not be given differences. `transforms` as in `Transformed`; "auto"
    chooses in `fit`, from the rows given.
    """

    model: Model
    transforms: Choice = "auto"

    def fit(self, panel: pd.DataFrame) -> TransformedForecaster:
        """See `Model`. The panel is in the user's units."""
        levels = {
            name: _level(transform) for name, transform in chosen(self.transforms, panel).items()
        }
        return Transformed(self.model, levels).fit(panel)


def _level(transform: Transform) -> Transform:
    """The level with the same floor, or the logarithm where the transform looks at proportions.

    A change of a growth rate looks at them too.
    """
    if not isinstance(transform, Difference) or transform.log:
        return fred_md(4)
    if transform.floor is None:
        return fred_md(1)
    return replace(transform, order=0, scale=1.0, units=SHADOW)
