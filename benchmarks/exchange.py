"""Eight exchange rates, 30 days ahead, protocol C: the diffusion literature's own benchmark.

    python benchmarks/exchange.py FILE [--paths 100] [--seeds 5] [--origins 60]

FILE is `exchange_rate.txt(.gz)` of Lai et al. (2018): 7588 days, 8 rates, no header. GluonTS's
`exchange_rate_nips` is its first 6071 days to learn from and five windows of 30 days to forecast.
Its scores: CRPS and CRPS-sum are quantile losses at .05 ... .95, over the sum of what came;
coverage is that of the central 90%. After them, `--origins` windows that do not overlap, back from
the end of the file, for the test: losses of each window, Diebold-Mariano against the
EWMA-filtered historical simulation. All models see log returns; nothing is trained.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from density import models

from econdiff.baselines.ewma import EWMA
from econdiff.baselines.random_walk import RandomWalk
from econdiff.forecast import Model
from econdiff.scoring import diebold_mariano, model_confidence_set, pinball

DAYS, LEARN, WINDOWS = 30, 6071, 5
LEVELS = np.arange(1, 20) / 20


def read(file: Path) -> pd.DataFrame:
    """The rates [day x rate], positive."""
    rates = pd.read_csv(file, header=None)
    if rates.shape[1] < 2 or not (rates.to_numpy() > 0).all():
        raise ValueError(f"{file.name} should hold positive rates in columns, without a header")
    rates.columns = [f"rate {k + 1}" for k in range(rates.shape[1])]
    return rates.set_axis(pd.bdate_range("1990-01-01", periods=len(rates)))


def futures(
    model: Model, levels: pd.DataFrame, paths: int, rng: np.random.Generator, walks: bool
) -> np.ndarray:
    """Rates [path, day, rate] after the last row of `levels`."""
    logs = np.log(levels)
    panel = logs if walks else 100 * logs.diff().iloc[1:]
    draws = model.fit(panel).sample(panel, horizon=DAYS, paths=paths, rng=rng).samples
    return np.exp(draws if walks else logs.iloc[-1].to_numpy() + draws.cumsum(axis=1) / 100)


def losses(draws: np.ndarray, came: np.ndarray) -> dict[str, float]:
    """Sums over one window of quantile losses and of what they are measured by."""
    quantiles = np.quantile(draws, LEVELS, axis=0)
    total = np.quantile(draws.sum(axis=-1), LEVELS, axis=0)
    inside = (quantiles[0] <= came) & (came <= quantiles[-1])
    return {
        "crps": 2 * float(pinball(quantiles, came, LEVELS).mean(axis=0).sum()),
        "size": float(np.abs(came).sum()),
        "crps_sum": 2 * float(pinball(total, came.sum(axis=-1), LEVELS).mean(axis=0).sum()),
        "size_sum": float(np.abs(came.sum(axis=-1)).sum()),
        "coverage90": float(inside.mean()),
    }


def windows(
    rates: pd.DataFrame, starts: list[int], model: Model, walks: bool, paths: int, seed: int
) -> Iterator[dict[str, float]]:
    """The losses of each window that begins at a row of `starts`."""
    for start in starts:
        rng = np.random.default_rng([seed, start])
        draws = futures(model, rates.iloc[:start], paths, rng, walks)
        yield losses(draws, rates.iloc[start : start + DAYS].to_numpy())


def scores(table: pd.DataFrame) -> dict[str, float]:
    """The three scores of some windows."""
    total = table.sum()
    return {"CRPS": total.crps / total["size"], "CRPS-sum": total.crps_sum / total.size_sum,
            "coverage 90": table.coverage90.mean()}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--paths", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--origins", type=int, default=60)
    parser.add_argument("--weights", type=Path, help="a weights file; without it the package's")
    options = parser.parse_args()
    rates = read(options.file)
    named: dict[str, Model] = {
        "bootstrap random walk": RandomWalk(),
        "EWMA-FHS": EWMA(filtered=True),
        **models(["anchor", "diffusion"], options.weights),
    }
    official = [LEARN + DAYS * k for k in range(WINDOWS)]
    rows = {}
    for name, model in named.items():
        walks = isinstance(model, RandomWalk)
        each = [
            scores(pd.DataFrame(windows(rates, official, model, walks, options.paths, seed)))
            for seed in range(options.seeds)
        ]
        table = pd.DataFrame(each)
        rows[name] = table.mean().to_dict() | {"CRPS, spread of seeds": table.CRPS.std()}
    print(f"== exchange_rate_nips, 5 windows, mean of {options.seeds} seeds ==")
    print(pd.DataFrame(rows).T.round(5).to_string())

    starts = [len(rates) - DAYS * k for k in range(options.origins, 0, -1)]
    by_model = {
        name: pd.DataFrame(
            windows(rates, starts, model, isinstance(model, RandomWalk), options.paths, 0)
        )
        for name, model in named.items()
    }
    print(f"\n== {options.origins} windows that do not overlap ==")
    relative = {name: (t.crps / t["size"]).to_numpy() for name, t in by_model.items()}
    confidence = model_confidence_set(
        np.stack(list(relative.values()), axis=1), rng=np.random.default_rng(0)
    )
    rows = {}
    for (name, table), p in zip(by_model.items(), confidence, strict=True):
        test = diebold_mariano(relative[name], relative["EWMA-FHS"])
        rows[name] = scores(table) | {"DM p against EWMA-FHS": test.p_value, "MCS p": p}
    print(pd.DataFrame(rows).T.round(5).to_string())


if __name__ == "__main__":
    main()
