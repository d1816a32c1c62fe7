"""How often each backtest rejects a right model: its size, which is seldom the 5% that it says.

Many of these tests are right for long records only. Their shares were simulated, with the VaR and
ES of the very law that drew the days (`benchmarks/risk_sizes.py`).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from econdiff.report.page import Table
from econdiff.risk.validation import SIGNIFICANCE

DAYS = (250, 500, 1000, 2500)
LEVELS = (0.01, 0.025, 0.05)
NO = np.nan  # too few days for any verdict

SIZES = {  # per cent of right models rejected at 5%: [days][level]
    "Kupiec POF": ((9, 7, 6), (6, 5, 5), (6, 4, 5), (4, 5, 6)),
    "Kupiec TUFF": ((14, 5, 6), (6, 6, 6), (6, 7, 7), (7, 5, 6)),
    "Christoffersen independence": ((2, 1, 2), (2, 1, 3), (2, 2, 8), (2, 4, 6)),
    "Christoffersen conditional coverage": ((1, 3, 4), (1, 3, 4), (3, 4, 5), (3, 3, 7)),
    "Haas mixed Kupiec": ((13, 7, 6), (6, 5, 4), (6, 7, 5), (7, 6, 6)),
    "Christoffersen-Pelletier duration": ((15, 9, 8), (10, 7, 8), (8, 5, 8), (6, 5, 14)),
    "Engle-Manganelli DQ, df 6": ((10, 7, 5), (17, 8, 6), (10, 6, 4), (12, 4, 5)),
    "Engle-Manganelli DQ, squared return": ((11, 9, 6), (16, 8, 6), (10, 7, 4), (11, 5, 6)),
    "McNeil-Frey": ((5, 3, 2), (2, 1, 1), (2, 2, 2), (1, 2, 2)),
    "Nolde-Ziegel calibration": ((NO, 26, 17), (33, 19, 13), (22, 14, 10), (15, 12, 7)),
    "Nolde-Ziegel calibration, one-sided": ((NO, 5, 3), (4, 3, 3), (8, 4, 3), (4, 3, 2)),
    "Wang-Wang-Ziegel e-backtest": ((0, 0, 0), (0, 0, 0), (0, 0, 0), (1, 0, 0)),
    "Du-Escanciano unconditional": ((4, 4, 5), (3, 4, 4), (4, 6, 5), (4, 5, 5)),
    "Du-Escanciano conditional": ((NO, 10, 8), (10, 12, 8), (11, 10, 6), (14, 10, 5)),
}


def sizes(days: int, level: float) -> dict[str, float]:
    """Per cent by test, of the length and the level simulated that are nearest by ratio."""
    row = int(np.abs(np.log(np.array(DAYS) / days)).argmin())
    column = int(np.abs(np.log(np.array(LEVELS) / level)).argmin())
    return {test: float(shares[row][column]) for test, shares in SIZES.items()}


def rejected_if_right(tests: pd.DataFrame, days: int) -> float:
    """How many of `tests` (`test`, `level`, `verdict`) would reject a right model on average.

    Those with a verdict are counted, those that were not simulated at 5%.
    """
    judged = tests.loc[tests["verdict"].isin(["pass", "reject"])]
    said = 100 * SIGNIFICANCE
    total = 0.0
    for level, own in judged.groupby("level", dropna=False):
        share = sizes(days, float(level)) if level == level else {}
        each = [share.get(str(test), said) for test in own["test"]]
        total += sum(said if size != size else size for size in each)
    return total / 100


def size_table(days: int, levels: Sequence[float]) -> Table:
    """What `sizes` says of a record of `days`, a column a level."""
    nearest = DAYS[int(np.abs(np.log(np.array(DAYS) / days)).argmin())]
    columns = {f"at {level:g}": sizes(days, level) for level in levels}
    table = pd.DataFrame(columns).rename_axis("test").reset_index()
    caption = f"Right models that each test rejects at 5%, per cent, simulated on {nearest} days"
    return Table(caption, table, decimals=0, folded=True)
