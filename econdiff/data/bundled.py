"""Panels that come with packages already installed: nothing is downloaded or copied."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

import pandas as pd

from econdiff.data.errors import UnknownSourceError
from econdiff.data.source import Source, fingerprint


@dataclass(frozen=True)
class Bundled:
    """A panel inside a package: how it is read, and what its series are."""

    name: str
    title: str
    origin: str  # the module that holds it
    read: Callable[[], pd.DataFrame]  # PeriodIndex, columns as in `series`
    series: Mapping[str, tuple[str, str]]  # name -> title, units
    vintage: str = ""
    notes: tuple[str, ...] = ()


def list_bundled() -> list[Bundled]:
    """What is there, in the order in which to look at it."""
    return list(_BUNDLED.values())


def load_bundled(name: str) -> tuple[pd.DataFrame, Source]:
    """The panel of that name (see `list_bundled`) and where it comes from."""
    if name not in _BUNDLED:
        raise UnknownSourceError(
            f"there is no bundled panel {name!r}; there are: {', '.join(_BUNDLED)}"
        )
    entry = _BUNDLED[name]
    panel = entry.read().reindex(columns=list(entry.series)).astype(float)
    panel.index.name = "period"
    units = {series: unit for series, (_, unit) in entry.series.items()}
    titles = {series: title for series, (title, _) in entry.series.items()}
    panel.attrs = {"units": units, "titles": titles, "notes": [entry.title, *entry.notes]}
    source = Source(
        name=name,
        kind="bundled",
        title=entry.title,
        units=units,
        titles=titles,
        vintage=entry.vintage,
        sha256=fingerprint(panel),
        notes=(f"read from {entry.origin}", *entry.notes),
    )
    return panel, source


def _statsmodels(dataset: str) -> pd.DataFrame:
    return import_module(f"statsmodels.datasets.{dataset}").load_pandas().data


def _arch(dataset: str) -> pd.DataFrame:
    return import_module(f"arch.data.{dataset}").load()


def _by_period(frame: pd.DataFrame, freq: str) -> pd.DataFrame:
    return frame.set_index(pd.DatetimeIndex(frame.index).to_period(freq))


def _by_year_and_quarter(frame: pd.DataFrame) -> pd.DataFrame:
    index = pd.PeriodIndex.from_fields(
        year=frame["year"].astype(int), quarter=frame["quarter"].astype(int), freq="Q"
    )
    return frame.set_index(index)


def _us_markets() -> pd.DataFrame:
    indices = {name: _arch(name)["Adj Close"] for name in ("sp500", "nasdaq")}
    prices = pd.DataFrame(indices)
    prices["vix"] = _arch("vix")["vix"].reindex(prices.index)
    return _by_period(prices, "D")


def _us_prices() -> pd.DataFrame:
    return _by_period(_arch("core_cpi").rename(columns={"CPILFESL": "core_cpi"}), "M")


def _us_credit() -> pd.DataFrame:
    return _by_period(_arch("default").rename(columns=str.lower), "M")


def _us_factors() -> pd.DataFrame:
    frame = _arch("frenchdata").rename(columns={"Mkt-RF": "market"}).rename(columns=str.lower)
    months = pd.DatetimeIndex(frame.index).as_unit("ns").asi8  # arch reads 192607 as nanoseconds
    return frame.set_index(
        pd.PeriodIndex.from_fields(year=months // 100, month=months % 100, freq="M")
    )


def _oil() -> pd.DataFrame:
    return _by_period(_arch("crude").rename(columns=str.lower), "M")


def _oil_daily() -> pd.DataFrame:
    frame = _by_period(_arch("wti").rename(columns={"DCOILWTICO": "wti"}), "D")
    return frame.dropna()


def _denmark() -> pd.DataFrame:
    return _by_period(_statsmodels("danish_data"), "Q")


def _electrical_equipment() -> pd.DataFrame:
    frame = _statsmodels("elec_equip")
    return _by_period(frame.set_axis(["turnover"], axis="columns"), "M")


_CHAINED = "billions of chained 2005 dollars, annual rate"
_FACTOR = "per cent a month"
_LOG = "logarithm"

_BUNDLED = {
    entry.name: entry
    for entry in (
        Bundled(
            "us-macro",
            "United States, quarterly, 1959 Q1 to 2009 Q3",
            "statsmodels.datasets.macrodata",
            lambda: _by_year_and_quarter(_statsmodels("macrodata")),
            {
                "realgdp": ("Real gross domestic product", _CHAINED),
                "realcons": ("Real personal consumption expenditures", _CHAINED),
                "realinv": ("Real gross private domestic investment", _CHAINED),
                "realgovt": ("Real federal consumption and gross investment", _CHAINED),
                "realdpi": ("Real private disposable income", _CHAINED),
                "cpi": ("Consumer price index, end of quarter", "index, 1982-84 = 100"),
                "m1": ("Money stock M1, end of quarter", "billions of dollars"),
                "tbilrate": (
                    "Three-month Treasury bill rate, quarterly average",
                    "per cent a year",
                ),
                "unemp": ("Unemployment rate", "per cent"),
                "pop": ("Population, end of quarter", "millions of persons"),
            },
            vintage="2009-12-15",
            notes=(
                "data as known in December 2009, not in real time",
                "the package's infl and realint are left out: they are made from cpi and tbilrate",
            ),
        ),
        Bundled(
            "us-markets",
            "US stock indices and the VIX, daily, 1999 to 2018",
            "arch.data: sp500, nasdaq, vix",
            _us_markets,
            {
                "sp500": ("S&P 500, close", "index points"),
                "nasdaq": ("NASDAQ Composite, close", "index points"),
                "vix": ("CBOE volatility index VIX, close", "per cent a year"),
            },
            notes=(
                "price indices, dividends not included",
                "vix is known from 2014 on only",
                "days on which the S&P 500 did not trade are left out",
            ),
        ),
        Bundled(
            "us-credit",
            "Moody's seasoned corporate bond yields, monthly, 1919 to 2018",
            "arch.data.default",
            _us_credit,
            {
                "aaa": ("Moody's seasoned Aaa corporate bond yield", "per cent a year"),
                "baa": ("Moody's seasoned Baa corporate bond yield", "per cent a year"),
            },
        ),
        Bundled(
            "us-core-cpi",
            "US consumer prices without food and energy, monthly, 1957 to 2018",
            "arch.data.core_cpi",
            _us_prices,
            {"core_cpi": ("CPI, all items less food and energy", "index, 1982-84 = 100")},
        ),
        Bundled(
            "us-factors",
            "Fama-French three factors, monthly, 1926 to 2018",
            "arch.data.frenchdata",
            _us_factors,
            {
                "market": ("Market return less the riskless rate", _FACTOR),
                "smb": ("Small minus big", _FACTOR),
                "hml": ("High minus low book-to-market", _FACTOR),
                "rf": ("Riskless rate, one-month Treasury bill", _FACTOR),
            },
            notes=("from the data library of Kenneth R. French",),
        ),
        Bundled(
            "oil",
            "Crude oil prices, monthly, 1987 to 2020",
            "arch.data.crude",
            _oil,
            {
                "brent": ("Crude oil, Brent", "dollars a barrel"),
                "wti": ("Crude oil, West Texas Intermediate", "dollars a barrel"),
            },
        ),
        Bundled(
            "oil-daily",
            "Crude oil, West Texas Intermediate, daily, 1986 to 2019",
            "arch.data.wti",
            _oil_daily,
            {"wti": ("Crude oil, West Texas Intermediate, Cushing", "dollars a barrel")},
            notes=("days without a price are left out",),
        ),
        Bundled(
            "germany",
            "German inflation and long-term interest rate, quarterly, 1972 Q2 to 1998 Q4",
            "statsmodels.datasets.interest_inflation",
            lambda: _by_year_and_quarter(_statsmodels("interest_inflation")),
            {
                "Dp": ("Change of the logarithm of the GDP deflator", "log change a quarter"),
                "R": ("Nominal long-term interest rate", "fraction a year"),
            },
            notes=("not seasonally adjusted; West Germany until 1990",),
        ),
        Bundled(
            "denmark",
            "Danish money demand, quarterly, 1974 Q1 to 1987 Q3",
            "statsmodels.datasets.danish_data",
            _denmark,
            {
                "lrm": ("Real money", _LOG),
                "lry": ("Real income", _LOG),
                "lpy": ("Prices", _LOG),
                "ibo": ("Bond rate", "fraction a year"),
                "ide": ("Deposit rate", "fraction a year"),
            },
        ),
        Bundled(
            "euro-electrical",
            "Turnover of electrical equipment makers, euro area, monthly, 1995 to 2016",
            "statsmodels.datasets.elec_equip",
            _electrical_equipment,
            {"turnover": ("Manufacture of electrical equipment, turnover", "index, 2010 = 100")},
            notes=("adjusted for working days, not seasonally adjusted",),
        ),
    )
}
