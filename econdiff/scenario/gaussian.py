"""What restrictions do to a Gaussian future, in closed form, for whole laws and draw by draw.

m ~ N(mu, S) and pins C m. With K = S C' (C S C' + R)^-1, d the values and R = diag(sd^2):

    hard      C m = d           mu + K (d - C mu),  S - K C S                     R = 0
    soft      C m + e = d       the same with e ~ N(0, R)
    density   C m ~ N(d, O)     mean as hard,       S - K (C S C' - O) K'         R = 0

Hard: Waggoner and Zha (1999), "Conditional Forecasts in Dynamic Multivariate Models", eq. 9-11;
Doan, Litterman and Sims (1984). Density: Andersson, Palmqvist and Waggoner
(2010); Antolin-Diaz, Petrella and Rubio-Ramirez (2021), "Structural scenario analysis with SVARs",
section 3. Without `sd` the density mode keeps the spread that the pinned cells have anyway,
O = C S C'.

Draws are moved one by one (Matheron's rule; Journel and Huijbregts, 1978, VII.A), so that a path
and its twin without the scenario share all that the pins do not decide.
"""

from dataclasses import dataclass

import numpy as np

from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.pins import Pins
from econdiff.scenario.statement import Mode


@dataclass(frozen=True, eq=False)
class Gaussian:
    """N(`mean` [cell], `covariance` [cell, cell])."""

    mean: np.ndarray
    covariance: np.ndarray

    def given(self, pins: Pins, mode: Mode = "hard") -> "Gaussian":
        """The law once the pins are told."""
        if len(pins) == 0:
            return self
        gain = self.gain(pins, mode)
        mean = self.mean + gain @ (pins.value - pins.matrix @ self.mean)
        if mode == "density":
            root = spread(pins, self)
            told = pins.matrix @ self.covariance @ pins.matrix.T
            taken = gain @ (told - root @ root.T) @ gain.T
        else:
            taken = gain @ pins.matrix @ self.covariance
        left = self.covariance - taken
        return Gaussian(mean, (left + left.T) / 2)

    def gain(self, pins: Pins, mode: Mode = "hard") -> np.ndarray:
        """How far each cell moves for each unit that a pin asks for, [cell, pin]."""
        correlation, size = self._told(pins, mode)
        seen = pins.matrix @ self.covariance
        return np.linalg.solve(correlation, seen / size[:, None]).T / size

    def moved(
        self, draws: np.ndarray, pins: Pins, mode: Mode, rng: np.random.Generator
    ) -> np.ndarray:
        """`draws` [path, cell] of this law made draws of the law given the pins."""
        if len(pins) == 0:
            return draws
        gain = self.gain(pins, mode)
        met = draws @ pins.matrix.T
        noise = rng.standard_normal((len(draws), len(pins)))
        if mode == "soft":
            return draws + (pins.value - met - noise * pins.sd) @ gain.T
        if mode == "density" and not pins.sd.any():
            return draws + (pins.value - pins.matrix @ self.mean) @ gain.T
        wanted = pins.value + noise * pins.sd if mode == "density" else pins.value
        return draws + (wanted - met) @ gain.T

    def distance(self, pins: Pins, mode: Mode = "hard") -> float:
        """Squared Mahalanobis distance of what is pinned from what is expected.

        In the mode soft of what is expected to be seen, with its error.
        """
        if len(pins) == 0:
            return 0.0
        correlation, size = self._told(pins, mode)
        miss = (pins.value - pins.matrix @ self.mean) / size
        return float(miss @ np.linalg.solve(correlation, miss))

    def _told(self, pins: Pins, mode: Mode) -> tuple[np.ndarray, np.ndarray]:
        """Correlation and deviations of what the pins are told of, in the mode soft with R."""
        total = pins.matrix @ self.covariance @ pins.matrix.T
        if mode == "soft":
            total = total + np.diag(pins.sd**2)
        size = np.sqrt(np.diag(total))
        scale = np.outer(size, size)
        if not (size > 0).all() or np.linalg.eigvalsh(total / scale)[0] < 1e-12:
            raise ScenarioError(_singular(pins, total, size))
        return total / scale, size

    def draw(self, paths: int, rng: np.random.Generator) -> np.ndarray:
        """Draws, [path, cell]."""
        return self.of(rng.standard_normal((paths, len(self.mean))))

    def of(self, noise: np.ndarray) -> np.ndarray:
        """What white noise [path, cell] makes of this law."""
        values, axes = np.linalg.eigh(self.covariance)
        return self.mean + (noise * np.sqrt(np.maximum(values, 0))) @ axes.T


def spread(pins: Pins, law: Gaussian) -> np.ndarray:
    """A root [pin, pin] of the covariance O that the density mode gives the pins.

    Of their own deviations, or where none has one, of what the law gives them together: its
    columns are the principal axes, so that a few evenly spread draws catch the most of it.
    """
    if pins.sd.any():
        return np.diag(pins.sd)
    size, axes = np.linalg.eigh(pins.matrix @ law.covariance @ pins.matrix.T)
    return axes * np.sqrt(np.maximum(size, 0))


def _singular(pins: Pins, total: np.ndarray, size: np.ndarray) -> str:
    """Which pins stand in the way."""
    still = [pins.labels[k] for k in np.flatnonzero(size <= 1e-12 * max(size.max(), 1e-300))]
    if still:
        return f"the model does not let {still[0]!r} vary, so it cannot be pinned; leave it out"
    _, axes = np.linalg.eigh(total / np.outer(size, size))
    part = np.abs(axes[:, 0])
    tied = [pins.labels[k] for k in np.flatnonzero(part > 0.1 * part.max())][:6]
    return (
        "in this model these pins cannot be chosen apart from each other: "
        f"{', '.join(map(repr, tied))}; leave one out, or take the mode soft with a given sd"
    )
