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
    x, rows, targets, local = level / DEVIATION[:, None], [], [], 0.0
    for t in range(level.shape[1]):
        v = expected[i, t] / DEVIATION[i]
        if t >= LAGS:
            past = [x[j, t - lag] for j in range(3) for lag in (1, 2)]
            rows.append(np.array([*past, local, 1]) / v)
            targets.append(x[i, t] / v)
        local += (x[i, t] - local) / recursion.SLOW
    return np.array(rows), np.array(targets)


def covariance(i, cross):
    """The prior covariance of series i's coefficients; the sum by conditioning, not by precision.

    A sum of coefficients that is seen to be 0 with an error: the update of Kalman.
    """
    out = np.zeros((8, 8))
    for j in range(3):
        tight = TIGHTNESS if j == i else cross
        block = np.diag([tight**2, (tight / 2) ** 2])
        if j != i:
            ones, noise = np.ones(2), (DEVIATION[j] * cross) ** 2
            gain = block @ ones / (ones @ block @ ones + noise)
            block = block - np.outer(gain, ones @ block)
        out[2 * j : 2 * j + 2, 2 * j : 2 * j + 2] = block
    out[6, 6] = regression.LOOSE**2
    out[7, 7] = 1 / regression.VAGUE
    return out


def mean(i, share):
    """All that draws the series back is due to its local mean, or nothing is."""
    out = np.zeros(8)
    out[2 * i] = RHO[i]
    out[6] = share * (1 - RHO[i])
    return out


def falls_back(level, expected, i, cross):
    """Evidence of falling back to the sample's mean and to the local one, and what it then owes."""
    rows, target = design(level, expected, i)
    prior = covariance(i, cross)
    whole = rows @ prior @ rows.T + np.eye(len(rows))
    gain = prior @ rows.T @ np.linalg.inv(whole)
    means = [mean(i, share) for share in (0, 1)]
    odds = [multivariate_normal(rows @ m, whole).logpdf(target) for m in means]
    return np.exp(odds), [m + gain @ (target - rows @ m) for m in means]


def posterior(level, expected, i, cross):
    odds, means = falls_back(level, expected, i, cross)
    return odds @ means / odds.sum()


def evidence(level, expected, i, cross):
    return np.log(falls_back(level, expected, i, cross)[0].mean())


def found(arrays, cross):
    return regression.together(*arrays, LAGS, TIGHTNESS, cross)


def in_units_of_shocks(b, others, i):
    a = np.zeros(8)
    for j in range(3):
        own = b[i, 2:] if i == j else others[i, j]
        a[2 * j : 2 * j + 2] = own * DEVIATION[j] / DEVIATION[i]
    a[6], a[7] = b[i, 1], b[i, 0] / DEVIATION[i]
    return a


@pytest.mark.parametrize("i", [0, 1, 2])
def test_the_posterior_mean_is_that_of_a_gaussian_process(arrays, i):
    b, others = found(arrays, (0.2,))
    expected = posterior(arrays[0], arrays[2], i, 0.2)
    np.testing.assert_allclose(in_units_of_shocks(b, others, i), expected, atol=1e-9)


@pytest.mark.parametrize("i", [0, 1, 2])
def test_tightnesses_are_averaged_by_the_marginal_likelihood_of_the_series(arrays, i):
    level, _, expected, *_ = arrays
    candidates = (0.1, 0.2, 0.4)
    total = np.array([evidence(level, expected, i, c) for c in candidates])
    odds = np.exp(total - total.max()) / np.exp(total - total.max()).sum()
    assert 0.02 < odds.max() < 0.98  # else the test says little
    b, others = found(arrays, candidates)
    each = [posterior(level, expected, i, c) for c in candidates]
    np.testing.assert_allclose(in_units_of_shocks(b, others, i), odds @ np.array(each), atol=1e-9)


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
    none = np.zeros((20, 3))
    roots = recursion.radius(5 * a, none)  # explosive for sure, so none is passed over
    a = 5 * a * (size / roots)[:, None, None, None] ** np.arange(1, 3)
    again = recursion.radius(a, none)
    if size > 1:
        np.testing.assert_allclose(again, size, rtol=1e-9)
    else:
        assert (again <= size + 1e-9).all()


@pytest.mark.parametrize("mean", [0.05, 0.3])
def test_the_root_of_a_local_mean_is_that_of_the_recursion(mean):
    """x_t = .6 x_{t-1} + g m_{t-1}: what a shock becomes after long, step by step."""
    coefficients = np.full((1, 1, 1), 0.6)
    root = recursion.radius(1.5 * coefficients, np.array([mean]))
    b, past = np.array([[0, mean, 0.9]]), np.array([[0.0, 1.0]])
    path = recursion.accumulate(b, past, np.zeros((1, 400)))[0]
    if root > 0:
        assert root == pytest.approx(path[-1] / path[-2], rel=1e-6)
    else:
        assert path[-1] < path[-2]


def test_contraction_leaves_no_explosive_root_where_the_local_mean_is_owed_to(rng):
    b = np.concatenate([rng.standard_normal((50, 3, 1)), rng.uniform(0, 1, (50, 3, 4))], axis=-1)
    others = rng.normal(0, 0.3, (50, 3, 3, 3)) * (1 - np.eye(3))[..., None]
    tied, owed = recursion.contract(b, others)
    assert owed is not None
    whole = owed + np.eye(3)[..., None] * tied[..., None, 2:]
    assert recursion.radius(whole, tied[..., 1]).max() <= 1 + 1e-3
    alone, _ = recursion.contract(b)
    assert recursion.radius(alone[..., None, None, 2:], alone[..., 1:2]).max() <= 1 + 1e-3
