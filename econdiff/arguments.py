"""What every door asks of the arguments it is given."""

from numbers import Integral

import numpy as np


def check_draws(paths: int, rng: np.random.Generator) -> None:
    """Refuse to draw no paths, or with a `rng` that is no generator."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is a generator: say rng=np.random.default_rng(0), not rng={rng}")
    check_count("paths", paths)


def check_count(name: str, count: object, least: int = 1) -> None:
    """Refuse what is no whole number (TypeError), or fewer than `least` (ValueError)."""
    if not isinstance(count, Integral) or isinstance(count, bool):
        raise TypeError(f"{name} must be a whole number, got {count!r}")
    if count < least:
        raise ValueError(f"{name} must be at least {least}, got {count}")
