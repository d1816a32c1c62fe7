"""The market-risk rules of Basel: liquidity-adjusted ES, P&L attribution, desk exceptions.

Basel Committee (2019), *Minimum capital requirements for market risk*, MAR31-MAR33. Returns and
P&L have the sign of gains; results named capital or ES here are positive amounts of loss.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from econdiff.risk.measures import expected_shortfall

ALPHA = 0.025
HORIZONS = (10, 20, 40, 60, 120)  # days, MAR33.12


def liquidity_adjusted_es(gains: Mapping[int, np.ndarray]) -> float:
    """ES at 97.5% with liquidity horizons, by the cascade of MAR33.5.

    ES = sqrt( sum_j ( ES_j sqrt((LH_j - LH_{j-1}) / 10) )^2 )

    `gains` maps each liquidity horizon to the portfolio's ten-day gains [path] when only the risk
    factors of that horizon or longer move; 10 is all of them. A horizon that no factor has may be
    left out: what moves at it is what moves at the next longer one.
    """
    unknown = [h for h in gains if h not in HORIZONS]
    if unknown or 10 not in gains:
        raise ValueError(f"horizons must be of {HORIZONS} with 10 among them, got {sorted(gains)}")
    total, before = 0.0, 0
    for horizon in sorted(gains):
        es = max(-float(expected_shortfall(gains[horizon], ALPHA)), 0.0)
        total += es**2 * (horizon - before) / 10
        before = horizon
    return float(np.sqrt(total))


@dataclass(frozen=True)
class Attribution:
    """P&L attribution of a desk: how far the model's P&L and the books' move together.

    Zones of MAR32.42, Table 2: green needs Spearman above .80 and KS below .09; red is a Spearman
    below .70 or a KS above .12; amber between.
    """

    spearman: float
    kolmogorov_smirnov: float
    zone: str


def attribution(risk_theoretical: np.ndarray, hypothetical: np.ndarray) -> Attribution:
    """Compare daily risk-theoretical with hypothetical P&L [day]; the rule looks at 250 days."""
    a, b = np.asarray(risk_theoretical, float), np.asarray(hypothetical, float)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 3:
        raise ValueError(f"need two columns of the same 3 days or more, got {a.shape}, {b.shape}")
    if not (np.isfinite(a) & np.isfinite(b)).all():
        raise ValueError("a P&L is missing or infinite; leave these days out of both columns")
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        raise ValueError("a P&L that never changes cannot be attributed; leave idle desks out")
    rho = float(np.corrcoef(stats.rankdata(a), stats.rankdata(b))[0, 1])
    ks = float(np.asarray(stats.ks_2samp(a, b))[0])
    zone = "red" if rho < 0.70 or ks > 0.12 else "green" if rho > 0.80 and ks < 0.09 else "amber"
    return Attribution(rho, ks, zone)


@dataclass(frozen=True)
class DeskExceptions:
    """Exceptions of a desk in 250 days and whether it may keep its model (MAR32.18-19)."""

    at_99: int
    at_975: int
    eligible: bool


def desk_exceptions(profit: np.ndarray, var_99: np.ndarray, var_975: np.ndarray) -> DeskExceptions:
    """More than 12 exceptions at 99% or 30 at 97.5% in the last 250 days end eligibility.

    Ask for actual and for hypothetical P&L apart: exceptions are counted separately, and the
    greater count holds (MAR32.18). A day whose P&L or VaR is missing is an exception.
    """
    days = [np.asarray(column, float) for column in (profit, var_99, var_975)]
    if len({column.shape for column in days}) != 1:
        raise ValueError("P&L and the two VaR must be of the same days")
    p, q99, q975 = (column[-250:] for column in days)
    at_99, at_975 = int((~(p >= q99)).sum()), int((~(p >= q975)).sum())
    return DeskExceptions(at_99, at_975, at_99 <= 12 and at_975 <= 30)
