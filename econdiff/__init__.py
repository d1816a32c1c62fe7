"""econdiff draws the future of an economy, many times."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from econdiff.forecast import Forecast, Forecaster, Model

__version__ = "0.1.0"
__all__ = ["Forecast", "Forecaster", "Model"]


def __getattr__(name: str) -> object:
    """The names of `__all__`, once they are asked for: they need pandas, `--help` does not."""
    if name in __all__:
        return getattr(import_module("econdiff.forecast"), name)
    raise AttributeError(f"module 'econdiff' has no attribute {name!r}")
