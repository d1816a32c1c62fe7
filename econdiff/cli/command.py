"""What is known of a command before it is called."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A name, what it does, the function `module:name` of `econdiff.commands`, and its options.

    Each of `options` adds some to the parser, in this order. The destination of an option is
    the name of a parameter of the function, or of a field of its request (`filling`).
    """

    name: str
    does: str
    run: str
    options: tuple[Callable[[argparse.ArgumentParser], None], ...] = ()


@dataclass(frozen=True)
class Family:
    """Commands under one word, as `econdiff data list`."""

    name: str
    does: str
    commands: tuple[Command, ...]
