"""Worlds that are not Gaussian, and whether chances add up; run by `scenario.py`.

worlds    mixtures of Gaussians (regimes, volatility states), whose exact denoiser and exact
          conditional law are known: energy distance to true draws
events    conditionals averaged over what is pinned; chances of events two ways round
"""

from itertools import pairwise, product

import numpy as np
import pandas as pd
import torch
from scenario_laws import none, pins_at, place

from econdiff.baselines.var import VAR
from econdiff.data import load
from econdiff.diffusion.conditional import DiffusionLaw
from econdiff.diffusion.known_laws import Mixture
from econdiff.diffusion.model import Diffusion
from econdiff.scenario import Conditional, Scenario, conditional, occurs
from econdiff.transforms import Transformed, TransformedForecaster

LEVELS = (-4.0, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0)  # deviations at which half a series is pinned


def switching(series: int = 2, steps: int = 6) -> Mixture:
    """Expansion and recession: the mean and the variance of shocks follow a Markov chain."""
    slopes = np.array([[0.5, -0.1], [0.1, 0.8]])
    drift = np.array([[0.5, 0.1], [-1.5, -0.2]])
    roots = [np.array([[0.7, 0.0], [0.2, 0.4]]), np.array([[1.5, 0.0], [0.5, 0.6]])]
    return _chain(slopes, drift, roots, [0.8, 0.2], [[0.92, 0.08], [0.25, 0.75]], steps)


def volatile(steps: int = 4) -> Mixture:
    """Stochastic volatility on three states: shocks of .4, 1 and 2.5 deviations, with leverage."""
    slopes = np.array([[0.4, 0.0], [0.1, 0.7]])
    drift = np.array([[0.2, 0.0], [0.0, 0.0], [-0.6, 0.3]])
    roots = [s * np.array([[1.0, 0.0], [0.3, 0.8]]) for s in (0.4, 1.0, 2.5)]
    moves = [[0.8, 0.2, 0.0], [0.1, 0.8, 0.1], [0.0, 0.3, 0.7]]
    return _chain(slopes, drift, roots, [0.3, 0.5, 0.2], moves, steps)


def _chain(slopes, drift, roots, start, moves, steps) -> Mixture:
    series, weights, means, covariances = len(slopes), [], [], []
    for path in product(range(len(roots)), repeat=steps):
        weight = start[path[0]] * np.prod([moves[a][b] for a, b in pairwise(path)])
        if weight == 0:
            continue
        mean, matrix = np.zeros((steps, series)), np.zeros((steps, series, steps, series))
        level = np.zeros(series)
        for t, state in enumerate(path):
            level = slopes @ level + drift[state]
            mean[t] = level
            for r in range(t + 1):
                reach = np.linalg.matrix_power(slopes, t - r) @ roots[path[r]]
                matrix[t, :, r] = reach
        flat = matrix.reshape(steps * series, -1)
        weights.append(weight)
        means.append(mean.ravel())
        covariances.append(flat @ flat.T)
    arrays = (np.array(weights) / np.sum(weights), np.array(means), np.array(covariances))
    return Mixture(*(torch.from_numpy(a) for a in arrays))


def tails(series: int = 3, steps: int = 4) -> Mixture:
    """A VAR whose shocks share one scale for the whole path: calm, ordinary or wild."""
    slopes = np.array([[0.5, 0.0, -0.1], [0.1, 0.6, 0.0], [0.0, 0.1, 0.8]])
    roots = [s * np.linalg.cholesky(0.4 + 0.6 * np.eye(series)) for s in (0.5, 1.0, 3.0)]
    drift = np.array([[0.1, 0.0, 0.0]] * 3)
    return _chain(slopes, drift, roots, [0.5, 0.35, 0.15], np.eye(3), steps)


def energy_distances(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """2 E|X - Y| - E|X - X'| - E|Y - Y'| over all pairs, as usual, and free of bias.

    The first counts the pairs of a draw with itself, so it is never negative and of two samples of
    n from one law it is about 2 E|X - X'| / n; the second leaves them out, and is then about 0.
    """
    a, b = torch.from_numpy(x), torch.from_numpy(y)
    n, m = len(a), len(b)
    between, first, second = (
        2 * float(torch.cdist(a, b).mean()),
        float(torch.cdist(a, a).sum()),
        float(torch.cdist(b, b).sum()),
    )
    usual = between - first / n**2 - second / m**2
    return usual, between - first / (n * (n - 1)) - second / (m * (m - 1))


def worlds(paths: int = 600, seeds: int = 6, repeats: int = 60) -> None:
    """The bar: the distance to exact draws over that of two exact samples, of one size, below 2.

    Three and four deviations out are beyond the bar.
    """
    known = (("regimes", switching(), 2), ("volatility", volatile(), 2), ("tails", tails(), 3))
    rows = [
        {"world": name, "level": level, **_world(law, series, level, paths, seeds, repeats)}
        for (name, law, series), level in product(known, LEVELS)
    ]
    table = pd.DataFrame(rows).sort_values("ratio", ascending=False)
    print(table.round(4).to_string(index=False))


def _world(law: Mixture, series: int, level: float, paths: int, seeds: int, repeats: int) -> dict:
    """One cell: the first half of one series pinned `level` deviations from its mean."""
    size = law.means.shape[1]
    at = np.arange(series - 1, size, series)[: size // series // 2]
    mean, spread = law.mean().numpy(), law.covariance().diagonal().sqrt().numpy()
    pins = pins_at(at, mean[at] + level * spread[at], size)
    exact = 1e-10 * torch.eye(len(at)).double()
    truth = law.given(torch.from_numpy(pins.matrix), torch.from_numpy(pins.value), exact)
    generator = torch.Generator().manual_seed(int(1000 + 10 * level))
    true = [truth.draw(paths, generator).numpy() for _ in range(2 * repeats)]
    pairs = zip(true[::2], true[1::2], strict=True)
    noise = np.array([energy_distances(a, b)[0] for a, b in pairs])
    standing = DiffusionLaw(place(law, series, size // series))  # pyright: ignore[reportArgumentType]
    found, share = [], []
    for seed in range(seeds):
        told = standing.draw(none(size), pins, "hard", paths, np.random.default_rng(100 + seed))
        answers = (told.alternative, told.twin, told.gaussian)
        found.append([energy_distances(answer, true[seed]) for answer in answers])
        share.append(told.effective / paths)
    usual, unbiased = np.moveaxis(np.array(found), -1, 0)  # [seed, answer]
    ratio = usual[:, 0].mean() / noise.mean()
    relative = [v.std(ddof=1) / v.mean() / np.sqrt(len(v)) for v in (usual[:, 0], noise)]
    return {
        "two true samples": noise.mean(), "weighted": usual[:, 0].mean(),
        "guided": usual[:, 1].mean(), "Gaussian": usual[:, 2].mean(), "ratio": ratio,
        "its error": ratio * np.hypot(*relative), "weighted, unbiased": unbiased[:, 0].mean(),
        "effective": np.mean(share),
    }  # fmt: skip


def events() -> None:
    _averaged()
    _both_ways()


def _averaged() -> None:
    """Conditionals averaged over what is pinned are the unconditional law."""
    law = switching()
    rng, standing = np.random.default_rng(1), place(law, 2, 6)
    free = DiffusionLaw(standing).draw(none(12), none(12), "hard", 4000, rng)  # pyright: ignore
    told = []
    for value in free.baseline[:200, [1, 3]]:  # what is pinned, drawn from the law itself
        pins = pins_at(np.array([1, 3]), value, 12)
        given = DiffusionLaw(standing).draw(none(12), pins, "hard", 64, rng)  # pyright: ignore
        told.append(given.alternative)
    mixed, plain = np.concatenate(told), free.baseline
    spread = plain.std(axis=0)
    noise = np.array([np.stack([t.mean(axis=0) for t in told]).std(axis=0) / np.sqrt(len(told))])
    score = (mixed.mean(axis=0) - plain.mean(axis=0)) / np.hypot(noise, spread / np.sqrt(4000))
    print(f"averaged over pins: largest |z| of a mean {np.abs(score).max():.2f} over 12 cells, sd "
          f"ratio {(mixed.std(axis=0) / spread).min():.3f} to "
          f"{(mixed.std(axis=0) / spread).max():.3f}")  # fmt: skip


def _both_ways(seeds: int = 8, paths: int = 2000) -> None:
    """p(A|B) p(B) against p(B|A) p(A), by the shipped model; then a rare A, by a VAR.

    Rare chances come by splitting: p(A) and p(B|A) from its draws, against p(A and B).
    """
    panel, _ = load("us-macro", series=["realgdp", "cpi", "unemp", "tbilrate"])

    def given(model: TransformedForecaster, *events: str, paths: int, seed: int) -> Conditional:
        return conditional(
            model, panel, Scenario(events=events), mode="event", horizon=8, paths=paths,
            rng=np.random.default_rng(seed),
        )  # fmt: skip

    model = Transformed(Diffusion()).fit(panel)
    a, b = "growth(realgdp) < 0 for 2", "tbilrate > 1"
    one, two = [], []
    for seed in range(2 * seeds):
        first, second = (a, b) if seed < seeds else (b, a)
        answer = given(model, second, paths=paths, seed=seed)
        chance = occurs(second, answer.baseline, panel).mean()
        kept = one if seed < seeds else two
        kept.append(float(chance * occurs(first, answer.alternative, panel).mean()))
    _compare(f"A: {a}, B: {b}", "p(A|B) p(B)", one, "p(B|A) p(A)", two)

    model = Transformed(VAR(lags=2)).fit(panel)
    rare, b = "unemp > 11 in 2010Q3", "tbilrate > 0 in 2010Q3"
    one, two = [], []
    for seed in range(0, 4 * seeds, 2):
        answer = given(model, rare, paths=1000, seed=seed)
        one.append(answer.chance.value * float(occurs(b, answer.alternative, panel).mean()))
        two.append(given(model, rare, b, paths=1000, seed=seed + 1).chance.value)
    _compare(f"A: {rare}, B: {b}", "p(B|A) p(A)", one, "p(A and B)", two)


def _compare(what: str, first: str, one: list[float], second: str, two: list[float]) -> None:
    means, errors = zip(*((np.mean(x), np.std(x, ddof=1) / np.sqrt(len(x))) for x in (one, two)),
                        strict=True)  # fmt: skip
    apart = (means[0] - means[1]) / np.hypot(*errors)
    print(f"{what}\n    {first} {means[0]:.3g} ± {errors[0]:.1g}, {second} {means[1]:.3g} ± "
          f"{errors[1]:.1g}: z = {apart:.2f}")  # fmt: skip
