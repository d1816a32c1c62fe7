"""Invertible transforms: from the user's units to the units a model works in, and back.

    forecaster = Transformed(AR(), transforms="auto").fit(panel)
    forecast = forecaster.sample(panel, horizon=8, paths=1000, rng=rng)  # in the user's units
    forecaster.transforms["GDPC1"].units  # "per cent, annual rate"

`series` holds the transforms of one series, `codes` their numbers in FRED-MD, `choice` the
rule that chooses among them, `model` the wrapper that makes any model forecast through them.
"""

from econdiff.transforms.choice import Choice, Floors, choose, chosen, periods_per_year
from econdiff.transforms.codes import fred_md
from econdiff.transforms.model import Transformed, TransformedForecaster
from econdiff.transforms.series import Difference, GrowthChange, Transform

__all__ = [
    "Choice",
    "Difference",
    "Floors",
    "GrowthChange",
    "Transform",
    "Transformed",
    "TransformedForecaster",
    "choose",
    "chosen",
    "fred_md",
    "periods_per_year",
]
