"""Does torch.compile pay? One evaluation of the denoiser, and one step of training, on one thread.

    python benchmarks/compiled.py

Shapes are static (`dynamic=False`), as a block of the sampler (128 paths of 5 series over 8
steps) and a batch of training (64 origins of them, 4 draws each) have them. Processor time, the
median of 30 and of 10; the seconds to compile are those of a first run, the compiler's own
processes included (its results are kept on disk for the next). A forecast of 1000 paths at one
origin takes 96 evaluations.
"""

import copy
import os
import time
from collections.abc import Callable

import numpy as np
import torch

from econdiff.diffusion.examples import Examples
from econdiff.diffusion.losses import losses
from econdiff.diffusion.network import LAGS, PAIRS, SEQUENCES, WINDOW, Network, untrained

SERIES, STEPS, ROWS, ORIGINS, DRAWS = 5, 8, 128, 64, 4


def milliseconds(once: Callable[[], object], times: int) -> float:
    once()
    spent = []
    for _ in range(times):
        start = time.process_time()
        once()
        spent.append(time.process_time() - start)
    return 1000 * float(np.median(spent))


def seconds_of_all() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def evaluation(network: Network) -> Callable[[], object]:
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, SERIES, STEPS, generator=rng)
    vector = torch.randn(1, SERIES, network.size.width, generator=rng)
    angle = torch.tensor([0.7])

    def once() -> object:
        with torch.no_grad():
            return network.denoiser(x, angle, vector)

    return once


def training_step(network: Network) -> Callable[[], object]:
    rng = torch.Generator().manual_seed(0)
    unit = torch.eye(SERIES).expand(ORIGINS, SERIES, SERIES).contiguous()
    shape = ORIGINS, SERIES
    batch = Examples(
        torch.randn(*shape, WINDOW, SEQUENCES, generator=rng),
        torch.randn(*shape, network.size.features, generator=rng),
        torch.zeros(ORIGINS, SERIES, SERIES, PAIRS),
        torch.zeros(ORIGINS, SERIES),
        unit,
        torch.randn(ORIGINS, 1, SERIES, STEPS, generator=rng),
        torch.randn(ORIGINS, 1, SERIES, STEPS, LAGS, generator=rng),
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4)

    def once() -> object:
        found = losses(network, batch, DRAWS, rng)
        optimiser.zero_grad(set_to_none=True)
        (found.denoise + found.recentre).backward()
        return optimiser.step()

    return once


def main() -> None:
    torch.set_num_threads(1)
    plain = untrained(seed=0)
    print("| | eager, ms | compiled, ms | times faster | seconds to compile | pays after |")
    print("|---|---|---|---|---|---|")
    for name, make, times in (("evaluation", evaluation, 30), ("training step", training_step, 10)):
        network = copy.deepcopy(plain)
        eager = milliseconds(make(network), times)
        network.denoiser.compile(dynamic=False)
        if name == "training step":
            network.encoder.compile(dynamic=False)
        start, once = seconds_of_all(), make(network)
        once()
        spent = seconds_of_all() - start
        fast = milliseconds(once, times)
        saved = (eager - fast) / 1000
        after = f"{spent / saved:.0f}" if saved > 0 else "never"
        row = [f"{eager:.2f}", f"{fast:.2f}", f"{eager / fast:.2f}", f"{spent:.0f}", after]
        print(f"| {name} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
