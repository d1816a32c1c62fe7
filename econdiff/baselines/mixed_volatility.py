"""The mean of several volatilities, as one: s_t is their average, and z_t = e_t / s_t its own law.

Which volatility is best changes from decade to decade, and what did best before an origin seldom
does after it. The average of their scales is nearly as good as the best of them in each stretch
(Timmermann, 2006, "Forecast combinations", 4.1), and unlike an average of their VaRs it draws
paths. Members are estimated singly; the shocks are those that the average leaves.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.baselines.garch import GARCH
from econdiff.baselines.harch import HARCH
from econdiff.baselines.path_dependent import PathDependent
from econdiff.baselines.volatility import (
    FittedVolatility,
    SeriesVolatility,
    Shocks,
    VolatilityModel,
    fit_each,
)


@dataclass(frozen=True)
class MixedVolatility:
    """The average of `members`; `shocks` as in `volatility`, a skewed t with their mean shape."""

    shocks: Shocks = "tails"
    members: tuple[VolatilityModel, ...] = (GARCH(), GARCH(power=1), HARCH(), PathDependent())

    def fit(self, panel: pd.DataFrame) -> FittedVolatility:
        """Estimate each series; ValueError names one that is constant or too short."""
        return fit_each(panel, self._estimate, shocks=self.shocks, model="mean of volatilities")

    def _estimate(self, y: np.ndarray) -> "SeriesMixed":
        column = pd.DataFrame({"y": y})
        return SeriesMixed(tuple(member.fit(column).laws[0] for member in self.members))


@dataclass(frozen=True, eq=False)
class SeriesMixed:
    """The laws of the members; the state is theirs, one below the other."""

    members: tuple[SeriesVolatility, ...]

    @property
    def mean(self) -> float:
        """See `SeriesVolatility.mean`."""
        return float(np.mean([law.mean for law in self.members]))

    @property
    def freedom(self) -> float:
        """See `SeriesVolatility.freedom`."""
        return float(np.mean([law.freedom for law in self.members]))

    @property
    def skew(self) -> float:
        """See `SeriesVolatility.skew`."""
        return float(np.mean([law.skew for law in self.members]))

    @property
    def converged(self) -> bool:
        """See `SeriesVolatility.converged`."""
        return all(law.converged for law in self.members)

    def scales(self, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.scales`."""
        return np.mean([law.scales(e) for law in self.members], axis=0)

    def state(self, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.state`."""
        return np.concatenate([law.state(e) for law in self.members])

    def scale(self, state: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.scale`."""
        return np.mean([law.scale(part) for law, part in self._parts(state)], axis=0)

    def moved(self, state: np.ndarray, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.moved`."""
        return np.concatenate([law.moved(part, e) for law, part in self._parts(state)])

    def _parts(self, state: np.ndarray) -> list[tuple[SeriesVolatility, np.ndarray]]:
        sizes = [len(law.state(np.zeros(2))) for law in self.members]
        return list(zip(self.members, np.split(state, np.cumsum(sizes)[:-1]), strict=True))
