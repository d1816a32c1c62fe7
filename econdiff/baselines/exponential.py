"""Volatilities that are a formula of exponential averages of past shocks.

    A_t = average of f(e_{t-1}), f(e_{t-2}), ... with weights that fall by exp(-1 / memory)
    s_t = g(A_t; b)

One law for all of them: a model gives f, the memories and g, and this page estimates b with
Hansen's (1994) skewed t of z_t = e_t / s_t by maximum likelihood.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from arch.univariate import SkewStudent
from scipy.optimize import minimize
from scipy.signal import lfilter

BURN = 60  # rows whose mean starts the averages, and which the likelihood leaves out
FLOOR = 0.05  # the smallest s_t, in deviations of the sample
SHAPE = (8.0, -0.05)  # where the search for the skewed t's eta and lambda begins
SHAPE_BOUNDS = ((2.5, 60), (-0.6, 0.6))


@dataclass(frozen=True)
class Formula:
    """f of the shocks [time] or [path], as [part, ...]; memories in rows; g of A [part, ...].

    Where something else of the row is known, f is of both: [2, time] or [2, path].
    """

    news: Callable[[np.ndarray], np.ndarray]
    memory: tuple[float, ...]
    scale: Callable[..., np.ndarray]
    start: Sequence[float]
    bounds: Sequence[tuple[float, float]]

    def averages(self, e: np.ndarray) -> np.ndarray:
        """A of each row of `e` [time] and of the next, [part, time + 1]."""
        rows = []
        for x, memory in zip(self.news(e), self.memory, strict=True):
            d, first = np.exp(-1 / memory), x[:BURN].mean()
            later, _ = lfilter([1 - d], [1, -d], x, zi=[d * first])
            rows.append(np.concatenate([[first], later]))
        return np.stack(rows)


@dataclass(frozen=True, eq=False)
class SeriesExponential:
    """The parameters of one series; its state are the averages, of shocks in units of `unit`."""

    formula: Formula
    mean: float
    unit: float
    b: tuple[float, ...]
    freedom: float
    skew: float
    converged: bool

    def scales(self, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.scales`."""
        return self.scale(self.formula.averages(e / self.unit))

    def state(self, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.state`."""
        return self.formula.averages(e / self.unit)[:, -1]

    def scale(self, state: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.scale`."""
        return self.unit * np.maximum(self.formula.scale(state, *self.b), FLOOR)

    def moved(self, state: np.ndarray, e: np.ndarray) -> np.ndarray:
        """See `SeriesVolatility.moved`."""
        decay = np.exp(-1 / np.array(self.formula.memory))[:, None]
        return decay * state + (1 - decay) * self.formula.news(e / self.unit)


def estimate(
    y: np.ndarray, formula: Formula, beside: np.ndarray | None = None
) -> SeriesExponential:
    """The likeliest parameters of `y` [time], all of it known; `beside` [time] in its units."""
    mean, unit = float(y.mean()), float(y.std())
    e = (y - mean) / unit
    news = e if beside is None else np.stack([e, beside / unit])
    before = formula.averages(news)[:, :-1]
    scored = slice(min(BURN, len(e) // 2), None)
    density = SkewStudent()

    def loss(p: np.ndarray) -> float:
        s = np.maximum(formula.scale(before, *p[:-2]), FLOOR)[scored]
        return -float(density.loglikelihood(p[-2:], e[scored], s**2)) / len(s)

    found = minimize(
        loss,
        (*formula.start, *SHAPE),
        method="L-BFGS-B",
        bounds=(*formula.bounds, *SHAPE_BOUNDS),
        options={"ftol": 1e-12},  # a looser search can stop on a slope
    )
    *b, freedom, skew = map(float, found.x)
    return SeriesExponential(formula, mean, unit, tuple(b), freedom, skew, bool(found.success))
