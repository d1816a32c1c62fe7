"""The forward process and its posterior; DDPM and DDIM against `diffusers`, step by step."""

import pytest
import torch
from diffusers.schedulers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler

from econdiff.diffusion.ddim import ddim
from econdiff.diffusion.ddpm import ddpm
from econdiff.diffusion.dpm_solver import dpm_solver
from econdiff.diffusion.process import (
    diffuse,
    diffuse_further,
    forward_variance,
    posterior_mean,
    posterior_variance,
)
from econdiff.diffusion.sampler import last
from econdiff.diffusion.schedule import cosine, linear
from econdiff.diffusion.views import clean_from_noise

SCHEDULES = {"linear": linear(), "squaredcos_cap_v2": cosine()}
EVERY = pytest.mark.parametrize("name", SCHEDULES)


@EVERY
def test_one_step_adds_the_variance_of_its_rung(name):
    schedule = SCHEDULES[name]
    angles = schedule.angle(schedule.rungs())
    torch.testing.assert_close(forward_variance(angles[1:], angles[:-1]), schedule.betas)


def test_two_steps_are_one_longer_step():
    one, zero = torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    near, far = torch.tensor(0.4, dtype=torch.float64), torch.tensor(1.1, dtype=torch.float64)

    def twice(clean, first, second):
        return diffuse_further(diffuse(clean, first, near), second, near, far)

    torch.testing.assert_close(twice(one, zero, zero), torch.cos(far)[None])
    spread = twice(zero, one, zero) ** 2 + twice(zero, zero, one) ** 2
    torch.testing.assert_close(spread, torch.sin(far)[None] ** 2)


def test_the_posterior_is_bayes_rule():
    # regress x_s on (x_0, x_t) in draws of the forward process
    rng = torch.Generator().manual_seed(0)
    clean, e1, e2 = torch.randn(3, 400_000, 1, generator=rng, dtype=torch.float64)
    before, angle = torch.tensor(0.5, dtype=torch.float64), torch.tensor(0.9, dtype=torch.float64)
    x_s = diffuse(clean, e1, before)
    x_t = diffuse_further(x_s, e2, before, angle)
    weights = torch.linalg.lstsq(torch.cat([clean, x_t], dim=1), x_s).solution
    residual = x_s - torch.cat([clean, x_t], dim=1) @ weights
    one, zero = torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    mean = posterior_mean(torch.cat([one, zero]), torch.cat([zero, one]), angle, before)
    torch.testing.assert_close(weights, mean, atol=0.005, rtol=0)
    assert residual.var() == pytest.approx(float(posterior_variance(angle, before)), rel=0.01)


# Against diffusers. Its tables are float32; theirs are replaced by ours in float64 once
# they are seen to agree, so that what is compared is the algebra of whole chains of steps.


def exact(kind, name, **options):
    peer = kind(beta_schedule=name, beta_start=1e-4, beta_end=0.02, **options)
    torch.testing.assert_close(peer.betas.double(), SCHEDULES[name].betas, rtol=1e-5, atol=1e-6)
    peer.alphas_cumprod = torch.cumprod(1 - SCHEDULES[name].betas, dim=0)
    return peer


def guess(x, k):
    """A prediction of the noise; any will do."""
    return 0.3 * x + torch.sin(3 * x + k / 100)


def walk(peer, x, **options):
    for k in peer.timesteps:
        x = peer.step(guess(x, int(k)), k, x, **options).prev_sample
    return x


def denoiser(schedule):
    def denoise(x, angle):
        k = round(float(schedule.time(angle)) * 1000) - 1
        return clean_from_noise(x, guess(x, k), angle)

    return denoise


@pytest.fixture
def start():
    return torch.randn(5, 8, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def seeded():
    return torch.Generator().manual_seed(1)


@EVERY
@pytest.mark.parametrize(
    ("variance", "theirs"), [(posterior_variance, "fixed_small"), (forward_variance, "fixed_large")]
)
def test_ddpm_is_that_of_diffusers(name, variance, theirs, start):
    peer = exact(DDPMScheduler, name, variance_type=theirs, clip_sample=False)
    schedule = SCHEDULES[name]
    states = ddpm(denoiser(schedule), start, schedule.ladder(1000), seeded(), variance)
    expected = walk(peer, start, generator=seeded())
    torch.testing.assert_close(last(states), expected, atol=1e-6, rtol=1e-6)


@EVERY
@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("evaluations", [10, 100])
def test_ddim_is_that_of_diffusers(name, eta, evaluations, start):
    peer = exact(DDIMScheduler, name, clip_sample=False, timestep_spacing="trailing")
    peer.set_timesteps(evaluations)
    schedule = SCHEDULES[name]
    states = ddim(denoiser(schedule), start, schedule.ladder(evaluations), seeded(), eta)
    expected = walk(peer, start, eta=eta, generator=seeded())
    torch.testing.assert_close(last(states), expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("evaluations", [10, 50])
def test_dpm_solver_is_that_of_diffusers(evaluations, start):
    peer = exact(
        DPMSolverMultistepScheduler,
        "linear",
        timestep_spacing="trailing",
        final_sigmas_type="zero",
        euler_at_final=True,
    )
    peer.set_timesteps(evaluations)
    angles = SCHEDULES["linear"].ladder(evaluations)
    peer.sigmas = torch.tan(angles)
    states = dpm_solver(denoiser(SCHEDULES["linear"]), start, angles)
    # its chain runs in float32, whatever it is given
    torch.testing.assert_close(last(states), walk(peer, start), atol=1e-4, rtol=1e-4)


def test_one_step_of_ddim_with_eta_one_is_one_of_ddpm(start):
    schedule = cosine()
    angles = schedule.ladder(4)
    denoise = denoiser(schedule)
    torch.testing.assert_close(
        last(ddim(denoise, start, angles, seeded(), eta=1.0)),
        last(ddpm(denoise, start, angles, seeded())),
    )
