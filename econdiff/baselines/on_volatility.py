"""A volatility filter for the scale, and any other model for the shocks that it leaves.

    y_it = m_i + s_it z_it,   z = (z_1t, z_2t, ...) drawn by the other model from the past z

Filtered historical simulation (Barone-Adesi, Giannopoulos and Vosper, 1999) is the case where the
other model draws past rows. With the diffusion model the filter sets how loud tomorrow is, and
the network what shape the shocks have, how they move together, and what the filter missed.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from econdiff.baselines.garch import GARCH
from econdiff.baselines.history import values_of
from econdiff.baselines.volatility import FittedVolatility, VolatilityModel, futures, shocks_of
from econdiff.forecast import Forecast, Forecaster, Model


@dataclass(frozen=True)
class OnVolatility:
    """`shocks` models the standardised shocks that `volatility` leaves; for panels of returns."""

    shocks: Model
    volatility: VolatilityModel = field(default_factory=GARCH)

    def fit(self, panel: pd.DataFrame) -> "FittedOnVolatility":
        """Estimate the volatilities, then the other model on their shocks."""
        volatility = self.volatility.fit(panel)
        return FittedOnVolatility(volatility, self.shocks.fit(past_shocks(volatility, panel)))


@dataclass(frozen=True, eq=False)
class FittedOnVolatility:
    """The volatilities, and the forecaster of the shocks."""

    volatility: FittedVolatility
    shocks: Forecaster

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`."""
        past = past_shocks(self.volatility, history)
        drawn = self.shocks.sample(past, horizon=horizon, paths=paths, rng=rng)
        v = self.volatility
        each = zip(v.laws, v.slopes, history[list(v.names)], strict=True)
        samples = [
            futures(law, history[name].to_numpy(float), drawn.samples[..., i], slope)
            for i, (law, slope, name) in enumerate(each)
        ]
        provenance = dict(drawn.provenance) | {"scale": v.provenance["model"]}
        return Forecast(np.stack(samples, axis=-1), drawn.index, drawn.names, provenance=provenance)


def past_shocks(volatility: FittedVolatility, panel: pd.DataFrame) -> pd.DataFrame:
    """Standardised shocks of `panel`, NaN where it is not known."""
    values = values_of(panel, volatility.names)
    each = zip(volatility.laws, values.T, volatility.slopes, strict=True)
    z = [shocks_of(law, y, slope) for law, y, slope in each]
    return pd.DataFrame(np.stack(z, axis=1), panel.index, list(volatility.names))
