"""Two views of a history in one exact law, measured here and not the default; for `scenario.py`.

The futures that two estimates make of the same innovations are averaged: the model on the last
third of its window, own lags only, re-centred by the network; and the anchor on the whole window,
left as it is.
"""

from dataclasses import dataclass, replace

import pandas as pd

from econdiff.anchor import Anchor
from econdiff.diffusion.conditional import DiffusionLaw
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.origin import Origin
from econdiff.diffusion.training import Training

OWN = Anchor(cross=())
RECENT = Diffusion(shares=(1 / 3,), anchor=OWN)
ALONE = Diffusion(weights=None, training=Training(steps=0))


@dataclass(frozen=True)
class TwoViews:
    """Settings and fitted thing in one: everything is estimated from the history itself."""

    views: tuple[Diffusion, ...] = (RECENT, ALONE)

    def fit(self, panel: pd.DataFrame) -> "TwoViews":
        """Itself."""
        del panel
        return self

    def law(self, history: pd.DataFrame, horizon: int) -> DiffusionLaw:
        """The law of the steps after `history`; the denoiser is that of the first view."""
        first, *others = (_origin(view, history, horizon) for view in self.views)
        views = sum((at.views for at in others), first.views)
        return DiffusionLaw(replace(first, views=views))


def _origin(model: Diffusion, history: pd.DataFrame, horizon: int) -> Origin:
    fitted = model.fit(history)
    return fitted.origin(history, horizon)  # pyright: ignore[reportAttributeAccessIssue]
