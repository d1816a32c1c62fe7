"""The one door: a panel by its name or path, and a pull from a service."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from econdiff.data.alignment import Aggregation
from econdiff.data.bundled import list_bundled, load_bundled
from econdiff.data.errors import FrequencyError, UnknownSourceError
from econdiff.data.pulled import Pulled, Request
from econdiff.data.snapshots import (
    FOLDER,
    is_snapshot,
    list_snapshots,
    read_snapshot,
    write_snapshot,
)
from econdiff.data.source import Source
from econdiff.data.transport import ApiKey, Transport
from econdiff.panel import read_panel
from econdiff.panel.frequency import NAMES, parse_frequency

SERVICES = ("fred", "fredgraph", "alfred", "yahoo")


def load(
    source: str | Path,
    *,
    freq: str | None = None,
    gaps: Literal["error", "nan"] = "error",
    series: Sequence[str] | None = None,
    id: str = "unique_id",
    time: str = "ds",
    value: str = "y",
    sheet: str | int | None = None,
    folder: Path | str = FOLDER,
) -> tuple[pd.DataFrame, Source]:
    """A panel and where it comes from.

    `source` is the name of a bundled panel, the name or path of a snapshot, or the path
    of a file (CSV, Parquet, Excel), looked for in this order. `freq`, `gaps`, `id`, `time`,
    `value` and `sheet` say how a file is to be read; see `econdiff.panel.read_panel`.
    """
    if not isinstance(source, str | PathLike):
        raise TypeError(
            f"load takes the name of a panel or the path of a file, got {type(source).__name__}; "
            "a frame is read by econdiff.panel.read_panel(frame)"
        )
    name, path = str(source), Path(source)
    series = [series] if isinstance(series, str) else series
    if name in {entry.name for entry in list_bundled()}:
        panel, found = load_bundled(name)
    elif is_snapshot(Path(folder) / name) or is_snapshot(path):
        panel, found = read_snapshot(name, folder=folder)
    elif path.is_file():
        panel = read_panel(
            path, freq=freq, gaps=gaps, series=series, id=id, time=time, value=value, sheet=sheet
        )
        return panel, _file_source(path, panel)
    else:
        raise _unknown(name, Path(folder))
    if freq is not None:
        _check_frequency(panel, freq, name)
    return (panel if series is None else _select(panel, series, name)), found


def pull(
    service: str,
    series: Sequence[str],
    *,
    start: str | None = None,
    end: str | None = None,
    freq: str | None = None,
    aggregation: Aggregation | Mapping[str, Aggregation] | None = None,
    as_of: str | None = None,
    returns: bool = False,
    folder: Path | str = FOLDER,
    key: ApiKey | None = None,
    transport: Transport | None = None,
    session: Any = None,
    came: Callable[[str], None] = lambda name: None,
) -> tuple[pd.DataFrame, Source]:
    """Pull series from a service and keep them as a dated snapshot; whole, or an error.

    `service` is "fred" (with a key; `as_of` gives the data of a past day), "fredgraph"
    (FRED without a key), "alfred" (every value ever published) or "yahoo" (`returns` in
    place of prices). See `econdiff.data.TERMS` before. Days are ISO text, both included.
    `freq` and `aggregation` are those of `econdiff.data.pulled.Request`: a series of a higher
    frequency is brought down by its mean, a price by its last value, returns by their sum.
    """
    wanted = (series,) if isinstance(series, str) else tuple(series)
    request = Request(wanted, start, end, freq, aggregation)
    if as_of is not None and service != "fred":
        raise ValueError(f"as_of is for the service 'fred', got {service!r}")
    if returns and service != "yahoo":
        raise ValueError(f"returns is for the service 'yahoo', got {service!r}")
    pulled = _pull(service, request, as_of, returns, key, transport, session, came)
    written = write_snapshot(pulled, folder=folder)
    return read_snapshot(written.name, folder=folder)


def _pull(
    service: str,
    request: Request,
    as_of: str | None,
    returns: bool,
    key: ApiKey | None,
    transport: Transport | None,
    session: Any,
    came: Callable[[str], None],
) -> Pulled:
    """Ask the service; each loader is imported here, so that its package stays unloaded before."""
    if service == "fred" and as_of is not None:
        from econdiff.data.alfred import pull_as_of

        return pull_as_of(request, as_of, key=key, transport=transport, came=came)
    if service == "fred":
        from econdiff.data.fred import pull_fred

        return pull_fred(request, key=key, transport=transport, came=came)
    if service == "fredgraph":
        from econdiff.data.fredgraph import pull_fredgraph

        return pull_fredgraph(request, transport=transport, came=came)
    if service == "alfred":
        from econdiff.data.alfred import pull_vintages

        return pull_vintages(request, key=key, transport=transport, came=came)
    if service == "yahoo":
        from econdiff.data.yahoo import pull_yahoo

        return pull_yahoo(request, returns=returns, session=session, came=came)
    raise UnknownSourceError(f"there is no service {service!r}; say one of {', '.join(SERVICES)}")


def _file_source(path: Path, panel: pd.DataFrame) -> Source:
    return Source(
        name=path.name,
        kind="file",
        units=panel.attrs.get("units", {}),
        titles=panel.attrs.get("titles", {}),
        sha256=sha256(path.read_bytes()).hexdigest(),
        notes=tuple(panel.attrs.get("notes", ())),
    )


def _check_frequency(panel: pd.DataFrame, freq: str, name: str) -> None:
    own = pd.PeriodIndex(panel.index).freqstr[0]
    if parse_frequency(freq) != own:
        raise FrequencyError(
            f"{name} is {NAMES[own]} and {freq!r} was asked for; leave freq (--freq) out, "
            "or bring the series to that frequency when you pull them"
        )


def _select(panel: pd.DataFrame, series: Sequence[str], name: str) -> pd.DataFrame:
    missing = [one for one in series if one not in panel]
    if missing:
        raise UnknownSourceError(
            f"{name} has no series {', '.join(missing)}; it has {', '.join(map(str, panel))}"
        )
    return panel.loc[:, list(series)]


def _unknown(name: str, folder: Path) -> UnknownSourceError:
    bundled = [entry.name for entry in list_bundled()]
    snapshots = [found.name for found in list_snapshots(folder)]
    close = get_close_matches(name, [*bundled, *snapshots], n=1)
    meant = f" Did you mean {close[0]!r}?" if close else ""
    return UnknownSourceError(
        f"there is no file, snapshot or bundled panel {name!r}.{meant} "
        f"Bundled: {', '.join(bundled)}. Snapshots in {folder}: {', '.join(snapshots) or 'none'}"
    )
