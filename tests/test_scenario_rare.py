"""Events too rare for rejection: their chance and their paths, against closed forms."""

import numpy as np
import pandas as pd
import pytest
from known_place import Known, two_regimes
from scipy.stats import norm

from econdiff.baselines.bvar import BVAR
from econdiff.baselines.gaussian import LinearGaussian
from econdiff.diffusion.conditional import DiffusionLaw
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.training import Training
from econdiff.forecast import Forecast
from econdiff.scenario import Scenario, ScenarioError, conditional, margin, plausibility
from econdiff.scenario.rare import splitting

NAMES = ("growth", "rate")
A = np.array([[0.5, -0.1], [0.1, 0.8]])
SHOCK = np.array([[1.0, 0.4], [0.4, 1.0]])


def economy(rows=80):
    rng = np.random.default_rng(3)
    y = np.zeros((rows, 2))
    for t in range(1, rows):
        y[t] = A @ y[t - 1] + rng.multivariate_normal([0, 0], SHOCK)
    index = pd.period_range("2000Q1", periods=rows, freq="Q")
    return pd.DataFrame(y, index=index, columns=list(NAMES))


def truth():
    return LinearGaussian(NAMES, np.vstack([np.zeros((1, 2)), A.T]), SHOCK)


def beyond(law, cell, deviations):
    """A level so far above the mean of a cell, its chance, and the means of all cells beyond it."""
    size = np.sqrt(law.covariance[cell, cell])
    hazard = norm.pdf(deviations) / norm.sf(deviations)
    means = law.mean + law.covariance[:, cell] / size * hazard  # of a normal cut off below
    return law.mean[cell] + deviations * size, norm.sf(deviations), means


def ask(model, event, paths=1000, panel=None, seed=7):
    return conditional(
        model, economy() if panel is None else panel, Scenario(events=(event,)),
        mode="event", horizon=4, paths=paths, rng=np.random.default_rng(seed),
    )  # fmt: skip


@pytest.mark.parametrize("deviations", [3.0, 4.5, 6.0])
def test_a_half_space_has_the_chance_of_a_normal_tail(deviations):
    way = np.full(20, 20**-0.5)
    found = splitting(lambda x: x @ way - deviations, 20, 1000, np.random.default_rng(1))
    chance = norm.sf(deviations)
    assert abs(found.probability - chance) < 4 * found.standard_error
    assert found.standard_error < 0.5 * chance
    along = found.noise @ way
    assert (along > deviations).all()
    assert along.mean() == pytest.approx(norm.pdf(deviations) / chance, rel=0.02)
    across = np.linalg.norm(found.noise - np.outer(along, way), axis=1)
    assert (across**2).mean() == pytest.approx(19, rel=0.1)


def test_the_chance_has_no_bias_and_its_error_is_its_spread():
    runs = [
        splitting(lambda x: np.abs(x).max(axis=1) - 4.0, 3, 160, np.random.default_rng(seed))
        for seed in range(60)
    ]
    chances = np.array([run.probability for run in runs])
    exact = 1 - (1 - 2 * norm.sf(4.0)) ** 3  # six corners
    assert abs(chances.mean() - exact) < 3 * chances.std(ddof=1) / np.sqrt(60)
    said = np.sqrt(np.mean([run.standard_error**2 for run in runs]))
    assert said == pytest.approx(chances.std(ddof=1), rel=0.35)


def test_a_rare_event_of_a_gaussian_model_is_the_truncated_normal():
    law = ask(truth(), "rate > 0").law.gaussian()
    level, chance, means = beyond(law, 5, 4.2)  # the rate in the third step
    answer = ask(truth(), f"rate > {level} in 2020Q3", paths=2000)
    assert answer.diagnostics.method.startswith("multilevel splitting")
    assert abs(answer.chance.value - chance) < 4 * answer.chance.standard_error
    size = np.sqrt(np.diag(law.covariance) / answer.diagnostics.effective)
    assert (np.abs(answer.told.alternative.mean(axis=0) - means) < 4.5 * size).all()
    assert (answer.alternative.samples[:, 2, 1] > level).all()
    judged = plausibility(answer)
    assert judged.before == (answer.chance,)
    assert judged.after[0].value == pytest.approx(1)
    assert "splitting" in judged.verdict
    table = answer.difference()
    assert table["low"].isna().all()
    assert np.isfinite(table[["mean", "standard_error"]].to_numpy()).all()


def test_the_diffusion_model_that_has_learned_nothing_finds_the_same_tail():
    anchor = Diffusion(weights=None, training=Training(steps=0)).fit(economy())
    law = anchor.law(economy(), 4).gaussian()
    level, chance, means = beyond(law, 2, 4.0)  # growth in the second step
    answer = ask(anchor, f"growth > {level} in 2020Q2", paths=400)
    assert abs(answer.chance.value - chance) < 4 * answer.chance.standard_error
    size = np.sqrt(np.diag(law.covariance) / answer.diagnostics.effective)
    assert (np.abs(answer.told.alternative.mean(axis=0) - means) < 4.5 * size).all()


def test_the_tail_of_a_law_that_is_not_gaussian_is_its_own():
    law = DiffusionLaw(Known(two_regimes()), turns=12)
    found = splitting(
        lambda x: -4.0 - law.futures(x, ()).min(axis=1), 2, 2000, np.random.default_rng(2)
    )
    parts = two_regimes()
    draws = np.concatenate(
        [
            np.random.default_rng(k).multivariate_normal(mean, cov, int(2_000_000 * w))
            for k, (w, mean, cov) in enumerate(
                zip(
                    parts.weights.numpy(),
                    parts.means.numpy(),
                    parts.covariances.numpy(),
                    strict=True,
                )
            )
        ]
    )
    exact = (draws.min(axis=1) < -4).mean()
    moments = draws.mean(axis=0), np.cov(draws.T)
    gaussian = np.random.default_rng(9).multivariate_normal(*moments, 2_000_000)
    assert found.probability == pytest.approx(exact, abs=4 * found.standard_error + 0.05 * exact)
    assert (gaussian.min(axis=1) < -4).mean() < 0.7 * exact  # so that it could have failed


def test_what_cannot_be_sought_says_why():
    with pytest.raises(ScenarioError, match=r"pin what it needs \(BVAR draws its coefficients"):
        ask(BVAR().fit(economy()), "rate > 40")
    ragged = economy()
    ragged.iloc[-1, 0] = np.nan
    anchor = Diffusion(weights=None, training=Training(steps=0)).fit(economy())
    with pytest.raises(ScenarioError, match="ragged edge; cut it there"):
        ask(anchor, "rate > 40", paths=60, panel=ragged)
    with pytest.raises(ScenarioError, match="no path comes nearer"):
        splitting(lambda x: np.full(len(x), -1.0), 3, 100, np.random.default_rng(0))
    with pytest.raises(ScenarioError, match="at least 8 paths"):
        splitting(lambda x: x[:, 0] - 3, 3, 7, np.random.default_rng(0))


def test_margins_are_how_far_inside():
    values = np.array([[[4.0, 1.0], [7.0, 3.0]], [[5.0, 2.0], [5.5, 9.0]]])
    index = pd.period_range("2020Q1", periods=2, freq="Q")
    paths = Forecast(values, index, ("UNRATE", "CPI"))
    history = pd.DataFrame({"UNRATE": [4.0], "CPI": [1.0]})
    for event, expected in {
        "UNRATE > 6": [1.0, -0.5],
        "UNRATE > 4.5 always": [-0.5, 0.5],
        "UNRATE > 6 and CPI > 2.5": [0.5, -0.5],
        "UNRATE > 6 or CPI > 2.5": [1.0, 6.5],
        "CPI > 0 for 2": [1.0, 2.0],
        "mean(CPI) < 4": [2.0, -1.5],
    }.items():
        np.testing.assert_allclose(margin(event, paths, history), expected)
