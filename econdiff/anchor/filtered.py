"""The anchor at an origin: where the series stand, how loud they are, and the map to white noise.

`whiten` takes a future `y` to innovations `z`, which are N(0, I) if the anchor is the whole truth;
`color` takes them back. Both are affine in their argument, and the log-determinant is known, so a
density of `z` is a density of `y`. Arrays are [..., series, time]; leading axes are a batch.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from econdiff.anchor.correlation import correlate, decorrelate
from econdiff.anchor.recursion import accumulate, autoregress
from econdiff.anchor.robust import OUTLIER
from econdiff.anchor.volatility import loudness

if TYPE_CHECKING:
    from econdiff.anchor.model import Coefficients


@dataclass(frozen=True, eq=False)
class Filtered:
    """The anchor at an origin: where the series stand and how loud they are."""

    coefficients: "Coefficients"
    past: np.ndarray  # [..., series, 1 + lags], local mean and last levels, standardised
    scale: np.ndarray  # [..., series], deviation of the next innovations, in units of spread
    known: np.ndarray  # [..., series, time]
    level: np.ndarray  # [..., series, time], standardised, 0 where not known
    innovation: np.ndarray  # [..., series, time], in units of spread, 0 where not known
    before: np.ndarray  # [..., series, time], the filtered deviation before each innovation
    memory: np.ndarray  # [..., series, len(DECAYS)], deviations at the origin, short to long memory

    def __repr__(self) -> str:
        return f"Filtered: {self.known.shape[-2]} series, {self.known.shape[-1]} periods"

    def filtered_innovations(self) -> np.ndarray:
        """Innovations over the volatility expected for them, [..., series, time]."""
        return np.clip(self.innovation / self.before, -OUTLIER, OUTLIER)

    def recent(self, lags: int) -> np.ndarray:
        """The last innovations over today's scale, winsorised, [..., series, lag], latest last."""
        return np.clip(self.innovation[..., -lags:] / self.scale[..., None], -OUTLIER, OUTLIER)

    def scales(self, horizon: int) -> np.ndarray:
        """Deviations of the innovations to come, [..., series, step], in units of spread.

        The first is `scale`; the others are those of the levels that the anchor expects.
        """
        c = self.coefficients
        still = np.zeros((*self.scale.shape, horizon))
        coming = accumulate(c.b, self.past, still, c.others, c.kin)
        levels = np.concatenate([self.past[..., -1:], coming[..., :-1]], axis=-1)
        louder = loudness(c.level_effect, levels)
        return self.scale[..., None] * louder / louder[..., :1]

    def standardise(self, y: np.ndarray) -> np.ndarray:
        """A future `y` [..., series, step] to innovations over their scale, still correlated."""
        c = self.coefficients
        x = (y - c.centre[..., None]) / c.spread[..., None]
        return autoregress(c.b, self.past, x, c.others, c.kin) / self.scales(y.shape[-1])

    def restore(self, u: np.ndarray) -> np.ndarray:
        """Innovations over their scale [..., series, step] to the future that they make."""
        c = self.coefficients
        x = accumulate(c.b, self.past, u * self.scales(u.shape[-1]), c.others, c.kin)
        return x * c.spread[..., None] + c.centre[..., None]

    def whiten(self, y: np.ndarray) -> np.ndarray:
        """A future `y` [..., series, step] to white innovations z of that shape."""
        return decorrelate(self.standardise(y), self.coefficients.correlation)

    def color(self, z: np.ndarray) -> np.ndarray:
        """White innovations z [..., series, step] to the future that they make."""
        return self.restore(correlate(z, self.coefficients.correlation))

    def log_determinant(self, horizon: int) -> np.ndarray:
        """Log |dy/dz| over `horizon` steps, [...]: subtract it from a log density of z."""
        c = self.coefficients
        scales = np.log(self.scales(horizon) * c.spread[..., None]).sum((-2, -1))
        return scales + horizon * 0.5 * np.linalg.slogdet(c.correlation)[1]

    def affine(self, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """The map z -> y written out: y = mean + matrix z, both flattened as [series * step].

        Of one origin, not of a batch.
        """
        series = self.past.shape[-2]
        units = np.eye(series * horizon).reshape(-1, series, horizon)
        mean = self.color(np.zeros((series, horizon)))
        return mean.ravel(), (self.color(units) - mean).reshape(len(units), -1).T
