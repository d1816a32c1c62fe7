"""Paths of a panel that meet given values: the smallest move of their shocks that does it.

A path w is linear in its shocks e, and what is pinned (a mean over entities, or one entity's
series) is a smooth function g of w. Under the normal law e ~ N(0, S), a draw becomes a draw given
g(w(e)) = v by (Matheron's rule; Doucet, 2010, "A note on efficient conditional simulation of
Gaussian random vectors", eq. 5)

    e <- e + S L' (L S L')^-1 (v - g),    L = dg/de,

exactly where g is linear, and by repeating it (Gauss-Newton) where series move in logs or shares.
What holds give or take a deviation is g(w(e)) - n = v, where n ~ N(0, sd^2) is moved beside e.
Common shocks and the own shocks of all entities move together, as their variances say.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from econdiff.synth import within
from econdiff.synth.errors import SynthError
from econdiff.synth.law import Drawn, FittedLaw

ROUNDS, CLOSE = 40, 1e-10
STEP = 1e-5


@dataclass(frozen=True, eq=False)
class Cell:
    """The `weights` [entity] sum of a series (by place) at a time."""

    weights: np.ndarray
    series: int
    time: int


@dataclass(frozen=True, eq=False)
class Pin:
    """`cells` add up to `value`, give or take a standard deviation `sd`."""

    cells: tuple[Cell, ...]
    value: float
    sd: float = 0.0


def pinned(
    law: FittedLaw, drawn: Drawn, pins: Sequence[Pin], rng: np.random.Generator
) -> np.ndarray:
    """The paths of `drawn`, moved such that every pin holds; [panel, entity, time, k]."""
    if not pins:
        return drawn.w
    sd = np.array([pin.sd for pin in pins])
    moved = [
        _one(law, w, size, pins, sd, sd * rng.standard_normal(len(pins)))
        for w, size in zip(drawn.w, drawn.size, strict=True)
    ]
    return np.stack(moved)


def _one(
    law: FittedLaw,
    w: np.ndarray,
    size: np.ndarray,
    pins: Sequence[Pin],
    sd: np.ndarray,
    noise: np.ndarray,
) -> np.ndarray:
    response = _responses(law, w.shape[1])
    values = np.array([pin.value for pin in pins])
    series = [cell.series for pin in pins for cell in pin.cells]
    scale = max(float(np.nanstd(law.panel.values[..., series])), 1e-12)
    for _ in range(ROUNDS):
        with np.errstate(over="ignore", invalid="ignore"):  # logs that went too far are refused
            miss = values + noise - seen(law.outward(w), pins)
        if np.abs(miss).max() < CLOSE * scale:
            return w
        if not np.isfinite(miss).all():
            break
        move, weight = _move(law, _moved_by(law, w, pins, response), size, miss, sd)
        w, noise = w + move, noise - sd**2 * weight
    raise SynthError(
        "the given values cannot be met together: ask for fewer of them, or for less extreme ones"
    )


def _move(
    law: FittedLaw, v: np.ndarray, size: np.ndarray, miss: np.ndarray, sd: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the paths move by, and the weight of each pin; `v` is d pin / d coordinates moved."""
    entities, times, k = v.shape[1:]
    v = (v * size[:, None]) @ law.bend.T
    common = v.sum(axis=1)
    own_gain, common_gain = v @ law.shocks.own_covariance, common @ law.shocks.common_covariance
    gram = np.einsum("petk,qetk->pq", v, own_gain) + np.einsum("ptk,qtk->pq", common, common_gain)
    weight = np.linalg.lstsq(gram + np.diag(sd**2), miss, rcond=1e-12)[0]
    shocks = np.einsum("p,petk->etk", weight, own_gain)
    shocks = shocks + np.einsum("p,ptk->tk", weight, common_gain)
    start = np.zeros((entities, law.lags, k))
    moved = size[:, None] * (shocks @ law.bend)
    return within.run(law.slopes, start, np.zeros((entities, k)), moved)[:, :times], weight


def _responses(law: FittedLaw, length: int) -> np.ndarray:
    """What a unit of each coordinate does to all, [step, shock, k]."""
    k = len(law.centre)
    u = np.zeros((k, length, k))
    u[:, 0] = np.eye(k)
    after = within.run(law.slopes, np.zeros((k, law.lags, k)), np.zeros((k, k)), u)
    return after.swapaxes(0, 1)


def seen(values: np.ndarray, pins: Sequence[Pin]) -> np.ndarray:
    """What the cells of each pin add up to in `values` [entity, time, series]."""
    return np.array(
        [sum(c.weights @ values[:, c.time, c.series] for c in pin.cells) for pin in pins]
    )


def _moved_by(
    law: FittedLaw, w: np.ndarray, pins: Sequence[Pin], response: np.ndarray
) -> np.ndarray:
    """Derivative of each pin by what moves each entity at each time, [pin, entity, time, k]."""
    found = np.zeros((len(pins), *w.shape))
    for row, pin in enumerate(pins):
        for cell in pin.cells:
            ahead = response[cell.time - np.arange(cell.time + 1)]  # [time, shock, k]
            slope = _slope(law, w[:, cell.time], cell)
            found[row, :, : cell.time + 1] += np.einsum("ek,tsk->ets", slope, ahead)
    return found


def _slope(law: FittedLaw, here: np.ndarray, cell: Cell) -> np.ndarray:
    """Derivative of a cell by the coordinates `here` [entity, k] of its time."""
    slope = np.zeros_like(here)
    for k in range(here.shape[-1]):
        step = np.zeros(here.shape[-1])
        step[k] = STEP
        change = (law.outward(here + step) - law.outward(here - step)) / (2 * STEP)
        slope[:, k] = cell.weights * change[:, cell.series]
    return slope
