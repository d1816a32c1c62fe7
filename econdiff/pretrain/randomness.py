"""Random numbers of a simulation: what an economy is, and what happens to it.

Economies come in groups of `futures` that are one economy up to an origin and then part. What
an economy *is* (`normal`, `random`, ...: [economy, ...]) is the same in a group; what happens to
it (`over_time`: [time, economy, ...]) is so until `parting` periods before the end. So a history
that is costly to filter is met with several draws of what came next.
"""

from collections.abc import Callable

import numpy as np


class Randomness:
    """A generator of numpy whose draws of economies are shared by each group of `futures`."""

    def __init__(self, rng: np.random.Generator, futures: int = 1, parting: int = 0):
        self.rng, self.futures, self.parting = rng, futures, parting

    def random(self, shape: tuple[int, ...]) -> np.ndarray:
        """Uniform on [0, 1)."""
        return self._alike(self.rng.random, shape)

    def uniform(self, low: float, high: float, shape: tuple[int, ...]) -> np.ndarray:
        """Uniform on [low, high)."""
        return self._alike(lambda small: self.rng.uniform(low, high, small), shape)

    def normal(self, mean: float, deviation: float, shape: tuple[int, ...]) -> np.ndarray:
        """Gaussian."""
        return self._alike(lambda small: self.rng.normal(mean, deviation, small), shape)

    def integers(self, low: int, high: int, shape: tuple[int, ...]) -> np.ndarray:
        """Uniform on low, ..., high - 1."""
        return self._alike(lambda small: self.rng.integers(low, high, small), shape)

    def choice(self, values: list[int], shape: tuple[int, ...]) -> np.ndarray:
        """One of `values`, each as often."""
        return self._alike(lambda small: self.rng.choice(values, small), shape)

    def over_time(
        self, draw: Callable[[tuple[int, ...]], np.ndarray], shape: tuple[int, ...]
    ) -> np.ndarray:
        """Draws [time, economy, ...] by `draw(shape)`, apart in the last `parting` periods."""
        total, economies, *rest = shape
        together = total - self.parting
        x = draw((total, economies // self.futures, *rest)).repeat(self.futures, axis=1)
        if self.futures > 1 and self.parting:
            x[together:] = draw((self.parting, economies, *rest))
        return x

    def shocks(self, shape: tuple[int, ...]) -> np.ndarray:
        """Standard normal draws [time, economy, ...], float32."""
        return self.over_time(lambda s: self.rng.standard_normal(s, dtype=np.float32), shape)

    def shares(self, shape: tuple[int, ...]) -> np.ndarray:
        """Uniform draws on [0, 1), [time, economy, ...]."""
        return self.over_time(self.rng.random, shape)

    def gammas(self, shape_parameter: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Gamma draws [time, economy, ...] of scale 1 with a parameter [economy, 1] for each."""

        def draw(size: tuple[int, ...]) -> np.ndarray:
            each = shape_parameter[:: len(shape_parameter) // size[1]]
            return self.rng.standard_gamma(np.broadcast_to(each, size))

        return self.over_time(draw, shape)

    def _alike(
        self, draw: Callable[[tuple[int, ...]], np.ndarray], shape: tuple[int, ...]
    ) -> np.ndarray:
        economies, *rest = shape
        return draw((economies // self.futures, *rest)).repeat(self.futures, axis=0)
