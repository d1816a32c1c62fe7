"""The fitted models of `econdiff risk`: each is estimated once, whoever asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from econdiff.commands.day_ranges import Wrapped
from econdiff.transforms import TransformedForecaster


@dataclass(frozen=True, eq=False)
class Fits:
    """`fits(name, rows)`: the model of that name, fitted on the last `rows` of the panel."""

    models: Mapping[str, Wrapped]
    panel: pd.DataFrame
    _made: dict[tuple[str, int], TransformedForecaster] = field(default_factory=dict)

    def __call__(self, name: str, rows: int) -> TransformedForecaster:
        """Estimate on the first call, remember for the next."""
        history = self.history(rows)
        key = name, len(history)
        if key not in self._made:
            self._made[key] = self.models[name].fit(history)
        return self._made[key]

    def history(self, rows: int) -> pd.DataFrame:
        """The last `rows` of the panel, or all if it has fewer."""
        return self.panel.iloc[-rows:]
