"""What the panel decides about drawn shocks: covariance, tails, clusters."""

import numpy as np
import pytest
from scipy import stats

from econdiff.synth.correction import Correction, Sizes, clustering, leverage


def stormy(rng, rows, length, storm=0.3, k=3):
    """Shocks whose common scale has a memory; heavy tails."""
    scale = np.zeros((rows, length + 20))
    for t in range(1, length + 20):
        scale[:, t] = 0.8 * scale[:, t - 1] + storm * rng.standard_normal(rows)
    return np.exp(scale[:, 20:])[..., None] * rng.standard_normal((rows, length, k))


def answering(rng, rows, length, answer, k=3):
    """Normal shocks that are louder after falls where `answer` is below nought."""
    x = rng.standard_normal((rows, length, k))
    for t in range(5, length):
        x[:, t] *= np.exp(answer * np.clip(x[:, t - 5 : t].mean(axis=1), -2, 2))
    return x


def corrected(drawn, real):
    rows = real.reshape(-1, real.shape[-1])
    made = Correction.of(drawn, rows.T @ rows / len(rows), Sizes.of(real))
    return made(drawn)


def test_a_calm_panel_gets_no_clusters(rng):
    drawn, calm = stormy(rng, 400, 60, storm=0.19), rng.standard_normal((1, 500, 3))
    assert clustering(drawn) > 0.04
    made = corrected(drawn, calm)
    assert abs(clustering(made) - clustering(calm)) < 0.025
    np.testing.assert_allclose(stats.kurtosis(made.reshape(-1, 3), fisher=False), 3, atol=0.4)


def test_a_stormy_panel_keeps_its_own(rng):
    drawn, real = stormy(rng, 400, 60), stormy(rng, 10, 300)
    assert clustering(corrected(drawn, real)) == pytest.approx(clustering(real), abs=0.03)


@pytest.mark.parametrize(("drawn", "real"), [(-0.4, 0.0), (0.0, -0.4), (-0.4, 0.3)])
def test_sizes_answer_to_falls_as_those_of_the_panel_do(rng, drawn, real):
    draws, panel = answering(rng, 400, 60, drawn), answering(rng, 20, 400, real)
    assert abs(leverage(draws) - leverage(panel)) > 0.08
    assert leverage(corrected(draws, panel)) == pytest.approx(leverage(panel), abs=0.025)


def test_leverage_is_that_of_its_definition_and_skips_what_is_not_known(rng):
    x = answering(rng, 1, 3000, -0.4, k=1)
    series = x[0, :, 0] - x.mean()
    sizes = np.abs(series)
    by_hand = [np.corrcoef(series[:-j], sizes[j:])[0, 1] for j in range(1, 6)]
    assert leverage(x) == pytest.approx(np.mean(by_hand), abs=2e-3)
    x[0, 100:110] = np.nan
    assert leverage(x) == pytest.approx(np.mean(by_hand), abs=0.02)
    assert leverage(rng.standard_normal((5, 1, 2))) == 0


def test_draws_get_the_covariance_of_the_panel(rng):
    drawn = stormy(rng, 200, 60)
    covariance = np.array([[2.0, 0.5, 0], [0.5, 1, 0.3], [0, 0.3, 1]])
    made = Correction.of(drawn, covariance, Sizes.of(stormy(rng, 1, 80)))(drawn).reshape(-1, 3)
    np.testing.assert_allclose(made.T @ made / len(made), covariance, atol=1e-8)


def test_memory_of_sizes_is_nought_for_independent_shocks_and_skips_what_is_too_short(rng):
    assert abs(clustering(rng.standard_normal((200, 100, 2)))) < 0.01
    assert np.isfinite(clustering(rng.standard_normal((5, 4, 2))))
    assert clustering(rng.standard_normal((5, 1, 2))) == 0
