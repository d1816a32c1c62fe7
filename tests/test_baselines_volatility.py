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
    a, rate, log_drift, b, first = [], [], [], [], []
    for _ in range(12_000):
        e = np.exp(chain.h / 2) * chain.o * rng.standard_normal((12, 2))
        chain.y = x @ chain.b + np.linalg.solve(chain.a, e.T).T
        chain.sweep(rng)
        a.append(chain.a[1, 0])
        rate.append(chain.rate.mean())
        log_drift.append(np.log(chain.drift).mean())
        b.append((chain.b - chain.mean)[1] * np.sqrt(chain.precision[1]))
        first.append(chain.h[0].mean())
    assert np.mean(rate) == pytest.approx(RATE[0] / sum(RATE), rel=0.06)
    expected = np.log(DRIFT_MEAN * (DRIFT_SHAPE - 1)) - 1.5061  # digamma(5)
    assert np.mean(log_drift) == pytest.approx(expected, abs=0.06)
    np.testing.assert_allclose(np.mean(b, axis=0), 0, atol=0.1)
    np.testing.assert_allclose(np.std(b, axis=0), 1, atol=0.08)
    assert np.mean(first) == pytest.approx(0, abs=0.2)
    assert np.std(first) == pytest.approx(2 / np.sqrt(2), rel=0.12)
    assert np.mean(a) == pytest.approx(0, abs=0.5)


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
