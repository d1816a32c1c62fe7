"""Whether there are as many exceptions as there should be, and whether they come alone.

All take `hits`, booleans [time]. With x hits in n days, LR statistics compare the likelihood of
the hits at probability alpha with their likelihood at what was seen; 0 log 0 is 0, so that no
hits and nothing but hits have a likelihood like any other.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import xlog1py, xlogy

from econdiff.risk.backtests.outcome import Outcome, check_level, chi_squared, silent

YEAR = 250  # days over which Basel's zones count
BASEL = 0.01  # the level at which they do, and at which capital multipliers are set


def kupiec(hits: np.ndarray, alpha: float) -> Outcome:
    """Null: hits come with probability alpha. Proportion of failures, Kupiec (1995), eq. 5.

    LR = 2 log[ (x/n)^x (1 - x/n)^(n-x) ] - 2 log[ alpha^x (1 - alpha)^(n-x) ],   chi2(1)
    """
    n, x = _counted(hits, alpha)
    return chi_squared(2 * (_bernoulli(x, n, x / n) - _bernoulli(x, n, alpha)), 1)


def tuff(hits: np.ndarray, alpha: float) -> Outcome:
    """Null: the first hit comes as it should. Time until first failure, Kupiec (1995), eq. 3.

    LR = 2 log[ (1/v) (1 - 1/v)^(v-1) ] - 2 log[ alpha (1 - alpha)^(v-1) ],   chi2(1)

    with v the day of the first hit. Without a hit the likelihoods are those of n days of none.
    """
    n, x = _counted(hits, alpha)
    if x == 0:
        return chi_squared(-2 * xlog1py(n, -alpha), 1)
    first = int(np.argmax(hits)) + 1
    return chi_squared(_first_failure(np.array([first]), alpha)[0], 1)


def haas_independence(hits: np.ndarray, alpha: float) -> Outcome:
    """Null: every wait between hits is geometric(alpha). Haas (2001), time between failures.

    The TUFF statistic of the first hit and of each wait after it, added up. Haas takes the sum over
    x hits for chi2(x), but one wait never makes its own likelihood ratio a chi2(1), however long
    the record is: read so, at 5% the mixed test rejects a right model one time in three on 2500
    days at 5%. Here the sum is a multiple of chi-squared with its own mean and variance
    (Satterthwaite, 1946), so that the p-value is above that of chi2(x).
    """
    _, x = _counted(hits, alpha)
    if x == 0:
        return silent("no exceptions")
    return _haas(_waited(hits, alpha), x, alpha, counted=0)


def haas_mixed(hits: np.ndarray, alpha: float) -> Outcome:
    """Null: right number and right waits together. Haas (2001), mixed Kupiec test.

    LR = kupiec + haas_independence, its p-value as there; Haas has chi2(x + 1).
    """
    _, x = _counted(hits, alpha)
    return _haas(_waited(hits, alpha) + kupiec(hits, alpha).statistic, x, alpha, counted=1)


def _waited(hits: np.ndarray, alpha: float) -> float:
    """The TUFF statistic of the first hit and of each wait after it, added up."""
    waits = np.diff(np.concatenate([[-1], np.flatnonzero(hits)]))
    return float(_first_failure(waits, alpha).sum())


def _haas(statistic: float, x: int, alpha: float, *, counted: int) -> Outcome:
    """Outcome of the sum of `x` waits and `counted` chi2(1), by its mean and variance."""
    wait = np.arange(1, int(40 / alpha))
    chance, ratio = stats.geom.pmf(wait, alpha), _first_failure(wait, alpha)
    mean = float(chance @ ratio)
    spread = float(chance @ (ratio - mean) ** 2)
    mean, spread = x * mean + counted, x * spread + 2 * counted
    statistic = max(statistic, 0.0)
    p = stats.chi2.sf(statistic * 2 * mean / spread, 2 * mean**2 / spread)
    return Outcome(statistic, float(p))


def christoffersen_independence(hits: np.ndarray) -> Outcome:
    """Null: a hit today says nothing about a hit tomorrow. Christoffersen (1998), eq. 12.

    LR = 2 log L(p01, p11) - 2 log L(p),   chi2(1), against a first-order Markov chain; n_ij
    counts days of state i followed by state j, p_ij = n_ij / n_i. Days that are all alike say
    nothing about it.
    """
    hits = np.asarray(hits, bool)
    if len(hits) < 2:
        return silent("fewer than two days")
    if not hits.any() or hits.all():
        return silent("nothing but exceptions" if hits.any() else "no exceptions")
    today, tomorrow = hits[:-1], hits[1:]
    n1, n11 = int(today.sum()), int((today & tomorrow).sum())
    n0, n01 = len(today) - n1, int((~today & tomorrow).sum())
    chain = _bernoulli(n01, n0, n01 / max(n0, 1)) + _bernoulli(n11, n1, n11 / max(n1, 1))
    alike = _bernoulli(n01 + n11, len(today), (n01 + n11) / len(today))
    return chi_squared(2 * (chain - alike), 1)


def christoffersen_coverage(hits: np.ndarray, alpha: float) -> Outcome:
    """Null: right number of hits, and independent. Christoffersen (1998), eq. 15; chi2(2).

    LR = kupiec + christoffersen_independence.
    """
    total = kupiec(hits, alpha).statistic + christoffersen_independence(hits).statistic
    return chi_squared(total, 2)


@dataclass(frozen=True)
class TrafficLight:
    """Zone of the Basel Committee (1996) and what it adds to the capital multiplier.

    `probability` is that of at most so many hits if the model is right, `type_one` that of at
    least so many. Green is below 95%, red from 99.99%.
    """

    hits: int
    probability: float
    type_one: float
    zone: str
    add_on: float  # on the multiplier 3 of 1996
    frtb_add_on: float  # on the multiplier 1.5 of 2019 (MAR32.9)


def traffic_light(hits: np.ndarray, alpha: float = 0.01) -> TrafficLight:
    """Basel Committee (1996), *Supervisory framework for the use of backtesting*, table 2.

    The add-ons of the table hold for 250 days at 1%. For other lengths and levels the yellow
    zone is priced by the argument behind the table: at x hits in n days, the multiplier is
    raised by the ratio of normal quantiles z(alpha) / z(x/n) less 1.
    """
    n, x = _counted(hits, alpha)
    law = stats.binom(n, alpha)
    probability, type_one = float(law.cdf(x)), float(law.sf(x - 1))
    zone = "green" if probability < 0.95 else "yellow" if probability < 0.9999 else "red"
    if (n, alpha) == (YEAR, BASEL):
        step = min(max(x - 4, 0), 6)
        old = (0.0, 0.40, 0.50, 0.65, 0.75, 0.85, 1.0)[step]
        new = (0.0, 0.20, 0.26, 0.33, 0.38, 0.42, 0.50)[step]
    elif zone == "yellow":
        needed = stats.norm.ppf(alpha) / stats.norm.ppf(min(x / n, 0.49)) - 1
        old, new = min(3 * needed, 1.0), min(1.5 * needed, 0.5)
    else:
        old, new = (0.0, 0.0) if zone == "green" else (1.0, 0.5)
    return TrafficLight(x, probability, type_one, zone, float(old), float(new))


def _counted(hits: np.ndarray, alpha: float) -> tuple[int, int]:
    check_level(alpha)
    hits = np.asarray(hits)
    if hits.ndim != 1 or len(hits) == 0:
        raise ValueError(f"hits must be one column of booleans, got shape {hits.shape}")
    return len(hits), int(hits.sum())


def _bernoulli(x: int, n: int, p: float) -> float:
    """Log-likelihood of x hits in n days at probability p."""
    return float(xlogy(x, p) + xlog1py(n - x, -p))


def _first_failure(waits: np.ndarray, alpha: float) -> np.ndarray:
    seen = -np.log(waits) + xlog1py(waits - 1, -1 / waits)
    return 2 * (seen - np.log(alpha) - (waits - 1) * np.log1p(-alpha))
