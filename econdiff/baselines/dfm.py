"""Dynamic factor model: a few common forces behind many series."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

from econdiff.baselines.history import check_varies, values_of
from econdiff.baselines.state_space import StateSpace, maximise
from econdiff.forecast import Forecast, steps_after


@dataclass(frozen=True)
class DFM:
    """Dynamic factor model with autocorrelated idiosyncratic parts, by maximum likelihood.

        x_t = L f_t + e_t,   f_t = A_1 f_{t-1} + ... + A_p f_{t-p} + u_t,
        e_it = r_i e_i,t-1 + v_it

    x standardised, shocks Gaussian. Estimated by the EM algorithm of Bańbura and Modugno
    (2014), *Journal of Applied Econometrics* 29, as statsmodels' DynamicFactorMQ has it; missing
    cells, a ragged edge too, are filtered. At most `iterations` steps of EM.
    """

    factors: int = 1
    lags: int = 2
    iterations: int = 200

    def fit(self, panel: pd.DataFrame) -> "FittedDFM":
        """Estimate from all known cells; ValueError names a series that is constant."""
        y = values_of(panel, tuple(panel.columns))
        check_varies(panel.columns, y)
        centre, scale = np.nanmean(y, axis=0), np.nanstd(y, axis=0)
        make = partial(
            DynamicFactorMQ,
            factors=self.factors,
            factor_orders=self.lags,
            idiosyncratic_ar1=True,
            standardize=False,
        )
        result = maximise(make((y - centre) / scale), iterations=self.iterations)
        provenance = {"model": "DFM", "factors": self.factors, "lags": self.lags}
        return FittedDFM(tuple(panel.columns), make, result.params, centre, scale, provenance)


@dataclass(frozen=True, eq=False)
class FittedDFM:
    """The parameters, of `(y - centre) / scale`."""

    names: tuple[str, ...]
    make: partial[DynamicFactorMQ]
    params: np.ndarray
    centre: np.ndarray  # [series]
    scale: np.ndarray  # [series]
    provenance: Mapping[str, Any]

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`."""
        values = values_of(history, self.names)
        space = StateSpace.at_origin(self.make((values - self.centre) / self.scale), self.params)
        start = rng.standard_normal((paths, len(space.mean)))
        shocks = rng.standard_normal((paths, horizon, space.loading.shape[1]))
        samples = self.centre + self.scale * space.futures(start, shocks)
        future = steps_after(history, horizon)
        return Forecast(samples, future, self.names, provenance=self.provenance)
