"""A small network trained on the four modes: what is learned is the law, all of it.

The same objective, sampler and likelihood as for a forecaster, on a law that is known.
"""

import numpy as np
import pytest
import torch
from scipy.stats import gaussian_kde

from econdiff.diffusion.known_laws import four_modes
from econdiff.diffusion.likelihood import log_density
from econdiff.diffusion.sampler import angular, last
from econdiff.diffusion.schedule import even_angles
from econdiff.diffusion.toy import learn

LAW = four_modes()


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def learned():
    return learn(LAW, seeded(0), steps=1500)


def test_every_mode_is_learned_with_its_weight_place_and_size(learned):
    drawn = last(angular(learned, torch.randn(8000, 2, generator=seeded(1)), even_angles(8)))
    apart = torch.cdist(drawn.double(), LAW.means)
    mode = apart.argmin(dim=1)
    for k in range(4):
        mine = drawn[mode == k].double()
        assert len(mine) / 8000 == pytest.approx(0.25, abs=0.04)
        assert (mine.mean(dim=0) - LAW.means[k]).abs().max() < 0.1
        assert mine.std(dim=0).sub(0.5).abs().max() < 0.08


def test_its_likelihood_is_that_of_the_law(learned):
    z = LAW.draw(500, seeded(2)).float()
    found = log_density(learned, z, tolerance=1e-4).value
    miss = found - LAW.log_density(z)
    assert float(miss.mean()) == pytest.approx(0, abs=0.06)
    assert float(miss.abs().mean()) < 0.2


def test_its_likelihood_is_nearer_to_the_law_than_a_kernel_estimate_of_its_draws(learned):
    drawn = last(angular(learned, torch.randn(1000, 2, generator=seeded(3)), even_angles(8)))
    z = LAW.draw(300, seeded(4))
    truth = LAW.log_density(z).numpy()
    ours = log_density(learned, z.float(), tolerance=1e-4).value.numpy()
    kernel = gaussian_kde(drawn.numpy().T).logpdf(z.numpy().T)
    assert np.abs(ours - truth).mean() < 0.5 * np.abs(kernel - truth).mean()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_no_mode_is_lost_from_any_seed(seed):
    learned = learn(LAW, seeded(seed), steps=1500)
    drawn = last(
        angular(learned, torch.randn(4000, 2, generator=seeded(50 + seed)), even_angles(8))
    )
    mode = torch.cdist(drawn.double(), LAW.means).argmin(dim=1)
    shares = mode.bincount(minlength=4) / 4000
    assert shares.sub(0.25).abs().max() < 0.05
    centres = torch.stack([drawn[mode == k].double().mean(dim=0) for k in range(4)])
    assert (centres - LAW.means).abs().max() < 0.12
