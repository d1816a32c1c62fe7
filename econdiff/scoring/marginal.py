"""Scores of one number at a time: each cell's draws against its outcome.

`samples[path, ...]` and `outcome[...]` give a score `[...]`, in the units of the outcome
unless said otherwise. F is the law of the draws, y the outcome.
"""

from collections.abc import Callable

import numpy as np
import scoringrules
from scipy.special import logsumexp

LevelWeight = Callable[[np.ndarray], np.ndarray]


def crps(samples: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score, fair: unbiased for any number of paths.

        CRPS = mean_i |x_i - y| - sum_ij |x_i - x_j| / (2 m (m - 1))

    Gneiting and Raftery (2007), eq. 21, with the m - 1 of Ferro (2014), "Fair scores for
    ensemble forecasts". Computed by probability-weighted moments, which is the same number.
    """
    return threshold_weighted_crps(samples, outcome)


def threshold_weighted_crps(
    samples: np.ndarray,
    outcome: np.ndarray,
    *,
    low: float | np.ndarray = -np.inf,
    high: float | np.ndarray = np.inf,
) -> np.ndarray:
    """Fair CRPS that looks only at values between `low` and `high`.

        int_low^high (F(z) - 1{y <= z})^2 dz

    Gneiting and Ranjan (2011), "Comparing density forecasts using threshold- and
    quantile-weighted scoring rules". The bounds may not depend on the outcome; arrays of
    bounds broadcast against it.
    """
    _two_paths(samples)
    drawn, came = np.clip(samples, low, high), np.clip(outcome, low, high)
    scores = scoringrules.crps_ensemble(came, drawn, m_axis=0, estimator="pwm", backend="numpy")
    return np.asarray(scores)


def quantile_weighted_crps(
    samples: np.ndarray, outcome: np.ndarray, weight: LevelWeight
) -> np.ndarray:
    """CRPS whose quantile levels weigh `weight(level)`: a score of one part of the law.

        2 int_0^1 weight(a) pinball_a(F^-1(a), y) da

    Gneiting and Ranjan (2011), as above, by the midpoint rule over a hundred levels.
    A weight of one gives the CRPS; `left_tail`, `right_tail` and `both_tails` are theirs.
    """
    levels = (np.arange(100) + 0.5) / 100
    losses = pinball(np.quantile(samples, levels, axis=0), outcome, levels)
    return 2 * np.tensordot(weight(levels), losses, axes=1) / len(levels)


def left_tail(level: np.ndarray) -> np.ndarray:
    """Weight of the bad end: (1 - level)^2."""
    return (1 - level) ** 2


def right_tail(level: np.ndarray) -> np.ndarray:
    """Weight of the upper end: level^2."""
    return level**2


def both_tails(level: np.ndarray) -> np.ndarray:
    """Weight of both ends: (2 level - 1)^2."""
    return (2 * level - 1) ** 2


def pinball(quantiles: np.ndarray, outcome: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantile loss of each `quantiles[level, ...]` at its level, `[level, ...]`.

        (1{y <= q} - level) (q - y)

    Koenker and Bassett (1978). Twice its mean over all levels is the CRPS.
    """
    levels = np.reshape(levels, (-1,) + (1,) * np.ndim(outcome))
    losses = scoringrules.quantile_score(outcome[None], quantiles, levels, backend="numpy")
    return np.asarray(losses)


def squared_error(samples: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Squared error of the mean of the paths; the root of its mean over origins is the RMSE."""
    return (samples.mean(axis=0) - outcome) ** 2


def log_score(samples: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Minus the log of a Gaussian kernel density of the draws at the outcome, in nats.

        -log mean_i N(y; x_i, b^2),    b = 1.06 min(sd, IQR / 1.34) m^(-1/5)

    The bandwidth is Silverman's (1986, 3.4.2). A kernel estimate: far beyond
    the outermost draw it is the tail of the kernel and not of the model; where a model knows
    its density, the exact score is minus the log of that. Draws that hardly vary have no density:
    their score is NaN.
    """
    _two_paths(samples)
    low, high = np.quantile(samples, [0.25, 0.75], axis=0)
    spread = np.minimum(samples.std(axis=0, ddof=1), (high - low) / 1.34)
    width = 1.06 * np.where(spread > 0, spread, np.nan) * len(samples) ** -0.2
    kernels = -(((outcome - samples) / width) ** 2) / 2
    return np.log(len(samples) * width * np.sqrt(2 * np.pi)) - logsumexp(kernels, axis=0)


def _two_paths(samples: np.ndarray) -> None:
    if len(samples) < 2:
        raise ValueError(f"a score of draws needs at least 2 paths, got {len(samples)}")
