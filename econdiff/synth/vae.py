"""A variational autoencoder for windows of time series, after TimeVAE, as a baseline.

    max E_q[ log p(x | z) ] - KL(q(z | x) || N(0, I)),    q(z | x) = N(m(x), s(x)^2)

(Kingma and Welling, 2014, eq. 3.) Convolutions encode; a trend (a polynomial of time) and
transposed convolutions decode (Desai, Freeman, Wang and Beaver, 2021, "TimeVAE: a variational
auto-encoder for multivariate time series generation", section 3). Drawn windows have the noise
that the decoder leaves, or they would be smoother than data.
"""

from dataclasses import dataclass

import numpy as np

from econdiff.synth.panel import EntityPanel
from econdiff.synth.windowed import FittedWindows, Windows

LATENT, CHANNELS, DEGREE = 8, 32, 2


@dataclass(frozen=True)
class VAE:
    """Settings: training `steps` of `batch` windows; `seed` of the weights and the batches."""

    steps: int = 1500
    batch: int = 64
    seed: int = 0

    def fit(self, panel: EntityPanel) -> FittedWindows:
        """Train on all windows of the panel."""
        import torch

        windows = Windows.of(panel)
        rng = torch.Generator().manual_seed(self.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            encoder, decoder, trend = _networks(*windows.cells.shape[1:])
        parameters = [*encoder.parameters(), *decoder.parameters(), *trend.parameters()]
        optimiser = torch.optim.Adam(parameters, lr=2e-3)
        x = torch.from_numpy(windows.cells).float()
        time = torch.linspace(0, 1, x.shape[1])[:, None] ** torch.arange(DEGREE + 1)

        def decoded(z: torch.Tensor) -> torch.Tensor:
            smooth = trend(z).unflatten(-1, (DEGREE + 1, x.shape[2]))
            return time @ smooth + decoder(z)[..., : x.shape[1]].transpose(1, 2)

        kept = 1.0  # mean square of what is left, lately
        for _ in range(self.steps):
            rows = x[torch.randint(len(x), (self.batch,), generator=rng)]
            mean, log_scale = encoder(rows.transpose(1, 2)).chunk(2, dim=-1)
            z = mean + log_scale.exp() * torch.randn(mean.shape, generator=rng)
            square = ((rows - decoded(z)) ** 2).mean()
            error = rows[0].numel() * square.log() / 2
            kept = 0.95 * kept + 0.05 * square.item()
            divergence = ((2 * log_scale).exp() + mean**2 - 1 - 2 * log_scale).sum(dim=1) / 2
            optimiser.zero_grad()
            (error + divergence.mean()).backward()
            optimiser.step()

        def draw(count: int, rng: np.random.Generator) -> np.ndarray:
            z = torch.from_numpy(rng.standard_normal((count, LATENT))).float()
            with torch.inference_mode():
                made = decoded(z).double().numpy()
            return made + np.sqrt(kept) * rng.standard_normal(made.shape)

        return FittedWindows(windows, draw, "VAE")


def _networks(length: int, k: int):
    """Encoder of windows [row, k, time] to moments; decoder and trend of a latent [row, LATENT]."""
    from torch import nn

    shorter = -(-length // 4)
    encoder = nn.Sequential(
        nn.Conv1d(k, CHANNELS, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv1d(CHANNELS, CHANNELS, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.LazyLinear(2 * LATENT),
    )
    decoder = nn.Sequential(
        nn.Linear(LATENT, CHANNELS * shorter),
        nn.ReLU(),
        nn.Unflatten(-1, (CHANNELS, shorter)),
        nn.ConvTranspose1d(CHANNELS, CHANNELS, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.ConvTranspose1d(CHANNELS, k, 4, stride=2, padding=1),
    )
    import torch

    encoder(torch.zeros(1, k, length))  # gives the lazy layer its size
    return encoder, decoder, nn.Linear(LATENT, (DEGREE + 1) * k)
