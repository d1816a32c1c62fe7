"""Scenarios weighted by probability: the expected credit loss that IFRS 9 asks for (5.5.17 a).

The losses that the scenarios give are one law, a mixture: its expected loss is the weighted mean of
theirs, its quantile is of all their draws together, each with its scenario's weight.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from econdiff.commands.errors import UsageError
from econdiff.commands.models import nearest
from econdiff.risk.credit import CreditLoss

WEIGHTED = "weighted"


def check_probabilities(said: Mapping[str, float], scenarios: Sequence[str]) -> None:
    """Refuse what are no probabilities of the `scenarios`."""
    if not said:
        return
    for name, probability in said.items():
        if name not in scenarios:
            raise UsageError(f"--probabilities: no scenario {name!r}; {nearest(name, scenarios)}")
        if not 0 <= probability <= 1:
            raise UsageError(f"--probabilities: that of {name} is {probability:g}, not in 0 to 1")
    total = sum(said.values())
    if abs(total - 1) > 1e-6:
        raise UsageError(f"--probabilities add up to {total:g}, not to 1")


def weighted_row(
    table: pd.DataFrame,
    losses: Mapping[str, CreditLoss],
    rates: Mapping[str, np.ndarray],
    probabilities: Mapping[str, float],
) -> dict[str, object]:
    """The row `weighted` of `table` [scenario x measure], which has one level.

    No standard error is given of its quantile.
    """
    names = list(probabilities)
    weights = np.array([probabilities[name] for name in names])
    own = table.set_index("scenario").loc[names]
    level = float(table["level"].iloc[0])
    draws = np.concatenate([losses[name].losses for name in names])
    each = np.concatenate([np.full(len(losses[name].losses), p / len(losses[name].losses))
                           for name, p in probabilities.items()])  # fmt: skip
    quantile = float(np.quantile(draws, level, weights=each, method="inverted_cdf"))
    expected = float(weights @ own["expected_loss"])
    path = sum(p * rates[name].mean(axis=0) for name, p in probabilities.items())
    return {
        "scenario": WEIGHTED,
        "expected_loss": expected,
        "expected_loss_12m": float(weights @ own["expected_loss_12m"]),
        "level": level,
        "quantile": quantile,
        "quantile_se": np.nan,
        "credit_VaR": quantile - expected,
        "rate_highest": float(np.max(path)),
        "rate_end": float(np.asarray(path)[-1]),
    }
