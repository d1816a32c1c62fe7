"""ARIMA of each series, its order chosen automatically."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from statsmodels.tsa.statespace.sarimax import SARIMAX

from econdiff.baselines.gaussian import shared_correlation
from econdiff.baselines.state_space import SeriesLaw, SeriesLaws, maximise

KPSS_5_PER_CENT = 0.463  # Kwiatkowski, Phillips, Schmidt and Shin (1992), table 1, level case


@dataclass(frozen=True)
class ARIMA:
    """ARIMA(p, d, q) of each series, by maximum likelihood.

        (1 - a_1 L - ... - a_p L^p) ((1 - L)^d y_t - m) = (1 + b_1 L + ... + b_q L^q) u_t

    d is the least of 0, 1, 2 differences after which the KPSS test does not refuse stationarity
    at 5%; p = 0 .. `max_p`, q = 0 .. `max_q`, and at d = 1 the drift m, by the corrected Akaike
    criterion over the whole grid (after Hyndman and Khandakar, 2008, who search it stepwise).
    m is free at d = 0, none at d = 2. Shocks are Gaussian and correlated over series as
    the one-step errors are.
    """

    max_p: int = 2
    max_q: int = 2

    def fit(self, panel: pd.DataFrame) -> SeriesLaws:
        """Estimate each series on its known cells; ValueError names one that is too short."""
        values = panel.to_numpy(float)
        laws = tuple(self._law(str(n), y) for n, y in zip(panel.columns, values.T, strict=True))
        errors = [law.errors(y, burn=3) for law, y in zip(laws, values.T, strict=True)]
        return SeriesLaws(
            tuple(panel.columns),
            laws,
            shared_correlation(np.stack(errors, axis=1)),
            provenance={"model": "ARIMA"},
        )

    def _law(self, name: str, y: np.ndarray) -> SeriesLaw:
        known = y[np.isfinite(y)]
        need = 2 * (self.max_p + self.max_q) + 8
        if len(known) < need or np.ptp(known) == 0:
            raise ValueError(
                f"ARIMA of {name!r} needs at least {need} known values that are not all the same, "
                f"got {len(known)}"
            )
        centre, scale = float(known.mean()), float(known.std())
        x = (y - centre) / scale
        best, lowest = None, np.inf
        for order, trend in self._grid(differences(known)):
            make = partial(SARIMAX, order=order, trend=trend)
            try:
                result = maximise(make(x, simple_differencing=True))
            except np.linalg.LinAlgError:  # this order does not suit the series; others may
                continue
            if result.aicc < lowest:
                label = f"ARIMA{order}" + (" with a constant" if trend == "c" else "")
                best, lowest = SeriesLaw(make, result.params, centre, scale, label), result.aicc
        if best is None:
            raise ValueError(f"no ARIMA could be estimated for {name!r}; look at its values")
        return best

    def _grid(self, d: int) -> Iterator[tuple[tuple[int, int, int], str]]:
        for p, q in product(range(self.max_p + 1), range(self.max_q + 1)):
            for trend in {0: "c", 1: "nc", 2: "n"}[d]:
                yield (p, d, q), trend


def differences(y: np.ndarray) -> int:
    """How often to difference `y` [time] until KPSS no longer refuses stationarity; at most 2."""
    for d in range(2):
        if kpss(np.diff(y, d)) <= KPSS_5_PER_CENT:
            return d
    return 2


def kpss(y: np.ndarray) -> float:
    """The level statistic of Kwiatkowski et al. (1992), eq. 13, Bartlett weights, l4 lags."""
    n, e = len(y), y - y.mean()
    lags = int(4 * (n / 100) ** 0.25)
    variance = e @ e + sum(2 * (1 - k / (lags + 1)) * (e[k:] @ e[:-k]) for k in range(1, lags + 1))
    return float((e.cumsum() ** 2).sum() / (n * max(variance, 1e-300)))
