"""The velocity network: a temporal convolution over the horizon, told of the history once.

    history ──> Features ──> Encoder ──┬──> context, one vector a series
    (past innovations, levels, mask)   ├──> Recentre: own lags, and a scale of each step
                                       │
    noisy innovations x_t, angle ──> Denoiser(context) ──> v

- `Encoder` runs once an origin. Each series goes through the same strided convolutions; then
  the series of a panel look at each other (attention with their correlations, now and at lags,
  as a bias), which neither depends on their order nor on their number.
- `Recentre` corrects the anchor once an origin: the innovations of each series are given an
  autoregression, and a log-scale for each step, with which they are whitened again. What is left
  for the denoiser is shape (tails, skew, dependence), so that the path of the ODE stays straight.
- `Denoiser` sees the horizon only: gated temporal convolutions over the steps, dilated 1, 2, 4;
  a mean over the series after each; the noise level (as an angle) and the context as a scale
  and shift of every layer (FiLM; Perez et al., 2018).

The output is `v` (Salimans and Ho, 2022) and the last layers start at zero: for innovations that
are N(0, I) the best v is exactly 0, so an untrained network is the anchor.

Shapes: series before steps, channels last: [row, series, step, channel]. Convolutions are written
as one matrix product over shifted copies, which processors do faster than small convolutions.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SEQUENCES = 5  # channels of the history that the encoder sees
WINDOW = 128  # rows of it, the latest
PAIRS = 5  # numbers about two series of a panel
MAX_HORIZON = 32
LAGS = 4  # of the innovations that the network may find autocorrelated


@dataclass(frozen=True)
class Size:
    """How wide the network is."""

    width: int = 96  # channels of the encoder, which runs once an origin
    inner: int = 32  # channels of the denoiser, which runs at every evaluation of every path
    blocks: int = 3
    features: int = 24  # numbers about a series beside its sequences


@dataclass(frozen=True, eq=False)
class Context:
    """What the history said: one row an origin."""

    vector: Tensor  # [origin, series, channel]
    lags: Tensor  # [origin, series, lag], autoregression of the anchor's innovations
    log_scale: Tensor  # [origin, series, step]


class Convolution(nn.Module):
    """Temporal convolution of width three, channels last, zero beyond the ends."""

    def __init__(self, channels: int, out: int, dilation: int = 1):
        super().__init__()
        self.dilation = dilation
        self.mix = nn.Linear(3 * channels, out)

    def forward(self, x: Tensor) -> Tensor:
        c, d = x.shape[-1], self.dilation
        taps = x.new_zeros(*x.shape[:-1], 3 * c)
        taps[..., d:, :c] = x[..., :-d, :]
        taps[..., c : 2 * c] = x
        taps[..., :-d, 2 * c :] = x[..., d:, :]
        return self.mix(taps)


class Encoder(nn.Module):
    """History to context: [origin, series, time, channel] -> [origin, series, channel]."""

    def __init__(self, size: Size):
        super().__init__()
        c = size.width
        self.patch = nn.Linear(4 * SEQUENCES, c)
        self.deep = nn.ModuleList(Convolution(c, 2 * c) for _ in range(3))
        self.halve = nn.ModuleList(nn.Linear(2 * c, c) for _ in range(2))
        rest = WINDOW // 4 // 4
        self.read = nn.Sequential(
            nn.Linear(rest * c + size.features, 4 * c), nn.SiLU(), nn.Linear(4 * c, c)
        )
        self.look = nn.ModuleList(Attention(c) for _ in range(2))

    def forward(self, sequence: Tensor, features: Tensor, pairs: Tensor) -> Tensor:
        x = self.patch(sequence.unflatten(-2, (WINDOW // 4, 4)).flatten(-2))
        for k, layer in enumerate(self.deep):
            x = x + F.glu(layer(F.silu(x)), dim=-1)
            if k < len(self.halve):
                x = self.halve[k](x.unflatten(-2, (x.shape[-2] // 2, 2)).flatten(-2))
        context = self.read(torch.cat([F.silu(x).flatten(-2), features], dim=-1))
        for layer in self.look:
            context = layer(context, pairs)
        return context


class Attention(nn.Module):
    """Series look at the series of their panel, more at those that move with them."""

    def __init__(self, channels: int, heads: int = 4):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(channels)
        self.ask = nn.Linear(channels, 3 * channels)
        self.answer = nn.Linear(channels, channels)
        self.bias = nn.Linear(2 * PAIRS, heads, bias=False)
        self.think = nn.Sequential(
            nn.LayerNorm(channels),
            nn.Linear(channels, 2 * channels),
            nn.SiLU(),
            nn.Linear(2 * channels, channels),
        )

    def forward(self, x: Tensor, pairs: Tensor) -> Tensor:
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(-2, -3)
            for part in self.ask(self.norm(x)).chunk(3, dim=-1)
        )  # [origin, head, series, channel]
        logits = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        logits = logits + self.bias(torch.cat([pairs, pairs.square()], dim=-1)).movedim(-1, -3)
        mixed = (logits.softmax(dim=-1) @ v).transpose(-2, -3).flatten(-2)
        x = x + self.answer(mixed)
        return x + self.think(x)


class Recentre(nn.Module):
    """What the anchor's innovations u still obey; all of it zero until trained.

    u_h = lags . (u_{h-1}, ..., u_{h-4}) + exp(log_scale_h) e_h
    """

    def __init__(self, size: Size):
        super().__init__()
        c = size.width
        self.step = nn.Parameter(0.02 * torch.randn(MAX_HORIZON, c))
        self.mix = nn.Linear(c, 2 * c)
        self.out = _zero(nn.Linear(2 * c, 1))
        self.lags = nn.Sequential(nn.Linear(c, c), nn.SiLU(), _zero(nn.Linear(c, LAGS)))

    def forward(self, context: Tensor, horizon: int) -> tuple[Tensor, Tensor]:
        x = self.mix(context[..., None, :] + self.step[:horizon])
        log_scale = self.out(F.silu(x)).float()[..., 0]
        lags = 0.5 * torch.tanh(self.lags(context).float())
        return lags, 2 * torch.tanh(log_scale / 2)


class Denoiser(nn.Module):
    """Noisy innovations [row, series, step] at an angle [row] -> v of the same shape.

    Where all rows share an angle and a context, give one of each: they are broadcast.
    """

    def __init__(self, size: Size):
        super().__init__()
        c = size.inner
        self.step = nn.Parameter(0.02 * torch.randn(MAX_HORIZON, c))
        self.hear = nn.Linear(size.width, c)
        self.noise = nn.Sequential(nn.Linear(32, 2 * c), nn.SiLU(), nn.Linear(2 * c, c))
        self.enter = nn.Linear(1, c)
        self.blocks = nn.ModuleList(Block(c, dilation=2**k) for k in range(size.blocks))
        self.gate = nn.Sequential(nn.Linear(c, c), nn.SiLU(), _zero(nn.Linear(c, 1)))
        self.out = _zero(nn.Linear(c, 1))

    def forward(self, x: Tensor, angle: Tensor, context: Tensor) -> Tensor:
        told = self.hear(context) + self.noise(_waves(angle))[:, None]  # [row, series, channel]
        place = self.step[: x.shape[-1]]
        h = self.enter(x[..., None]) + place
        for block in self.blocks:
            h = block(h, told)
        gate = self.gate(told[..., None, :] + place)
        return (self.out(F.silu(h)) + gate * x[..., None])[..., 0].float()


class Block(nn.Module):
    """A gated temporal convolution, scaled and shifted by what it was told, then a shared mean."""

    def __init__(self, channels: int, dilation: int):
        super().__init__()
        self.film = nn.Linear(channels, 2 * channels)
        self.convolve = Convolution(channels, 2 * channels, dilation)
        self.share = nn.Linear(channels, channels)
        self.leave = nn.Linear(channels, channels)

    def forward(self, h: Tensor, told: Tensor) -> Tensor:
        scale, shift = self.film(F.silu(told))[..., None, :].chunk(2, dim=-1)
        u = F.layer_norm(h, h.shape[-1:]) * (1 + scale) + shift
        u = F.glu(self.convolve(u), dim=-1)
        if h.shape[1] > 1:
            u = u + self.share(u.mean(dim=1, keepdim=True))
        return h + self.leave(u)


class Network(nn.Module):
    """Encoder, re-centring and denoiser in one."""

    def __init__(self, size: Size | None = None):
        super().__init__()
        self.size = size or Size()
        self.encoder = Encoder(self.size)
        self.recentre = Recentre(self.size)
        self.denoiser = Denoiser(self.size)
        self.untold = nn.Parameter(torch.zeros(self.size.width))  # the context of no history

    def encode(
        self, sequence: Tensor, features: Tensor, pairs: Tensor, still: Tensor, horizon: int
    ) -> Context:
        """What the history says, once an origin; `pairs` [origin, series, series, PAIRS].

        What moves seldom and far has no usual size of a shock: a series that stands `still`
        [origin, series] keeps the anchor's scale, and the denoiser is not told of its history.
        """
        vector = self.encoder(sequence, features, pairs)
        lags, log_scale = self.recentre(vector, horizon)
        apart = still[..., None] > 0
        vector = torch.where(apart, self.untold.to(vector), vector)
        return Context(vector, lags, torch.where(apart, 0, log_scale))

    def forward(self, x: Tensor, angle: Tensor, vector: Tensor) -> Tensor:
        """The network's v for noisy innovations `x` [row, series, step]."""
        return self.denoiser(x, angle, vector)


def untrained(size: Size | None = None, *, seed: int) -> Network:
    """A network whose first weights follow from `seed`; torch's global generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(size)


def _zero(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _waves(angle: Tensor) -> Tensor:
    """Sines and cosines of the noise level, [row, 32]."""
    frequencies = torch.exp(torch.linspace(0, math.log(64), 16, device=angle.device))
    phase = angle[:, None] * frequencies
    return torch.cat([phase.sin(), phase.cos()], dim=-1)
