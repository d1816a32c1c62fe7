"""Log densities against the closed form, and the bound below them."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.stats import gaussian_kde

from econdiff.diffusion.dormand_prince import ConvergenceError, dormand_prince
from econdiff.diffusion.known_laws import four_modes, gaussian
from econdiff.diffusion.likelihood import decode, encode, log_density, variational_bound
from econdiff.diffusion.process import forward_variance
from econdiff.diffusion.schedule import linear


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def correlated(dim=3):
    rng = seeded(9)
    root = torch.randn(dim, dim, generator=rng, dtype=torch.float64) / dim**0.5
    mean = torch.randn(dim, generator=rng, dtype=torch.float64)
    return gaussian(mean, root @ root.mT + 0.1 * torch.eye(dim, dtype=torch.float64))


LAWS = {
    "Gaussian": correlated(),
    "mixture": four_modes(),
    "sharp": gaussian(
        torch.zeros(2, dtype=torch.float64), 0.0025 * torch.eye(2, dtype=torch.float64)
    ),
}
EVERY = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


@EVERY
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["32", "64"])
def test_the_log_density_is_the_known_one(law, dtype):
    z = law.draw(100, seeded(0)).to(dtype)
    density = log_density(law.denoise, z)
    torch.testing.assert_close(density.value, law.log_density(z), atol=1e-3, rtol=0)
    assert (density.standard_error == 0).all()


@EVERY
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["32", "64"])
def test_encode_and_decode_undo_each_other(law, dtype):
    z = law.draw(300, seeded(1)).to(dtype)
    torch.testing.assert_close(decode(law.denoise, encode(law.denoise, z)), z, atol=1e-4, rtol=0)


def test_the_code_of_a_gaussian_is_its_whitened_self():
    law = gaussian(
        *(torch.tensor(a, dtype=torch.float64) for a in ([1.0, -2.0], [[4, 0], [0, 0.25]]))
    )
    z = law.draw(50, seeded(2))
    expected = (z - law.mean()) / torch.tensor([2.0, 0.5])
    torch.testing.assert_close(encode(law.denoise, z), expected, atol=1e-5, rtol=0)


def test_data_units_are_one_more_log_determinant():
    # y = 3 z + 1 has the density of z at (y - 1) / 3, over 3 for each dimension
    law = correlated(2)
    wide = gaussian(3 * law.mean() + 1, 9 * law.covariance())
    y = wide.draw(20, seeded(3))
    density = log_density(law.denoise, (y - 1) / 3, log_det=-2 * math.log(3))
    torch.testing.assert_close(density.value, wide.log_density(y), atol=1e-3, rtol=0)


def test_the_estimated_divergence_is_right_within_its_standard_error():
    law = correlated(12)
    z = law.draw(200, seeded(4))
    density = log_density(law.denoise, z, probes=8, rng=seeded(5))
    pull = (density.value - law.log_density(z)) / density.standard_error
    assert density.standard_error.mean() > 0.05
    assert pull.mean() == pytest.approx(0, abs=0.3)
    assert pull.std() == pytest.approx((7 / 5) ** 0.5, rel=0.25)  # Student t, 7 degrees of freedom


def test_an_estimated_divergence_asks_for_its_generator():
    with pytest.raises(ValueError, match="at least 2 probes, and rng"):
        log_density(four_modes().denoise, torch.zeros(1, 2), probes=4)


@EVERY
def test_the_bound_lies_below_the_log_density(law):
    z = law.draw(2000, seeded(6))
    bound = variational_bound(law.denoise, z, linear().ladder(100), seeded(7))
    slack = bound.total() + law.log_density(z) / z.shape[1]
    assert slack.mean() > 4 * slack.std() / 2000**0.5
    assert bound.rungs.shape == (2000, 99)


def test_the_bound_of_a_long_chain_is_nearly_tight():
    # beta is the right variance of the reverse step where the data are spread out
    law = correlated()
    z = law.draw(2000, seeded(6))
    bound = variational_bound(law.denoise, z, linear().ladder(1000), seeded(7), forward_variance)
    slack = bound.total() + law.log_density(z) / 3
    assert slack.mean() == pytest.approx(0, abs=4 * float(slack.std()) / 2000**0.5)
    assert slack.mean() == pytest.approx(0, abs=0.05)


def test_it_beats_a_kernel_estimate_where_the_answer_is_known():
    law = four_modes()
    z, seen = law.draw(200, seeded(8)), law.draw(1000, seeded(9))
    truth = law.log_density(z).numpy()
    kernel = np.log(gaussian_kde(seen.numpy().T)(z.numpy().T))
    ours = log_density(law.denoise, z).value.numpy()
    assert np.abs(ours - truth).mean() < 0.01 * np.abs(kernel - truth).mean()


def test_the_solver_is_scipys_and_steps_for_each_row_apart():
    rate = torch.tensor([1.0, 30.0], dtype=torch.float64)  # an easy row and a hard one

    def slope(y, t):
        return (rate * torch.cos(rate * t))[:, None] - 0.5 * y

    start = torch.ones(2, 1, dtype=torch.float64)
    ours = dormand_prince(slope, start, 0.0, 2.0, tolerance=1e-9)
    for row, r in enumerate(rate.tolist()):
        peer = solve_ivp(
            lambda t, y, r=r: r * np.cos(r * t) - 0.5 * y, (0, 2), [1.0], rtol=1e-11, atol=1e-11
        )
        assert float(ours[row]) == pytest.approx(peer.y[0, -1], abs=1e-7)
    alone = dormand_prince(
        lambda y, t: (torch.cos(t))[:, None] - 0.5 * y, start[:1], 0.0, 2.0, tolerance=1e-9
    )
    torch.testing.assert_close(alone, ours[:1], atol=0, rtol=0)


def test_a_slope_that_cannot_be_followed_is_an_error():
    with pytest.raises(ConvergenceError, match="1 of 1 rows"):
        dormand_prince(lambda y, t: y**2, torch.ones(1, 1), 0.0, 2.0, tolerance=1e-6)
