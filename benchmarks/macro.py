"""Density forecasts of five US quarterly series, protocol A: pseudo real time, latest data.

    python benchmarks/macro.py [--data FOLDER | --fred-qd FILE] [--models diffusion,anchor,ar,...]
    python benchmarks/macro.py --weights FILE --since 1970Q1 --until 1984Q4 --paths 300
    python benchmarks/macro.py --floor 0       # every model keeps the funds rate above it

FRED-QD; GDP, CPI and PCE inflation as 400 dlog of the quarter, unemployment and the funds rate
as levels. Every model sees the rows up to the origin and nothing else, one configuration for
all series and origins. Targets 1985Q1-2019Q4, then 2020Q1-2021Q4 and 2022Q1 on, apart; or those
of `--since` and `--until`; the first origin is the quarter before, at every horizon. Energy
scores are in standard deviations of 1959-1985, the unit in which an autoregression has the
protocol's 2.34. Losing cells are printed first.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from density import arguments, models, origins, page, read_options, without_failures

from econdiff.backtest import Trial, backtest, losses, within
from econdiff.scoring import diebold_mariano
from econdiff.transforms import Difference, Floors, Transformed

STEPS = (1, 2, 4, 8)
PERIODS = (("1985Q1", "2019Q4"), ("2020Q1", "2021Q4"), ("2022Q1", "2023Q3"))
WITH_DENSITY = ("diffusion", "anchor", "ar", "ar60", "var")
MODELS = "diffusion,anchor,ar,ar60,climatology,climatology60,rw,arima,ets,var,bvar,pool"


def read(file: Path) -> pd.DataFrame:
    """The five series of a FRED-QD file, in the units of the protocol."""
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


def trials_of(options: argparse.Namespace, panel: pd.DataFrame) -> list[Trial]:
    """Every model from every origin whose next quarter lies in the stretches asked for."""
    since, until = options.since or PERIODS[0][0], options.until or PERIODS[-1][1]
    named = models(options.models, options.weights)
    if options.floor is not None:
        above = Floors({"FFR": options.floor}, dict.fromkeys(panel.columns, Difference()))
        named = {name: Transformed(model, above) for name, model in named.items()}
    return list(
        backtest(
            named, panel, horizon=max(STEPS),
            origins=origins(panel, since, until, options.every), paths=options.paths,
            seed=1, scale=panel[:"1985Q4"].std().to_dict(),
            folder=options.out, workers=options.workers,
        )
    )  # fmt: skip


def log_scores(options: argparse.Namespace, panel: pd.DataFrame, since: str, until: str) -> None:
    """Minus the exact log density of the joint path of 5 series x 8 quarters, in nats."""
    named = models([m for m in options.models if m in WITH_DENSITY], options.weights)
    trials = backtest(
        named, panel, horizon=max(STEPS), paths=2, seed=1, densities=True, folder=options.out,
        origins=origins(panel, since, until, options.log_score), workers=options.workers,
    )  # fmt: skip
    table = losses(trials, "log_path").pivot(index="row", columns="model", values="loss").dropna()
    print(f"\n== minus log density of the path, nats, {len(table)} origins ==")
    for name, values in table.items():
        p = diebold_mariano(
            values.to_numpy(), table["ar"].to_numpy(), horizon=-(-max(STEPS) // options.log_score)
        ).p_value
        print(f"{name:12s} {values.mean():8.3f}   p of a difference from ar {p:.3f}")


def main() -> None:
    parser = arguments(__doc__ or "", models=MODELS, paths=1000, out="macro")
    parser.add_argument("--fred-qd", type=Path, help="a FRED-QD file, levels, dates first")
    parser.add_argument("--since", help="first target, as 1985Q1")
    parser.add_argument("--until", help="last target")
    parser.add_argument(
        "--log-score",
        type=int,
        default=0,
        metavar="N",
        help="exact log densities too, at every N-th origin: half a minute each",
    )
    parser.add_argument("--floor", type=float, metavar="X", help="of the funds rate, in per cent")
    options = read_options(parser)
    if options.log_score and options.floor is not None:
        parser.error("--log-score knows the models without a floor only")
    if options.log_score and "ar" not in options.models:
        parser.error("--log-score compares with ar; name it in --models")
    panel = read(options.fred_qd or options.data / "macro_us" / "fred_qd_2023-10_permitted.csv.gz")
    trials = without_failures(trials_of(options, panel))
    asked = (options.since or PERIODS[0][0], options.until or PERIODS[-1][1])
    for since, until in [asked] if options.since or options.until else PERIODS:
        print(f"\n== targets {since} to {until} ==")
        page(within(trials, since, until), STEPS)
    if options.log_score:
        log_scores(options, panel, *asked)


if __name__ == "__main__":
    main()
