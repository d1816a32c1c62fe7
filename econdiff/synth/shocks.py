"""Shocks of a panel: common to all entities, and an entity's own; and their Gaussian law.

    e_it = c_t + o_it,    c_t ~ (0, S_c),    o_it ~ (0, S_o)

With N entities the mean over entities has covariance S_c + S_o / N and the deviations from it
S_o (N - 1) / N; both are solved for. One entity has no common part.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from econdiff.baselines.gaussian import root


@dataclass(frozen=True, eq=False)
class Split:
    """Common [time, k] and own [entity, time, k] shocks of a real panel, NaN where not known."""

    common: np.ndarray
    own: np.ndarray
    common_covariance: np.ndarray
    own_covariance: np.ndarray


class Shocks(Protocol):
    """A law of shocks."""

    def draw(
        self, panels: int, entities: int, length: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Common [panel, time, k] and own [panel, entity, time, k] shocks."""
        ...


def split(e: np.ndarray) -> Split:
    """Take standardised shocks [entity, time, k] apart."""
    entities, _, k = e.shape
    if entities == 1:
        return Split(np.zeros(e.shape[1:]), e, np.zeros((k, k)), moment(e))
    known = np.isfinite(e)
    count = known.sum(axis=0)
    common = np.where(count > 0, np.where(known, e, 0).sum(axis=0) / np.maximum(count, 1), np.nan)
    own = e - common
    width = float(count[count > 0].mean())
    own_covariance = moment(own) * width / max(width - 1, 1)
    common_covariance = positive(moment(common) - own_covariance / width)
    return Split(common, own, common_covariance, own_covariance)


@dataclass(frozen=True, eq=False)
class GaussianShocks:
    """Normal shocks, independent in time."""

    common: np.ndarray
    own: np.ndarray

    def draw(
        self, panels: int, entities: int, length: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Shocks.draw`."""
        k = len(self.own)
        common = rng.standard_normal((panels, length, k)) @ root(self.common)
        own = rng.standard_normal((panels, entities, length, k)) @ root(self.own)
        return common, own


def moment(e: np.ndarray) -> np.ndarray:
    """Second moment of the complete rows of `e` [..., k] about zero."""
    rows = e[np.isfinite(e).all(axis=-1)]
    return rows.T @ rows / max(len(rows), 1)


def deviations(covariance: np.ndarray) -> np.ndarray:
    """Standard deviations of a covariance matrix, above zero."""
    return np.sqrt(np.maximum(np.diag(covariance), 1e-12))


def positive(matrix: np.ndarray) -> np.ndarray:
    """The nearest positive semidefinite matrix to a symmetric one."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.maximum(values, 0)) @ vectors.T
