"""The options of `econdiff scenario` and `structural`."""

from argparse import ArgumentParser

from econdiff.cli.command import Command
from econdiff.cli.options import assumed, draws, floor, folder, horizon, model, older, panel, stack
from econdiff.cli.words import deviation, names, positive


def _mode(command: ArgumentParser) -> None:
    command.add_argument(
        "--scenario-series",
        type=names,
        metavar="A,B",
        help="these of --scenario FILE only: of a file as it was published, those that are assumed",
    )
    command.add_argument(
        "--mode",
        choices=("hard", "soft", "density", "event", "tilt"),
        help="hard (default): pins hold; soft: seen with an error; density: spread so; "
        "event: the paths in which --event occurs; tilt: paths weighted to have these means",
    )
    command.add_argument(
        "--given-sd",
        type=deviation,
        metavar="SD",
        help="standard deviation of the pins in the modes soft, density and tilt",
    )
    command.add_argument(
        "--event",
        dest="events",
        action="append",
        metavar="EXPR",
        help='weighed, or with --mode event assumed: "growth(GDP) < 0 for 2"; may be repeated',
    )


def _beside(command: ArgumentParser) -> None:
    command.add_argument(
        "--against",
        type=names,
        metavar="A,B",
        help="models that answer beside it in closed form; default: bvar",
    )
    command.add_argument(
        "--target", metavar="NAME", help="growth at risk: quantiles of its average, recessions"
    )
    command.add_argument(
        "--conditions",
        type=names,
        metavar="A,B",
        help="regressors beside the target in the quantile regression that stands beside",
    )


def _scheme(command: ArgumentParser) -> None:
    command.add_argument(
        "--identify",
        required=True,
        metavar="SCHEME",
        help="recursive:A,B,C (the order), or a TOML file: recursive, signs or instrument",
    )


def _shocks(command: ArgumentParser) -> None:
    command.add_argument(
        "--driven-by",
        type=names,
        metavar="A,B",
        help="the shocks that bring the scenario about",
    )
    command.add_argument(
        "--mode",
        choices=("hard", "density"),
        help="hard (default): pins hold; density: they are spread with --given-sd, or as they are "
        "anyway, and the divergence of the shocks is told",
    )
    command.add_argument(
        "--given-sd",
        type=deviation,
        metavar="SD",
        help="standard deviation of the pins in the mode density",
    )
    command.add_argument("--model", metavar="NAME", help="bvar (default) or var")
    command.add_argument("--draws", type=positive, metavar="N", help="of the model; default: 300")


SCENARIO = Command(
    "scenario",
    "what goes with an assumed path",
    "scenario:scenario",
    (panel, stack, floor, horizon, assumed, _mode, model, _beside, older, draws, folder),
)
STRUCTURAL = Command(
    "structural",
    "effects of declared shocks",
    "structural:structural_effects",
    (panel, _scheme, horizon, assumed, _shocks, draws, folder),
)
