"""What the panel decides about drawn shocks: mean, memory, covariance, tails and clusters.

An autoregression takes memory out of the draws. Another says the next size of a shock from the last
ones, and a power of what it says gives sizes the memory of real ones:

    x_kt <- x_kt / s_kt^calm,    s_kt = a + sum_j b_j |x_k,t-j| + c_j mean_i |x_i,t-j|,

so that a calm panel gets no clusters that only the network's own economies have, and a stormy one
keeps its own. In the same way sizes answer to falls as much as real ones do (the leverage of Black,
1976), which is by the mean of the last five shocks:

    x_kt <- x_kt exp(answer (x_k,t-1 + ... + x_k,t-5) / 5).

A bend of each margin (sinh-arcsinh; Jones and Pewsey, 2009, *Biometrika* 96) gives
them the kurtosis, and a matrix the covariance of real shocks. All are found once, from draws of
their own. What is left to the network is the form of clusters, skew, extremes in common.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from econdiff.anchor import power
from econdiff.baselines.gaussian import root
from econdiff.synth.shocks import deviations, moment

LAGS = 8  # of the memory that is taken out
STEPS = range(1, 11)  # at which sizes are compared
FALLS = range(1, 6)  # at which sizes are compared with shocks before
POWERS = np.linspace(-0.5, 1.6, 22)
DOUBT = 50  # rows of shocks that the network's clusters weigh as much as


@dataclass(frozen=True, eq=False)
class Correction:
    """Draws [row, time, k] to white ones of given covariance, kurtosis and clusters, on average."""

    shift: np.ndarray  # [k]
    memory: np.ndarray  # [LAGS * k, k]
    unit: np.ndarray  # [k, k], to variances of one
    answer: float  # of sizes to the mean of the last shocks
    bend: np.ndarray  # [k], below one for lighter tails
    sizes: np.ndarray  # [1 + 2 * LAGS]
    calm: float
    centre: np.ndarray  # [k]
    matrix: np.ndarray  # [k, k]

    @classmethod
    def of(cls, drawn: np.ndarray, covariance: np.ndarray, real: "Sizes") -> "Correction":
        """Estimate from draws."""
        shift = drawn.mean(axis=(0, 1))
        apart = drawn - shift
        rows = _lagged(apart)
        flat = rows.reshape(-1, rows.shape[-1])
        memory = np.linalg.lstsq(flat, apart.reshape(len(flat), -1), rcond=None)[0]
        left = apart - rows @ memory
        spread = deviations(covariance)
        unit = _to(moment(left), covariance / np.outer(spread, spread))
        x = left @ unit.T
        answer = _answer(x, real)
        answered = _answered(x, answer)
        bend = np.array([_bend(answered[..., k].ravel(), v) for k, v in enumerate(real.kurtosis)])
        bent = _bent(answered, bend)
        sizes = _size_regression(bent)
        calm = _calm(bent, sizes, real)
        calmed = _calmed(bent, sizes, calm)
        centre = calmed.mean(axis=(0, 1))
        matrix = _to(moment(calmed - centre), covariance)
        return cls(shift, memory, unit, answer, bend, sizes, calm, centre, matrix)

    def __call__(self, drawn: np.ndarray) -> np.ndarray:
        """Correct draws."""
        apart = drawn - self.shift
        x = _answered((apart - _lagged(apart) @ self.memory) @ self.unit.T, self.answer)
        x = _bent(x, self.bend)
        return (_calmed(x, self.sizes, self.calm) - self.centre) @ self.matrix.T


@dataclass(frozen=True, eq=False)
class Sizes:
    """Of real shocks: kurtosis [k], memory and leverage of sizes, and the rows that were seen."""

    kurtosis: np.ndarray
    memory: float
    leverage: float
    rows: int

    @classmethod
    def of(cls, past: np.ndarray) -> "Sizes":
        """Measure shocks [stream, time, k], NaN where not known."""
        rows = past[np.isfinite(past).all(axis=-1)]
        kurtosis = np.asarray(stats.kurtosis(rows, axis=0, fisher=False))
        return cls(kurtosis, clustering(past), leverage(past), len(rows))


def clustering(x: np.ndarray) -> float:
    """Mean autocorrelation of absolute values of [row, time, k] at `STEPS`, about common means."""
    size = np.abs(x)
    size = size - np.nanmean(size, axis=(0, 1))
    square = np.nanmean(size**2, axis=(0, 1))
    found = [
        np.nanmean(product, axis=(0, 1)) / square
        for step in STEPS
        if np.isfinite(product := size[:, step:] * size[:, :-step]).any(axis=(0, 1)).all()
    ]
    return float(np.mean(found)) if found else 0.0


def leverage(x: np.ndarray) -> float:
    """Mean correlation of absolute values of [row, time, k] with the shock at `FALLS` before."""
    x = x - np.nanmean(x, axis=(0, 1))
    size = np.abs(x) - np.nanmean(np.abs(x), axis=(0, 1))
    unit = np.sqrt(np.nanmean(x**2, axis=(0, 1)) * np.nanmean(size**2, axis=(0, 1)))
    found = [
        np.nanmean(product, axis=(0, 1)) / unit
        for step in FALLS
        if np.isfinite(product := x[:, :-step] * size[:, step:]).any(axis=(0, 1)).all()
    ]
    return float(np.mean(found)) if found else 0.0


def _before(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sizes [row, time, k], and what the rows before say of each [row, time, k, 1 + 2 * LAGS]."""
    size = np.abs(x) - np.sqrt(2 / np.pi)  # nought on average for a normal law
    k = x.shape[-1]
    own = _lagged(size).reshape(*x.shape[:2], LAGS, k).swapaxes(-1, -2)
    all_of_them = own.mean(axis=-2, keepdims=True).repeat(k, axis=-2)
    return size, np.concatenate([np.ones((*x.shape, 1)), own, all_of_them], axis=-1)


def _size_regression(x: np.ndarray) -> np.ndarray:
    """The size of a shock by those before, its own and the mean over series, [1 + 2 * LAGS]."""
    size, rows = _before(x)
    return np.linalg.lstsq(rows.reshape(-1, rows.shape[-1]), size.ravel(), rcond=None)[0]


def _calm(x: np.ndarray, sizes: np.ndarray, real: Sizes) -> float:
    """The power that gives draws the memory of real sizes, as far as these can be relied on."""
    weight = real.rows / (real.rows + DOUBT)
    target = weight * real.memory + (1 - weight) * clustering(x)
    gaps = [abs(clustering(_calmed(x, sizes, exponent)) - target) for exponent in POWERS]
    return float(POWERS[int(np.argmin(gaps))])


def _answer(x: np.ndarray, real: Sizes) -> float:
    """The answer to falls that gives draws the leverage of real shocks, as far as it is known."""
    weight = real.rows / (real.rows + DOUBT)
    target = weight * real.leverage + (1 - weight) * leverage(x)
    low, high = -1.0, 1.0
    for _ in range(10):
        middle = (low + high) / 2
        if leverage(_answered(x, middle)) > target:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _answered(x: np.ndarray, answer: float) -> np.ndarray:
    """Draws [row, time, k], larger or smaller by the mean of the last shocks."""
    last = _lagged(x, len(FALLS)).reshape(*x.shape[:2], len(FALLS), -1).mean(axis=2)
    return x * np.exp(answer * np.clip(last, -2, 2))


def _calmed(x: np.ndarray, sizes: np.ndarray, calm: float) -> np.ndarray:
    """Draws [row, time, k] over a power of the size that the rows before let expect."""
    expected = np.sqrt(2 / np.pi) + _before(x)[1] @ sizes
    return x * np.maximum(expected, 0.2) ** -calm


def _to(covariance: np.ndarray, target: np.ndarray) -> np.ndarray:
    """A matrix that takes shocks of one covariance to another."""
    inverse = power(covariance + 1e-12 * np.trace(covariance) * np.eye(len(covariance)), -0.5)
    return root(target) @ inverse


def _bent(x: np.ndarray, bend: np.ndarray) -> np.ndarray:
    return np.sinh(bend * np.arcsinh(x))


def _bend(x: np.ndarray, kurtosis: float) -> float:
    """The bend that gives `x` this kurtosis, or as near as it can come."""
    low, high = 0.3, 1.5
    for _ in range(20):
        middle = (low + high) / 2
        if stats.kurtosis(np.sinh(middle * np.arcsinh(x)), fisher=False) > kurtosis:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _lagged(x: np.ndarray, lags: int = LAGS) -> np.ndarray:
    """The last rows of `x` [row, time, k] before each, zero before the first."""
    padded = np.concatenate([np.zeros_like(x[:, :1]).repeat(lags, axis=1), x], axis=1)
    length = x.shape[1]
    return np.concatenate([padded[:, lags - j : lags - j + length] for j in range(1, lags + 1)], -1)
