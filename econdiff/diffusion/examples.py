"""What the network learns from: histories as the encoder sees them, and what came next."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from econdiff.anchor import Anchor, Filtered, power
from econdiff.anchor.recursion import lagged
from econdiff.diffusion.features import features
from econdiff.diffusion.network import LAGS

LIMIT = 10.0  # innovations are winsorised here in training, in units of their scale


@dataclass(frozen=True, eq=False)
class Examples:
    """Histories as the encoder sees them, and what came next."""

    sequence: Tensor  # [origin, series, WINDOW, SEQUENCES]
    numbers: Tensor  # [origin, series, feature]
    pairs: Tensor  # [origin, series, series, PAIRS]
    still: Tensor  # [origin, series], 1 for a series that stands still
    unmix: Tensor  # [origin, series, series], the inverse symmetric root of the correlation
    innovation: Tensor  # [origin, future, series, step], over the anchor's scale, still correlated
    lagged: Tensor  # [origin, future, series, step, lag], the innovations before each

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
            self.still[rows],
            self.unmix[rows],
            self.innovation[rows, ..., :horizon],
            self.lagged[rows, ..., :horizon, :],
        )


def examples(state: Filtered, future: np.ndarray) -> Examples:
    """Origins that the anchor has filtered, and futures of each [origin, future, series, step]."""
    shown = features(state)
    unmix = power(state.coefficients.correlation, -0.5)
    each = [state.standardise(one) for one in np.moveaxis(future, 1, 0)]
    u = np.clip(np.stack(each, axis=1), -LIMIT, LIMIT)
    recent = np.broadcast_to(state.recent(LAGS)[:, None], (*u.shape[:-1], LAGS))
    before = lagged(np.concatenate([recent, u], axis=-1), LAGS)[..., 1:]
    arrays = (shown.sequence, shown.numbers, shown.pairs, shown.still, unmix, u, before)
    return Examples(*(torch.from_numpy(np.ascontiguousarray(a, np.float32)) for a in arrays))


def joined(parts: Sequence[Examples]) -> Examples:
    """Several sets of origins as one."""
    names = [part.name for part in fields(Examples)]
    return Examples(*(torch.cat([getattr(part, name) for part in parts]) for name in names))


def examples_at(y: np.ndarray, anchor: Anchor, origins: np.ndarray, horizon: int) -> Examples:
    """Histories `y[:, :origin]`, with NaN on the left to one length, and the future of each."""
    longest = int(origins.max())
    history = np.full((len(origins), len(y), longest), np.nan)
    for row, o in enumerate(origins):
        history[row, :, longest - o :] = y[:, :o]
    future = np.stack([y[None, :, o : o + horizon] for o in origins])
    return examples(anchor.estimate(history).filter(history), future)
