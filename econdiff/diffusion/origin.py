"""Standing at an origin: what it takes to draw futures, to weigh them and to condition them.

Everything beyond plain sampling (densities, guidance, scenarios) begins here: the denoiser as
it is at one origin, and the affine map between its innovations `z` and the futures `y`. The
network may run on another device; its answers come back to where they were asked for.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from econdiff.anchor import Filtered
from econdiff.anchor.correlation import correlate, decorrelate
from econdiff.anchor.recursion import lagged
from econdiff.diffusion.features import features
from econdiff.diffusion.guidance import (
    SignalCovariance,
    SignalPins,
    classifier_free,
    exactly,
    pinned,
    temperature,
)
from econdiff.diffusion.network import LAGS, MAX_HORIZON, Network
from econdiff.diffusion.sampler import angular, last
from econdiff.diffusion.schedule import even_angles
from econdiff.diffusion.views import Velocity, denoiser

ROWS = 128  # paths drawn at a time, so that what the network holds stays in the CPU's cache
ROWS_ELSEWHERE = 1024  # on other devices, which have no such cache to keep


@dataclass(frozen=True, eq=False)
class Origin:
    """The model at an origin (or at one origin a row): what it takes to draw and to weigh futures.

    The anchor where it stands, and what the network said once it had seen it. Innovations `z` are
    [row, series, step], futures `y` likewise; `y = color(z)` is affine. `spread` and `strength` are
    those of `Diffusion`; at 1 the law is the one that was learned.
    """

    state: Filtered
    lags: np.ndarray  # [origin, series, lag], autoregression of the anchor's innovations
    scale: np.ndarray  # [origin, series, step]
    network: Network
    vector: Tensor  # [origin, series, channel], what the network heard
    horizon: int
    spread: float = 1.0
    strength: float = 1.0

    def __repr__(self) -> str:
        return f"Origin of {self.vector.shape[1]} series, {self.horizon} steps ahead"

    def velocity(self, x: Tensor, angle: Tensor) -> Tensor:
        """The network's v at the noisy innovations `x` [row, series, step]."""
        told = self._hearing(self.vector)
        if self.strength == 1:
            return told(x, angle)
        untold = self._hearing(self.network.untold.expand_as(self.vector))
        return classifier_free(told, untold, self.strength)(x, angle)

    def denoise(self, x: Tensor, angle: Tensor) -> Tensor:
        """E[clean | x]: the seam that samplers, likelihood and guidance see."""
        learned = denoiser(self.velocity)
        wanted = learned if self.spread == 1 else temperature(learned, self.spread)
        return wanted(x, angle)

    def _hearing(self, vector: Tensor) -> Velocity:
        """The network told `vector`; it sees single precision, on its own device."""

        def velocity(x: Tensor, angle: Tensor) -> Tensor:
            noisy, level = x.float().to(vector.device), torch.atleast_1d(angle).float()
            return self.network(noisy, level.to(vector.device), vector).to(x)

        return velocity

    def color(self, z: np.ndarray) -> np.ndarray:
        """Innovations to futures."""
        shocks = self.scale[..., : z.shape[-1]] * correlate(z, self.state.coefficients.correlation)
        past = np.broadcast_to(self.state.recent(LAGS), (*shocks.shape[:-1], LAGS))
        u = np.concatenate([past, shocks], axis=-1)
        for t in range(LAGS, u.shape[-1]):
            u[..., t] += (self.lags * u[..., t - LAGS : t][..., ::-1]).sum(-1)
        return self.state.restore(u[..., LAGS:])

    def whiten(self, y: np.ndarray) -> np.ndarray:
        """Futures to innovations; undoes `color`."""
        steps = y.shape[-1]
        u = self.state.standardise(y)
        past = np.broadcast_to(self.state.recent(LAGS), (*u.shape[:-1], LAGS))
        before = lagged(np.concatenate([past, u], axis=-1), LAGS)[..., 1:]
        owed = (before @ self.lags[..., None])[..., 0]
        shocks = (u - owed) / self.scale[..., :steps]
        return decorrelate(shocks, self.state.coefficients.correlation)

    def log_determinant(self) -> np.ndarray:
        """Log |dy/dz| of each origin [origin]: subtract it from a log density of z."""
        return self.state.log_determinant(self.horizon) + np.log(self.scale).sum(axis=(-2, -1))

    def affine(self) -> tuple[np.ndarray, np.ndarray]:
        """`y = mean + matrix z` with both flattened as [series * step], series first."""
        series = self.vector.shape[-2]
        size = series * self.horizon
        mean = self.color(np.zeros((1, series, self.horizon)))[0]
        units = np.eye(size).reshape(size, series, self.horizon)
        return mean.ravel(), (self.color(units) - mean).reshape(size, size).T

    def pins(self, cells: np.ndarray) -> SignalPins:
        """What is known of the future, `cells` [series, step] with NaN where free, said of z."""
        mean, matrix = self.affine()
        known = np.isfinite(cells.ravel())
        value = cells.ravel()[known] - mean[known]
        return exactly(torch.from_numpy(matrix[known]), torch.from_numpy(value))

    def prior(self) -> SignalCovariance:
        """What guidance takes for the law of z: the anchor's, as wide as `spread` makes it."""
        size = self.vector.shape[-2] * self.horizon
        return SignalCovariance(self.spread**2 * torch.eye(size, dtype=torch.float64))

    def draw(
        self, paths: int, turns: int, rng: torch.Generator, pins: np.ndarray | None = None
    ) -> np.ndarray:
        """Draw `paths` futures for each origin, [origin * path, series, step].

        Cells given in `pins` [series, step] hold (at a single origin); NaN leaves a cell free.
        """
        origins, series = self.vector.shape[:2]
        noise = torch.randn(origins * paths, series, self.horizon, generator=rng)
        angles = even_angles(turns)
        told = None if pins is None else (self.pins(pins), self.prior())
        at_once = ROWS if self.vector.device.type == "cpu" else ROWS_ELSEWHERE
        z = []
        with torch.inference_mode():
            for rows in torch.arange(len(noise)).split(at_once):
                here = self if origins == 1 else replace(self, vector=self.vector[rows // paths])
                denoise = here.denoise if told is None else pinned(here.denoise, *told)
                z.append(last(angular(denoise, noise[rows], angles)))
        shaped = torch.cat(z).double().numpy().reshape(origins, paths, series, self.horizon)
        futures = self.color(shaped.swapaxes(0, 1))  # [path, origin, series, step]
        futures = futures.swapaxes(0, 1).reshape(-1, series, self.horizon)
        return futures if pins is None else np.where(np.isfinite(pins), pins, futures)


@torch.no_grad()  # not inference_mode: likelihoods differentiate through the context
def origin(
    network: Network,
    state: Filtered,
    horizon: int,
    *,
    spread: float = 1.0,
    strength: float = 1.0,
    recentre: bool = True,
) -> Origin:
    """Encode histories once, one [series, time] or several [origin, series, time]."""
    if not 1 <= horizon <= MAX_HORIZON:
        raise ValueError(f"one look reaches 1 to {MAX_HORIZON} steps, got {horizon}")
    shown = features(state)
    device = next(network.parameters()).device
    one = shown.sequence.ndim == 3
    arrays = (shown.sequence, shown.numbers, shown.pairs, shown.still)
    sequence, numbers, pairs, still = (
        torch.from_numpy(a[None] if one else a).to(device) for a in arrays
    )
    context = network.encode(sequence, numbers, pairs, still, horizon)
    found = (context.lags, context.log_scale.exp())
    lags, scale = (part.cpu().double().numpy() for part in found)
    if not recentre:
        lags = np.zeros_like(lags)
    return Origin(state, lags, scale, network, context.vector, horizon, spread, strength)
