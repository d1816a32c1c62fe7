"""A path brought about by named shocks: structural scenarios.

With M the effects of all shocks e ~ N(0, I) to come, a future is y = mu + M e. The scenario C y = d
is met by the shocks that are said to drive it, and the others keep their law:

    y' = y + M_d D^+ (d - C y),    D = C M_d

so that a path and its twin share every shock but the driving ones, whose change is the least in
squares: Antolin-Diaz, Petrella and Rubio-Ramirez (2021), "Structural scenario analysis with SVARs",
section 3.2. At a ragged edge the shocks of its rows are first given what has been published, and
only those behind it drive. With a density restriction C y ~ N(d, O) each path aims at a d of its
own, and `distance` says how far the shocks' law is then from the ordinary one. Shocks far beyond
those of the past would be noticed, and the model would no longer hold: Leeper and Zha (2003),
"Modest policy interventions".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from econdiff.baselines.gaussian import root
from econdiff.forecast import Forecast, long_table
from econdiff.periods import period_labels
from econdiff.scenario import BoundScenario, Pins, Scenario, ScenarioError
from econdiff.structural.distance import coin, divergence, law_of_shocks
from econdiff.structural.model import Structural
from econdiff.structural.schemes import Scheme

LARGEST = 1000.0  # standard deviations of a shock: beyond, there is nothing to say
MODEST = 2.0  # standard deviations: beyond, people would notice; Leeper and Zha (2003), section 4


@dataclass(frozen=True, eq=False)
class StructuralScenario:
    """Paths without and with the scenario, [path, cell] in model units, and the shocks they take.

    Cells are those of the ragged edge, then of the horizon; `without` and `shocks` [path, step,
    shock] are of the horizon; `reach` [cell] is the standard deviation that the driving shocks give
    each cell when nothing is asked of them. `divergences` [draw] is that of the law of all shocks
    from their ordinary one, in nats, infinite where a restriction is exact.
    """

    bound: BoundScenario
    driven_by: tuple[str, ...]
    names: tuple[str, ...]  # of the shocks
    baseline_cells: np.ndarray
    alternative_cells: np.ndarray
    without: np.ndarray
    shocks: np.ndarray
    reach: np.ndarray
    divergences: np.ndarray

    def __repr__(self) -> str:
        return (
            f"StructuralScenario: {self.alternative.described()}; driven by "
            f"{', '.join(self.driven_by)}"
        )

    @property
    def baseline(self) -> Forecast:
        """The horizon without the scenario, in the user's units; the ragged edge is its nowcast."""
        return self._ahead(self.baseline_cells)

    @property
    def alternative(self) -> Forecast:
        """The horizon as the driving shocks bring it about, in the user's units."""
        return self._ahead(self.alternative_cells)

    def difference(self, coverage: float = 0.9) -> pd.DataFrame:
        """The effect of the driving shocks: `series, period, mean, standard_error, low, high`."""
        if not 0 < coverage < 1:
            raise ScenarioError(f"coverage must lie between 0 and 1, got {coverage}; 90% is 0.9")
        tail = (1 - coverage) / 2
        apart = self.alternative.samples - self.baseline.samples
        low, high = np.quantile(apart, [tail, 1 - tail], axis=0)
        columns = {
            "mean": apart.mean(axis=0),
            "standard_error": apart.std(axis=0, ddof=1) / np.sqrt(len(apart)),
            "low": low,
            "high": high,
        }
        return long_table(self.bound.names, self.bound.index_of(edge=False), columns)

    def sizes(self) -> pd.DataFrame:
        """The driving shocks by period: `shock, period, mean, low, high, ordinary`.

        In standard deviations; `low` and `high` hold 90% of the paths; `ordinary` where the mean
        is within two.
        """
        columns = [self.names.index(shock) for shock in self.driven_by]
        taken = self.shocks[..., columns].transpose(0, 2, 1)  # [path, shock, step]
        low, high = np.quantile(taken, [0.05, 0.95], axis=0)
        index = pd.MultiIndex.from_product(
            [self.driven_by, self._periods], names=["shock", "period"]
        )
        mean = taken.mean(axis=0).ravel()
        frame = pd.DataFrame(
            {
                "mean": mean,
                "low": low.ravel(),
                "high": high.ravel(),
                "ordinary": np.abs(mean) <= MODEST,
            },
            index=index,
        )
        return frame.reset_index()

    def modesty(self) -> pd.DataFrame:
        """`series, period, modesty, modest`: where each series is moved the farthest.

        `modesty` is how far its mean is moved, in the standard deviations that the driving
        shocks give it in ordinary times: Leeper and Zha (2003), eq. 5.
        """
        moved = (self.alternative_cells - self.baseline_cells).mean(axis=0)
        ratio = np.divide(moved, self.reach, out=np.zeros_like(moved), where=self.reach > 1e-12)
        cells = ratio.reshape(self.bound.steps, -1)[self.bound.edge :]
        at = np.abs(cells).argmax(axis=0)
        largest = cells[at, np.arange(cells.shape[1])]
        return pd.DataFrame(
            {
                "series": self.bound.names,
                "period": [self._periods[k] for k in at],
                "modesty": largest,
                "modest": np.abs(largest) <= MODEST,
            }
        )

    def plausibility(self) -> dict[str, float] | None:
        """`divergence` in nats (median over draws) and the `coin` as far from fair; None if exact.

        `coin_low` and `coin_high` hold 90% of the draws.
        """
        if not np.isfinite(self.divergences).all():
            return None
        size = self.shocks.shape[1] * self.shocks.shape[2]
        low, middle, high = np.quantile(self.divergences, [0.05, 0.5, 0.95])
        return {
            "divergence": float(middle),
            "coin": coin(middle, size),
            "coin_low": coin(low, size),
            "coin_high": coin(high, size),
        }

    @property
    def _periods(self) -> list[str]:
        return period_labels(self.bound.index_of(edge=False))

    def _ahead(self, cells: np.ndarray) -> Forecast:
        bound = self.bound
        samples = bound.to_user(cells.reshape(len(cells), bound.steps, -1))
        provenance = {"mode": "structural", "driven by": ", ".join(self.driven_by)}
        drawn = Forecast(samples, bound.index, bound.names, provenance=provenance)
        return drawn.split(bound.edge)


def brought_about(
    model: Structural,
    scenario: Scenario,
    driven_by: tuple[str, ...],
    *,
    horizon: int,
    paths: int,
    rng: np.random.Generator,
    mode: Literal["hard", "density"] = "hard",
) -> StructuralScenario:
    """Bring `scenario` about by the shocks `driven_by`; paths go round the draws of the model.

    In the mode density the pins are N(value, sd^2), independent of the other shocks; where none has
    an sd they keep the covariance that they have anyway.
    """
    bound, draws, series = model.ahead(scenario, horizon), len(model.models), len(model.names)
    check_driven(model.scheme, bound, driven_by, mode)
    pins = bound.pins
    if pins.relative.any():
        pins = pins.at(np.mean([mean for mean, _ in _laws(model, bound)], axis=0))
    driving = np.zeros((bound.steps, series), bool)
    driving[bound.edge :] = np.isin(model.shocks, driven_by)
    driving = driving.ravel()
    noise = rng.standard_normal((paths, bound.steps * series))
    aims = rng.standard_normal((paths, len(pins))) if mode == "density" else None
    baseline, taken = np.empty_like(noise), noise.copy()
    moved, reach, apart = np.zeros_like(baseline), np.zeros(len(driving)), []
    for k, (mean, whole) in enumerate(_laws(model, bound)):
        rows = np.arange(k, paths, draws)
        own = whole[:, driving]
        reach += (own**2).sum(axis=1) / draws
        told = pins.matrix @ own
        if np.linalg.matrix_rank(told, tol=1e-10 * np.abs(told).max(initial=1e-300)) < len(pins):
            raise ScenarioError(
                f"the shocks {list(driven_by)} cannot meet {len(pins)} pins; name more shocks, or "
                "pin less"
            )
        spread = _spread(pins, whole, mode)
        baseline[rows] = mean + noise[rows] @ whole.T
        aim = pins.value if aims is None else pins.value + aims[rows] @ spread.T
        back = np.linalg.pinv(told)
        change = (aim - baseline[rows] @ pins.matrix.T) @ back.T
        moved[rows] = change @ own.T
        taken[np.ix_(rows, driving)] += change
        into = np.zeros((len(driving), len(pins)))  # what each unit of a pin asks of each shock
        into[driving] = back
        law = law_of_shocks(into, pins.matrix @ whole, pins.value - pins.matrix @ mean, spread)
        apart.append(divergence(*law))
    if (largest := np.abs(taken).max()) > LARGEST:
        raise ScenarioError(
            f"in some draws of the model the shocks {list(driven_by)} meet the pins only with "
            f"{largest:.1g} standard deviations, for they hardly move what is pinned; name more "
            "shocks, or pin less"
        )
    noise, taken = (e.reshape(paths, -1, series)[:, bound.edge :] for e in (noise, taken))
    return StructuralScenario(
        bound, driven_by, model.shocks, baseline, baseline + moved, noise, taken, np.sqrt(reach),
        np.array(apart),
    )  # fmt: skip


def _laws(model: Structural, bound: BoundScenario) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each draw the mean [cell] and the effects [cell, step and shock], given the facts.

    C e = d is met by e = D^+ (d - C mu) + (I - D^+ D) z, z ~ N(0, I): the facts are of the edge,
    so shocks behind it are z themselves.
    """
    facts = bound.facts
    for one, moved in zip(model.models, model.moved(bound.steps - 1), strict=True):
        mean = one.path_moments(model.past, bound.steps)[0].ravel()
        effects = _to_cells(moved)
        if len(facts):
            told = facts.matrix @ effects
            into = effects @ np.linalg.pinv(told)
            mean = mean + into @ (facts.value - facts.matrix @ mean)
            effects = effects - into @ told
        yield mean, effects


def check_driven(
    scheme: Scheme, bound: BoundScenario, driven_by: tuple[str, ...], mode: str
) -> None:
    """Raise, before anything is fitted, the ScenarioError that `brought_about` would raise."""
    unknown = [shock for shock in driven_by if shock not in scheme.shocks]
    if unknown or not driven_by:
        raise ScenarioError(
            f"no shock {unknown}; this scheme names {list(scheme.shocks)}, and at least one "
            "must drive the scenario"
        )
    if not len(bound.pins) or bound.events:
        raise ScenarioError("a structural scenario takes pins and no event, at least one pin")
    behind = bound.pins.matrix[:, bound.edge * len(bound.names) :]
    early = np.flatnonzero((behind == 0).all(axis=1))
    if len(early):
        raise ScenarioError(
            f"{bound.pins.labels[early[0]]!r} lies before {bound.index_of(edge=False)[0]}, and the "
            "shocks that drive a scenario come from then on; leave it out"
        )
    if mode == "hard" and (bound.pins.sd > 0).any():
        raise ScenarioError("the mode hard takes exact pins, and some have an sd; take density")


def _spread(pins: Pins, effects: np.ndarray, mode: str) -> np.ndarray:
    """A root of the covariance O of what is pinned, [pin, pin]; `effects` [cell, shock]."""
    if mode == "hard":
        return np.zeros((len(pins), len(pins)))
    if (pins.sd > 0).any():
        return np.diag(pins.sd)
    seen = pins.matrix @ effects
    return root(seen @ seen.T)


def _to_cells(effects: np.ndarray) -> np.ndarray:
    """Effects [step, series, shock] as those of all steps' shocks, [cell, step and shock]."""
    steps, series, _ = effects.shape
    full = np.zeros((steps, series, steps, series))
    for t in range(steps):
        full[t:, :, t] = effects[: steps - t]
    return full.reshape(steps * series, steps * series)
