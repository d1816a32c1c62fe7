"""Dynamic factor model: a few common forces behind many series."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

from econdiff.baselines.history import check_varies, values_of
from econdiff.baselines.state_space import StateSpace, maximise
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after

LARGEST_ROOT = 0.999


@dataclass(frozen=True)
class DFM:
    """Dynamic factor model with autocorrelated idiosyncratic parts, by maximum likelihood.

        x_t = L f_t + e_t,   f_t = A_1 f_{t-1} + ... + A_p f_{t-p} + u_t,
        e_it = r_i e_i,t-1 + v_it

    x standardised, shocks Gaussian. Estimated by the EM algorithm of Bańbura and Modugno
    (2014), *Journal of Applied Econometrics* 29, as statsmodels' DynamicFactorMQ has it; missing
    cells, a ragged edge too, are filtered. At most `iterations` steps of EM.

    EM may find roots of 1 and more where series wander, and the filter's first state, a draw
    of the stationary law, is then none. So no r_i and no root of A is let beyond `LARGEST_ROOT`:
    where one is, A_k becomes c^k A_k, which takes every root times c.
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
        model = make((y - centre) / scale)
        found = maximise(model, iterations=self.iterations).params
        provenance = {"model": "DFM", "factors": self.factors, "lags": self.lags}
        return FittedDFM(
            tuple(panel.columns), make, _stationary(model, found), centre, scale, provenance
        )


@dataclass(frozen=True, eq=False)
class FittedDFM:
    """The parameters, of `(y - centre) / scale`."""

    names: tuple[str, ...]
    make: partial[DynamicFactorMQ]
    params: np.ndarray
    centre: np.ndarray  # [series]
    scale: np.ndarray  # [series]
    provenance: Mapping[str, Any]

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

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


def _stationary(model: DynamicFactorMQ, found: np.ndarray) -> np.ndarray:
    """The parameters `found` with every root at most `LARGEST_ROOT`."""
    params = found.copy()
    lags = [re.match(r"L(\d+)\.(eps)?", name) for name in model.param_names]
    own = [bool(lag and lag[2]) for lag in lags]
    params[own] = np.clip(params[own], -LARGEST_ROOT, LARGEST_ROOT)
    model.update(params)
    root = np.abs(np.linalg.eigvals(model.ssm["transition"])).max()
    shrunk = min(1.0, LARGEST_ROOT / root)
    power = [int(lag[1]) if lag and not lag[2] else 0 for lag in lags]
    return params * shrunk ** np.array(power)
