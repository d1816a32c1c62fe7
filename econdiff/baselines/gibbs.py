"""Gibbs sampler of the vector autoregression with stochastic volatility and outliers.

The model is written out in `bvar_sv`. One sweep draws, each given all the rest,

1. the coefficients, one equation after the other (Carriero, Chan, Clark and Marcellino, 2022,
   "Corrigendum to: Large Bayesian vector autoregressions with stochastic volatility", eq. 10),
2. the rows of A, regressions of each residual on those before it,
3. the outlier scales o and their rates p,
4. the log variances h, by the ten normals with which Omori, Chib, Shephard and Nakajima (2007,
   table 1) stand in for log chi-square, all periods at once by the banded precision (Chan and
   Jeliazkov, 2009),
5. the variances f of their drift.

Priors: coefficients Minnesota (deviation .2 / lag for own lags, half that for others', in units
of the shocks; own first lag about the series' first autocorrelation, between 0 and 1), A N(0, 10),
p Beta(2.5, 37.5) (an outlier in sixteen periods), f inverse gamma with shape 5 and mean .04.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve_banded, cholesky_banded, solve_banded

LARGEST_OUTLIER = 20
SIZES = np.arange(1, LARGEST_OUTLIER + 1)
TIGHTNESS, ACROSS = 0.2, 0.5
RATE = (2.5, 37.5)
DRIFT_SHAPE, DRIFT_MEAN = 5.0, 0.04
MIXTURE = np.array(  # probability, mean, variance
    [
        [0.00609, 1.92677, 0.11265],
        [0.04775, 1.34744, 0.17788],
        [0.13057, 0.73504, 0.26768],
        [0.20674, 0.02266, 0.40611],
        [0.22715, -0.85173, 0.62699],
        [0.18842, -1.97278, 0.98583],
        [0.12047, -3.46788, 1.57469],
        [0.05591, -5.55246, 2.54498],
        [0.01575, -8.68384, 4.16591],
        [0.00115, -14.65000, 7.33342],
    ]
)


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of the parameters; the first axis is the draw."""

    b: np.ndarray  # [draw, regressor, series]
    a: np.ndarray  # [draw, series, series]
    drift: np.ndarray  # [draw, series], f
    outlier_rate: np.ndarray  # [draw, series], p
    level: np.ndarray  # [draw, series], mean of h over the sample
    spread: np.ndarray  # [draw, series], deviation of h over the sample

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.b)

    def take(self, which: np.ndarray) -> "Draws":
        """The draws at the places `which`."""
        return Draws(
            self.b[which],
            self.a[which],
            self.drift[which],
            self.outlier_rate[which],
            self.level[which],
            self.spread[which],
        )


class Sampler:
    """The chain over regressors `x` [time, regressor] and targets `y` [time, series]."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.x, self.y = x, y
        self.length, self.series = y.shape
        lags = (x.shape[1] - 1) // self.series
        slope, deviation = _first_order(x, y)
        self.mean = np.zeros((x.shape[1], self.series))
        self.mean[1 : 1 + self.series] = np.diag(slope)
        ratio = np.outer(1 / deviation, deviation) * ACROSS  # [lag of, in the equation of]
        np.fill_diagonal(ratio, 1.0)
        spread = np.concatenate([ratio * TIGHTNESS / lag for lag in range(1, lags + 1)])
        self.precision = np.vstack([np.full((1, self.series), 0.01), spread**-2.0])
        self.b, self.a = self.mean.copy(), np.eye(self.series)
        self.start = np.log(deviation**2)
        self.h = np.tile(self.start, (self.length, 1))
        self.o = np.ones_like(y)
        self.drift = np.full(self.series, DRIFT_MEAN)
        self.rate = np.full(self.series, RATE[0] / sum(RATE))

    def run(self, sweeps: int, burn: int, kept: int, rng: np.random.Generator) -> Draws:
        """`kept` draws spread evenly over the sweeps after the first `burn`."""
        keep = set(np.linspace(burn, sweeps - 1, kept).astype(int).tolist())
        draws = []
        for sweep in range(sweeps):
            self.sweep(rng)
            if sweep in keep:
                level, spread = self.h.mean(axis=0), self.h.std(axis=0)
                draws.append((self.b.copy(), self.a.copy(), self.drift, self.rate, level, spread))
        return Draws(*(np.stack(part) for part in zip(*draws, strict=True)))

    def sweep(self, rng: np.random.Generator) -> None:
        """Draw every block once."""
        weight = np.exp(-self.h) / self.o**2  # [time, series]
        self._coefficients(weight, rng)
        self._mixing(weight, rng)
        e = (self.y - self.x @ self.b) @ self.a.T
        self._outliers(e, rng)
        for j in range(self.series):
            self.h[:, j] = self._volatility(e[:, j] / self.o[:, j], j, rng)
        moves = (np.diff(self.h, axis=0) ** 2).sum(axis=0)
        shape = DRIFT_SHAPE + (self.length - 1) / 2
        scale = DRIFT_MEAN * (DRIFT_SHAPE - 1) + moves / 2
        self.drift = scale / rng.gamma(shape, size=self.series)

    def _coefficients(self, weight: np.ndarray, rng: np.random.Generator) -> None:
        """Equation j appears in the rows i >= j of A (y - B'x), times A_ij."""
        for j in range(self.series):
            self.b[:, j] = 0.0
            rest = (self.y - self.x @ self.b) @ self.a[j:].T  # [time, rows from j on]
            loaded = weight[:, j:] * self.a[j:, j]
            precision = (self.x * (loaded @ self.a[j:, j])[:, None]).T @ self.x
            precision += np.diag(self.precision[:, j])
            pull = self.x.T @ (loaded * rest).sum(axis=1) + self.precision[:, j] * self.mean[:, j]
            self.b[:, j] = _normal(precision, pull, rng)

    def _mixing(self, weight: np.ndarray, rng: np.random.Generator) -> None:
        """Row i of A: u_i = -a_i1 u_1 - ... - a_i,i-1 u_i-1 + e_i."""
        u = self.y - self.x @ self.b
        for i in range(1, self.series):
            before, w = -u[:, :i], weight[:, i, None]
            precision = (before * w).T @ before + np.eye(i) / 10
            self.a[i, :i] = _normal(precision, (before * w).T @ u[:, i], rng)

    def _outliers(self, e: np.ndarray, rng: np.random.Generator) -> None:
        square = (e**2 * np.exp(-self.h))[..., None] / SIZES**2  # [time, series, size]
        share = np.full((self.series, LARGEST_OUTLIER), 1 / (LARGEST_OUTLIER - 1))
        share *= self.rate[:, None]
        share[:, 0] = 1 - self.rate
        self.o = SIZES[_categorical(np.log(share / SIZES) - square / 2, rng)].astype(float)
        hits = (self.o > 1).sum(axis=0)
        self.rate = rng.beta(RATE[0] + hits, RATE[1] + self.length - hits)

    def _volatility(self, e: np.ndarray, j: int, rng: np.random.Generator) -> np.ndarray:
        """All h of series j at once: N(P^-1 q, P^-1) with P tridiagonal."""
        probability, mean, variance = MIXTURE.T
        seen = np.log(e**2 + 1e-8)[:, None] - mean  # log e^2 = h + log chi-square
        fit = (seen - self.h[:, j, None]) ** 2 / variance
        which = _categorical(np.log(probability) - np.log(variance) / 2 - fit / 2, rng)
        rows = np.arange(self.length)
        banded = np.zeros((2, self.length))  # diagonal, then the one below
        banded[0] = 1 / variance[which]
        banded[0, :-1] += 1 / self.drift[j]
        banded[0, 1:] += 1 / self.drift[j]
        banded[0, 0] += 0.25
        banded[1, :-1] = -1 / self.drift[j]
        pull = seen[rows, which] / variance[which]
        pull[0] += 0.25 * self.start[j]
        root = cholesky_banded(banded, lower=True)
        upper = np.vstack([np.concatenate([[0.0], root[1, :-1]]), root[0]])  # its transpose
        noise = solve_banded((0, 1), upper, rng.standard_normal(self.length))
        return cho_solve_banded((root, True), pull) + noise


def _normal(precision: np.ndarray, pull: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A draw of N(P^-1 q, P^-1)."""
    root = np.linalg.cholesky(precision)
    half = np.linalg.solve(root, pull)
    return np.linalg.solve(root.T, half + rng.standard_normal(len(pull)))


def _categorical(log_weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Places along the last axis, drawn in proportion to exp(log_weight)."""
    return (log_weight + rng.gumbel(size=log_weight.shape)).argmax(axis=-1)


def _first_order(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope, between 0 and 1, and residual deviation of each series on its first lag."""
    slopes, deviations = [], []
    for j in range(y.shape[1]):
        own = x[:, [0, 1 + j]]
        b = np.linalg.lstsq(own, y[:, j], rcond=None)[0]
        slopes.append(np.clip(b[1], 0, 1))
        deviations.append(np.std(y[:, j] - own @ b))
    return np.array(slopes), np.array(deviations)
