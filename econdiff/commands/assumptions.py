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
from econdiff.transforms import TransformedForecaster


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
    notes = (str(w.message) for w in caught if issubclass(w.category, ScenarioWarning))
    return answer, tuple(dict.fromkeys(notes))
