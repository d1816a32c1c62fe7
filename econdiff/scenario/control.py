"""Means with less Monte Carlo noise: control variates.

Beside each draw y_i, of weight w_i, stands a draw g_i from the same noise whose mean is known: the
Gaussian answer. With h_i = n w_i (y_i - m), m = sum w_i y_i, and b the slope of h on g,

    mean = m - b (average g - E g),    its variance that of h - b g, over n

Hammersley and Handscomb (1964), *Monte Carlo Methods*, 5.5; with weights as in Owen (2013), *Monte
Carlo theory, methods and examples*, section 9.10. The nearer the law is to the Gaussian, the less
noise is left.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Controlled:
    """Draws and their Gaussian twins, both [path, cell], `weights` [path] that sum to 1.

    `centre` [cell] is the mean of the twins.
    """

    draws: np.ndarray
    weights: np.ndarray
    twins: np.ndarray
    centre: np.ndarray


def steadied(
    values: np.ndarray, weights: np.ndarray, twins: np.ndarray, centre: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of `values` [path, ...] and its standard error, each cell with its twin.

    `twins` [path, ...] have the means `centre` [...].
    """
    count = len(values)
    plain = np.tensordot(weights, values, axes=1)
    told = count * weights.reshape(-1, *[1] * (values.ndim - 1)) * (values - plain)
    apart = twins - twins.mean(axis=0)
    square = (apart**2).sum(axis=0)
    product = (apart * told).sum(axis=0)
    slope = np.divide(product, square, out=np.zeros_like(square), where=square > 1e-20)
    left = told - slope * apart
    mean = plain - slope * (twins.mean(axis=0) - centre)
    return mean, np.sqrt((left**2).sum(axis=0) / max(count - 2, 1) / count)
