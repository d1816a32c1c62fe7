"""Diffusion in sixty lines: learn any law in a few seconds from draws of it.

    learned = learn(four_modes(), torch.Generator().manual_seed(0))
    x = torch.randn(1000, 2)
    samples = last(angular(learned, x, even_angles(8)))

The objective, samplers, likelihoods and guidance are those of the forecaster; only the
network is smaller. For lessons and tests.
"""

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from econdiff.diffusion.known_laws import Mixture
from econdiff.diffusion.objective import denoising_loss, stratified_angles
from econdiff.diffusion.sampler import randn_like
from econdiff.diffusion.views import Denoiser, denoiser


class Perceptron(nn.Module):
    """Noisy points [row, dim] at an angle (one, or one a row) to their velocity."""

    def __init__(self, dim: int, width: int = 96):
        super().__init__()
        leave = nn.Linear(width, dim)
        nn.init.zeros_(leave.weight)  # untrained, it is N(0, I)
        nn.init.zeros_(leave.bias)
        self.layers = nn.Sequential(
            nn.Linear(dim + 8, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            leave,
        )

    def forward(self, x: Tensor, angle: Tensor) -> Tensor:
        """The velocity at each row of `x`."""
        waves = angle.to(x).reshape(-1, 1) * torch.arange(1, 5, dtype=x.dtype, device=x.device)
        told = torch.cat([waves.sin(), waves.cos()], dim=1).expand(len(x), -1)
        return self.layers(torch.cat([x, told], dim=1))


def learn(law: Mixture, rng: torch.Generator, steps: int = 2000, rows: int = 512) -> Denoiser:
    """Train on draws of `law`, and give the denoiser of the averaged weights."""
    with torch.random.fork_rng(devices=[]):  # nn.Module draws its first weights globally
        torch.manual_seed(int(torch.randint(2**31, (), generator=rng)))
        network = Perceptron(law.means.shape[1])
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.995))
    optimiser = torch.optim.Adam(network.parameters(), lr=4e-3)
    pace = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        clean = law.draw(rows, rng).float()
        loss = denoising_loss(network, clean, randn_like(clean, rng), stratified_angles(rows, rng))
        optimiser.zero_grad()
        loss.mean().backward()
        optimiser.step()
        pace.step()
        average.update_parameters(network)
    return denoiser(average.module.requires_grad_(False))
