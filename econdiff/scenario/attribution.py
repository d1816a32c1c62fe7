"""What drives a conditional forecast: which pin, of which series, in which period.

Under a Gaussian law the shift of the mean is a sum over the pins, exactly:

    shift = K (d - C mu) = sum_j K_j (d_j - C_j mu)

K_j is the sensitivity to pin j, d_j - C_j mu its surprise. With new data in the place of pins the
same sum is the news decomposition of Banbura and Modugno (2014), "Maximum likelihood
estimation of factor models on datasets with arbitrary pattern of missing data", section 2.3.
Where the law is not Gaussian, the same question is answered by the value of Shapley (1953).
"""

from collections.abc import Callable, Sequence
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from econdiff.forecast import long_table
from econdiff.periods import period_labels
from econdiff.scenario.answer import Conditional
from econdiff.scenario.binding import BoundScenario, linear_scale
from econdiff.scenario.control import steadied
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.gaussian import Gaussian
from econdiff.scenario.law import Draws
from econdiff.scenario.pins import Pins
from econdiff.scenario.statement import Mode


def drivers(law: Gaussian, bound: BoundScenario, pins: Pins, mode: Mode = "hard") -> pd.DataFrame:
    """The shift of each cell by pin: `series, period, pin, pinned, at, contribution, sensitivity`.

    In the units of the series; in per cent where it is modelled in logarithms, of the shadow rate
    where it has a floor. `law` is the law before the pins, and those of a period are told all at
    once.
    """
    pins = pins.at(law.mean)
    gain = law.gain(pins, mode)  # [cell, pin]
    surprise = pins.value - pins.matrix @ law.mean
    moved, unit = linear_scale(bound, gain * surprise), linear_scale(bound, gain)
    labels, edge = period_labels(bound.index_of(edge=False)), bound.edge
    rows = [
        pd.DataFrame(
            {
                "series": name,
                "period": labels,
                "pin": pins.labels[j],
                "pinned": pins.series[j],
                "at": pins.periods[j],
                "contribution": moved[edge:, k, j],
                "sensitivity": unit[edge:, k, j],
            }
        )
        for k, name in enumerate(bound.names)
        for j in range(len(pins))
    ]
    return pd.concat(rows, ignore_index=True)


def shapley(
    value: Callable[[tuple[str, ...]], np.ndarray], players: Sequence[str]
) -> dict[str, np.ndarray]:
    """What each player adds to `value(all) - value(())`, on average over the orders of joining.

    Shapley (1953), exactly: `value` is asked once for each of the 2^n coalitions. The shares add
    up to the whole.
    """
    count = len(players)
    worth = {
        frozenset(group): np.asarray(value(group))
        for size in range(count + 1)
        for group in combinations(players, size)
    }
    found = {}
    for player in players:
        others = [other for other in players if other != player]
        found[player] = sum(
            (worth[frozenset((*group, player))] - worth[frozenset(group)])
            / (count * comb(count - 1, size))
            for size in range(count)
            for group in combinations(others, size)
        )
    return found


def sequential(
    value: Callable[[tuple[str, ...]], np.ndarray], players: Sequence[str]
) -> dict[str, np.ndarray]:
    """What each player adds when they join in this order; the shares add up to the whole."""
    steps = [np.asarray(value(tuple(players[:k]))) for k in range(len(players) + 1)]
    return {player: steps[k + 1] - steps[k] for k, player in enumerate(players)}


def shift(bound: BoundScenario, told: Draws) -> np.ndarray:
    """How far the mean moves, [step, series], in the scale of `drivers`; with its controls."""
    if told.controls is None:
        return linear_scale(bound, told.alternative.mean(axis=0) - told.baseline.mean(axis=0))
    means = []
    for control in told.controls:
        values, twins = (
            np.moveaxis(linear_scale(bound, draws.T), -1, 0)
            for draws in (control.draws, control.twins)
        )
        centre = linear_scale(bound, control.centre)
        means.append(steadied(values, control.weights, twins, centre)[0])
    return means[1] - means[0]


def shares(answer: Conditional, *, paths: int, seed: int, most: int = 4) -> pd.DataFrame:
    """The shift of each cell by pinned series, for any law: `series, period, pinned, contribution`.

    By Shapley's value up to `most` pinned series (2^n conditional forecasts of `paths` draws, all
    from `seed`), beyond that in the order of the pins; the column `how` says which. In the scale of
    `drivers`. They add up to the answer's own shift; ScenarioError where more than pins is assumed.
    """
    bound, pins = answer.bound, answer.told.pins
    if not len(pins) or bound.events or answer.mode == "tilt":
        raise ScenarioError(
            "shares are of pins alone: take the mode hard, soft or density, at least one pin and "
            "no event"
        )
    players = list(dict.fromkeys(pins.series))

    def value(group: tuple[str, ...]) -> np.ndarray:
        if len(group) in (0, len(players)):
            return shift(bound, answer.told) * bool(group)
        kept = pins.keep(np.array([series in group for series in pins.series], bool))
        rng = np.random.default_rng(seed)
        return shift(bound, answer.law.draw(bound.facts, kept, answer.mode, paths, rng))

    how = "Shapley" if len(players) <= most else "sequential"
    found = (shapley if how == "Shapley" else sequential)(value, players)
    tables = [
        long_table(
            bound.names,
            bound.index_of(edge=False),
            {"pinned": player, "contribution": moved[bound.edge :], "how": how},
        )
        for player, moved in found.items()
    ]
    return pd.concat(tables, ignore_index=True)
