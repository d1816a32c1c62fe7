"""Wide panels: every series of FRED-QD and FRED-MD drawn jointly, by what they share.

    python benchmarks/wide.py [--data ../shared/data] [--weights shipped] [--origins 40]
    python benchmarks/wide.py --early          # the stretch on which settings were chosen

On the same origins, evenly spread over 1995-2018 (or 1972-1982), expanding: a per-series AR by
BIC, the latent diffusion, and at every fourth origin the direct diffusion of all series at
once, which is slow. CRPS (fair) is in units of each series' deviation
up to the origin, averaged over series; the energy score is that of all series at once. Beside
each mean: its ratio to AR's and to the direct model's on the origins that both have, and the
p-values of Diebold and Mariano that the two are equal (HLN, overlap counted in spacings; Holm
over the 6 cells of a panel). Series that begin late, or that have a gap in the stretch, are
left out of the panel.
"""

import argparse
import time
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from econdiff.baselines.ar import AR
from econdiff.diffusion.latent import LatentDiffusion
from econdiff.diffusion.model import Diffusion
from econdiff.forecast import Model
from econdiff.scoring import crps, energy_score
from econdiff.scoring.comparison import diebold_mariano, holm
from econdiff.transforms import fred_md

CODES = {"none": 1, "1st-diff": 2, "log": 4, "log-diff": 5, "log-2nd-diff": 6, "pct-ch-diff": 7}
PANELS = {
    "FRED-QD": ("fred_qd_2023-10_permitted.csv.gz", "fred_qd", "Q"),
    "FRED-MD": ("fred_md_2023-10_permitted.csv.gz", "fred_md", "M"),
}
STEPS = (1, 4, 8)
LATE = ("1989", "1995", "2019")  # mostly known to, wholly known from, first origin; last row
EARLY = ("1965", "1969", "1984")
FIRST = {LATE: "1995", EARLY: "1972"}
AUTOREGRESSION, DIRECT = "AR by BIC, each series", "direct diffusion"
EVERY = 4  # origins of which the direct model is asked one


def stationary(data: Path, name: str, stretch: tuple[str, str, str] = LATE) -> pd.DataFrame:
    """The panel in the units of its transformation codes, to the end of the stretch."""
    file, codes, frequency = PANELS[name]
    folder = data / "macro_us"
    levels = pd.read_csv(folder / file, index_col=0)
    levels.index = pd.PeriodIndex(pd.to_datetime(levels.index), freq=frequency)
    table = pd.read_csv(folder / "fred_transform_codes.csv", index_col="variable")[codes]
    columns = {
        series: fred_md(CODES[str(table[series])]).to_model(values.to_numpy(float))
        for series, values in levels.items()
    }
    early, whole, last = stretch
    panel = pd.DataFrame(columns, index=levels.index)[:last].iloc[2:]
    return panel.loc[:, (panel[:early].notna().mean() > 0.8) & panel[whole:].notna().all()]


def scored(
    model: Model, panel: pd.DataFrame, places: np.ndarray, every: int, paths: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """CRPS [origin, step, series] and energy score [origin, step], NaN where not asked; seconds."""
    shape = len(places), len(STEPS)
    marginal, joint = np.full((*shape, panel.shape[1]), np.nan), np.full(shape, np.nan)
    clocks = np.zeros(2)
    for row in range(0, len(places), every):
        o = places[row]
        history, future = panel.iloc[:o], panel.iloc[o : o + max(STEPS)]
        size = history.std().to_numpy()
        start = time.process_time()
        fitted = model.fit(history)
        middle = time.process_time()
        rng = np.random.default_rng(o)
        drawn = fitted.sample(history, horizon=max(STEPS), paths=paths, rng=rng).samples / size
        clocks += middle - start, time.process_time() - middle
        came = future.to_numpy() / size
        marginal[row] = [crps(drawn[:, h - 1], came[h - 1]) for h in STEPS]
        joint[row] = [energy_score(drawn[:, h - 1], came[h - 1]) for h in STEPS]
    return marginal, joint, clocks / len(range(0, len(places), every))


def against(losses: np.ndarray, reference: np.ndarray, spacing: float) -> list[str]:
    """Ratio and adjusted p-value of each cell of [origin, 9], on the origins that both have."""
    both = ~np.isnan(losses[:, 0]) & ~np.isnan(reference[:, 0])
    gap = spacing * np.diff(np.flatnonzero(both)).max()
    ours, theirs = losses[both], reference[both]
    p = holm(
        np.array(
            [
                diebold_mariano(ours[:, k], theirs[:, k], horizon=max(1, ceil(h / gap))).p_value
                for k, h in enumerate(STEPS * 3)
            ]
        )
    )
    ratio = ours.mean(axis=0) / theirs.mean(axis=0)
    return [f"{r:.3f} ({q:.2f})" for r, q in zip(ratio, p, strict=True)]


def compare(
    panel: pd.DataFrame, models: dict[str, Model], first: str, origins: int, paths: int
) -> None:
    start, last = panel.index.get_loc(panel[first:].index[0]), len(panel) - max(STEPS)
    places = np.linspace(start, last, origins).astype(int)
    spacing = (last - start) / (origins - 1)
    print(f"{panel.shape[1]} series, {origins} origins, {paths} paths\n")
    heads = [f"{what}, h={h}" for what in ("CRPS", "energy", "CRPS / AR") for h in STEPS]
    print("| model | " + " | ".join(heads) + " | seconds to fit, draw |")
    print("|---" * (len(heads) + 2) + "|")
    kept: dict[str, np.ndarray] = {}
    unit = np.ones((len(STEPS), panel.shape[1]))
    for name, model in models.items():
        every = EVERY if name == DIRECT else 1
        marginal, joint, clocks = scored(model, panel, places, every, paths)
        if name == AUTOREGRESSION:  # the first
            unit = marginal.mean(axis=0)
        alike = (marginal / unit).mean(axis=-1)
        kept[name] = np.hstack([marginal.mean(axis=-1), joint, alike])  # [origin, 9]
        means = np.nanmean(kept[name], axis=0)
        print_row(name, [f"{m:.3f}" for m in means] + [f"{clocks[0]:.1f}, {clocks[1]:.1f}"])
        for other in (AUTOREGRESSION, DIRECT):
            if other in kept and other != name:
                cells = against(kept[name], kept[other], spacing)
                print_row(f"... / {other} (p)", [*cells, ""])


def print_row(name: str, cells: list[str]) -> None:
    print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", default="shipped")
    parser.add_argument("--origins", type=int, default=40)
    parser.add_argument("--paths", type=int, default=60)
    parser.add_argument("--early", action="store_true", help="1972-1982, where choices were made")
    parser.add_argument("--without-direct", action="store_true", help="leave the slow one out")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    core = Diffusion(weights=chosen.weights, wide=None)
    models: dict[str, Model] = {
        AUTOREGRESSION: AR(),
        DIRECT: core,
        "latent diffusion": LatentDiffusion(core=core),
    }
    if chosen.without_direct:
        del models[DIRECT]
    stretch = EARLY if chosen.early else LATE
    for name in PANELS:
        print(f"\n### {name}\n")
        panel = stationary(chosen.data, name, stretch)
        compare(panel, models, FIRST[stretch], chosen.origins, chosen.paths)


if __name__ == "__main__":
    main()
