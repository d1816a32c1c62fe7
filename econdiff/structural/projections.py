"""Local projections: the responses again, one regression a step, without the recursion.

    sum of the transform's weights times y_{t..t+h} = a + beta_h e_t + controls + error

e_t the shock that the scheme found, the controls the lags of the reduced form: Jorda (2005). In
population they are the responses of the VAR (Plagborg-Moller and Wolf, 2021); where the two part by
more than their errors, the lags of the VAR are too few or the shock is not what it is taken for.
"""

import numpy as np
import pandas as pd

from econdiff.baselines.gaussian import lagged
from econdiff.scenario import ScenarioError
from econdiff.structural.model import Structural


def local_projections(model: Structural, shock: str, horizon: int) -> pd.DataFrame:
    """`shock, series, step, local, standard_error` for a shock of one standard deviation.

    By the `central` draw of `model`, in the units of its `responses`; errors by Newey and West
    (1987) over `step` lags. Steps for which too few periods are left are NaN.
    """
    from statsmodels.regression.linear_model import OLS

    if shock not in model.scheme.shocks:
        raise ScenarioError(f"no shock {shock!r}; this scheme names {list(model.scheme.shocks)}")
    draw = model.central()
    lags, y = model.models[draw].lags, model.past.to_numpy(float)
    seen = model.past_shocks(draw)[:, model.shocks.index(shock)]
    regressors = np.column_stack([seen, lagged(y, lags)])  # [period, 1 + controls]
    bound = model.bound(horizon + 1)
    rows = []
    for k, (name, transform) in enumerate(bound.transforms.items()):
        _, weights = transform.linear(bound.start[name].to_numpy(float), horizon + 1)
        size = 100 if transform.log else 1
        after = y[lags:, k]
        for step in range(horizon + 1):
            last = max(len(after) - step, 0)
            shifted = np.stack([after[lead : last + lead] for lead in range(step + 1)])
            target = size * weights[step, : step + 1] @ shifted
            used = np.isfinite(target) & np.isfinite(regressors[:last]).all(axis=1)
            found = (np.nan, np.nan)
            if used.sum() > 2 * regressors.shape[1]:
                fit = OLS(target[used], regressors[:last][used]).fit(
                    cov_type="HAC", cov_kwds={"maxlags": step}
                )
                found = (float(fit.params[0]), float(fit.bse[0]))
            rows.append((shock, name, step, *found))
    return pd.DataFrame(rows, columns=["shock", "series", "step", "local", "standard_error"])
