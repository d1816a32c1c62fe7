"""From the words of the command line to the function that answers them."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import TypeVar, get_type_hints

Made = TypeVar("Made")


def filled(made: Callable[..., Made], said: Mapping[str, object]) -> Made:
    """`made` called with what was said, by the names of its parameters.

    A parameter whose type is a dataclass (a request, its `Reading`) is filled in the same way
    first. What was not said keeps its default, which so stands in one place; TypeError where there
    is none. An option that may be repeated was gathered in a list and arrives as a tuple.
    """
    kinds = get_type_hints(made)
    words = {}
    for name in inspect.signature(made).parameters:
        kind = kinds.get(name)
        if isinstance(kind, type) and is_dataclass(kind):
            words[name] = filled(kind, said)
        elif name in said:
            value = said[name]
            words[name] = tuple(value) if isinstance(value, list) else value
    return made(**words)
