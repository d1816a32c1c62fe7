"""The floor: tomorrow is today plus a step drawn from the past."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.baselines.history import complete_rows, values_of
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after


@dataclass(frozen=True)
class RandomWalk:
    """Random walk whose steps are past steps, drawn again with replacement.

        y_t = y_{t-1} + d_t,    d_t a row of the past steps

    The mean of the past steps is its drift. Steps beside a missing cell are left out; a series
    that ends before the origin walks from its last known value.
    """

    def fit(self, panel: pd.DataFrame) -> "FittedRandomWalk":
        """Keep the steps of `panel` in which every series is known."""
        steps = np.diff(panel.to_numpy(float), axis=0)
        names = tuple(panel.columns)
        return FittedRandomWalk(names, complete_rows(panel, steps, need=2))


@dataclass(frozen=True, eq=False)
class FittedRandomWalk:
    """The steps to draw from."""

    names: tuple[str, ...]
    steps: np.ndarray  # [time, series]; a row is drawn whole, so series stay correlated

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`."""
        known = np.isfinite(values := values_of(history, self.names))
        gap = known[::-1].argmax(axis=0)  # [series], missing cells since the last known one
        last = values[len(values) - 1 - gap, np.arange(len(gap))]
        drawn = rng.choice(self.steps, size=(paths, gap.max() + horizon))
        missed = np.arange(-gap.max(), horizon)[:, None] >= -gap  # [step, series], steps to take
        samples = last + (drawn * missed).cumsum(axis=1)[:, gap.max() :]
        return Forecast(
            samples,
            steps_after(history, horizon),
            self.names,
            provenance={"model": "random walk", "steps": len(self.steps)},
        )
