"""The Gibbs sampler: joint-distribution test, recovery, and its filter."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.bvar_sv import BVARSV
from econdiff.baselines.gibbs import DRIFT_MEAN, DRIFT_SHAPE, MIXTURE, RATE, Sampler


def test_the_ten_normals_have_the_moments_of_log_chi_square():
    probability, mean, variance = MIXTURE.T
    centre = probability @ mean
    assert probability.sum() == pytest.approx(1, abs=1e-5)
    assert centre == pytest.approx(-1.2704, abs=1e-3)
    assert probability @ (variance + mean**2) - centre**2 == pytest.approx(np.pi**2 / 2, abs=1e-2)


def test_parameters_drawn_with_fresh_data_keep_their_priors():
    """Geweke (2004), "Getting it right": data given parameters, parameters given data, and so on.

    The chain over both must leave every parameter with its prior law.
    """
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(12), rng.standard_normal((12, 2))])
    chain = Sampler(x, rng.standard_normal((12, 2)))
    chain.start[:] = 0.0
    seen = []
    for _ in range(12_000):
        e = np.exp(chain.h / 2) * chain.o * rng.standard_normal((12, 2))
        chain.y = x @ chain.b + np.linalg.solve(chain.a, e.T).T
        chain.sweep(rng)
        b = (chain.b - chain.mean)[1] * np.sqrt(chain.precision[1])
        first = chain.h[0].mean()
        rate, log_drift = chain.rate.mean(), np.log(chain.drift).mean()
        seen.append([rate, log_drift, *b, *b**2, first, first**2, chain.a[1, 0]])
    log_mean = np.log(DRIFT_MEAN * (DRIFT_SHAPE - 1)) - 1.5061  # digamma(5)
    expected = [RATE[0] / sum(RATE), log_mean, 0, 0, 1, 1, 0, 2, 0]
    found, error = np.mean(seen, axis=0), batch_error(np.array(seen))
    assert (error < [0.002, 0.02, 0.1, 0.1, 0.1, 0.1, 0.3, 0.5, 0.5]).all()  # else it says little
    np.testing.assert_array_less(np.abs(found - expected), 4 * error)


def batch_error(draws: np.ndarray) -> np.ndarray:
    """Standard errors of the means of a chain [draw, number], from the means of 40 batches."""
    means = draws.reshape(40, -1, draws.shape[1]).mean(axis=1)
    return means.std(axis=0, ddof=1) / np.sqrt(40)


@pytest.fixture(scope="module")
def stormy() -> pd.DataFrame:
    """Calm for 150 quarters, then four times as loud for 50; one outlier of 15 deviations."""
    rng = np.random.default_rng(0)
    loud = np.where(np.arange(200) < 150, 1.0, 4.0)
    values = np.zeros((200, 2))
    for t in range(1, 200):
        shock = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]])
        values[t] = 0.5 * values[t - 1] + loud[t] * shock
    values[80] += 15
    index = pd.period_range("1975Q1", periods=200, freq="Q")
    return pd.DataFrame(values, index=index, columns=["growth", "inflation"])


@pytest.fixture(scope="module")
def fitted(stormy):
    return BVARSV(lags=1, sweeps=600, burn=200, kept=200).fit(stormy)


def test_spread_at_the_origin_is_that_of_the_time(stormy, fitted, rng):
    now = fitted.sample(stormy, horizon=1, paths=2000, rng=rng).samples[:, 0]
    calm = fitted.sample(stormy[:140], horizon=1, paths=2000, rng=rng).samples[:, 0]
    width = [np.subtract(*np.quantile(s, [0.84, 0.16], axis=0)) / 2 for s in (now, calm)]
    np.testing.assert_allclose(width[0], 4, rtol=0.35)
    np.testing.assert_allclose(width[1], 1, rtol=0.35)
    assert np.corrcoef(calm.T)[0, 1] > 0.3


def test_an_outlier_just_seen_does_not_last(stormy, fitted, rng):
    """Five quarters after one shock of fifteen deviations the spread is ordinary again."""
    after = fitted.sample(stormy[:86], horizon=1, paths=2000, rng=rng).samples[:, 0]
    assert (np.subtract(*np.quantile(after, [0.84, 0.16], axis=0)) / 2).max() < 2


def test_coefficients_are_found(fitted):
    slopes = fitted.draws.b[:, 1:].mean(axis=0)
    np.testing.assert_allclose(slopes, 0.5 * np.eye(2), atol=0.15)
