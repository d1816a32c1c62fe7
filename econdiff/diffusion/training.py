"""Training: gradient descent on the two losses, and learning from one panel.

Pretraining fits the whole network to millions of histories. One panel has a few hundred, which
overlap, and the encoder and the re-centring would soon know them by heart; so there only the
denoiser learns, that is the law of the innovations, and those two stay as they were.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from econdiff.anchor import Anchor
from econdiff.arguments import check_count
from econdiff.diffusion.device import halved
from econdiff.diffusion.examples import Examples, examples_at
from econdiff.diffusion.losses import Losses, immse_bound, losses
from econdiff.diffusion.network import MAX_HORIZON, Network

CPU = torch.device("cpu")
MINIMUM_ROWS = 24


class Average:
    """Exponential moving average of the weights, warmed up; what is shipped and sampled from."""

    def __init__(self, network: Network, keep: float = 0.9995):
        self.network = copy.deepcopy(network).requires_grad_(False)
        self.keep = keep

    @torch.no_grad()
    def update(self, network: Network, step: int) -> None:
        """Move towards `network`, after `step` steps."""
        keep = min(self.keep, (1 + step) / (10 + step))
        pairs = zip(self.network.parameters(), network.parameters(), strict=True)
        for mean, new in pairs:
            mean.lerp_(new, 1 - keep)


@dataclass(frozen=True)
class LearningRate:
    """How long and how fast: warm-up, a level stretch, and a decline to zero.

    The level stretch can be made longer later from a checkpoint taken at its end.
    """

    steps: int
    rate: float = 2e-3
    warmup: int = 300
    decline: float = 0.25  # share of the steps

    def rate_at(self, step: int) -> float:
        """Learning rate of a step counted from 0."""
        left = (self.steps - step) / max(1.0, self.decline * self.steps)
        return self.rate * min(1.0, (step + 1) / self.warmup, left)


def step(
    network: Network,
    optimiser: torch.optim.Optimizer,
    batch: Examples,
    rate: float,
    rng: torch.Generator,
    draws: int = 4,
    fast: bool = True,
) -> Losses:
    """One step of gradient descent; `fast` multiplies in bfloat16, where the device can."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    device = batch.sequence.device
    with torch.autocast(device.type, torch.bfloat16, enabled=fast and halved(device)):
        found = losses(network, batch, draws, rng)
    optimiser.zero_grad(set_to_none=True)
    (found.denoise + found.recentre).backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return Losses(found.denoise.detach(), found.anchor, found.recentre.detach())


@dataclass(frozen=True)
class Training:
    """Learning from one panel: from nothing, or going on from weights.

    What learns is the denoiser, the law of the innovations; what a history says of their lags and
    scale is left as it was. The last `held_out` share of the origins is kept apart, as one block in
    time; the weights with the best bound on the likelihood of its futures are kept, and if none
    beats those at the start, those at the start. `steps` of `origins` each, checked every `check`
    steps and after the last, until `patience` checks bring nothing better. `horizon` is how far
    training looks.
    """

    steps: int = 400
    rate: float = 1e-3
    origins: int = 32
    draws: int = 2
    horizon: int = 8
    held_out: float = 0.2
    check: int = 50
    patience: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        check_count("steps", self.steps, 0)
        for name in ("origins", "draws", "horizon", "check", "patience"):
            check_count(name, getattr(self, name))
        if not 0 <= self.rate < np.inf:
            raise ValueError(f"rate must be 0 or more and finite, got {self.rate}")
        if self.horizon > MAX_HORIZON:
            raise ValueError(f"training looks 1 to {MAX_HORIZON} steps ahead, got {self.horizon}")
        if not 0 < self.held_out < 1:
            raise ValueError(f"held_out is a share between 0 and 1, got {self.held_out}")


@dataclass(frozen=True)
class Progress:
    """Where training stands: the best network so far, and the step that it is of (0: the start).

    `bound` of this step, `best` and `start` are held-out nats per cell, less is better.
    """

    network: Network
    step: int
    bound: float
    kept: int
    best: float
    start: float

    def __str__(self) -> str:
        """Whether anything was learned, in words."""
        if self.kept == 0:
            return f"no step beat the start (held out, nats a cell: {self.start:.4f})"
        return (
            f"step {self.kept} is kept (held out, nats a cell: {self.start:.4f} at the start, "
            f"{self.best:.4f} now)"
        )


def train(
    network: Network,
    y: np.ndarray,
    anchor: Anchor,
    training: Training,
    device: torch.device = CPU,
) -> Iterator[Progress]:
    """Train on a panel `y` [series, time]; the last value holds the network to keep, on `device`.

    Every origin's history ends at the origin: the anchor is estimated anew for each.
    """
    fitting, held = (part.to(device) for part in _split(y, anchor, training))
    network = copy.deepcopy(network).to(device)
    best = copy.deepcopy(network).requires_grad_(False)
    start = least = immse_bound(best, held, training.seed)
    yield Progress(best, 0, start, 0, start, start)
    network.requires_grad_(False).train().denoiser.requires_grad_(True)
    average = Average(network, keep=0.98)
    optimiser = torch.optim.AdamW(
        network.denoiser.parameters(), lr=training.rate, weight_decay=1e-2
    )
    rng = torch.Generator().manual_seed(training.seed)
    schedule = LearningRate(training.steps, training.rate, warmup=50)
    kept = stale = 0
    for k in range(training.steps):
        rows = torch.randint(len(fitting), (training.origins,), generator=rng)
        batch = fitting.take(rows, training.horizon)
        step(network, optimiser, batch, schedule.rate_at(k), rng, training.draws, fast=False)
        average.update(network, k)
        if (k + 1) % training.check == 0 or k + 1 == training.steps:
            now = immse_bound(average.network, held, training.seed)
            stale = 0 if now < least else stale + 1
            if now < least:
                least, kept, best = now, k + 1, copy.deepcopy(average.network)
            yield Progress(best, k + 1, now, kept, least, start)
            if stale == training.patience:
                return


def _split(y: np.ndarray, anchor: Anchor, training: Training) -> tuple[Examples, Examples]:
    """Examples to fit and, after them in time, examples to judge by."""
    length = y.shape[-1]
    first = max(MINIMUM_ROWS, length // 5)
    last = length - training.horizon
    held_from = last - round(training.held_out * (last - first))
    if held_from - training.horizon <= first or held_from >= last:
        raise ValueError(
            f"{length} rows are too few to train with a horizon of {training.horizon} and "
            f"{training.held_out:.0%} held out; give a longer panel or use the shipped weights"
        )
    made = examples_at(y, anchor, np.arange(first, last + 1), training.horizon)
    complete = torch.isfinite(made.innovation).all(dim=(1, 2, 3))
    origins = torch.arange(first, last + 1)
    fit = torch.nonzero(complete & (origins + training.horizon <= held_from))[:, 0]
    judge = torch.nonzero(complete & (origins >= held_from))[:, 0]
    if not len(fit) or not len(judge):
        raise ValueError("no origin has a complete future; drop series with many missing cells")
    return made.take(fit, training.horizon), made.take(judge, training.horizon)
