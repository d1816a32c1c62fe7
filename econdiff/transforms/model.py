"""Any model, made to forecast through transforms: the user's units in, the user's units out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from econdiff.arguments import check_draws
from econdiff.forecast import Forecast, Forecaster, Model, fitted_words
from econdiff.panel import check_rows
from econdiff.panel.frequency import NAMES, frequency_of
from econdiff.periods import joined_index, steps_after
from econdiff.transforms.choice import Choice, chosen
from econdiff.transforms.ragged import PATHS_PER_CELL, edge_rows, meet_known
from econdiff.transforms.series import Transform


@dataclass(frozen=True)
class Transformed:
    """`model`, fitted in model units and read in the user's.

    `transforms` names one transform a series, or is "auto": then `fit` chooses them by the
    rule of `econdiff.transforms.choice`, from the rows that it is given. With `Floors` some
    series stay above a floor besides.
    """

    model: Model
    transforms: Choice = "auto"

    def fit(self, panel: pd.DataFrame) -> "TransformedForecaster":
        """See `Model`. The panel is in the user's units."""
        check_rows(panel)
        transforms = self.chosen(panel)
        inner = self.model.fit(_to_model(panel, transforms))
        units = dict(panel.attrs.get("units", {}))
        return TransformedForecaster(inner, transforms, units, frequency_of(panel.index))

    def chosen(self, panel: pd.DataFrame) -> dict[str, Transform]:
        """The transform of each series; raises ValueError where one is not named."""
        return chosen(self.transforms, panel)


@dataclass(frozen=True, eq=False)
class TransformedForecaster:
    """The fitted model `inner`, the transforms around it, and the user's units if known.

    `frequency` is that of the panel (D, W, M, Q or Y), None where it is not known: no history of
    another is taken.
    """

    inner: Forecaster
    transforms: Mapping[str, Transform]
    units: Mapping[str, str] = field(default_factory=dict)
    frequency: str | None = None

    def __repr__(self) -> str:
        return fitted_words(self.inner, list(self.transforms))

    @property
    def model_units(self) -> dict[str, str]:
        """What each series is measured in inside the model, in words."""
        return {
            name: transform.units or self.units.get(name, "") or "level"
            for name, transform in self.transforms.items()
        }

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster`. History and forecast are in the user's units."""
        return self.sample_both(history, horizon=horizon, paths=paths, rng=rng)[0]

    def sample_both(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> tuple[Forecast, Forecast]:
        """The same draws twice: in the user's units and in model units.

        Where some series end earlier than others, paths start from the last complete row
        and are made to meet what is known after it (`econdiff.transforms.ragged`); the steps up
        to the end of the history are the nowcast.
        """
        check_draws(paths, rng)
        check_rows(history)
        history = self._ordered(history)
        edge = edge_rows(history, self.transforms)
        start, known = history.iloc[: len(history) - edge], history.iloc[len(history) - edge :]
        if len(start) <= (used_up := _used_up(self.transforms)):
            raise ValueError(
                f"too short a history: rows up to the last complete one {len(start)}, "
                f"used up by the differences {used_up}; give more"
            )
        cells = int(known.notna().to_numpy().sum())
        inside = self.inner.sample(
            self.to_model(start),
            horizon=edge + horizon,
            paths=max(paths, PATHS_PER_CELL * cells),
            rng=rng,
        )
        samples = inside.samples
        if cells:
            samples = meet_known(samples, known, start, self.transforms)[:paths]
        ahead = steps_after(history, horizon)
        index = joined_index(known.index, ahead)
        inside = replace(inside, samples=samples, index=index, units=self.model_units)
        return (  # the index of daily steps has a frequency, and that of days with holidays has not
            replace(self.to_user(inside, start).split(edge), index=ahead),
            replace(inside.split(edge), index=ahead),
        )

    def to_model(self, panel: pd.DataFrame) -> pd.DataFrame:
        """`panel` in model units, without the first rows that the differences use up."""
        return _to_model(self._ordered(panel), self.transforms)

    def to_user(self, forecast: Forecast, history: pd.DataFrame) -> Forecast:
        """A forecast in model units that follows `history`, in the user's units."""
        columns = [
            self.transforms[name].invert(forecast.samples[:, :, k], history[name].to_numpy(float))
            for k, name in enumerate(forecast.names)
        ]
        units = {name: self.units.get(name, "") for name in forecast.names}
        return replace(forecast, samples=np.stack(columns, axis=-1), units=units)

    def _ordered(self, panel: pd.DataFrame) -> pd.DataFrame:
        missing = [name for name in self.transforms if name not in panel.columns]
        if missing:
            raise ValueError(f"the model was fitted with the series {missing}, give them too")
        found = frequency_of(panel.index)
        if self.frequency and found and found != self.frequency:
            raise ValueError(
                f"the model was fitted to {NAMES[self.frequency]} rows, and these are "
                f"{NAMES[found]}; give the panel that it was fitted to, or fit it to this one"
            )
        return panel.loc[:, list(self.transforms)]


def _to_model(panel: pd.DataFrame, transforms: Mapping[str, Transform]) -> pd.DataFrame:
    columns = {}
    for name, column in panel.items():
        try:
            columns[str(name)] = transforms[str(name)].to_model(column.to_numpy(float))
        except ValueError as error:
            raise ValueError(f"series {name!r}: {error}") from error
    found = pd.DataFrame(columns, index=panel.index).iloc[_used_up(transforms) :]
    if "stacked" in panel.attrs:
        found.attrs["stacked"] = panel.attrs["stacked"]
    return found


def _used_up(transforms: Mapping[str, Transform]) -> int:
    """How many rows at the start the differences use up."""
    return max(transform.order for transform in transforms.values())
