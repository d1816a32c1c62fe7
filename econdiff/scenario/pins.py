"""Linear restrictions on a future, and what can be said of them without a model.

matrix m = value,    m the future in model units, flattened [step, series], step first
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.linalg import qr

from econdiff.scenario.errors import ScenarioError
from econdiff.transforms.series import Transform


@dataclass(frozen=True, eq=False)
class Shadow:
    """How a rate with a floor is found from what a pin adds up to: `unlink(offset + sum)`."""

    transform: Transform
    offset: float


@dataclass(frozen=True, eq=False)
class Pins:
    """`matrix` [pin, cell] times the future is `value` [pin], with errors of deviation `sd`."""

    labels: tuple[str, ...]
    series: tuple[str, ...]  # of each pin, for tables of what drives what
    periods: tuple[str, ...]
    matrix: np.ndarray
    value: np.ndarray
    sd: np.ndarray
    relative: np.ndarray  # [pin], bool: `value` is on top of what is expected
    logs: np.ndarray  # [pin], bool: `value` is the logarithm of what was stated
    shadows: Mapping[str, Shadow] = field(default_factory=dict)  # by label; relative, with a floor

    def __len__(self) -> int:
        return len(self.value)

    def at(self, centre: np.ndarray) -> "Pins":
        """The same pins with relative ones made absolute about the mean `centre` [cell]."""
        return self.above(self.matrix @ centre)

    def above(self, expected: np.ndarray) -> "Pins":
        """The same pins with relative ones made absolute: without them `expected` [pin] is met.

        A rate with a floor is so much above the rate of the expected shadow rate, its median where
        the law is Gaussian; ScenarioError where that is not above the floor.
        """
        value, sd = self.value + self.relative * expected, self.sd.copy()
        for k in np.flatnonzero(self.relative):
            if shadow := self.shadows.get(self.labels[k]):
                transform, offset = shadow.transform, shadow.offset
                base = float(transform.unlink(offset + expected[k]))
                rate = base + self.value[k]
                try:
                    value[k] = transform.link(np.array([rate]))[0] - offset
                except ValueError as error:
                    raise ScenarioError(
                        f"{self.labels[k]!r}: without the scenario it is {base:.3g}, so this is "
                        f"{rate:.3g}, not above its floor; say a smaller fall, or a path"
                    ) from error
                sd[k] *= transform.slope(rate)
        return replace(self, value=value, sd=sd, relative=np.zeros(len(self), bool))

    def keep(self, rows: np.ndarray) -> "Pins":
        """These pins only."""
        order = np.arange(len(self))[rows]
        return Pins(
            tuple(self.labels[k] for k in order),
            tuple(self.series[k] for k in order),
            tuple(self.periods[k] for k in order),
            self.matrix[order],
            self.value[order],
            self.sd[order],
            self.relative[order],
            self.logs[order],
            self.shadows,
        )

    def and_(self, others: "Pins") -> "Pins":
        """These pins, then the others."""
        return Pins(
            self.labels + others.labels,
            self.series + others.series,
            self.periods + others.periods,
            np.vstack([self.matrix, others.matrix]),
            np.concatenate([self.value, others.value]),
            np.concatenate([self.sd, others.sd]),
            np.concatenate([self.relative, others.relative]),
            np.concatenate([self.logs, others.logs]),
            {**self.shadows, **others.shadows},
        )


def settled(pins: Pins, series: int) -> tuple[np.ndarray, Pins]:
    """Values [cell] of the first periods that exact pins decide whole, and pins on the rest.

    A cell is decided where the pins' row space holds it, so a level may be pinned in the place
    of a change.
    """
    inverse = np.linalg.pinv(pins.matrix)
    decided = np.isclose(np.einsum("cp,pc->c", inverse, pins.matrix), 1)
    whole = np.logical_and.accumulate(decided.reshape(-1, series).all(axis=1))
    count = series * int(whole.sum())
    lead = (inverse @ pins.value)[:count]
    left = pins.matrix[:, count:]
    triangle, order = qr(left.T, mode="r", pivoting=True)  # pyright: ignore[reportAssignmentType]
    size = np.abs(np.diag(triangle))
    kept = np.sort(order[: len(size)][size > 1e-9 * max(size.max(), 1e-9)])
    value = pins.value - pins.matrix[:, :count] @ lead
    return lead, replace(pins.keep(kept), matrix=left[kept], value=value[kept])


def refuse_conflicts(facts: Pins, pins: Pins) -> None:
    """Refuse pins that cannot all hold, that repeat each other, or that leave nothing free."""
    exact = np.concatenate([np.ones(len(facts), bool), pins.sd == 0])
    matrix = np.vstack([facts.matrix, pins.matrix])[exact]
    value = np.concatenate([facts.value, pins.value])[exact]
    relative = np.concatenate([facts.relative, pins.relative])[exact]
    labels = np.array([*facts.labels, *pins.labels], dtype=object)[exact]
    if len(matrix) == 0:
        return
    size = np.linalg.norm(matrix, axis=1)
    scaled = matrix / np.where(size > 0, size, 1)[:, None]
    left, spread, _ = np.linalg.svd(scaled)
    rank = int((spread > 1e-9 * spread[0]).sum())
    if rank == len(matrix):
        return
    null = left[:, rank:]  # combinations of pins that say 0 = something
    rest = null.T @ (value / np.where(size > 0, size, 1))
    told = np.where(np.abs(null).max(axis=1) > 1e-6)[0]
    names = ", ".join(repr(str(labels[k])) for k in told[:6])
    if not relative[told].any() and np.abs(rest).max() > 1e-8 * (1 + np.abs(value[told]).max()):
        raise ScenarioError(f"these pins contradict each other: {names}; leave one of them out")
    raise ScenarioError(f"these pins say the same thing twice: {names}; leave one of them out")
