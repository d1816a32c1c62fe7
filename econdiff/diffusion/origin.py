"""Standing at an origin: what it takes to draw futures, to weigh them and to condition them.

Everything beyond plain sampling (densities, guidance, scenarios) begins here: the denoiser as
it is at one origin, and the affine map between its innovations `z` and the futures `y`. The
network may run on another device; its answers come back to where they were asked for.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from econdiff.anchor import Filtered, accumulate, autoregress, power
from econdiff.diffusion.classifier_free import lean
from econdiff.diffusion.features import features
from econdiff.diffusion.guidance import Pins, Prior, exactly, pinned, temperature
from econdiff.diffusion.network import LAGS, MAX_HORIZON, Network
from econdiff.diffusion.sampler import angular, last
from econdiff.diffusion.schedule import even_angles
from econdiff.diffusion.views import Velocity, denoiser

ROWS = 128  # paths drawn at a time, so that what the network holds stays in the CPU's cache
ROWS_ELSEWHERE = 1024  # on other devices, which have no such cache to keep


@dataclass(frozen=True, eq=False)
class Origin:
    """The model at an origin (or at one origin a row): what it takes to draw and to weigh futures.

    Innovations `z` are [row, series, step], futures `y` likewise; `y = color(z)` is affine.
    `spread` and `strength` are those of `Diffusion`; at 1 the law is the one that was learned.
    """

    state: Filtered
    network: Network
    vector: Tensor  # [origin, series, channel]
    lags: np.ndarray  # [origin, series, 1 + lag], the first of each 0
    location: np.ndarray  # [origin, series, step]
    scale: np.ndarray  # [origin, series, step]
    horizon: int
    spread: float = 1.0
    strength: float = 1.0

    def velocity(self, x: Tensor, angle: Tensor) -> Tensor:
        """The network's v at the noisy innovations `x` [row, series, step]."""
        told = self._hearing(self.vector)
        if self.strength == 1:
            return told(x, angle)
        untold = self._hearing(untold_vector(self.network).expand_as(self.vector))
        return lean(told, untold, self.strength)(x, angle)

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
        mixed = power(self.state.coefficients.correlation, 0.5) @ z
        shocks = self.location + self.scale * mixed
        return self.state.restore(accumulate(self.lags, self.state.recent(LAGS), shocks))

    def whiten(self, y: np.ndarray) -> np.ndarray:
        """Futures to innovations."""
        shocks = autoregress(self.lags, self.state.recent(LAGS), self.state.standardise(y))
        u = (shocks - self.location) / self.scale
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

    def pins(self, cells: np.ndarray) -> Pins:
        """What is known of the future, `cells` [series, step] with NaN where free, said of z."""
        mean, matrix = self.affine()
        known = np.isfinite(cells.ravel())
        value = cells.ravel()[known] - mean[known]
        return exactly(torch.from_numpy(matrix[known]), torch.from_numpy(value))

    def prior(self) -> Prior:
        """What guidance takes for the law of z: the anchor's, as wide as `spread` makes it."""
        size = self.vector.shape[-2] * self.horizon
        return Prior(self.spread**2 * torch.eye(size, dtype=torch.float64))

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
    """Encode a filtered history, [series, time] or [origin, series, time], once."""
    if not 1 <= horizon <= MAX_HORIZON:
        raise ValueError(f"one look reaches 1 to {MAX_HORIZON} steps, got {horizon}")
    if strength != 1:
        untold_vector(network)  # before any work
    shown = features(state)
    correlation = state.coefficients.correlation
    arrays = (shown.sequence, shown.numbers, correlation)
    device = next(network.parameters()).device
    sequence, numbers, matrix = (
        torch.from_numpy(np.asarray(a, np.float32)).to(device) for a in arrays
    )
    if sequence.ndim == 3:
        sequence, numbers = sequence[None], numbers[None]
    matrix = matrix.expand(len(sequence), -1, -1)
    context = network.encode(sequence, numbers, matrix, horizon)
    location, log_scale, lags = (
        a.cpu().double().numpy() for a in (context.location, context.log_scale, context.lags)
    )
    if not recentre:
        location, lags = np.zeros_like(location), np.zeros_like(lags)
    lags = np.concatenate([np.zeros_like(lags[..., :1]), lags], axis=-1)
    scale = np.exp(log_scale)
    return Origin(state, network, context.vector, lags, location, scale, horizon, spread, strength)


def untold_vector(network: Network) -> Tensor:
    """What the network hears in the place of a history that it is not told, [channel]."""
    untold = getattr(network, "untold", None)
    if not isinstance(untold, Tensor):
        raise ValueError(
            "these weights were trained with the history always told, so there is nothing to lean "
            "away from; leave strength at 1"
        )
    return untold
