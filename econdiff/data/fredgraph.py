"""FRED without a key: the public CSV download behind the website's graphs.

It gives the latest values only, and neither titles nor units; the frequency is told
from the dates. With a key, `fred` gives all of these.
"""

from collections.abc import Callable
from io import StringIO

import pandas as pd

from econdiff.data.errors import EmptyAnswerError, FrequencyError, ServiceError, UnknownSeriesError
from econdiff.data.pulled import Pulled, Request, Series, assemble
from econdiff.data.transport import SHARED, Reply, Transport
from econdiff.panel.frequency import NAMES, infer_frequency, to_periods

URL = "https://fred.stlouisfed.org/graph/fredgraph.csv"
_DATE_COLUMNS = ("observation_date", "date")  # the second until 2024


def pull_fredgraph(
    request: Request,
    *,
    transport: Transport | None = None,
    came: Callable[[str], None] = lambda series_id: None,
) -> Pulled:
    """The latest values of many series, as one panel; all of them or an error."""
    transport = transport or SHARED
    columns, series = {}, {}
    for series_id in request.series:
        asked = {"id": series_id, "cosd": request.start, "coed": request.end}
        reply = transport.get(URL, {name: said for name, said in asked.items() if said})
        columns[series_id] = values = _read(reply, series_id)
        series[series_id] = Series(frequency=NAMES[pd.PeriodIndex(values.index).freqstr[0]])
        came(series_id)
    notes = ("pulled without a key: titles and units are not known",)
    return assemble("FRED graph download", request, columns, series, notes=notes)


def _read(reply: Reply, series_id: str) -> pd.Series:
    if reply.status == 404:
        raise UnknownSeriesError(
            f"FRED has no series {series_id!r}; look the id up at https://fred.stlouisfed.org"
        )
    if reply.status != 200 or reply.body.split(",")[0].lower() not in _DATE_COLUMNS:
        raise ServiceError(
            f"FRED's download of {series_id!r} is not the CSV it should be "
            f"(HTTP {reply.status}). Pull again later, or pull from 'fred' with a key"
        )
    try:
        table = pd.read_csv(StringIO(reply.body), na_values=["."], index_col=0)
        dates = pd.to_datetime(table.index, format="%Y-%m-%d")
        values = table.iloc[:, 0].astype(float)
    except (ValueError, IndexError) as error:
        raise ServiceError(
            f"FRED's download of {series_id!r} cannot be read: {error}. Pull again later"
        ) from None
    if values.notna().sum() == 0:
        raise EmptyAnswerError(
            f"FRED has no values of {series_id!r} in the time asked for; ask for a longer time"
        )
    letter = infer_frequency(dates)
    if letter is None:
        raise FrequencyError(
            f"the frequency of {series_id!r} cannot be told from its {len(dates)} dates; "
            "ask for a longer time, or pull from 'fred' with a key"
        )
    return pd.Series(values.to_numpy(), index=to_periods(dates, letter))
