"""What the panel decides about drawn shocks: mean, memory, covariance and weight of the tails.

An autoregression takes memory out of the draws, a bend of each margin (sinh-arcsinh; Jones and
Pewsey, 2009, *Biometrika* 96) gives them the kurtosis, and a matrix the covariance of real shocks.
All three are found once, from draws of their own. What is left to the network is the order of
shocks: clusters of volatility, leverage, skew, extremes in common.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from econdiff.anchor import power
from econdiff.baselines.gaussian import root
from econdiff.synth.shocks import deviations, moment

LAGS = 8  # of the memory that is taken out


@dataclass(frozen=True, eq=False)
class Correction:
    """Draws [row, time, k] to white ones of a given covariance and kurtosis, on average."""

    shift: np.ndarray  # [k]
    memory: np.ndarray  # [LAGS * k, k]
    unit: np.ndarray  # [k, k], to variances of one
    bend: np.ndarray  # [k], below one for lighter tails
    centre: np.ndarray  # [k]
    matrix: np.ndarray  # [k, k]

    @classmethod
    def of(cls, drawn: np.ndarray, covariance: np.ndarray, kurtosis: np.ndarray) -> "Correction":
        """Estimate from draws."""
        shift = drawn.mean(axis=(0, 1))
        apart = drawn - shift
        rows = _lagged(apart)
        flat = rows.reshape(-1, rows.shape[-1])
        memory = np.linalg.lstsq(flat, apart.reshape(len(flat), -1), rcond=None)[0]
        left = (apart - rows @ memory).reshape(len(flat), -1)
        spread = deviations(covariance)
        unit = _to(moment(left), covariance / np.outer(spread, spread))
        x = left @ unit.T
        bend = np.array([_bend(column, k) for column, k in zip(x.T, kurtosis, strict=True)])
        bent = _bent(x, bend)
        centre = bent.mean(axis=0)
        return cls(shift, memory, unit, bend, centre, _to(moment(bent - centre), covariance))

    def __call__(self, drawn: np.ndarray) -> np.ndarray:
        """Correct draws."""
        apart = drawn - self.shift
        x = (apart - _lagged(apart) @ self.memory) @ self.unit.T
        return (_bent(x, self.bend) - self.centre) @ self.matrix.T


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
