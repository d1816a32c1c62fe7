"""Are conditional forecasts right: golden VARs, non-Gaussian worlds, events, the past, the Fed.

    python benchmarks/scenario.py golden worlds events backtest fed rare controls cross
                                  [--data ../shared/data] [--every 1] [--paths 250]
                                  [--folder out/scenario]

golden           see scenario_golden.py       rare, controls   see scenario_tails.py
worlds, events   see scenario_worlds.py       cross            see scenario_cross.py
backtest, fed    see scenario_past.py
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from scenario_cross import cross
from scenario_golden import golden, random_var
from scenario_past import backtest, fed
from scenario_tails import controls, rare
from scenario_worlds import events, worlds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ("golden", "worlds", "events", "backtest", "fed", "rare", "controls", "cross")
    parser.add_argument("parts", nargs="+", choices=names)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--every", type=int, default=1, help="quarters between origins")
    parser.add_argument("--paths", type=int, default=250, help="of the backtest")
    parser.add_argument("--folder", type=Path, default=Path("out/scenario"))
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    parts = {
        "golden": golden, "worlds": worlds, "events": events,
        "backtest": lambda: backtest(chosen.data, chosen.every, chosen.paths, chosen.folder),
        "fed": lambda: fed(chosen.data),
        "rare": lambda: rare([random_var(rng, 3, 1 + k % 2) for k in range(4)]),
        "controls": controls,
        "cross": lambda: cross(chosen.data),
    }  # fmt: skip
    for part in chosen.parts:
        began = time.perf_counter()
        print(f"\n== {part}")
        parts[part]()
        print(f"({time.perf_counter() - began:.0f} s)")


if __name__ == "__main__":
    main()
