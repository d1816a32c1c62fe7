"""Answers that are chosen among paths: events, and moments by entropic tilting.

Draws of the baseline (or of the law given pins) are kept or weighted, none is moved. Where hardly
any lies in the events they are sought by splitting (`rare`), if the law allows.
"""

import warnings
from dataclasses import replace

import numpy as np
from scipy.special import logsumexp

from econdiff.scenario.answer import Conditional
from econdiff.scenario.binding import BoundScenario
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.events import Probability, margin
from econdiff.scenario.law import FEWEST, HasNoise
from econdiff.scenario.pins import Pins
from econdiff.scenario.rare import splitting
from econdiff.weighting import UnreachableError, effective, systematic, tilt


class ScenarioWarning(UserWarning):
    """The answer is there, but not the one that was asked for, or from few draws."""


def occurring(answer: Conditional, rng: np.random.Generator) -> Conditional:
    """The paths of `answer` in which the events of its scenario occur."""
    law, facts, paths = answer.law, answer.bound.facts, answer.diagnostics.paths
    within, seek = _margins(answer) > 0, ""
    if answer.mode == "event" and isinstance(law, HasNoise):
        seek = law.obstacle(facts)
        if not seek and within.sum() < FEWEST and paths >= 2 * FEWEST:
            return _sought(answer, law, rng)
    return _weighted(answer, _among(within, answer.bound.events, seek), answer.told.pins, rng)


def tilted(answer: Conditional, pins: Pins, rng: np.random.Generator) -> Conditional:
    """The baseline's paths, weighted to give `pins` as means, in the user's units."""
    draws = answer.told.baseline
    seen = draws @ pins.matrix.T
    expected = np.where(pins.logs, logsumexp(seen, axis=0) - np.log(len(draws)), seen.mean(axis=0))
    stated = replace(
        pins,
        value=pins.value + np.where(pins.relative, expected, 0),
        relative=np.zeros(len(pins), bool),
    )
    return _weighted(answer, _tilted(_apart(draws, stated, answer.bound), stated), stated, rng)


def _margins(answer: Conditional) -> np.ndarray:
    """How far each path of the alternative is inside all events, [path]."""
    place = answer.alternative, answer.history
    return np.min([margin(event, *place) for event in answer.bound.events], axis=0)


def _sought(answer: Conditional, law: HasNoise, rng: np.random.Generator) -> Conditional:
    """The paths in which the events occur, where the baseline has hardly any."""
    told, facts = answer.told, answer.bound.facts
    paths, cells = told.baseline.shape

    def inside(noise: np.ndarray) -> np.ndarray:
        draws = replace(told, alternative=law.futures(noise, facts))
        return _margins(replace(answer, told=draws))

    found = splitting(inside, cells, paths, rng)
    draws = law.futures(found.noise, facts)
    method = f"multilevel splitting, {found.levels} levels"
    return replace(
        answer,
        told=replace(told, alternative=draws, twin=draws[:0], method=method, controls=None),
        diagnostics=replace(
            answer.diagnostics, effective=found.effective, ancestors=paths, method=method
        ),
        chance=Probability(
            " and ".join(answer.bound.events), found.probability, found.standard_error
        ),
    )


def _weighted(
    answer: Conditional, weights: np.ndarray, pins: Pins, rng: np.random.Generator
) -> Conditional:
    """The answer's draws, chosen in proportion to `weights`."""
    told, found = answer.told, answer.diagnostics
    chosen = systematic(weights, rng)
    after = replace(told, alternative=told.alternative[chosen], pins=pins, controls=None)
    share = effective(weights)
    method = f"{found.method}, weighted draws"
    if share < FEWEST:
        warnings.warn(
            f"the answer hangs on {share:.0f} effective draws of {found.paths}; draw more paths",
            ScenarioWarning,
            stacklevel=3,
        )
    after_found = replace(
        found,
        effective=found.effective * share / found.paths,
        ancestors=len(np.unique(chosen)),
        method=method,
        largest_miss=(
            float(np.abs(weights @ _apart(told.alternative, pins, answer.bound)).max())
            if answer.mode == "tilt"
            else found.largest_miss
        ),
    )
    return replace(
        answer,
        told=replace(after, method=method, twin=after.alternative[:0]),
        diagnostics=after_found,
        weights=weights if answer.mode in ("event", "tilt") else None,
    )


def _tilted(apart: np.ndarray, pins: Pins) -> np.ndarray:
    """Weights that give the pinned combinations their means, and variances where an sd is given."""
    if len(pins) == 0:
        return np.full(len(apart), 1 / len(apart))
    spread = pins.sd > 0
    target = np.concatenate([np.zeros(len(pins)), pins.sd[spread] ** 2])
    try:
        return tilt(np.hstack([apart, apart[:, spread] ** 2]), target)
    except UnreachableError as error:
        raise ScenarioError(
            f"{error}; take the mode hard, soft or density, or draw more paths"
        ) from None


def _apart(draws: np.ndarray, pins: Pins, bound: BoundScenario) -> np.ndarray:
    """How far draws lie from what was stated (user's units), times the slope of the link there.

    [path, pin]; of a logarithm that is a share of what was stated.
    """
    apart = draws @ pins.matrix.T - pins.value
    apart = np.where(pins.logs, np.expm1(apart), apart)
    for k, pin in enumerate(bound.stated):
        transform, value = bound.transforms[pin.terms[0].series], pin.value / pin.terms[0].weight
        if not (transform.log or transform.straight):  # a floor; such a pin is of one cell
            drawn = transform.unlink(transform.link(np.array([value])) + apart[:, k])
            apart[:, k] = transform.slope(value) * (drawn - value)
    return apart


def _among(inside: np.ndarray, events: tuple[str, ...], obstacle: str) -> np.ndarray:
    """Equal weights on paths in which the events occur; `obstacle` is why none are sought."""
    if not inside.any():
        raise ScenarioError(
            f"none of {len(inside)} paths lies in the event {' and '.join(events)}: its "
            f"probability is below about {3 / len(inside):.1g}; draw more paths, or pin what it "
            f"needs{f' ({obstacle})' if obstacle else ''}"
        )
    return inside / inside.sum()
