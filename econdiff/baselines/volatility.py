"""Series whose next shock is a known scale times a standardised one, and their joint paths.

    y_t = mean + e_t,   e_t = slope e_{t-1} + s_t z_t

`SeriesVolatility` says how s_t follows from past e; GARCH and path-dependent volatility are two.
The slope is 0 in the models of the textbook and small in the others: a first autocorrelation
hardly moves the next day, but the variance of many days by a factor (1 + slope) / (1 - slope).
Series are joint by their past: each step draws a row of past standardised shocks, all series of
one date. Filtered historical simulation (Barone-Adesi, Giannopoulos and Vosper, 1999) takes the
shocks of that row ("past"). Otherwise the row only gives each series' rank, and the shock is a
quantile of the skewed t that was fitted ("skewed t"), or of the past with its tails fitted
("tails"), at a point drawn inside that rank's cell: each series has exactly that law, and the
dependence between series is that of the past (the empirical checkerboard copula).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from arch.univariate import SkewStudent

from econdiff.baselines.history import complete_rows, even_rows, values_of
from econdiff.baselines.tails import fit_tails
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after

FEWEST = 50  # known values of a series
FLAT = 0.1  # prior deviation of a slope; .05 to .2 do alike (`benchmarks/risk.py choose-slope`)

Shocks = Literal["skewed t", "past", "tails"]
Quantile = Callable[[np.ndarray], np.ndarray]


class SeriesVolatility(Protocol):
    """What was estimated of one series; z follows Hansen's (1994) skewed t."""

    @property
    def mean(self) -> float:
        """Mean of the series."""
        ...

    @property
    def freedom(self) -> float:
        """Degrees of freedom eta of the skewed t."""
        ...

    @property
    def skew(self) -> float:
        """Skewness lambda of the skewed t."""
        ...

    @property
    def converged(self) -> bool:
        """Whether the search for the parameters ended at an optimum."""
        ...

    def scales(self, e: np.ndarray) -> np.ndarray:
        """Scale s of each row of `e` [time] given those before it, and of the next, [time + 1]."""
        ...

    def state(self, e: np.ndarray) -> np.ndarray:
        """What the next scale hangs on, after the rows `e` [time]: [part]."""
        ...

    def scale(self, state: np.ndarray) -> np.ndarray:
        """Scale s that follows from `state` [part, path], [path]."""
        ...

    def moved(self, state: np.ndarray, e: np.ndarray) -> np.ndarray:
        """`state` [part, path] after one more shock `e` [path]."""
        ...


def slope_of(e: np.ndarray, s: np.ndarray, flat: float = FLAT) -> float:
    """What shocks `e` [time] of scales `s` owe to the one before.

    The posterior mean of an autoregression with these scales under the prior N(0, flat^2).
    """
    if flat == 0:
        return 0.0
    past, weight = e[:-1], s[1:] ** -2.0
    return float((weight * past) @ e[1:] / ((weight * past) @ past + flat**-2.0))


def shocks_of(law: SeriesVolatility, y: np.ndarray, slope: float = 0.0) -> np.ndarray:
    """Standardised shocks z of `y` [time], NaN where it is not known."""
    known = np.isfinite(y)
    e = y[known] - law.mean
    z = np.full(len(y), np.nan)
    z[known] = (e - slope * before(e)) / law.scales(e)[:-1]
    return z


def before(e: np.ndarray) -> np.ndarray:
    """The shock before each of `e` [time]; nothing before the first."""
    return np.concatenate([np.zeros(1), e[:-1]])


def futures(law: SeriesVolatility, y: np.ndarray, z: np.ndarray, slope: float = 0.0) -> np.ndarray:
    """Paths [path, step] of the series after `y` [time] under shocks `z` [path, step]."""
    known = y[np.isfinite(y)] - law.mean
    state = np.repeat(law.state(known)[:, None], len(z), axis=1)
    path, e = np.empty_like(z), known[-1]
    for step in range(z.shape[1]):
        e = slope * e + law.scale(state) * z[:, step]
        state = law.moved(state, e)
        path[:, step] = law.mean + e
    return path


def quantile(law: SeriesVolatility, u: np.ndarray) -> np.ndarray:
    """Quantiles of z at `u`, of any shape."""
    return np.reshape(SkewStudent().ppf(u.ravel(), [law.freedom, law.skew]), u.shape)


@dataclass(frozen=True, eq=False)
class FittedVolatility:
    """The law of each series, and the past shocks that make them joint."""

    names: tuple[str, ...]
    laws: tuple[SeriesVolatility, ...]
    slopes: tuple[float, ...]
    shocks: np.ndarray  # [row, series], standardised
    quantiles: tuple[Quantile, ...] | None  # of each series' shocks; None draws past rows
    provenance: Mapping[str, Any]

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`."""
        values = values_of(history, self.names)
        gaps = np.isfinite(values)[::-1].argmax(axis=0)  # [series], rows since the last known
        z = self._draw(paths, int(gaps.max()) + horizon, rng)
        samples = np.stack(
            [
                futures(law, values[:, i], z[:, gaps.max() - gaps[i] :, i], slope)[:, gaps[i] :]
                for i, (law, slope) in enumerate(zip(self.laws, self.slopes, strict=True))
            ],
            axis=-1,
        )
        future = steps_after(history, horizon)
        return Forecast(samples, future, self.names, provenance=self.provenance)

    def expected(self, i: int, y: np.ndarray) -> float:
        """Mean of the next value of series `i` after `y` [time], all of it known."""
        mean = self.laws[i].mean
        return mean + self.slopes[i] * (float(y[-1]) - mean)

    def uniform(self, paths: int, steps: int, rng: np.random.Generator) -> np.ndarray:
        """Points in (0, 1) [path, step, series]: ranks of past shocks, a row of one date each."""
        rows = rng.integers(len(self.shocks), size=(paths, steps))
        ranks = self.shocks.argsort(axis=0).argsort(axis=0)[rows]
        return (ranks + rng.uniform(size=ranks.shape)) / len(self.shocks)

    def _draw(self, paths: int, steps: int, rng: np.random.Generator) -> np.ndarray:
        """Standardised shocks [path, step, series]."""
        if self.quantiles is None:
            return self.shocks[even_rows(len(self.shocks), paths, steps, rng)]
        u = self.uniform(paths, steps, rng)
        return np.stack([q(u[..., i]) for i, q in enumerate(self.quantiles)], axis=-1)


class VolatilityModel(Protocol):
    """A `Model` whose series each have a `SeriesVolatility`."""

    def fit(self, panel: pd.DataFrame) -> FittedVolatility:
        """Estimate each series; ValueError names one that is constant or too short."""
        ...


def fit_each(
    panel: pd.DataFrame,
    estimate: Callable[[np.ndarray], SeriesVolatility],
    *,
    shocks: Shocks,
    model: str,
    flat: float = FLAT,
) -> FittedVolatility:
    """Estimate each series of `panel`; ValueError names one that is constant or too short.

    `flat` is the prior deviation of the slopes, 0 for none.
    """
    values = panel.to_numpy(float)
    laws = [_estimated(str(n), y, estimate) for n, y in zip(panel.columns, values.T, strict=True)]
    both = list(zip(laws, values.T, strict=True))
    slopes = [_slope(law, y, flat) for law, y in both]
    past = [shocks_of(law, y, slope) for (law, y), slope in zip(both, slopes, strict=True)]
    z = complete_rows(panel, np.stack(past, axis=1), need=FEWEST // 2)
    unsure = [str(n) for n, law in zip(panel.columns, laws, strict=True) if not law.converged]
    return FittedVolatility(
        tuple(panel.columns),
        tuple(laws),
        tuple(slopes),
        z,
        _quantiles(shocks, laws, z),
        {"model": f"{model}, shocks: {shocks}", "search_not_converged": unsure},
    )


def _quantiles(
    shocks: Shocks, laws: Sequence[SeriesVolatility], z: np.ndarray
) -> tuple[Quantile, ...] | None:
    if shocks == "past":
        return None
    if shocks == "tails":
        return tuple(fit_tails(column).quantile for column in z.T)
    if shocks != "skewed t":
        raise ValueError(f"shocks are 'skewed t', 'past' or 'tails', got {shocks!r}")
    return tuple(partial(quantile, law) for law in laws)


def _slope(law: SeriesVolatility, y: np.ndarray, flat: float) -> float:
    e = y[np.isfinite(y)] - law.mean
    return slope_of(e, law.scales(e)[:-1], flat)


def _estimated(
    name: str, y: np.ndarray, estimate: Callable[[np.ndarray], SeriesVolatility]
) -> SeriesVolatility:
    known = y[np.isfinite(y)]
    if len(known) < FEWEST or np.ptp(known) == 0:
        raise ValueError(
            f"the volatility of {name!r} needs at least {FEWEST} known values that are not all the "
            f"same, got {len(known)}"
        )
    return estimate(known)
