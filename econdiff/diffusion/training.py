"""Training: the network learns what the anchor gets wrong.

Two losses, added. For the denoiser, the simple objective in its `v` form,

    E || v - v_hat(alpha z + sigma e, angle) ||^2,    v = alpha e - sigma z,    angle ~ U(0, pi/2)

which is the epsilon objective of Ho et al. (2020, eq. 14) weighted by 1 / alpha^2 (Salimans and Ho,
2022, appendix D). For the re-centring, the negative log-likelihood of a Student t with 8 degrees of
freedom, scaled so that Gaussian innovations leave it at zero: it need not be the right law, since
the denoiser learns what is left, but it must not be led by outliers. The denoiser's loss is not
passed into the re-centring (it could be made small by shrinking z), and no weight anywhere depends
on the size of the target. In a small share of the rows the denoiser is not told of the history,
so that guidance without a classifier (Ho and Salimans, 2022) has something to lean on.
"""

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from econdiff.anchor import Anchor, Filtered, power
from econdiff.anchor.recursion import lagged
from econdiff.diffusion.device import halved
from econdiff.diffusion.features import features
from econdiff.diffusion.network import LAGS, Context, Network

CPU = torch.device("cpu")
FREEDOM = 8.0
GAUSSIAN = 1.23212  # the c with E[(f + 1) c r^2 / (f + c r^2)] = 1 for r ~ N(0, 1), f = FREEDOM
MINIMUM_ROWS = 24
FORGET = 0.05  # share of training in which the denoiser is not told of the history
LIMIT = 10.0  # innovations are winsorised here in training, in units of their scale


@dataclass(frozen=True, eq=False)
class Examples:
    """Histories as the encoder sees them, and what came next."""

    sequence: Tensor  # [origin, series, WINDOW, SEQUENCES]
    numbers: Tensor  # [origin, series, feature]
    pairs: Tensor  # [origin, series, series, PAIRS]
    unmix: Tensor  # [origin, series, series], the inverse symmetric root of the correlation
    innovation: Tensor  # [origin, series, step], over the anchor's scale, still correlated
    lagged: Tensor  # [origin, series, step, lag], the innovations before each

    def __len__(self) -> int:
        return len(self.sequence)

    def to(self, device: torch.device) -> "Examples":
        """The same on another device."""
        return Examples(*(getattr(self, part.name).to(device) for part in fields(self)))

    def take(self, rows: Tensor, horizon: int) -> "Examples":
        """Some origins, and the first steps after each."""
        return Examples(
            self.sequence[rows],
            self.numbers[rows],
            self.pairs[rows],
            self.unmix[rows],
            self.innovation[rows, :, :horizon],
            self.lagged[rows, :, :horizon],
        )


def examples(state: Filtered, future: np.ndarray) -> Examples:
    """Origins that the anchor has filtered, and their futures [origin, series, step]."""
    shown = features(state)
    unmix = power(state.coefficients.correlation, -0.5)
    u = np.clip(state.standardise(future), -LIMIT, LIMIT)
    before = lagged(np.concatenate([state.recent(LAGS), u], axis=-1), LAGS)[..., 1:]
    arrays = (shown.sequence, shown.numbers, shown.pairs, unmix, u, before)
    return Examples(*(torch.from_numpy(np.ascontiguousarray(a, np.float32)) for a in arrays))


def joined(parts: Sequence[Examples]) -> Examples:
    """Several sets of origins as one."""
    names = [part.name for part in fields(Examples)]
    return Examples(*(torch.cat([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class Losses:
    """Means over a batch; `anchor` is the denoising loss of v = 0, that is of the anchor alone."""

    denoise: Tensor
    anchor: Tensor
    recentre: Tensor


def losses(network: Network, batch: Examples, draws: int, rng: torch.Generator) -> Losses:
    """Both losses on a batch, with `draws` noise levels for each origin."""
    horizon = batch.innovation.shape[-1]
    context = network.encode(batch.sequence, batch.numbers, batch.pairs, horizon)
    residual = recentred(batch, context)
    recentre = (_student(residual) + context.log_scale).mean()

    z = (batch.unmix @ residual.detach()).clamp(-LIMIT, LIMIT)
    z = z.repeat_interleave(draws, 0)
    vector = context.vector.repeat_interleave(draws, 0)
    forgotten = (torch.rand(len(z), generator=rng) < FORGET).to(z.device)
    vector = torch.where(forgotten[:, None, None], network.untold, vector)
    angle = stratified(len(z), rng).to(z.device) * (math.pi / 2)
    alpha, sigma = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    noise = torch.randn(z.shape, generator=rng).to(z.device)  # the same noise on every device
    v = alpha * noise - sigma * z
    guess = network(alpha * z + sigma * noise, angle, vector)
    return Losses((guess - v).square().mean(), v.square().mean(), recentre)


def recentred(batch: Examples, context: Context) -> Tensor:
    """Innovations whitened once more in time, [origin, series, step]; series still correlated."""
    shift = (batch.lagged @ context.lags[..., None])[..., 0] + context.location
    shift = shift + context.cross @ batch.lagged[..., 0]
    return (batch.innovation - shift) * torch.exp(-context.log_scale)


def stratified(count: int, rng: torch.Generator) -> Tensor:
    """`count` numbers in [0, 1), one in each of as many equal strata, in random order."""
    strata = torch.randperm(count, generator=rng) + torch.rand(count, generator=rng)
    return strata / count


def _student(r: Tensor) -> Tensor:
    """Negative log density of a Student t, up to a constant, stationary at unit scale if r ~ N."""
    return (FREEDOM + 1) / 2 * torch.log1p(GAUSSIAN * r.square() / FREEDOM)


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
class Plan:
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

    The last `held_out` share of the origins is kept apart, as one block in time; the weights
    with the best bound on the likelihood of its futures are kept, and if none beats those at
    the start, those at the start. `steps` of `origins` each, checked every `check` steps, until
    `patience` checks bring nothing better. `horizon` is how far training looks.
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


@dataclass(frozen=True)
class Progress:
    """Where training stands: the best network so far; held-out nats per cell, less is better."""

    network: Network
    step: int
    bound: float
    best: float


def train(
    network: Network,
    y: np.ndarray,
    anchor: Anchor,
    plan: Training,
    device: torch.device = CPU,
) -> Iterator[Progress]:
    """Train on a panel `y` [series, time]; the last value holds the network to keep, on `device`.

    Every origin's history ends at the origin: the anchor is estimated anew for each.
    """
    fitting, held = (part.to(device) for part in _split(y, anchor, plan))
    network = copy.deepcopy(network).to(device)
    best = copy.deepcopy(network).requires_grad_(False)
    least = bound(best, held, plan.seed)
    yield Progress(best, 0, least, least)
    if plan.steps == 0:
        return
    network.requires_grad_(True).train()
    average = Average(network, keep=0.98)
    optimiser = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=1e-2)
    rng = torch.Generator().manual_seed(plan.seed)
    pace = Plan(plan.steps, plan.rate, warmup=50)
    stale = 0
    for k in range(plan.steps):
        rows = torch.randint(len(fitting), (plan.origins,), generator=rng)
        batch = fitting.take(rows, plan.horizon)
        step(network, optimiser, batch, pace.rate_at(k), rng, plan.draws, fast=False)
        average.update(network, k)
        if (k + 1) % plan.check == 0:
            now = bound(average.network, held, plan.seed)
            stale = 0 if now < least else stale + 1
            if now < least:
                least, best = now, copy.deepcopy(average.network)
            yield Progress(best, k + 1, now, least)
            if stale == plan.patience:
                return


def _split(y: np.ndarray, anchor: Anchor, plan: Training) -> tuple[Examples, Examples]:
    """Examples to fit and, after them in time, examples to judge by."""
    length = y.shape[-1]
    first = max(MINIMUM_ROWS, length // 5)
    last = length - plan.horizon
    held_from = last - round(plan.held_out * (last - first))
    if held_from - plan.horizon <= first or held_from >= last:
        raise ValueError(
            f"{length} rows are too few to train with a horizon of {plan.horizon} and "
            f"{plan.held_out:.0%} held out; give a longer panel or use the shipped weights"
        )
    made = _examples_at(y, anchor, np.arange(first, last + 1), plan.horizon)
    complete = torch.isfinite(made.innovation).all(dim=(1, 2))
    origins = torch.arange(first, last + 1)
    everything = plan.horizon
    fit = torch.nonzero(complete & (origins + everything <= held_from))[:, 0]
    judge = torch.nonzero(complete & (origins >= held_from))[:, 0]
    if not len(fit) or not len(judge):
        raise ValueError("no origin has a complete future; drop series with many missing cells")
    return made.take(fit, everything), made.take(judge, everything)


def _examples_at(y: np.ndarray, anchor: Anchor, origins: np.ndarray, horizon: int) -> Examples:
    """Histories `y[:, :origin]`, with NaN on the left to one length, and their futures."""
    longest = int(origins.max())
    history = np.full((len(origins), len(y), longest), np.nan)
    for row, o in enumerate(origins):
        history[row, :, longest - o :] = y[:, :o]
    future = np.stack([y[:, o : o + horizon] for o in origins])
    return examples(anchor.estimate(history).filter(history), future)


@torch.inference_mode()
def bound(network: Network, batch: Examples, seed: int, draws: int = 16) -> float:
    """An estimate of the bound on -log p of the futures' innovations, nats per cell.

    From the I-MMSE relation (Kingma et al., 2021, eq. 11, relative to v = 0, which is N(0, I)):

        -log p(z) <= |z|^2 / 2 + c - int cot(angle) (|v|^2 - |v - v_hat|^2) d angle
    """
    horizon = batch.innovation.shape[-1]
    context = network.encode(batch.sequence, batch.numbers, batch.pairs, horizon)
    z = batch.unmix @ recentred(batch, context)
    gaussian = 0.5 * z.square().mean() + context.log_scale.mean()
    rng = torch.Generator().manual_seed(seed)
    z = z.repeat_interleave(draws, 0)
    low = 0.05  # below, nothing is left to learn and the weight grows without bound
    angle = low + (math.pi / 2 - low) * stratified(len(z), rng).to(z.device)
    alpha, sigma = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    noise = torch.randn(z.shape, generator=rng).to(z.device)
    v = alpha * noise - sigma * z
    guess = network(alpha * z + sigma * noise, angle, context.vector.repeat_interleave(draws, 0))
    gain = (alpha / sigma) * (v.square() - (v - guess).square())
    return float(gaussian - (math.pi / 2 - low) * gain.mean())
