"""Draw futures from the state spaces of statsmodels.

    y_t = d + Z a_t,    a_{t+1} = c + T a_t + R e_t,    e_t ~ N(0, I)

Durbin and Koopman (2012), *Time Series Analysis by State Space Methods*, 3.1, without
measurement noise (none of our models has any). The filter gives a_t at the origin its mean and
covariance, whatever cells of the history are missing; futures start from draws of it.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.tools.sm_exceptions import ModelWarning
from statsmodels.tsa.statespace.mlemodel import MLEModel

from econdiff.baselines.gaussian import root
from econdiff.baselines.history import values_of
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after

LARGEST_STATE = 16  # of one series


@dataclass(frozen=True, eq=False)
class StateSpace:
    """A state space at the origin."""

    design: np.ndarray  # [observed, state]
    level: np.ndarray  # [observed]
    transition: np.ndarray  # [state, state]
    intercept: np.ndarray  # [state]
    loading: np.ndarray  # [state, shock]
    mean: np.ndarray  # [state]
    covariance: np.ndarray  # [state, state]

    @classmethod
    def at_origin(cls, model: MLEModel, params: np.ndarray) -> "StateSpace":
        """Filter the data of `model` with `params`; nothing is estimated."""
        filtered = filter_by(model, params)
        ssm = filtered.model.ssm
        return cls(
            ssm["design"],
            _latest(ssm["obs_intercept"]),
            ssm["transition"],
            _latest(ssm["state_intercept"]),
            ssm["selection"] @ root(ssm["state_cov"]),
            filtered.filtered_state[:, -1],
            filtered.filtered_state_cov[:, :, -1],
        )

    def futures(self, start: np.ndarray, shocks: np.ndarray) -> np.ndarray:
        """Paths [path, step, observed] from standard normal `start` [path, state] and `shocks`.

        `shocks` are [path, step, shock].
        """
        state = self.mean + start @ root(self.covariance)
        path = np.empty((len(start), shocks.shape[1], len(self.level)))
        for step in range(shocks.shape[1]):
            state = self.intercept + state @ self.transition.T + shocks[:, step] @ self.loading.T
            path[:, step] = self.level + state @ self.design.T
        return path


@dataclass(frozen=True, eq=False)
class SeriesLaw:
    """One series' state space, of `(y - centre) / scale`."""

    make: Callable[[np.ndarray], MLEModel]
    params: np.ndarray
    centre: float
    scale: float
    label: str

    def errors(self, y: np.ndarray, burn: int) -> np.ndarray:
        """Standardised one-step errors [time], NaN where there is none and in the first `burn`."""
        filtered = filter_by(self.make((y - self.centre) / self.scale), self.params)
        errors = filtered.standardized_forecasts_error[0].copy()
        errors[:burn] = np.nan
        return errors

    def futures(self, y: np.ndarray, start: np.ndarray, shocks: np.ndarray) -> np.ndarray:
        """Paths [path, step] that go on from `y` [time]."""
        space = StateSpace.at_origin(self.make((y - self.centre) / self.scale), self.params)
        path = space.futures(start[:, : len(space.mean)], shocks[..., None])
        return self.centre + self.scale * path[..., 0]


@dataclass(frozen=True, eq=False)
class SeriesLaws:
    """A state space for each series, each with one shock a period; the shocks are correlated."""

    names: tuple[str, ...]
    laws: tuple[SeriesLaw, ...]
    correlation: np.ndarray  # [series, series]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`. A ragged edge is filtered, series by series."""
        values = values_of(history, self.names)
        shocks = rng.standard_normal((paths, horizon, len(self.names))) @ root(self.correlation)
        columns = [
            law.futures(values[:, i], rng.standard_normal((paths, LARGEST_STATE)), shocks[..., i])
            for i, law in enumerate(self.laws)
        ]
        return Forecast(
            np.stack(columns, axis=-1),
            steps_after(history, horizon),
            self.names,
            provenance={**self.provenance, "series": {n: w.label for n, w in self.pairs()}},
        )

    def pairs(self) -> Iterator[tuple[str, SeriesLaw]]:
        """Each series' name with its law."""
        return ((str(name), law) for name, law in zip(self.names, self.laws, strict=True))


def _latest(intercept: np.ndarray) -> np.ndarray:
    """An intercept [row] or [row, time]: statsmodels writes a constant one out over time."""
    return intercept if intercept.ndim == 1 else intercept[:, -1]


def filter_by(model: MLEModel, params: np.ndarray) -> Any:
    """The results of filtering the data of `model` with `params`; nothing is estimated."""
    with _quietly():
        return model.filter(params)


def maximise(model: MLEModel, iterations: int = 50) -> Any:
    """The results of maximum likelihood after at most so many `iterations`."""
    with _quietly():
        return model.fit(disp=0, cov_type="none", maxiter=iterations)


@contextmanager
def _quietly() -> Iterator[None]:
    """Silence what statsmodels says about starting values and convergence.

    The best of several candidates is kept by its likelihood, whatever each search said.
    """
    with warnings.catch_warnings():
        for category in (ModelWarning, UserWarning, RuntimeWarning):
            warnings.simplefilter("ignore", category)
        yield
