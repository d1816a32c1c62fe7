"""The anchor as a model: its settings, and what is estimated.

Each series follows a shrunken vector autoregression whose shocks have a filtered volatility
and are correlated across series:

    x_it = c_i + g_i m_{i,t-1} + sum_j sum_l a_ijl x_{j,t-l} + s_it e_it,    e_t ~ N(0, R),
    x = (y - centre) / spread,    m the local mean of x

- g, a: a Bayesian regression weighted by the volatility (`regression`), averaged with that of the
  last twenty years (`recent`), contracted so that no root is explosive. Its settings were chosen on
  data to 1984 (`benchmarks/early.py`).
- s: exponentially weighted variance of the innovations, each square winsorised against the
  variance before it, mixed with the variance of the whole sample. Falls may count more than rises,
  and a high level may make a series louder (`volatility`); ahead, it is the level expected there.
  A series that repeats its last value more often than not has a constant one.
- R: correlation of the volatility-filtered innovations, shrunk towards the identity; its
  symmetric root keeps the order of the series without meaning.

Missing cells: the regression leaves them out as targets, and the filter puts its own
prediction in the place of a cell that it does not see.

Arrays are [..., series, time]: filters run along the last axis, and everything before the
last two axes is a batch (of economies, of origins, of paths).
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from econdiff.anchor import correlation as correlations
from econdiff.anchor.filtered import Filtered
from econdiff.anchor.recent import KNOWN, NARROW, averaged, enough, restated, rows_of_view
from econdiff.anchor.recursion import contract, innovations, local_means
from econdiff.anchor.regression import alone, together
from econdiff.anchor.robust import (
    deviation,
    first_autocorrelation,
    location_scale,
    stands_still,
    tame,
)
from econdiff.anchor.stacked import kin, latest_columns
from econdiff.anchor.volatility import MAIN, before_each, loudness, responses, running_variances
from econdiff.arguments import check_count
from econdiff.panel import check_rows


@dataclass(frozen=True)
class Anchor:
    """Settings of the anchor.

    `lags` of the autoregression, `tightness` of what a series owes to its own past (smaller is
    tighter) and the values between which that of what it owes to the others' is averaged,
    `cross` (empty: nothing is owed), `local` whether a series may fall back to its local mean,
    `mixture` the weight of the filtered variance against that of the whole sample (0: volatility
    is constant), `pull` the pseudo-observations with which the correlation is drawn towards 0,
    `recent` the rows of the second view with which the coefficients are averaged (0: there is none;
    None: as the calendar of the panel says, see `recent`), `latest` which columns are of one series
    (None: as the panel says, see `stacked`).
    """

    lags: int = 6
    tightness: float = 0.2
    cross: tuple[float, ...] = (0.01, 0.02, 0.04, 0.08, 0.16)
    local: bool = True
    mixture: float = 0.9
    pull: float = 8.0
    recent: int | None = None
    latest: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.cross, tuple) or not all(c > 0 for c in self.cross):
            raise ValueError(
                f"cross is a tuple of positive numbers, such as (0.04,), or () for series that owe "
                f"each other nothing; got {self.cross!r}"
            )
        if not (self.lags >= 1 and self.tightness > 0):
            raise ValueError(
                f"lags and tightness must be positive, got {self.lags} and {self.tightness}"
            )
        if not 0 <= self.mixture <= 1:
            raise ValueError(f"mixture is a weight between 0 and 1, got {self.mixture}")
        if self.recent:
            check_count("recent, the rows of the second view,", self.recent, KNOWN)

    def fit(self, panel: pd.DataFrame) -> "Coefficients":
        """Estimate from the rows of `panel` [time x series]."""
        check_rows(panel)
        return self.on(panel).estimate(panel.to_numpy(float).T)

    def on(self, panel: pd.DataFrame) -> "Anchor":
        """The settings for panels of that calendar and columns: `recent` and `latest` are said."""
        recent = rows_of_view(panel.index) if self.recent is None else self.recent
        latest = latest_columns(panel) if self.latest is None else self.latest
        return replace(self, recent=recent, latest=latest)

    def estimate(self, y: np.ndarray) -> "Coefficients":
        """Estimate from `y` [..., series, time], NaN where not known.

        Arrays have no calendar and no names: where `recent` is None there is one view, and where
        `latest` is None every series has one column.
        """
        if self.latest is not None and len(self.latest) != y.shape[-2]:
            raise ValueError(f"latest is of {len(self.latest)} columns, got {y.shape[-2]}")
        if y.shape[-1] <= self.lags:
            raise ValueError(f"{self.lags} lags need {self.lags + 1} rows, got {y.shape[-1]}")
        centre, spread = location_scale(y)
        x = (y - centre[..., None]) / spread[..., None]
        still = stands_still(y)
        b, others = self._owed(x, still)
        if self.recent and self.recent < y.shape[-1]:
            view = self._second_view(y[..., -self.recent :], centre, spread)
            b, others = contract(*averaged((b, others), *view))
        filled, e = innovations(b, x, others, kin(self.latest))
        size = deviation(e, e != 0, still)
        usable = (e != 0) & ~still[..., None]
        effects = responses(e, filled, usable, size**2, self.mixture)
        found = Coefficients(self, centre, spread, b, size, *effects, np.empty(0), still, others)
        return found.correlated(y)

    def _second_view(
        self, y: np.ndarray, centre: np.ndarray, spread: np.ndarray
    ) -> tuple[tuple[np.ndarray, np.ndarray | None], np.ndarray]:
        """What series owe in the rows `y`, in units of `spread` about `centre`; if it is used."""
        known = enough(y)
        y = np.where(known[..., None, None], y, 0)
        middle, width = location_scale(y)
        x = (y - middle[..., None]) / width[..., None]
        b, others = self._owed(x, stands_still(y))
        used = known & (width > NARROW * spread).all(-1)
        return restated(b, others, spread / width, (centre - middle) / width), used

    def _owed(self, x: np.ndarray, still: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """What each series owes: to its own past, so that its volatility is known, then to all."""
        rho = first_autocorrelation(x)
        b, _ = contract(alone(x, rho, self.lags, self.tightness))
        filled, e = innovations(b, x)
        size = deviation(e, e != 0, still)
        usable = (e != 0) & ~still[..., None]
        before, _ = running_variances(e, usable, size**2, 0 * size)
        return self._regress(filled, e, np.sqrt(before[..., MAIN]), size, rho)

    def white(self, spread: np.ndarray, correlation: np.ndarray) -> "Coefficients":
        """Of shocks about 0 without memory, of deviation `spread` [series] and that correlation."""
        count = len(spread)
        b = np.zeros((count, 2 + self.lags))
        zero, one = np.zeros(count), np.ones(count)
        still = np.zeros(count, bool)
        return Coefficients(self, zero, spread, b, one, zero, zero, correlation, still)

    def _regress(
        self,
        level: np.ndarray,
        innovation: np.ndarray,
        expected: np.ndarray,
        size: np.ndarray,
        rho: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """The regression of `together`; every series is a panel of its own without `cross`."""
        settings = (self.lags, self.tightness, self.cross or (1.0,), self.local)
        if self.cross and level.shape[-2] > 1:
            found = together(level, innovation, expected, size, rho, *settings, self.latest)
            return contract(*found)
        if self.latest is None:
            x, e, v = (a[..., None, :] for a in (level, innovation, expected))
            b, _ = together(x, e, v, size[..., None], rho[..., None], *settings)
            return contract(b[..., 0, :])
        b = np.zeros((*size.shape, 2 + self.lags))
        others = np.zeros((*size.shape, level.shape[-2], self.lags))
        for last in set(self.latest):
            one = np.flatnonzero(np.array(self.latest) == last)
            x, e, v = (a[..., one, :] for a in (level, innovation, expected))
            end = [len(one) - 1] * len(one)
            found = together(x, e, v, size[..., one], rho[..., one], *settings, end)
            b[..., one, :], others[..., one[:, None], one, :] = found
        return contract(b, others)


@dataclass(frozen=True, eq=False)
class Coefficients:
    """What the anchor estimated; leading axes [...] are the batch, if any."""

    settings: Anchor
    centre: np.ndarray  # [..., series]
    spread: np.ndarray  # [..., series]
    b: np.ndarray  # [..., series, 2 + lags]: constant, of the local mean, of lag 1, lag 2, ...
    deviation: (
        np.ndarray
    )  # [..., series], of the innovations over the whole sample, in units of spread
    leverage: np.ndarray  # [..., series], positive where falls make a series louder than rises
    level_effect: np.ndarray  # [..., series], positive where a series is louder at high levels
    correlation: np.ndarray  # [..., series, series]
    still: np.ndarray  # [..., series], of constant volatility, see `stands_still`
    others: np.ndarray | None = None  # [..., series, other, lag]: of the others' past

    def __repr__(self) -> str:
        return f"Coefficients of {self.b.shape[-2]} series and {self.settings.lags} lags"

    @property
    def kin(self) -> np.ndarray | None:
        """Which columns are of the same series, [series, other]; None where none are."""
        return kin(self.settings.latest)

    def filter(self, y: np.ndarray) -> Filtered:
        """Run the filter over a history `y` [..., series, time] up to the origin."""
        x = (y - self.centre[..., None]) / self.spread[..., None]
        filled, e = innovations(self.b, x, self.others, self.kin)
        known = np.isfinite(x)
        louder = loudness(self.level_effect, before_each(filled))
        now = loudness(self.level_effect, filled[..., -1:])
        start = self.deviation**2
        usable = (e != 0) & ~self.still[..., None]
        before, after = running_variances(e / louder, usable, start, self.leverage)
        mix = self.settings.mixture
        scale = np.sqrt(mix * after[..., MAIN] + (1 - mix) * start) * now[..., 0]
        return Filtered(
            coefficients=self,
            past=_standing(filled, self.settings.lags),
            scale=scale,
            known=known,
            level=np.where(known, x, 0),
            innovation=np.where(known, e, 0),
            before=np.sqrt(before[..., MAIN]) * louder,
            memory=np.sqrt(after) * now,
        )

    def correlated(self, y: np.ndarray) -> "Coefficients":
        """The same coefficients, with the correlation of the innovations over `y`."""
        u = self.filter(y).filtered_innovations()
        return replace(self, correlation=correlations.estimate(u, self.settings.pull))


def _standing(level: np.ndarray, lags: int) -> np.ndarray:
    """Where the series stand after `level` [..., series, time]: see `recursion`."""
    return np.concatenate([local_means(tame(level))[..., -1:], level[..., -lags:]], axis=-1)
