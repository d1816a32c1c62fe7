"""The options of `econdiff data list, show, pull`, and of `doctor`, which has none."""

from argparse import ArgumentParser

from econdiff.cli.command import Command, Family
from econdiff.cli.options import panel
from econdiff.cli.words import day, frequency, names


def _pulled(command: ArgumentParser) -> None:
    command.add_argument("service", choices=("fred", "fredgraph", "alfred", "yahoo"))
    command.add_argument("series", type=names, metavar="A,B", help="series ids or tickers")
    command.add_argument("--start", type=day, metavar="DATE", help="first day, YYYY-MM-DD")
    command.add_argument("--end", type=day, metavar="DATE", help="last day, YYYY-MM-DD")
    command.add_argument(
        "--freq", type=frequency, metavar="F", help="bring all series to this frequency"
    )
    command.add_argument(
        "--aggregation",
        choices=("mean", "last", "sum"),
        help="how a series is brought to a lower frequency; default: by its mean, a price by its "
        "last value, returns by their sum",
    )
    command.add_argument(
        "--as-of", type=day, metavar="DATE", help="fred: what was known on that day"
    )
    command.add_argument("--returns", action="store_true", help="yahoo: returns, not prices")


DATA = Family(
    "data",
    "list, pull and show panels",
    (
        Command("list", "bundled panels and snapshots", "data:list_data"),
        Command("show", "what is understood of a panel", "data:show_data", (panel,)),
        Command("pull", "pull series and keep them as a snapshot", "data:pull_data", (_pulled,)),
    ),
)
DOCTOR = Command("doctor", "check the installation", "doctor:doctor")
