"""Train on synthetic, test on real: what a forecaster learns from panels that were drawn.

A panel VAR is estimated on a training panel; intercepts are those of the real entities before the
test rows. Each test row is forecast one step ahead and scored by the CRPS of the normal law
(Gneiting and Raftery, 2007, *JASA* 102, eq. 21). The ratio is that of the two training panels.

A generator that was fitted to the whole panel has seen the test rows, which the yardstick has not:
the ratio then flatters it a little. Whoever wants it clean fits the generator to the rows before.
"""

import numpy as np
from scoringrules import crps_normal

from econdiff.synth import within


def crps(train: np.ndarray, past: np.ndarray, test: np.ndarray, lags: int) -> np.ndarray:
    """Mean CRPS of each series over `test` [entity, time, series], rows that follow `past`."""
    slopes = within.estimate(train, lags).slopes
    shocks = within.given(train, slopes).shocks
    deviation = np.nanstd(shocks, axis=(0, 1))
    before = within.given(past, slopes)
    rows = np.concatenate([past[:, -lags:], test], axis=1)
    lagged, target, used = within.regression(rows, lags)
    mean = before.intercepts[:, None] + lagged @ slopes
    score = crps_normal(target, mean, deviation)
    return np.where(used, score, np.nan).reshape(-1, score.shape[-1])[used.ravel()].mean(axis=0)


def ratio(real: np.ndarray, made: np.ndarray, test_from: int, lags: int = 1) -> np.ndarray:
    """CRPS after training on `made` over that after training on `real`'s rows before `test_from`.

    `made` is [panel, entity, time, series]; the ratio is averaged over panels, one a series.
    """
    past, test = real[:, :test_from], real[:, test_from:]
    yardstick = crps(past, past, test, lags)
    return np.mean([crps(panel, past, test, lags) for panel in made], axis=0) / yardstick
