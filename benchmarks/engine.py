"""How exact and how fast the engine is: samplers, likelihoods, the toy, a forecaster.

    python benchmarks/engine.py samplers likelihood toy forecaster [--data ../shared/data]

On known laws (no training): the error of the spread of N(0, s^2) for s = .6 and 2 (the worse of
the two, where the anchor's scale is wrong by as much), the error of the covariance of a correlated
Gaussian (Frobenius, relative), and the energy distance to true draws of the four modes. The
row "true draws" is the noise of the measurement. Each sampler makes at most the evaluations named,
on the ladder that serves it best: even angles for DDIM, eased ones for DPM-Solver++ and (from
tan(angle) = 10) for Heun, the linear schedule in time for the rest.
"""

import argparse
import time
from collections.abc import Callable
from math import atan
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.stats import gaussian_kde
from torch import Tensor

from econdiff.diffusion.ddim import ddim
from econdiff.diffusion.ddpm import ddpm
from econdiff.diffusion.dpm_solver import dpm_solver
from econdiff.diffusion.heun import heun
from econdiff.diffusion.known_laws import Mixture, four_modes, gaussian
from econdiff.diffusion.likelihood import decode, encode, log_density, variational_bound
from econdiff.diffusion.model import Diffusion, FittedDiffusion
from econdiff.diffusion.origin import ROWS
from econdiff.diffusion.process import forward_variance, posterior_variance
from econdiff.diffusion.reverse_sde import euler_maruyama, predictor_corrector
from econdiff.diffusion.sampler import CALLS_PER_TURN, angular, last
from econdiff.diffusion.schedule import eased_angles, even_angles, karras, linear
from econdiff.diffusion.toy import learn
from econdiff.diffusion.views import Denoiser
from econdiff.diffusion.weights import WeightsError
from econdiff.scoring.marginal import crps

BUDGETS = (4, 8, 12, 25, 50, 100, 1000)
Sampler = Callable[[Denoiser, Tensor, int, torch.Generator], Tensor]
SAMPLERS: dict[str, Sampler] = {
    "angular (default)": lambda d, x, n, rng: last(angular(d, x, even_angles(n // CALLS_PER_TURN))),
    "DPM-Solver++(2M)": lambda d, x, n, rng: last(dpm_solver(d, x, eased_angles(n))),
    "Heun": lambda d, x, n, rng: last(heun(d, x, eased_angles((n + 1) // 2, atan(10.0)))),
    "Heun, Karras levels": lambda d, x, n, rng: last(heun(d, x, karras((n + 1) // 2))),
    "DDIM, eta 0": lambda d, x, n, rng: last(ddim(d, x, even_angles(n), rng)),
    "DDIM, eta .5": lambda d, x, n, rng: last(ddim(d, x, linear().ladder(n), rng, 0.5)),
    "DDPM, beta-tilde": lambda d, x, n, rng: last(ddpm(d, x, linear().ladder(n), rng)),
    "DDPM, beta": lambda d, x, n, rng: last(ddpm(d, x, linear().ladder(n), rng, forward_variance)),
    "Euler-Maruyama": lambda d, x, n, rng: last(euler_maruyama(d, x, linear().ladder(n), rng)),
    "predictor-corrector": lambda d, x, n, rng: last(
        predictor_corrector(d, x, linear().ladder((n + 1) // 2), rng)
    ),
}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def path_law(dim: int = 8, scale: float = 1.4) -> Mixture:
    """A path of an AR(1) with coefficient .7, `scale` times as wide as the anchor thinks."""
    steps = torch.arange(dim, dtype=torch.float64)
    return gaussian(0 * steps, scale**2 * 0.7 ** (steps[:, None] - steps).abs())


def white_noise(rows: int, dim: int) -> Tensor:
    """Normal draws of exact mean and covariance, so that what is left is the solver's."""
    x = torch.randn(rows, dim, generator=seeded(0), dtype=torch.float64)
    x = x - x.mean(dim=0)
    root = torch.linalg.cholesky(torch.atleast_2d(x.T.cov()))
    return torch.linalg.solve_triangular(root, x.T, upper=False).T


def energy_distance(x: Tensor, y: Tensor) -> float:
    within = torch.pdist(x).mean() + torch.pdist(y).mean()
    return float(2 * torch.cdist(x, y).mean() - within)


def errors(draw: Callable[[Mixture, Tensor], Tensor]) -> list[float]:
    """Spread error, covariance error and energy distance of `draw(law, noise)`."""
    spreads = []
    for scale in (0.6, 2.0):
        law = gaussian(torch.zeros(1).double(), torch.full((1, 1), scale**2).double())
        spreads.append(abs(float(draw(law, white_noise(10_000, 1)).std()) / scale - 1))
    law = path_law()
    miss = draw(law, white_noise(10_000, 8)).T.cov() - law.covariance()
    relative = float(miss.norm() / law.covariance().norm())
    modes = four_modes()
    distance = energy_distance(draw(modes, white_noise(3000, 2)), modes.draw(3000, seeded(5)))
    return [max(spreads), relative, distance]


def milliseconds(sampler: Sampler, evaluations: int) -> float:
    """Of the sampler's own arithmetic, 1000 paths of 8 steps and 7 series in single precision."""
    x = torch.randn(1000, 8, 7, generator=seeded(0))

    def free(x: Tensor, angle: Tensor) -> Tensor:
        return x

    best = np.inf
    for _ in range(3):
        start = time.process_time()
        sampler(free, x, evaluations, seeded(1))
        best = min(best, time.process_time() - start)
    return 1000 * best


def samplers(most: int) -> None:
    print("| sampler | evaluations | spread error | covariance error | energy distance | ", end="")
    print("ms per 1000 paths |")
    print("|---|---|---|---|---|---|")
    floor = errors(lambda law, noise: law.draw(len(noise), seeded(9)))
    print("| true draws | | " + " | ".join(f"{e:.4f}" for e in floor) + " | |")
    for name, sampler in SAMPLERS.items():
        for n in (budget for budget in BUDGETS if budget <= most):
            found = errors(lambda law, x, f=sampler, n=n: f(law.denoise, x, n, seeded(1)))
            cells = " | ".join(f"{e:.4f}" for e in found)
            print(f"| {name} | {n} | {cells} | {milliseconds(sampler, n):.1f} |", flush=True)


def likelihood() -> None:
    laws = {"AR(1) path, 8 steps": path_law(), "four modes": four_modes()}
    print("| law | error, float32 | error, float64 | kernel estimate | ", end="")
    print("estimated divergence: error / its standard error | encode-decode, float32 | ", end="")
    print("bound - nll, beta-tilde | bound - nll, beta |")
    print("|---|---|---|---|---|---|---|---|")
    for name, law in laws.items():
        z = law.draw(500, seeded(0))
        truth = law.log_density(z)
        single = log_density(law.denoise, z.float()).value - truth
        double = log_density(law.denoise, z).value - truth
        kernel = gaussian_kde(law.draw(1000, seeded(1)).numpy().T)
        miss = torch.from_numpy(kernel.logpdf(z.numpy().T)) - truth
        guess = log_density(law.denoise, z, probes=8, rng=seeded(2))
        pull = ((guess.value - truth) / guess.standard_error.clamp(min=1e-3)).std()
        back = decode(law.denoise, encode(law.denoise, z.float())) - z
        gaps = []
        for variance in (posterior_variance, forward_variance):
            bound = variational_bound(
                law.denoise, z.repeat(4, 1), linear().ladder(1000), seeded(3), variance
            )
            gaps.append(float(bound.total().mean() + truth.mean() / z.shape[1]))
        print(
            f"| {name} | {single.abs().max():.1e} | {double.abs().max():.1e} | "
            f"{miss.abs().mean():.2f} (mean) | {pull:.2f} | {back.abs().max():.0e} | "
            f"{gaps[0]:.3f} | {gaps[1]:.3f} |",
            flush=True,
        )


def toy(seeds: int = 10) -> None:
    law = four_modes()
    print("| seed | share of the modes | worst centre | spreads | log density, mean error |")
    print("|---|---|---|---|---|")
    for seed in range(seeds):
        learned = learn(law, seeded(seed), steps=1500)
        noise = torch.randn(8000, 2, generator=seeded(100 + seed))
        drawn = last(angular(learned, noise, even_angles(8))).double()
        mode = torch.cdist(drawn, law.means).argmin(dim=1)
        parts = [drawn[mode == k] for k in range(4)]
        share = " ".join(f"{len(p) / 8000:.3f}" for p in parts)
        centre = max(
            float((p.mean(dim=0) - m).abs().max()) for p, m in zip(parts, law.means, strict=True)
        )
        spread = [float(s) for p in parts for s in p.std(dim=0)]
        z = law.draw(500, seeded(200 + seed))
        miss = log_density(learned, z.float(), tolerance=1e-4).value - law.log_density(z)
        print(
            f"| {seed} | {share} | {centre:.3f} | {min(spread):.3f} to {max(spread):.3f} | "
            f"{miss.mean():+.3f} |",
            flush=True,
        )


def macro(data: Path) -> pd.DataFrame:
    """Five US quarterly series in the units of the protocol, to the end of 2019."""
    q = pd.read_csv(data / "macro_us" / "fred_qd_2023-10_permitted.csv.gz", index_col=0)
    q.index = pd.PeriodIndex(pd.to_datetime(q.index), freq="Q")
    growth = 400 * np.log(q[["GDPC1", "CPIAUCSL", "PCECTPI"]]).diff()
    return pd.concat([growth, q[["UNRATE", "FEDFUNDS"]]], axis=1).dropna()[:"2019Q4"]


def forecaster(
    data: Path, weights: str, most: int, only: str, every: int = 32, paths: int = ROWS
) -> None:
    panel = macro(data)
    try:
        fitted = Diffusion(weights=weights).fit(panel[:"1984Q4"])
    except WeightsError as error:
        print(f"The trained forecaster is left out: {error}.")
        return
    origins = range(panel.index.get_loc(pd.Period("1984Q4", "Q")) + 1, len(panel) - 7, every)
    print(f"Five US quarterly series, {len(origins)} origins from 1985, 8 quarters ahead.\n")
    print(
        "| sampler | evaluations | CRPS relative to angular at 99 | spread relative to it | ",
        end="",
    )
    print("ms per 1000 paths |")
    print("|---|---|---|---|---|")
    reference = scored(fitted, panel, origins, paths, SAMPLERS["angular (default)"], 99)
    for name, sampler in SAMPLERS.items():
        for n in BUDGETS:
            if n > most or not name.startswith(only):
                continue
            score, spread, cost = scored(fitted, panel, origins, paths, sampler, n)
            ratio = np.exp(np.log(score / reference[0]).mean())
            wide = np.exp(np.log(spread / reference[1]).mean())
            print(f"| {name} | {n} | {ratio:.4f} | {wide:.4f} | {cost:.0f} |", flush=True)


@torch.inference_mode()
def scored(
    fitted: FittedDiffusion,
    panel: pd.DataFrame,
    origins: range,
    paths: int,
    sampler: Sampler,
    evaluations: int,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean CRPS and mean deviation of the draws [series, step], and ms per 1000 paths."""
    scores, spreads, clocks = [], [], []
    for o in origins:
        at = fitted.origin(panel.iloc[:o], 8)
        noise = torch.randn(paths, panel.shape[1], 8, generator=seeded(o))
        start = time.process_time()
        z = [sampler(at.denoise, rows, evaluations, seeded(1)) for rows in noise.split(ROWS)]
        clocks.append(time.process_time() - start)
        drawn = at.color(torch.cat(z).double().numpy())
        scores.append(crps(drawn, panel.iloc[o : o + 8].to_numpy().T))
        spreads.append(drawn.std(axis=0))
    cost = 1e6 * min(clocks) / paths
    return np.mean(scores, axis=0), np.mean(spreads, axis=0), cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["samplers", "likelihood", "toy", "forecaster"])
    parser.add_argument("--most", type=int, default=1000, help="evaluations of a sampler")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", default="shipped")
    parser.add_argument("--only", default="", help="of the forecaster, samplers that begin so")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    parts = {
        "samplers": lambda: samplers(chosen.most),
        "likelihood": likelihood,
        "toy": toy,
        "forecaster": lambda: forecaster(chosen.data, chosen.weights, chosen.most, chosen.only),
    }
    for part in chosen.parts:
        print(f"\n### {part}\n")
        parts[part]()


if __name__ == "__main__":
    main()
