"""Rows of synthetic panels that are a real row, and how many of them chance would make.

What several entities have (counts, codes and noughts often) is nobody's record, so rows count that
one entity alone has: of one entity, one period alone. Coarse rows are met by chance even so: as
often as a real row is that of exactly one other entity.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

Row = tuple[float, ...]


def equal_rows(
    real: np.ndarray, made: np.ndarray, others: Sequence[np.ndarray] = ()
) -> tuple[int, float]:
    """Rows of `made` equal to one of `real` [entity, time, series], and the number by chance.

    To eight significant digits; `others` are further entities, whose rows nobody copied.
    """
    own = [_whole(rows) for values in (real, *others) for rows in values]
    if len(real) == 1:
        own = [[row] for rows in own for row in rows]
    owners = Counter(row for rows in own for row in set(rows))
    alone = {row for rows in real for row in _whole(rows) if owners[row] == 1}
    met = sum(owners[row] == 2 for rows in own for row in rows)
    drawn = _whole(made.reshape(-1, made.shape[-1]))
    chance = len(drawn) * met / max(sum(map(len, own)), 1)
    return sum(row in alone for row in drawn), chance


def _whole(rows: np.ndarray) -> list[Row]:
    """The rows of which all is known, rounded."""
    whole = rows[np.isfinite(rows).all(axis=-1)]
    return [tuple(float(f"{cell:.8g}") + 0.0 for cell in row) for row in whole]
