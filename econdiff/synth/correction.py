"""What the panel decides about drawn shocks: mean, memory, covariance, tails and clusters.

An autoregression takes memory out of the draws. A power of their running variance v,

    x_t <- x_t v_t^(-calm / 2),    v_t = DECAY v_t-1 + (1 - DECAY) mean_k x_k,t-1^2,

gives their sizes the memory of real ones: a calm panel gets no clusters that only the network's
own economies have, and a stormy one keeps its own. A bend of each margin (sinh-arcsinh; Jones and
Pewsey, 2009, *Biometrika* 96) gives them the kurtosis, and a matrix the covariance of real shocks.
All are found once, from draws of their own. What is left to the network is the form of clusters,
leverage, skew, extremes in common.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from econdiff.anchor import power
from econdiff.baselines.gaussian import root
from econdiff.synth.shocks import deviations, moment

LAGS = 8  # of the memory that is taken out
DECAY = 0.9  # of the running variance
STEPS = range(1, 11)  # at which sizes are compared
CALMEST, WILDEST = 1.0, -0.5  # powers
DOUBT = 50  # rows of shocks that the network's clusters weigh as much as


@dataclass(frozen=True, eq=False)
class Correction:
    """Draws [row, time, k] to white ones of a given covariance and kurtosis, on average."""

    shift: np.ndarray  # [k]
    memory: np.ndarray  # [LAGS * k, k]
    unit: np.ndarray  # [k, k], to variances of one
    calm: float
    again: np.ndarray  # [k, k], to variances of one after that
    bend: np.ndarray  # [k], below one for lighter tails
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
        left = (apart - rows @ memory).reshape(len(flat), -1)
        spread = deviations(covariance)
        correlation = covariance / np.outer(spread, spread)
        unit = _to(moment(left), correlation)
        x = (left @ unit.T).reshape(apart.shape)
        calm = _calm(x, real)
        calmed = _calmed(x, calm).reshape(left.shape)
        again = _to(moment(calmed), correlation)
        x = calmed @ again.T
        bend = np.array([_bend(column, k) for column, k in zip(x.T, real.kurtosis, strict=True)])
        bent = _bent(x, bend)
        centre = bent.mean(axis=0)
        matrix = _to(moment(bent - centre), covariance)
        return cls(shift, memory, unit, calm, again, bend, centre, matrix)

    def __call__(self, drawn: np.ndarray) -> np.ndarray:
        """Correct draws."""
        apart = drawn - self.shift
        x = (apart - _lagged(apart) @ self.memory) @ self.unit.T
        x = _calmed(x, self.calm) @ self.again.T
        return (_bent(x, self.bend) - self.centre) @ self.matrix.T


@dataclass(frozen=True, eq=False)
class Sizes:
    """Of real shocks: kurtosis [k], memory of absolute values, and the rows that were seen."""

    kurtosis: np.ndarray
    memory: float
    rows: int

    @classmethod
    def of(cls, past: np.ndarray) -> "Sizes":
        """Measure shocks [stream, time, k], NaN where not known."""
        rows = past[np.isfinite(past).all(axis=-1)]
        kurtosis = np.asarray(stats.kurtosis(rows, axis=0, fisher=False))
        return cls(kurtosis, clustering(past), len(rows))


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


def _calm(x: np.ndarray, real: Sizes) -> float:
    """The power that gives draws the memory of real sizes, as far as these can be relied on."""
    weight = real.rows / (real.rows + DOUBT)
    target = weight * real.memory + (1 - weight) * clustering(x)
    low, high = WILDEST, CALMEST
    for _ in range(12):
        middle = (low + high) / 2
        if clustering(_calmed(x, middle)) > target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _calmed(x: np.ndarray, calm: float) -> np.ndarray:
    """Draws [row, time, k] over a power of their running variance, which begins at one."""
    square, now = (x**2).mean(axis=-1), np.ones(len(x))
    running = np.empty_like(square)
    for t in range(x.shape[1]):
        running[:, t] = now
        now = DECAY * now + (1 - DECAY) * square[:, t]
    return x * running[..., None] ** (-calm / 2)


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


def _lagged(x: np.ndarray) -> np.ndarray:
    """The last LAGS rows of `x` [row, time, k] before each, zero before the first."""
    padded = np.concatenate([np.zeros_like(x[:, :1]).repeat(LAGS, axis=1), x], axis=1)
    length = x.shape[1]
    return np.concatenate([padded[:, LAGS - j : LAGS - j + length] for j in range(1, LAGS + 1)], -1)
