"""Densities of futures, and the noise that they come from, at an origin and in its units.

What `likelihood` says of innovations z, said of futures y = color(z): the anchor's
log-determinant is added, and arrays are [row, series, step], a future a row. These are log
predictive scores (Good, 1952) where y is what came:

    at = forecaster.origin(history, horizon=8)
    log_density(at, y).value        # exact, nats
    bound(at, y, rng=rng).mean()    # below it: what training sees of it
"""

import numpy as np
import torch

from econdiff.diffusion import likelihood
from econdiff.diffusion.likelihood import LogDensity
from econdiff.diffusion.origin import Origin
from econdiff.diffusion.process import forward_variance
from econdiff.diffusion.sampler import generator_from
from econdiff.diffusion.schedule import linear

EXACT_TRACE = 64  # cells of a future up to which the divergence is exact
PROBES = 32  # random signs beyond that
TOLERANCE = 1e-7  # of codes, so that they lead back to 1e-4 through a network in single precision


def log_density(at: Origin, y: np.ndarray, *, rng: np.random.Generator | None = None) -> LogDensity:
    """Log density of each future `y` [row, series, step], in nats, with its standard error.

    Exact up to `EXACT_TRACE` cells a future; beyond that by `PROBES` random signs from `rng`.
    """
    z = _innovations(at, y)
    probes = 0 if z[0].numel() <= EXACT_TRACE else PROBES
    if probes and rng is None:
        raise ValueError(
            f"a future of {z[0].numel()} cells needs an estimated divergence (over {EXACT_TRACE}); "
            "say rng=np.random.default_rng(0)"
        )
    return likelihood.log_density(
        at.denoise,
        z,
        log_det=-at.log_determinant().item(),
        probes=probes,
        rng=None if rng is None else generator_from(rng),
    )


def encode(at: Origin, y: np.ndarray) -> np.ndarray:
    """The noise [row, series, step] that each future comes from; N(0, I) under the model."""
    return likelihood.encode(at.denoise, _innovations(at, y), tolerance=TOLERANCE).numpy()


def decode(at: Origin, noise: np.ndarray) -> np.ndarray:
    """The future that each row of `noise` leads to; undoes `encode`."""
    z = likelihood.decode(at.denoise, torch.tensor(noise), tolerance=TOLERANCE)
    return at.color(z.numpy())


def bound(
    at: Origin, y: np.ndarray, *, rng: np.random.Generator, rungs: int = 1000, draws: int = 4
) -> np.ndarray:
    """The variational bound below the log density of each future, in nats, [row].

    That of the DDPM chain of `rungs` steps with variance beta, an unbiased estimate from `draws`
    chains; Ho et al. (2020), eq. 5. The longer the chain, the nearer it comes.
    """
    z = _innovations(at, y).repeat_interleave(draws, 0)
    with torch.inference_mode():
        found = likelihood.variational_bound(
            at.denoise, z, linear().ladder(rungs), generator_from(rng), forward_variance
        )
    cells = z[0].numel()
    below = -cells * found.total().reshape(len(y), draws).mean(dim=1).numpy()
    return below - at.log_determinant().item()


def _innovations(at: Origin, y: np.ndarray) -> torch.Tensor:
    if not np.isfinite(y).all():
        raise ValueError(
            f"{int((~np.isfinite(y)).sum())} cells of the future are missing; a density is of a "
            "complete one"
        )
    return torch.from_numpy(at.whiten(y))
