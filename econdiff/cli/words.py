"""What a word of the command line may be: names, numbers, counts, days."""

import argparse
import math
from datetime import date


def names(text: str) -> tuple[str, ...]:
    """`A,B`."""
    found = tuple(name.strip() for name in text.split(","))
    if "" in found:
        raise argparse.ArgumentTypeError(f"names divided by commas are needed, got {text!r}")
    return found


def levels(text: str) -> tuple[tuple[str, float], ...]:
    """`A=0,B=-0.5`."""
    found = {}
    for part in text.split(","):
        name, _, value = (word.strip() for word in part.rpartition("="))
        try:
            found[name] = float(value)
        except ValueError:
            found[""] = 0.0
    if "" in found or not all(math.isfinite(value) for value in found.values()):
        raise argparse.ArgumentTypeError(
            f"numbers by name are needed, as in FEDFUNDS=0,DGS10=-0.5; got {text!r}"
        )
    return tuple(found.items())


def numbers(text: str) -> tuple[float, ...]:
    """`.01,.05`."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"numbers divided by commas are needed, got {text!r}"
        ) from error


def steps(text: str) -> tuple[int, ...]:
    """`1,10`."""
    return tuple(positive(part.strip()) for part in text.split(","))


def deviation(text: str) -> float:
    """A finite number of at least 0."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"a number of at least 0 is needed, got {text!r}")
    return value


def positive(text: str) -> int:
    """A whole number of at least 1."""
    return _whole_number(text, 1)


def count(text: str) -> int:
    """A whole number of at least 0."""
    return _whole_number(text, 0)


def day(text: str) -> str:
    """`2024-03-31`."""
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"a day as 2024-03-31 is needed, got {text!r}") from error
    return text


def frequency(text: str) -> str:
    """`Q`, `quarterly`, ...: as it was said."""
    from econdiff.panel.frequency import parse_frequency  # imports pandas: only when asked

    try:
        parse_frequency(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _whole_number(text: str, least: int) -> int:
    if not text.removeprefix("-").isdigit() or int(text) < least:
        raise argparse.ArgumentTypeError(
            f"a whole number of at least {least} is needed, got {text!r}"
        )
    return int(text)
