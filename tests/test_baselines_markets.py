"""GJR-GARCH against arch, path-dependent volatility against its own law, and the pool."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from arch import arch_model
from arch.univariate import SkewStudent
from scipy.stats import t as student

from econdiff.baselines.climatology import Climatology
from econdiff.baselines.exponential import SeriesExponential
from econdiff.baselines.garch import GARCH, SeriesGARCH
from econdiff.baselines.harch import HARCH
from econdiff.baselines.mixed_volatility import MixedVolatility
from econdiff.baselines.path_dependent import PathDependent
from econdiff.baselines.pool import Pool
from econdiff.baselines.random_walk import RandomWalk
from econdiff.baselines.tails import fit_tails
from econdiff.baselines.volatility import futures, quantile, shocks_of

LAW = SeriesGARCH(0.03, 0.05, 0.04, 0.1, 0.85, 6.0, -0.15, converged=True)


@pytest.fixture
def returns(rng) -> pd.DataFrame:
    """Daily returns of two assets that follow LAW, with correlated shocks."""
    z = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=(1, 800))
    values = [futures(LAW, np.zeros(2), z[..., i])[0] for i in range(2)]
    index = pd.bdate_range("2015-01-01", periods=800)
    return pd.DataFrame({"a": values[0], "b": values[1]}, index=index)


@pytest.fixture
def reference(returns):
    model = arch_model(returns["a"], p=1, o=1, q=1, dist="skewt", rescale=False)
    return model.fit(disp="off", tol=1e-10)


def test_the_fit_is_as_likely_as_that_of_arch(returns, reference):
    law = GARCH().fit(returns).laws[0]
    ours = [law.mean, law.omega, law.alpha, law.gamma, law.beta, law.freedom, law.skew]
    likelihood = reference.model.fix(ours).loglikelihood
    assert likelihood == pytest.approx(reference.loglikelihood, abs=0.05)


def test_the_filter_is_that_of_arch_once_its_start_is_forgotten(returns, reference):
    law = SeriesGARCH(*reference.params, converged=True)
    y = returns["a"].to_numpy()
    expected = reference.conditional_volatility.to_numpy()
    ours = law.scales(y - law.mean)[:-1]
    np.testing.assert_allclose(ours, expected, rtol=1e-3)
    np.testing.assert_allclose(ours[200:], expected[200:], rtol=1e-8)
    np.testing.assert_allclose(shocks_of(law, y)[200:], reference.std_resid.iloc[200:], rtol=1e-8)


def test_simulated_variances_are_those_that_arch_expects(returns, reference, rng):
    law = SeriesGARCH(*reference.params, converged=True)
    z = quantile(law, rng.uniform(size=(50_000, 5)))
    paths = futures(law, returns["a"].to_numpy(), z)
    # arch takes gamma's share to be one half, that of symmetric shocks
    below = (z**2 * (z < 0)).mean()
    variance = [law.scales(returns["a"].to_numpy() - law.mean)[-1] ** 2]
    for _ in range(4):
        variance.append(law.omega + (law.alpha + law.gamma * below + law.beta) * variance[-1])
    np.testing.assert_allclose(paths.var(axis=0), variance, rtol=0.03)
    assert variance[0] == pytest.approx(reference.forecast(horizon=1).variance.iloc[-1, 0])


def test_one_step_draws_follow_the_fitted_skewed_t(returns, rng):
    fitted = GARCH().fit(returns)
    law = fitted.laws[1]
    y = returns["b"].to_numpy()
    draws = fitted.sample(returns, horizon=1, paths=100_000, rng=rng).samples[:, 0, 1]
    deviation = law.scales(y - law.mean)[-1]
    levels = np.array([0.01, 0.05, 0.5, 0.95, 0.99])
    expected = law.mean + deviation * SkewStudent().ppf(levels, [law.freedom, law.skew])
    np.testing.assert_allclose(np.quantile(draws, levels), expected, atol=0.04 * deviation)


@pytest.mark.parametrize("model", [GARCH(), GARCH(filtered=True), GARCH(tails=True)])
def test_assets_fall_together_as_they_did(model, returns, rng):
    first = model.fit(returns).sample(returns, horizon=1, paths=20_000, rng=rng)
    assert np.corrcoef(first.samples[:, 0].T)[0, 1] == pytest.approx(0.8, abs=0.04)


def test_filtered_historical_simulation_draws_past_shocks_of_one_date(returns, rng):
    fitted = GARCH(filtered=True).fit(returns)
    draws = fitted.sample(returns, horizon=1, paths=200, rng=rng).samples[:, 0]
    drawn = np.stack(
        [
            (draws[:, i] - law.mean) / law.scales(returns.to_numpy()[:, i] - law.mean)[-1]
            for i, law in enumerate(fitted.laws)
        ],
        axis=1,
    )
    distance = np.abs(drawn[:, None] - fitted.shocks[None]).max(axis=2).min(axis=1)
    assert distance.max() < 1e-9


def test_a_series_that_ended_early_is_simulated_through_the_gap(returns, rng):
    fitted = GARCH().fit(returns)
    ragged = returns.copy()
    ragged.iloc[-8:, 0] = np.nan
    samples = fitted.sample(ragged, horizon=1, paths=30_000, rng=rng).samples[:, 0, 0]
    law, y = fitted.laws[0], returns["a"].to_numpy()[:-8]
    z = quantile(law, rng.uniform(size=(30_000, 9)))
    assert samples.std() == pytest.approx(futures(law, y, z)[:, -1].std(), rel=0.04)


def path_dependent(returns: pd.DataFrame) -> SeriesExponential:
    """A law with parameters that are known."""
    law = PathDependent().fit(returns).laws[0]
    return replace(law, mean=0.03, unit=1.0, b=(0.1, -0.5, 0.75, 0.4, 0.5), freedom=6.0, skew=-0.15)


@pytest.mark.parametrize(
    "model", [GARCH(), GARCH(power=1), HARCH(), PathDependent(), MixedVolatility()]
)
def test_a_volatility_moved_a_step_at_a_time_is_the_filtered_one(model, returns, rng):
    law = model.fit(returns).laws[0]
    e = rng.standard_normal(400)
    state = law.state(e[:300])[:, None]
    stepped = []
    for shock in e[300:]:
        state = law.moved(state, np.array([shock]))
        stepped.append(law.scale(state)[0])
    np.testing.assert_allclose(stepped, law.scales(e)[301:], rtol=1e-10)


def test_threshold_garch_is_that_of_arch(returns):
    model = arch_model(returns["a"], p=1, o=1, q=1, power=1.0, dist="skewt", rescale=False)
    law = GARCH(power=1).fit(returns).laws[0]
    ours = [law.mean, law.omega, law.alpha, law.gamma, law.beta, law.freedom, law.skew]
    expected = model.fix(ours).conditional_volatility.to_numpy()
    np.testing.assert_allclose(
        law.scales(returns["a"].to_numpy() - law.mean)[200:-1], expected[200:], rtol=1e-8
    )


def test_shocks_with_no_tails_can_be_drawn():
    even = np.random.default_rng(3).uniform(-1, 1, 300)
    index = pd.period_range("2000-01", periods=300, freq="M")
    panel = pd.DataFrame({"even": even}, index=index)
    fitted = GARCH(asymmetric=False).fit(panel)
    drawn = fitted.sample(panel, horizon=2, paths=50, rng=np.random.default_rng(0))
    assert np.isfinite(drawn.samples).all()


def test_symmetric_garch_is_that_of_arch(returns):
    reference = arch_model(returns["a"], dist="t", rescale=False).fit(disp="off", tol=1e-10)
    law = GARCH(asymmetric=False).fit(returns).laws[0]
    ours = [law.mean, law.omega, law.alpha, law.beta, law.freedom]
    likelihood = reference.model.fix(ours).loglikelihood
    assert likelihood > reference.loglikelihood - 0.05
    assert law.gamma == law.skew == 0


def test_a_market_that_falls_alike_every_day_has_the_volatility_of_the_formula(returns):
    law = path_dependent(returns)
    np.testing.assert_allclose(law.scales(np.full(300, -2.0)), 0.1 + 0.5 * 2 + 0.75 * 2)
    np.testing.assert_allclose(law.scales(np.full(300, 2.0)), 0.1 - 0.5 * 2 + 0.75 * 2)


@pytest.mark.parametrize("model", [PathDependent(window=6000), HARCH()])
def test_volatility_of_a_simulated_world_is_found_again(model, returns, rng):
    start = model.fit(returns).laws[0]
    world = replace(start, mean=0.03, freedom=6.0, skew=-0.15)
    z = quantile(world, rng.uniform(size=(1, 6000)))
    y = futures(world, returns["a"].to_numpy(), z)[0]
    panel = pd.DataFrame({"y": y}, index=pd.bdate_range("1990", periods=len(y)))
    law = model.fit(panel).laws[0]
    truth, found = world.scales(y - world.mean)[100:], law.scales(y - law.mean)[100:]
    assert np.corrcoef(truth, found)[0, 1] > 0.95
    assert np.mean(found / truth) == pytest.approx(1, abs=0.03)
    assert law.freedom == pytest.approx(6, rel=0.25)
    assert law.skew == pytest.approx(-0.15, abs=0.06)


def test_the_mixed_volatility_is_the_mean_of_its_members(returns):
    members = (GARCH(), HARCH())
    y = returns["a"].to_numpy()
    mixed = MixedVolatility(members=members).fit(returns).laws[0]
    singly = [member.fit(returns).laws[0].scales(y - mixed.mean) for member in members]
    np.testing.assert_allclose(mixed.scales(y - mixed.mean), np.mean(singly, axis=0))


def test_fitted_tails_are_those_of_a_known_pareto_law(rng):
    """Of Student's t with 4 degrees of freedom, far beyond what 3000 values show."""
    tails = fit_tails(rng.standard_t(4, 3000))
    levels = np.array([0.0005, 0.01, 0.3, 0.5, 0.99, 0.9995])
    np.testing.assert_allclose(tails.quantile(levels), student(4).ppf(levels), rtol=0.15, atol=0.05)
    inside = np.linspace(0.001, 0.999, 500)
    assert (np.diff(tails.quantile(inside)) > 0).all()


def test_a_pool_takes_as_many_paths_from_each_model():
    index = pd.period_range("2000", periods=3, freq="Y")
    panel = pd.DataFrame({"y": [0.0, 1, 2]}, index=index)
    pool = Pool((RandomWalk(), Climatology())).fit(panel)
    samples = pool.sample(panel, horizon=1, paths=10, rng=np.random.default_rng(0)).samples.ravel()
    assert (samples == 3).sum() == 5
    assert set(samples[samples != 3]) <= {0, 1, 2}


def test_an_empty_pool_is_refused():
    with pytest.raises(ValueError, match="at least one model"):
        Pool(())


def test_a_short_series_is_named(returns):
    with pytest.raises(ValueError, match="'a' needs at least 50 known values"):
        GARCH().fit(returns[:20])
