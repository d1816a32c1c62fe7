"""Scenarios: what is assumed of the future, and what a model makes of it.

    scenario = parse_pin("FEDFUNDS=5.5,5.5,5.25")
    answer = conditional(forecaster, panel, scenario, mode="hard", horizon=8, paths=1000, rng=rng)
    plausibility(answer).verdict

`statement` says it, `reading` reads it, `binding` turns it into `pins` in model units, `gaussian`
and `law` answer it, `conditional` puts baseline and alternative side by side (`answer`),
`reweighted` and `rare` choose for events; `plausibility`, `attribution`, `gap` and `news` judge and
explain it; `at_risk` reads growth-at-risk off paths.
"""

from econdiff.scenario.answer import Conditional, Diagnostics
from econdiff.scenario.binding import BoundScenario, bind
from econdiff.scenario.conditional import check, conditional
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.events import Probability, margin, occurs, probability
from econdiff.scenario.files import read_scenario
from econdiff.scenario.gaussian import Gaussian
from econdiff.scenario.pins import Pins
from econdiff.scenario.plausibility import Plausibility, plausibility
from econdiff.scenario.reading import parse_pin
from econdiff.scenario.reweighted import ScenarioWarning
from econdiff.scenario.statement import (
    MODES,
    Mode,
    Pin,
    Scenario,
    Term,
    above_baseline,
    average,
    cell,
    change,
    growth,
    spread,
    total,
)
from econdiff.weighting import tilt

__all__ = [
    "MODES",
    "BoundScenario",
    "Conditional",
    "Diagnostics",
    "Gaussian",
    "Mode",
    "Pin",
    "Pins",
    "Plausibility",
    "Probability",
    "Scenario",
    "ScenarioError",
    "ScenarioWarning",
    "Term",
    "above_baseline",
    "average",
    "bind",
    "cell",
    "change",
    "check",
    "conditional",
    "growth",
    "margin",
    "occurs",
    "parse_pin",
    "plausibility",
    "probability",
    "read_scenario",
    "spread",
    "tilt",
    "total",
]
