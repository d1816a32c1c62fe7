"""Backtests of Value-at-Risk and Expected Shortfall, one topic a file.

All take a history of days: the return `r`, and what was forecast for it the day before, in the
same units and with the sign of returns: VaR `q` is the `alpha` quantile and ES `e` the mean
below it, so e < q < 0. An exception, or hit, is r < q. Every test gives an `Outcome`, finite at
no hits, at nothing but hits, at ten days and at a hundred thousand.

PIT values, the Diebold-Mariano test and the model confidence set are in `econdiff.scoring`; give
them the losses from here.
"""

from econdiff.risk.backtests.acerbi_szekely import (
    null_returns,
    ridge_absolute,
    ridge_relative,
    simulated_test,
    z1,
    z2,
    z3,
)
from econdiff.risk.backtests.calibration import nolde_ziegel, nolde_ziegel_one_sided
from econdiff.risk.backtests.coverage import (
    BASEL,
    YEAR,
    TrafficLight,
    christoffersen_coverage,
    christoffersen_independence,
    haas_independence,
    haas_mixed,
    kupiec,
    traffic_light,
    tuff,
)
from econdiff.risk.backtests.density import berkowitz, jarque_bera
from econdiff.risk.backtests.duration import duration
from econdiff.risk.backtests.dynamic_quantile import dynamic_quantile, dynamic_quantile_squared
from econdiff.risk.backtests.e_process import EProcess, e_backtest
from econdiff.risk.backtests.exceedance import mcneil_frey
from econdiff.risk.backtests.implied import implied_null
from econdiff.risk.backtests.losses import fissler_ziegel_loss, fz0_loss, tick_loss
from econdiff.risk.backtests.outcome import Outcome, checked, exceptions
from econdiff.risk.backtests.regression import (
    esr_auxiliary,
    esr_intercept,
    esr_strict,
    fit_var_es,
)
from econdiff.risk.backtests.shortfall_violations import (
    du_escanciano_conditional,
    du_escanciano_unconditional,
)

__all__ = [
    "BASEL",
    "YEAR",
    "EProcess",
    "Outcome",
    "TrafficLight",
    "berkowitz",
    "checked",
    "christoffersen_coverage",
    "christoffersen_independence",
    "du_escanciano_conditional",
    "du_escanciano_unconditional",
    "duration",
    "dynamic_quantile",
    "dynamic_quantile_squared",
    "e_backtest",
    "esr_auxiliary",
    "esr_intercept",
    "esr_strict",
    "exceptions",
    "fissler_ziegel_loss",
    "fit_var_es",
    "fz0_loss",
    "haas_independence",
    "haas_mixed",
    "implied_null",
    "jarque_bera",
    "kupiec",
    "mcneil_frey",
    "nolde_ziegel",
    "nolde_ziegel_one_sided",
    "null_returns",
    "ridge_absolute",
    "ridge_relative",
    "simulated_test",
    "tick_loss",
    "traffic_light",
    "tuff",
    "z1",
    "z2",
    "z3",
]
