"""The equal-weight pool: each path comes from one of several models."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.forecast import Forecast, Forecaster, Model


@dataclass(frozen=True)
class Pool:
    """The mixture of several models' densities with equal weights.

    The linear opinion pool of Stone (1961): as many paths from each model as the number of paths
    allows (the first models have one more where it does not divide), shuffled.
    """

    models: tuple[Model, ...]

    def __post_init__(self) -> None:
        if not self.models:
            raise ValueError("a pool needs at least one model, as in Pool((AR(), RandomWalk()))")

    def fit(self, panel: pd.DataFrame) -> "FittedPool":
        """Fit each of the models."""
        return FittedPool(tuple(model.fit(panel) for model in self.models))


@dataclass(frozen=True, eq=False)
class FittedPool:
    """The fitted models."""

    forecasters: tuple[Forecaster, ...]

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`."""
        shares = [len(share) for share in np.array_split(np.arange(paths), len(self.forecasters))]
        parts = [
            forecaster.sample(history, horizon=horizon, paths=share, rng=rng)
            for forecaster, share in zip(self.forecasters, shares, strict=True)
            if share
        ]
        samples = rng.permutation(np.concatenate([part.samples for part in parts]))
        members = [part.provenance.get("model", "") for part in parts]
        provenance = {"model": "pool", "members": members}
        return Forecast(samples, parts[0].index, parts[0].names, parts[0].units, provenance)
