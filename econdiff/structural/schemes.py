"""Identification, declared: which B with B B' = S the shocks are given by.

    Recursive     B lower triangular in an order: Sims (1980), "Macroeconomics and Reality"
    Signs         signs and zeros of effects on impact: Rubio-Ramirez, Waggoner and Zha (2010); with
                  zeros by Algorithm 2 of Arias, Rubio-Ramirez and Waggoner (2018), "Inference
                  Based on SVARs Identified with Sign and Zero Restrictions"
    Instrument    b proportional to E[u_t m_t], m_t an instrument outside the model: Stock (2008),
                  Mertens and Ravn (2013), eq. 4-6

A scheme gives one B for one reduced form. Where it identifies a set, the draws cover that set;
how often a part of it is drawn comes of the uniform rotations, not of the data (Baumeister and
Hamilton, 2015), and zeros are not weighed as the posterior of Arias et al. weighs them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from econdiff.baselines.gaussian import LinearGaussian
from econdiff.scenario import ScenarioError

SINGULAR = 1e-10  # least eigenvalue of a correlation: below, a shock is rounding
WEAK = 10.0  # first-stage F below which an instrument says little; Staiger and Stock (1997)


@dataclass(frozen=True, eq=False)
class Reduced:
    """A reduced form and its residuals [period x series], NaN where a row is not complete."""

    model: LinearGaussian
    residuals: pd.DataFrame


class Scheme(Protocol):
    """A declared identification."""

    @property
    def shocks(self) -> tuple[str, ...]:
        """The names of the shocks that it identifies, at most one a series."""
        ...

    def check(self, names: tuple[str, ...]) -> None:
        """Refuse a scheme that cannot be one of these series: `ScenarioError`."""
        ...

    def impact(self, reduced: Reduced, rng: np.random.Generator) -> np.ndarray:
        """One B [series, shock] of those that it allows, the named shocks in the first columns."""
        ...

    def said(self, reduced: Reduced) -> tuple[str, ...]:
        """The scheme and what it identifies, in sentences."""
        ...


@dataclass(frozen=True)
class Recursive:
    """B is lower triangular when the series stand in `order`: a shock moves none before its own."""

    order: tuple[str, ...]

    @property
    def shocks(self) -> tuple[str, ...]:
        """Each named by its series."""
        return self.order

    def check(self, names: tuple[str, ...]) -> None:
        """See `Scheme`."""
        if sorted(self.order) != sorted(names):
            raise ScenarioError(
                f"the order {list(self.order)} must hold the series {list(names)}, each once"
            )

    def impact(self, reduced: Reduced, rng: np.random.Generator) -> np.ndarray:
        """See `Scheme`."""
        del rng
        names, covariance = reduced.model.names, _checked(reduced.model)
        self.check(names)
        rows = [names.index(name) for name in self.order]
        impact = np.empty_like(covariance)
        impact[rows] = np.linalg.cholesky(covariance[np.ix_(rows, rows)])
        return impact

    def said(self, reduced: Reduced) -> tuple[str, ...]:
        """See `Scheme`."""
        del reduced
        return (
            f"Recursive, in the order {', '.join(self.order)}: in the period in which it comes, a "
            "shock moves its own series and those after it, and none before.",
            "It identifies a point: one set of effects for each reduced form.",
        )


@dataclass(frozen=True, eq=False)
class Signs:
    """`on_impact[(shock, series)]` is +1, -1 or 0; what has no entry is left open."""

    on_impact: Mapping[tuple[str, str], int]
    tries: int = 20_000

    @property
    def shocks(self) -> tuple[str, ...]:
        """The named shocks, in the order of their first mention."""
        return tuple(dict.fromkeys(shock for shock, _ in self.on_impact))

    def check(self, names: tuple[str, ...]) -> None:
        """See `Scheme`."""
        self._wanted(names)

    def impact(self, reduced: Reduced, rng: np.random.Generator) -> np.ndarray:
        """See `Scheme`: rotations that have the zeros, kept where the signs fit."""
        wanted = self._wanted(reduced.model.names)
        lower = np.linalg.cholesky(_checked(reduced.model))
        for _ in range(self.tries):
            impact = lower @ _rotation(lower, wanted == 0, rng)
            open_or_zero = np.isnan(wanted) | (wanted == 0)
            fits = ((np.sign(impact) == wanted) | open_or_zero).all(axis=0)
            turned = ((np.sign(-impact) == wanted) | open_or_zero).all(axis=0)
            if (fits | turned).all():
                return impact * np.where(fits, 1, -1)
        raise ScenarioError(
            f"none of {self.tries} rotations has these signs; they may contradict the data: loosen "
            "them"
        )

    def said(self, reduced: Reduced) -> tuple[str, ...]:
        """See `Scheme`."""
        del reduced
        words = {1: "raises", -1: "lowers", 0: "does not move"}
        told = [f"{shock} {words[sign]} {name}" for (shock, name), sign in self.on_impact.items()]
        return (
            f"Signs and zeros, in the period in which a shock comes: {'; '.join(told)}.",
            "They identify a set, not a point: the bands are over all effects that fit them, and "
            "the middle of the set is no more likely than its rim.",
        )

    def _wanted(self, names: tuple[str, ...]) -> np.ndarray:
        """+1, -1, 0, or NaN where open, [series, shock]."""
        for shock in self.shocks:
            if not any(sign for (one, _), sign in self.on_impact.items() if one == shock):
                raise ScenarioError(
                    f"the shock {shock!r} has zeros and no sign, so its direction is open; "
                    "give it a + or - for one series"
                )
        if len(self.shocks) > len(names):
            raise ScenarioError(f"{len(self.shocks)} shocks for {len(names)} series")
        wanted = np.full((len(names), len(names)), np.nan)
        for (shock, series), sign in self.on_impact.items():
            if series not in names or sign not in (-1, 0, 1):
                raise ScenarioError(
                    f"({shock}, {series}): {sign} is no sign (+1, -1, 0) of one of {list(names)}"
                )
            wanted[names.index(series), self.shocks.index(shock)] = sign
        return wanted


@dataclass(frozen=True, eq=False)
class Instrument:
    """`values` move with the `shock` and with no other; a positive one raises the series `raises`.

    Each draw weighs the periods anew (the Bayesian bootstrap of Rubin, 1981), so bands hold the
    doubt about the covariance with the instrument too.
    """

    values: pd.Series
    shock: str
    raises: str

    @property
    def shocks(self) -> tuple[str, ...]:
        """The one shock."""
        return (self.shock,)

    def check(self, names: tuple[str, ...]) -> None:
        """See `Scheme`."""
        if self.raises not in names:
            raise ScenarioError(
                f"the instrument raises {self.raises!r}, which is none of {list(names)}"
            )

    def impact(self, reduced: Reduced, rng: np.random.Generator) -> np.ndarray:
        """See `Scheme`; the columns behind the first are any that complete B."""
        u, m = self._shared(reduced)
        weights = rng.dirichlet(np.ones(len(m)))
        moved = (weights * (m - weights @ m)) @ u
        lower = np.linalg.cholesky(_checked(reduced.model))
        first = np.linalg.solve(lower, moved)
        sign = np.sign(moved[reduced.model.names.index(self.raises)])
        first *= sign / np.linalg.norm(first)
        whole, triangle = np.linalg.qr(np.column_stack([first, np.eye(len(first))[:, 1:]]))
        return lower @ (whole * np.where(np.arange(len(first)) == 0, np.sign(triangle[0, 0]), 1))

    def strength(self, reduced: Reduced) -> float:
        """The first stage's F: of the instrument, for the residual of `raises`, robust (HC1)."""
        from statsmodels.regression.linear_model import OLS

        u, m = self._shared(reduced)
        target = u[:, reduced.model.names.index(self.raises)]
        fit = OLS(target, np.column_stack([np.ones(len(m)), m])).fit(cov_type="HC1")
        return float(fit.tvalues[1] ** 2)

    def said(self, reduced: Reduced) -> tuple[str, ...]:
        """See `Scheme`."""
        strength = self.strength(reduced)
        weak = f", below {WEAK:g}: weak, do not rely on the bands" if strength < WEAK else ""
        return (
            f"An external instrument for {self.shock}, which raises {self.raises}: it is taken to "
            "move with this shock and with no other.",
            f"It identifies a point, for this shock alone. First-stage F {strength:.1f} over "
            f"{len(self._shared(reduced)[1])} shared periods{weak}.",
        )

    def _shared(self, reduced: Reduced) -> tuple[np.ndarray, np.ndarray]:
        """Residuals [period, series] and the instrument where both are known."""
        self.check(reduced.model.names)
        both = reduced.residuals.assign(__instrument=self.values).dropna().to_numpy(float)
        if len(both) < 5 * len(reduced.model.names) or not both[:, -1].std() > 0:
            first, last = reduced.residuals.index[[0, -1]]
            raise ScenarioError(
                f"the instrument shares {len(both)} periods with the residuals and must vary in "
                f"them; at least {5 * len(reduced.model.names)} are needed, of the panel's "
                f"frequency and between {first} and {last}"
            )
        return both[:, :-1], both[:, -1]


def _checked(model: LinearGaussian) -> np.ndarray:
    """The covariance of the residuals, if no series' residual follows from the others'."""
    size = np.sqrt(np.diag(model.covariance))
    if (size > 0).all():
        values, axes = np.linalg.eigh(model.covariance / np.outer(size, size))
        tied = np.abs(axes[:, 0]) > 0.1 * np.abs(axes[:, 0]).max()
    else:
        values, tied = size, size == 0
    if values.min() < SINGULAR:
        names = [name for name, one in zip(model.names, tied, strict=True) if one]
        raise ScenarioError(
            f"there are fewer shocks than series: those of {names} follow from each other; leave "
            "one of them out"
        )
    return model.covariance


def _rotation(lower: np.ndarray, zeros: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An orthogonal matrix Q for which `lower` Q is 0 at `zeros` [series, shock].

    Column by column, those with the most zeros first: each uniform over what is orthogonal to
    those before it and to the rows of `lower` that are to be 0.
    """
    count = len(lower)
    q, done = np.empty((count, count)), []
    for column in np.argsort(-zeros.sum(axis=0), kind="stable"):
        against = np.vstack([q[:, done].T, lower[zeros[:, column]]])
        if len(against) >= count:
            raise ScenarioError(
                f"too many zeros: {len(against)} conditions on a shock among {count} series; "
                "a scheme leaves room for one shock with n - 1 zeros, one with n - 2, and so on"
            )
        draw = rng.standard_normal(count)
        if len(against):
            draw -= np.linalg.pinv(against) @ (against @ draw)
        q[:, column] = draw / np.linalg.norm(draw)
        done.append(column)
    return q
