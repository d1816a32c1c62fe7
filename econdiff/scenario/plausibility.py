"""How likely a scenario was before it was assumed.

    distance     squared Mahalanobis distance of the pinned values from what was expected, and the
                 chi-square probability of one as large; exact for a Gaussian law. In the mode
                 soft the values are what is seen, and their error counts as well
    density      log density of the scenario's central path less that of the densest path: 0 for
                 the forecast itself, -2 for a path exp(2) times less dense; at a ragged
                 edge the densest of the paths that meet what is published
    rank         the share of the model's own draws that lie nearer to what was expected; in the
                 mode soft, of what would be seen of them
    events       probabilities with Monte Carlo errors, without and with the scenario
    outside      pinned cells beyond anything in the history: "outside experience"

The divergence of Kullback and Leibler from a law with exact pins to one without is infinite, and
says nothing; it is not given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2

from econdiff.scenario.ahead import periods_of
from econdiff.scenario.answer import Conditional
from econdiff.scenario.events import Probability, probability
from econdiff.scenario.gaussian import Gaussian
from econdiff.scenario.pins import Pins
from econdiff.scenario.statement import Mode


@dataclass(frozen=True)
class Plausibility:
    """How far what is assumed lies from what was expected, and what it makes likely.

    The log density is of the conditional mean less that of the mode of the model's law, with its
    error and how it was found; the events are weighed without the scenario and given it.
    """

    pins: int  # how many cells, or sums of cells, are pinned
    distance: float  # squared Mahalanobis distance of the pins from their mean, Gaussian law
    tail: float  # the chance of one as large: chi-square with as many degrees of freedom as pins
    log_density_ratio: float
    log_density_error: float
    log_density_method: str
    rank: float  # the share of the model's own draws whose pinned cells lie nearer to their mean
    draws: int  # from which `rank` was found
    outside: tuple[str, ...]  # pins beyond anything in the history
    before: tuple[Probability, ...]  # of the events, without the scenario
    after: tuple[Probability, ...]  # of the same, given it
    sought: Probability | None = None  # the events of the mode event, where they were rare
    assumed: tuple[str, ...] = ()  # the events of the scenario

    @property
    def verdict(self) -> str:
        """One sentence for a reader."""
        if self.sought is not None:
            return (
                f"{self.sought.event}: probability {self.sought.value:.2g}, give or take "
                f"{self.sought.standard_error:.1g} (one standard error), by multilevel splitting."
            )
        if self.pins == 0:
            return " ".join(["Nothing is pinned.", *self._events()])
        far = np.sqrt(self.distance / self.pins)
        words = (
            f"The {self.pins} pinned values lie {far:.2f} standard deviations (root mean square) "
            f"from what was expected; a draw of the Gaussian law is that far out with probability "
            f"{self.tail:.2g}, and {self.rank:.1%} of the model's own draws lie nearer."
        )
        if self.outside:
            pins = "1 pin" if len(self.outside) == 1 else f"{len(self.outside)} pins"
            words += f" Outside experience: {pins} beyond anything in the history."
        return " ".join([words, *self._events()])

    def _events(self) -> list[str]:
        """What is assumed besides the pins."""
        return [
            f"The event {p.event} is assumed; without the scenario its probability is "
            f"{p.value:.2g} ± {p.standard_error:.1g} (one standard error)."
            for p in self.before
            if p.event in self.assumed
        ]

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        return {
            "verdict": self.verdict,
            "pins": self.pins,
            "mahalanobis_squared": self.distance,
            "chi_square_tail": self.tail,
            "log_density_ratio_to_mode": self.log_density_ratio,
            "log_density_standard_error": self.log_density_error,
            "log_density_method": self.log_density_method,
            "rank_among_draws": self.rank,
            "draws": self.draws,
            "outside_experience": list(self.outside),
            "events": [
                {
                    "event": a.event,
                    "baseline": a.value,
                    "baseline_standard_error": a.standard_error,
                    "conditional": b.value,
                    "conditional_standard_error": b.standard_error,
                }
                for a, b in zip(self.before, self.after, strict=True)
            ],
        }


def plausibility(
    answer: Conditional, events: Sequence[str] = (), *, density: bool = True
) -> Plausibility:
    """Judge an answered scenario; `events` are weighed without and with it.

    Without `density` the log density is NaN: the verdict does not name it, and of the diffusion
    model it takes as long as hundreds of paths.
    """
    pins, law = answer.told.pins, answer.law.gaussian().given(answer.bound.facts)
    distance, tail = chi_square(law, pins, answer.closed_form)
    ratio, error, method = float("nan"), float("nan"), "not asked for"
    if density:
        centre = (
            law.given(pins, answer.closed_form).mean
            if answer.told.gaussian is None and not answer.bound.events
            else answer.told.alternative.mean(axis=0)
        )
        ratio, error, method = answer.law.log_density_ratio(
            centre, answer.told.baseline, answer.bound.facts
        )
    events = tuple(dict.fromkeys((*events, *answer.bound.events)))
    return Plausibility(
        len(pins),
        distance,
        tail,
        ratio,
        error,
        method,
        rank(answer.told.baseline, pins, answer.closed_form),
        answer.baseline.paths,
        outside_experience(answer),
        tuple(_without(event, answer) for event in events),
        tuple(_given(event, answer) for event in events),
        answer.chance,
        answer.bound.events,
    )


def chi_square(law: Gaussian, pins: Pins, mode: Mode = "hard") -> tuple[float, float]:
    """Squared distance of the pins from their expectation, and the chance of one as large."""
    distance = law.distance(pins, mode)
    return distance, float(chi2.sf(distance, len(pins))) if len(pins) else 1.0


def rank(draws: np.ndarray, pins: Pins, mode: Mode = "hard") -> float:
    """The share of `draws` [path, cell] that lie nearer to their mean than the pins do.

    Nearness is Mahalanobis', by mean and covariance of the draws and the pins together, so that
    pins that are one more draw have any rank alike, however few draws there are. In the mode soft
    draws are seen with the errors of the pins.
    """
    if len(pins) == 0:
        return 0.0
    seen = draws @ pins.matrix.T
    if mode == "soft":
        seen = seen + pins.sd * np.random.default_rng(0).standard_normal(seen.shape)
    every = np.vstack([seen, pins.value])
    apart = every - every.mean(axis=0)
    size = apart.std(axis=0)
    apart /= np.where(size > 0, size, 1)  # so that no unit counts
    values, axes = np.linalg.eigh(np.atleast_2d(np.cov(apart.T)))
    kept = values > 1e-12 * values[-1]
    far = ((apart @ (axes[:, kept] / np.sqrt(values[kept]))) ** 2).sum(axis=1)
    return float((far[:-1] < far[-1]).mean())


def _without(event: str, answer: Conditional) -> Probability:
    """The probability of an event without the scenario."""
    if answer.chance is not None and event == answer.chance.event:
        return answer.chance
    return probability(event, answer.baseline, answer.history)


def _given(event: str, answer: Conditional) -> Probability:
    """The probability of an event given the scenario."""
    if answer.weights is not None:
        return probability(event, answer.baseline, answer.history, answer.weights)
    effective = answer.diagnostics.effective
    return probability(event, answer.alternative, answer.history, None, effective)


def outside_experience(answer: Conditional) -> tuple[str, ...]:
    """The labels of pinned single cells beyond the range of their series in the history.

    Judged in model units: growth where the series is modelled in growth.
    """
    bound = answer.bound
    past = answer.history.loc[:, list(bound.names)]
    inside = {
        name: transform.to_model(past[name].to_numpy(float))
        for name, transform in bound.transforms.items()
    }
    centre = answer.told.alternative.mean(axis=0).reshape(bound.steps, -1)
    places = {str(period): step for step, period in enumerate(periods_of(bound.index))}
    found = []
    pins = answer.told.pins
    stated = bound.stated[: len(pins)]
    for pin, label, series, period in zip(
        stated, pins.labels, pins.series, pins.periods, strict=True
    ):
        if len(pin.terms) == 1 and period in places:
            value = centre[places[period], bound.names.index(series)]
            if not np.nanmin(inside[series]) <= value <= np.nanmax(inside[series]):
                found.append(label)
    return tuple(found)
