"""econdiff draws the future of an economy, many times."""

from econdiff.forecast import Forecast, Forecaster, Model

__version__ = "0.1.0"
__all__ = ["Forecast", "Forecaster", "Model"]
