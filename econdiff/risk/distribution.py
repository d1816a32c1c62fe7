"""Backtests that need the whole forecast of each day, not its VaR and ES alone.

What a model's own forecasts allow beside `econdiff.risk.validation`: tests of the PIT values, and
the Acerbi-Szekely statistics with p-values simulated from the tail that the model forecast.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from econdiff.risk import backtests as bt
from econdiff.risk.validation import SIGNIFICANCE, verdict_row

CELLS = 200  # of the tail that is kept


def kept_depth(alphas: Sequence[float]) -> float:
    """How far into the tail forecasts are kept for tests at `alphas`.

    Z3 looks beyond alpha, where the worst days would lie if there were a few more of them.
    """
    return min(max(2 * max(alphas), 0.1), 0.5)


def tail_levels(depth: float) -> np.ndarray:
    """The probabilities [cell] at which a forecast's tail is kept."""
    return depth * (np.arange(CELLS) + 0.5) / CELLS


@dataclass(frozen=True, eq=False)
class Tails:
    """Each day's return, where it fell in its forecast, and that forecast's lower tail.

    `pit` [time] in (0, 1); `tail` [time, cell] the quantiles at the middle of equal cells of (0,
    `depth`), as `tail_levels` gives them.
    """

    returns: np.ndarray
    pit: np.ndarray
    tail: np.ndarray
    depth: float

    def quantile(self, levels: np.ndarray) -> np.ndarray:
        """Each day's quantiles at `levels` [level], [time, level]; flat beyond what was kept."""
        place = np.clip(levels / self.depth * CELLS - 0.5, 0, CELLS - 1)
        low = np.minimum(place.astype(int), CELLS - 2)
        share = place - low
        return self.tail[:, low] * (1 - share) + self.tail[:, low + 1] * share

    def null(self) -> Callable[[np.random.Generator], np.ndarray]:
        """Draws of a history of returns from the forecasts; above the tail it is 0, no hit."""
        days, cells = self.tail.shape

        def draw(rng: np.random.Generator) -> np.ndarray:
            cell = (rng.random(days) / self.depth * cells).astype(int)
            inside = np.minimum(cell, cells - 1)
            drawn = self.tail[np.arange(days), inside]
            return np.where(cell < cells, drawn, 0.0)

        return draw


def validate_tails(
    tails: Tails,
    var: np.ndarray,
    es: np.ndarray,
    alpha: float,
    *,
    rng: np.random.Generator,
    simulations: int = 1000,
    significance: float = SIGNIFICANCE,
) -> pd.DataFrame:
    """`test, statistic, p_value, verdict` of Z1, Z2, Z3, the ridge test, Du and Escanciano's two.

    `alpha` may not lie deeper than the tail that was kept. The p-values of the first four are
    lower-tail: a statistic far below 0 says that risk was understated.
    """
    if alpha > tails.depth * (1 + 1e-9):
        raise ValueError(f"the tails reach to {tails.depth:g}, asked for {alpha:g}")
    statistics = {
        "Acerbi-Szekely Z1, simulated": bt.z1,
        "Acerbi-Szekely Z2, simulated": bt.z2,
        "Acerbi-Szekely ridge, simulated": bt.ridge_relative,
    }
    null = tails.null()
    rows = [
        verdict_row(
            name,
            bt.simulated_test(
                statistic, tails.returns, var, es, alpha,
                null=null, simulations=simulations, rng=rng,
            ),
            significance,
        )
        for name, statistic in statistics.items()
    ]  # fmt: skip
    third = bt.z3(tails.pit, tails.quantile, alpha, simulations=simulations, rng=rng)
    rows.append(verdict_row("Acerbi-Szekely Z3, simulated", third, significance))
    for name, test in (
        ("Du-Escanciano unconditional", bt.du_escanciano_unconditional),
        ("Du-Escanciano conditional", bt.du_escanciano_conditional),
    ):
        rows.append(verdict_row(name, test(tails.pit, alpha), significance))
    return pd.DataFrame(rows, columns=["test", "statistic", "p_value", "verdict"])


def validate_pit(pit: np.ndarray, *, significance: float = SIGNIFICANCE) -> pd.DataFrame:
    """Berkowitz and Jarque-Bera of the normal scores of `pit` [time], as `validate_tails`."""
    scores = stats.norm.ppf(np.clip(pit, 1e-9, 1 - 1e-9))
    rows = [
        verdict_row("Berkowitz", bt.berkowitz(scores), significance),
        verdict_row("Jarque-Bera of the scores", bt.jarque_bera(scores), significance),
    ]
    return pd.DataFrame(rows, columns=["test", "statistic", "p_value", "verdict"])
