"""Transforms of one series, each with its exact inverse on whole sample paths.

`Difference` is one family, `scale * D^order link(x_t)` with the link log or identity; beside it
stands `GrowthChange`. `fred_md` names them by the codes of FRED-MD.

In the family the way back is linear up to the link. With horizon h, the summation
matrix S = tri(h) and the last differences of the history carried on without change in
`offset`:

    link(x_{T+1..T+h}) = offset + S^order m / scale

so a level that is pinned is a linear pin on the model's path m.

The link of a rate with a floor f is a shadow rate (Black, 1995, "Interest Rates as Options",
Journal of Finance 50(5)), which may go below it; with the softness s, in the user's units,

    link(x) = f + s log(exp((x - f) / s) - 1),    x = f + s log(1 + exp((link - f) / s))
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Transform(Protocol):
    """A map of one series to model units that can be undone exactly."""

    @property
    def order(self) -> int:
        """How many earlier values a value in model units needs, hence also the way back."""
        ...

    @property
    def log(self) -> bool:
        """Whether `link` is the logarithm."""
        ...

    @property
    def straight(self) -> bool:
        """Whether `link` is the value itself, so that sums of values are linear too."""
        ...

    @property
    def units(self) -> str:
        """What the model units are, in words; "" where they are the user's own."""
        ...

    def to_model(self, values: np.ndarray) -> np.ndarray:
        """Model units of `values[time]`; NaN for the first `order`, and where a value is NaN."""
        ...

    def invert(self, samples: np.ndarray, past: np.ndarray) -> np.ndarray:
        """Paths `samples[..., step]` in model units, back in the user's units.

        They go on from `past[time]` (the user's units), whose last `order` values must be
        known.
        """
        ...

    def link(self, values: np.ndarray) -> np.ndarray:
        """The scale on which the way back is linear: the values, or their logarithms."""
        ...

    def unlink(self, linked: np.ndarray) -> np.ndarray:
        """The values whose link is `linked`."""
        ...

    def slope(self, value: float) -> float:
        """By how much the link moves with a small change of `value`."""
        ...

    def linear(self, past: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """The way back as `link(y) = offset + matrix @ m`: offset[step], matrix[step, step].

        `y[step] = c` in the user's units is the pin `matrix[step] @ m = link(c) - offset[step]`.
        """
        ...


@dataclass(frozen=True)
class Difference:
    """`scale * D^order link(x)`, the link being log or identity: codes 1 to 6 of FRED-MD.

    With a `floor` (user's units) the link is the shadow rate of this page, of that `softness`.
    """

    order: int = 0
    log: bool = False
    scale: float = 1.0
    units: str = ""
    floor: float | None = None
    softness: float = 1.0

    def __post_init__(self) -> None:
        if self.order not in (0, 1, 2):
            raise ValueError(f"order must be 0, 1 or 2, got {self.order}")
        if not (np.isfinite(self.scale) and self.scale > 0):
            raise ValueError(f"scale must be a positive number, got {self.scale}")
        if self.floor is None:
            return
        if self.log:
            raise ValueError("a logarithm is above 0 by itself; leave the floor out")
        if not (np.isfinite([self.floor, self.softness]).all() and self.softness > 0):
            got = f"{self.floor} and {self.softness}"
            raise ValueError(f"a floor is a number and its softness is above 0, got {got}")

    @property
    def straight(self) -> bool:
        """See `Transform`."""
        return not self.log and self.floor is None

    def to_model(self, values: np.ndarray) -> np.ndarray:
        """See `Transform`."""
        differences = np.diff(self.link(values), n=self.order)
        return self.scale * np.concatenate([np.full(self.order, np.nan), differences])

    def invert(self, samples: np.ndarray, past: np.ndarray) -> np.ndarray:
        """See `Transform`."""
        path = samples / self.scale
        for last in self._last_differences(past):
            path = last + np.cumsum(path, axis=-1)
        return self.unlink(path)

    def link(self, values: np.ndarray) -> np.ndarray:
        """See `Transform`."""
        values = np.asarray(values, float)
        if self.floor is not None:
            if (values <= self.floor).any():
                raise ValueError(
                    f"its floor of {self.floor:g} is reached, by {np.nanmin(values):g}; "
                    "take a lower floor, or none"
                )
            above = (values - self.floor) / self.softness
            return values + self.softness * np.log(-np.expm1(-above))
        if not self.log:
            return values
        if (values <= 0).any():
            raise ValueError(
                f"a logarithm needs values above 0, got {np.nanmin(values):g}; take a transform "
                f"without it: Difference(order={self.order}) (--transform NAME={self.order + 1})"
            )
        return np.log(values)

    def unlink(self, linked: np.ndarray) -> np.ndarray:
        """See `Transform`."""
        if self.floor is not None:
            above = (linked - self.floor) / self.softness
            return self.floor + self.softness * np.logaddexp(0, above)
        return np.exp(linked) if self.log else linked

    def slope(self, value: float) -> float:
        """See `Transform`."""
        if self.floor is not None:
            return float(-1 / np.expm1((self.floor - value) / self.softness))
        return 1 / abs(value) if self.log else 1.0

    def linear(self, past: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Transform`."""
        offset = np.zeros(horizon)
        for last in self._last_differences(past):
            offset = last + np.cumsum(offset)
        return offset, np.linalg.matrix_power(np.tri(horizon), self.order) / self.scale

    def _last_differences(self, past: np.ndarray) -> list[float]:
        """The last values of link(past) and of its differences below `order`, highest first."""
        ends = self.link(_last_known(past, self.order))
        return [float(np.diff(ends, n=k)[-1]) for k in reversed(range(self.order))]


@dataclass(frozen=True)
class GrowthChange:
    """`scale * D (x_t / x_{t-1} - 1)`: code 7 of FRED-MD."""

    scale: float = 1.0
    units: str = "change of the growth rate"
    order = 2
    log = False
    straight = True

    def to_model(self, values: np.ndarray) -> np.ndarray:
        """See `Transform`."""
        values = self.link(values)
        growth = values[1:] / values[:-1]
        return self.scale * np.concatenate([np.full(2, np.nan), np.diff(growth)])

    def invert(self, samples: np.ndarray, past: np.ndarray) -> np.ndarray:
        """See `Transform`."""
        before, last = self.link(_last_known(past, self.order))
        growth = last / before + np.cumsum(samples / self.scale, axis=-1)
        return last * np.cumprod(growth, axis=-1)

    def link(self, values: np.ndarray) -> np.ndarray:
        """See `Transform`. The values themselves; next to 0 there is no growth rate."""
        values = np.asarray(values, float)
        if (values == 0).any():
            raise ValueError(
                "a growth rate needs values other than 0; take Difference(order=1) instead "
                "(--transform NAME=2)"
            )
        return values

    def unlink(self, linked: np.ndarray) -> np.ndarray:
        """See `Transform`."""
        return linked

    def slope(self, value: float) -> float:
        """See `Transform`."""
        return 1.0

    def linear(self, past: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """There is none: a level is a product of sums. Raises ValueError."""
        raise ValueError(
            "a level is not linear in changes of its growth rate, so it cannot be pinned; "
            "take the second log difference instead: Difference(order=2, log=True) "
            "(--transform NAME=6)"
        )


def _last_known(past: np.ndarray, count: int) -> np.ndarray:
    """The last `count` values of a series, all of them known."""
    past = np.asarray(past, float)
    known = past[len(past) - count :] if len(past) >= count else past
    if len(known) < count or not np.isfinite(known).all():
        raise ValueError(
            f"the way back needs the last {count} values of the history, got {known.tolist()}"
        )
    return known
