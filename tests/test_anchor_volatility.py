"""How loud series are: the recursion and both posteriors by hand, and what they are worth."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, t

from econdiff.anchor import Anchor
from econdiff.anchor.robust import FREEDOM, GAUSSIAN, OUTLIER, stands_still
from econdiff.anchor.volatility import (
    DECAYS,
    LEVEL_EFFECT,
    LEVEL_EFFECTS,
    LEVERAGE,
    LEVERAGES,
    MAIN,
    responses,
    running_variances,
)


def stocks(rng, length=1500, leverage=0.7):
    """Shocks that are louder after falls, [1, time]."""
    e, v = np.zeros((1, length)), 1.0
    for k in range(length):
        e[0, k] = np.sqrt(v) * rng.standard_normal()
        v = 0.05 + 0.85 * v + 0.1 * (abs(e[0, k]) - leverage * e[0, k]) ** 2 / (1 + leverage**2)
    return e


def rates(rng, length=1500, effect=0.2):
    """A persistent series that is louder where it is high, [1, time]."""
    x = np.zeros((1, length))
    for k in range(1, length):
        deviation = np.exp(effect * np.clip(x[0, k - 1] / 3, -3, 3))
        x[0, k] = 0.95 * x[0, k - 1] + deviation * rng.standard_normal()
    return x


def test_the_recursion_by_hand(rng):
    u = 2 * rng.standard_normal((2, 30))
    known = rng.random((2, 30)) < 0.8
    start, leverage = np.array([1.0, 0.2]), np.array([-0.3, 0.6])
    before, after = running_variances(u, known, start, leverage)
    for i, decay in enumerate(DECAYS):
        for s, g in enumerate(leverage):
            v = start[s]
            for k in range(30):
                assert before[s, k, i] == pytest.approx(v)
                news = (abs(u[s, k]) - g * u[s, k]) ** 2 / (1 + g**2)
                if known[s, k]:
                    v = decay * v + (1 - decay) * min(news, OUTLIER**2 * v)
            assert after[s, i] == pytest.approx(v)


def test_both_posteriors_by_hand(rng):
    e, level = stocks(rng, 80), rng.standard_normal((1, 80))
    e[0, :3], level[0, 40] = 0, 7.0
    known, start = e != 0, np.array([1.3])

    def log_likelihood(g, k):
        louder = np.exp(k * np.clip(np.r_[0, level[0, :-1]], -3, 3))
        before, _ = running_variances(e / louder, known, start, np.array([g]))
        deviation = louder * np.sqrt((0.9 * before[0, :, MAIN] + 0.1 * 1.3) / GAUSSIAN)
        return t.logpdf(e[0, 3:], FREEDOM, scale=deviation[3:]).sum()

    def mean(values, deviation, log):
        weight = np.exp(np.array(log) - max(log)) * norm.pdf(values, scale=deviation)
        return (weight * values).sum() / weight.sum()

    k = mean(LEVEL_EFFECTS, LEVEL_EFFECT, [log_likelihood(0, k) for k in LEVEL_EFFECTS])
    g = mean(LEVERAGES, LEVERAGE, [log_likelihood(g, k) for g in LEVERAGES])
    found = responses(e, level, known, start, 0.9)
    assert [float(value[0]) for value in found] == pytest.approx([g, k])


def test_falls_rises_and_levels_are_told_apart(rng):
    stock, rate = Anchor().estimate(stocks(rng)), Anchor().estimate(rates(rng))
    noise = Anchor().estimate(rng.standard_normal((40, 1, 200)))
    assert stock.leverage[0] > 0.4
    assert abs(stock.level_effect[0]) < 0.06
    assert rate.level_effect[0] > 0.1
    assert abs(rate.leverage[0]) < 0.3
    assert abs(noise.leverage.mean()) < 0.1
    assert abs(noise.level_effect.mean()) < 0.02


def test_a_series_upside_down_answers_the_other_way(rng):
    for y in (stocks(rng, 400), rates(rng, 400)):
        a, b = Anchor().estimate(y), Anchor().estimate(-y)
        np.testing.assert_allclose(a.leverage, -b.leverage, atol=1e-9)
        np.testing.assert_allclose(a.level_effect, -b.level_effect, atol=1e-9)
        np.testing.assert_allclose(a.filter(y).scales(5), b.filter(-y).scales(5), rtol=1e-9)


def test_a_batch_is_its_members_and_constant_volatility_is_constant(rng):
    y = np.stack([stocks(rng, 200), rates(rng, 200)])
    both, constant = Anchor().estimate(y), Anchor(mixture=0).estimate(y)
    for k in range(2):
        one = Anchor().estimate(y[k])
        np.testing.assert_allclose(both.leverage[k], one.leverage, atol=1e-12)
        np.testing.assert_allclose(both.level_effect[k], one.level_effect, atol=1e-12)
    np.testing.assert_array_equal(constant.leverage, 0)
    scales = constant.filter(y).scales(4)
    np.testing.assert_allclose(scales, np.repeat(constant.deviation[..., None], 4, axis=-1))


def test_steps_ahead_are_as_loud_as_the_level_expected_there(rng):
    y = rates(rng)
    top = y[:, : int(y.argmax()) + 1]
    state = Anchor().estimate(y).filter(top)
    expected = state.restore(np.zeros((1, 24)))  # the anchor's mean
    levels = (np.r_[top[0, -1], expected[0, :-1]] - state.coefficients.centre) / (
        state.coefficients.spread
    )
    louder = np.exp(state.coefficients.level_effect * np.clip(levels, -3, 3))
    np.testing.assert_allclose(state.scales(24)[0], state.scale * louder / louder[0])
    assert state.scales(24)[0, -1] < 0.9 * state.scale[0]


def test_both_are_worth_likelihood_in_years_to_come(rng):
    """Against a filter that knows neither."""
    for draw in (stocks, rates):
        gains = []
        for _ in range(12):
            y = draw(rng)
            fitted = Anchor().estimate(y[:, :900])
            plain = replace(fitted, leverage=np.zeros(1), level_effect=np.zeros(1))
            told, untold = (
                norm.logpdf(state.innovation[0, 900:], scale=state.before[0, 900:]).mean()
                for state in (fitted.filter(y), plain.filter(y))
            )
            gains.append(told - untold)
        assert np.mean(gains) > 2 * np.std(gains) / np.sqrt(len(gains))


def test_a_policy_rate_keeps_the_size_of_its_moves(rng):
    """Moves of a quarter point in one week of twelve: no filter can follow such a volatility."""
    moves = 0.25 * rng.choice([-1, 1], (8, 500)) * (rng.random((8, 500)) < 1 / 12)
    y = 5 + np.cumsum(moves, axis=-1)
    for k in range(8):
        fitted = Anchor().estimate(y[k : k + 1])
        assert fitted.still.all()
        scale = fitted.filter(y[k : k + 1]).scale * fitted.spread
        assert scale[0] == pytest.approx(moves[k].std(), rel=0.15)


def test_only_what_repeats_itself_more_often_than_not_stands_still(rng):
    y = np.round(np.cumsum(rng.standard_normal((1, 300)), axis=-1), 2)
    wild = y.copy()
    wild[0, 150] = 1e6
    assert not stands_still(y).any()
    assert not stands_still(wild).any()
    half = np.repeat(y[:, :150], 2, axis=-1)  # every value twice
    assert stands_still(half)
    assert not stands_still(half[:, :-1])
    holes = np.where(rng.random(half.shape) < 0.3, np.nan, np.repeat(y[:, :75], 4, axis=-1))
    assert stands_still(holes)
