"""ALFRED: what was known on a day, and every value that was ever published.

A reader of our own, since fredapi's does not page and stops at the service's limit of
2000 vintages a request. '.' is missing; on one day a date has one value.

The service cuts the life of a value at the edges of the time asked for, so lives that
meet at the edge of two chunks are joined again.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from econdiff.data.errors import EmptyAnswerError, ServiceError
from econdiff.data.fred import by_period, check_reply, describe, refusal
from econdiff.data.pulled import Pulled, Request, assemble, check_day
from econdiff.data.transport import SHARED, ApiKey, Transport

ROOT = "https://api.stlouisfed.org/fred"
MOST_VINTAGES = 2000  # a request
FIRST_DAY, LAST_DAY = "1776-07-04", "9999-12-31"  # the service's words for "ever" and "still"


def pull_as_of(
    request: Request,
    day: str,
    *,
    key: ApiKey | None = None,
    transport: Transport | None = None,
    came: Callable[[str], None] = lambda series_id: None,
) -> Pulled:
    """The panel that could be seen on `day` (ISO): values, units and titles of that day."""
    check_day("as_of", day)
    archive = _Archive(key or ApiKey.from_environment(), transport or SHARED)
    columns, series = {}, {}
    for series_id in request.series:
        info = archive.info(series_id, day)
        lives = archive.lives(series_id, day, day, request)
        columns[series_id] = by_period(known_on(lives, day), info, series_id)
        series[series_id] = describe(info)
        came(series_id)
    pulled = assemble("ALFRED", request, columns, series, vintage=day)
    return replace(pulled, request={**pulled.request, "as_of": day})


def pull_vintages(
    request: Request,
    *,
    key: ApiKey | None = None,
    transport: Transport | None = None,
    came: Callable[[str], None] = lambda series_id: None,
) -> Pulled:
    """The latest panel, with every value ever published beside it in the table `vintages`.

    That table has a row a value: `series, date, known_from, known_until, value`;
    `known_until` is missing for a value that still stands.
    """
    archive = _Archive(key or ApiKey.from_environment(), transport or SHARED)
    columns, series, histories = {}, {}, []
    for series_id in request.series:
        info = archive.info(series_id, None)
        lives = archive.history(series_id, request)
        still = _by_date(lives.loc[lives["known_until"].isna()])
        columns[series_id] = by_period(still, info, series_id)
        series[series_id] = describe(info)
        lives.insert(0, "series", series_id)
        histories.append(lives)
        came(series_id)
    tables = {"vintages": pd.concat(histories, ignore_index=True)}
    return assemble("ALFRED", request, columns, series, tables=tables)


def known_on(lives: pd.DataFrame, day: str) -> pd.Series:
    """The values by date that stood on `day`, from a table of lives of one series."""
    moment = pd.Timestamp(day)
    stood = (lives["known_from"] <= moment) & ~(lives["known_until"] < moment)
    values = _by_date(lives.loc[stood])
    if values.index.has_duplicates:
        twice = values.index[values.index.duplicated()][0]
        raise ServiceError(
            f"ALFRED gives two values of {twice:%Y-%m-%d} on {day}; one was expected. "
            "Pull again later, and report it if it stays"
        )
    return values.sort_index()


@dataclass(frozen=True)
class _Archive:
    """Requests to ALFRED; a life is one value of one date, from when to when it stood."""

    key: ApiKey
    transport: Transport

    def info(self, series_id: str, day: str | None) -> Mapping[str, Any]:
        """Title, units, frequency of a series, as they were on that day."""
        asked = {"realtime_start": day, "realtime_end": day} if day else {}
        found = self._list("series", series_id, "seriess", asked)
        if not found:
            raise refusal(404, "its answer is empty.", series_id)
        return found[0]

    def history(self, series_id: str, request: Request) -> pd.DataFrame:
        """Every life, over chunks of at most 2000 vintages."""
        asked = {"realtime_start": FIRST_DAY, "realtime_end": LAST_DAY}
        vintages = sorted(self._list("series/vintagedates", series_id, "vintage_dates", asked))
        if not vintages:
            raise EmptyAnswerError(
                f"ALFRED keeps no vintages of {series_id!r}; pull it from 'fred', or leave it out"
            )
        chunks = [self.lives(series_id, *edges, request) for edges in _chunks(vintages)]
        return _join(pd.concat([chunk for chunk in chunks if len(chunk)] or chunks[:1]))

    def lives(self, series_id: str, first: str, last: str, request: Request) -> pd.DataFrame:
        """Lives between two days of knowing, cut at these days."""
        asked = {"realtime_start": first, "realtime_end": last}
        asked |= {"observation_start": request.start} if request.start else {}
        asked |= {"observation_end": request.end} if request.end else {}
        rows = self._list("series/observations", series_id, "observations", asked)
        try:
            return pd.DataFrame(
                {
                    "date": _days(rows, "date"),
                    "known_from": _days(rows, "realtime_start"),
                    "known_until": _days(rows, "realtime_end"),
                    "value": [_number(row["value"]) for row in rows],
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(series_id, error) from None

    def _list(self, path: str, series_id: str, name: str, asked: Mapping[str, str]) -> list[Any]:
        """A list from the service, over as many pages as it has."""
        found: list[Any] = []
        while True:
            params = {"series_id": series_id, "file_type": "json", **asked}
            if found:
                params["offset"] = str(len(found))
            reply = self.transport.get(f"{ROOT}/{path}", params, key=self.key)
            check_reply(reply, series_id)
            try:
                answer = json.loads(reply.body)
                page, count = answer[name], answer.get("count", len(answer[name]))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise _unreadable(series_id, error) from None
            found += page
            if len(found) >= count:
                return found
            if not page:
                raise _unreadable(series_id, ValueError(f"{len(found)} of {count} rows came"))


def _chunks(vintages: list[str]) -> Iterator[tuple[str, str]]:
    """First and last day of each chunk; together they cover all time from the first vintage."""
    firsts = vintages[::MOST_VINTAGES]
    for first, following in zip(firsts, [*firsts[1:], None], strict=True):
        yield first, _day_before(following) if following else LAST_DAY


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _join(lives: pd.DataFrame) -> pd.DataFrame:
    """Join lives of the same value that a chunk's edge cut in two."""
    lives = lives.sort_values(["date", "known_from"], ignore_index=True)
    before = lives.shift()
    same = lives["value"].eq(before["value"]) | (lives["value"].isna() & before["value"].isna())
    meets = before["known_until"] + pd.Timedelta(days=1) == lives["known_from"]
    goes_on = same & meets & lives["date"].eq(before["date"])
    first, last = ~goes_on, ~goes_on.shift(-1, fill_value=False)  # rows of a joined life
    joined = lives.loc[first].reset_index(drop=True)
    joined["known_until"] = pd.Series(lives.loc[last, "known_until"].to_numpy())
    return joined


def _by_date(lives: pd.DataFrame) -> pd.Series:
    return pd.Series(lives["value"].to_numpy(), index=pd.DatetimeIndex(lives["date"]))


def _days(rows: Sequence[Mapping[str, str]], name: str) -> pd.Series:
    """ISO dates; '9999-12-31', the service's word for "still", becomes missing."""
    said = pd.Series([row[name] for row in rows], dtype=object)
    return pd.to_datetime(said.where(said != LAST_DAY), format="%Y-%m-%d")


def _number(said: str) -> float:
    return float("nan") if said == "." else float(said)


def _unreadable(series_id: str, error: Exception) -> ServiceError:
    return ServiceError(f"ALFRED's answer for {series_id!r} cannot be read ({error}). Pull again")
