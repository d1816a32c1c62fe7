"""A test that may be looked at every day: betting against the risk manager."""

from dataclasses import dataclass

import numpy as np

from econdiff.risk.backtests.outcome import Outcome, checked


@dataclass(frozen=True, eq=False)
class EProcess:
    """Wealth [time] of a gambler who bets against the ES; fair or losing while it is right.

    Wealth of 2 is worth a look, 5 a warning, 10 or 20 a rejection at 10% or 5%, whenever reached.
    """

    wealth: np.ndarray

    @property
    def outcome(self) -> Outcome:
        """Greatest wealth, and the Ville bound 1 / wealth on its probability."""
        most = max(1.0, float(np.exp(min(np.log(self.wealth).max(), 700))))
        return Outcome(most, 1 / most)


def e_backtest(
    returns: np.ndarray, var: np.ndarray, es: np.ndarray, alpha: float, *, most: float = 0.5
) -> EProcess:
    """Null: VaR is right and ES is large enough, at every day. Wang, Wang and Ziegel (2022).

    x_t = (q_t - r_t)+ / (alpha (q_t - e_t)) has conditional mean at most 1. The gambler stakes the
    share l_t of the wealth: M_t = M_{t-1} (1 - l_t + l_t x_t). The stake is the one that would have
    grown best on the days before (their GREE, section 5), by its second-order expansion
    sum (x - 1) / sum (x - 1)^2, kept in [0, `most`].
    """
    r, q, e = checked(returns, var, es, alpha)
    if not 0 < most < 1:
        raise ValueError(f"the largest stake must lie between 0 and 1, got {most}")
    gain = np.maximum(q - r, 0) / (alpha * (q - e)) - 1
    before = np.concatenate([[0.0], np.cumsum(gain)[:-1]])
    spread = np.concatenate([[1.0], np.cumsum(gain**2)[:-1]])
    stake = np.clip(before / np.maximum(spread, 1e-300), 0, most)
    log_wealth = np.cumsum(np.log1p(stake * gain))
    return EProcess(np.exp(np.clip(log_wealth, -700, 700)))
