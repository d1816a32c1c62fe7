"""What a path costs: ours, a VAR's in numpy (the floor), and PyPOTS' CSDI where it is installed.

    python benchmarks/cost.py [--paths 200] [--weights shipped]

Processor seconds of one thread for a joint path of 8 series over 30 steps, the shape of the
exchange-rate benchmark, on a simulated VAR(1); the history is 60 steps for CSDI, which has no
use for more, and all 400 for the others. Fitting is left out of the time per path. Read the
ratios, of one run: the milliseconds are those of this machine at this moment. CSDI has 4 layers,
64 channels, 8 heads and 50 steps of diffusion, as Tashiro et al. (2021) use it, and one epoch of
training: what it learns does not change what a path costs. `pip install pypots`; without it its
row is left out.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch

from econdiff.baselines.var import VAR
from econdiff.diffusion.model import Diffusion
from econdiff.forecast import Model

SERIES, STEPS, PAST = 8, 30, 60
Draw = Callable[[int], object]
"""Draws that many paths."""


def economy(rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = np.zeros((rows, SERIES))
    for t in range(1, rows):
        y[t] = 0.9 * y[t - 1] + 0.05 * np.roll(y[t - 1], 1) + rng.standard_normal(SERIES)
    index = pd.period_range("1990-01-01", periods=rows, freq="D")
    return pd.DataFrame(y, index=index, columns=[f"series {k + 1}" for k in range(SERIES)])


def ours(model: Model, panel: pd.DataFrame) -> Draw:
    fitted = model.fit(panel)
    return lambda paths: fitted.sample(
        panel, horizon=STEPS, paths=paths, rng=np.random.default_rng(1)
    )


def csdi(panel: pd.DataFrame) -> Draw | None:
    """PyPOTS' CSDI, asked for the 30 steps after the last 60; None where it is not installed."""
    try:
        from pypots.forecasting import CSDI
    except ImportError:
        return None
    y = panel.to_numpy().astype(np.float32)
    whole = PAST + STEPS
    windows = np.stack([y[o : o + whole] for o in range(0, len(y) - whole, STEPS)])
    model = CSDI(
        n_steps=PAST,
        n_features=SERIES,
        n_pred_steps=STEPS,
        n_pred_features=SERIES,
        n_layers=4,
        n_heads=8,
        n_channels=64,
        d_time_embedding=128,
        d_feature_embedding=16,
        d_diffusion_embedding=128,
        n_diffusion_steps=50,
        epochs=1,
        device="cpu",
        verbose=False,
    )
    model.fit({"X": windows[:, :PAST], "X_pred": windows[:, PAST:]})
    unknown = np.full((1, STEPS, SERIES), np.nan, dtype=np.float32)
    asked = {"X": y[None, -PAST:], "X_pred": unknown}
    return lambda paths: model.predict(asked, n_sampling_times=paths)


def milliseconds(draw: Draw, paths: int, times: int = 3) -> float:
    """Processor milliseconds a path, the least of `times`."""
    draw(2)  # what is done once
    best = np.inf
    for _ in range(times):
        start = time.process_time()
        draw(paths)
        best = min(best, time.process_time() - start)
    return 1000 * best / paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=200, help="paths a draw; a tenth for CSDI")
    parser.add_argument("--weights", default="shipped")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    panel = economy()
    rows: list[tuple[str, Draw | None, int]] = [
        ("VAR(1) in numpy, the floor", ours(VAR(lags=1), panel), 10 * chosen.paths),
        ("econdiff, 12 evaluations", ours(Diffusion(weights=chosen.weights), panel), chosen.paths),
        ("PyPOTS CSDI, 50 evaluations", csdi(panel), max(1, chosen.paths // 10)),
    ]
    found = {n: milliseconds(d, p, 1 if "CSDI" in n else 3) for n, d, p in rows if d is not None}
    floor, us = list(found.values())[:2]
    print("| | ms a path | / VAR | / econdiff |")
    print("|---|---|---|---|")
    for name, cost in found.items():
        print(f"| {name} | {cost:.3f} | {cost / floor:.1f} | {cost / us:.3f} |")
    if len(found) < len(rows):
        print("\nPyPOTS is not installed here: no row of CSDI.")


if __name__ == "__main__":
    main()
