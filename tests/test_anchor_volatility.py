"""How loud series are: the recursion by hand, how far they lean, and what it must not change."""

import numpy as np
import pytest
from scipy.stats import norm, t

from econdiff.anchor import Anchor
from econdiff.anchor.robust import FREEDOM, GAUSSIAN, OUTLIER
from econdiff.anchor.volatility import DECAYS, LEANS, MAIN, UPRIGHT, leaning, running_variances


def stocks(rng, length=1500, lean=0.7):
    """Shocks that are louder after falls, [1, time]."""
    e, v = np.zeros((1, length)), 1.0
    for k in range(length):
        e[0, k] = np.sqrt(v) * rng.standard_normal()
        v = 0.05 + 0.85 * v + 0.1 * (abs(e[0, k]) - lean * e[0, k]) ** 2 / (1 + lean**2)
    return e


def test_the_recursion_by_hand(rng):
    e = 2 * rng.standard_normal((2, 30))
    known = rng.random((2, 30)) < 0.8
    start, lean = np.array([1.0, 0.2]), np.array([-0.3, 0.6])
    before, after = running_variances(e, known, start, lean)
    for i, lam in enumerate(DECAYS):
        for s in range(2):
            v = start[s]
            for k in range(30):
                assert before[s, k, i] == pytest.approx(v)
                news = (abs(e[s, k]) - lean[s] * e[s, k]) ** 2 / (1 + lean[s] ** 2)
                if known[s, k]:
                    v = lam * v + (1 - lam) * min(news, OUTLIER**2 * v)
            assert after[s, i] == pytest.approx(v)


def test_the_posterior_by_hand(rng):
    e = stocks(rng, 80)
    e[0, :3] = 0
    known, start = np.ones_like(e, dtype=bool), np.array([1.3])
    log = []
    for lean in LEANS:
        before, _ = running_variances(e, known, start, np.array([lean]))
        deviation = np.sqrt((0.9 * before[0, 3:, MAIN] + 0.1 * 1.3) / GAUSSIAN)
        log.append(t.logpdf(e[0, 3:], FREEDOM, scale=deviation).sum())
    weight = np.exp(np.array(log) - max(log)) * norm.pdf(LEANS, scale=UPRIGHT)
    expected = (weight * LEANS).sum() / weight.sum()
    assert leaning(e, known, start, 0.9)[0] == pytest.approx(expected)


def test_falls_or_rises_or_neither(rng):
    fall = Anchor().estimate(stocks(rng)).lean
    noise = Anchor().estimate(rng.standard_normal((40, 1, 100))).lean
    assert fall[0] > 0.4
    assert abs(noise.mean()) < 0.1
    assert noise.std() < 0.3


def test_a_series_upside_down_leans_the_other_way(rng):
    y = stocks(rng, 400)
    a, b = Anchor().estimate(y), Anchor().estimate(-y)
    np.testing.assert_allclose(a.lean, -b.lean, atol=1e-9)
    np.testing.assert_allclose(a.filter(y).scale, b.filter(-y).scale, rtol=1e-9)


def test_a_batch_is_its_members(rng):
    y = np.stack([stocks(rng, 200), rng.standard_normal((1, 200))])
    both = Anchor().estimate(y)
    for k in range(2):
        np.testing.assert_allclose(both.lean[k], Anchor().estimate(y[k]).lean, atol=1e-12)


def test_how_far_it_leans_is_worth_likelihood(rng):
    """On shocks to come that lean as those before did, told against an upright filter."""
    gains = []
    for _ in range(12):
        y = stocks(rng, 1200)
        fitted = Anchor().estimate(y[:, :900])
        e = y - fitted.centre[:, None]
        known = np.ones_like(e, dtype=bool)
        start = (fitted.deviation * fitted.spread) ** 2
        found = [
            running_variances(e, known, start, lean)[0][0, 900:, MAIN]
            for lean in (fitted.lean, 0 * fitted.lean)
        ]
        leans, upright = (norm.logpdf(e[0, 900:], scale=np.sqrt(v)).mean() for v in found)
        gains.append(leans - upright)
    assert np.mean(gains) > 2 * np.std(gains) / np.sqrt(len(gains))
