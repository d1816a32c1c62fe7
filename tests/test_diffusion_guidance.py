"""Guidance against conditionals that are known exactly."""

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_t

from econdiff.diffusion.ddpm import ddpm
from econdiff.diffusion.guidance import (
    SignalCovariance,
    SignalPins,
    classifier_free,
    exactly,
    pinned,
    temperature,
    tilted,
)
from econdiff.diffusion.known_laws import four_modes, gaussian
from econdiff.diffusion.likelihood import log_density
from econdiff.diffusion.sampler import angular, last
from econdiff.diffusion.schedule import even_angles, linear
from econdiff.diffusion.twisted import FREEDOM, CollapseError, Particles, twisted, widened


def real(value):
    return torch.tensor(value, dtype=torch.float64)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def noise(rows, dim, seed=0):
    """Standard normal rows whose sample mean is 0 and sample covariance I, exactly."""
    x = torch.randn(rows, dim, generator=seeded(seed), dtype=torch.float64)
    x = x - x.mean(dim=0)
    root = torch.linalg.cholesky(torch.atleast_2d(x.T.cov()))
    return torch.linalg.solve_triangular(root, x.T, upper=False).T


def economy(steps=8, series=3):
    """The law of a stable VAR(1) path in units of its own spread, flattened [step, series]."""
    a = real([[0.6, 0.1, -0.15], [0.05, 0.7, 0.1], [0.1, 0.2, 0.8]])
    shock = real([[1.0, 0.3, 0.2], [0.3, 1.0, 0.1], [0.2, 0.1, 1.0]])
    covariance = torch.zeros(steps, series, steps, series, dtype=torch.float64)
    variance = torch.zeros(series, series, dtype=torch.float64)
    for s in range(steps):
        variance = a @ variance @ a.T + shock
        reach = variance
        for t in range(s, steps):
            covariance[t, :, s], covariance[s, :, t] = reach, reach.T
            reach = a @ reach
    covariance = covariance.reshape(steps * series, -1)
    size = covariance.diagonal().sqrt()
    return gaussian(torch.zeros(steps * series).double(), covariance / size[:, None] / size)


def rate_pins(level, steps=4, series=3, dim=24):
    """The last series held at `level` for the first steps."""
    matrix = torch.eye(dim, dtype=torch.float64)[[k * series + series - 1 for k in range(steps)]]
    return exactly(matrix, torch.full((steps,), float(level), dtype=torch.float64))


@pytest.mark.parametrize("level", [0.5, 2.0, 4.0])
def test_a_policy_path_moves_the_economy_as_theory_says(level):
    law, pins = economy(), rate_pins(level)
    told = pinned(law.denoise, pins, SignalCovariance(law.covariance()))
    drawn = last(angular(told, noise(2000, 24), even_angles(4)))
    truth = law.given(pins.matrix, pins.value, pins.variance)
    free = (pins.matrix.sum(dim=0) == 0).nonzero()[:, 0]
    spread = truth.covariance().diagonal()[free].sqrt()
    bias = (drawn.mean(dim=0) - truth.mean())[free] / spread
    ratio = drawn.std(dim=0)[free] / spread
    assert bias.abs().max() < 0.01
    assert ratio.sub(1).abs().max() < 0.01
    torch.testing.assert_close(
        drawn @ pins.matrix.T, pins.value.expand(2000, -1), atol=1e-6, rtol=0
    )


def test_hard_pins_hold_to_six_digits_in_single_precision():
    law, pins = economy(), rate_pins(4.0)
    told = pinned(law.denoise, pins, SignalCovariance(law.covariance()))
    drawn = last(angular(told, noise(500, 24).float(), even_angles(4)))
    assert drawn.dtype == torch.float32
    miss = drawn.double() @ pins.matrix.T - pins.value
    assert miss.abs().max() < 4e-6  # single precision at 4


def test_pins_with_an_error_are_the_gaussian_conditional_too():
    law = economy()
    matrix = torch.ones(1, 24, dtype=torch.float64) / 24  # the average of everything
    pins = SignalPins(matrix, real([1.0]), real([[0.05]]))
    truth = law.given(pins.matrix, pins.value, pins.variance)
    told = pinned(law.denoise, pins, SignalCovariance(law.covariance()))
    drawn = last(angular(told, noise(2000, 24), even_angles(4)))
    torch.testing.assert_close(drawn.mean(dim=0), truth.mean(), atol=0.01, rtol=0)
    torch.testing.assert_close(drawn.T.cov(), truth.covariance(), atol=0.02, rtol=0)


def test_pins_may_differ_from_row_to_row():
    pins = exactly(real([[1.0, 1.0]]), torch.arange(5, dtype=torch.float64)[:, None])
    drawn = last(
        angular(pinned(lambda x, angle: torch.cos(angle) * x, pins), noise(5, 2), even_angles(2))
    )
    torch.testing.assert_close(drawn.sum(dim=1), torch.arange(5, dtype=torch.float64))


def test_guidance_works_under_any_sampler_and_in_the_likelihood():
    law = gaussian(real([0.3, 0.0]), real([[1.0, 0.6], [0.6, 0.8]]))
    pins = SignalPins(real([[1.0, 0.0]]), real([1.2]), real([[0.1]]))
    truth = law.given(pins.matrix, pins.value, pins.variance)
    told = pinned(law.denoise, pins, SignalCovariance(law.covariance()))
    drawn = last(ddpm(told, noise(20_000, 2), linear().ladder(200), seeded(1)))
    torch.testing.assert_close(drawn.mean(dim=0), truth.mean(), atol=0.02, rtol=0)
    # 200 rungs of DDPM are 3% too narrow, guided or not
    torch.testing.assert_close(drawn.T.cov(), truth.covariance(), atol=0.03, rtol=0)
    z = truth.draw(20, seeded(2))
    torch.testing.assert_close(log_density(told, z).value, truth.log_density(z), atol=1e-3, rtol=0)


def test_pins_that_repeat_are_named():
    pins = exactly(real([[1.0, 0.0], [2.0, 0.0]]), real([1.0, 2.0]))
    with pytest.raises(ValueError, match=r"repeat or contradict each other.*rank 1 of 2"):
        last(angular(pinned(lambda x, angle: x, pins), noise(3, 2), even_angles(1)))


def test_a_quadratic_energy_is_the_gaussian_product():
    # N(m, P) exp(-(c'z - 2)^2 / (2 * 0.3)) is N(m, P) seen through a pin with an error
    law = gaussian(real([0.3, 0.0]), real([[1.0, 0.6], [0.6, 0.8]]))
    c = real([1.0, -0.5])
    truth = law.given(c[None], real([2.0]), real([[0.3]]))
    told = tilted(law.denoise, lambda z: (z @ c - 2) ** 2 / 0.6, SignalCovariance(law.covariance()))
    drawn = last(angular(told, noise(1000, 2), even_angles(6)))
    torch.testing.assert_close(drawn.mean(dim=0), truth.mean(), atol=0.01, rtol=0)
    torch.testing.assert_close(drawn.T.cov(), truth.covariance(), atol=0.01, rtol=0)


def test_a_wall_is_the_truncated_law():
    # exp(-energy) = sigmoid(6 (z_1 + z_2)) softly forbids a negative sum; by quadrature
    told = tilted(
        lambda x, angle: torch.cos(angle) * x,
        lambda z: torch.nn.functional.softplus(-6 * z.sum(dim=1)),
    )
    total = last(angular(told, noise(5000, 2), even_angles(8))).sum(dim=1)
    grid = torch.linspace(-9, 9, 4001, dtype=torch.float64)
    density = torch.exp(-(grid**2) / 4) * torch.sigmoid(6 * grid)
    mean = float((grid * density).sum() / density.sum())
    below = float(density[grid < 0].sum() / density.sum())
    assert float(total.mean()) == pytest.approx(mean, rel=0.01)
    assert float((total < 0).double().mean()) == pytest.approx(below, abs=0.01)


def test_classifier_free_guidance_goes_between_and_beyond():
    told, untold = (lambda x, angle: x + 2.0), (lambda x, angle: x)
    x, angle = torch.zeros(3, 1), torch.tensor(0.5)
    moved = [float(classifier_free(told, untold, s)(x, angle)[0]) for s in (0.0, 1.0, 1.5)]
    assert moved == [0.0, 2.0, 3.0]


@pytest.mark.parametrize("spread", [0.7, 1.4])
def test_temperature_is_the_law_drawn_wider(spread):
    law, centre = four_modes(1.0, 0.4), real([0.5, 0.0])
    wider = type(law)(
        law.weights, centre + spread * (law.means - centre), spread**2 * law.covariances
    )
    told = temperature(law.denoise, spread, centre)
    x = noise(50, 2)
    for angle in real([0.1, 0.8, 1.5]):
        torch.testing.assert_close(told(x, angle), wider.denoise(x, angle), atol=1e-9, rtol=0)


def test_weights_of_a_gaussian_stay_even():
    law, pins = economy(), rate_pins(2.0)
    x = torch.randn(5000, 24, generator=seeded(0), dtype=torch.float64)
    found = twisted(
        law.denoise, x, even_angles(6), pins, seeded(1), SignalCovariance(law.covariance())
    )
    truth = law.given(pins.matrix, pins.value, pins.variance)
    torch.testing.assert_close(
        found.effective, torch.full((6,), 5000.0).double(), rtol=1e-6, atol=0
    )
    assert found.ancestors == 5000
    torch.testing.assert_close(found.x.mean(dim=0), truth.mean(), atol=0.06, rtol=0)
    torch.testing.assert_close(found.x.T.cov(), truth.covariance(), atol=0.06, rtol=0)
    assert (found.x @ pins.matrix.T - pins.value).abs().max() < 1e-6


def test_weights_put_right_what_is_not_gaussian():
    # a pin on the sum of a mixture: its modes are told apart by it, which no Gaussian prior knows
    law = four_modes(1.0, 0.5)
    pins = SignalPins(real([[1.0, 0.3]]), real([0.9]), real([[0.09]]))
    truth = law.given(pins.matrix, pins.value, pins.variance)
    prior = SignalCovariance(law.covariance())
    x = torch.randn(8000, 2, generator=seeded(0), dtype=torch.float64)
    found = twisted(law.denoise, x, even_angles(50), pins, seeded(1), prior)
    fair = found.equal(seeded(2))
    plain = last(angular(pinned(law.denoise, pins, prior), x, even_angles(20)))

    def miss(drawn):
        return float((drawn.mean(dim=0) - truth.mean()).abs().max()), float(
            (drawn.T.cov() - truth.covariance()).abs().max()
        )

    assert miss(fair)[0] < 0.04
    assert miss(fair)[1] < 0.04
    assert max(miss(plain)) > 2 * max(miss(fair))
    assert 1000 < float(found.effective[-1]) <= 8000
    assert 500 < found.ancestors <= 8000


def test_a_collapse_ends_the_way_as_soon_as_it_is_one():
    """Six deviations out, the modes share nothing: none of the later rungs is worth the network."""
    law = four_modes(1.0, 0.1)
    pins, rungs = SignalPins(real([[1.0, 0.3]]), real([6.0]), real([[1e-4]])), even_angles(50)
    x = torch.randn(500, 2, generator=seeded(0), dtype=torch.float64)
    levels: list[float] = []

    def denoise(z, angle):
        levels.append(float(angle))
        return law.denoise(z, angle)

    whole = twisted(denoise, x, rungs, pins, seeded(1))
    assert len(levels) == 50
    first = int((whole.effective < 20).nonzero()[0])
    levels.clear()
    with pytest.raises(CollapseError) as found:
        twisted(denoise, x, rungs, pins, seeded(1), least=20)
    assert len(levels) == first + 2 < 50
    assert found.value.effective == float(whole.effective[first])
    enough = twisted(denoise, x, rungs, pins, seeded(1), least=float(whole.effective.min()))
    assert torch.equal(enough.x, whole.x)


def test_widened_guidance_is_as_wide_as_a_student_t_given_the_pins():
    """By the curvature of scipy's joint density at its conditional mode, where v + p are left."""
    shape = np.array([[2.0, 0.7, 0.3], [0.7, 1.0, 0.2], [0.3, 0.2, 1.5]])
    told = real([5.0, -4.0])
    pins = SignalPins(real([[1, 0, 0], [0, 1, 0]]), told, torch.zeros(2, 2).double())
    wide = widened(SignalCovariance(real(shape)), pins).covariance.numpy()
    law = multivariate_t(np.zeros(3), shape, df=FREEDOM)
    gain = np.linalg.solve(shape[:2, :2], shape[:2, 2])
    mode, step = gain @ told.numpy(), 1e-2
    below, at, above = (law.logpdf([*told, mode + k * step]) for k in (-1, 0, 1))
    left = FREEDOM + 2
    expected = (left + 1) / left / ((2 * at - below - above) / step**2)
    given = wide[2, 2] - wide[2, :2] @ np.linalg.solve(wide[:2, :2], wide[:2, 2])
    assert given == pytest.approx(expected, rel=1e-4)
    near = SignalPins(pins.matrix, told / 100, pins.variance)
    np.testing.assert_array_equal(widened(SignalCovariance(real(shape)), near).covariance, shape)


def test_thinned_particles_are_nearly_all_different():
    rng, count = seeded(0), 4000
    weights = torch.rand(count, generator=rng, dtype=torch.float64) + 0.5
    weights = weights / weights.sum()
    share = 1 / weights.square().sum()
    cloud = Particles(
        torch.arange(count)[:, None].double(), weights, share[None], torch.arange(count)
    )
    fair = cloud.thinned(1000, rng)
    assert len(fair.x.unique()) == fair.ancestors == 1000  # no weight exceeds a thousandth
    assert float(fair.effective[0]) == pytest.approx(1 / (1 / float(share) + 1e-3 - 1 / count))
    assert 900 < float(fair.effective[0]) < 1000
    # chosen as often as the weights say
    early = float((fair.x < count / 2).double().mean())
    assert early == pytest.approx(float(weights[: count // 2].sum()), abs=0.002)
