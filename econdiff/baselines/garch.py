"""GJR-GARCH with skewed t shocks, series by series, and joint: the market-risk yardstick.

    y_t = mu + e_t,   e_t = s_t z_t
    s_t^2 = omega + (alpha + gamma 1[e_{t-1} < 0]) e_{t-1}^2 + beta s_{t-1}^2

Glosten, Jagannathan and Runkle (1993), *Journal of Finance* 48, eq. 4; z_t follows Hansen's (1994)
skewed t. Estimated by `arch`, one series at a time.

Series are joint by their past: each step draws a row of past standardised shocks, all series of
one date. Filtered historical simulation (Barone-Adesi, Giannopoulos and Vosper, 1999) takes the
shocks of that row. Otherwise the row only gives each series' rank, and the shock is the skewed
t's quantile at a point drawn inside that rank's cell: each series has exactly the fitted skewed
t, and the dependence between series is that of the past (the empirical checkerboard copula).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from arch import arch_model
from arch.univariate import SkewStudent
from scipy.signal import lfilter

from econdiff.baselines.history import complete_rows, values_of
from econdiff.forecast import Forecast, steps_after

FEWEST = 50  # known values of a series


@dataclass(frozen=True)
class GARCH:
    """GJR-GARCH(1,1) with skewed t shocks; `filtered` draws past shocks instead.

    A missing cell is passed over, as a day without trading is. A series that ends before the
    origin is simulated through the rows that it lacks.
    """

    filtered: bool = False

    def fit(self, panel: pd.DataFrame) -> "FittedGARCH":
        """Estimate each series; ValueError names one that is constant or too short."""
        values = panel.to_numpy(float)
        laws = [_estimate(str(n), y) for n, y in zip(panel.columns, values.T, strict=True)]
        shocks = np.stack([law.shocks(y) for law, y in zip(laws, values.T, strict=True)], axis=1)
        unsure = [str(n) for n, law in zip(panel.columns, laws, strict=True) if not law.converged]
        provenance = {
            "model": "GJR-GARCH, " + ("filtered historical" if self.filtered else "skewed t"),
            "search_not_converged": unsure,
        }
        return FittedGARCH(
            tuple(panel.columns),
            tuple(laws),
            complete_rows(panel, shocks, need=FEWEST // 2),
            self.filtered,
            provenance,
        )


@dataclass(frozen=True)
class SeriesGARCH:
    """The parameters of one series."""

    mean: float
    omega: float
    alpha: float
    gamma: float
    beta: float
    freedom: float  # eta of the skewed t
    skew: float  # lambda of the skewed t
    converged: bool

    def variances(self, e: np.ndarray) -> np.ndarray:
        """Variance of each shock `e` [time] given those before it, and of the next, [time + 1].

        Before the first shock stands, as in `arch`, the weighted mean of the first squares.
        """
        weights = 0.94 ** np.arange(min(75, len(e)))
        before = weights @ e[: len(weights)] ** 2 / weights.sum()
        first = self.omega + (self.alpha + self.gamma / 2 + self.beta) * before
        news = self.omega + (self.alpha + self.gamma * (e < 0)) * e**2
        later, _ = lfilter([1.0], [1.0, -self.beta], news, zi=[self.beta * first])
        return np.concatenate([[first], later])

    def shocks(self, y: np.ndarray) -> np.ndarray:
        """Standardised shocks z of `y` [time], NaN where it is not known."""
        known = np.isfinite(y)
        e = y[known] - self.mean
        z = np.full(len(y), np.nan)
        z[known] = e / np.sqrt(self.variances(e)[:-1])
        return z

    def futures(self, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Paths [path, step] of the series after `y` [time] under shocks `z` [path, step]."""
        variance = self.variances(y[np.isfinite(y)] - self.mean)[-1]
        path = np.empty_like(z)
        for step in range(z.shape[1]):
            e = np.sqrt(variance) * z[:, step]
            variance = (
                self.omega + (self.alpha + self.gamma * (e < 0)) * e**2 + self.beta * variance
            )
            path[:, step] = self.mean + e
        return path

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Quantiles of z at `u`, of any shape."""
        return np.reshape(SkewStudent().ppf(u.ravel(), [self.freedom, self.skew]), u.shape)


@dataclass(frozen=True, eq=False)
class FittedGARCH:
    """The parameters of each series, and the past shocks that make them joint."""

    names: tuple[str, ...]
    laws: tuple[SeriesGARCH, ...]
    shocks: np.ndarray  # [row, series], standardised
    filtered: bool
    provenance: Mapping[str, Any]

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`."""
        values = values_of(history, self.names)
        gaps = np.isfinite(values)[::-1].argmax(axis=0)  # [series], rows since the last known
        z = self._draw(paths, int(gaps.max()) + horizon, rng)
        paths_of = [
            law.futures(values[:, i], z[:, gaps.max() - gaps[i] :, i])[:, gaps[i] :]
            for i, law in enumerate(self.laws)
        ]
        samples = np.stack(paths_of, axis=-1)
        future = steps_after(history, horizon)
        return Forecast(samples, future, self.names, provenance=self.provenance)

    def _draw(self, paths: int, steps: int, rng: np.random.Generator) -> np.ndarray:
        """Standardised shocks [path, step, series]."""
        rows = rng.integers(len(self.shocks), size=(paths, steps))
        if self.filtered:
            return self.shocks[rows]
        ranks = self.shocks.argsort(axis=0).argsort(axis=0)[rows]
        u = (ranks + rng.uniform(size=ranks.shape)) / len(self.shocks)
        return np.stack([law.quantile(u[..., i]) for i, law in enumerate(self.laws)], axis=-1)


def _estimate(name: str, y: np.ndarray) -> SeriesGARCH:
    known = y[np.isfinite(y)]
    if len(known) < FEWEST or np.ptp(known) == 0:
        raise ValueError(
            f"GARCH of {name!r} needs at least {FEWEST} known values that are not all the same, "
            f"got {len(known)}"
        )
    unit = known.std()
    model = arch_model(
        known / unit, mean="Constant", vol="GARCH", p=1, o=1, q=1, dist="skewt", rescale=False
    )
    found: Any = model.fit(disp="off", show_warning=False)
    mean, omega, alpha, gamma, beta, freedom, skew = map(float, found.params)
    return SeriesGARCH(
        mean * unit,
        omega * unit**2,
        alpha,
        gamma,
        beta,
        freedom,
        skew,
        converged=found.convergence_flag == 0,
    )
