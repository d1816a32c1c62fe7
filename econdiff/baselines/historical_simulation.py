"""Historical simulation: what happened on a day of the last year happens again."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.baselines.history import complete_rows, even_rows, values_of
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after


@dataclass(frozen=True)
class HistoricalSimulation:
    """Steps drawn from the last `window` rows, each whole, each as often as the next.

    What most banks report as Value-at-Risk (Pérignon and Smith, 2010). For panels of returns.
    Nothing is estimated: the rows are those of the history at the origin. Rows with a missing cell
    are left out.
    """

    window: int = 250

    def fit(self, panel: pd.DataFrame) -> "FittedHistoricalSimulation":
        """Keep the names; ValueError where fewer than two rows are complete."""
        complete_rows(panel, panel.to_numpy(float), need=2)
        return FittedHistoricalSimulation(tuple(panel.columns), self.window)


@dataclass(frozen=True, eq=False)
class FittedHistoricalSimulation:
    """Names of the series and how many rows to look back."""

    names: tuple[str, ...]
    window: int

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def atoms(self, history: pd.DataFrame) -> np.ndarray:
        """The next row's law: equally likely rows [atom, series]."""
        rows = complete_rows(history, values_of(history, self.names), need=2)
        return rows[-self.window :]

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`."""
        atoms = self.atoms(history)
        samples = atoms[even_rows(len(atoms), paths, horizon, rng)]
        provenance = {"model": "historical simulation", "window": self.window}
        future = steps_after(history, horizon)
        return Forecast(samples, future, self.names, provenance=provenance)
