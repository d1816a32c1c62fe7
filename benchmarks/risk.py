"""Market risk, section D of the protocol: index, portfolios, golden values.

    python benchmarks/risk.py index               S&P 500, one day
    python benchmarks/risk.py ten-days            the same, ten days
    python benchmarks/risk.py stocks              20 stocks, 10 portfolios, one joint model each
    python benchmarks/risk.py large-cap FILE      77 companies, 2010 - June 2025
    python benchmarks/risk.py golden FILE         every backtest against values of R, MATLAB, Python
    python benchmarks/risk.py choose-index FILE   S&P 500 before the test; FILE: ticker, date, close
    python benchmarks/risk.py choose-slope FILE   what a return owes to the last, the same days
    python benchmarks/risk.py choose-weights FILE weights of its members by past loss, after that
    python benchmarks/risk.py choose-stocks       the stocks of 1994-2004
    python benchmarks/risk.py choose-ranges FILE  six companies of 1994-2002 with highs and lows
    python benchmarks/risk.py choose-joint-ranges FILE  the companies of 1994-2009, joint
    python benchmarks/risk.py usual FILE          the parameters that `quantile_mean` holds

Data come with `arch` (S&P 500) and `skfolio` (20 stocks). `--model diffusion` adds any model by
the command's name to the tables of index, ten days and stocks, `--leave NAME` leaves one out of the
index. Settings are chosen in the `choose` parts, on days before those of the tables;
`risk_stress.py` has the stress given the market.
"""

import argparse
from pathlib import Path

from risk_choice import choose_index, choose_ranges, choose_slope, choose_stocks, usual
from risk_golden import golden
from risk_index import index, index_ten_days
from risk_portfolios import JOINT_MODELS, choose_joint_ranges, joint, large_cap, stocks_study
from risk_weights import choose_weights

from econdiff.commands.models import named_model

WITH_FILE = (
    "choose-index",
    "choose-slope",
    "choose-weights",
    "choose-ranges",
    "choose-joint-ranges",
    "usual",
    "large-cap",
    "golden",
)


def main() -> None:
    """Parse, and run one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ("index", "ten-days", "stocks", "choose-stocks", *WITH_FILE)
    parser.add_argument("part", choices=parts)
    parser.add_argument("file", type=Path, nargs="?", help=f"for {', '.join(WITH_FILE)}")
    parser.add_argument("--model", action="append", default=[], help="any model of the command")
    parser.add_argument("--leave", action="append", default=[], help="a row of the index")
    parser.add_argument("--cache", type=Path, default=Path("build/risk"))
    asked = parser.parse_args()
    extra = {name: named_model(name) for name in asked.model}
    cache, choice = asked.cache, asked.cache / "choice"
    if asked.part in WITH_FILE and asked.file is None:
        parser.error(f"{asked.part} needs a file")
    run = {
        "index": lambda: index(extra, asked.leave, cache),
        "ten-days": lambda: index_ten_days(extra, cache),
        "stocks": lambda: joint(stocks_study(), JOINT_MODELS | extra, cache),
        "large-cap": lambda: large_cap(asked.file, extra, cache),
        "golden": lambda: golden(asked.file),
        "choose-index": lambda: choose_index(asked.file, choice),
        "choose-slope": lambda: choose_slope(asked.file, choice),
        "choose-weights": lambda: choose_weights(asked.file, choice),
        "choose-stocks": lambda: choose_stocks(choice),
        "choose-ranges": lambda: choose_ranges(asked.file),
        "choose-joint-ranges": lambda: choose_joint_ranges(asked.file, choice),
        "usual": lambda: usual(asked.file),
    }
    run[asked.part]()


if __name__ == "__main__":
    main()
