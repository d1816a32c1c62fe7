"""The log predictive score of a forecast, and the noise behind a future, in data units."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import gaussian_kde, multivariate_normal

from econdiff.diffusion import model, predictive
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.network import Size, untrained
from econdiff.diffusion.training import Training
from econdiff.diffusion.weights import save_weights

ANCHOR = Diffusion(weights=None, training=Training(steps=0))


@pytest.fixture
def stirred(tmp_path, panel):
    """A fitted model whose network says something, though nothing sensible."""
    network = untrained(Size(width=16, inner=8), seed=0)
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.05 * torch.randn(weight.shape, generator=rng))
    save_weights(network, tmp_path / "stirred.safetensors")
    return Diffusion(weights=tmp_path / "stirred.safetensors").fit(panel[:-8])


def test_a_known_law_is_scored_exactly_and_a_kernel_estimate_is_not(panel):
    # spread 1.6 is a law the ODE has to solve for, and is known: N(mean, 1.6^2 M M')
    fitted = Diffusion(weights=None, training=Training(steps=0), spread=1.6).fit(panel)
    mean, matrix = fitted.origin(panel, 3).affine()
    law = multivariate_normal(mean, 1.6**2 * matrix @ matrix.T)
    y = law.rvs(40, random_state=np.random.default_rng(0))
    truth = law.logpdf(y)
    ours = predictive.log_density(fitted.origin(panel, 3), y.reshape(40, 2, 3)).value.numpy()
    rng = np.random.default_rng(1)
    drawn = fitted.sample(panel, horizon=3, paths=1000, rng=rng).samples
    kernel = gaussian_kde(drawn.swapaxes(1, 2).reshape(1000, 6).T).logpdf(y.T)
    np.testing.assert_allclose(ours, truth, atol=1e-3)
    assert np.abs(kernel - truth).mean() > 100 * np.abs(ours - truth).mean()


def test_a_future_and_its_noise_lead_to_each_other(stirred, panel):
    history, future = panel[:-8], panel[-8:]
    noise = stirred.encode(history, future)
    assert list(noise.columns) == list(future.columns)
    pd.testing.assert_frame_equal(
        stirred.decode(history, noise), future, check_exact=False, atol=1e-4, rtol=0
    )
    assert (noise - stirred.origin(history, 8).whiten(future.to_numpy().T[None])[0].T).abs().max(
        axis=None
    ) > 0.05  # the network has its say


def test_the_noise_of_the_anchor_s_own_futures_is_white(panel):
    fitted = ANCHOR.fit(panel)
    drawn = fitted.sample(panel, horizon=4, paths=500, rng=np.random.default_rng(0))
    noise = predictive.encode(fitted.origin(panel, 4), drawn.samples.swapaxes(1, 2))
    np.testing.assert_allclose(np.cov(noise.reshape(500, -1).T), np.eye(8), atol=0.2)


def test_longer_futures_are_scored_block_by_block(panel, monkeypatch):
    fitted = ANCHOR.fit(panel[:100])
    first = fitted.log_density(panel[:100], panel[100:103])
    rest = fitted.log_density(panel[:103], panel[103:105])
    monkeypatch.setattr(model, "MAX_HORIZON", 3)
    whole = fitted.log_density(panel[:100], panel[100:105])
    assert whole == pytest.approx(first + rest, abs=1e-9)


def test_the_bound_lies_below_the_density_and_not_far(stirred, panel):
    at = stirred.origin(panel[:-8], 8)
    y = np.repeat(panel[-8:].to_numpy().T[None], 60, axis=0)
    exact = float(predictive.log_density(at, y[:1]).value[0])
    rng = np.random.default_rng(0)
    below = predictive.bound(at, y, rng=rng, rungs=100, draws=1)
    error = below.std() / 60**0.5
    assert below.mean() < exact + 2 * error
    assert below.mean() > exact - 16 * 0.5  # half a nat a cell


def test_many_cells_are_scored_by_random_signs(stirred, panel, monkeypatch):
    history, future = panel[:-8], panel[-8:-4]
    at, y = stirred.origin(history, 4), future.to_numpy().T[None]
    exact = float(predictive.log_density(at, y).value[0])
    monkeypatch.setattr(predictive, "EXACT_TRACE", 7)
    with pytest.raises(ValueError, match=r"8 cells .* say rng="):
        stirred.log_density(history, future)
    found = predictive.log_density(at, y, rng=np.random.default_rng(0))
    assert 0 < float(found.standard_error[0]) < 1
    assert float(found.value[0]) == pytest.approx(exact, abs=4 * float(found.standard_error[0]))
    again = stirred.log_density(history, future, rng=np.random.default_rng(0))
    assert again == pytest.approx(float(found.value[0]), abs=1e-5)


def test_a_future_with_holes_has_no_density(stirred, panel):
    future = panel[-8:].copy()
    future.iloc[3, 1] = np.nan
    with pytest.raises(ValueError, match="1 cells of the future are missing"):
        stirred.log_density(panel[:-8], future)
