"""An ODE solver whose steps are chosen for each row apart.

One hard row of a batch does not shorten the steps of the others, and a row's result
does not depend on which rows it was solved beside.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Slope = Callable[[Tensor, Tensor], Tensor]

# Dormand and Prince (1980), table 2: seven stages, order 5 with an embedded order 4.
_NODES = (0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1)
_STAGES = (
    (),
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_FOURTH = (5179 / 57600, 0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40)
_FIFTH = (*_STAGES[-1], 0)


class ConvergenceError(RuntimeError):
    """The step became too small, or the steps too many."""


def dormand_prince(
    slope: Slope, y: Tensor, start: float, end: float, *, tolerance: float, most: int = 1000
) -> Tensor:
    """Carry each row of `y` [row, dim] along d y / d t = slope(y, t) from `start` to `end`.

    `slope` is asked for all rows at once, each at its own t [row]. A step is kept by
    the rows whose error, by the embedded fourth-order solution, is below
    `tolerance` (1 + |y|) in root mean square; the others try again with a shorter one.
    No step is longer than a 20th of the way, lest it jump what it never saw.
    """
    t = torch.full((len(y),), start, dtype=torch.float64, device=y.device)
    longest = abs(end - start) / 20
    step = torch.full_like(t, (end - start) / 100)
    first = slope(y, t.to(y.dtype))
    for _ in range(most):
        left = end - t
        if not bool(left.any()):
            return y
        step = step.clamp(-longest, longest)
        step = torch.where(step.abs() < left.abs(), step, left)
        ahead, error, last = _try(slope, y, t, step, first)
        miss = (error / (tolerance * (1 + torch.maximum(y.abs(), ahead.abs())))).square()
        miss = miss.mean(dim=1).sqrt().double()
        kept = miss <= 1
        y = torch.where(kept[:, None], ahead, y)
        first = torch.where(kept[:, None], last, first)
        t = torch.where(kept, torch.where(step == left, end, t + step), t)
        step = step * (0.9 * miss.clamp(min=1e-8) ** -0.2).nan_to_num(0.2).clamp(0.2, 3)
    raise ConvergenceError(
        f"{int((t != end).sum())} of {len(t)} rows did not arrive in {most} steps; "
        "the slope may not be smooth, or the tolerance may lie below the precision of its type"
    )


def _try(
    slope: Slope, y: Tensor, t: Tensor, step: Tensor, first: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """One step: where it leads, its error, and the slope there."""
    h = step[:, None].to(y.dtype)
    slopes = [first]
    ahead = y
    for node, weights in zip(_NODES[1:], _STAGES[1:], strict=True):
        ahead = y + h * sum(w * k for w, k in zip(weights, slopes, strict=True))
        slopes.append(slope(ahead, (t + node * step).to(y.dtype)))
    gaps = [a - b for a, b in zip(_FIFTH, _FOURTH, strict=True)]
    error = h * sum(g * k for g, k in zip(gaps, slopes, strict=True))
    return ahead, torch.as_tensor(error), slopes[-1]
