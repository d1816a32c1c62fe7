"""The conditional forecast: baseline and alternative, side by side from the same draws.

    answer = conditional(forecaster, history, scenario, mode="hard", horizon=8, paths=1000, rng=rng)
    answer.alternative       # Forecast given the scenario
    answer.difference()      # alternative less baseline, paired, with Monte Carlo errors
    answer.diagnostics       # effective sample size, largest miss of a pin, fallback

It says what goes together in the data with what is assumed; it does not say what would follow if
somebody brought it about.

    hard      the pins hold exactly            soft   they were seen with an error sd
    density   they are N(value, sd^2)          event  the paths in which the events occur
    tilt      the paths of the baseline, weighted to have the pins as means (and sd^2 as variances)

Where hardly any path of the baseline lies in the events, the mode event seeks them by splitting.
"""

import warnings
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from econdiff.forecast import Forecast, Forecaster
from econdiff.scenario.answer import Conditional, Diagnostics
from econdiff.scenario.binding import BoundScenario, bind
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.events import margin
from econdiff.scenario.law import FEWEST, Draws, law_of, least_effective
from econdiff.scenario.reweighted import ScenarioWarning, occurring, tilted
from econdiff.scenario.statement import MODES, Mode, Scenario
from econdiff.transforms import Transform, TransformedForecaster


def conditional(
    forecaster: Forecaster,
    history: pd.DataFrame,
    scenario: Scenario | pd.DataFrame,
    *,
    mode: Mode,
    horizon: int,
    paths: int,
    rng: np.random.Generator,
) -> Conditional:
    """Answer `scenario` at the end of `history`; ScenarioError says why it cannot be answered."""
    if isinstance(scenario, pd.DataFrame):
        scenario = Scenario.of(scenario)
    inner, transforms, units = inside(forecaster)
    bound = bind(scenario, _known_order(history, inner, transforms), horizon, transforms)
    _refuse(bound, mode)
    start = bound.start
    if isinstance(forecaster, TransformedForecaster):
        start = forecaster.to_model(start)
    law = law_of(inner, start, bound.steps)
    pins = bound.pins if mode in ("hard", "soft", "density") else bound.pins.keep(np.zeros(0, int))
    told = law.draw(bound.facts, pins, mode, paths, rng)
    found = Diagnostics(
        paths, told.effective, told.ancestors, _miss(told, bound, mode), told.method
    )
    answer = Conditional(mode, bound, law, told, history, units, found)
    answer = _or_gaussian(answer)
    _refuse_overflow(answer)
    if mode == "tilt":
        return tilted(answer, bound.pins, rng)
    if bound.events:
        return occurring(answer, rng)
    return answer


def check(
    scenario: Scenario,
    history: pd.DataFrame,
    transforms: Mapping[str, Transform] | None = None,
    *,
    mode: Mode,
    horizon: int,
) -> None:
    """Raise, before anything is fitted, the ScenarioError that `conditional` would raise."""
    bound = bind(scenario, history, horizon, transforms)
    _refuse(bound, mode)
    standing = bound.to_user(np.zeros((1, bound.steps, len(bound.names))))[:, bound.edge :]
    for event in scenario.events:
        margin(event, Forecast(standing, bound.index_of(edge=False), bound.names), history)


def inside(forecaster: Forecaster):
    """The model inside its transforms, the transforms, and the user's units."""
    if isinstance(forecaster, TransformedForecaster):
        return forecaster.inner, dict(forecaster.transforms), forecaster.units
    return forecaster, None, {}


def _known_order(
    history: pd.DataFrame, inner: Forecaster, transforms: Mapping[str, object] | None
) -> pd.DataFrame:
    names = list(transforms or getattr(inner, "names", history.columns))
    missing = [name for name in names if name not in history.columns]
    if missing:
        raise ScenarioError(f"history lacks the series {missing}; the model was fitted on {names}")
    return history.loc[:, names]


def _refuse(bound: BoundScenario, mode: Mode) -> None:
    """What cannot be answered in this mode."""
    if mode not in MODES:
        raise ScenarioError(f"the modes are {', '.join(MODES)}, got {mode!r}")
    if mode == "event" and (len(bound.pins) or not bound.events):
        raise ScenarioError(
            "the mode event takes events and no pins; take hard, soft or density for pins, "
            "with or without events"
        )
    if mode == "soft" and not (bound.pins.sd > 0).any() and len(bound.pins):
        raise ScenarioError("the mode soft needs the deviation of the error: --given-sd, or sd")
    if mode == "hard" and (bound.pins.sd > 0).any():
        raise ScenarioError(
            "the mode hard holds pins exactly, but some have an sd; take soft (seen with an error) "
            "or density (spread so)"
        )
    if mode == "tilt" and bound.pins.shadows:
        raise ScenarioError(
            f"{next(iter(bound.pins.shadows))!r}: of a rate with a floor the mode tilt takes "
            "values, no distance from the baseline; say its path, or take the mode hard"
        )
    pinned = len(bound.facts) + len(bound.pins)
    if mode == "hard" and pinned == bound.steps * len(bound.names):
        raise ScenarioError(
            f"all {pinned} cells are pinned, so nothing is left to draw; leave some free, take a "
            "longer horizon, or the mode soft or density"
        )


def _refuse_overflow(answer: Conditional) -> None:
    """A pin so far out that what follows from it is no number."""
    with np.errstate(over="ignore", invalid="ignore"):
        followed = np.isfinite(answer.alternative.samples).all(axis=(0, 1))
    if not followed.all():
        lost = ", ".join(np.array(answer.bound.names)[~followed])
        raise ScenarioError(
            f"the pins lie so far out that no number is left of {lost}; are they in the units of "
            "the panel?"
        )


def _miss(told: Draws, bound: BoundScenario, mode: Mode) -> float:
    """The worst deviation from what should hold exactly."""
    missed = [np.abs(told.alternative @ bound.facts.matrix.T - bound.facts.value).ravel()]
    if mode == "hard":
        missed.append(np.abs(told.alternative @ told.pins.matrix.T - told.pins.value).ravel())
    whole = np.concatenate(missed)
    return float(whole.max()) if len(whole) else float("nan")


def _or_gaussian(answer: Conditional) -> Conditional:
    """The Gaussian answer in the place of one that hangs on too few draws."""
    found, told = answer.diagnostics, answer.told
    few = found.effective < least_effective(found.paths) or found.ancestors < FEWEST
    if told.gaussian is None or not few or found.paths < 2 * FEWEST:
        return answer
    why = (
        f"the corrected answer hangs on {min(found.effective, found.ancestors):.0f} effective of "
        f"{found.paths} draws at most: too few; this is the Gaussian answer of the anchor"
    )
    warnings.warn(why, ScenarioWarning, stacklevel=3)
    told = replace(
        told, alternative=told.gaussian, twin=told.gaussian, controls=None,
        method="Gaussian answer of the anchor",
    )  # fmt: skip
    found = replace(
        found,
        effective=found.paths,
        ancestors=found.paths,
        fallback=why,
        method=told.method,
        largest_miss=_miss(told, answer.bound, answer.mode),
    )
    return replace(answer, told=told, diagnostics=found)
