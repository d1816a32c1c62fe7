"""The anchor: the econometrician's own model, as an invertible map to white noise.

`model` has the model and its settings, `filtered` its map at an origin; `regression` how its
coefficients are estimated, and `recent` with what they are averaged; `recursion` how a series
follows its past, `volatility` how loud it is; `correlation` and `robust` what they are made of.
"""

from econdiff.anchor.correlation import power
from econdiff.anchor.filtered import Filtered
from econdiff.anchor.model import Anchor, Coefficients

__all__ = ["Anchor", "Coefficients", "Filtered", "power"]
