"""Transforms of one series, each with its exact inverse on whole sample paths.

FRED-MD's codes (McCracken and Ng, 2016, "FRED-MD: A Monthly Database for
Macroeconomic Research", Journal of Business & Economic Statistics 34, appendix):

    1  level             x_t                 4  log               log x_t
    2  difference        D x_t               5  log difference    D log x_t
    3  second difference D^2 x_t             6  second log diff.  D^2 log x_t
    7  change of the growth rate             D (x_t / x_{t-1} - 1)

Codes 1 to 6 are one family, `scale * D^order link(x)` with the link log or identity
(`Difference`); code 7 is `GrowthChange`.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Transform(Protocol):
    """A map of one series to model units that can be undone exactly."""

    @property
    def order(self) -> int:
        """How many earlier values a value in model units needs, hence also its inverse."""
        ...

    @property
    def units(self) -> str:
        """What the model units are, in words."""
        ...

    def to_model(self, values: np.ndarray) -> np.ndarray:
        """Model units of `values[time]`; the first `order` are NaN, and so are those after a NaN."""
        ...

    def invert(self, samples: np.ndarray, past: np.ndarray) -> np.ndarray:
        """Paths `samples[..., step]` in model units, back in the user's units.

        They go on from `past[time]` (the user's units), whose last `order` values must be known.
        """
        ...

    def link(self, values: np.ndarray) -> np.ndarray:
        """The scale on which the way back is linear: the values or their logarithm."""
        ...

    def linear(self, past: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """The way back as `link(y) = offset + matrix @ samples`: offset[step], matrix[step, step].

        So a pin of a level, `y[h] = c`, is the linear pin
        `matrix[h] @ samples = link(c) - offset[h]` in model units.
        """
        ...


@dataclass(frozen=True)
class Difference:
    """`scale * D^order link(x)`, the link being log or identity: codes 1 to 6 of FRED-MD."""

    order: int = 0
    log: bool = False
    scale: float = 1.0
    units: str = "level"

    def __post_init__(self) -> None:
        if self.order not in (0, 1, 2):
            raise ValueError(f"order must be 0, 1 or 2, got {self.order}")
        if not (np.isfinite(self.scale) and self.scale > 0):
            raise ValueError(f"scale must be a positive number, got {self.scale}")

    def to_model(self, values: np.ndarray) -> np.ndarray:
        """See `Transform`."""
        differences = np.diff(self.link(values), n=self.order)
        return self.scale * np.concatenate([np.full(self.order, np.nan), differences])

    def invert(self, samples: np.ndarray, past: np.ndarray) -> np.ndarray:
        """See `Transform`. Sums up `order` times from the last values of `past`."""
        path = samples / self.scale
        for last in reversed(self._last_differences(past)):
            path = last + np.cumsum(path, axis=-1)
        return np.exp(path) if self.log else path

    def link(self, values: np.ndarray) -> np.ndarray:
        """See `Transform`."""
        values = np.asarray(values, float)
        if not self.log:
            return values
        if (values <= 0).any():
            raise ValueError(
                f"a logarithm needs positive values, got {np.nanmin(values):g}; "
                "transform this series by Difference(order=...) without log"
            )
        return np.log(values)

    def linear(self, past: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Transform`."""
        summation = np.linalg.matrix_power(np.tri(horizon), self.order)
        drift = np.zeros(horizon)
        for last in reversed(self._last_differences(past)):
            drift = last + np.cumsum(drift)
        return drift, summation / self.scale

    def _last_differences(self, past: np.ndarray) -> list[float]:
        """The last value of link(past), and of its first difference where `order` is 2."""
        if self.order == 0:
            return []
        known = np.asarray(past, float)[-self.order :]
        if len(known) < self.order or not np.isfinite(known).all():
            raise ValueError(
                f"the way back needs the last {self.order} values of the history, got {known}"
            )
        ends = self.link(known)
        return [float(np.diff(ends, n=k)[-1]) for k in range(self.order)]


@dataclass(frozen=True)
class GrowthChange:
    """`scale * D(x_t / x_{t-1} - 1)`: code 7 of FRED-MD."""

    scale: float = 1.0
    units: str = "change of the growth rate"

    @property
    def order(self) -> int:
        """Two: the last value and the last growth."""
        return 2

    def to_model(self, values: np.ndarray) -> np.ndarray:
        """See `Transform`."""
        values = self.link(values)
        growth = values[1:] / values[:-1]
        return self.scale * np.concatenate([np.full(2, np.nan), np.diff(growth)])

    def invert(self, samples: np.ndarray, past: np.ndarray) -> np.ndarray:
        """See `Transform`."""
        known = self.link(past[-2:])
        if len(known) < 2 or not np.isfinite(known).all():
            raise ValueError(f"the way back needs the last 2 values of the history, got {known}")
        growth = known[1] / known[0] + np.cumsum(samples / self.scale, axis=-1)
        return known[1] * np.cumprod(growth, axis=-1)

    def link(self, values: np.ndarray) -> np.ndarray:
        """See `Transform`. The values themselves; zeros have no growth rate."""
        values = np.asarray(values, float)
        if (values == 0).any():
            raise ValueError("a growth rate needs values other than 0")
        return values

    def linear(self, past: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """Not linear: a level is a product of sums."""
        raise ValueError(
            "a level pinned under the change of the growth rate is not linear in model units; "
            "transform this series by Difference(order=2, log=True) instead"
        )


def fred_md(code: int) -> Transform:
    """The transform of FRED-MD's or FRED-QD's `code`, 1 to 7, unscaled."""
    table: dict[int, Transform] = {
        1: Difference(),
        2: Difference(order=1, units="difference"),
        3: Difference(order=2, units="second difference"),
        4: Difference(log=True, units="log"),
        5: Difference(order=1, log=True, units="log difference"),
        6: Difference(order=2, log=True, units="second log difference"),
        7: GrowthChange(),
    }
    if code not in table:
        raise ValueError(f"FRED-MD's transformation codes run from 1 to 7, got {code}")
    return table[code]
