"""An adversarial network for windows of time series, after TimeGAN, as a baseline.

Windows are embedded in a latent space and recovered from it; a supervisor learns there what comes
next; a generator turns noise into latent paths that the supervisor continues, and that a
discriminator cannot tell from embedded ones (Yoon, Jarrett and van der Schaar, 2019, "Time-series
generative adversarial networks", eqs. 7 to 9, with the moments of section 5 added to the
generator's loss). All five are one layer of gated recurrent units.
"""

from dataclasses import dataclass

import numpy as np

from econdiff.synth.panel import EntityPanel
from econdiff.synth.windowed import FittedWindows, Windows

HIDDEN = 24


@dataclass(frozen=True)
class GAN:
    """Settings: `steps` of each of three phases, `batch` windows each; `seed` as in `VAE`."""

    steps: int = 400
    batch: int = 64
    seed: int = 0

    def fit(self, panel: EntityPanel) -> FittedWindows:
        """Train on all windows of the panel."""
        import torch
        from torch.nn import functional as F

        windows = Windows.of(panel)
        x, rng = torch.from_numpy(windows.cells).float(), torch.Generator().manual_seed(self.seed)
        length, k = x.shape[1:]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            embed, recover = _recurrent(k, HIDDEN, True), _recurrent(HIDDEN, k, True)
            generate, supervise = _recurrent(k, HIDDEN, True), _recurrent(HIDDEN, HIDDEN, True)
            discriminate = _recurrent(HIDDEN, 1, False)

        def optimiser(*networks: torch.nn.Module) -> torch.optim.Optimizer:
            return torch.optim.Adam([p for n in networks for p in n.parameters()], lr=2e-3)

        def rows() -> torch.Tensor:
            return x[torch.randint(len(x), (self.batch,), generator=rng)]

        def noise() -> torch.Tensor:
            return torch.rand((self.batch, length, k), generator=rng)

        def step(update: torch.optim.Optimizer, loss: torch.Tensor) -> None:
            update.zero_grad()
            loss.backward()
            update.step()

        def ahead(latent: torch.Tensor) -> torch.Tensor:
            return F.mse_loss(supervise(latent)[:, :-1], latent[:, 1:])

        def told(latent: torch.Tensor, truth: float) -> torch.Tensor:
            verdict = discriminate(latent)
            return F.binary_cross_entropy_with_logits(verdict, torch.full_like(verdict, truth))

        first, second = optimiser(embed, recover), optimiser(supervise)
        for _ in range(self.steps):  # to embed and to recover
            real = rows()
            step(first, F.mse_loss(recover(embed(real)), real))
        for _ in range(self.steps):  # what comes next
            step(second, ahead(embed(rows()).detach()))
        third, fourth = optimiser(generate, supervise), optimiser(discriminate)
        for _ in range(self.steps):  # against each other
            for _ in range(2):
                latent = supervise(generate(noise()))
                made, real = recover(latent), rows()
                loss = told(latent, 1.0) + 10 * ahead(embed(real).detach()).sqrt()
                step(third, loss + 10 * _moments_apart(made, real))
                real = rows()
                latent = embed(real)
                step(first, 10 * F.mse_loss(recover(latent), real).sqrt() + 0.1 * ahead(latent))
            with torch.no_grad():
                true, false = embed(rows()), supervise(generate(noise()))
            loss = told(true, 1.0) + told(false, 0.0)
            if loss.item() > 0.3:  # a discriminator that is too good teaches nothing
                step(fourth, loss)

        def draw(count: int, rng: np.random.Generator) -> np.ndarray:
            source = torch.from_numpy(rng.random((count, length, k))).float()
            with torch.inference_mode():
                return recover(supervise(generate(source))).double().numpy()

        return FittedWindows(windows, draw, "GAN")


def _recurrent(width: int, out: int, bounded: bool):
    """Gated recurrent units and a linear layer, [row, time, width] to [row, time, out]."""
    from torch import Tensor, nn

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.units = nn.GRU(width, HIDDEN, batch_first=True)
            self.out = nn.Linear(HIDDEN, out)

        def forward(self, x: Tensor) -> Tensor:
            found = self.out(self.units(x)[0])
            return found.sigmoid() if bounded else found

    return Recurrent()


def _moments_apart(made, real):
    """Absolute gaps of means and deviations over the batch."""
    spread = (made.var(dim=0) + 1e-6).sqrt() - (real.var(dim=0) + 1e-6).sqrt()
    return spread.abs().mean() + (made.mean(dim=0) - real.mean(dim=0)).abs().mean()
