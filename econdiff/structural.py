"""Structural scenarios: shocks with names, under an identification that the user declares.

A reduced form y_t = c + A_1 y_{t-1} + ... + u_t, u_t ~ N(0, S), says nothing of causes. With
u_t = B e_t, e_t ~ N(0, I), B B' = S, the columns of B are the effects of shocks on impact; data do
not choose B, so there is no default:

    Recursive(("output", "prices", "rate"))          Sims (1980): B lower triangular in this order
    Signs({("policy", "rate"): +1, ("policy", "prices"): -1, ...})
                                                     Rubio-Ramirez, Waggoner and Zha (2010)

Signs identify a set: each draw is one B that fits. A scenario is met by the shocks that are said to
bring it about, the others keep their law: Antolin-Diaz, Petrella and Rubio-Ramirez (2021),
"Structural scenario analysis with SVARs", section 4. Shocks far beyond those of the past would be
noticed, and the model would no longer hold: Leeper and Zha (2003), "Modest policy interventions".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from econdiff.baselines.gaussian import LinearGaussian, futures
from econdiff.scenario import Scenario, ScenarioError, bind

MODEST = 2.0  # standard deviations of the sum of a shock over the scenario, scaled to one


class Scheme(Protocol):
    """A declared identification."""

    @property
    def shocks(self) -> tuple[str, ...]:
        """The names of the shocks, one a series."""
        ...

    def impacts(
        self, names: tuple[str, ...], covariance: np.ndarray, draws: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Draws of B [draw, series, shock] from the set that the scheme identifies."""
        ...


@dataclass(frozen=True)
class Recursive:
    """B is lower triangular when the series stand in `order`: a shock moves none before its own."""

    order: tuple[str, ...]

    @property
    def shocks(self) -> tuple[str, ...]:
        """Each named by its series."""
        return self.order

    def impacts(
        self, names: tuple[str, ...], covariance: np.ndarray, draws: int, rng: np.random.Generator
    ) -> np.ndarray:
        """See `Scheme`: a single point, so all draws are the same."""
        del rng
        if sorted(self.order) != sorted(names):
            raise ScenarioError(f"the order {self.order} must hold the series {names}, each once")
        rows = [names.index(name) for name in self.order]
        lower = np.linalg.cholesky(covariance[np.ix_(rows, rows)])
        impact = np.empty_like(lower)
        impact[rows] = lower
        return np.repeat(impact[None], draws, axis=0)


@dataclass(frozen=True, eq=False)
class Signs:
    """`on_impact[(shock, series)]` is +1 or -1; shocks without an entry are only orthogonal."""

    on_impact: Mapping[tuple[str, str], int]
    tries: int = 20_000

    @property
    def shocks(self) -> tuple[str, ...]:
        """The named shocks, in the order of their first mention."""
        return tuple(dict.fromkeys(shock for shock, _ in self.on_impact))

    def impacts(
        self, names: tuple[str, ...], covariance: np.ndarray, draws: int, rng: np.random.Generator
    ) -> np.ndarray:
        """See `Scheme`: rotations uniform over the sphere, kept where the signs fit."""
        wanted = np.zeros((len(names), len(names)))
        if len(self.shocks) > len(names):
            raise ScenarioError(f"{len(self.shocks)} shocks for {len(names)} series")
        for (shock, series), sign in self.on_impact.items():
            if series not in names or sign not in (-1, 1):
                raise ScenarioError(f"({shock}, {series}): {sign} is no sign of one of {names}")
            wanted[names.index(series), self.shocks.index(shock)] = sign
        lower, kept = np.linalg.cholesky(covariance), []
        for _ in range(self.tries):
            q, r = np.linalg.qr(rng.standard_normal(wanted.shape))
            impact = lower @ (q * np.sign(np.diag(r)))
            fits = (np.sign(impact) == wanted) | (wanted == 0)
            turned = (np.sign(-impact) == wanted) | (wanted == 0)
            if (fits.all(axis=0) | turned.all(axis=0)).all():
                kept.append(impact * np.where(fits.all(axis=0), 1, -1))
            if len(kept) == draws:
                return np.stack(kept)
        raise ScenarioError(
            f"{len(kept)} of {self.tries} rotations have these signs, {draws} are needed; the "
            "signs may contradict the data: loosen them, or ask for fewer draws"
        )


@dataclass(frozen=True, eq=False)
class Structural:
    """A reduced form and B [draw, series, shock] under the declared `scheme`."""

    model: LinearGaussian
    scheme: Scheme
    impacts: np.ndarray

    @property
    def shocks(self) -> tuple[str, ...]:
        """One name a column of B; those that the scheme does not name are "(unnamed 1)", ..."""
        named = self.scheme.shocks
        rest = range(1, len(self.model.names) - len(named) + 1)
        return named + tuple(f"(unnamed {k})" for k in rest)

    def responses(self, horizon: int) -> np.ndarray:
        """Effects of a unit shock, [draw, step, series, shock], step 0 on impact."""
        draws, series, _ = self.impacts.shape
        unit = np.zeros((draws * series, horizon + 1, series))
        unit[:, 0] = self.impacts.swapaxes(1, 2).reshape(-1, series)
        quiet = np.vstack([np.zeros((1, series)), self.model.coefficients[1:]])
        past = np.zeros((len(unit), self.model.lags, series))
        moved = futures(quiet, past, unit)
        return moved.reshape(draws, series, horizon + 1, series).transpose(0, 2, 3, 1)

    def bands(self, horizon: int, coverage: float = 0.68) -> pd.DataFrame:
        """`shock, series, step, low, median, high` over the identified set."""
        tail = (1 - coverage) / 2
        table = np.quantile(self.responses(horizon), [tail, 0.5, 1 - tail], axis=0)
        index = pd.MultiIndex.from_product(
            [range(horizon + 1), self.model.names, self.shocks], names=["step", "series", "shock"]
        )
        frame = pd.DataFrame(table.reshape(3, -1).T, index=index, columns=["low", "median", "high"])
        return frame.reset_index()

    def historical(self, history: pd.DataFrame, draw: int = 0) -> pd.DataFrame:
        """What each shock, and the start, gave each cell: `period, series, shock, value`."""
        y = history[list(self.model.names)].to_numpy(float)
        lags, coefficients = self.model.lags, self.model.coefficients
        if not np.isfinite(y).all():
            raise ScenarioError("a historical decomposition needs a history without missing cells")
        steps, series = len(y) - lags, y.shape[1]
        quiet = futures(coefficients, y[None, :lags], np.zeros((1, steps, series)))[0]
        rows = [np.concatenate([[1.0], y[t - lags : t][::-1].ravel()]) for t in range(lags, len(y))]
        shocks = np.linalg.solve(self.impacts[draw], (y[lags:] - np.array(rows) @ coefficients).T)
        zero = np.vstack([np.zeros((1, series)), coefficients[1:]])
        alone = self.impacts[draw].T[:, None] * shocks[:, :, None]  # [shock, step, series]
        parts = futures(zero, np.zeros((series, lags, series)), alone)
        values = np.concatenate([parts, quiet[None]]).transpose(1, 2, 0)
        index = pd.MultiIndex.from_product(
            [history.index[lags:], self.model.names, (*self.shocks, "start and constant")],
            names=["period", "series", "shock"],
        )
        return pd.DataFrame({"value": values.ravel()}, index=index).reset_index()

    def scenario(
        self, history: pd.DataFrame, scenario: Scenario, driven_by: tuple[str, ...], horizon: int
    ) -> "StructuralScenario":
        """The scenario brought about by the shocks `driven_by`, the others left to their law.

        Means, by draw of B: e_driving = D^+ (d - C mu), D the response of the pins to the driving
        shocks, the least such shocks in squares; other shocks stay at 0 on average.
        """
        unknown = [shock for shock in driven_by if shock not in self.shocks]
        if unknown:
            raise ScenarioError(f"no shock {unknown}; this scheme has {list(self.shocks)}")
        pins = bind(scenario, history, horizon).pins
        mean = self.model.path_moments(history, horizon)[0].ravel()
        pins, columns = pins.at(mean), [self.shocks.index(shock) for shock in driven_by]
        responses, series = self.responses(horizon - 1), len(self.model.names)
        shocks = np.zeros((len(self.impacts), horizon, series))
        means = np.zeros((len(self.impacts), horizon, series))
        for k, psi in enumerate(responses):
            full = np.zeros((horizon, series, horizon, series))  # of cell, to shock
            for t in range(horizon):
                full[t:, :, t] = psi[: horizon - t]
            told = pins.matrix @ full.reshape(horizon * series, -1)
            keep = np.isin(np.tile(np.arange(series), horizon), columns)
            needed, _, rank, _ = np.linalg.lstsq(
                told[:, keep], pins.value - pins.matrix @ mean, rcond=1e-10
            )
            if rank < len(pins):
                raise ScenarioError(
                    f"the shocks {list(driven_by)} cannot meet {len(pins)} pins (rank {rank}); "
                    "name more shocks, or pin less"
                )
            e = np.zeros(horizon * series)
            e[keep] = needed
            shocks[k] = e.reshape(horizon, series)
            means[k] = (mean + full.reshape(horizon * series, -1) @ e).reshape(horizon, series)
        return StructuralScenario(means, shocks, self.shocks)


@dataclass(frozen=True, eq=False)
class StructuralScenario:
    """`means` [draw, step, series] and the mean `shocks` [draw, step, shock] that they take."""

    means: np.ndarray
    shocks: np.ndarray
    names: tuple[str, ...]

    def modesty(self) -> pd.DataFrame:
        """`shock, largest, modesty, modest` (medians over draws), after Leeper and Zha (2003).

        `modesty` is the sum of a shock over the scenario in its standard deviations, N(0, 1) if
        the shocks were ordinary; beyond 2 people would notice a new regime.
        """
        steps = (self.shocks != 0).any(axis=(0, 2)).sum() or 1
        total = np.median(self.shocks.sum(axis=1), axis=0) / np.sqrt(steps)
        largest = np.median(np.abs(self.shocks).max(axis=1), axis=0)
        return pd.DataFrame(
            {
                "shock": self.names,
                "largest": largest,
                "modesty": total,
                "modest": np.abs(total) <= MODEST,
            }
        )


def structural(
    model: LinearGaussian, scheme: Scheme, *, draws: int, rng: np.random.Generator
) -> Structural:
    """Declare `scheme` of the shocks of `model`; `draws` from the set that it identifies."""
    return Structural(model, scheme, scheme.impacts(model.names, model.covariance, draws, rng))
