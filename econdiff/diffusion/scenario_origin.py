"""Standing at an origin with a scenario: pins and draws between futures and innovations.

`ScenarioOrigin` turns pins on the future into pins on the innovations that the denoiser knows,
draws with or without them, and turns innovations back into futures. Cells are [step, series], step
first, as in `econdiff.scenario`; innovations are [path, series, step], as in `origin`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from econdiff.diffusion.guidance import SignalCovariance, SignalPins, pinned, white
from econdiff.diffusion.origin import ROWS, Origin
from econdiff.diffusion.sampler import angular, last
from econdiff.diffusion.schedule import even_angles
from econdiff.scenario.gaussian import Gaussian
from econdiff.scenario.pins import Pins
from econdiff.scenario.statement import Mode


@dataclass(frozen=True, eq=False)
class ScenarioOrigin:
    """The model at an origin; `turns` are the steps of the sampler."""

    at: Origin
    turns: int

    def gaussian(self) -> Gaussian:
        """The anchor's law, with the lags and the scale that the network gives this origin.

        As wide as `spread` makes it.
        """
        mean, matrix = self.affine()
        return Gaussian(mean, self.at.spread**2 * (matrix @ matrix.T))

    def prior(self, z: Tensor) -> SignalCovariance:
        """The law of innovations that guidance assumes, where `z` [path, series, step] are draws.

        As wide as `spread` makes it, and white, unless the draws say otherwise.
        """
        shape = fitting_prior(z.flatten(1).double() / self.at.spread)
        return SignalCovariance(self.at.spread**2 * shape.covariance)

    def plain(
        self, x: Tensor, pins: SignalPins | None = None, prior: SignalCovariance | None = None
    ) -> Tensor:
        """The sampler's signals from the noise `x` [path, series, step]."""
        angles, out = even_angles(self.turns), []
        for rows in torch.arange(len(x)).split(ROWS):
            denoise = self.at.denoise
            if pins is not None:
                value = pins.value if pins.value.ndim == 1 else pins.value[rows]
                denoise = pinned(denoise, SignalPins(pins.matrix, value, pins.variance), prior)
            with torch.inference_mode():
                out.append(last(angular(denoise, x[rows], angles)))
        return torch.cat(out)

    def in_blocks(self, x: Tensor, angle: Tensor) -> Tensor:
        """The denoiser, a few rows at a time."""
        return torch.cat([self.at.denoise(rows, angle) for rows in x.split(ROWS)])

    def centre(self, prior: SignalCovariance, pins: SignalPins) -> np.ndarray:
        """The mean of the future [cell] were its innovations Gaussian, as `prior`, and pinned."""
        seen = pins.matrix.double() @ prior.covariance.double()
        total = seen @ pins.matrix.double().mT + pins.variance.double()
        z = torch.linalg.solve(total, pins.value.double()) @ seen
        return self.futures(z.reshape(1, *self.shape))[0]

    def signal_pins(self, pins: Pins, values: np.ndarray, mode: Mode) -> SignalPins:
        """The pins as they are on the innovations."""
        mean, matrix = self.affine()
        seen = pins.matrix @ matrix  # [pin, cell], cells step first
        order = np.arange(len(mean)).reshape(self.at.horizon, -1).T.ravel()
        variance = np.diag(pins.sd**2) if mode == "soft" else np.zeros((len(pins), len(pins)))
        value = values - pins.matrix @ mean
        return SignalPins(
            torch.from_numpy(seen[:, order]),
            torch.from_numpy(value[0] if len(value) == 1 else value),
            torch.from_numpy(variance),
        )

    def meet(self, draws: np.ndarray, pins: Pins, values: np.ndarray, mode: Mode) -> np.ndarray:
        """Remove the rounding of single precision from exact pins."""
        exact = np.ones(len(pins), bool) if mode != "soft" else pins.sd == 0
        if not exact.any():
            return draws
        told = pins.keep(exact)
        gain = self.gaussian().gain(told)
        return draws + (values[:, exact] - draws @ told.matrix.T) @ gain.T

    def futures(self, z: Tensor) -> np.ndarray:
        """Innovations [path, series, step] as futures [path, cell]."""
        future = self.at.color(z.double().numpy())
        return future.swapaxes(1, 2).reshape(len(z), -1)

    def series_first(self, z: Tensor) -> Tensor:
        """Innovations [path, cell], step first, as [path, series, step]."""
        return z.reshape(len(z), self.at.horizon, -1).mT.contiguous()

    def affine(self) -> tuple[np.ndarray, np.ndarray]:
        """`y = mean + matrix z`, both flattened [step, series], step first."""
        mean, matrix = self.at.affine()
        order = np.arange(len(mean)).reshape(-1, self.at.horizon).T.ravel()
        return mean[order], matrix[np.ix_(order, order)]

    @property
    def shape(self) -> tuple[int, int]:
        """Series and steps."""
        return self.at.vector.shape[-2], self.at.horizon


def fitting_prior(z: Tensor) -> SignalCovariance:
    """The covariance that guidance assumes: white, unless draws `z` [path, dim] say otherwise.

    They do when the likelihood-ratio test of the identity (Anderson, 2003, *Introduction to
    Multivariate Statistical Analysis*, 10.8, with Bartlett's factor) rejects at one in a
    thousand; then it is their covariance, drawn a little towards the identity.
    """
    from scipy.stats import chi2

    paths, dim = z.shape
    if paths <= 4 * dim:
        return white(dim)
    seen = z.T.cov()
    ratio = paths * float(torch.trace(seen) - torch.logdet(seen) - dim)
    ratio *= 1 - (2 * dim + 1 - 2 / (dim + 1)) / (6 * paths)
    if ratio < chi2.ppf(0.999, dim * (dim + 1) / 2):
        return white(dim)
    weight = paths / (paths + dim)
    return SignalCovariance(weight * seen + (1 - weight) * torch.eye(dim, dtype=seen.dtype))
