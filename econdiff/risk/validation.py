"""Validate anybody's VaR and ES: a frame of days in, every test and loss out."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from econdiff.risk import backtests as bt
from econdiff.risk.backtests import Outcome

COLUMNS = ("return", "VaR", "ES")
SIGNIFICANCE = 0.05
IMPLIED = "null: Student t with the day's own VaR and ES"

TESTS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray, float], Outcome]] = {
    "Kupiec POF": lambda r, q, e, a: bt.kupiec(r < q, a),
    "Kupiec TUFF": lambda r, q, e, a: bt.tuff(r < q, a),
    "Christoffersen independence": lambda r, q, e, a: bt.christoffersen_independence(r < q),
    "Christoffersen conditional coverage": lambda r, q, e, a: bt.christoffersen_coverage(r < q, a),
    "Haas mixed Kupiec": lambda r, q, e, a: bt.haas_mixed(r < q, a),
    "Christoffersen-Pelletier duration": lambda r, q, e, a: bt.duration(r < q),
    "Engle-Manganelli DQ, df 6": lambda r, q, e, a: bt.dynamic_quantile(r, q, a),
    "Engle-Manganelli DQ, squared return": lambda r, q, e, a: bt.dynamic_quantile_squared(r, q, a),
    "McNeil-Frey": bt.mcneil_frey,
    "Nolde-Ziegel calibration": bt.nolde_ziegel,
    "Nolde-Ziegel calibration, one-sided": bt.nolde_ziegel_one_sided,
    "Bayer-Dimitriadis strict ESR": bt.esr_strict,
    "Bayer-Dimitriadis auxiliary ESR": bt.esr_auxiliary,
    "Bayer-Dimitriadis intercept ESR": bt.esr_intercept,
    "Wang-Wang-Ziegel e-backtest": lambda r, q, e, a: bt.e_backtest(r, q, e, a).outcome,
}
"""Of returns, VaR, ES and alpha, by the name that tables give it."""


def validate(
    frame: pd.DataFrame,
    alpha: float,
    *,
    daily: bool = True,
    significance: float = SIGNIFICANCE,
) -> pd.DataFrame:
    """All tests that returns, VaR and ES alone allow: `test, statistic, p_value, verdict`.

    `frame` has the columns `return`, `VaR` and `ES` (any case), one row a day in order, in the same
    units, VaR and ES negative. Losses stand as rows without p-value; the traffic light, over
    the last 250 days as Basel has it, gives its colour as verdict, and where rows are `daily` and
    there are so many, what it adds to the multipliers. "no evidence" is a test to which the data
    cannot speak, and why. A `date` column or index is only used to name days.
    """
    r, q, e = _columns(frame)
    bt.checked(r, q, e, alpha, days=_days(frame))
    rows = [verdict_row(name, test(r, q, e, alpha), significance) for name, test in TESTS.items()]
    light = bt.traffic_light((r < q)[-bt.YEAR :], alpha)
    rows.append(("Basel traffic light", float(light.hits), light.type_one, light.zone))
    priced = daily and len(r) >= bt.YEAR and alpha == bt.BASEL
    figures = {
        "Basel add-on to the multiplier 3 (1996)": light.add_on,
        "Basel add-on to the multiplier 1.5 (MAR32)": light.frtb_add_on,
    } if priced else {}  # fmt: skip
    figures |= {
        "exceptions": float((r < q).sum()),
        "exceptions expected": alpha * len(r),
        "tick loss": bt.tick_loss(r, q, alpha).mean(),
        "FZ0 loss": bt.fz0_loss(r, q, e, alpha).mean(),
        "FZ loss, degree 1/2": bt.fissler_ziegel_loss(r, q, e, alpha, degree=0.5).mean(),
        "Acerbi-Szekely Z1": bt.z1(r, q, e, alpha),
        "Acerbi-Szekely Z2": bt.z2(r, q, e, alpha),
        "Acerbi-Szekely ridge, absolute": bt.ridge_absolute(r, q, e, alpha),
        "Acerbi-Szekely ridge, relative": bt.ridge_relative(r, q, e, alpha),
    }
    rows += [(name, float(value), np.nan, "") for name, value in figures.items()]
    return pd.DataFrame(rows, columns=["test", "statistic", "p_value", "verdict"])


def validate_shortfall(
    frame: pd.DataFrame,
    alpha: float,
    *,
    rng: np.random.Generator,
    simulations: int = 1000,
    significance: float = SIGNIFICANCE,
) -> pd.DataFrame:
    """Acerbi-Szekely's Z1, Z2 and ridge with p-values, of a `frame` as in `validate`.

    Their law under the null depends on a tail that VaR and ES do not give whole; it is simulated
    from a stated one that has each day's own VaR and ES (`implied_null`). Its family decides the
    spread of a statistic, not its mean, which is 0 under any. p-values are lower-tail.
    """
    r, q, e = _columns(frame)
    bt.checked(r, q, e, alpha, days=_days(frame))
    null = bt.implied_null(q, e, alpha)
    rows = []
    for name, statistic in (("Z1", bt.z1), ("Z2", bt.z2), ("ridge", bt.ridge_relative)):
        outcome = bt.simulated_test(
            statistic, r, q, e, alpha, null=null, simulations=simulations, rng=rng
        )
        rows.append(verdict_row(f"Acerbi-Szekely {name}, {IMPLIED}", outcome, significance))
    return pd.DataFrame(rows, columns=["test", "statistic", "p_value", "verdict"])


def verdict_row(name: str, outcome: Outcome, significance: float) -> tuple[str, float, float, str]:
    """A test as `test, statistic, p_value, verdict`."""
    if outcome.note:
        return name, outcome.statistic, outcome.p_value, f"no evidence: {outcome.note}"
    verdict = "reject" if outcome.p_value < significance else "pass"
    return name, outcome.statistic, outcome.p_value, verdict


def _days(frame: pd.DataFrame) -> list[str] | None:
    """The dates of a `date` column or index, as errors name them; None where there are none."""
    named = [column for column in frame.columns if str(column).strip().lower() == "date"]
    labels = frame[named[0]] if named else frame.index
    if not named and not isinstance(labels, pd.DatetimeIndex | pd.PeriodIndex):
        return None
    return [str(label).removesuffix(" 00:00:00") for label in labels]


def _columns(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    by_name = {str(name).strip().lower(): name for name in frame.columns}
    absent = [name for name in COLUMNS if name.lower() not in by_name]
    if absent:
        raise ValueError(
            f"the table lacks the columns {absent}; it has {[str(c) for c in frame.columns]}, "
            "and needs return, VaR and ES"
        )
    table = frame[[by_name[name.lower()] for name in COLUMNS]].apply(pd.to_numeric, errors="coerce")
    values = table.to_numpy(float)
    r, q, e = values[:, 0], values[:, 1], values[:, 2]
    if (q > 0).mean() > 0.5 and (e > 0).mean() > 0.5:
        raise ValueError(
            "VaR and ES are positive; they must have the sign of returns (a loss of 2% is -2). "
            "Put a minus before both columns"
        )
    return r, q, e
