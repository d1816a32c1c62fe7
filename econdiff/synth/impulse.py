"""Impulse responses of a panel vector autoregression, with bands, on real and synthetic panels.

Responses to orthogonal shocks of one deviation, in the order of the series (Lütkepohl, 2005,
2.3.27).
The band is the one that a residual bootstrap of the real panel gives.
"""

import numpy as np

from econdiff.synth import within


def responses(values: np.ndarray, lags: int, horizon: int) -> np.ndarray:
    """Responses [step, shock, series] of a VAR within entities; step 0 is the impact."""
    found = within.estimate(values, lags)
    shocks = found.shocks[np.isfinite(found.shocks).all(axis=-1)]
    k = values.shape[-1]
    impact = np.linalg.cholesky(shocks.T @ shocks / len(shocks)).T  # [shock, series]
    u = np.zeros((k, horizon, k))
    start = np.concatenate([np.zeros((k, max(lags - 1, 0), k)), impact[:, None]], axis=1)
    after = within.run(found.slopes, start, np.zeros((k, k)), u)
    return np.concatenate([impact[None], after.swapaxes(0, 1)])


def band(
    values: np.ndarray,
    lags: int,
    horizon: int,
    rng: np.random.Generator,
    level: float = 0.9,
    draws: int = 200,
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end of the band of `responses`, by residuals drawn a period at a time.

    Panels drawn for it have the holes of `values` [entity, time, series].
    """
    found = within.estimate(values, lags)
    found = within.given(values, within.contract(found.slopes))
    periods = found.shocks.shape[1]
    start, known = within.first_rows(values, lags), np.isfinite(values)
    drawn = []
    for _ in range(draws):
        u = within.redrawn(found.shocks, rng.integers(periods, size=periods), rng)
        w = np.concatenate([start, within.run(found.slopes, start, found.intercepts, u)], axis=1)
        drawn.append(responses(np.where(known, w, np.nan), lags, horizon))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def share_inside(
    real: np.ndarray,
    made: np.ndarray,
    rng: np.random.Generator,
    *,
    lags: int = 2,
    horizon: int = 12,
    draws: int = 200,
) -> float:
    """Share of horizons, shocks and series at which synthetic responses lie in the real band.

    That of `made` [panel, entity, time, series] is the median over panels; the band holds 90%.
    """
    found = band(real, lags, horizon, rng, draws=draws)
    return share_between(found, made, lags, horizon)


def share_between(
    found: tuple[np.ndarray, np.ndarray], made: np.ndarray, lags: int, horizon: int
) -> float:
    """See `share_inside`: the share inside the `found` band."""
    low, high = found
    middle = np.median([responses(panel, lags, horizon) for panel in made], axis=0)
    return float(np.mean((middle >= low - 1e-12) & (middle <= high + 1e-12)))
