"""Options that several commands share."""

from argparse import ArgumentParser
from pathlib import Path

from econdiff.cli import words
from econdiff.cli.words import count, names, positive


def panel(command: ArgumentParser) -> None:
    """INPUT and how it is read: `econdiff.commands.reading.Reading`."""
    command.add_argument("input", metavar="INPUT", help="a file, a bundled panel or a snapshot")
    command.add_argument("--series", type=names, metavar="A,B", help="these only")
    frequency(command)
    command.add_argument(
        "--gaps",
        choices=("error", "nan"),
        help="periods missing from the index: refuse them (default) or read them as not known",
    )
    command.add_argument(
        "--transform",
        metavar="T",
        help="auto (default), none, file, or FRED-MD codes such as GDP=5,UNRATE=2",
    )
    for name, column in (("id", "unique_id"), ("time", "ds"), ("value", "y")):
        what = "dates" if name == "time" else f"{name}s of a long table"
        command.add_argument(
            f"--{name}", metavar="COL", help=f"column of {what}; default: {column}"
        )
    command.add_argument("--sheet", metavar="NAME", help="of an Excel file")


def stack(command: ArgumentParser) -> None:
    """`--stack` and `--stack-series`: months beside quarters."""
    command.add_argument(
        "--stack",
        metavar="INPUT",
        help="a panel of a higher frequency (months beside quarters), each series as one column a "
        "month of the quarter: what is published of a quarter that is not over counts",
    )
    command.add_argument("--stack-series", type=names, metavar="A,B", help="these of it only")


def floor(command: ArgumentParser) -> None:
    """`--floor`, of commands whose models look through transforms only."""
    command.add_argument(
        "--floor",
        type=words.levels,
        metavar="NAME=X,..",
        help="series that stay above a level: a policy rate and its lower bound, FEDFUNDS=0",
    )


def frequency(command: ArgumentParser) -> None:
    """`--freq`."""
    command.add_argument(
        "--freq", type=words.frequency, metavar="F", help="D, W, M, Q or Y; inferred where not said"
    )


def horizon(command: ArgumentParser) -> None:
    """`--horizon`."""
    command.add_argument("--horizon", type=positive, required=True, metavar="H", help="steps ahead")


def model(command: ArgumentParser) -> None:
    """`--model`."""
    command.add_argument("--model", metavar="NAME", help="default: diffusion")


def draws(command: ArgumentParser) -> None:
    """`--paths` and `--seed`."""
    command.add_argument(
        "--paths", type=positive, metavar="N", help="default: 1000; time goes with it"
    )
    seed(command)


def many_draws(command: ArgumentParser) -> None:
    """The same, where tails are asked for."""
    command.add_argument("--paths", type=positive, metavar="N", help="default: 5000")
    seed(command)


def seed(command: ArgumentParser) -> None:
    """`--seed`."""
    command.add_argument("--seed", type=count, metavar="S", help="default: 0")


def workers(command: ArgumentParser) -> None:
    """`--workers`."""
    command.add_argument("--workers", type=positive, metavar="N", help="processes")


def folder(command: ArgumentParser) -> None:
    """`--out` and `--overwrite`."""
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to make")
    command.add_argument("--overwrite", action="store_true", help="replace an earlier result")


def older(command: ArgumentParser) -> None:
    """`--older` and `--older-stack`."""
    command.add_argument(
        "--older",
        type=Path,
        metavar="FILE",
        help="an earlier vintage of INPUT: which release and which revision moved the forecast",
    )
    command.add_argument(
        "--older-stack",
        type=Path,
        metavar="FILE",
        help="an earlier vintage of the panel of --stack",
    )


def assumed(
    command: ArgumentParser, what: str = "a table with holes (CSV, Excel), or TOML"
) -> None:
    """`--scenario` and `--pin`."""
    command.add_argument("--scenario", type=Path, metavar="FILE", help=what)
    command.add_argument(
        "--pin",
        dest="pins",
        action="append",
        metavar="NAME=V,V",
        help="values from the first step on, or NAME=baseline+100bp for 4, or one period, "
        "NAME@2026Q1=5.5; may be repeated",
    )
