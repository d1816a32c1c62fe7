"""The command `econdiff`: progress bars, printing and exit codes; `parser` knows the words.

Exit codes: 0 all is well, 1 the run failed, 2 the command was used wrongly. An error is
one line on stderr; `--debug` adds the traceback. `--json` prints one object on stdout.
"""

import argparse
import json
import os
import shlex
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Event, Thread

from econdiff.cli.filling import filled
from econdiff.cli.parser import parser
from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.progress import Step, silent

FIRST = 10.0  # seconds of work before a log hears of it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives back the exit code."""
    said = list(sys.argv[1:] if arguments is None else arguments)
    code = 0
    with _reader_may_leave():
        code = _run(parser().parse_args(said), command_line(said))
    return code


def command_line(said: Sequence[str]) -> str:
    """The command as it was typed, but for the folders above files: they are nobody's business."""
    unsaid = ("--json", "--quiet", "--debug")
    return shlex.join(["econdiff", *(_homeless(word) for word in said if word not in unsaid)])


def _homeless(word: str) -> str:
    """A word, or the value of an --option=VALUE, without its folders if it is an absolute path."""
    option, mark, value = word.partition("=") if word.startswith("--") else ("", "", word)
    return option + mark + (Path(value).name if os.path.isabs(value) else value)


def _run(chosen: argparse.Namespace, command: str) -> int:
    try:
        answer = _answer(chosen, command)
    except KeyboardInterrupt as stop:
        return _failed(chosen, "; ".join(["stopped before the end", *map(str, stop.args)]), 1)
    except UsageError as error:
        return _failed(chosen, str(error), 2)
    except Exception as error:  # noqa: BLE001 - the last door: one line, and the rest by --debug
        return _failed(chosen, str(error) or type(error).__name__, 1)
    if chosen.json:
        facts = {"exit": answer.code, **answer.facts}
        print(json.dumps(facts, indent=2, ensure_ascii=False, default=str))
    elif not chosen.quiet:
        print(answer.words)
    return answer.code


def _answer(chosen: argparse.Namespace, command: str) -> Answer:
    """Import the function that the parser chose, and call it with what was said."""
    module, name = chosen.run.split(":")
    function = getattr(import_module(f"econdiff.commands.{module}"), name)
    progress = silent if chosen.quiet else _bar
    return filled(function, vars(chosen) | {"command": command, "progress": progress})


def _failed(chosen: argparse.Namespace, error: str, code: int) -> int:
    if chosen.debug:
        traceback.print_exc()
    message = " ".join(error.split())
    print(f"econdiff: {message}", file=sys.stderr)
    if chosen.json:
        print(json.dumps({"exit": code, "error": message}, indent=2, ensure_ascii=False))
    return code


@contextmanager
def _bar(what: str, total: int) -> Iterator[Step]:
    """A bar on stderr for whatever takes more than two seconds; in a pipe or a log, lines."""
    from tqdm import tqdm

    if not sys.stderr.isatty():
        with _lines(what, total) as step:
            yield step
        return
    with tqdm(total=total, desc=what, file=sys.stderr, delay=1.5, leave=False) as shown:
        yield shown.update


@contextmanager
def _lines(what: str, total: int) -> Iterator[Step]:
    """How far long work is, in lines on stderr: the first after `FIRST` seconds, one a minute."""
    over, done = Event(), 0

    def step() -> None:
        nonlocal done
        done += 1

    def tell() -> None:
        wait = FIRST
        while not over.wait(wait):
            print(f"econdiff: {what}: {done} of {total} done", file=sys.stderr, flush=True)
            wait = 60.0

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield step
    finally:
        over.set()
        teller.join()


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """Let `econdiff ... | head` end quietly: what is left to print then goes nowhere."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
