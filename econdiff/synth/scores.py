"""The literature's two scores, so that a reader can compare with its papers.

- discriminative: a recurrent classifier is trained to tell real windows from drawn ones; the score
  is |accuracy - 1/2| on windows that were left out;
- predictive: a recurrent network is trained on drawn windows to say the last series one step
  ahead from the others; the score is its mean absolute error on real windows.

Both as in Yoon, Jarrett and van der Schaar (2019, section 5 and supplement): one layer of gated
recurrent units, half as wide as there are series, Adam, 128 windows a step, a fifth left out.
Windows are in [0, 1]. Both reward copying: a copy has the best of either. Never read one without
the copy's row, nor from one repeat.
"""

from collections.abc import Callable

import numpy as np

BATCH = 128


def discriminative(
    real: np.ndarray, made: np.ndarray, rng: np.random.Generator, steps: int = 2000
) -> float:
    """|accuracy - 1/2| of telling `made` from `real` windows [window, time, k]; 0 is best."""
    import torch
    from torch.nn import functional as F

    windows = [_split(x, rng) for x in (real, made)]
    network = _network(real.shape[-1], max(1, real.shape[-1] // 2), 1, int(rng.integers(2**31)))

    def loss(pick: Callable[[int], np.ndarray]) -> torch.Tensor:
        logits = [_last(network, x[pick(len(x))]) for x, _ in windows]
        true, false = torch.ones_like(logits[0]), torch.zeros_like(logits[1])
        found = F.binary_cross_entropy_with_logits(logits[0], true)
        return found + F.binary_cross_entropy_with_logits(logits[1], false)

    _train(network, loss, rng, steps)
    with torch.inference_mode():
        right = [_last(network, windows[0][1]) > 0, _last(network, windows[1][1]) <= 0]
    return float(abs(torch.cat(right).float().mean() - 0.5))


def predictive(
    real: np.ndarray, made: np.ndarray, rng: np.random.Generator, steps: int = 5000
) -> float:
    """Mean absolute error on `real` windows of a network trained on `made`; smaller is better."""
    import torch

    k = real.shape[-1]
    drawn, true = (torch.from_numpy(np.asarray(x)).float() for x in (made, real))
    network = _network(max(k - 1, 1), max(1, k // 2), 1, int(rng.integers(2**31)))

    def said(x: torch.Tensor) -> torch.Tensor:
        shown = x[:, :-1, :-1] if k > 1 else x[:, :-1]
        return network(shown)[..., 0].sigmoid()

    def loss(pick: Callable[[int], np.ndarray]) -> torch.Tensor:
        x = drawn[pick(len(drawn))]
        return (said(x) - x[:, 1:, -1]).abs().mean()

    _train(network, loss, rng, steps)
    with torch.inference_mode():
        return float((said(true) - true[:, 1:, -1]).abs().mean())


def _split(x: np.ndarray, rng: np.random.Generator):
    """Windows to train on, and a fifth to test on."""
    import torch

    order = torch.from_numpy(np.asarray(x)[rng.permutation(len(x))]).float()
    cut = int(0.8 * len(order))
    return order[:cut], order[cut:]


def _network(width: int, hidden: int, out: int, seed: int):
    import torch
    from torch import Tensor, nn

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.units = nn.GRU(width, hidden, batch_first=True)
            self.out = nn.Linear(hidden, out)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.units(x)[0])

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Recurrent()


def _last(network, x):
    """The network's last output of each window, [window]."""
    return network.out(network.units(x)[1][-1])[:, 0]


def _train(network, loss, rng: np.random.Generator, steps: int) -> None:
    import torch

    optimiser = torch.optim.Adam(network.parameters())
    for _ in range(steps):
        optimiser.zero_grad()
        loss(lambda count: rng.integers(count, size=min(BATCH, count))).backward()
        optimiser.step()
