"""Density forecasts of ten US monthly series, 1, 3, 6 and 12 months ahead.

    python benchmarks/monthly.py [--data FOLDER | --fred-md FILE] [--every 6] [--paths 500]
    python benchmarks/monthly.py --real-time

FRED-MD: INDPRO, PAYEMS, CPI, M2 and commodity prices as 1200 dlog of the month, housing starts as
100 log, rates as levels; all ten forecast jointly. Targets 1985-01 to 2019-12 on latest data; with
`--real-time` each vintage of FRED-MD since 1999-08 forecasts from what it knew, and truth is the
vintage six months after the target. There an origin is the last month of which all series were out;
what was out beyond it is told to every model, met by Matheron's rule, and not scored.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from density import arguments, models, origins, page, read_options, without_failures

from econdiff.backtest import backtest, within
from econdiff.transforms import Difference, Transformed
from econdiff.windows import edge_rows_of

STEPS = (1, 3, 6, 12)
SINCE, UNTIL = "1985-01", "2019-12"
TRUTH = 6  # months after the target, of the vintage that is the truth
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
    return pd.DataFrame({**growth, **level, "HOUST": 100 * np.log(table["HOUST"])})


def read_vintages(file: Path) -> dict[pd.Period, pd.DataFrame]:
    """What each vintage knew of the ten series, in the units of the page."""
    codes = [*GROWTH.values(), *LEVEL.values(), "HOUST"]
    table = pd.read_parquet(file, filters=[("series", "in", codes)])
    text = ["series", "obs_month", "vintage_first", "vintage_last"]
    table[text] = table[text].astype(str)
    first, last = table.vintage_first.min(), table.vintage_last.max()
    found = {}
    for vintage in pd.period_range(first, last, freq="M"):
        known = (table.vintage_first <= str(vintage)) & (str(vintage) <= table.vintage_last)
        wide = table[known].pivot(index="obs_month", columns="series", values="value")
        panel = panel_of(wide.set_axis(pd.PeriodIndex(wide.index, freq="M"))).dropna(how="all")
        found[vintage] = panel.loc[panel.notna().all(axis=1).idxmax() :]
    return found


def truth_of(vintages: dict[pd.Period, pd.DataFrame]) -> pd.DataFrame:
    """Each month as the vintage `TRUTH` months later has it."""
    rows = {v - TRUTH: panel.reindex([v - TRUTH]).iloc[0] for v, panel in vintages.items()}
    before = next(iter(vintages.values()))  # so that the first origins have a row
    return pd.concat([before.loc[: min(rows) - 1], pd.DataFrame(rows).T])


def main() -> None:
    parser = arguments(
        __doc__ or "", models="diffusion,anchor,ar,ar60,climatology60,rw,bvar", paths=500,
        out="monthly", every=6,
    )  # fmt: skip
    parser.add_argument("--fred-md", type=Path, help="a FRED-MD file, levels, dates first")
    parser.add_argument("--real-time", action="store_true", help="vintages instead of latest data")
    options = read_options(parser)
    tried = models(options.models, options.weights)
    if options.real_time:
        name = "fred_md_vintages_1999-08_2024-03.parquet"
        vintages = read_vintages(options.data / "macro_us_realtime" / name)
        panel = truth_of(vintages)
        known = {
            p.index[len(p) - edge_rows_of(p) - 1]: p for v, p in vintages.items() if str(v) <= UNTIL
        }
        known = dict(list(known.items())[:: options.every])
        rows, since = list(known), str(min(vintages))
        plain = dict.fromkeys(panel.columns, Difference())
        tried = {name: Transformed(model, plain) for name, model in tried.items()}
    else:
        file = options.fred_md or options.data / "macro_us" / "fred_md_2023-10_permitted.csv.gz"
        panel = panel_of(read_fred_md(file)).dropna()
        known, since = None, SINCE
        rows = origins(panel, since, UNTIL, options.every)
    trials = list(
        backtest(
            tried, panel, horizon=max(STEPS), origins=rows,
            vintages=known, paths=options.paths, seed=1, scale=panel[:"1984-12"].std().to_dict(),
            folder=options.out, workers=options.workers,
        )
    )  # fmt: skip
    print(f"== targets {since} to {UNTIL}, every {options.every}th origin ==")
    page(within(without_failures(trials), since, UNTIL), STEPS)


if __name__ == "__main__":
    main()
