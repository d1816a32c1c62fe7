"""The law of the diffusion model under a scenario: pinned guidance, corrected by weights.

What a scenario pins is linear in the future and so in the innovations z. Guidance with the
closed-form covariance of the anchor (or that of the draws, where it is plainly another) moves each
path to meet the pins; it is exact where the law is Gaussian. Elsewhere it only proposes, and
sequential Monte Carlo weights (`twisted`) correct it. In the mode density each island of particles
gets its own values of the pins, drawn from what is assumed of them.

A scenario that leaves no hole in its first periods is a history from there on, as published
figures are: the model stands at the end of them and draws what follows. That is its law of the
rest given those periods, and no draw has to be weighed by hundreds of pins to find it.

The anchor's own answer, in closed form and from the same noise, stands beside.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.linalg import qr
from torch import Tensor

from econdiff.diffusion.guidance import Pins as NoisePins
from econdiff.diffusion.guidance import Prior, pinned, white
from econdiff.diffusion.likelihood import decode, log_density
from econdiff.diffusion.origin import ROWS, Origin
from econdiff.diffusion.sampler import angular, last
from econdiff.diffusion.schedule import even_angles
from econdiff.diffusion.twisted import twisted
from econdiff.scenario.binding import Pins
from econdiff.scenario.gaussian import Gaussian, spread
from econdiff.scenario.law import Told
from econdiff.scenario.statement import Mode

RUNGS = 32  # of the ladder down which particles are carried
POOL = 4  # particles for each path: the paths are chosen among them by weight
ISLANDS = 32  # of the mode density
EXACT_TRACE = 32  # cells up to which the divergence of the likelihood is exact
PROBES = 16  # random signs beyond that


@dataclass(frozen=True, eq=False)
class DiffusionLaw:
    """The future of the diffusion model at an origin; cells are [step, series], step first.

    `turns` are the steps of the sampler. With `correct` False the guided draws are the answer:
    faster, and as good as the network is near the anchor. `behind` gives the law that stands
    behind rows [step, series] that are assumed whole.
    """

    at: Origin
    turns: int = 4
    correct: bool = True
    behind: Callable[[np.ndarray], "DiffusionLaw"] | None = None

    def gaussian(self) -> Gaussian:
        """The anchor's law, with the location and scale that the network gives this origin."""
        mean, matrix = self._affine()
        return Gaussian(mean, matrix @ matrix.T)

    def told(
        self, facts: Pins, pins: Pins, mode: Mode, paths: int, rng: np.random.Generator
    ) -> Told:
        """See `Law`."""
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        x = torch.randn(paths, *self._shape, generator=generator)
        return self._told(x, facts, pins, mode, generator, rng)

    def obstacle(self, facts: Pins) -> str:
        """See `HasNoise`: given facts, draws come by weights."""
        edge = "the history ends in a ragged edge; cut it there, and rare events are sought"
        return edge if len(facts) else ""

    def futures(self, noise: np.ndarray, facts: Pins) -> np.ndarray:
        """See `HasNoise`: by the sampler, which is deterministic."""
        del facts
        x = torch.from_numpy(noise).float().reshape(len(noise), *self._shape)
        return self._futures(self._plain(x))

    def _told(
        self,
        x: Tensor,
        facts: Pins,
        pins: Pins,
        mode: Mode,
        generator: torch.Generator,
        rng: np.random.Generator,
    ) -> Told:
        """`told`, from the noise `x` [path, series, step]."""
        z = self._plain(x)
        free, prior = self._futures(z), fitting_prior(z.flatten(1).double())
        baseline, _, particles = self._given(x, free, prior, facts, "hard", generator, rng)
        pins = pins.at(baseline.mean(axis=0))
        anchor = self.gaussian().given(facts)
        twin = self.gaussian().moved(self._futures(x), facts, "hard", rng)
        beside = anchor.moved(twin, pins, mode, rng)
        if len(pins) == 0:
            return Told(baseline, baseline, baseline, beside, pins, *particles)
        both = _joined(facts, self._with_spread(pins, mode, anchor))
        lead, rest = settled(both, len(x[0])) if mode == "hard" else (both.value[:0], both)
        if len(lead) and self.behind:
            rows = lead.reshape(-1, len(x[0]))
            after = self.behind(rows)._told(
                x[..., len(rows) :], rest.keep(np.zeros(0, int)), rest, mode, generator, rng
            )
            told, guided = (
                np.hstack([np.tile(lead, (len(x), 1)), y]) for y in (after.alternative, after.twin)
            )
            method = f"from the end of the {len(rows)} periods pinned whole, {after.method}"
            return Told(
                baseline, told, guided, beside, pins, after.effective, after.ancestors, method
            )
        told, guided, particles = self._given(
            x, free, prior, both, mode, generator, rng, len(facts)
        )
        return Told(baseline, told, guided, beside, pins, *particles)

    def log_density_ratio(self, path: np.ndarray, draws: np.ndarray) -> tuple[float, float, str]:
        """See `Law`: by the probability-flow ODE of the network, in nats.

        The densest path known is the densest of the image of zero noise, the mean and the median
        of `draws`, and `path` itself.
        """
        mean, matrix = self._affine()
        rows = np.stack([path, draws.mean(axis=0), np.median(draws, axis=0)])
        z = torch.from_numpy(np.linalg.solve(matrix, (rows - mean).T).T).float()
        z = self._series_first(z)
        zero = decode(self.at.denoise, torch.zeros_like(z[:1]), tolerance=1e-3)
        z = torch.cat([z, zero])
        large = z[0].numel() > EXACT_TRACE
        generator = torch.Generator().manual_seed(0)  # the signs, not the answer, hang on it
        found = log_density(
            self.at.denoise,
            z,
            probes=PROBES if large else 0,
            rng=generator if large else None,
            tolerance=1e-3,
        )
        best = int(found.value.argmax())
        ratio = float(found.value[0] - found.value[best])
        error = float(torch.hypot(found.standard_error[0], found.standard_error[best]))
        method = f"probability-flow ODE, {f'{PROBES} probes' if large else 'exact divergence'}"
        return ratio, error if best else 0.0, method

    def _given(
        self,
        x: Tensor,
        free: np.ndarray,
        prior: Prior,
        pins: Pins,
        mode: Mode,
        generator: torch.Generator,
        rng: np.random.Generator,
        facts: int = 0,
    ) -> tuple[np.ndarray, np.ndarray, tuple[float, int, str]]:
        """Answer, its paired twin under guidance alone, and (effective, ancestors, method)."""
        paths = len(x)
        if len(pins) == 0:
            return free, free, (float(paths), paths, "probability-flow ODE")
        values = self._values(pins, mode, paths, facts, rng)  # [path, pin]
        noise_pins = self._noise_pins(pins, values, mode)
        guided = self._futures(self._plain(x, noise_pins, prior))
        guided = self._meet(guided, pins, values, mode)
        if not self.correct:
            return guided, guided, (float(paths), paths, "guidance without weights")
        islands = min(ISLANDS, paths // 8) if len(values) > 1 else 1
        groups = np.array_split(np.arange(paths), islands)
        told = np.empty_like(guided)
        effective, ancestors = 0.0, 0
        for rows in groups:
            value = values[rows[0] if len(values) > 1 else 0]
            here = self._noise_pins(pins, value[None], mode)
            start = torch.randn(POOL * len(rows), *self._shape, generator=generator)
            with torch.inference_mode():
                found = twisted(self._in_blocks, start, even_angles(RUNGS), here, generator, prior)
            found = found.thinned(len(rows), generator)
            told[rows] = self._meet(self._futures(found.x), pins, value[None], mode)
            effective += float(found.effective[0])
            ancestors += found.ancestors
        return told, guided, (effective, ancestors, "guidance with sequential Monte Carlo weights")

    def _plain(
        self, x: Tensor, pins: NoisePins | None = None, prior: Prior | None = None
    ) -> Tensor:
        """The sampler's signals from the noise `x` [path, series, step]."""
        angles, out = even_angles(self.turns), []
        for rows in torch.arange(len(x)).split(ROWS):
            denoise = self.at.denoise
            if pins is not None:
                value = pins.value if pins.value.ndim == 1 else pins.value[rows]
                denoise = pinned(denoise, NoisePins(pins.matrix, value, pins.variance), prior)
            with torch.inference_mode():
                out.append(last(angular(denoise, x[rows], angles)))
        return torch.cat(out)

    def _in_blocks(self, x: Tensor, angle: Tensor) -> Tensor:
        return torch.cat([self.at.denoise(rows, angle) for rows in x.split(ROWS)])

    def _values(
        self, pins: Pins, mode: Mode, paths: int, facts: int, rng: np.random.Generator
    ) -> np.ndarray:
        """The values that are pinned: one row for all, or in the mode density one a path."""
        if mode != "density":
            return pins.value[None]
        islands = min(ISLANDS, paths // 8)
        noise = _even_normals(islands, len(pins) - facts, rng)
        values = np.tile(pins.value, (islands, 1))
        values[:, facts:] += noise * pins.sd[facts:]
        sizes = [len(rows) for rows in np.array_split(np.arange(paths), islands)]
        return np.repeat(values, sizes, axis=0)

    def _noise_pins(self, pins: Pins, values: np.ndarray, mode: Mode) -> NoisePins:
        """The pins as they are on the innovations."""
        mean, matrix = self._affine()
        seen = pins.matrix @ matrix  # [pin, cell], cells step first
        order = np.arange(len(mean)).reshape(self.at.horizon, -1).T.ravel()
        variance = np.diag(pins.sd**2) if mode == "soft" else np.zeros((len(pins), len(pins)))
        value = values - pins.matrix @ mean
        return NoisePins(
            torch.from_numpy(seen[:, order]),
            torch.from_numpy(value[0] if len(value) == 1 else value),
            torch.from_numpy(variance),
        )

    def _meet(self, draws: np.ndarray, pins: Pins, values: np.ndarray, mode: Mode) -> np.ndarray:
        """Remove the rounding of single precision from exact pins."""
        exact = np.ones(len(pins), bool) if mode != "soft" else pins.sd == 0
        if not exact.any():
            return draws
        told = pins.keep(exact)
        gain = self.gaussian().gain(told)
        return draws + (values[:, exact] - draws @ told.matrix.T) @ gain.T

    def _with_spread(self, pins: Pins, mode: Mode, law: Gaussian) -> Pins:
        if mode != "density":
            return pins
        sd = spread(pins, law)
        return Pins(
            pins.labels, pins.series, pins.periods, pins.matrix, pins.value, sd, pins.relative
        )

    def _futures(self, z: Tensor) -> np.ndarray:
        """Innovations [path, series, step] as futures [path, cell]."""
        future = self.at.color(z.double().numpy())
        return future.swapaxes(1, 2).reshape(len(z), -1)

    def _series_first(self, z: Tensor) -> Tensor:
        return z.reshape(len(z), self.at.horizon, -1).mT.contiguous()

    def _affine(self) -> tuple[np.ndarray, np.ndarray]:
        """`y = mean + matrix z`, both flattened [step, series], step first."""
        mean, matrix = self.at.affine()
        order = np.arange(len(mean)).reshape(-1, self.at.horizon).T.ravel()
        return mean[order], matrix[np.ix_(order, order)]

    @property
    def _shape(self) -> tuple[int, int]:
        return self.at.vector.shape[-2], self.at.horizon


def fitting_prior(z: Tensor) -> Prior:
    """The covariance that guidance assumes: white, unless draws `z` [path, dim] say otherwise.

    They do when the likelihood-ratio test of the identity (Anderson, 2003, *Introduction to
    Multivariate Statistical Analysis*, 10.8, with Bartlett's factor) rejects at one in a
    thousand; then it is their covariance, drawn a little towards the identity.
    """
    from scipy.stats import chi2

    paths, dim = z.shape
    if paths <= 4 * dim:
        return white(dim)
    seen = z.T.cov()
    ratio = paths * float(torch.trace(seen) - torch.logdet(seen) - dim)
    ratio *= 1 - (2 * dim + 1 - 2 / (dim + 1)) / (6 * paths)
    if ratio < chi2.ppf(0.999, dim * (dim + 1) / 2):
        return white(dim)
    weight = paths / (paths + dim)
    return Prior(weight * seen + (1 - weight) * torch.eye(dim, dtype=seen.dtype))


def settled(pins: Pins, series: int) -> tuple[np.ndarray, Pins]:
    """Values [cell] of the first periods that exact pins decide whole, and pins on the rest.

    A cell is decided where the pins' row space holds it, so a level may be pinned in the place
    of a change.
    """
    inverse = np.linalg.pinv(pins.matrix)
    decided = np.isclose(np.einsum("cp,pc->c", inverse, pins.matrix), 1)
    whole = np.logical_and.accumulate(decided.reshape(-1, series).all(axis=1))
    count = series * int(whole.sum())
    lead = (inverse @ pins.value)[:count]
    left = pins.matrix[:, count:]
    triangle, order = qr(left.T, mode="r", pivoting=True)  # pyright: ignore[reportAssignmentType]
    size = np.abs(np.diag(triangle))
    kept = np.sort(order[: len(size)][size > 1e-9 * max(size.max(), 1e-9)])
    value = pins.value - pins.matrix[:, :count] @ lead
    return lead, replace(pins.keep(kept), matrix=left[kept], value=value[kept])


def _joined(facts: Pins, pins: Pins) -> Pins:
    """Facts, which are exact, then pins."""
    return Pins(
        facts.labels + pins.labels,
        facts.series + pins.series,
        facts.periods + pins.periods,
        np.vstack([facts.matrix, pins.matrix]),
        np.concatenate([facts.value, pins.value]),
        np.concatenate([facts.sd, pins.sd]),
        np.concatenate([facts.relative, pins.relative]),
    )


def _even_normals(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """Standard normal [row, column], spread evenly: each column is a stratified sample."""
    from scipy.stats import norm

    strata = np.stack([rng.permutation(rows) for _ in range(columns)], axis=1)
    return norm.ppf((strata + rng.random((rows, columns))) / rows)
