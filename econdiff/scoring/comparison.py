"""Tests of whether one model's loss is lower than another's, or only looks so."""

from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

FEWEST = 8  # losses of each model, below which no confidence set is formed


class DieboldMariano(NamedTuple):
    """The test's statistic (negative: the first has the lower loss), p-value, and sample size."""

    statistic: float
    p_value: float
    observations: int


def diebold_mariano(
    losses: np.ndarray, reference: np.ndarray, *, horizon: int = 1
) -> DieboldMariano:
    """Two-sided test that two runs of losses, in order of origins, have the same mean.

    With d = losses - reference, n of them, and their autocovariances g_k,

        DM  = mean(d) / sqrt((g_0 + 2 (g_1 + ... + g_{h-1})) / n)
        HLN = DM sqrt((n + 1 - 2h + h (h - 1) / n) / n)  against Student's t with n - 1

    Diebold and Mariano (1995), Harvey, Leybourne and Newbold (1997), eq. 9. `horizon` is h
    counted in spacings between the losses: losses that far apart share no outcome. Where the
    variance comes out at nothing or below, its terms are weighed by 1 - k/h (Bartlett). Pairs
    with a NaN are left out; equal losses give a statistic of 0 and a p-value of 1. Fewer pairs
    than `horizon + 2` give NaN.

    Few losses that overlap make it far too sure. Of two equal models, with differences that are
    moving averages of h - 1 (3000 draws), p < .10 in 24% of 12 losses at h = 4 and in 19% of 40 at
    h = 8; p < .01 in 10% and 7%.
    """
    differences = losses - reference
    differences = differences[~np.isnan(differences)]
    n = len(differences)
    error = _standard_error(differences, horizon)
    if np.isnan(error):
        return DieboldMariano(float("nan"), float("nan"), n)
    if not differences.any():
        return DieboldMariano(0.0, 1.0, n)
    with np.errstate(divide="ignore"):  # differences that are all the same number: certain
        statistic = differences.mean() / np.float64(error)
    return DieboldMariano(float(statistic), float(2 * student.sf(abs(statistic), n - 1)), n)


def ratio_interval(
    losses: np.ndarray, reference: np.ndarray, *, horizon: int = 1, confidence: float = 0.90
) -> tuple[float, float, float]:
    """Ratio of the mean losses, and the two ends of its confidence interval.

    By the delta method: the error of mean(losses) - ratio mean(reference), over mean(reference),
    with the variance and the Student law of `diebold_mariano`. Pairs with a NaN are left out.
    """
    known = ~np.isnan(losses) & ~np.isnan(reference)
    if not known.any():
        return float("nan"), float("nan"), float("nan")
    own, base = losses[known], reference[known]
    ratio = own.mean() / base.mean()
    error = _standard_error(own - ratio * base, horizon) / abs(base.mean())
    reach = error * student.ppf((1 + confidence) / 2, max(len(own) - 1, 1))
    return float(ratio), float(ratio - reach), float(ratio + reach)


def _standard_error(values: np.ndarray, horizon: int) -> float:
    """Standard error of the mean of values dependent within `horizon`; NaN for too few."""
    if horizon < 1:
        raise ValueError(f"horizon must be at least 1, got {horizon}")
    n = len(values)
    if n < horizon + 2:
        return float("nan")
    centred = values - values.mean()
    autocovariances = np.array([centred[k:] @ centred[: n - k] / n for k in range(horizon)])
    counted = np.where(np.arange(horizon) == 0, 1, 2)
    variance = counted @ autocovariances
    if variance <= 0:
        variance = (counted * (1 - np.arange(horizon) / horizon)) @ autocovariances
    shrunk = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    return float(np.sqrt(max(variance, 0.0) / n / shrunk))


def holm(p_values: np.ndarray) -> np.ndarray:
    """p-values that hold for all of these tests together; NaN stays NaN and counts as no test.

    The k-th smallest of n is multiplied by n - k + 1, and none comes out below a smaller one: Holm
    (1979), "A simple sequentially rejective multiple test procedure". (statsmodels has it in
    `multipletests`, which collects garbage at each call: a tenth of a second for a few numbers.)
    """
    order = np.argsort(p_values)  # NaN last
    order = order[: int((~np.isnan(p_values)).sum())]
    adjusted = np.full(np.shape(p_values), np.nan)
    adjusted[order] = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    return np.minimum(adjusted, 1)


def model_confidence_set(
    losses: np.ndarray, *, rng: np.random.Generator, horizon: int = 1, draws: int = 1000
) -> np.ndarray:
    """p-value `[model]` of each column of `losses[origin, model]` in the model confidence set.

    The models whose p-value is above .10 are the set that holds the best one with 90%
    confidence; Hansen, Lunde and Nason (2011), range statistic, stationary bootstrap in blocks
    of sqrt(n) origins, or of `horizon` where that is longer. Origins at which any model has no
    loss are left out; columns that are equal share one place. Under 8 origins, NaN.
    """
    from arch.bootstrap import MCS  # most of a second, which workers that only draw need not spend

    whole = losses[~np.isnan(losses).any(axis=1)]
    if len(whole) < FEWEST:
        return np.full(losses.shape[1], np.nan)
    distinct, place = np.unique(whole, axis=1, return_inverse=True)
    if distinct.shape[1] == 1:
        return np.ones(losses.shape[1])
    block = max(horizon, int(np.sqrt(len(whole))))
    test = MCS(distinct, size=0.10, reps=draws, block_size=block, method="R", seed=rng)
    with np.errstate(divide="ignore", invalid="ignore"):  # two columns may differ by a constant
        test.compute()
    return test.pvalues["Pvalue"].sort_index().to_numpy()[place.ravel()]
