"""Climatology: the future is like the past, wherever we stand today."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.baselines.history import complete_rows, values_of
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after


@dataclass(frozen=True)
class Climatology:
    """Runs of past rows: each path is a stretch of the past, begun at a random row.

    The stretch goes round from the last row to the first (the circular block bootstrap of
    Politis and Romano, 1992, with one block a path), so that every step's law is exactly that
    of the past rows, and a path keeps their dynamics and their correlations. The past is taken
    for the law itself: nothing is added for not knowing its mean and spread better than
    `rows` rows tell.

    `window` keeps the last so many rows only; None keeps all.
    """

    window: int | None = None

    def fit(self, panel: pd.DataFrame) -> "FittedClimatology":
        """Keep the rows of `panel` in which every series is known."""
        recent = panel if self.window is None else panel.iloc[-self.window :]
        rows = complete_rows(recent, recent.to_numpy(float), need=2)
        return FittedClimatology(tuple(panel.columns), rows)


@dataclass(frozen=True, eq=False)
class FittedClimatology:
    """The rows to draw from."""

    names: tuple[str, ...]
    rows: np.ndarray  # [time, series]

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`. Of `history`, only the end of its index matters."""
        values_of(history, self.names)
        start = rng.integers(len(self.rows), size=(paths, 1))
        samples = self.rows[(start + np.arange(horizon)) % len(self.rows)]
        return Forecast(
            samples,
            steps_after(history, horizon),
            self.names,
            provenance={"model": "climatology", "rows": len(self.rows)},
        )
