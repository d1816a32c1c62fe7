"""How the ranges of the prior of simulated economies were chosen: by moments of rows up to 1984.

    python benchmarks/prior.py [--data ../shared/data] [--sweeps 2]
    python benchmarks/prior.py --picture reports/line-up.png   # real series among simulated ones

Series of FRED-QD and FRED-MD without a gap to the end of 1984, in the units that the package's own
rule chooses on those rows, against economies simulated for as long. Of each series: persistence,
autocorrelations of levels, innovations and their sizes, shifts of mean and of volatility, tails and
skewness; of panels of five: correlations of innovations now and at lags. The distance is the mean
gap between five quantiles of each moment, in units of the real interquartile range. Nothing after
1984 is read. The table has, for each range, the distance over a grid with all others at their
present value; `--sweeps` also searches from where `Prior` began before this was measured.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.anchor import Anchor
from econdiff.pretrain.economies import simulate
from econdiff.pretrain.prior import Prior
from econdiff.transforms import choose

PLAIN = Anchor(local=False)  # what drifts stays in what is compared
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
PANELS = {
    "FRED-QD": ("fred_qd_2023-10_permitted.csv.gz", "Q"),
    "FRED-MD": ("fred_md_2023-10_permitted.csv.gz", "M"),
}
BEFORE = Prior(
    near_unit=0.45, drift=0.4, breaks=0.3, factors=1.5, changes=0.12, volatility=1.0, shifts=0.35,
    regimes=0.2, gaussian=0.45, cycles=0.0, spill=0.3, markets=0.0, level=0.15,
)  # fmt: skip
GRID = {
    "near_unit": (0, 0.1, 0.15, 0.2, 0.3, 0.4),
    "drift": (0, 0.1, 0.2, 0.35, 0.5),
    "breaks": (0.1, 0.2, 0.3, 0.4, 0.55),
    "factors": (0.5, 1, 1.5, 2, 2.5),
    "changes": (0, 0.12, 0.2, 0.4),
    "volatility": (0.7, 1, 1.25, 1.5, 2),
    "shifts": (0.2, 0.35, 0.6, 0.8),
    "regimes": (0, 0.1, 0.15, 0.2, 0.35),
    "gaussian": (0, 0.1, 0.2, 0.3, 0.45),
    "cycles": (0, 0.25, 0.5, 0.75),
    "spill": (0.15, 0.3, 0.6, 0.75),
    "level": (0, 0.15, 0.3, 0.6, 0.8),
}


def read(folder: Path, file: str, frequency: str) -> np.ndarray:
    """Series [series, time] to the end of 1984, in model units."""
    table = pd.read_csv(folder / "macro_us" / file)
    index = pd.PeriodIndex(pd.to_datetime(table.iloc[:, 0]), freq=frequency)
    levels = table.iloc[:, 1:].astype(float).set_index(index)[:"1984"]
    levels = levels.loc[:, levels.iloc[4:].notna().all()]
    rules = choose(levels)
    units = {name: rules[name].to_model(x.to_numpy(float)) for name, x in levels.items()}
    panel = pd.DataFrame(units, index=levels.index).iloc[2:]
    return panel.loc[:, panel.notna().all()].to_numpy().T


def moments(y: np.ndarray) -> dict[str, np.ndarray]:
    """What is compared of each series of `y` [series, time]."""
    coefficients = PLAIN.estimate(y[:, None])
    state = coefficients.filter(y[:, None])
    x, e = state.level[:, 0], state.innovation[:, 0, 4:]
    u = state.filtered_innovations()[:, 0, 4:]
    half, size = x.shape[1] // 2, np.abs(e)
    spread = np.sqrt((u**2).mean(-1))
    found = {f"autocorrelation {k}": autocorrelation(x, k) for k in (1, 4, 8, 24)}
    found |= {f"of innovations {k}": autocorrelation(u, k) for k in (1, 4, 8)}
    found |= {f"of their sizes {k}": autocorrelation(size, k) for k in (1, 4)}
    return found | {
        "sum of lags": coefficients.b[:, 0, 2:].sum(-1),
        "shift of the mean": np.abs(x[:, half:].mean(-1) - x[:, :half].mean(-1)),
        "shift of log volatility": np.abs(np.log(e[:, half:].std(-1) / e[:, :half].std(-1))),
        "kurtosis": (u**4).mean(-1) / spread**4,
        "skewness": (u**3).mean(-1) / spread**3,
        "largest shock": np.log(size.max(-1) / e.std(-1)),
        "largest sum": np.abs(np.cumsum(u, -1)).max(-1) / np.sqrt(u.shape[1]) / u.std(-1),
    }


def autocorrelation(x: np.ndarray, lag: int) -> np.ndarray:
    x = x - x.mean(-1, keepdims=True)
    return (x[:, lag:] * x[:, :-lag]).mean(-1) / (x**2).mean(-1)


def together(y: np.ndarray) -> dict[str, float]:
    """Mean squared correlation of innovations across series of panels, beyond what chance gives."""
    u = PLAIN.estimate(y).filter(y).filtered_innovations()[..., PLAIN.lags :]
    v = u / np.sqrt((u**2).mean(-1, keepdims=True))
    length = v.shape[-1]
    apart = ~np.eye(y.shape[1], dtype=bool)
    found = {}
    for k in (0, 1, 2, 4):
        matrix = v[..., k:] @ v[..., : length - k].swapaxes(-1, -2) / (length - k)
        found[f"across series {k}"] = float((matrix[:, apart] ** 2).mean() - 1 / length)
    return found


class Distance:
    """Between simulated and real panels; 0 where all quantiles agree."""

    def __init__(self, real: dict[str, np.ndarray], economies: int = 240):
        self.economies = economies
        self.lengths = {name: y.shape[1] for name, y in real.items()}
        self.moments = {name: moments(y) for name, y in real.items()}
        self.together = {name: together(_panels(y)) for name, y in real.items()}

    def parts(self, prior: Prior) -> dict[tuple[str, str], float]:
        """The distance moment by moment, for each panel."""
        found = {}
        for name, length in self.lengths.items():
            y = simulate(self.economies, 5, length, np.random.default_rng(3), prior)
            for moment, made in moments(y.reshape(-1, length)).items():
                real = np.quantile(self.moments[name][moment], QUANTILES)
                gap = np.abs(real - np.quantile(made, QUANTILES)).mean()
                found[name, moment] = gap / (real[3] - real[1])
            for moment, made in together(y).items():
                ratio = max(made, 2e-4) / max(self.together[name][moment], 2e-4)
                found[name, moment] = abs(np.log(ratio)) / 4
        return found

    def __call__(self, prior: Prior) -> float:
        """Their mean."""
        return float(np.mean(list(self.parts(prior).values())))


def _panels(y: np.ndarray) -> np.ndarray:
    """Sixty panels of five series each, drawn at random."""
    rng = np.random.default_rng(0)
    return np.stack([y[rng.permutation(len(y))[:5]] for _ in range(60)])


def sweep(distance: Distance, prior: Prior, move: bool) -> Prior:
    """One pass over the grid, printed; with `move` each range goes to its best value."""
    for name, values in GRID.items():
        row = {v: distance(replace(prior, **{name: v})) for v in values}
        best = min(row, key=row.__getitem__)
        if move and row[best] < distance(prior):
            prior = replace(prior, **{name: best})
        cells = "  ".join(f"{v:g}: {d:.4f}" for v, d in row.items())
        print(f"{name:11s} at {getattr(prior, name):<5g} {cells}", flush=True)
    return prior


def line_up(file: Path, rows: int = 6, columns: int = 5, seed: int = 5) -> None:
    """Draw real series unlabelled among simulated ones of their length, and say which they are."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from econdiff.data import load

    panel, _ = load("us-macro")
    rules = choose(panel)
    real = {name: rules[name].to_model(x.to_numpy(float))[2:] for name, x in panel.items()}
    rng = np.random.default_rng(seed)
    places = dict(zip(rng.permutation(rows * columns), real, strict=False))
    length = len(next(iter(real.values())))
    made = simulate(rows * columns, 1, length, rng, replace(Prior(), markets=0.0))[:, 0]
    figure, axes = plt.subplots(rows, columns, figsize=(11, 9), layout="constrained")
    for k, axis in enumerate(axes.flat):
        y = real[places[k]] if k in places else made[k]
        axis.plot((y - np.nanmean(y)) / np.nanstd(y), color="black", linewidth=0.7)
        axis.set(xticks=[], yticks=[], title=str(k + 1))
        axis.title.set_fontsize(8)
    figure.suptitle("Which of these quarterly series are real? (standardised)", fontsize=11)
    figure.savefig(file, dpi=110)
    print("real:", {int(k) + 1: name for k, name in sorted(places.items())})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sweeps", type=int, default=0)
    parser.add_argument("--picture", type=Path, help="draw the line-up instead")
    options = parser.parse_args()
    if options.picture:
        line_up(options.picture)
        return
    real = {name: read(options.data, *where) for name, where in PANELS.items()}
    print({name: f"{len(y)} series, {y.shape[1]} periods" for name, y in real.items()})
    distance = Distance(real)
    chosen = replace(Prior(), markets=0.0)
    print(f"before {distance(BEFORE):.4f}, now {distance(chosen):.4f}\n")
    prior = BEFORE
    for _ in range(options.sweeps):
        prior = sweep(distance, prior, move=True)
        print(f"-> {distance(prior):.4f} {prior}\n")
    sweep(distance, chosen, move=False)
    parts = distance.parts(chosen)
    print("\nby moment:", {f"{a}, {b}": round(d, 2) for (a, b), d in parts.items()})


if __name__ == "__main__":
    main()
