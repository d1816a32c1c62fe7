"""Diffusion of wide panels: a few factors are diffused, the rest follows each series' own anchor.

    forecaster = LatentDiffusion().fit(panel)  # 100 series and more
    forecast = forecaster.sample(panel, horizon=8, paths=1000, rng=rng)

The panel is split into principal components and idiosyncratic terms. The factors' futures
are drawn by `Diffusion`, jointly; each term's by the anchor (autoregression with filtered
volatility, shocks correlated across series, shrunk); and both are put together again, so that
every series has joint paths. Give the panel in units in which its series are stationary
(`econdiff.transforms`).
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from econdiff.anchor import Anchor, Coefficients
from econdiff.diffusion.components import Components, principal_components
from econdiff.diffusion.model import Diffusion, FittedDiffusion
from econdiff.forecast import Forecast, steps_after

WIDE = 40  # series from which on the common door takes this model


@dataclass(frozen=True)
class LatentDiffusion:
    """Settings: how many `factors` (chosen by IC_p2 up to `most` if None), and the two models."""

    factors: int | None = None
    most: int = 8
    core: Diffusion = field(default_factory=Diffusion)
    anchor: Anchor = field(default_factory=Anchor)

    def fit(self, panel: pd.DataFrame) -> "FittedLatentDiffusion":
        """Estimate components, the factors' diffusion and the terms' anchor."""
        y = panel.to_numpy(float)
        components = principal_components(y, self.factors, self.most)
        factors, terms = components.split(y)
        return FittedLatentDiffusion(
            components,
            self.core.fit(_named(factors, panel.index)),
            self.anchor.estimate(terms.T),
            tuple(panel.columns),
        )


def diffusion_for(panel: pd.DataFrame) -> Diffusion | LatentDiffusion:
    """The model for a panel of this width: latent from `WIDE` series on."""
    return LatentDiffusion() if panel.shape[1] >= WIDE else Diffusion()


@dataclass(frozen=True, eq=False)
class FittedLatentDiffusion:
    """Components, and what was estimated of their factors and terms."""

    components: Components
    core: FittedDiffusion
    terms: Coefficients
    names: tuple[str, ...]

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """Draw joint paths of every series; see `econdiff.forecast.Forecaster`."""
        if tuple(history.columns) != self.names:
            raise ValueError(f"fitted on {list(self.names)}, asked about {list(history.columns)}")
        factors, terms = self.components.split(history.to_numpy(float))
        ahead = self.core.sample(
            _named(factors, history.index), horizon=horizon, paths=paths, rng=rng
        )
        shocks = rng.standard_normal((paths, len(self.names), horizon))
        apart = self.terms.filter(terms.T).color(shocks).swapaxes(1, 2)  # [path, step, series]
        samples = self.components.join(ahead.samples, apart)
        provenance = {"model": "latent diffusion", "factors": factors.shape[1]}
        return Forecast(samples, steps_after(history, horizon), self.names, provenance=provenance)


def _named(factors: np.ndarray, index: pd.Index) -> pd.DataFrame:
    columns = [f"factor {k + 1}" for k in range(factors.shape[1])]
    return pd.DataFrame(factors, index=index, columns=columns)
