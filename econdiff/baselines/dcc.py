"""Dynamic conditional correlation: each series has its GARCH, and correlations move slowly.

    y_it = m_i + s_it z_it,   z_t = R_t^(1/2) e_t
    Q_t = (1 - a - b) S + a z_{t-1} z_{t-1}' + b Q_{t-1},   R_t = Q_t over the roots of its diagonal

Engle (2002), "Dynamic conditional correlation", *JBES* 20, eqs. 21-24 with S the correlation of
z (correlation targeting). s_it are GJR-GARCH; a and b follow by Gaussian quasi-likelihood (his
second stage, eq. 33). Rows of past e_t, which are white, are drawn whole: filtered historical
simulation, so that tails are those of the data. R^(1/2) is the symmetric root.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.signal import lfilter

from econdiff.anchor import power
from econdiff.baselines.garch import GARCH
from econdiff.baselines.history import complete_rows, even_rows, values_of
from econdiff.baselines.volatility import SeriesVolatility, shocks_of
from econdiff.forecast import Forecast, fitted_words
from econdiff.periods import steps_after

FEWEST = 50  # complete rows
TIED = 1e-9  # least eigenvalue of a correlation that can be inverted
BLOCK = 256  # paths whose correlations are taken apart at a time


@dataclass(frozen=True)
class DCC:
    """DCC(1,1) on GJR-GARCH; for panels of returns. Rows with a missing cell are left out."""

    def fit(self, panel: pd.DataFrame) -> "FittedDCC":
        """Estimate the margins, then a and b; ValueError names series that move as one."""
        rows = complete_rows(panel, panel.to_numpy(float), need=FEWEST)
        margins = GARCH().fit(pd.DataFrame(rows, columns=panel.columns)).laws
        z = np.stack([shocks_of(law, y) for law, y in zip(margins, rows.T, strict=True)], axis=1)
        target = np.atleast_2d(np.corrcoef(z.T))
        _check_apart(panel.columns, target)
        a, b = _speeds(z, target)
        return FittedDCC(tuple(panel.columns), margins, target, a, b)


@dataclass(frozen=True, eq=False)
class FittedDCC:
    """Margins, S, and the two speeds."""

    names: tuple[str, ...]
    margins: tuple[SeriesVolatility, ...]
    target: np.ndarray  # [series, series]
    a: float
    b: float

    def __repr__(self) -> str:
        return fitted_words(self, self.names)

    def correlation(self, history: pd.DataFrame) -> np.ndarray:
        """R of the next row [series, series]."""
        return _correlations(self._state(history)[1][None])[0]

    def atoms(self, history: pd.DataFrame) -> np.ndarray:
        """The next row's law: equally likely rows [atom, series]."""
        e, q, states = self._state(history)
        z = e @ power(_correlations(q[None])[0], 0.5)
        scale = [law.scale(s)[0] for law, s in zip(self.margins, states, strict=True)]
        return self._mean() + z * np.array(scale)

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`."""
        e, q, states = self._state(history)
        drawn = e[even_rows(len(e), paths, horizon, rng)]
        blocks = [
            self._paths(rows, q, states) for rows in np.split(drawn, range(BLOCK, paths, BLOCK))
        ]
        provenance = {"model": "DCC on GJR-GARCH, filtered historical", "a": self.a, "b": self.b}
        return Forecast(
            self._mean() + np.concatenate(blocks),
            steps_after(history, horizon),
            self.names,
            provenance=provenance,
        )

    def _paths(self, e: np.ndarray, q: np.ndarray, states: list[np.ndarray]) -> np.ndarray:
        """Returns less their means [path, step, series] under white shocks `e` of that shape."""
        paths = np.empty_like(e)
        q = np.broadcast_to(q, (len(e), *q.shape))
        states = [np.repeat(state, len(e), axis=1) for state in states]
        for step in range(e.shape[1]):
            z = (power(_correlations(q), 0.5) @ e[:, step, :, None])[..., 0]
            for i, law in enumerate(self.margins):
                paths[:, step, i] = law.scale(states[i]) * z[:, i]
                states[i] = law.moved(states[i], paths[:, step, i])
            outer = z[:, :, None] * z[:, None, :]
            q = (1 - self.a - self.b) * self.target + self.a * outer + self.b * q
        return paths

    def _mean(self) -> np.ndarray:
        return np.array([law.mean for law in self.margins])

    def _state(self, history: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """Past white shocks [row, series], the next Q, and each margin's state [part, 1]."""
        y = complete_rows(history, values_of(history, self.names), need=2)
        both = list(zip(self.margins, y.T, strict=True))
        z = np.stack([shocks_of(law, column) for law, column in both], axis=1)
        q = _paths_of_q(z, self.target, self.a, self.b)
        e = (power(_correlations(q[:-1]), -0.5) @ z[..., None])[..., 0]
        return e, q[-1], [law.state(column - law.mean)[:, None] for law, column in both]


def _check_apart(names: Iterable[str], target: np.ndarray) -> None:
    """Raises ValueError naming the series that `target`, their correlation, ties together."""
    size, direction = np.linalg.eigh(target)
    if size[0] < TIED:
        tied = [str(n) for n, w in zip(names, direction[:, 0], strict=True) if abs(w) > 0.01]
        raise ValueError(f"the shocks of {tied} follow from one another; leave one of them out")


def _paths_of_q(z: np.ndarray, target: np.ndarray, a: float, b: float) -> np.ndarray:
    """Q of each row of `z` [row, series] and of the next, [row + 1, series, series]; first S."""
    news = (1 - a - b) * target + a * z[:, :, None] * z[:, None, :]
    later, _ = lfilter([1.0], [1.0, -b], news, axis=0, zi=b * target[None])
    return np.concatenate([target[None], later])


def _correlations(q: np.ndarray) -> np.ndarray:
    root = np.sqrt(np.diagonal(q, axis1=-2, axis2=-1))
    return q / (root[..., :, None] * root[..., None, :])


def _speeds(z: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """The likeliest a and b, a + b < 1."""
    if z.shape[1] == 1:
        return 0.0, 0.0

    def loss(speeds: np.ndarray) -> float:
        a, b = speeds
        if a < 0 or b < 0 or a + b > 0.999:
            return 1e10
        r = _correlations(_paths_of_q(z, target, a, b)[:-1])
        far = np.linalg.solve(r, z[..., None])[..., 0]
        return float((np.linalg.slogdet(r)[1] + (z * far).sum(axis=1)).mean())

    starts = ((0.01, 0.97), (0.03, 0.93), (0.05, 0.80))
    start = min(starts, key=lambda speeds: loss(np.array(speeds)))
    options = {"xatol": 1e-4, "fatol": 1e-7}
    a, b = minimize(loss, start, method="Nelder-Mead", options=options).x
    return float(a), float(b)
