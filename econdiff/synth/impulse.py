"""Impulse responses of a panel vector autoregression, with bands, on real and synthetic panels.

Responses to orthogonal shocks of one deviation, in the order of the series (Lütkepohl, 2005,
2.3.27).
The band is the one that a residual bootstrap of the real panel gives. Slopes of short panels are
biased (Nickell, 1981, *Econometrica* 49), those of panels drawn from them once more, so it is drawn
from slopes that the bias is taken out of (Kilian, 1998, *Review of Economics and Statistics* 80):
estimates from such panels lie about the real one.
"""

from collections.abc import Iterator

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

    Panels drawn for it, twice `draws`, have the holes of `values` [entity, time, series].
    """
    slopes = within.least_squares(values, lags)
    again = [within.least_squares(w, lags) for w in _redrawn(values, slopes, draws, rng)]
    unbiased = slopes + (slopes - np.mean(again, axis=0))
    drawn = [responses(w, lags, horizon) for w in _redrawn(values, unbiased, draws, rng)]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def _redrawn(
    values: np.ndarray, slopes: np.ndarray, draws: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Panels with the starts and holes of `values`, by residuals under `slopes`."""
    found = within.given(values, within.contract(slopes))
    lags, periods = len(slopes) // values.shape[-1], found.shocks.shape[1]
    start, known = within.first_rows(values, lags), np.isfinite(values)
    count = np.isfinite(found.shocks[..., :1]).sum(axis=1, keepdims=True)
    shocks = found.shocks * np.sqrt(count / np.maximum(count - 1, 1))  # their mean was taken out
    for _ in range(draws):
        u = within.redrawn(shocks, rng.integers(periods, size=periods), rng)
        w = np.concatenate([start, within.run(found.slopes, start, found.intercepts, u)], axis=1)
        yield np.where(known, w, np.nan)


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
