"""Density forecasts of ten US monthly series, 1, 3, 6 and 12 months ahead, on latest data.

    python benchmarks/monthly.py [--data FOLDER | --fred-md FILE] [--every 6] [--paths 500]

FRED-MD: INDPRO, PAYEMS, CPI, M2 and commodity prices as 1200 dlog of the month, housing starts as
100 log, rates as levels; all ten forecast jointly. Targets from 1985-01 to 2019-12.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from density import arguments, models, origins, page, read_options, without_failures

from econdiff.backtest import backtest, within

STEPS = (1, 3, 6, 12)
SINCE, UNTIL = "1985-01", "2019-12"
GROWTH = {"INDPRO": "INDPRO", "PAYEMS": "PAYEMS", "CPI": "CPIAUCSL", "M2": "M2SL", "PPI": "PPICMM"}
LEVEL = {"UNR": "UNRATE", "FFR": "FEDFUNDS", "TB3": "TB3MS", "GS10": "GS10"}


def read_fred_md(file: Path) -> pd.DataFrame:
    """A FRED-MD file in levels, by month."""
    table = pd.read_csv(file)
    table = table[table.iloc[:, 0] != "Transform:"].dropna(subset=table.columns[0])
    index = pd.PeriodIndex(pd.to_datetime(table.iloc[:, 0]), freq="M")
    return table.iloc[:, 1:].set_axis(index).astype(float)


def panel_of(table: pd.DataFrame) -> pd.DataFrame:
    """The ten series, in the units of the page."""
    growth = {name: 1200 * np.log(table[code]).diff() for name, code in GROWTH.items()}
    level = {name: table[code] for name, code in LEVEL.items()}
    return pd.DataFrame({**growth, **level, "HOUST": 100 * np.log(table["HOUST"])}).dropna()


def main() -> None:
    parser = arguments(
        __doc__ or "", models="diffusion,anchor,ar,ar60,climatology60,rw,bvar", paths=500,
        out="monthly", every=6,
    )  # fmt: skip
    parser.add_argument("--fred-md", type=Path, help="a FRED-MD file, levels, dates first")
    options = read_options(parser)
    file = options.fred_md or options.data / "macro_us" / "fred_md_2023-10_permitted.csv.gz"
    panel = panel_of(read_fred_md(file))
    trials = list(
        backtest(
            models(options.models, options.weights), panel, horizon=max(STEPS),
            origins=origins(panel, SINCE, UNTIL, options.every), paths=options.paths, seed=1,
            scale=panel[:"1984-12"].std().to_dict(), folder=options.out, workers=options.workers,
        )
    )  # fmt: skip
    print(f"== targets {SINCE} to {UNTIL}, every {options.every}th origin ==")
    page(within(without_failures(trials), SINCE, UNTIL), STEPS)


if __name__ == "__main__":
    main()
