"""Exponential smoothing of each series, its trend chosen automatically."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing

from econdiff.baselines.gaussian import shared_correlation
from econdiff.baselines.state_space import SeriesLaw, SeriesLaws, maximise

TRENDS = (
    ("ETS(A,N,N)", False, False),
    ("ETS(A,A,N)", True, False),
    ("ETS(A,Ad,N)", True, True),
)


@dataclass(frozen=True)
class ETS:
    """Exponential smoothing with additive errors, by maximum likelihood.

        y_t = l_{t-1} + f b_{t-1} + u_t,  l_t = l_{t-1} + f b_{t-1} + alpha u_t,
        b_t = f b_{t-1} + beta u_t

    without a trend, with one (f = 1) and with a damped one (.8 <= f <= .98), by the corrected
    Akaike criterion; Hyndman, Koehler, Ord and Snyder (2008), *Forecasting with Exponential
    Smoothing*, table 2.1. Estimation closes up missing cells; the filter that starts a forecast
    keeps them in their place, and finds the first level and trend from the history given. Shocks
    are Gaussian and correlated over series as the one-step errors are.
    """

    def fit(self, panel: pd.DataFrame) -> SeriesLaws:
        """Estimate each series on its known cells; ValueError names one that is too short."""
        values = panel.to_numpy(float)
        laws = tuple(_law(str(n), y) for n, y in zip(panel.columns, values.T, strict=True))
        errors = [law.errors(y, burn=3) for law, y in zip(laws, values.T, strict=True)]
        return SeriesLaws(
            tuple(panel.columns),
            laws,
            shared_correlation(np.stack(errors, axis=1)),
            provenance={"model": "ETS"},
        )


def _law(name: str, y: np.ndarray) -> SeriesLaw:
    known = y[np.isfinite(y)]
    if len(known) < 12 or np.ptp(known) == 0:
        raise ValueError(
            f"exponential smoothing of {name!r} needs at least 12 known values that are not all "
            f"the same, got {len(known)}"
        )
    centre, scale = float(known.mean()), float(known.std())
    best, lowest = None, np.inf
    for label, trend, damped in TRENDS:
        make = partial(ExponentialSmoothing, trend=trend, damped_trend=damped)
        result = maximise(make((known - centre) / scale))
        if result.aicc < lowest:
            smoothing = [k for k in result.model.param_names if not k.startswith("initial")]
            params = np.array([*result.params[: len(smoothing)], result.scale])
            start = partial(make, initialization_method="concentrated", concentrate_scale=False)
            best, lowest = SeriesLaw(start, params, centre, scale, label), result.aicc
    if best is None:
        raise ValueError(f"no exponential smoothing fits {name!r}; look at its values")
    return best
