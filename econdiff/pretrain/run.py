"""Training of the shipped weights on simulated economies; no real data is touched.

    python -m econdiff.pretrain --folder out/pretrain   # an hour and a half on two free cores
    python -m econdiff.pretrain --workers 15            # minutes beside an accelerator

Everything random at step k is drawn from (seed, k), so a killed run that goes on from its
checkpoint ends with the same bits as one that was never stopped.
"""

import io
import json
import os
import time
import zipfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from econdiff import __version__
from econdiff.anchor import Anchor
from econdiff.diffusion.examples import Examples, examples, joined
from econdiff.diffusion.losses import Losses
from econdiff.diffusion.network import MAX_HORIZON, Network, Size, untrained
from econdiff.diffusion.training import CPU, Average, LearningRate, step
from econdiff.diffusion.weights import save_weights
from econdiff.pretrain.calibration import calibrate
from econdiff.pretrain.economies import episodes
from econdiff.pretrain.prior import Prior

SERIES = (1, 1, 2, 3, 4, 5, 6, 8)  # how many series an economy has; drawn once a pool
LONG = (False, False, False, True)  # whether a pool's histories are long; drawn once a pool
MARKETS = {False: 0.15, True: 0.6}  # share of markets, which are what has long histories
RECENT = (0, 80, 80, 240)  # rows of the anchor's second view; drawn once a pool that is not long
PARTS = 4  # a pool is filtered in, so that short samples are not carried as long ones
NOISE, ORDER = range(2)  # what a generator is for, mixed into its seed
HORIZONS = (8, 8, 8, 12, 12, 12, 20, 32)  # how far a step of training looks; drawn once a step


@dataclass(frozen=True)
class Pretraining:
    """Settings of a run. `rows` counts series: an economy of five is five rows."""

    steps: int = 12_000
    seed: int = 0
    size: Size = field(default_factory=Size)
    window: int = 400  # periods of history, at most
    long_window: int = 1000  # of those that are long
    rows: int = 256  # a step
    futures: int = 4  # of each economy, which is filtered once
    draws: int = 2  # noise levels for each future
    pool: int = 4096  # rows simulated at a time, shown once each
    rate: float = 2e-3

    @property
    def steps_a_pool(self) -> int:
        """How many steps one pool of simulated economies lasts."""
        return self.pool // self.rows


def pool(settings: Pretraining, number: int) -> Examples:
    """The `number`-th pool of simulated economies."""
    rng = np.random.default_rng([settings.seed, number])
    series, long = int(rng.choice(SERIES)), bool(rng.choice(LONG))
    episode = episodes(
        settings.pool // series,
        series,
        window=settings.long_window if long else settings.window,
        horizon=MAX_HORIZON,
        rng=rng,
        futures=settings.futures,
        prior=Prior(markets=MARKETS[long]),
    )
    anchor = Anchor(recent=0 if long else int(rng.choice(RECENT)))
    parts = []
    for rows in np.array_split(_by_length(episode.history), PARTS):
        history = episode.history[rows]
        history = history[..., _starts(history).min() :]
        parts.append(examples(anchor.estimate(history).filter(history), episode.future[rows]))
    return joined(parts)


def _by_length(history: np.ndarray) -> np.ndarray:
    """Economies from the shortest sample to the longest."""
    return np.argsort(-_starts(history), kind="stable")


def _starts(history: np.ndarray) -> np.ndarray:
    """The first period in which each economy [economy, series, time] has a series."""
    return np.isfinite(history).any(axis=1).argmax(axis=-1)


def run(
    settings: Pretraining,
    folder: Path,
    save_every: int = 500,
    device: torch.device = CPU,
    workers: int = 1,
) -> Iterator[tuple[int, Losses]]:
    """Train from nothing, or from the checkpoint in `folder`; yields after each step.

    The network runs on `device`; noise is drawn here, and economies are simulated by `workers`
    processes of one thread beside this one. How many there are changes nothing but the time.
    ValueError where the checkpoint is of other settings (but a run may be made longer).
    """
    folder.mkdir(parents=True, exist_ok=True)
    network = untrained(settings.size, seed=settings.seed).to(device)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.rate, weight_decay=1e-3, fused=True
    )
    average = Average(network)
    schedule = LearningRate(settings.steps, settings.rate)
    first = _resume(folder, settings, network, average, optimiser)

    pools = _pools(settings, first // settings.steps_a_pool, workers)
    shown = None
    for k in range(first, settings.steps):
        if shown is None or k % settings.steps_a_pool == 0:
            shown = next(pools).to(device)
        rng = _generator(settings.seed, NOISE, k)
        horizon = HORIZONS[int(torch.randint(len(HORIZONS), (1,), generator=rng))]
        batch = shown.take(_rows(settings, k, len(shown)), horizon)
        found = step(network, optimiser, batch, schedule.rate_at(k), rng, settings.draws)
        average.update(network, k)
        if (k + 1) % save_every == 0 or k + 1 == settings.steps:
            _save(folder, settings, k + 1, network, average, optimiser)
        yield k, found


def _pools(settings: Pretraining, first: int, workers: int) -> Iterator[Examples]:
    """Pools from number `first` on, in order; each worker simulates one ahead."""
    last = -(-settings.steps // settings.steps_a_pool)
    with ProcessPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as made:
        coming: deque[Future[Examples]] = deque()
        for number in range(first, last + workers):
            if number < last:
                coming.append(made.submit(pool, settings, number))
            if number >= first + workers:
                yield coming.popleft().result()


def _rows(settings: Pretraining, k: int, economies: int) -> Tensor:
    """The economies of step `k`: every one of a pool once, in an order of that pool's own."""
    number, part = divmod(k, settings.steps_a_pool)
    rng = _generator(settings.seed, ORDER, number)
    return torch.randperm(economies, generator=rng).tensor_split(settings.steps_a_pool)[part]


def _generator(*words: int) -> torch.Generator:
    """A generator that follows from `words` and is independent of that of any others."""
    return torch.Generator().manual_seed(int(np.random.default_rng(words).integers(2**62)))


def _save(folder, settings, done, network, average, optimiser) -> None:
    state = {
        "settings": asdict(settings),
        "done": done,
        "network": network.state_dict(),
        "average": average.network.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    written = io.BytesIO()  # so that a full disk is an OSError, which torch does not make of it
    torch.save(state, written)
    (folder / "checkpoint.tmp").write_bytes(written.getbuffer())
    os.replace(folder / "checkpoint.tmp", folder / "checkpoint.pt")


def checkpoint(settings: Pretraining, folder: Path) -> dict | None:
    """What a run of these settings left in `folder`, if anything.

    ValueError if another run did, if it went further than `settings.steps`, or if it is damaged.
    """
    path = folder / "checkpoint.pt"
    if not path.exists():
        return None
    if not zipfile.is_zipfile(path):  # which ends with its directory, so half of one is none
        raise ValueError(
            f"{path.name} in {folder.name} is damaged; remove it, and the run begins from nothing"
        )
    state = torch.load(path, weights_only=True, map_location=CPU)
    before, now = state.get("settings", {}), asdict(settings)
    other = [name for name in now if name != "steps" and before.get(name) != now[name]]
    if other:
        raise ValueError(
            f"{path.name} in {folder.name} is of a run with another {', '.join(other)}; "
            "give an empty folder, or go on with the settings of that run"
        )
    if state["done"] > settings.steps:
        raise ValueError(
            f"the run in {folder.name} has taken {state['done']} steps, more than the "
            f"{settings.steps} asked for; give an empty folder, or ask for as many or more"
        )
    return state


def _resume(folder, settings, network, average, optimiser) -> int:
    state = checkpoint(settings, folder)
    if state is None:
        return 0
    network.load_state_dict(state["network"])
    average.network.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    return state["done"]


def ship(
    folder: Path, into: Path, economies: int = 300, device: torch.device = CPU
) -> dict[str, object]:
    """Write the averaged weights of a run, their card, and what calibration says of them.

    `device` is where the run was; the card names it.
    """
    state = torch.load(folder / "checkpoint.pt", weights_only=True, map_location=CPU)
    settings = state["settings"]
    network = Network(Size(**settings["size"]))
    network.load_state_dict(state["average"])
    network.eval().requires_grad_(False)
    card: dict[str, object] = {
        "what": "weights of econdiff's conditional diffusion model",
        "data": "simulated economies only (econdiff/pretrain/economies.py); no real data",
        "ranges": "of the simulations: set by moments of FRED-QD and FRED-MD up to 1984, and of "
        "daily returns of the S&P 500 and twenty of its stocks up to 2002",
        "date": time.strftime("%Y-%m-%d"),
        "steps": state["done"],
        "settings": settings,
        "version": __version__,
        "trained_on": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "calibration": asdict(calibrate(network, economies=economies, seed=settings["seed"])),
    }
    card["sha256"] = save_weights(network, into)
    note = into.with_suffix(".json.tmp")
    note.write_text(json.dumps(card, indent=2) + "\n")
    os.replace(note, into.with_suffix(".json"))
    return card
