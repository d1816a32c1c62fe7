"""The models that an economist would use otherwise, one a file, by the command's names."""

from collections.abc import Callable
from importlib import import_module

from econdiff.forecast import Model


def _settings(page: str, model: str, **settings: int) -> Callable[[], Model]:
    """A maker of `model(**settings)` that imports its page only when it is called."""

    def make() -> Model:
        return getattr(import_module(f"econdiff.baselines.{page}"), model)(**settings)

    return make


def _pool() -> Model:
    """The pool of the linear models, each of which takes under a second."""
    from econdiff.baselines.pool import Pool

    return Pool(tuple(BASELINES[name]() for name in ("ar", "ar60", "var", "bvar")))


BASELINES: dict[str, Callable[[], Model]] = {
    "rw": _settings("random_walk", "RandomWalk"),
    "climatology": _settings("climatology", "Climatology"),
    "climatology60": _settings("climatology", "Climatology", window=60),
    "ar": _settings("ar", "AR"),
    "ar60": _settings("ar", "AR", window=60),
    "arima": _settings("arima", "ARIMA"),
    "ets": _settings("ets", "ETS"),
    "var": _settings("var", "VAR"),
    "bvar": _settings("bvar", "BVAR"),
    "dfm": _settings("dfm", "DFM"),
    "bvar-sv": _settings("bvar_sv", "BVARSV"),
    "garch": _settings("garch", "GARCH", asymmetric=False),
    "garch-fhs": _settings("garch", "GARCH", asymmetric=False, filtered=True),
    "gjr": _settings("garch", "GARCH"),
    "gjr-fhs": _settings("garch", "GARCH", filtered=True),
    "gjr-evt": _settings("garch", "GARCH", tails=True),
    "tgarch": _settings("garch", "GARCH", power=1),
    "harch": _settings("harch", "HARCH"),
    "pdv": _settings("path_dependent", "PathDependent"),
    "mixed-volatility": _settings("mixed_volatility", "MixedVolatility"),
    "quantile-mean": _settings("quantile_mean", "QuantileMean"),
    "hs": _settings("historical_simulation", "HistoricalSimulation"),
    "ewma": _settings("ewma", "EWMA"),
    "ewma-fhs": _settings("ewma", "EWMA", filtered=True),
    "caviar": _settings("caviar", "CAViaR"),
    "market-fhs": _settings("market_fhs", "MarketFHS"),
    "market-factor": _settings("market_factor", "MarketFactor"),
    "dcc": _settings("dcc", "DCC"),
    "pool": _pool,
}

RANGED: dict[str, Callable[[], Model]] = {
    "range-volatility": _settings("range_volatility", "RangeVolatility"),
    "market-range": _settings("market_range", "MarketRange"),
}
"""Models of prices that need each day's high and low beside the close."""
