"""How loud shocks are from March 2020 on, as Lenza and Primiceri have it.

    s_t = s_0, s_1, s_2 in the first three periods, then 1 + (s_2 - 1) decay^(t - t* - 2)

Lenza and Primiceri (2022), "How to estimate a VAR after March 2020", *Journal of Applied
Econometrics* 37, eq. 3, with their priors: s_i Pareto(1, 1), decay Beta with mode .8 and deviation
.2.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import beta

from econdiff.panel.frequency import infer_frequency

START = "2020-03"
FREQUENCIES = ("M", "Q", "Y", "A")  # the model is one of monthly and slower data
DECAY = (3.0357, 1.5089)  # of a Beta: mode .8, standard deviation .2


@dataclass(frozen=True)
class Pandemic:
    """Standard deviation of shocks relative to other times."""

    freq: str  # of the periods, as pandas spells it
    first: tuple[float, float, float]
    decay: float

    def __call__(self, index: pd.Index) -> np.ndarray:
        """The deviation in each period of `index`."""
        age = ages(index, self.freq)
        later = 1 + (self.first[2] - 1) * self.decay ** np.maximum(age - 2, 0.0)
        return np.where(age < 0, 1.0, np.where(age < 3, np.take(self.first, age.clip(0, 2)), later))

    def log_prior(self) -> float:
        """Log density of the priors, up to a constant."""
        return float(-2 * np.log(self.first).sum() + beta.logpdf(self.decay, *DECAY))


def frequency(index: pd.Index) -> str | None:
    """The frequency of `index` where it is monthly or slower, else None."""
    if isinstance(index, pd.DatetimeIndex) and len(index) > 1:
        index = index.to_period(None if index.freq else infer_frequency(index) or "D")
    if isinstance(index, pd.PeriodIndex) and index.freqstr.startswith(FREQUENCIES):
        return index.freqstr
    return None


def ages(index: pd.Index, freq: str) -> np.ndarray:
    """Periods since the start of the pandemic, [time]; negative before it."""
    periods = index.to_period(freq) if isinstance(index, pd.DatetimeIndex) else index
    start = pd.PeriodIndex([START], freq="M").asfreq(freq)[0]
    return np.array([period.ordinal - start.ordinal for period in periods])
