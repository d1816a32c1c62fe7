"""The literature's two scores, so that a reader can compare with its papers.

- discriminative: a recurrent classifier is trained to tell real windows from drawn ones; the score
  is |accuracy - 1/2| on windows that were left out;
- predictive: a recurrent network is trained on drawn windows to say the last series one step
  ahead from the others; the score is its mean absolute error on real windows.

Both as in Yoon, Jarrett and van der Schaar (2019, section 5 and supplement): one layer of gated
recurrent units, half as wide as there are series, Adam, 128 windows a step, a fifth left out.
Windows are in [0, 1]. Both reward copying: a copy has the best of either. Never read one without
the copy's row, nor from one repeat: repeats are trained side by side, each with weights, windows
and batches of its own, for little more than the time of one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # torch is imported only where a score is asked for
    import torch

BATCH = 128


def discriminative(
    real: np.ndarray,
    made: np.ndarray,
    rng: np.random.Generator,
    steps: int = 2000,
    repeats: int = 1,
) -> np.ndarray:
    """|accuracy - 1/2| of telling `made` from `real` windows [window, time, k], [repeat].

    0 is best.
    """
    import torch
    from torch.nn import functional as F

    sides = [_parted(x, repeats, rng) for x in (real, made)]
    k = real.shape[-1]
    network = Recurrent.new(repeats, k, max(1, k // 2), rng)

    def loss() -> torch.Tensor:
        shown = [_picked(x, rows, rng) for x, rows, _ in sides]
        logits = network(torch.cat(shown, dim=1))[:, :, -1]  # [repeat, window]
        answer = torch.zeros_like(logits)
        answer[:, : shown[0].shape[1]] = 1
        size = [logits.shape[1] / x.shape[1] for x in shown]  # each side counts the same
        weight = torch.where(answer == 1, size[0], size[1])
        found = F.binary_cross_entropy_with_logits(logits, answer, weight, reduction="none")
        return found.mean(dim=1).sum()

    network.train(loss, steps)
    with torch.inference_mode():
        real_said, made_said = (network(x[rows])[:, :, -1] for x, _, rows in sides)
        right = torch.cat([real_said > 0, made_said <= 0], dim=1)
    return np.abs(right.double().mean(dim=1).numpy() - 0.5)


def predictive(
    real: np.ndarray,
    made: np.ndarray,
    rng: np.random.Generator,
    steps: int = 5000,
    repeats: int = 1,
) -> np.ndarray:
    """Mean absolute error on `real` windows of networks trained on `made`, [repeat].

    Smaller is better.
    """
    import torch

    k = real.shape[-1]
    drawn, true = (torch.from_numpy(np.asarray(x)).float() for x in (made, real))
    network = Recurrent.new(repeats, max(k - 1, 1), max(1, k // 2), rng)
    every = np.broadcast_to(np.arange(len(drawn)), (repeats, len(drawn)))

    def miss(x: torch.Tensor) -> torch.Tensor:
        shown = x[:, :, :-1, :-1] if k > 1 else x[:, :, :-1]
        return (network(shown).sigmoid() - x[:, :, 1:, -1]).abs().mean(dim=(1, 2))

    network.train(lambda: miss(_picked(drawn, every, rng)).sum(), steps)
    with torch.inference_mode():
        return miss(true.expand(repeats, *true.shape)).double().numpy()


@dataclass(frozen=True, eq=False)
class Recurrent:
    """One layer of gated recurrent units and a line on top, a network a repeat.

    Parameters have the form and the order of `torch.nn.GRU` (gates r, z, n) and `torch.nn.Linear`,
    with the repeats in front.
    """

    inward: "torch.Tensor"  # [repeat, k, 3 * hidden]
    inward_bias: "torch.Tensor"  # [repeat, 1, 3 * hidden]
    again: "torch.Tensor"  # [repeat, hidden, 3 * hidden]
    again_bias: "torch.Tensor"  # [repeat, 1, 3 * hidden]
    out: "torch.Tensor"  # [repeat, hidden, 1]
    out_bias: "torch.Tensor"  # [repeat, 1, 1]

    @classmethod
    def new(cls, repeats: int, k: int, hidden: int, rng: np.random.Generator) -> "Recurrent":
        """Weights as torch draws them: uniform within one over the root of `hidden`."""
        import torch

        limit = hidden**-0.5
        shapes = [(k, 3 * hidden), (1, 3 * hidden), (hidden, 3 * hidden), (1, 3 * hidden)]
        shapes += [(hidden, 1), (1, 1)]
        drawn = [rng.uniform(-limit, limit, (repeats, *shape)) for shape in shapes]
        return cls(*(torch.from_numpy(x).float().requires_grad_() for x in drawn))

    def __call__(self, x: "torch.Tensor") -> "torch.Tensor":
        """Outputs [repeat, window, time] of `x` [repeat, window, time, k]."""
        import torch

        repeats, count, length, k = x.shape
        shown = torch.baddbmm(self.inward_bias, x.reshape(repeats, -1, k), self.inward)
        shown = shown.unflatten(1, (count, length))
        hidden = self.again.shape[1]
        h, states = x.new_zeros(repeats, count, hidden), []
        for t in range(length):
            gates = torch.baddbmm(self.again_bias, h, self.again)
            now = shown[:, :, t]
            rz = torch.sigmoid(now[..., : 2 * hidden] + gates[..., : 2 * hidden])
            r, z = rz[..., :hidden], rz[..., hidden:]
            new = torch.tanh(now[..., 2 * hidden :] + r * gates[..., 2 * hidden :])
            h = new + z * (h - new)
            states.append(h)
        rows = torch.stack(states, dim=2).flatten(1, 2)
        return torch.baddbmm(self.out_bias, rows, self.out)[..., 0].unflatten(1, (count, length))

    def train(self, loss, steps: int) -> None:
        """Adam at its own settings; the repeats do not see each other."""
        import torch

        weights = (self.inward, self.inward_bias, self.again, self.again_bias)
        optimiser = torch.optim.Adam([*weights, self.out, self.out_bias])
        for _ in range(steps):
            optimiser.zero_grad()
            loss().backward()
            optimiser.step()


def _parted(x: np.ndarray, repeats: int, rng: np.random.Generator):
    """Windows, and the rows of each repeat to train on and, a fifth, to test on."""
    import torch

    order = rng.permuted(np.tile(np.arange(len(x)), (repeats, 1)), axis=1)
    cut = int(0.8 * len(x))
    return torch.from_numpy(np.asarray(x)).float(), order[:, :cut], order[:, cut:]


def _picked(x: "torch.Tensor", rows: np.ndarray, rng: np.random.Generator) -> "torch.Tensor":
    """A batch of `rows` [repeat, row] of `x`, [repeat, window, time, k]."""
    places = rng.integers(rows.shape[1], size=(len(rows), min(BATCH, rows.shape[1])))
    return x[np.take_along_axis(rows, places, axis=1)]
