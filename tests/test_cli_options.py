"""The parser against the functions that it fills: no option is lost, no default said wrongly."""

import argparse
import functools
import inspect
import re
from dataclasses import dataclass, fields, is_dataclass
from importlib import import_module
from typing import get_type_hints

import pytest

from econdiff.cli import main
from econdiff.cli.command import Command
from econdiff.cli.filling import filled
from econdiff.cli.parser import COMMANDS, parser
from econdiff.commands import scenario as module
from econdiff.commands.answer import Answer
from econdiff.data.pulled import Request

EVERY = [one for entry in COMMANDS for one in getattr(entry, "commands", (entry,))]
COMMON = {"help", "json", "quiet", "debug"}
ANYWAY = {"command": "econdiff", "progress": "bars"}


@dataclass(frozen=True)
class Inner:
    name: str
    size: int = 3


@dataclass(frozen=True)
class Asked:
    inner: Inner
    models: tuple[str, ...] = ("a",)


def answer(asked: Asked, command: str, *, seed: int = 7) -> tuple[Asked, str, int]:
    return asked, command, seed


def test_requests_are_filled_by_name_and_what_was_not_said_keeps_its_default():
    said = {"name": "n", "command": "c", "models": ["x", "y"], "unknown": 1}
    assert filled(answer, said) == (Asked(Inner("n", 3), ("x", "y")), "c", 7)
    assert filled(answer, said | {"size": 5, "seed": 0})[0].inner.size == 5
    with pytest.raises(TypeError, match="name"):
        filled(answer, {"command": "c"})


def function(command: Command):
    module, name = command.run.split(":")
    return getattr(import_module(f"econdiff.commands.{module}"), name)


@functools.cache
def actions(command: Command) -> tuple[argparse.Action, ...]:
    made = argparse.ArgumentParser(argument_default=argparse.SUPPRESS)
    for add in command.options:
        add(made)
    return tuple(action for action in made._actions if action.dest not in COMMON)


def called(command: Command, said: dict) -> list:
    """The values that the function of a command was given, those inside its request too."""
    asked = function(command)

    @functools.wraps(asked)
    def record(*args, **kwargs):
        return list(inspect.signature(asked).bind(*args, **kwargs).arguments.values())

    return spread(filled(record, said))


def spread(values: list) -> list:
    found = []
    for value in values:
        inner = [getattr(value, f.name) for f in fields(value)] if is_dataclass(value) else None
        found += [value] if inner is None else spread(inner)
    return found


@pytest.mark.parametrize("command", EVERY, ids=lambda command: command.run)
def test_every_option_reaches_the_function_of_its_command(command):
    said = {action.dest: object() for action in actions(command)}
    given = called(command, said | ANYWAY)
    assert [dest for dest, value in said.items() if value not in given] == []


@pytest.mark.parametrize("command", EVERY, ids=lambda command: command.run)
def test_what_must_be_said_is_all_that_a_command_needs(command):
    needed = {action.dest: object() for action in actions(command) if action.required}
    called(command, needed | ANYWAY)
    for dest in needed:
        rest = {key: value for key, value in needed.items() if key != dest}
        with pytest.raises(TypeError, match=dest):
            called(command, rest | ANYWAY)


def defaults(asked) -> dict:
    kinds, found = get_type_hints(asked), {}
    for name, parameter in inspect.signature(asked).parameters.items():
        if is_dataclass(kinds.get(name)):
            found |= defaults(kinds[name])
        else:
            found[name] = parameter.default
    return found


def test_the_help_says_the_defaults_that_hold():
    checked, wrong = 0, []
    for command in EVERY:
        held = defaults(function(command))
        for action in actions(command):
            told = re.search(r"default: ([^ ;,]+(,[^ ;,]+)*)($|, )", action.help or "")
            told = told or re.search(r"^([\w-]+) \(default\)", action.help or "")
            if told:
                checked += 1
                if (action.type or str)(told[1]) != held[action.dest]:
                    wrong.append((command.name, action.dest, told[1], held[action.dest]))
    assert wrong == []
    assert checked > 50


def test_no_default_stands_in_the_parser():
    optional = [(c.name, a) for c in EVERY for a in actions(c) if not a.required]
    assert [(name, a.dest) for name, a in optional if a.default != argparse.SUPPRESS] == []


def test_what_is_not_said_is_not_in_the_namespace():
    said = vars(parser().parse_args(["forecast", "us-macro", "--horizon", "4", "--out", "o"]))
    assert said.keys() == {"input", "horizon", "out", "json", "quiet", "debug", "run"}


def test_repeated_options_arrive_together(monkeypatch, tmp_path):
    heard = []

    def scenario(request, command, progress):
        heard.append(request)
        return Answer({}, "done")

    monkeypatch.setattr(module, "scenario", functools.update_wrapper(scenario, module.scenario))
    words = ["scenario", "us-macro", "--horizon", "4", "--out", str(tmp_path / "o"), "--quiet"]
    assert main([*words, "--pin", "unemp=9,9", "--pin", "cpi=2"]) == 0
    assert heard[0].pins == ("unemp=9,9", "cpi=2")
    assert heard[0].reading.input == "us-macro"


WRONG = {
    "data show us-macro --freq bogus": "argument --freq: 'bogus' is not a frequency",
    "data pull fred GDPC1 --freq Z": "argument --freq: 'Z' is not a frequency",
    "data pull fred X --start 1999/1/1": "argument --start: a day as 2024-03-31 is needed",
    "data pull fred X --end soon": "argument --end: a day as 2024-03-31 is needed",
    "data pull fred X --start 2001-01-01 --end 2000-01-01": "is after end 2000-01-01; swap them",
    "data pull fred X,X": "series asked for twice: X",
    "data pull yahoo SPY --as-of 2020-01-01": "--as-of is for fred, not yahoo",
    "data pull fred X --returns": "--returns is for yahoo, not fred",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_said_wrongly_ends_with_code_2_and_asks_no_service(words, capsys, monkeypatch):
    monkeypatch.setattr("econdiff.commands.data.pull", None)
    try:
        code = main(words.split())
    except SystemExit as ended:
        code = ended.code
    assert (code, WRONG[words] in capsys.readouterr().err) == (2, True)


def test_a_request_for_a_frequency_that_is_none_is_refused_before_it_is_sent():
    assert Request(("GDPC1",), freq="quarterly").freq == "quarterly"
    with pytest.raises(ValueError, match="'Z' is not a frequency that is known"):
        Request(("GDPC1",), freq="Z")
