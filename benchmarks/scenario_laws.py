"""Known laws to stand at, as `scenario_golden` and `scenario_worlds` condition them."""

from dataclasses import dataclass, field

import numpy as np
import torch

from econdiff.diffusion.known_laws import Mixture
from econdiff.scenario.gaussian import Gaussian
from econdiff.scenario.pins import Pins


@dataclass(frozen=True)
class Place:
    """A place to stand at whose law is known: y = mean + root z, z from `law`."""

    law: Mixture
    mean: np.ndarray  # [series, step]
    root: np.ndarray  # [cell, cell], cells [series, step]
    vector: torch.Tensor = field(repr=False)
    spread: float = 1.0

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return self.mean.shape[1]

    def denoise(self, x: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
        """The exact denoiser."""
        flat = self.law.denoise(x.double().flatten(1), angle)
        return flat.reshape(x.shape).to(x.dtype)

    def color(self, z: np.ndarray) -> np.ndarray:
        """Innovations to futures."""
        return self.mean + (z.reshape(len(z), -1) @ self.root.T).reshape(z.shape)

    def affine(self) -> tuple[np.ndarray, np.ndarray]:
        """`y = mean + matrix z`."""
        return self.mean.ravel(), self.root


def place(law: Mixture, series: int, steps: int, anchor: Gaussian | None = None) -> Place:
    """Stand where futures [step, series] have `law`; the anchor is its best Gaussian."""
    order = np.arange(steps * series).reshape(steps, series).T.ravel()  # to series first
    anchor = anchor or Gaussian(law.mean().numpy(), law.covariance().numpy())
    mean, covariance = anchor.mean[order], anchor.covariance[np.ix_(order, order)]
    root = np.linalg.cholesky(covariance)
    back = torch.from_numpy(np.linalg.inv(root))
    white = Mixture(
        law.weights,
        (law.means[:, order] - torch.from_numpy(mean)) @ back.T,
        back @ law.covariances[:, order][:, :, order] @ back.T,
    )
    return Place(white, mean.reshape(series, steps), root, torch.zeros(1, series, 1))


def pins_at(cells: np.ndarray, values: np.ndarray, size: int) -> Pins:
    names = tuple(str(c) for c in cells)
    no = np.zeros(len(cells), bool)
    return Pins(names, names, names, np.eye(size)[cells], values, np.zeros(len(cells)), no, no)


def none(size: int) -> Pins:
    return pins_at(np.zeros(0, int), np.zeros(0), size)
