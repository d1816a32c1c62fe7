"""Yahoo Finance through yfinance: daily prices adjusted for splits and dividends.

Every argument of yfinance is said here, so that a new default changes nothing. Returns
are computed here from the adjusted closes, moves that look like faults are named, and
an empty answer is an error.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from econdiff.data.errors import (
    DataError,
    EmptyAnswerError,
    NetworkError,
    NetworkTimeoutError,
    RateLimitedError,
    ServiceError,
    UnknownSeriesError,
)
from econdiff.data.pulled import Pulled, Request, Series, assemble, today

FIRST_DAY = "1927-01-01"
TIMEOUT = 30  # seconds
JUMP_SIZE, JUMP_DEVIATIONS = 0.10, 10.0


def pull_yahoo(
    request: Request,
    *,
    returns: bool = False,
    session: Any = None,
    came: Callable[[str], None] = lambda ticker: None,
) -> Pulled:
    """Adjusted closes (or their returns) of many tickers, with the volume beside them.

    The last day is yesterday (UTC) unless `request.end` says otherwise: today's close is
    not final yet. `session` is a curl_cffi or requests session to use in place of yfinance's own.
    """
    end = request.end or _day_after(today(), -1)
    bars = {}
    for ticker in request.series:
        bars[ticker] = _bars(ticker, request.start or FIRST_DAY, end, session)
        came(ticker)
    closes = {ticker: bar.table["Adj Close"] for ticker, bar in bars.items()}
    notes = [note for ticker, close in closes.items() for note in _jumps(ticker, close)]
    trade_on_weekends = [bool((close.index.day_of_week >= 5).any()) for close in closes.values()]
    if any(trade_on_weekends) and not all(trade_on_weekends):
        closes = {name: close[close.index.day_of_week < 5] for name, close in closes.items()}
        notes.append("weekends are left out: not every ticker trades on them")
    series = {ticker: bar.about for ticker, bar in bars.items()}
    if returns:
        closes = {ticker: log_returns(close) for ticker, close in closes.items()}
        series = {ticker: replace(s, units="per cent, log return") for ticker, s in series.items()}
    usual = "sum" if returns else "last"
    pulled = assemble("Yahoo Finance", request, closes, series, usual=usual, notes=tuple(notes))
    return replace(
        pulled,
        request={**pulled.request, "end": end, "returns": returns, "prices": "adjusted close"},
        tables={"volume": pd.DataFrame({t: bar.table["Volume"] for t, bar in bars.items()})},
    )


def _day_after(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def log_returns(closes: pd.Series) -> pd.Series:
    """100 log(p_t / p_{t-1}) between days on which the price is known, in per cent."""
    known = closes.dropna()
    return pd.Series(100 * np.log(known.to_numpy()), index=known.index).diff().iloc[1:]


@dataclass(frozen=True, eq=False)
class _Bars:
    """Daily bars of one ticker by day, and what it is."""

    table: pd.DataFrame
    about: Series


def _bars(ticker: str, start: str, end: str, session: Any) -> _Bars:
    with _explained(ticker), _raising():
        import yfinance

        handle = yfinance.Ticker(ticker, session=session)
        table = handle.history(
            period=None,
            interval="1d",
            start=start,
            end=_day_after(end, 1),  # excluded there
            prepost=False,
            actions=True,
            auto_adjust=False,
            back_adjust=False,
            repair=False,
            keepna=True,
            rounding=False,
            timeout=TIMEOUT,
        )
        about = handle.history_metadata
        title = about.get("longName") or about.get("shortName") or ticker
        units = f"{about.get('currency') or 'points'}, adjusted close"
    if not table["Adj Close"].notna().to_numpy().any():
        raise _no_prices(ticker)
    _refuse_unadjusted(ticker, table)
    table = table.set_axis(pd.DatetimeIndex(table.index).tz_localize(None).to_period("D"))
    table["Volume"] = table["Volume"].where(table["Close"].notna())
    return _Bars(table, Series(title=title, units=units, frequency="daily"))


def _refuse_unadjusted(ticker: str, table: pd.DataFrame) -> None:
    """Where Yahoo leaves the adjusted close out, yfinance gives the plain one in silence."""
    paid = table["Dividends"].iloc[1:] > 0
    if paid.any() and table["Adj Close"].equals(table["Close"]):
        raise ServiceError(
            f"Yahoo's answer for {ticker!r} has no adjusted closes, though a dividend was paid on "
            f"{paid.idxmax():%Y-%m-%d}: returns would be wrong. Pull again later"
        )


def _jumps(ticker: str, closes: pd.Series) -> Iterator[str]:
    """Days whose move is over 10% and over ten times the usual size: faults, or history.

    The usual size is the median absolute move scaled to a Gaussian standard deviation. Nothing is
    changed.
    """
    moves = log_returns(closes)
    usual = 1.4826 * moves.abs().median()
    limit = max(JUMP_DEVIATIONS * usual, 100 * np.log1p(JUMP_SIZE))
    for day, move in moves.items():
        if abs(move) > limit:
            change = 100 * np.expm1(move / 100)
            yield f"{ticker} moves by {change:+.1f}% on {day}: a fault or history, look at it"


@contextmanager
def _raising() -> Iterator[None]:
    """Let yfinance raise what it would else only log, and keep its warnings about pandas quiet."""
    import yfinance

    debug = yfinance.config.debug
    before = debug.hide_exceptions
    debug.hide_exceptions = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        debug.hide_exceptions = before


@contextmanager
def _explained(ticker: str) -> Iterator[None]:
    """Turn what yfinance and its HTTP client raise into our own exceptions."""
    try:
        yield
    except Exception as error:  # yfinance raises of any type; each gets a name here
        raise _meaning(ticker, error) from error


def _meaning(ticker: str, error: Exception) -> DataError:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    status = getattr(getattr(error, "response", None), "status_code", None)
    if "YFRateLimitError" in kinds:
        return RateLimitedError(
            "Yahoo Finance says there were too many requests. It keeps an address out for a "
            "quarter of an hour or more: wait, then pull fewer tickers at once"
        )
    if "YFPricesMissingError" in kinds and "No data found" not in str(error):
        return _no_prices(ticker)
    if "YFTickerMissingError" in kinds or status == 404:
        return UnknownSeriesError(
            f"Yahoo Finance has no ticker {ticker!r} (or no longer). "
            "Look it up at https://finance.yahoo.com; indices start with ^, as ^GSPC"
        )
    if "Timeout" in kinds or "TimeoutError" in kinds:
        return NetworkTimeoutError(
            f"Yahoo Finance did not answer within {TIMEOUT} seconds for {ticker!r}; "
            "pull again later"
        )
    if "JSONDecodeError" in kinds or "HTTPError" in kinds:
        return ServiceError(
            f"Yahoo Finance answered for {ticker!r} with what cannot be read ({error}). "
            "Pull again later"
        )
    if "ConnectionError" in kinds or "OSError" in kinds:
        return NetworkError(
            f"Yahoo Finance could not be reached for {ticker!r}: {error}. "
            "Check the connection (and the proxy, if you need one), then pull again"
        )
    return ServiceError(
        f"yfinance could not read Yahoo's answer for {ticker!r} ({type(error).__name__}: {error}). "
        "Update yfinance (pip install --upgrade yfinance), or pull again later"
    )


def _no_prices(ticker: str) -> EmptyAnswerError:
    return EmptyAnswerError(
        f"Yahoo Finance has no prices of {ticker!r} in the time asked for; ask for a longer time"
    )
