"""The words that `econdiff` understands: a table of commands, and a parser made of it."""

import argparse
from typing import NoReturn

import econdiff
from econdiff.cli.command import Command, Family
from econdiff.cli.forecasting import BACKTEST, DEMO, FORECAST, NOWCAST, REPORT
from econdiff.cli.panels import DATA, DOCTOR
from econdiff.cli.risk import CREDIT, RISK, RISK_BACKTEST
from econdiff.cli.scenarios import SCENARIO, STRUCTURAL
from econdiff.cli.synthetic import SYNTH, SYNTH_REPORT

COMMANDS: tuple[Command | Family, ...] = (
    DEMO,
    FORECAST,
    BACKTEST,
    SCENARIO,
    STRUCTURAL,
    NOWCAST,
    REPORT,
    SYNTH,
    SYNTH_REPORT,
    RISK,
    CREDIT,
    RISK_BACKTEST,
    DATA,
    DOCTOR,
)


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """End with code 2."""
        self.exit(2, f"econdiff: {message}; see {self.prog} --help\n")


def parser() -> Parser:
    """The parser of every command; what it gives back holds `run` and what was said, no more."""
    made = Parser(
        prog="econdiff",
        description="Draws the future of an economy, many times.",
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"econdiff {econdiff.__version__}")
    actions = made.add_subparsers(metavar="COMMAND", required=True)
    common = _common()
    for entry in COMMANDS:
        if isinstance(entry, Command):
            _add(actions, entry, common)
            continue
        family = actions.add_parser(entry.name, help=entry.does, allow_abbrev=False)
        members = family.add_subparsers(metavar="ACTION", required=True)
        for command in entry.commands:
            _add(members, command, common)
    return made


def _common() -> Parser:
    """Options that every command has."""
    common = Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON object")
    common.add_argument("--quiet", action="store_true", help="print nothing but errors")
    common.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return common


def _add(actions: "argparse._SubParsersAction[Parser]", command: Command, common: Parser) -> None:
    made = actions.add_parser(
        command.name,
        help=command.does,
        description=command.does,
        parents=[common],
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,  # defaults stand in the requests
    )
    made.set_defaults(run=command.run)
    for add in command.options:
        add(made)
