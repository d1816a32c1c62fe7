"""The diffusion model as a `Model`: anchor, network and sampler put together.

    forecaster = Diffusion().fit(panel)                # shipped weights, at once
    forecaster = Diffusion(weights=None).fit(panel)    # trained on this panel alone
    forecast = forecaster.sample(panel, horizon=8, paths=1000, rng=rng)

Missing cells inside a history are met by the anchor's filter. A ragged edge (series that end
earlier than others) is a part of the future: the model stands at the last row that is complete,
draws what follows, and the cells that have been published are pinned; the drawn rows of the history
are the forecast's `nowcast`. A scenario is the same thing further on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from econdiff.anchor import Anchor, Coefficients
from econdiff.arguments import check_count, check_draws
from econdiff.diffusion.conditional import DiffusionLaw
from econdiff.diffusion.device import chosen
from econdiff.diffusion.network import MAX_HORIZON, Network, untrained
from econdiff.diffusion.origin import Origin, origin
from econdiff.diffusion.predictive import decode, encode, log_density
from econdiff.diffusion.reading import cells, fitted_series, following, known, ragged
from econdiff.diffusion.sampler import generator_from
from econdiff.diffusion.training import MINIMUM_ROWS, Training, train
from econdiff.diffusion.weights import fingerprint, load_weights
from econdiff.forecast import Forecast, some_names
from econdiff.panel import check_rows
from econdiff.periods import joined_index, steps_after

if TYPE_CHECKING:
    from econdiff.diffusion.latent import FittedLatentDiffusion


@dataclass(frozen=True)
class Diffusion:
    """Conditional diffusion of the anchor's innovations.

    `weights` is "shipped" (pretrained on simulated economies), the path of a weights file, or
    None: begin from nothing, that is from the anchor itself. `training` says how the denoiser goes
    on learning from the panel; without it given weights stay as they are, and no weights are
    trained as `Training()` says. `Training(steps=0)` on no weights is the anchor alone. Whether
    training improved on the start is said in the provenance of every forecast.
    `turns` are the steps of the sampler, three evaluations of the network each. `device` is where
    the network runs ("cpu", "cuda", "mps"), the best there is if None.

    The last `window` rows are used, 24 or more.

    Two settings change the law from what was learned, and are named in the provenance of every
    forecast where they are not 1. `spread` draws the innovations that much wider (above 1) or
    narrower about what the anchor and the re-centring expect: where the law is Gaussian, every
    standard deviation of the future is multiplied by it exactly. (Steps beyond the 32nd follow
    a past that was itself drawn so.) `strength` leans on the history by more or less than was
    learned (classifier-free guidance); it acts on the shape that the denoiser gives, not on the
    lags and the scale of each step.

    `recentre` False leaves out the network's lags; the shape that it gives may still shift the mean
    by a few hundredths of a standard deviation. A panel of `wide` series or more is left to
    `LatentDiffusion` with these settings, which diffuses what its series share and draws many times
    faster; None keeps every panel here.
    """

    weights: str | Path | None = "shipped"
    training: Training | None = None
    anchor: Anchor = field(default_factory=Anchor)
    turns: int = 4
    window: int = 400
    device: str | None = None
    spread: float = 1.0
    strength: float = 1.0
    recentre: bool = True
    wide: int | None = 100

    def __post_init__(self) -> None:
        if not isinstance(self.anchor, Anchor):
            raise TypeError(f"anchor is an Anchor, as in Anchor(cross=()); got {self.anchor!r}")
        if not isinstance(self.training, Training | None):
            raise TypeError(f"training is None or as in Training(steps=400); got {self.training!r}")
        check_count("turns", self.turns)
        check_count("window", self.window, MINIMUM_ROWS)
        if self.wide is not None:
            check_count("wide", self.wide)
        if self.anchor.lags != Anchor.lags:
            raise ValueError(
                f"the network reads an anchor of {Anchor.lags} lags, got {self.anchor.lags}"
            )
        if not (0 < self.spread < np.inf and 0 <= self.strength < np.inf):
            raise ValueError(
                "spread must be positive, strength not negative, and both finite, "
                f"got {self.spread} and {self.strength}"
            )

    def fit(self, panel: pd.DataFrame) -> "FittedDiffusion | FittedLatentDiffusion":
        """Estimate the anchor on the last rows of `panel`, and train if asked to."""
        check_rows(panel)
        if self.wide is not None and panel.shape[1] >= self.wide:
            from econdiff.diffusion.latent import LatentDiffusion  # which is made of this model

            return LatentDiffusion(core=self, anchor=self.anchor).fit(panel)
        *_, fitted = self.steps(panel)
        return fitted

    def steps(self, panel: pd.DataFrame) -> Iterator["FittedDiffusion"]:
        """`fit`, one model after each stretch of training: for progress bars and curves.

        Of every series at once, however many.
        """
        y = known(panel, self.window)
        device = chosen(self.device)
        training = self.training or (Training() if self.weights is None else Training(steps=0))
        seed = training.seed
        network = untrained(seed=seed) if self.weights is None else load_weights(self.weights)
        anchor = self.anchor.on(panel)
        fitted = FittedDiffusion(self, anchor.estimate(y), network.to(device), tuple(panel.columns))
        yield fitted
        if training.steps > 0:
            for progress in train(network, y, anchor, training, device):
                yield replace(fitted, network=progress.network, training=str(progress))


@dataclass(frozen=True, eq=False)
class FittedDiffusion:
    """Anchor estimated, and trained network; `training` says what it learned from the panel."""

    settings: Diffusion
    coefficients: Coefficients
    network: Network
    names: tuple[str, ...]
    training: str = ""

    def __repr__(self) -> str:
        return f"Diffusion fitted to {some_names(self.names)}"

    def origin(self, history: pd.DataFrame, horizon: int) -> Origin:
        """The model at the end of a complete `history`, looking up to 32 steps ahead."""
        y = self._read(history)
        if not np.isfinite(y[:, -1]).all():
            raise ValueError("the last row of the history has missing cells; cut it, or `sample`")
        return self._origin(y, horizon)

    def law(self, history: pd.DataFrame, horizon: int) -> DiffusionLaw:
        """The law of the steps after a complete `history`, as `econdiff.scenario` asks for it."""

        def behind(rows: np.ndarray) -> DiffusionLaw:
            index = steps_after(history, len(rows))
            assumed = pd.DataFrame(rows, index=index, columns=list(self.names))
            return self.law(pd.concat([history, assumed]), horizon - len(rows))

        return DiffusionLaw(self.origin(history, horizon), self.settings.turns, behind=behind)

    def sample(
        self,
        history: pd.DataFrame,
        *,
        horizon: int,
        paths: int,
        rng: np.random.Generator,
        scenario: pd.DataFrame | None = None,
    ) -> Forecast:
        """See `Forecaster.sample`. `scenario` [step x series] pins cells; NaN leaves them free.

        Horizons over 32 roll on, each path from its own past.
        """
        check_draws(paths, rng)
        index = steps_after(history, horizon)
        y, edge = ragged(self._read(history), history)
        pinned = np.full((len(self.names), horizon), np.nan)
        if scenario is not None:
            pinned = cells(scenario, index, self.names)
        pins = np.concatenate([edge, pinned], axis=1)
        generator = generator_from(rng)
        drawn = self._draw(y, pins, paths, generator)
        weights = fingerprint(self.network.state_dict())
        changed = {"spread": self.settings.spread, "strength": self.settings.strength}
        provenance = {"model": "diffusion", "weights_sha256": weights}
        provenance |= {name: value for name, value in changed.items() if value != 1}
        provenance |= {"training": self.training} if self.training else {}
        whole = joined_index(history.index[len(history) - edge.shape[1] :], index)
        drawn = Forecast(drawn.swapaxes(1, 2), whole, self.names, provenance=provenance)
        return replace(drawn.split(edge.shape[1]), index=index)

    def log_density(
        self,
        history: pd.DataFrame,
        future: pd.DataFrame,
        *,
        rng: np.random.Generator | None = None,
    ) -> float:
        """Log predictive score: the log density of a complete `future`, in nats, in panel units.

        `future` is [step x series]. By the probability-flow ODE (Song et al., 2021, eq. 39) and the
        anchor's determinant; exact up to `EXACT_TRACE` cells a block of 32 steps. Beyond that the
        divergence is estimated with random signs from `rng`, which is then needed;
        `econdiff.diffusion.predictive` has the standard error. Horizons over 32 steps roll on:
        the next block's density is given the one before.
        """
        future, total = following(history, future, self.names), 0.0
        for first in range(0, len(future), MAX_HORIZON):
            ahead = min(len(future) - first, MAX_HORIZON)
            at = self.origin(pd.concat([history, future.iloc[:first]]), ahead)
            block = future.to_numpy(float)[first : first + ahead].T
            total += float(log_density(at, block[None], rng=rng).value[0])
        return total

    def encode(self, history: pd.DataFrame, future: pd.DataFrame) -> pd.DataFrame:
        """The noise that a complete `future` comes from, [step x series]: N(0, I) if all is well.

        By the ODE, one to one: `decode` leads back. Up to 32 steps.
        """
        future = following(history, future, self.names)
        code = encode(self.origin(history, len(future)), future.to_numpy(float).T[None])
        return pd.DataFrame(code[0].T, index=future.index, columns=future.columns)

    def decode(self, history: pd.DataFrame, noise: pd.DataFrame) -> pd.DataFrame:
        """The future that the ODE makes of `noise` [step x series]; undoes `encode`."""
        noise = following(history, noise, self.names)
        future = decode(self.origin(history, len(noise)), noise.to_numpy(float).T[None])
        return pd.DataFrame(future[0].T, index=noise.index, columns=noise.columns)

    def _read(self, history: pd.DataFrame) -> np.ndarray:
        history = fitted_series(history, self.names)
        return history.iloc[-self.settings.window :].to_numpy(float).T

    def _draw(
        self, y: np.ndarray, pins: np.ndarray, paths: int, rng: torch.Generator
    ) -> np.ndarray:
        """Paths [path, series, step] that follow `y` [series, time] and agree with `pins`."""
        horizon = pins.shape[1]
        told = None if np.isnan(pins).all() else pins
        if told is not None and horizon > MAX_HORIZON:
            raise ValueError(
                f"the ragged edge and the horizon are {horizon} steps together; with known cells "
                f"{MAX_HORIZON} is the most. Shorten the horizon, or drop series that ended early"
            )
        turns = self.settings.turns
        at = self._origin(y, min(horizon, MAX_HORIZON))
        drawn = at.draw(paths, turns, rng, told)
        while drawn.shape[-1] < horizon:  # roll on: every path is the history of its next block
            ahead = min(horizon - drawn.shape[-1], MAX_HORIZON)
            longer = np.concatenate([np.broadcast_to(y, (paths, *y.shape)), drawn], axis=-1)
            each = self._origin(longer[..., -self.settings.window :], ahead)
            drawn = np.concatenate([drawn, each.draw(1, turns, rng)], axis=-1)
        return drawn

    def _origin(self, y: np.ndarray, horizon: int) -> Origin:
        lags = self.settings.anchor.lags
        if y.shape[-1] < lags:
            raise ValueError(
                f"too short a history: rows up to the last complete one {y.shape[-1]} (after any "
                f"differences), needed {lags}; give more"
            )
        return origin(
            self.network,
            self.coefficients.filter(y),
            horizon,
            spread=self.settings.spread,
            strength=self.settings.strength,
            recentre=self.settings.recentre,
        )
