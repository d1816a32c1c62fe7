"""Paths of a panel that meet given values: the smallest move of their shocks that does it.

A path w is linear in its shocks e, and what is pinned (a mean over entities, or one entity's
series) is a smooth function g of w. Under the normal law e ~ N(0, S), a draw becomes a draw given
g(w(e)) = v by (Matheron's rule; Doucet, 2010, "A note on efficient conditional simulation of
Gaussian random vectors", eq. 5)

    e <- e + S L' (L S L')^-1 (v - g),    L = dg/de,

exactly where g is linear, and by repeating it (Gauss-Newton) where series move in logs or shares.
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
class Pin:
    """One number: the `weights` [entity] mean of a series (by place) at a time."""

    weights: np.ndarray
    series: int
    time: int
    value: float


def pinned(law: FittedLaw, drawn: Drawn, pins: Sequence[Pin]) -> np.ndarray:
    """The paths of `drawn`, moved such that every pin holds; [panel, entity, time, k]."""
    if not pins:
        return drawn.w
    moved = [_one(law, w, size, pins) for w, size in zip(drawn.w, drawn.size, strict=True)]
    return np.stack(moved)


def _one(law: FittedLaw, w: np.ndarray, size: np.ndarray, pins: Sequence[Pin]) -> np.ndarray:
    response = _responses(law, w.shape[1])
    values = np.array([pin.value for pin in pins])
    scale = max(float(np.nanstd(law.panel.values[..., [p.series for p in pins]])), 1e-12)
    for _ in range(ROUNDS):
        miss = values - _seen(law.outward(w), pins)
        if np.abs(miss).max() < CLOSE * scale:
            return w
        w = w + _move(law, _slopes(law, w, pins), pins, response, size, miss, w.shape)
    raise SynthError(
        "the given values cannot be met together: ask for fewer of them, or for less extreme ones"
    )


def _move(
    law: FittedLaw,
    slopes: np.ndarray,
    pins: Sequence[Pin],
    response: np.ndarray,
    size: np.ndarray,
    miss: np.ndarray,
    shape: tuple[int, ...],
) -> np.ndarray:
    times = shape[1]
    v = np.zeros((len(pins), *shape))  # [pin, entity, time, k]: d pin / d own shock
    for row, pin in enumerate(pins):
        ahead = response[pin.time - np.arange(pin.time + 1)]  # [time, shock, k]
        v[row, :, : pin.time + 1] = np.einsum("ek,tsk->ets", slopes[row], ahead)
    v = (v * size[:, None]) @ law.bend.T
    common = v.sum(axis=1)
    own_gain, common_gain = v @ law.shocks.own_covariance, common @ law.shocks.common_covariance
    gram = np.einsum("petk,qetk->pq", v, own_gain) + np.einsum("ptk,qtk->pq", common, common_gain)
    weight = np.linalg.lstsq(gram, miss, rcond=1e-12)[0]
    shocks = np.einsum("p,petk->etk", weight, own_gain)
    shocks = shocks + np.einsum("p,ptk->tk", weight, common_gain)
    start = np.zeros((shape[0], law.lags, shape[-1]))
    moved = size[:, None] * (shocks @ law.bend)
    return within.run(law.slopes, start, np.zeros((shape[0], shape[-1])), moved)[:, :times]


def _responses(law: FittedLaw, length: int) -> np.ndarray:
    """What a unit of each coordinate does to all, [step, shock, k]."""
    k = len(law.centre)
    u = np.zeros((k, length, k))
    u[:, 0] = np.eye(k)
    after = within.run(law.slopes, np.zeros((k, law.lags, k)), np.zeros((k, k)), u)
    return after.swapaxes(0, 1)


def _seen(values: np.ndarray, pins: Sequence[Pin]) -> np.ndarray:
    return np.array([pin.weights @ values[:, pin.time, pin.series] for pin in pins])


def _slopes(law: FittedLaw, w: np.ndarray, pins: Sequence[Pin]) -> np.ndarray:
    """Derivative of each pin by the coordinates of its time, [pin, entity, k]."""
    at = [pin.time for pin in pins]
    here = w[:, at]  # [entity, pin, k]
    slopes = np.zeros((len(pins), len(w), w.shape[-1]))
    for k in range(w.shape[-1]):
        step = np.zeros(w.shape[-1])
        step[k] = STEP
        change = (law.outward(here + step) - law.outward(here - step)) / (2 * STEP)
        for row, pin in enumerate(pins):
            slopes[row, :, k] = pin.weights * change[:, row, pin.series]
    return slopes
