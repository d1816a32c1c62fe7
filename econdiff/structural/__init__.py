"""Structural scenarios: shocks with names, under an identification that the user declares.

A reduced form y_t = c + A_1 y_{t-1} + ... + u_t, u_t ~ N(0, S), says nothing of causes. With
u_t = B e_t, e_t ~ N(0, I), B B' = S, the columns of B are the effects of shocks on impact; data do
not choose B, so there is no default scheme:

    scheme = Recursive(("output", "prices", "rate"))
    scheme = Signs({("policy", "rate"): +1, ("policy", "prices"): -1, ("policy", "output"): 0})
    scheme = Instrument(surprises, shock="policy", raises="rate")

    found = structural(forecaster, history, scheme, draws=500, rng=rng)
    found.bands(16)                        # responses, with bands
    found.historical()                     # what each shock gave each period
    local_projections(found, "policy", 16) # the same responses, without the recursion
    brought_about(found, scenario, ("policy",), horizon=8, paths=1000, rng=rng)

`schemes` declares, `model` answers, `scenario` brings a path about by named shocks, `projections`
checks. Here, and nowhere else in econdiff, the words are effect and impact.
"""

from econdiff.structural.model import Structural, structural
from econdiff.structural.projections import local_projections
from econdiff.structural.reading import read_scheme
from econdiff.structural.scenario import StructuralScenario, brought_about, check_driven
from econdiff.structural.schemes import Instrument, Recursive, Reduced, Scheme, Signs

__all__ = [
    "Instrument",
    "Recursive",
    "Reduced",
    "Scheme",
    "Signs",
    "Structural",
    "StructuralScenario",
    "brought_about",
    "check_driven",
    "local_projections",
    "read_scheme",
    "structural",
]
