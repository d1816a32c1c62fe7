"""One pin at a time: from the user's words and units to weights on the cells of a model.

A pinned level is a linear pin on the growth rates before it, exactly, also where only its last
quarter is given (`ahead`).
"""

from dataclasses import dataclass

import numpy as np

from econdiff.scenario.ahead import Ahead
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.pins import Shadow
from econdiff.scenario.statement import Pin, Term


@dataclass(frozen=True, eq=False)
class Row:
    """A pin as `weights` [cell] on the future, the value that they add up to, and its sd."""

    pin: Pin
    weights: np.ndarray  # [cell]
    value: float
    sd: float
    period: str
    log: bool  # `value` is the logarithm of what was stated
    shadow: Shadow | None = None  # where it is above the baseline of a rate with a floor


def row_of(ahead: Ahead, pin: Pin) -> Row:
    """The pin in model units; the link of each series is the scale of the pin."""
    for term in pin.terms:
        ahead.known_series(term.series)
    if pin.growth:
        weights, value, sd = _growth(ahead, pin)
    elif len(pin.terms) == 1:
        weights, value, sd = _cell(ahead, pin)
    else:
        weights, value, sd = _combined(ahead, pin)
    last = max(pin.terms, key=lambda term: ahead.step(term.when))
    log = (pin.growth or len(pin.terms) == 1) and ahead.logs(last.series)
    bent = pin.relative and not (ahead.logs(last.series) or ahead.straight(last.series))
    shadow = Shadow(ahead.transforms[last.series], ahead.way_back(last)[1]) if bent else None
    return Row(pin, weights, value, sd, ahead.label(last.when), log, shadow)


def _cell(ahead: Ahead, pin: Pin) -> tuple[np.ndarray, float, float]:
    (term,) = pin.terms
    weights, offset = ahead.way_back(term)
    if pin.relative:
        return weights, _above(ahead, pin, term), _link_sd(ahead, pin, term, pin.sd)
    value = ahead.link(term, pin.value / term.weight, pin.label)
    return weights, value - offset, _link_sd(ahead, pin, term, pin.value / term.weight)


def _above(ahead: Ahead, pin: Pin, term: Term) -> float:
    """The distance from the baseline on the scale of the link; in units where it has a floor."""
    log = ahead.logs(term.series)
    if log and pin.relative == "per cent":
        if pin.value <= -100:
            raise ScenarioError(f"{pin.label!r}: {term.series} cannot fall by 100% or more")
        return float(np.log1p(pin.value / 100))
    if log or pin.relative == "per cent":
        need = "+5%" if log else "+0.5"
        raise ScenarioError(
            f"{pin.label!r}: {term.series} is modelled in {'logarithms' if log else 'levels'}; "
            f"say baseline{need}"
        )
    if pin.relative == "percentage points":
        _in_per_cent(ahead, pin, term)
    return pin.value


def _in_per_cent(ahead: Ahead, pin: Pin, term: Term) -> None:
    """Refuse basis points on a series that may hold fractions: of 5%, 0.05."""
    past = ahead.start[term.series].to_numpy(float)
    low, high = np.nanmin(past), np.nanmax(past)
    if max(abs(low), abs(high)) <= 1:
        raise ScenarioError(
            f"{pin.label!r}: basis points and pp are of a series in per cent, and "
            f"{term.series} has been between {low:g} and {high:g}; say "
            f"baseline{pin.value / 100:+g} if it holds fractions (0.05 is 5%), "
            f"baseline{pin.value:+g} if it is in per cent"
        )


def _link_sd(ahead: Ahead, pin: Pin, term: Term, value: float) -> float:
    """The deviation on the scale of the link; that of a relative pin of a logarithm is in %."""
    if pin.relative:
        return pin.sd / 100 if ahead.logs(term.series) else pin.sd
    return pin.sd * ahead.slope(term.series, value) if pin.sd else 0.0


def _growth(ahead: Ahead, pin: Pin) -> tuple[np.ndarray, float, float]:
    before, after = pin.terms
    (w0, o0), (w1, o1) = ahead.way_back(before), ahead.way_back(after)
    factor = 1 + pin.value / 100
    if not ahead.logs(after.series):
        _straight(ahead, pin, after)
    if not ahead.logs(after.series):  # x1 = factor x0
        return w1 - factor * w0, factor * o0 - o1, _growth_sd(ahead, pin, before)
    if factor <= 0:
        raise ScenarioError(f"{pin.label!r}: a series of positive values cannot fall by 100%")
    return w1 - w0, float(np.log(factor)) - (o1 - o0), pin.sd / 100 / factor


def _growth_sd(ahead: Ahead, pin: Pin, before: Term) -> float:
    """The deviation of growth in units of the series: per cent of a base that is known."""
    base = ahead.known_value(before)
    if pin.sd and base is None:
        raise ScenarioError(
            f"{pin.label!r} has a standard deviation in per cent of a value that is not known "
            f"yet; say change({before.series}, FIRST, LAST), whose sd is in units, or let "
            "FIRST be a period of the history"
        )
    return pin.sd / 100 * abs(base or 0.0)


def _combined(ahead: Ahead, pin: Pin) -> tuple[np.ndarray, float, float]:
    weights, value = np.zeros(len(ahead.index) * len(ahead.transforms)), pin.value
    for term in pin.terms:
        if ahead.logs(term.series):
            raise ScenarioError(
                f"{pin.label!r}: {term.series} is modelled in logarithms, in which sums and "
                f"differences of its levels are not linear; pin its growth, as in "
                f"growth({term.series}, FIRST, LAST)=2"
            )
        _straight(ahead, pin, term)
        cell, offset = ahead.way_back(term)
        weights += term.weight * cell
        value -= term.weight * offset
    return weights, value, pin.sd


def _straight(ahead: Ahead, pin: Pin, term: Term) -> None:
    """Refuse a sum or a growth rate of a series whose levels are bent by a floor."""
    if not ahead.straight(term.series):
        raise ScenarioError(
            f"{pin.label!r}: {term.series} is modelled as a shadow rate above its floor, in which "
            "sums, differences and growth of its levels are not linear; pin its periods one by "
            "one, or leave the floor out"
        )
