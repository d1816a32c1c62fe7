"""The prior over economies: what a simulated economy may be, and how often.

Every economy is a draw from this prior. The ranges in `Prior` were set near the least distance of
moments between simulated panels and FRED-QD and FRED-MD up to 1984 (simulated moments; McFadden,
1989, *Econometrica* 57; `benchmarks/prior.py` prints it), markets likewise, the others by
judgement. No real value enters a simulation. Shares are of economies or of series; U is uniform on
[0, 1).

own dynamics     AR(4) from roots: one real (near a unit root, 1 - .15 U^2, or -.4 to .9), a
                 second real in -.6 to .85 (60%), a complex pair of radius below .9 (35%); they
                 change (20%), at once or, half of these, over up to the whole sample
moving average   theta in -.6 to .6 (40%), as differencing and time averaging leave it
common factors   two AR(2) factors, some with a cycle of 12 to 60 periods; loadings N(0, w^2) with
                 w proportional to U^2; each series leads or lags by 0 to 4 periods
common shocks    one shared shock with loadings up to .9; spill-over of last period's shocks
                 between series
volatility       log variance is AR(1), persistence 1 - .2 U^2, moved by noise of its own, by the
                 size of the last shock (EGARCH; Nelson, 1991) and by its sign (leverage); a second
                 one is shared between series with loadings 0 to 1.2
breaks           of the mean, N(0, 2^2) deviations, and of the variance
drift            the level of half of the series is a random walk; a quarter of those go one way
                 for long
regimes          a two-state Markov chain moves means and volatilities
shock laws       Gaussian or Student t with 3 to 13 degrees of freedom; two-piece skewness (40%)
rare events      jumps (25%), slips of measurement (12%), a pandemic: 4 to 25 deviations and a
                 rebound (8%); in 70% of markets days on which all fall, seldom rise (.3% of days)
level and noise  volatility moves with the level (60%)
publication      a floor as at the zero lower bound (6%), rounding (8%), a rate set by hand that
                 stands still for long (5%), leftover seasonality (8%), convexity as of spreads
                 and volatilities (6%), missing cells (5%), unequal starts (20%)
markets          hardly any autocorrelation, Student t of 4 to 24 degrees of freedom, hardly any
                 level of volatility that moves, but a quick part (persistence .7 to .96) that falls
                 of the market start (leverage) or large shocks of either sign: set by moments of
                 daily returns up to 2002 (`benchmarks/prior_markets.py`)
"""

from dataclasses import dataclass

import numpy as np

from econdiff.pretrain.randomness import Randomness

BURN = 100  # periods before the first that is seen
Range = float | np.ndarray  # one for all, or [economy, 1]: each economy its own


@dataclass(frozen=True, eq=False)
class Prior:
    """The ranges of which least is known beforehand; shares are of series or of economies."""

    near_unit: Range = 0.15  # share with a real root 1 - .15 U^2
    drift: Range = 0.35  # the level's random walk, deviations a period, times U^2
    breaks: Range = 0.2  # share with a break of the mean
    factors: Range = 1.5  # size of the loadings on common factors, times U^2
    changes: Range = 0.2  # share whose dynamics change, at once or slowly
    volatility: Range = 1.5  # multiplies everything that moves a log variance
    level: Range = 0.6  # share whose volatility moves with the level
    shifts: Range = 0.6  # share with a break of the variance
    regimes: Range = 0.15  # share of economies with two states
    gaussian: Range = 0.2  # share of economies with Gaussian shocks
    cycles: Range = 0.5  # share of the common factors that swing like a business cycle
    spill: Range = 0.6  # share of economies in which shocks spill over with a lag
    markets: Range = 0.2  # share of economies that are markets; training has shares of its own


def chance(p: float | np.ndarray, shape: tuple[int, ...], rng: Randomness) -> np.ndarray:
    """True with probability `p`."""
    return rng.random(shape) < p
