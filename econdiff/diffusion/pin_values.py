"""What the pins of a scenario are worth on each path.

Pins said above a baseline are made absolute; in the mode density each island of particles gets its
own values, drawn evenly from what is assumed of them. Paths are [path, cell], pins as in `Pins`.
"""

import numpy as np

from econdiff.scenario.control import Controlled, steadied
from econdiff.scenario.gaussian import Gaussian, spread
from econdiff.scenario.pins import Pins
from econdiff.scenario.statement import Mode

ISLANDS = 32  # of the mode density


def absolute(pins: Pins, baseline: np.ndarray, control: Controlled | None) -> Pins:
    """Relative pins above the mean of the baseline, as well as it is known: by its control."""
    seen, on = baseline @ pins.matrix.T, pins.matrix
    expected = seen.mean(axis=0)
    if control is not None:
        twins, centre = control.twins @ on.T, on @ control.centre
        expected, _ = steadied(seen, control.weights, twins, centre)
    return pins.above(expected)


def values_of(
    facts: Pins, pins: Pins, mode: Mode, law: Gaussian, paths: int, rng: np.random.Generator
) -> np.ndarray:
    """What facts and pins are worth: one row for all, or in the mode density one a path."""
    if mode != "density":
        return np.concatenate([facts.value, pins.value])[None]
    islands = islands_of(paths)
    noise = _even_normals(islands, len(pins), rng)
    told = pins.value + noise @ spread(pins, law).T
    values = np.hstack([np.tile(facts.value, (islands, 1)), told])
    sizes = [len(rows) for rows in np.array_split(np.arange(paths), islands)]
    return np.repeat(values, sizes, axis=0)


def islands_of(paths: int) -> int:
    """How many values of the pins the mode density draws; two at least, or nothing is spread."""
    return min(ISLANDS, max(paths // 8, 2), paths)


def _even_normals(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """Standard normal [row, column], spread evenly: each column is a stratified sample.

    Few rows would by chance be correlated between columns, so they are made orthogonal, by the
    nearest such matrix, where that can be.
    """
    from scipy.stats import norm

    strata = np.stack([rng.permutation(rows) for _ in range(columns)], axis=1)
    noise = norm.ppf((strata + rng.random((rows, columns))) / rows)
    if not 1 < columns < rows:
        return noise
    left, _, right = np.linalg.svd(noise - noise.mean(axis=0), full_matrices=False)
    return np.sqrt(rows) * left @ right
