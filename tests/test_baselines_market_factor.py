"""One market, many assets: what the factor model gives back of a known law."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.market_factor import MarketFactor

BETA = np.array([0.4, 0.8, 1.2, 1.6])
OWN = np.array([0.5, 1.0, 0.7, 1.5])


@pytest.fixture(scope="module")
def returns() -> pd.DataFrame:
    """A market of deviation 1, four assets with known betas and residuals that cancel."""
    rng = np.random.default_rng(0)
    residual = OWN * rng.standard_normal((4000, 4))
    residual -= np.outer(residual.mean(axis=1), BETA)  # leaves the market alone
    values = 0.02 + np.outer(rng.standard_normal(4000), BETA) + residual
    return pd.DataFrame(values, index=pd.bdate_range("2000", periods=4000), columns=list("abcd"))


@pytest.fixture(scope="module")
def fitted(returns):
    return MarketFactor().fit(returns)


def test_betas_are_found(fitted, returns):
    *_, beta, _, _ = fitted.filtered(returns)
    np.testing.assert_allclose(beta, BETA, atol=0.1)


def test_the_market_moves_as_told_in_every_draw(fitted, returns, rng):
    draws = fitted.given_market(returns, -7.0, paths=500, rng=rng)
    np.testing.assert_allclose(draws.mean(axis=1), -7.0, atol=1e-9)


def test_given_the_market_assets_move_by_their_betas(fitted, returns, rng):
    """The exact answer for a Gaussian law: mean + beta x move, and the residuals' spread."""
    draws = fitted.given_market(returns, -2.0, paths=20_000, rng=rng)
    np.testing.assert_allclose(draws.mean(axis=0), 0.02 + BETA * -2.02, atol=0.25)
    mixing = np.eye(4) - np.outer(BETA, np.full(4, 0.25))
    truth = np.sqrt(np.diag(mixing @ np.diag(OWN**2) @ mixing.T))
    np.testing.assert_allclose(draws.std(axis=0), truth, rtol=0.25)


def test_residuals_are_larger_where_they_were_larger(returns, rng):
    """Where residuals grow with the market's move, a large move is given wide draws."""
    x = returns.to_numpy() - 0.02
    f = x.mean(axis=1, keepdims=True)
    grown = pd.DataFrame(
        f * BETA + (x - f * BETA) * (0.3 + np.abs(f)), returns.index, returns.columns
    )
    fitted = MarketFactor().fit(grown)
    spread = [
        fitted.given_market(grown, move, paths=4000, rng=rng).std(axis=0).mean()
        for move in (-0.5, -3.0)
    ]
    assert spread[1] / spread[0] == pytest.approx(3.3 / 0.8, rel=0.3)


def test_draws_of_one_step_are_the_atoms(fitted, returns, rng):
    draws = fitted.sample(returns, horizon=1, paths=300, rng=rng).samples[:, 0]
    atoms = fitted.atoms(returns)
    nearest = np.abs(draws[:, None] - atoms[None]).max(axis=2).min(axis=1)
    assert nearest.max() < 1e-9


def test_a_market_that_is_not_there_is_named(returns):
    with pytest.raises(ValueError, match="no series 'SPX'"):
        MarketFactor(market="SPX").fit(returns)
