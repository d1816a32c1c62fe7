"""What is assumed, in a file and pins of the command line, and how it is put to a model."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.commands.errors import UsageError
from econdiff.scenario import (
    Conditional,
    Mode,
    Scenario,
    ScenarioError,
    ScenarioWarning,
    conditional,
    parse_pin,
    read_scenario,
)
from econdiff.scenario.binding import BoundScenario
from econdiff.scenario.statement import Pin
from econdiff.transforms import Difference, Transform, TransformedForecaster


@dataclass(frozen=True)
class Assumed:
    """A scenario and what it is called."""

    name: str
    scenario: Scenario


def stated(file: Path | None, pins: Sequence[str]) -> Scenario:
    """A scenario file and the pins of the command line as one; nothing where neither is given."""
    said = read_scenario(file) if file else Scenario()
    for text in pins:
        said = said + parse_pin(text)
    return said


def assumed(file: Path | None, pins: Sequence[str]) -> tuple[Assumed, ...]:
    """The scenario of a portfolio, from a file and pins: one; none where nothing is said."""
    try:
        said = stated(file, pins)
    except ScenarioError as error:
        raise UsageError(str(error)) from error
    if said.events and not said.pins:
        raise UsageError("a scenario for a portfolio needs pins; events choose among paths")
    return (Assumed(said.name or "scenario", said),) if said.pins else ()


def conditioned(
    forecaster: TransformedForecaster,
    panel: pd.DataFrame,
    said: Scenario,
    *,
    mode: Mode,
    horizon: int,
    paths: int,
    rng: np.random.Generator,
) -> tuple[Conditional, tuple[str, ...]]:
    """The answer to a scenario, and what it warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ScenarioWarning)
        answer = conditional(
            forecaster, panel, said, mode=mode, horizon=horizon, paths=paths, rng=rng
        )
    notes = [str(w.message) for w in caught if issubclass(w.category, ScenarioWarning)]
    return answer, tuple(
        dict.fromkeys(notes + ([] if mode == "tilt" else near_floors(answer.bound)))
    )


def near_floors(bound: BoundScenario) -> list[str]:
    """What pins mean that lie so near a floor that the shadow rate moves twice as far and more.

    A sentence a series, of its pin nearest to the floor.
    """
    nearest: dict[str, Pin] = {}
    for pin in sorted(bound.stated, key=lambda pin: pin.value, reverse=True):
        transform = bound.transforms[pin.terms[0].series]
        curved = isinstance(transform, Difference) and transform.floor is not None
        if curved and not pin.relative and transform.slope(pin.value) > 2:
            nearest[pin.terms[0].series] = pin
    return [_near_floor(name, pin, bound.transforms[name]) for name, pin in nearest.items()]


def _near_floor(name: str, pin: Pin, transform: Transform) -> str:
    """How far the shadow rate moves if the pin is twice as high above the floor, and its sd."""
    floor = float(transform.unlink(np.array(-np.inf)))
    twice = 2 * pin.value - floor
    low, high = transform.link(np.array([pin.value, twice]))
    words = (
        f"{name} is pinned at {pin.value:g}, near its floor of {floor:g}: at {twice:g} its shadow "
        f"rate, which the other series go with, would be {high - low:.2g} higher; say another "
        "value too before you rely on what goes with it"
    )
    if pin.sd:
        words += (
            f". Its sd of {pin.sd:g} becomes {pin.sd * transform.slope(pin.value):.2g} of the "
            "shadow rate, so the rate itself is spread to one side"
        )
    return f"{words}."
