"""The automatic choice of a transform, from the values of a series alone."""

import numpy as np
import pandas as pd

from econdiff.transforms.series import Difference, Transform

_PER_YEAR = {"D": 252, "B": 252, "W": 52, "M": 12, "Q": 4, "Y": 1, "A": 1}


def periods_per_year(index: pd.Index) -> int:
    """Periods in a year of a panel's index: 1, 4, 12, 52, and 252 trading days."""
    freq = index.freqstr if isinstance(index, pd.PeriodIndex | pd.DatetimeIndex) else None
    if freq is None and isinstance(index, pd.DatetimeIndex) and len(index) > 2:
        freq = pd.infer_freq(index) or "B"
    letter = (freq or "?")[0]
    if letter not in _PER_YEAR:
        raise ValueError(f"the frequency of {freq!r} is none of daily, weekly, monthly, ...")
    return _PER_YEAR[letter]


def choose(panel: pd.DataFrame) -> dict[str, Transform]:
    """The transform of each series, by the rule of `choose_one`."""
    per_year = periods_per_year(panel.index)
    return {str(name): choose_one(panel[name].to_numpy(float), per_year) for name in panel}


def choose_one(values: np.ndarray, per_year: int) -> Transform:
    """First version: positive and wide-ranging is log difference, the rest level."""
    known = values[np.isfinite(values)]
    if (known <= 0).any() or known.max() < 3 * known.min() or known.max() < 25:
        return Difference() if per_year <= 12 else Difference(order=1, units="difference")
    return log_difference(per_year)


def log_difference(per_year: int) -> Difference:
    """100 x the log difference, at an annual rate for quarters and months."""
    if per_year in (4, 12):
        return Difference(1, log=True, scale=100 * per_year, units="per cent, annual rate")
    return Difference(1, log=True, scale=100, units="per cent")
