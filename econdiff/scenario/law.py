"""The law that a scenario conditions: what a forecaster must be able to do.

`econdiff.diffusion.conditional` has that of the diffusion model; `GaussianLaw` serves every
model whose future is Gaussian in closed form (AR, VAR), or Gaussian once its coefficients are
drawn (BVAR).
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from econdiff.forecast import Forecaster
from econdiff.scenario.control import Controlled
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.gaussian import Gaussian
from econdiff.scenario.pins import Pins
from econdiff.scenario.statement import Mode

FEWEST = 20  # draws: fewer are no answer
FLOOR = 0.02  # an effective sample below this share of the paths is no answer


def least_effective(paths: int) -> float:
    """The effective sample below which a Gaussian answer takes the place of draws."""
    return max(FEWEST, FLOOR * paths) if paths >= 2 * FEWEST else 0.0


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws [path, cell] in model units without and with the pins.

    Row by row `twin` (the draws with the pins, before any correction) shares its random numbers
    with `baseline`; `alternative` is the answer. `gaussian` is that of the closed form from the
    same random numbers, None where the law is Gaussian itself. `effective` is the effective sample
    size of the answer and `ancestors` how many draws it descends from. `pins` are absolute. Where
    there are `controls`, means of the baseline and of the alternative are better taken from them.
    """

    baseline: np.ndarray
    alternative: np.ndarray
    twin: np.ndarray
    gaussian: np.ndarray | None
    pins: Pins
    effective: float
    ancestors: int
    method: str
    controls: tuple[Controlled, Controlled] | None = None


class Law(Protocol):
    """The joint law of the steps that follow a history, in model units."""

    def gaussian(self) -> Gaussian:
        """Mean and covariance in closed form; the whole law where it is Gaussian."""
        ...

    def draw(
        self, facts: Pins, pins: Pins, mode: Mode, paths: int, rng: np.random.Generator
    ) -> Draws:
        """Draws given the facts (which hold exactly), and given facts and pins.

        Without pins the two are the same digits.
        """
        ...

    def log_density_ratio(
        self, path: np.ndarray, draws: np.ndarray, facts: Pins
    ) -> tuple[float, float, str]:
        """Log density of `path` [cell] less that of the densest path known, its error, the method.

        `draws` [path, cell] are of this law given the facts, which `path` and the densest path
        meet too.
        """
        ...


@runtime_checkable
class HasNoise(Protocol):
    """A law whose draws are a function of white noise, so that rare ones can be sought."""

    def obstacle(self, facts: Pins) -> str:
        """Why draws given the facts are no such function, with what to do; empty where they are."""
        ...

    def futures(self, noise: np.ndarray, facts: Pins) -> np.ndarray:
        """Draws [path, cell] given the facts, from N(0, I) `noise` [path, cell]."""
        ...


@runtime_checkable
class HasLaw(Protocol):
    """A forecaster that gives its law itself."""

    def law(self, history: pd.DataFrame, horizon: int) -> Law:
        """The law of the `horizon` steps after `history`."""
        ...


@runtime_checkable
class HasMoments(Protocol):
    """A forecaster whose future is Gaussian."""

    def path_moments(self, history: pd.DataFrame, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean [step, series] and covariance [step * series, step * series]."""
        ...


@runtime_checkable
class _HasDraws(Protocol):
    def draws(self, count: int, rng: np.random.Generator) -> Iterator[HasMoments]: ...


def law_of(forecaster: Forecaster, history: pd.DataFrame, horizon: int) -> Law:
    """The law of a fitted model at the end of `history`, in the units of the model."""
    if isinstance(forecaster, HasLaw):
        return forecaster.law(history, horizon)
    if isinstance(forecaster, HasMoments):
        return GaussianLaw(forecaster, history, horizon)
    raise ScenarioError(
        f"{type(forecaster).__name__} cannot condition; take the diffusion model, AR, VAR or BVAR, "
        "or weigh its draws by econdiff.scenario.tilt and occurs"
    )


def _known(draws: np.ndarray, centre: np.ndarray) -> Controlled:
    """Draws of a law whose mean is known to be `centre`."""
    return Controlled(draws, np.full(len(draws), 1 / len(draws)), draws, centre)


@dataclass(frozen=True, eq=False)
class GaussianLaw:
    """The law of a forecaster with `path_moments`.

    Where its coefficients are drawn (`draws`), every path has its own law and is moved by that;
    the pins do not change what is believed of the coefficients, as in the first step of Waggoner
    and Zha's (1999) sampler. A relative pin is then above the mean of the draws, not that at the
    mean of the coefficients.
    """

    forecaster: Forecaster
    history: pd.DataFrame
    horizon: int

    def gaussian(self) -> Gaussian:
        """See `Law`; at the mean of the coefficients where they are drawn."""
        return self._moments(self.forecaster)

    def draw(
        self, facts: Pins, pins: Pins, mode: Mode, paths: int, rng: np.random.Generator
    ) -> Draws:
        """See `Law`."""
        before = copy.deepcopy(rng)
        drawn = self.forecaster.sample(self.history, horizon=self.horizon, paths=paths, rng=rng)
        flat = drawn.samples.reshape(paths, -1)
        if isinstance(self.forecaster, _HasDraws) and len(facts) + len(pins):
            each = [self._moments(one) for one in self.forecaster.draws(paths, before)]
            laws = list(zip(each, np.split(np.arange(paths), paths), strict=True))
        else:
            laws = [(self.gaussian(), np.arange(paths))]
        baseline = [law.moved(flat[rows], facts, "hard", rng) for law, rows in laws]
        free, exact = np.concatenate(baseline), self.gaussian().given(facts).mean
        pins = pins.at(exact if len(laws) == 1 else free.mean(axis=0))
        told = [
            law.given(facts).moved(draws, pins, mode, rng)
            for (law, _), draws in zip(laws, baseline, strict=True)
        ]
        given, controls = np.concatenate(told) if len(pins) else free, None
        if len(laws) == 1 and len(pins):
            centre = self.gaussian().given(facts).given(pins, mode).mean
            controls = _known(free, exact), _known(given, centre)
        return Draws(free, given, given, None, pins, paths, paths, "closed form", controls)

    def obstacle(self, facts: Pins) -> str:
        """See `HasNoise`."""
        del facts
        if not isinstance(self.forecaster, _HasDraws):
            return ""
        name = type(self.forecaster).__name__.removeprefix("Fitted")
        return (
            f"{name} draws its coefficients path by path; take AR, VAR or the diffusion model, in "
            "which rare events are sought"
        )

    def futures(self, noise: np.ndarray, facts: Pins) -> np.ndarray:
        """See `HasNoise`."""
        return self.gaussian().given(facts).of(noise)

    def log_density_ratio(
        self, path: np.ndarray, draws: np.ndarray, facts: Pins
    ) -> tuple[float, float, str]:
        """See `Law`: minus half the squared Mahalanobis distance, in closed form."""
        del draws
        law = self.gaussian()
        size = np.sqrt(np.diag(law.covariance))
        size[size == 0] = 1.0
        law = law.given(facts)
        apart = (path - law.mean) / size  # in deviations, so that no unit counts
        correlation = law.covariance / np.outer(size, size)
        precision = np.linalg.pinv(correlation, rcond=1e-12, hermitian=True)  # facts are exact
        return float(-apart @ precision @ apart / 2), 0.0, "closed form"

    def _moments(self, forecaster: object) -> Gaussian:
        if not isinstance(forecaster, HasMoments):
            raise TypeError(f"{type(forecaster).__name__} has no path_moments")
        mean, covariance = forecaster.path_moments(self.history, self.horizon)
        return Gaussian(mean.ravel(), covariance)
