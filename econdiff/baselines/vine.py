"""skfolio's regular vine copula as a model: one law for every row, refitted with the window.

Needs the package skfolio, which econdiff does not require. Dissmann, Brechmann, Czado and
Kurowicka (2013), "Selecting and estimating regular vine copulae"; margins and pair copulas by AIC,
as skfolio chooses them. Rows are drawn independently: there is no volatility that moves.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from econdiff.baselines.history import complete_rows, values_of
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after

FEWEST = 50  # complete rows


@dataclass(frozen=True)
class Vine:
    """Vine copula of the returns' rows, truncated at `depth`. Incomplete rows are left out.

    Raises ModuleNotFoundError where skfolio is not installed, ValueError for a single series.
    """

    depth: int = 4

    def fit(self, panel: pd.DataFrame) -> "FittedVine":
        """Choose and estimate margins and pair copulas."""
        if panel.shape[1] < 2:
            raise ValueError("a vine joins at least two series; the panel has one")
        rows = complete_rows(panel, panel.to_numpy(float), need=FEWEST)
        vine = _skfolio()(max_depth=self.depth, n_jobs=1)
        return FittedVine(tuple(panel.columns), vine.fit(rows))


@dataclass(frozen=True, eq=False)
class FittedVine:
    """Names of the series, and skfolio's fitted vine."""

    names: tuple[str, ...]
    vine: Any

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`. The history only says where the steps begin."""
        values_of(history, self.names)
        self.vine.random_state = int(rng.integers(2**31))
        drawn = np.asarray(self.vine.sample(paths * horizon))
        samples = drawn.reshape(paths, horizon, len(self.names))
        provenance = {"model": "vine copula (skfolio)"}
        return Forecast(samples, steps_after(history, horizon), self.names, provenance=provenance)


def _skfolio() -> Any:
    try:
        from skfolio.distribution import VineCopula
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "the model 'vine' needs skfolio; pip install 'econdiff[peers]'", name="skfolio"
        ) from error
    return VineCopula
