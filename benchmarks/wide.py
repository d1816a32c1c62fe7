"""Wide panels: every series of FRED-QD and FRED-MD drawn jointly, by their factors.

    python benchmarks/wide.py [--data ../shared/data] [--weights shipped] [--origins 6]

Compared on the same origins, evenly spread over 1995-2018, expanding: a per-series AR by BIC, the
direct diffusion of all series at once, and the latent one. CRPS is in units of each series'
deviation, averaged over series; the energy score is that of all series at once. Series that begin
late, or that have a gap after 1995, are left out of the panel.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.baselines.ar import AR
from econdiff.diffusion.latent import LatentDiffusion
from econdiff.diffusion.model import Diffusion
from econdiff.forecast import Model
from econdiff.scoring import crps, energy_score
from econdiff.transforms import fred_md

CODES = {"none": 1, "1st-diff": 2, "log": 4, "log-diff": 5, "log-2nd-diff": 6, "pct-ch-diff": 7}
PANELS = {
    "FRED-QD": ("fred_qd_2023-10_permitted.csv.gz", "fred_qd", "Q"),
    "FRED-MD": ("fred_md_2023-10_permitted.csv.gz", "fred_md", "M"),
}
STEPS = (1, 4, 8)


def stationary(data: Path, name: str) -> pd.DataFrame:
    """The panel in the units of its transformation codes, to the end of 2019."""
    file, codes, frequency = PANELS[name]
    folder = data / "macro_us"
    levels = pd.read_csv(folder / file, index_col=0)
    levels.index = pd.PeriodIndex(pd.to_datetime(levels.index), freq=frequency)
    table = pd.read_csv(folder / "fred_transform_codes.csv", index_col="variable")[codes]
    columns = {
        series: fred_md(CODES[str(table[series])]).to_model(values.to_numpy(float))
        for series, values in levels.items()
    }
    panel = pd.DataFrame(columns, index=levels.index)[:"2019"].iloc[2:]
    early = panel[:"1989"].notna().mean() > 0.8
    late = panel["1995":].notna().all()
    return panel.loc[:, early & late]


def compare(panel: pd.DataFrame, models: dict[str, Model], origins: int, paths: int) -> None:
    first, last = panel.index.get_loc(panel["1995":].index[0]), len(panel) - max(STEPS)
    places = np.linspace(first, last, origins).astype(int)
    print(f"{panel.shape[1]} series, {origins} origins, {paths} paths\n")
    heads = [f"{what}, h={h}" for what in ("CRPS", "energy score") for h in STEPS]
    print("| model | " + " | ".join(heads) + " | seconds to fit | seconds to draw |")
    print("|---" * (len(heads) + 3) + "|")
    for name, model in models.items():
        rows, clocks = [], np.zeros(2)
        for o in places:
            history = panel.iloc[:o]
            size = history.std().to_numpy()
            start = time.process_time()
            fitted = model.fit(history)
            middle = time.process_time()
            rng = np.random.default_rng(o)
            drawn = fitted.sample(history, horizon=max(STEPS), paths=paths, rng=rng).samples / size
            clocks += middle - start, time.process_time() - middle
            came = panel.iloc[o : o + max(STEPS)].to_numpy() / size
            marginal = [crps(drawn[:, h - 1], came[h - 1]).mean() for h in STEPS]
            joint = [energy_score(drawn[:, h - 1], came[h - 1]) for h in STEPS]
            rows.append(marginal + joint)
        cells = " | ".join(f"{score:.3f}" for score in np.mean(rows, axis=0))
        fit, draw = clocks / origins
        print(f"| {name} | {cells} | {fit:.1f} | {draw:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", default="shipped")
    parser.add_argument("--origins", type=int, default=6)
    parser.add_argument("--paths", type=int, default=200)
    parser.add_argument("--without-direct", action="store_true", help="leave the slow one out")
    chosen = parser.parse_args()
    core = Diffusion(weights=chosen.weights)
    models: dict[str, Model] = {
        "AR by BIC, each series": AR(),
        "direct diffusion": core,
        "latent diffusion": LatentDiffusion(core=core),
    }
    if chosen.without_direct:
        del models["direct diffusion"]
    for name in PANELS:
        print(f"\n### {name}\n")
        compare(stationary(chosen.data, name), models, chosen.origins, chosen.paths)


if __name__ == "__main__":
    main()
