"""Weights of draws: entropic tilting, how many draws they leave, and draws chosen by them.

Tilting finds the weights nearest to equal under which draws have the moments asked for,

    w_i  proportional to  exp(lambda' g_i),    sum_i w_i g_i = target

lambda minimises log mean exp(lambda' (g_i - target)), which is convex. Robertson, Tallman
and Whiteman (2005), "Forecasting Using Relative Entropy", eq. 5-7; Krüger, Clark and Ravazzolo
(2017); as entropy pooling, Meucci (2008), "Fully flexible views", eqs. 21-27. No other weights with
these moments are nearer in Kullback and Leibler's sense.
"""

import numpy as np


class UnreachableError(ValueError):
    """No weights on these draws have the moments asked for."""


def tilt(moments: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Weights [path] that sum to 1 and give `moments` [path, moment] the mean `target` [moment].

    Raises UnreachableError where no weights do: the target lies outside all draws.
    """
    centre, size = moments.mean(axis=0), moments.std(axis=0)
    if not (size > 0).all():
        raise UnreachableError("a moment that is the same in every draw cannot be tilted")
    apart = (moments - target) / size
    multiplier = np.zeros(len(target))
    value, weights = _dual(apart, multiplier)
    for _ in range(200):
        slope = weights @ apart
        if np.abs(slope).max() < 1e-10:
            return weights
        curve = (apart * weights[:, None]).T @ apart - np.outer(slope, slope)
        step = np.linalg.lstsq(curve + 1e-14 * np.eye(len(slope)), -slope, rcond=None)[0]
        length, descent = 1.0, float(slope @ step)
        while length > 1e-10:
            tried, tried_weights = _dual(apart, multiplier + length * step)
            if tried <= value + 1e-4 * length * descent:
                break
            length /= 2
        else:
            break
        multiplier, value, weights = multiplier + length * step, tried, tried_weights
    if np.abs(weights @ apart).max() < 1e-6:
        return weights
    far = int(np.abs((target - centre) / size).argmax())
    raise UnreachableError(
        f"no weights on these {len(moments)} draws reach the moments: one asks for "
        f"{(target - centre)[far] / size[far]:+.1f} standard deviations, further than the draws go"
    )


def _dual(apart: np.ndarray, multiplier: np.ndarray) -> tuple[float, np.ndarray]:
    exponent = apart @ multiplier
    top = exponent.max()
    grown = np.exp(exponent - top)
    return float(top + np.log(grown.mean())), grown / grown.sum()


def effective(weights: np.ndarray) -> float:
    """The effective sample size 1 / sum w^2 of weights that sum to 1; Kong (1992)."""
    return float(1 / (weights**2).sum())


def systematic(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rows drawn as often as their weights say, as many as there are; Kitagawa (1996)."""
    places = (np.arange(len(weights)) + rng.random()) / len(weights)
    return np.minimum(np.searchsorted(np.cumsum(weights), places), len(weights) - 1)
