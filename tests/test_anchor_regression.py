"""The anchor's regression: the posterior mean and the evidence of the textbook."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from econdiff.anchor import recursion, regression

LAGS, TIGHTNESS = 2, 0.3
DEVIATION = np.array([0.5, 1.0, 2.0])
RHO = np.array([0.4, 0.0, 0.8])


@pytest.fixture
def arrays(rng):
    """Levels, innovations of which the huge are none, and uneven but known volatilities."""
    level = np.clip(rng.standard_normal((3, 40)).cumsum(axis=-1) / 4, -2.9, 2.9)
    expected = DEVIATION[:, None] * rng.uniform(0.5, 2, (3, 40))
    innovation = expected * rng.uniform(-2, 2, (3, 40))
    return level, innovation, expected, DEVIATION, RHO


def design(level, expected, i):
    """Rows and targets of series i over the volatility, in units of shocks, written one by one."""
    x, rows, targets = level / DEVIATION[:, None], [], []
    for t in range(LAGS, level.shape[1]):
        v = expected[i, t] / DEVIATION[i]
        rows.append([x[j, t - lag] / v for j in range(3) for lag in (1, 2)] + [1 / v])
        targets.append(x[i, t] / v)
    return np.array(rows), np.array(targets)


def covariance(i, cross):
    """The prior covariance of series i's coefficients; the sum by conditioning, not by precision.

    A sum of coefficients that is seen to be 0 with an error: the update of Kalman.
    """
    out = np.zeros((7, 7))
    for j in range(3):
        tight = TIGHTNESS if j == i else cross
        block = np.diag([tight**2, (tight / 2) ** 2])
        if j != i:
            ones, noise = np.ones(2), (DEVIATION[j] * cross) ** 2
            gain = block @ ones / (ones @ block @ ones + noise)
            block = block - np.outer(gain, ones @ block)
        out[2 * j : 2 * j + 2, 2 * j : 2 * j + 2] = block
    out[6, 6] = 1 / regression.VAGUE
    return out


def mean(i):
    out = np.zeros(7)
    out[2 * i] = RHO[i]
    return out


def posterior(level, expected, i, cross):
    rows, target = design(level, expected, i)
    prior = covariance(i, cross)
    gain = prior @ rows.T @ np.linalg.inv(rows @ prior @ rows.T + np.eye(len(rows)))
    return mean(i) + gain @ (target - rows @ mean(i))


def evidence(level, expected, i, cross):
    rows, target = design(level, expected, i)
    whole = rows @ covariance(i, cross) @ rows.T + np.eye(len(rows))
    return multivariate_normal(rows @ mean(i), whole).logpdf(target)


def found(arrays, cross):
    return regression.together(*arrays, LAGS, TIGHTNESS, cross)


def in_units_of_shocks(b, others, i):
    a = np.zeros(7)
    for j in range(3):
        own = b[i, 1:] if i == j else others[i, j]
        a[2 * j : 2 * j + 2] = own * DEVIATION[j] / DEVIATION[i]
    a[6] = b[i, 0] / DEVIATION[i]
    return a


@pytest.mark.parametrize("i", [0, 1, 2])
def test_the_posterior_mean_is_that_of_a_gaussian_process(arrays, i):
    b, others = found(arrays, (0.2,))
    expected = posterior(arrays[0], arrays[2], i, 0.2)
    np.testing.assert_allclose(in_units_of_shocks(b, others, i), expected, atol=1e-9)


def test_tightnesses_are_averaged_by_the_marginal_likelihood_of_the_panel(arrays):
    level, _, expected, *_ = arrays
    candidates = (0.1, 0.2, 0.4)
    total = np.array([sum(evidence(level, expected, i, c) for i in range(3)) for c in candidates])
    odds = np.exp(total - total.max()) / np.exp(total - total.max()).sum()
    assert 0.02 < odds.max() < 0.98  # else the test says little
    b, others = found(arrays, candidates)
    each = [posterior(level, expected, 0, c) for c in candidates]
    np.testing.assert_allclose(in_units_of_shocks(b, others, 0), odds @ np.array(each), atol=1e-9)


def test_cells_that_were_not_seen_are_no_targets(arrays, rng):
    level, innovation, expected, deviation, rho = arrays
    innovation = innovation.copy()
    innovation[1, 10:20] = 0
    other = level.copy()
    other[1, 39] += 0.5  # a target of series 1 only, as there is nothing after it
    innovation[1, 39] = 0
    one = found((level, innovation, expected, deviation, rho), (0.2,))
    two = found((other, innovation, expected, deviation, rho), (0.2,))
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])


@pytest.mark.parametrize("size", [0.3, 0.99, 1.01, 1.5])
def test_an_explosive_root_is_told_from_a_stable_one(rng, size):
    a = rng.standard_normal((20, 3, 3, 2))
    roots = recursion.radius(5 * a)  # explosive for sure, so none is passed over
    a = 5 * a * (size / roots)[:, None, None, None] ** np.arange(1, 3)
    again = recursion.radius(a)
    if size > 1:
        np.testing.assert_allclose(again, size, rtol=1e-9)
    else:
        assert (again <= size + 1e-9).all()
