"""The options of `econdiff risk, credit` and `risk-backtest`."""

from argparse import ArgumentParser
from pathlib import Path

from econdiff.cli.command import Command
from econdiff.cli.options import assumed, folder, horizon, many_draws, model, panel, workers
from econdiff.cli.words import levels, names, numbers, positive, steps


def _measured(command: ArgumentParser) -> None:
    command.add_argument(
        "--weights",
        metavar="FILE|equal",
        help="a table of shares of wealth, a row a series and a column a portfolio, negative where "
        "short; default: the same of each",
    )
    command.add_argument(
        "--alpha",
        dest="alphas",
        type=numbers,
        metavar="A,B",
        help="shares of bad days; default: .01,.025,.05",
    )
    command.add_argument(
        "--horizon", dest="horizons", type=steps, metavar="H,H", help="steps; default: 1,10"
    )
    command.add_argument(
        "--loss",
        type=float,
        metavar="X",
        help="per cent of wealth: the probability of losing more; default: of any loss",
    )
    command.add_argument(
        "--models",
        type=names,
        metavar="A,B",
        help="the first is validated; default: diffusion,gjr-fhs,hs; range-volatility and "
        "market-range also read highs and lows, 'X high' and 'X low' beside 'X'",
    )
    command.add_argument("--high", metavar="NAME", help="of a long table: the column of highs")
    command.add_argument("--low", metavar="NAME", help="of a long table: the column of lows")
    command.add_argument(
        "--backtest", metavar="START", help="forecast every day since START, and test"
    )


def _stressed(command: ArgumentParser) -> None:
    command.add_argument(
        "--factors",
        type=names,
        metavar="A,B",
        help="series to split risk by; default: those not held, else the mean of all",
    )
    command.add_argument(
        "--stress",
        dest="stresses",
        action="append",
        metavar="NAME=-30%",
        help="over the longest horizon, or NAME=+200bp, NAME=80; may be repeated; default: each "
        "series as in the worst stretch of its history",
    )
    assumed(command, "as in econdiff scenario: the loss given it")
    command.add_argument(
        "--supervisory",
        type=Path,
        metavar="FOLDER",
        help="the Federal Reserve's scenario tables, set beside the prices by quarters",
    )
    command.add_argument("--given", type=names, metavar="A,B", help="supervisory variables to pin")
    command.add_argument(
        "--view",
        dest="views",
        action="append",
        metavar="NAME=+5%",
        help="a mean over the longest horizon, said as a stress is: risk under all views together",
    )


def _ruled(command: ArgumentParser) -> None:
    command.add_argument(
        "--liquidity",
        type=Path,
        metavar="FILE",
        help="a table: series, days (10, 20, 40, 60 or 120): ES with liquidity horizons",
    )
    command.add_argument(
        "--pnl",
        type=Path,
        metavar="FILE",
        help="a table: date, hypothetical, risk_theoretical and maybe desk: P&L attribution",
    )


def _fitted(command: ArgumentParser) -> None:
    command.add_argument(
        "--window", type=positive, metavar="N", help="last rows to fit on; default: 1000"
    )
    command.add_argument(
        "--refit", type=positive, metavar="K", help="days between fits; default: 21"
    )


def _linked(command: ArgumentParser) -> None:
    command.add_argument(
        "--rate", metavar="NAME", help="the series of default rates; the only one unless said"
    )
    command.add_argument(
        "--rate-in",
        choices=("percent", "fractions"),
        help="default: percent",
    )
    command.add_argument(
        "--rate-over",
        choices=("year", "period"),
        help="the rate is of a year (default) or of one period of the panel",
    )
    command.add_argument(
        "--drivers",
        type=names,
        metavar="A,B",
        help="macro series that rates follow, NAME or change(NAME); default: all others of INPUT, "
        "of the supervisory tables GDP growth and the change of unemployment",
    )
    command.add_argument(
        "--link-until",
        metavar="PERIOD",
        help="last period that the link is estimated on; 2019Q4 leaves out the pandemic, in which "
        "unemployment rose and fewer loans failed",
    )
    assumed(command, "as in econdiff scenario")
    command.add_argument(
        "--supervisory",
        type=Path,
        metavar="FOLDER",
        help="the Federal Reserve's scenario tables: macro series and scenarios",
    )
    command.add_argument(
        "--probabilities",
        type=levels,
        metavar="A=P,B=P",
        help="of scenarios, which add up to 1: a row of the losses so weighted, as in "
        "'baseline=0.6,severely adverse=0.4'; 'no scenario' is one of them",
    )


def _lent(command: ArgumentParser) -> None:
    command.add_argument(
        "--lgd",
        dest="loss_given_default",
        type=float,
        metavar="S",
        help="loss given default; default: 0.45",
    )
    command.add_argument("--correlation", type=float, metavar="R", help="of assets; default: 0.15")
    command.add_argument("--discount", type=float, metavar="R", help="rate a year; default: 0")
    command.add_argument("--level", type=float, metavar="P", help="of credit VaR; default: 0.999")


def _days(command: ArgumentParser) -> None:
    command.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="a table: date, return, VaR, ES; maybe model and level, as risk's backtest.csv",
    )
    command.add_argument(
        "--alpha", type=float, required=True, metavar="A", help="share of bad days, as 0.01"
    )


RISK = Command(
    "risk",
    "VaR and ES of portfolios, validated",
    "risk:risk",
    (panel, _measured, _stressed, _ruled, _fitted, many_draws, workers, folder),
)
CREDIT = Command(
    "credit",
    "losses of loans by macro scenario",
    "credit:credit",
    (panel, horizon, _linked, _lent, model, many_draws, folder),
)
RISK_BACKTEST = Command(
    "risk-backtest", "test anybody's VaR and ES", "risk_backtest:risk_backtest", (_days, folder)
)
