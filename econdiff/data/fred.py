"""FRED through fredapi, over our own transport.

fredapi builds the requests and reads the answers; it never sees the key, and what
it would say on a failure is said here, one exception type a failure.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import fredapi
import pandas as pd

from econdiff.data.errors import (
    BadKeyError,
    DataError,
    EmptyAnswerError,
    FrequencyError,
    ServiceError,
    UnknownSeriesError,
)
from econdiff.data.pulled import Pulled, Request, Series, assemble
from econdiff.data.transport import SHARED, ApiKey, Reply, Transport

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_REPRESENTABLE = {"D": "D", "M": "M", "Q": "Q", "A": "Y"}


def pull_fred(
    request: Request,
    *,
    key: ApiKey | None = None,
    transport: Transport | None = None,
    came: Callable[[str], None] = lambda series_id: None,
) -> Pulled:
    """The latest values of many series, as one panel; all of them or an error.

    The key is that of FRED_API_KEY unless one is given. `came` is called after each series.
    """
    api = _Api(key or ApiKey.from_environment(), transport or SHARED)
    columns, series = {}, {}
    for series_id in request.series:
        info = api.info(series_id)
        values = api.observations(series_id, request.start, request.end)
        columns[series_id] = by_period(values, info, series_id)
        series[series_id] = describe(info)
        came(series_id)
    return assemble("FRED", request, columns, series)


class _Api(fredapi.Fred):
    """fredapi with the transport under it. It holds the key for the transport alone.

    fredapi's own constructor is not run: it would install a process-wide opener.
    """

    def __init__(self, key: ApiKey, transport: Transport) -> None:
        self._key, self._transport, self._asked = key, transport, ""

    def info(self, series_id: str) -> Mapping[str, Any]:
        """Title, units, frequency of a series."""
        self._asked = series_id
        return self.get_series_info(quote(series_id, safe="")).to_dict()

    def observations(self, series_id: str, start: str | None, end: str | None) -> pd.Series:
        """Its values by date; '.' is missing."""
        self._asked = series_id
        try:
            return self.get_series(quote(series_id, safe=""), start, end)
        except (TypeError, ValueError) as error:
            raise ServiceError(
                f"FRED's values of {series_id!r} cannot be read: {error}. Pull again later"
            ) from None

    def _Fred__fetch_data(self, url: str) -> ET.Element:  # noqa: N802 - fredapi's name for it
        """Every request of fredapi passes here."""
        parts = urlsplit(url)
        reply = self._transport.get(
            f"{parts.scheme}://{parts.netloc}{parts.path}",
            dict(parse_qsl(parts.query)),
            key=self._key,
        )
        check_reply(reply, self._asked)
        try:
            return ET.fromstring(reply.body)
        except ET.ParseError as error:
            raise ServiceError(
                f"FRED's answer for {self._asked!r} is not whole XML ({error}). Pull again later"
            ) from None


def check_reply(reply: Reply, series_id: str) -> None:
    """Turn a refusal into the exception that says what it means."""
    if reply.status != 200:
        raise refusal(reply.status, _message(reply.body), series_id)


def refusal(status: int, said: str, series_id: str) -> DataError:
    """What FRED's refusal means; it answers 400 for a bad key and an unknown series alike."""
    if "api_key" in said:
        return BadKeyError(
            f"FRED refuses the API key: {said} "
            "Check FRED_API_KEY: 32 characters, digits and lower-case letters, of a registered key"
        )
    if status == 404 or "does not exist" in said:
        return UnknownSeriesError(
            f"FRED has no series {series_id!r}: {said} "
            "Look the id up at https://fred.stlouisfed.org (for a past day: it may be newer)"
        )
    return ServiceError(f"FRED refused the request for {series_id!r} (HTTP {status}): {said}")


def _message(text: str) -> str:
    """The error's own words, from JSON or XML; else the start of what came."""
    found = re.search(r'"error_message"\s*:\s*"([^"]*)"', text) or re.search(
        r'<error[^>]*\bmessage="([^"]*)"', text
    )
    return " ".join((found[1] if found else text[:200]).split())


def describe(info: Mapping[str, Any]) -> Series:
    """Title, units and frequency as FRED words them."""
    adjustment = info.get("seasonal_adjustment", "")
    units = info.get("units", "")
    return Series(
        title=info.get("title", ""),
        units=f"{units}, {adjustment}" if adjustment not in ("", "Not Applicable") else units,
        frequency=info.get("frequency", ""),
        updated=info.get("last_updated", ""),
    )


def by_period(values: pd.Series, info: Mapping[str, Any], series_id: str) -> pd.Series:
    """Values by date as values by period, at the frequency that FRED gives."""
    if values.notna().sum() == 0:
        raise EmptyAnswerError(
            f"FRED has no values of {series_id!r} in the time asked for; "
            f"it has {info.get('observation_start')} to {info.get('observation_end')}"
        )
    dates = pd.DatetimeIndex(values.index)
    return pd.Series(values.to_numpy(float), index=dates.to_period(_frequency(info, series_id)))


def _frequency(info: Mapping[str, Any], series_id: str) -> str:
    short, words = info.get("frequency_short", ""), info.get("frequency", "")
    if short == "W":  # FRED dates a week by its last day: "Weekly, Ending Saturday"
        day = next((day for day in _WEEKDAYS if words.endswith(day)), "Sunday")
        return f"W-{day[:3].upper()}"
    if short not in _REPRESENTABLE:
        raise FrequencyError(
            f"series {series_id!r} is {words or 'of unknown frequency'}; panels are daily, weekly, "
            "monthly, quarterly or annual. Leave it out"
        )
    return _REPRESENTABLE[short]
