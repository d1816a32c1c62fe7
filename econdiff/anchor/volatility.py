"""How loud series are: running variances of their shocks, which may lean to one side.

    v_{t+1} = decay v_t + (1 - decay) (|e_t| - lean e_t)^2 / (1 + lean^2)

is the exponentially weighted variance of RiskMetrics (1996) for lean 0. With a positive lean a
fall makes a series louder than a rise of that size does, as with stocks, and with a negative one
the rise does, as with unemployment (the asymmetry of Ding, Granger and Engle, 1993, "A long memory
property of stock market returns and a new model"; with lean 1 only falls count). A shock that is as
often up as down leaves v unbiased whatever the lean.

How far a series leans is the mean of its posterior over `LEANS`, with a normal prior about 0 of
deviation `UPRIGHT`: 60 quarters say little of it, a thousand days much. The likelihood is that of
`robust.student_loss`, and the volatility the one that the filter goes by.

Shocks are [..., series, time].
"""

import numpy as np
from scipy.special import softmax

from econdiff.anchor.robust import OUTLIER, student_loss

DECAYS = (0.80, 0.94, 0.985, 0.996)  # of running variances: 5, 17, 67, 250 periods of memory
MAIN = 1  # the one that the filter goes by
LEANS = np.linspace(-1, 1, 5)
UPRIGHT = 0.4  # prior deviation of how far a series leans


def running_variances(
    e: np.ndarray,
    known: np.ndarray,
    start: np.ndarray,
    lean: np.ndarray,
    decays: tuple[float, ...] = DECAYS,
) -> tuple[np.ndarray, np.ndarray]:
    """Running variances of shocks `e`, from `start`, for `lean`, both [..., series].

    One for each of `decays`: before each period, [..., series, time, decay], and after the last,
    [..., series, decay]. Where a shock is not known they stand still.
    """
    decay = np.array(decays)
    tilt = lean[..., None]
    news = ((np.abs(e) - tilt * e) ** 2 / (1 + tilt**2))[..., None]
    now = np.broadcast_to(start[..., None], (*news.shape[:-2], len(decay)))
    before = np.empty((*news.shape[:-1], len(decay)))
    for t in range(e.shape[-1]):
        before[..., t, :] = now
        update = decay * now + (1 - decay) * np.minimum(news[..., t, :], OUTLIER**2 * now)
        now = np.where(known[..., t, None], update, now)
    return before, now


def leaning(e: np.ndarray, known: np.ndarray, start: np.ndarray, mixture: float) -> np.ndarray:
    """How far each series leans, [..., series]; `mixture` as in `Anchor`."""
    leans = LEANS.reshape(-1, *[1] * start.ndim)  # [lean, ..., series]
    every = np.broadcast_to(leans, (len(LEANS), *start.shape))
    before, _ = running_variances(e, known, start, every, DECAYS[MAIN : MAIN + 1])
    variance = mixture * before[..., 0] + (1 - mixture) * start[..., None]
    surprise = 0.5 * np.log(variance) + student_loss(e**2 / variance)
    seen = known & (e != 0)
    evidence = -np.where(seen, surprise, 0).sum(-1) - 0.5 * (leans / UPRIGHT) ** 2
    return (softmax(evidence, axis=0) * leans).sum(0)
