"""The options of `econdiff demo, forecast, backtest, nowcast` and `report`."""

from argparse import ArgumentParser
from pathlib import Path

from econdiff.cli.command import Command
from econdiff.cli.options import draws, floor, folder, horizon, model, older, panel, stack, workers
from econdiff.cli.words import count, names, positive


def _demo(command: ArgumentParser) -> None:
    command.add_argument("--out", type=Path, metavar="DIR")


def _against(command: ArgumentParser) -> None:
    command.add_argument(
        "--against",
        type=names,
        metavar="A,B",
        help="models to compare with at past origins; default: rw,ar",
    )
    command.add_argument(
        "--origins",
        type=count,
        metavar="N",
        help="past origins to compare at; default: 12, and 0 for none",
    )


def _trials(command: ArgumentParser) -> None:
    command.add_argument("--models", type=names, metavar="A,B", help="default: diffusion,rw,ar,var")
    command.add_argument(
        "--origins", type=positive, required=True, metavar="N", help="the latest so many"
    )
    command.add_argument(
        "--every", type=positive, metavar="K", help="rows between origins; default: 1"
    )
    command.add_argument(
        "--edge",
        action="store_true",
        help="every history ends in as ragged an edge as INPUT: pseudo real time",
    )
    command.add_argument(
        "--real-time",
        type=int,
        metavar="DAYS",
        help="histories as they stood so many days after the end of a period; INPUT is a snapshot "
        "of econdiff data pull alfred",
    )


def _result(command: ArgumentParser) -> None:
    command.add_argument("folder", type=Path, metavar="DIR")


DEMO = Command("demo", "forecast the US economy and a stock index", "demo:demo", (_demo, draws))
FORECAST = Command(
    "forecast",
    "draw the future of a panel",
    "forecast:forecast",
    (panel, stack, floor, horizon, model, _against, draws, workers, folder),
)
BACKTEST = Command(
    "backtest",
    "score models at past origins",
    "backtest:backtest",
    (panel, stack, floor, horizon, _trials, draws, workers, folder),
)
NOWCAST = Command(
    "nowcast",
    "what is not published yet",
    "nowcast:nowcast",
    (panel, stack, floor, model, older, draws),
)
REPORT = Command(
    "report", "make the page of a result again from its folder", "report:report", (_result,)
)
