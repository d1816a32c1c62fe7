"""The anchor: an exact map, the textbook filter, and no more."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from econdiff.anchor import Anchor, Coefficients
from econdiff.anchor.recursion import radius
from econdiff.anchor.robust import location_scale


def simulate(rng, length=400, series=3):
    y = np.zeros((series, length))
    shocks = np.linalg.cholesky(np.full((series, series), 0.5) + 0.5 * np.eye(series)) @ (
        rng.standard_normal((series, length))
    )
    for t in range(1, length):
        y[:, t] = 0.2 + 0.6 * y[:, t - 1] + shocks[:, t]
    return y


@pytest.fixture
def state(rng):
    y = simulate(rng)
    return Anchor().estimate(y).filter(y)


def test_color_undoes_whiten(state, rng):
    future = rng.normal(size=(5, 3, 12))
    np.testing.assert_allclose(state.color(state.whiten(future)), future, atol=1e-10)


def test_log_determinant_is_that_of_the_matrix_written_out(state):
    _, matrix = state.affine(horizon=4)
    assert np.linalg.slogdet(matrix)[1] == pytest.approx(state.log_determinant(4), abs=1e-9)


def test_density_of_innovations_is_the_density_of_the_future(state, rng):
    mean, matrix = state.affine(horizon=3)
    future = rng.normal(size=(3, 3))
    z = state.whiten(future)
    of_z = multivariate_normal(np.zeros(9)).logpdf(z.ravel()) - state.log_determinant(3)
    assert of_z == pytest.approx(
        multivariate_normal(mean, matrix @ matrix.T).logpdf(future.ravel())
    )


def test_the_autoregression_is_found(rng):
    y = simulate(rng, length=20_000)
    found = Anchor().estimate(y)
    np.testing.assert_allclose(found.b[:, 2], 0.6, atol=0.03)
    np.testing.assert_allclose(found.b[:, 3:], 0, atol=0.03)
    np.testing.assert_allclose(found.b[:, 1], 0, atol=0.1)  # a local mean hardly moves
    np.testing.assert_allclose(found.correlation[0, 1], 0.5, atol=0.03)


def test_volatility_follows_a_quiet_turn(rng):
    y = rng.standard_normal((1, 400)) * np.where(np.arange(400) < 300, 1.0, 0.2)
    state = Anchor().estimate(y).filter(y)
    now = state.scale[0] * state.coefficients.spread[0]
    assert 0.15 < now < 0.45


def test_one_wild_quarter_does_not_decide_the_autoregression(rng):
    y = simulate(rng, series=1)
    hit = y.copy()
    hit[0, 350] += 50
    calm, shocked = Anchor().estimate(y), Anchor().estimate(hit)
    rate = (calm.spread / shocked.spread).item()
    assert abs(calm.b[0, 2] - shocked.b[0, 2]) < 0.15
    assert rate > 0.8


def test_roots_are_never_explosive(rng):
    y = np.exp(0.02 * np.arange(60.0))[None] + 0.01 * rng.standard_normal((1, 60))
    found = Anchor().estimate(y)
    assert radius(found.b[..., None, None, 2:], found.b[..., 1:2]).max() <= 1 + 1e-6


def test_series_keep_their_law_whatever_their_order(rng):
    y = simulate(rng)
    order = [2, 0, 1]
    z = rng.standard_normal((3, 6))
    one = Anchor().estimate(y).filter(y).color(z)
    other = Anchor().estimate(y[order]).filter(y[order]).color(z[order])
    np.testing.assert_allclose(one[order], other, atol=1e-9)


def test_a_batch_is_its_members(rng):
    y = np.stack([simulate(rng), simulate(rng)])
    y[1, 0, :50] = np.nan
    both = Anchor().estimate(y)
    for k in range(2):
        alone = Anchor().estimate(y[k])
        np.testing.assert_allclose(both.b[k], alone.b, atol=1e-10)
        np.testing.assert_allclose(both.filter(y).scale[k], alone.filter(y[k]).scale, atol=1e-10)


def test_missing_cells_are_predicted_not_filled_with_knowledge_of_later(rng):
    y = simulate(rng, series=1)
    fitted = Anchor().estimate(y)
    gap = y.copy()
    gap[0, 200] = np.nan
    later = gap.copy()
    later[0, 201:] += 1.0
    a, b = fitted.filter(gap), fitted.filter(later)
    np.testing.assert_array_equal(a.innovation[0, :201], b.innovation[0, :201])
    assert a.innovation[0, 200] == 0
    assert not a.known[0, 200]


def test_fit_reads_a_panel(panel):
    fitted = Anchor().fit(panel)
    assert isinstance(fitted, Coefficients)
    assert fitted.b.shape == (2, 2 + Anchor().lags)
    assert isinstance(panel, pd.DataFrame)


TIES = np.array([[0.5, 0.0, 0.3], [0.0, 0.6, 0.0], [0.0, -0.2, 0.4]])


def tied(rng, length=400):
    y = np.zeros((3, length))
    for t in range(1, length):
        y[:, t] = TIES @ y[:, t - 1] + rng.standard_normal(3)
    return y


def test_what_series_owe_to_the_past_of_others_is_found(rng):
    y = tied(rng, 20_000)
    found, alone = Anchor().estimate(y), Anchor(cross=()).estimate(y)
    first = found.others[..., 0] * found.spread[:, None] / found.spread[None]
    apart = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(first[apart], TIES[apart], atol=0.05)
    np.testing.assert_array_equal(found.others[~apart], 0)
    assert alone.others is None
    assert (found.deviation <= alone.deviation + 1e-3).all()


def test_series_that_owe_each_other_nothing_are_left_alone(rng):
    """Each series' own evidence picks the tightness: noise gets less than an eighth of a tie."""
    noise, ties = Anchor().estimate(rng.standard_normal((3, 400))), Anchor().estimate(tied(rng))
    assert np.abs(noise.others).max() < np.abs(ties.others).max() / 8


def test_without_ties_a_panel_is_its_series(rng):
    y = tied(rng)
    both = Anchor(cross=()).estimate(y)
    for k in range(3):
        np.testing.assert_allclose(both.b[k], Anchor().estimate(y[k : k + 1]).b[0], atol=1e-12)


def test_the_map_with_ties_is_exact(rng):
    y = tied(rng)
    y[0, 100:104] = np.nan
    state = Anchor().estimate(y).filter(y)
    assert np.abs(state.coefficients.others).max() > 0.1
    future = rng.normal(size=(5, 3, 6))
    np.testing.assert_allclose(state.color(state.whiten(future)), future, atol=1e-10)
    _, matrix = state.affine(horizon=4)
    assert np.linalg.slogdet(matrix)[1] == pytest.approx(state.log_determinant(4), abs=1e-9)


def test_the_filter_is_the_map_one_step_at_a_time(rng):
    y = tied(rng)
    fitted = Anchor().estimate(y)
    before = fitted.filter(y[:, :-1])
    now = before.standardise(y[:, -1:])[:, 0] * before.scale
    np.testing.assert_allclose(fitted.filter(y).innovation[:, -1], now, atol=1e-10)
    gap = y.copy()
    gap[0, 1] = np.nan  # the filter that steps over gaps is another one
    np.testing.assert_allclose(fitted.filter(gap).innovation[:, -1], now, atol=1e-10)


def test_a_batch_with_ties_is_its_members_and_never_explodes(rng):
    y = np.stack([tied(rng), np.cumsum(rng.standard_normal((3, 400)), axis=-1)])
    y[1, 2] += np.exp(0.02 * np.arange(400))
    both = Anchor().estimate(y)
    for k in range(2):
        alone = Anchor().estimate(y[k])
        np.testing.assert_allclose(both.others[k], alone.others, atol=1e-9)
        np.testing.assert_allclose(both.filter(y).scale[k], alone.filter(y[k]).scale, atol=1e-9)
        matrix = alone.filter(y[k]).affine(200)[1].reshape(3, 200, 3, 200)
        far, near = matrix[:, -1, :, 0], matrix[:, 40, :, 0]
        assert np.linalg.norm(far) < 3 * np.linalg.norm(near) + 1


def test_a_level_never_seen_is_not_passed_on_to_other_series(rng):
    """Series 0 follows series 2, of which a catastrophe says no more than three deviations do."""
    y = tied(rng)
    fitted = Anchor().estimate(y)
    unit, middle = fitted.spread[2], fitted.centre[2]

    def expected(deviations):
        end = y.copy()
        end[2, -1] = middle + deviations * unit
        return fitted.filter(end).color(np.zeros((3, 1)))[:, 0]

    two, three, ten = expected(2), expected(3), expected(10)
    assert three[0] - two[0] > 0.1 * unit
    np.testing.assert_allclose(ten[:2], three[:2])
    assert ten[2] - three[2] > unit
    state = fitted.filter(np.where(np.arange(400) < 399, y, 10 * y))
    future = rng.normal(size=(5, 3, 8))
    np.testing.assert_allclose(state.color(state.whiten(future)), future, atol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"cross": 0.08}, "a tuple"),
        ({"cross": (0.0,)}, "positive"),
        ({"tightness": 0.0}, "positive"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Anchor(**wrong)


def test_a_series_whose_trend_drifts_falls_back_to_its_local_mean(rng):
    """Noise about a random walk, and about a constant: the evidence tells them apart."""
    trend = np.cumsum(0.15 * rng.standard_normal(400))
    y = np.stack([trend, np.zeros(400)]) + rng.standard_normal((2, 400))
    for k, drifts in enumerate((True, False)):
        found = Anchor().estimate(y[k : k + 1])
        held = Anchor(local=False).estimate(y[k : k + 1])
        assert (found.b[0, 1] > 0.1) == drifts
        assert held.b[0, 1] == 0
        end = found.filter(y[k : k + 1]).color(np.zeros((1, 40)))[0, -1]
        recent = y[k, -40:].mean()
        if drifts:
            assert abs(end - recent) < abs(y[k].mean() - recent)


@pytest.mark.parametrize("unit", [2.0**-12, 2.0**-40, 2.0**9])
def test_units_however_tiny_change_nothing(rng, unit):
    y = 3 + rng.standard_t(3, size=(2, 90))
    for measured, plain in zip(location_scale(unit * y), location_scale(y), strict=True):
        np.testing.assert_array_equal(measured, unit * plain)
    tiny, usual = (Anchor().estimate(series).filter(series) for series in (unit * y, y))
    noise = rng.normal(size=(5, 2, 4))
    np.testing.assert_array_equal(tiny.color(noise), unit * usual.color(noise))
