"""The diffusion model as a `Model`: anchor, network and sampler put together.

    forecaster = Diffusion().fit(panel)                # shipped weights, at once
    forecaster = Diffusion(weights=None).fit(panel)    # trained on this panel alone
    forecast = forecaster.sample(panel, horizon=8, paths=1000, rng=rng)

`Origin` is the seam for everything beyond sampling (densities, guidance, scenarios): the
denoiser as it stands at one origin, and the affine map between its innovations and futures.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from econdiff.anchor import Anchor, Coefficients, Filtered, power
from econdiff.diffusion.features import features
from econdiff.diffusion.network import MAX_HORIZON, Network
from econdiff.diffusion.sampler import angular, last
from econdiff.diffusion.schedule import even_angles
from econdiff.diffusion.training import MINIMUM_ROWS, Training, train
from econdiff.diffusion.views import clean_from_velocity
from econdiff.diffusion.weights import load_weights
from econdiff.forecast import Forecast, steps_after

ROWS = 128  # paths drawn at a time, so that what the network holds stays in the cache


@dataclass(frozen=True)
class Diffusion:
    """Conditional diffusion of the anchor's innovations.

    `weights` is "shipped" (pretrained on simulated economies), the path of a weights file, or
    None: begin from nothing, that is from the anchor itself. `training` says how to go on
    learning from the panel; without it given weights stay as they are, and no weights are
    trained as `Training()` says. `Training(steps=0)` on no weights is the anchor alone.
    `turns` are the steps of the sampler, three evaluations of the network each. The anchor is
    estimated on the last `window` rows.
    """

    weights: str | Path | None = "shipped"
    training: Training | None = None
    anchor: Anchor = field(default_factory=Anchor)
    turns: int = 4
    window: int = 400

    def fit(self, panel: pd.DataFrame) -> "FittedDiffusion":
        """Estimate the anchor from the last rows of `panel`, and train if asked to."""
        *_, fitted = self.steps(panel)
        return fitted

    def steps(self, panel: pd.DataFrame) -> Iterator["FittedDiffusion"]:
        """`fit`, one model after each stretch of training: for progress bars and curves."""
        if len(panel) < MINIMUM_ROWS:
            raise ValueError(f"the panel has {len(panel)} rows; {MINIMUM_ROWS} are needed")
        y = panel.iloc[-self.window :].to_numpy(float).T
        network = Network() if self.weights is None else load_weights(self.weights)
        fitted = FittedDiffusion(self, self.anchor.estimate(y), network, tuple(panel.columns))
        yield fitted
        training = self.training or (Training() if self.weights is None else None)
        if training is not None:
            for progress in train(network, y, self.anchor, training):
                yield replace(fitted, network=progress.network)


@dataclass(frozen=True, eq=False)
class FittedDiffusion:
    """Estimated anchor and trained network."""

    settings: Diffusion
    coefficients: Coefficients
    network: Network
    names: tuple[str, ...]

    def origin(self, history: pd.DataFrame, horizon: int) -> "Origin":
        """The model at the end of `history`, looking `horizon` steps ahead (32 at the most)."""
        if tuple(history.columns) != self.names:
            raise ValueError(f"fitted on {list(self.names)}, asked about {list(history.columns)}")
        y = history.iloc[-self.settings.window :].to_numpy(float).T
        return origin(self.network, self.coefficients.filter(y), horizon)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`; horizons over 32 roll on, each path from its own past."""
        index = steps_after(history, horizon)
        y = history.iloc[-self.settings.window :].to_numpy(float).T
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        at = origin(self.network, self.coefficients.filter(y), min(horizon, MAX_HORIZON))
        drawn = at.draw(paths, self.settings.turns, generator)  # [path, series, step]
        while drawn.shape[-1] < horizon:  # roll on: every path is the history of its next block
            ahead = min(horizon - drawn.shape[-1], MAX_HORIZON)
            longer = np.concatenate([np.broadcast_to(y, (paths, *y.shape)), drawn], axis=-1)
            longer = longer[..., -self.settings.window :]
            at = origin(self.network, self.coefficients.filter(longer), ahead)
            drawn = np.concatenate([drawn, at.draw(1, self.settings.turns, generator)], axis=-1)
        provenance = {"model": "diffusion"}
        return Forecast(drawn.swapaxes(1, 2), index, self.names, provenance=provenance)


@dataclass(frozen=True, eq=False)
class Origin:
    """The model at an origin (or at one origin a row): what it takes to draw and to weigh futures.

    Innovations `z` are [row, series, step], futures `y` likewise; `y = color(z)` is affine.
    """

    state: Filtered
    network: Network
    vector: Tensor  # [origin, series, channel]
    location: np.ndarray  # [origin, series, step]
    scale: np.ndarray  # [origin, series, step]
    horizon: int

    def velocity(self, x: Tensor, angle: Tensor) -> Tensor:
        """The network's v at the noisy innovations `x` [row, series, step]."""
        return self.network(x, torch.atleast_1d(angle).to(x.dtype), self.vector.to(x.dtype))

    def denoise(self, x: Tensor, angle: Tensor) -> Tensor:
        """E[clean | x]: the seam that samplers, likelihood and guidance see."""
        return clean_from_velocity(x, self.velocity(x, angle), angle)

    def color(self, z: np.ndarray) -> np.ndarray:
        """Innovations to futures."""
        mixed = power(self.state.coefficients.correlation, 0.5) @ z
        return self.state.restore(self.location + self.scale * mixed)

    def whiten(self, y: np.ndarray) -> np.ndarray:
        """Futures to innovations."""
        u = (self.state.standardise(y) - self.location) / self.scale
        return power(self.state.coefficients.correlation, -0.5) @ u

    def log_determinant(self) -> float:
        """Log |dy/dz|: subtract it from a log density of z to have one of y."""
        return float(np.sum(self.state.log_determinant(self.horizon)) + np.log(self.scale).sum())

    def affine(self) -> tuple[np.ndarray, np.ndarray]:
        """`y = mean + matrix z` with both flattened as [series * step], series first."""
        series = self.vector.shape[-2]
        size = series * self.horizon
        mean = self.color(np.zeros((1, series, self.horizon)))[0]
        units = np.eye(size).reshape(size, series, self.horizon)
        return mean.ravel(), (self.color(units) - mean).reshape(size, size).T

    @torch.inference_mode()
    def draw(self, paths: int, turns: int, rng: torch.Generator) -> np.ndarray:
        """Draw `paths` futures for each origin, [origin * path, series, step]."""
        origins, series = self.vector.shape[:2]
        noise = torch.randn(origins, paths, series, self.horizon, generator=rng)
        angles = even_angles(turns)
        if origins == 1:  # all rows share a context: told once, broadcast
            drawn = [last(angular(self.denoise, x, angles)) for x in noise[0].split(ROWS)]
            return self.color(torch.cat(drawn).double().numpy())
        rows = noise.flatten(0, 1)
        whole = replace(self, vector=self.vector.repeat_interleave(paths, 0))
        z = last(angular(whole.denoise, rows, angles)).double().numpy()
        z = z.reshape(origins, paths, series, self.horizon).swapaxes(0, 1)
        return self.color(z).swapaxes(0, 1).reshape(-1, series, self.horizon)


@torch.inference_mode()
def origin(network: Network, state: Filtered, horizon: int) -> Origin:
    """Encode a filtered history, [series, time] or [origin, series, time], once."""
    if not 1 <= horizon <= MAX_HORIZON:
        raise ValueError(f"one look reaches 1 to {MAX_HORIZON} steps, got {horizon}")
    shown = features(state)
    correlation = state.coefficients.correlation
    arrays = (shown.sequence, shown.numbers, correlation)
    sequence, numbers, matrix = (torch.from_numpy(np.asarray(a, np.float32)) for a in arrays)
    if sequence.ndim == 3:
        sequence, numbers = sequence[None], numbers[None]
    matrix = matrix.expand(len(sequence), -1, -1)
    context = network.encode(sequence, numbers, matrix, horizon)
    location, scale = context.location.double().numpy(), context.log_scale.double().exp().numpy()
    return Origin(state, network, context.vector, location, scale, horizon)
