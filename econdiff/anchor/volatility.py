"""How loud series are: running variances of their shocks, and what makes a series louder.

The shocks e of a series whose level is x (in deviations, as others see it: `tame`) have the
variance exp(2 k x_{t-1}) v_t, with

    u_t = e_t / exp(k x_{t-1}),    v_{t+1} = d v_t + (1 - d) (|u_t| - g u_t)^2 / (1 + g^2)

- v is the exponentially weighted variance of RiskMetrics (1996), for decay d, where g is 0.
- `leverage` g: with a positive one a fall makes a series louder than a rise of that size does, as
  with stocks, with a negative one a rise does, as with unemployment (the asymmetry of Ding, Granger
  and Engle, 1993, "A long memory property of stock market returns and a new model").
- `level_effect` k: interest rates and inflation move more where they are high (Chan, Karolyi,
  Longstaff and Sanders, 1992, "An empirical comparison of alternative models of the short-term
  interest rate").

Both are posterior means over a few values, with normal priors about 0 and a Student t for the
likelihood: 60 quarters say little of them, a thousand days much. The level effect comes first: the
leverage would be taken for it in a series that stays where it is for long.

Shocks and levels are [..., series, time].
"""

import numpy as np
from scipy.special import softmax

from econdiff.anchor.robust import OUTLIER, student_loss, tame

DECAYS = (0.80, 0.94, 0.985, 0.996)  # of running variances: 5, 17, 67, 250 periods of memory
MAIN = 1  # the one that the filter goes by
LEVERAGES = np.linspace(-1, 1, 5)
LEVERAGE = 0.4  # prior deviation of the leverage
LEVEL_EFFECTS = np.linspace(-0.3, 0.3, 7)
LEVEL_EFFECT = 0.1  # prior deviation of the level effect


def running_variances(
    u: np.ndarray,
    known: np.ndarray,
    start: np.ndarray,
    leverage: np.ndarray,
    decays: tuple[float, ...] = DECAYS,
) -> tuple[np.ndarray, np.ndarray]:
    """Running variances of shocks `u`, from `start`, for `leverage`, both [..., series].

    One for each of `decays`: before each period, [..., series, time, decay], and after the last,
    [..., series, decay]. Where a shock is not known they stand still.
    """
    decay = np.array(decays)
    g = leverage[..., None]
    news = (np.abs(u) - g * u) ** 2 / (1 + g**2)
    news, seen = (np.moveaxis(a, -1, 0)[..., None].copy() for a in (news, known))  # time first
    now = np.broadcast_to(start[..., None], (*news.shape[1:-1], len(decay)))
    before = np.empty((len(news), *now.shape))
    for t in range(len(news)):
        before[t] = now
        update = decay * now + (1 - decay) * np.minimum(news[t], OUTLIER**2 * now)
        now = np.where(seen[t], update, now)
    return np.moveaxis(before, 0, -2), now


def loudness(level_effect: np.ndarray, level: np.ndarray) -> np.ndarray:
    """How much louder each series is at `level` [..., series, time], as a factor."""
    return np.exp(level_effect[..., None] * tame(level))


def before_each(level: np.ndarray) -> np.ndarray:
    """The level before each period, 0 (the mean) before the first."""
    return np.concatenate([np.zeros_like(level[..., :1]), level[..., :-1]], axis=-1)


def responses(
    e: np.ndarray, level: np.ndarray, known: np.ndarray, start: np.ndarray, mixture: float
) -> tuple[np.ndarray, np.ndarray]:
    """Leverage and level effect of each series, both [..., series].

    `mixture` as in `Anchor`: where it is 0 volatility is constant, and both are.
    """
    if mixture == 0:
        return np.zeros_like(start), np.zeros_like(start)
    past = before_each(level)

    def evidence(leverage: np.ndarray, level_effect: np.ndarray) -> np.ndarray:
        louder = loudness(level_effect, past)
        u = e / louder
        before, _ = running_variances(u, known, start, leverage, DECAYS[MAIN : MAIN + 1])
        variance = mixture * before[..., 0] + (1 - mixture) * start[..., None]
        surprise = 0.5 * np.log(variance) + np.log(louder) + student_loss(u**2 / variance)
        return -np.where(known, surprise, 0).sum(-1)

    leverages, effects = (
        grid.reshape(-1, *[1] * start.ndim) + np.zeros_like(start)
        for grid in (LEVERAGES, LEVEL_EFFECTS)
    )  # [value, ..., series]
    effect = _mean(effects, LEVEL_EFFECT, evidence(np.zeros_like(effects), effects))
    leverage = _mean(leverages, LEVERAGE, evidence(leverages, np.zeros_like(leverages) + effect))
    return leverage, effect


def _mean(values: np.ndarray, deviation: float, evidence: np.ndarray) -> np.ndarray:
    """Posterior mean of `values` [value, ...], with a normal prior about 0."""
    return (softmax(evidence - 0.5 * (values / deviation) ** 2, axis=0) * values).sum(0)
