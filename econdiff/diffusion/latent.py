"""Diffusion of wide panels: the shocks that many series share are diffused, the rest are their own.

    forecaster = LatentDiffusion().fit(panel)  # 100 series and more
    forecast = forecaster.sample(panel, horizon=8, paths=1000, rng=rng)

Every series keeps its own anchor: an autoregression with a filtered volatility, as in
`Diffusion`. What is split into a few factors and idiosyncratic terms is the panel of its
innovations,

    u_it = l_i' g_t + e_it

by principal components (`components`). What is left in them is not dependence on time, which
the anchors have explained, but size, shape and company: g and e have mean 0. The future of g,
all factors jointly, is drawn by `Diffusion` with a volatility filtered once more, as shared
shocks have a loudness of their own; that of e from its variances and (shrunk) correlations;
and the anchors turn u back into series.

(Splitting the series themselves would give each two autoregressions, of what it shares and of
what it does not, and both are worse estimated than its own one.)

Give the panel in units in which its series are stationary (`econdiff.transforms`). A cell
missing at the ragged edge is taken for what the anchor expects there; `Transformed` instead
starts at the last complete row.
"""

from dataclasses import dataclass, field, replace
from typing import NoReturn

import numpy as np
import pandas as pd

from econdiff.anchor import Anchor, Coefficients, Filtered
from econdiff.arguments import check_draws
from econdiff.diffusion.components import Components, principal_components
from econdiff.diffusion.model import Diffusion, FittedDiffusion
from econdiff.diffusion.reading import fitted_series, known
from econdiff.forecast import Forecast, some_names
from econdiff.periods import steps_after
from econdiff.scenario.errors import ScenarioError


@dataclass(frozen=True)
class LatentDiffusion:
    """Settings: how many `factors` (chosen by IC_p2 up to `most` if None), and the two models."""

    factors: int | None = None
    most: int = 8
    core: Diffusion = field(default_factory=Diffusion)
    anchor: Anchor = field(default_factory=Anchor)

    def fit(self, panel: pd.DataFrame) -> "FittedLatentDiffusion":
        """Estimate every series' anchor, the components, and the law of the factors."""
        y = known(panel, self.core.window)
        panel = panel.iloc[-self.core.window :]
        own = replace(self.anchor, cross=()).on(panel).estimate(y)
        u = _innovations(own.filter(y))
        shocks = u[self.anchor.lags :]
        flat = np.isnan(shocks).all(axis=0)
        if flat.any():
            name = panel.columns[flat.argmax()]
            raise ValueError(
                f"series {name!r} does not vary, or has too few values to see it, in the last "
                f"{len(panel)} rows; leave it out"
            )
        components = principal_components(shocks, self.factors, self.most)
        components = replace(components, centre=0 * components.centre)  # what is to come is about 0
        shared, terms = components.split(u)
        *_, core = replace(self.core, recentre=False).steps(_named(shared, panel.index))
        core = replace(core, coefficients=_memoryless(shared.T, self.core.anchor))
        terms = _memoryless(terms.T, replace(self.anchor, mixture=0.0))  # no volatility of theirs
        return FittedLatentDiffusion(own, components, core, terms, tuple(panel.columns))


@dataclass(frozen=True, eq=False)
class FittedLatentDiffusion:
    """Anchors of the series, components of their innovations, and the laws of the two parts."""

    own: Coefficients
    components: Components
    core: FittedDiffusion
    terms: Coefficients
    names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"LatentDiffusion fitted to {some_names(self.names)}"

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """Draw joint paths of every series; see `econdiff.forecast.Forecaster`."""
        check_draws(paths, rng)
        history = fitted_series(history, self.names).iloc[-self.core.settings.window :]
        state = self.own.filter(history.to_numpy(float).T)
        shared, terms = self.components.split(_innovations(state))
        ahead = self.core.sample(
            _named(shared, history.index), horizon=horizon, paths=paths, rng=rng
        )
        noise = rng.standard_normal((paths, len(self.names), horizon)) * self.core.settings.spread
        apart = self.terms.filter(terms.T).color(noise).swapaxes(1, 2)  # [path, step, series]
        u = self.components.join(ahead.samples, apart)
        samples = state.restore(u.swapaxes(1, 2)).swapaxes(1, 2)
        provenance = {
            **ahead.provenance,
            "model": "latent diffusion",
            "factors": shared.shape[1],
        }
        return Forecast(samples, steps_after(history, horizon), self.names, provenance=provenance)

    def law(self, history: pd.DataFrame, horizon: int) -> NoReturn:
        """What `econdiff.scenario` asks for, and cannot have."""
        raise ScenarioError(
            f"{len(self.names)} series are diffused by what they share, and that takes no pins; "
            "keep those that the scenario is about, or say Diffusion(wide=None) and be patient"
        )

    def __getattr__(self, name: str) -> NoReturn:
        """Say where to find what only the direct model has: densities, codes, its origin."""
        if hasattr(FittedDiffusion, name):
            raise AttributeError(
                f"{len(self.names)} series are diffused by what they share, and that has no "
                f"{name}; keep the series that it is about, or say Diffusion(wide=None)"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def _innovations(state: Filtered) -> np.ndarray:
    """Each series' innovations over their volatility, [time, series]; NaN where there is none."""
    u = state.filtered_innovations()
    return np.where(state.known & (u != 0), u, np.nan).T


def _memoryless(u: np.ndarray, settings: Anchor) -> Coefficients:
    """The anchor of noise `u` [series, time] that is white about 0: its size and correlations."""
    spread = np.sqrt(np.nanmean(u**2, axis=-1))
    return settings.white(spread, np.eye(len(u))).correlated(u)


def _named(factors: np.ndarray, index: pd.Index) -> pd.DataFrame:
    columns = [f"factor {k + 1}" for k in range(factors.shape[1])]
    return pd.DataFrame(factors, index=index, columns=columns)
