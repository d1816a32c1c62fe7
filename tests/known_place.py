"""A place to stand whose law is known, for tests of what scenarios make of a law."""

from dataclasses import dataclass, field

import numpy as np
import torch

from econdiff.diffusion.known_laws import Mixture


@dataclass(frozen=True)
class Known:
    """Futures are the innovations themselves."""

    law: Mixture
    horizon: int = 2
    spread: float = 1.0
    vector: torch.Tensor = field(default_factory=lambda: torch.zeros(1, 1, 1))

    def denoise(self, x, angle):
        return self.law.denoise(x.double().flatten(1), angle).reshape(x.shape).to(x.dtype)

    def color(self, z):
        return z

    def affine(self):
        return np.zeros(2), np.eye(2)


def two_regimes():
    """Calm with a positive second step, or a crash: the first step tells them apart."""
    means = torch.tensor([[0.4, 0.5], [-1.2, -1.5]], dtype=torch.float64)
    spread = torch.tensor([[[0.5, 0.2], [0.2, 0.4]], [[0.9, 0.3], [0.3, 1.0]]]).double()
    return Mixture(torch.tensor([0.75, 0.25], dtype=torch.float64), means, spread)
