"""Any model, made to forecast through transforms: user's units in, user's units out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from econdiff.forecast import Forecast, Forecaster, Model
from econdiff.transforms.choice import choose
from econdiff.transforms.series import Transform


@dataclass(frozen=True)
class Transformed:
    """`model`, fitted in model units and read in the user's.

    `transforms` names one transform a series, or is "auto": chosen by `choose` from the
    rows given to `fit`.
    """

    model: Model
    transforms: Literal["auto"] | Mapping[str, Transform] = "auto"

    def fit(self, panel: pd.DataFrame) -> "TransformedForecaster":
        """Choose the transforms where asked to, then fit the model in model units."""
        chosen = choose(panel) if self.transforms == "auto" else dict(self.transforms)
        missing = [name for name in panel.columns if name not in chosen]
        if missing:
            raise ValueError(f"no transform is named for the series {missing}")
        chosen = {str(name): chosen[name] for name in panel.columns}
        in_model_units = to_model(panel, chosen)
        return TransformedForecaster(
            self.model.fit(in_model_units), chosen, dict(panel.attrs.get("units", {}))
        )


@dataclass(frozen=True, eq=False)
class TransformedForecaster:
    """The fitted model `inner` and the transforms around it."""

    inner: Forecaster
    transforms: Mapping[str, Transform]
    units: Mapping[str, str] = field(default_factory=dict)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster`. In the user's units."""
        forecast = self.sample_in_model_units(history, horizon=horizon, paths=paths, rng=rng)
        return self.to_user(forecast, history)

    def sample_in_model_units(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """The same draws as `sample`, in model units."""
        forecast = self.inner.sample(self.to_model(history), horizon=horizon, paths=paths, rng=rng)
        units = {name: transform.units for name, transform in self.transforms.items()}
        return replace(forecast, units=units)

    def to_model(self, panel: pd.DataFrame) -> pd.DataFrame:
        """`panel` in model units."""
        return to_model(panel, self.transforms)

    def to_user(self, forecast: Forecast, history: pd.DataFrame) -> Forecast:
        """A forecast in model units that follows `history`, in the user's units."""
        samples = np.stack(
            [
                self.transforms[name].invert(forecast.samples[:, :, k], history[name].to_numpy())
                for k, name in enumerate(forecast.names)
            ],
            axis=-1,
        )
        return replace(forecast, samples=samples, units=self.units)


def to_model(panel: pd.DataFrame, transforms: Mapping[str, Transform]) -> pd.DataFrame:
    """`panel` in model units, without the first rows that a difference has used up."""
    columns = {name: transforms[str(name)].to_model(panel[name].to_numpy(float)) for name in panel}
    used_up = max(transforms[str(name)].order for name in panel)
    return pd.DataFrame(columns, index=panel.index).iloc[used_up:]
