"""Density forecasts of five US quarterly series, protocol A: pseudo real time, latest data.

    python benchmarks/macro.py [--data FOLDER | --fred-qd FILE] [--models diffusion,anchor,ar,...]
                               [--paths 1000] [--every 1] [--folder out/macro]

FRED-QD; GDP, CPI and PCE inflation as 400 dlog of the quarter, unemployment and the funds rate
as levels. Every model sees the rows up to the origin and nothing else, one configuration for
all series and origins. Targets 1985Q1-2019Q4, then 2020Q1-2021Q4 and 2022Q1 on, apart. Losing
cells are printed first. Finished trials are kept in `--folder`.
"""

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.backtest import Trial, backtest, compare, losses, scores, within
from econdiff.baselines import BASELINES
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.training import Training
from econdiff.forecast import Model

STEPS = (1, 2, 4, 8)
PERIODS = {"1985-2019": ("1985Q1", "2019Q4"), "2020-21": ("2020Q1", "2021Q4"),
           "2022 on": ("2022Q1", "2023Q3")}  # fmt: skip


def read(data: Path, fred_qd: Path | None) -> pd.DataFrame:
    """The five series, in the units of the protocol."""
    file = fred_qd or data / "macro_us" / "fred_qd_2023-10_permitted.csv.gz"
    q = pd.read_csv(file)
    q = q.set_index(pd.PeriodIndex(pd.to_datetime(q.iloc[:, 0]), freq="Q"))
    return pd.DataFrame(
        {
            "GDP": 400 * np.log(q.GDPC1).diff(),
            "CPI": 400 * np.log(q.CPIAUCSL).diff(),
            "PCE": 400 * np.log(q.PCECTPI).diff(),
            "UNR": q.UNRATE,
            "FFR": q.FEDFUNDS,
        }
    ).dropna()


def models(names: list[str]) -> dict[str, Model]:
    """By name: the diffusion model, its untrained anchor, and the baselines' registry."""
    own = {
        "diffusion": Diffusion(),
        "anchor": Diffusion(weights=None, training=Training(steps=0)),
    }
    return {name: own[name] if name in own else BASELINES[name]() for name in names}


def table(trials: list[Trial], reference: str = "ar") -> pd.DataFrame:
    """CRPS by model and cell, and its ratio to the reference and to the best baseline."""
    tidy = scores(trials)
    crps = tidy[(tidy.metric == "crps") & tidy.step.isin(STEPS)]
    wide = crps.pivot_table(index=["series", "step"], columns="model", values="value")
    order = pd.MultiIndex.from_product([["GDP", "CPI", "PCE", "UNR", "FFR"], STEPS])
    return wide.reindex(order)


def report(name: str, trials: list[Trial], own: tuple[str, ...] = ("diffusion", "anchor")) -> None:
    """Everything the protocol asks of one stretch of targets."""
    crps = table(trials)
    rivals = [m for m in crps.columns if m not in own]
    best = crps[rivals].min(axis=1)
    print(f"\n== targets {name} ==")
    for model in crps.columns:
        to_ar = np.exp(np.log(crps[model] / crps["ar"]).mean())
        to_best = np.exp(np.log(crps[model] / best).mean())
        worst = (crps[model] / best).max()
        print(f"{model:12s} CRPS / AR {to_ar:.3f}   / best baseline of each cell {to_best:.3f}"
              f"   worst cell {worst:.3f}")  # fmt: skip
    ratio = (crps["diffusion"] / best).sort_values(ascending=False)
    losing = [f"{s} h={h} {r:.3f}" for (s, h), r in ratio.items() if r > 1]
    print("diffusion loses to the best baseline in:", ", ".join(losing) or "no cell")
    print(crps.round(3).assign(best=rivals_best(crps, rivals)).to_string())
    print("\ncoverage of the central bands")
    tidy = scores(trials)
    bands = tidy[tidy.metric.str.startswith("coverage") & tidy.step.isin((1, 4, 8))]
    bands = bands[bands.model.isin(["diffusion", "anchor", "ar"])]
    print(bands.pivot_table(index=["model", "series"], columns=["metric", "step"],
                            values="value").round(2).to_string())  # fmt: skip
    joint = tidy[tidy.metric.isin(["energy"]) & (tidy.step == max(tidy.step))]
    print("\nenergy score of the joint path:",
          joint.groupby("model").value.mean().round(3).to_dict())  # fmt: skip


def rivals_best(crps: pd.DataFrame, rivals: list[str]) -> pd.Series:
    """The name of the best baseline in each cell."""
    return crps[rivals].idxmin(axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--fred-qd", type=Path)
    parser.add_argument(
        "--models", default="diffusion,anchor,ar,ar60,climatology,climatology60,rw,var,bvar"
    )
    parser.add_argument("--paths", type=int, default=1000)
    parser.add_argument("--every", type=int, default=1, help="every n-th origin only")
    parser.add_argument("--folder", type=Path, default=Path("out/macro"))
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    panel = read(options.data, options.fred_qd)
    first = panel.index.get_loc(pd.Period("1984Q4"))
    origins = range(first, len(panel) - 1, options.every)
    scale = panel["1985Q1":"2019Q4"].std().to_dict()
    options.folder.mkdir(parents=True, exist_ok=True)
    trials = list(
        backtest(
            models(options.models.split(",")), panel, horizon=max(STEPS), origins=origins,
            paths=options.paths, seed=1, scale=scale, folder=options.folder,
            workers=options.workers,
        )
    )  # fmt: skip
    failed = [t for t in trials if t.error]
    if failed:
        print(f"{len(failed)} trials failed, first: {failed[0].model} {failed[0].error}")
    for name, (start, end) in PERIODS.items():
        report(name, within(trials, start, end))
    chosen = within(trials, *PERIODS["1985-2019"])
    found = compare(losses(chosen), "ar", rng=np.random.default_rng(0))
    found = found[found.step.isin(STEPS) & (found.model == "diffusion")]
    print("\nagainst AR (Diebold-Mariano with HLN, Holm over cells, 90% model confidence set)")
    print(found.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
