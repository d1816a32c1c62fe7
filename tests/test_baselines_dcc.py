"""DCC: the recursion by hand, constant correlations as its limit, and a simulated truth."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.dcc import DCC, FittedDCC
from econdiff.baselines.garch import SeriesGARCH

MARGIN = SeriesGARCH(0.0, 1.0, 0.0, 0.0, 0.0, 8.0, 0.0, converged=True)  # variance 1, always
TARGET = np.array([[1.0, 0.5], [0.5, 1.0]])


def law(a: float, b: float) -> FittedDCC:
    return FittedDCC(("a", "b"), (MARGIN, MARGIN), TARGET, a, b)


def panel(values: np.ndarray) -> pd.DataFrame:
    index = pd.bdate_range("2000", periods=len(values))
    return pd.DataFrame(values, index=index, columns=["a", "b"])


def test_two_rows_by_hand():
    """Q_2 = .1 S + .3 z z' + .6 S with z = (2, -1); R_2 = Q_12 / sqrt(Q_11 Q_22)."""
    once = panel(np.array([[0.0, 0.0], [2.0, -1.0]]))
    q = 0.1 * TARGET + 0.6 * (0.1 * TARGET + 0.6 * TARGET)
    q = q + 0.3 * np.array([[4.0, -2.0], [-2.0, 1.0]])
    expected = q[0, 1] / np.sqrt(q[0, 0] * q[1, 1])
    assert law(0.3, 0.6).correlation(once)[0, 1] == pytest.approx(expected)


def test_without_news_correlations_are_constant(rng):
    history = panel(rng.multivariate_normal([0, 0], TARGET, size=3000))
    np.testing.assert_allclose(law(0.0, 0.0).correlation(history), TARGET)
    drawn = law(0.0, 0.0).sample(history, horizon=3, paths=20_000, rng=rng).samples
    np.testing.assert_allclose(np.corrcoef(drawn[:, 2].T), TARGET, atol=0.04)


def test_draws_of_one_step_are_the_atoms(rng):
    history = panel(rng.standard_normal((200, 2)))
    drawn = law(0.05, 0.9).sample(history, horizon=1, paths=300, rng=rng).samples[:, 0]
    atoms = law(0.05, 0.9).atoms(history)
    assert np.abs(drawn[:, None] - atoms[None]).max(axis=2).min(axis=1).max() < 1e-9


def test_speeds_of_a_simulated_world_are_found(rng):
    start = panel(rng.multivariate_normal([0, 0], TARGET, size=500))
    world = law(0.06, 0.90)
    simulated = world.sample(start, horizon=4000, paths=1, rng=rng).samples[0]
    fitted = DCC().fit(panel(simulated))
    assert fitted.a == pytest.approx(0.06, abs=0.025)
    assert fitted.b == pytest.approx(0.90, abs=0.05)
    truth, found = world.correlation(panel(simulated)), fitted.correlation(panel(simulated))
    assert found[0, 1] == pytest.approx(truth[0, 1], abs=0.08)
