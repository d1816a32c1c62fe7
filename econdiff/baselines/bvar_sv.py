"""BVAR whose shocks have drifting volatility and outliers.

    y_t = B' x_t + u_t,   A u_t = e_t,   e_jt = o_jt exp(h_jt / 2) z_jt,   z_jt ~ N(0, 1)
    h_jt = h_j,t-1 + w_jt,   w_jt ~ N(0, f_j)
    o_jt = 1 with probability 1 - p_j, else one of 2, 3, ..., 20

with A lower triangular, ones on its diagonal. Carriero, Clark, Marcellino and Mertens (2022),
"Addressing COVID-19 outliers in BVARs with stochastic volatility", *Review of Economics and
Statistics*, the SVO model (eq. 1-4), with independent w_j. `gibbs` draws from the posterior.

Volatility at the origin is not taken from the fit: every draw of the parameters filters it from
the last rows of the history, by particles (Gordon, Salmond and Smith, 1993).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from econdiff.baselines.bvar import first_order
from econdiff.baselines.gaussian import futures, lagged
from econdiff.baselines.gibbs import LARGEST_OUTLIER, Draws, Sampler
from econdiff.baselines.history import values_of
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after

MEMORY, PARTICLES = 60, 40  # rows that the filter looks back over; its particles a draw


@dataclass(frozen=True)
class BVARSV:
    """BVAR with stochastic volatility and outliers, by Gibbs sampling.

    The first `burn` of `sweeps` are thrown away; of the rest, `kept` are. `seed` starts the
    chain, so that a fit can be had again.
    """

    lags: int = 4
    sweeps: int = 2000
    burn: int = 500
    kept: int = 500
    seed: int = 0

    def fit(self, panel: pd.DataFrame) -> "FittedBVARSV":
        """Draw from the posterior; ValueError where rows are too few or a series has no shocks.

        Rows with a missing cell in them or their lags are left out of the regression, as if
        the rows on both sides followed one another.
        """
        y = panel.to_numpy(float)
        first_order(panel.columns, y)
        known = np.isfinite(np.hstack([lagged(y, self.lags), y[self.lags :]])).all(axis=1)
        need = 2 * y.shape[1] + self.lags + 10
        if known.sum() < need:
            raise ValueError(
                f"a BVAR with volatility needs at least {need} rows in which every series and its "
                f"{self.lags} lags are known, got {known.sum()}"
            )
        centre, unit = np.nanmean(y, axis=0), np.nanstd(y, axis=0)
        scaled = (y - centre) / unit
        sampler = Sampler(lagged(scaled, self.lags)[known], scaled[self.lags :][known])
        draws = sampler.run(self.sweeps, self.burn, self.kept, np.random.default_rng(self.seed))
        provenance = {"model": "BVAR-SVO", "lags": self.lags, "kept": self.kept, "seed": self.seed}
        return FittedBVARSV(tuple(panel.columns), self.lags, centre, unit, draws, provenance)


@dataclass(frozen=True, eq=False)
class FittedBVARSV:
    """Draws from the posterior, of `(y - centre) / unit`."""

    names: tuple[str, ...]
    lags: int
    centre: np.ndarray  # [series]
    unit: np.ndarray  # [series]
    draws: Draws
    provenance: Mapping[str, Any]

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`.

        A missing cell near the origin takes its prediction, and a shock of its own for the
        spread: one by one and not given the cells known beside it.
        """
        values = (values_of(history, self.names) - self.centre) / self.unit
        chosen = self.draws.take(rng.permutation(np.resize(np.arange(self.draws.count), paths)))
        past, h = self._filter(values, chosen, rng)
        h = h[:, None] + np.sqrt(chosen.drift)[:, None] * rng.standard_normal(
            (paths, horizon, len(self.names))
        ).cumsum(axis=1)
        shocks = np.exp(h / 2) * _outliers(chosen.outlier_rate[:, None], h.shape, rng)
        shocks *= rng.standard_normal(h.shape)
        samples = self.centre + self.unit * futures(
            chosen.b, past, shocks @ np.linalg.inv(chosen.a).swapaxes(1, 2)
        )
        future = steps_after(history, horizon)
        return Forecast(samples, future, self.names, provenance=self.provenance)

    def _filter(
        self, values: np.ndarray, draws: Draws, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Last rows [path, lags, series] and log variances [path, series] at the origin."""
        start = _start(values, self.lags)
        shape = (draws.count, PARTICLES, len(self.names))
        spread = draws.spread[:, None] * rng.standard_normal(shape)
        h = draws.level[:, None] + spread  # [path, particle, series]
        past = np.broadcast_to(
            values[start - self.lags : start], (draws.count, self.lags, shape[2])
        )
        unmix = np.linalg.inv(draws.a)
        for row in values[start:]:
            h = h + np.sqrt(draws.drift)[:, None] * rng.standard_normal(shape)
            deviation = np.exp(h / 2) * _outliers(draws.outlier_rate[:, None], shape, rng)
            known = np.isfinite(row)
            fit = futures(draws.b, past, np.zeros((draws.count, 1, shape[2])))[:, 0]
            shock = deviation[:, 0] * rng.standard_normal((draws.count, shape[2]))
            now = np.where(known, row, fit + (unmix @ shock[..., None])[..., 0])
            e = (draws.a @ (now - fit)[..., None])[..., 0]
            log_weight = -np.log(deviation) - (e[:, None] / deviation) ** 2 / 2
            h = _resample(h, np.where(known, log_weight, 0.0), rng)
            past = np.concatenate([past[:, 1:], now[:, None]], axis=1)
        return past, h[:, 0]


def _start(values: np.ndarray, lags: int) -> int:
    """The first row of the filter: the earliest within MEMORY rows with complete lags."""
    holes = np.concatenate([[0], (~np.isfinite(values).all(axis=1)).cumsum()])
    starts = np.flatnonzero(holes[lags:] == holes[: len(holes) - lags]) + lags
    if len(starts) == 0:
        raise ValueError(f"history needs {lags} complete rows one after another")
    recent = starts[starts >= len(values) - MEMORY]
    return int(recent[0] if len(recent) else starts[-1])


def _outliers(rate: np.ndarray, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Scales o: 1, or with probability `rate` one of 2 .. LARGEST_OUTLIER."""
    size = rng.integers(2, LARGEST_OUTLIER + 1, shape)
    return np.where(rng.uniform(size=shape) < rate, size, 1)


def _resample(h: np.ndarray, log_weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Particles [path, particle, series] drawn by weight, each path and series on its own.

    Systematic resampling; a random turn keeps the order of particles without meaning.
    """
    paths, particles, series = h.shape
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True)).swapaxes(1, 2)
    cumulated = weight.cumsum(axis=-1) / weight.sum(axis=-1, keepdims=True)
    group = np.arange(paths * series)[:, None]
    at = (np.arange(particles) + rng.uniform(size=(paths * series, 1))) / particles
    at = np.roll(at, rng.integers(particles), axis=1)
    ends = (cumulated.reshape(-1, particles) * (1 - 1e-12) + group).ravel()
    ends[particles - 1 :: particles] = group[:, 0] + 1.0
    picked = np.searchsorted(ends, (at + group).ravel(), side="right")
    flat = h.swapaxes(1, 2).ravel()[np.minimum(picked, len(ends) - 1)]
    return flat.reshape(paths, series, particles).swapaxes(1, 2)
