"""Growth-at-risk: what the joint paths say of average growth, beside quantile regression.

The quantile regression is that of Adrian, Boyarchenko and Giannone (2019), "Vulnerable Growth",
eq. 1: the average of the target over the next h periods on its own present value and on
conditions, one regression a quantile (Koenker and Bassett, 1978), by statsmodels.
"""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from econdiff.forecast import Forecast
from econdiff.scenario.answer import Conditional
from econdiff.scenario.errors import ScenarioError

QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)


def at_risk(answer: Conditional, target: str, conditions: Sequence[str] = ()) -> pd.DataFrame:
    """`growth_at_risk` without and with a scenario, in the units of the model.

    Columns `quantile, baseline, baseline_error, conditional, conditional_error, regression`: the
    regression knows the history and not the scenario, so it stands beside the baseline.
    """
    bound = answer.bound
    for name in (target, *conditions):
        if name not in bound.names:
            raise ScenarioError(f"no series {name!r} to look at; there are {list(bound.names)}")
    panel = pd.DataFrame(
        {
            name: transform.to_model(bound.start[name].to_numpy(float))
            for name, transform in bound.transforms.items()
        }
    )
    index = bound.index_of(edge=False)
    without, told = (
        growth_at_risk(
            Forecast(inner.samples[:, bound.edge :], index, bound.names),
            panel, target, conditions, edge=bound.edge, effective=effective,
        )
        for inner, effective in zip(
            answer.inner(), (None, answer.diagnostics.effective), strict=True
        )
    )  # fmt: skip
    return pd.DataFrame(
        {
            "quantile": without["quantile"],
            "baseline": without["paths"],
            "baseline_error": without["standard_error"],
            "conditional": told["paths"],
            "conditional_error": told["standard_error"],
            "regression": without["regression"],
        }
    )


def recession(answer: Conditional, target: str) -> str:
    """The event that `target` falls, or as growth is below 0, two periods one after another."""
    logs = answer.bound.transforms[target].log
    return f"growth({target}) < 0 for 2" if logs else f"{target} < 0 for 2"


def growth_at_risk(
    forecast: Forecast,
    panel: pd.DataFrame,
    target: str,
    conditions: Sequence[str] = (),
    *,
    quantiles: Sequence[float] = QUANTILES,
    edge: int = 0,
    effective: float | None = None,
) -> pd.DataFrame:
    """Quantiles of the average of `target` over the horizon, by the paths and by regression.

    `target` is growth, or anything whose average means something; `panel` ends at the origin,
    or so many periods `edge` before it.
    Columns `quantile, paths, standard_error, regression`; the error is that of the paths, Monte
    Carlo, from the order statistics around each quantile, of `effective` independent paths where
    they are fewer than there are.
    """
    if target not in forecast.names:
        raise ScenarioError(f"no series {target!r} in the forecast; it has {list(forecast.names)}")
    averages = forecast.select(target).samples[:, :, 0].mean(axis=1)
    regressed = quantile_projection(panel, target, conditions, forecast.horizon, quantiles, edge)
    return pd.DataFrame(
        {
            "quantile": list(quantiles),
            "paths": np.quantile(averages, quantiles),
            "standard_error": [_order_error(averages, q, effective) for q in quantiles],
            "regression": regressed,
        }
    )


def quantile_projection(
    panel: pd.DataFrame,
    target: str,
    conditions: Sequence[str],
    horizon: int,
    quantiles: Sequence[float] = QUANTILES,
    edge: int = 0,
) -> np.ndarray:
    """Quantiles [quantile] of the average of `target` over `horizon` periods.

    They begin `edge` periods behind the end of `panel`, whose rows are periods one after another;
    those with a missing cell in them or in what follows are left out.
    Regressed values that cross are put in order (Chernozhukov, Fernandez-Val and Galichon, 2010).
    """
    from statsmodels.regression.quantile_regression import QuantReg
    from statsmodels.tools.sm_exceptions import IterationLimitWarning

    names = list(dict.fromkeys([target, *conditions]))
    missing = [name for name in names if name not in panel.columns]
    if missing:
        raise ScenarioError(f"no series {missing} in the panel; it has {list(panel.columns)}")
    values = panel[names].to_numpy(float)
    x = np.column_stack([np.ones(len(values)), values])
    ahead = np.full(len(values), np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(values[:, 0], horizon)
    after = windows[1 + edge :].mean(axis=1)
    ahead[: len(after)] = after
    used = np.isfinite(x).all(axis=1) & np.isfinite(ahead)
    if not np.isfinite(x[-1]).all() or used.sum() < 5 * x.shape[1]:
        raise ScenarioError(
            f"a quantile regression on {names} needs their last values and {5 * x.shape[1]} "
            f"complete rows, got {int(used.sum())}"
        )
    spread = np.nanstd(x, axis=0)
    size = np.where(spread > 0, spread, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IterationLimitWarning)  # the last iterate is close enough
        fits = [QuantReg(ahead[used], x[used] / size).fit(q=q, max_iter=2000) for q in quantiles]
    return np.sort([float((x[-1] / size) @ fit.params) for fit in fits])


def _order_error(values: np.ndarray, q: float, effective: float | None) -> float:
    """Half the distance between the order statistics one standard error of a share apart."""
    apart = np.sqrt(q * (1 - q) / max(effective or len(values), 1))
    low, high = np.quantile(values, [max(q - apart, 0), min(q + apart, 1)])
    return float(high - low) / 2
