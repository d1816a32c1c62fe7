"""Dated snapshots: a panel on disk with a manifest that says what it is.

    data/snapshots/fred-2026-11-20-1f3a9c20d4e7/
        manifest.json    request, time, series, units, vintage, sha256 of each table
        panel.parquet    period (its first day), one column a series
        volume.parquet   or other tables that came with it

A snapshot is written under a temporary name and renamed: it is whole or not there. Its
name ends in the first digits of the hash of all that it holds but the time of the pull,
and it is never changed or overwritten.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from econdiff.data.errors import DamagedSnapshotError, UnknownSourceError
from econdiff.data.pulled import Pulled
from econdiff.data.source import Source
from econdiff.data.terms import TERMS

FOLDER = Path("data/snapshots")
FORMAT = 1
_MANIFEST, _PANEL = "manifest.json", "panel"
_CONTENT = ("service", "request", "vintage", "freq", "series", "notes", "tables")


def write_snapshot(pulled: Pulled, *, folder: Path | str = FOLDER) -> Source:
    """Write a pull as a snapshot in `folder`; the same pull of the same day is kept once."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", suffix=".tmp", dir=folder))
    try:
        manifest = _write_tables(pulled, draft)
        _write(draft / _MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False).encode())
        place = folder / manifest["name"]
        try:
            os.rename(draft, place)
        except OSError:
            if not is_snapshot(place):
                raise
            read_snapshot(place)  # the same pull, an hour ago: it stays, if it is sound
        return _source(place, _read_manifest(place))
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def read_snapshot(name: str | Path, *, folder: Path | str = FOLDER) -> tuple[pd.DataFrame, Source]:
    """The panel of a snapshot, by its name or its path; its hash is checked."""
    place = _place(name, Path(folder))
    manifest = _read_manifest(place)
    table = _read_table(place, manifest, _PANEL)
    panel = table.set_axis(pd.DatetimeIndex(table.index).to_period(manifest["freq"]))
    panel.index.name = "period"
    source = _source(place, manifest)
    panel.attrs = {
        "units": dict(source.units),
        "titles": dict(source.titles),
        "notes": list(source.notes),
    }
    return panel, source


def read_table(name: str | Path, table: str, *, folder: Path | str = FOLDER) -> pd.DataFrame:
    """Another table of a snapshot: `volume` of a pull from Yahoo, `vintages` of one from ALFRED."""
    place = _place(name, Path(folder))
    return _read_table(place, _read_manifest(place), table)


def read_manifest(name: str | Path, *, folder: Path | str = FOLDER) -> dict[str, Any]:
    """All that is written about a snapshot."""
    return _read_manifest(_place(name, Path(folder)))


def list_snapshots(folder: Path | str = FOLDER) -> list[Source]:
    """The snapshots of a folder by name; one that cannot be read is listed as damaged."""
    folder = Path(folder)
    if not folder.is_dir():
        return []
    found = []
    for place in sorted(folder.iterdir()):
        if not place.is_dir() or place.name.startswith("."):
            continue
        try:
            found.append(_source(place, _read_manifest(place)))
        except DamagedSnapshotError as error:
            found.append(Source(place.name, kind="damaged", notes=(str(error),)))
    return found


def is_snapshot(place: Path) -> bool:
    """Whether a path holds a snapshot (or what is left of one)."""
    return place.is_dir() and (place / _MANIFEST).exists()


def _write_tables(pulled: Pulled, draft: Path) -> dict[str, Any]:
    """Write the tables, and give back the manifest that describes them."""
    tables = {
        name: _write_table(table, draft / f"{name}.parquet")
        for name, table in {_PANEL: pulled.panel, **pulled.tables}.items()
    }
    content = {
        "service": pulled.service,
        "request": dict(pulled.request),
        "vintage": pulled.vintage,
        "freq": pd.PeriodIndex(pulled.panel.index).freqstr,
        "series": {name: asdict(series) for name, series in pulled.series.items()},
        "notes": list(pulled.notes),
        "tables": tables,
    }
    now = datetime.now(UTC)
    service = pulled.service.lower().replace(" ", "-")
    return {
        "format": FORMAT,
        "name": f"{service}-{now:%Y-%m-%d}-{_digest(content)}",
        "pulled_at": now.isoformat(timespec="seconds"),
        **content,
        "versions": {name: version(name) for name in ("econdiff", "pandas", "pyarrow")},
        "terms": TERMS,
    }


def _write_table(table: pd.DataFrame, file: Path) -> dict[str, Any]:
    """Write one table, periods as their first day, and give back what the manifest says of it."""
    plain = table.copy(deep=False)
    plain.attrs = {}
    if isinstance(plain.index, pd.PeriodIndex):
        plain.index = plain.index.to_timestamp()
    plain.to_parquet(file)
    _flush(file)
    return {"file": file.name, "sha256": _sha256(file), "rows": len(table)}


def _place(name: str | Path, folder: Path) -> Path:
    for place in (folder / name, Path(name)):
        if place.is_dir():
            return place
    there = ", ".join(source.name for source in list_snapshots(folder)) or "none"
    raise UnknownSourceError(
        f"there is no snapshot {str(name)!r}; in {folder} there are: {there}. "
        "Pull one: econdiff data pull ..."
    )


def _read_manifest(place: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
        said, name, digest = manifest["format"], manifest["name"], _digest(manifest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        if error.args == ("format",):  # never to be told that it may be removed
            raise DamagedSnapshotError(
                f"{place.name} is no snapshot: its {_MANIFEST} is of something else, maybe of "
                "results. Name a file, or one of: econdiff data list"
            ) from None
        raise _damaged(place, f"its {_MANIFEST} cannot be read ({error!r})") from None
    if said != FORMAT:
        raise _damaged(place, f"its format is {said!r}, this econdiff reads {FORMAT}")
    if not name.endswith(digest):
        raise _damaged(place, f"its {_MANIFEST} is not what was written: its hash differs")
    return manifest


def _digest(manifest: Mapping[str, Any]) -> str:
    """First digits of the hash of what a manifest says, the time of the pull left out."""
    content = {name: manifest[name] for name in _CONTENT}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def _read_table(place: Path, manifest: dict[str, Any], name: str) -> pd.DataFrame:
    if name not in manifest["tables"]:
        there = ", ".join(manifest["tables"])
        raise UnknownSourceError(f"snapshot {place.name} has no table {name!r}; it has: {there}")
    file = place / f"{name}.parquet"
    if not file.is_file():
        raise _damaged(place, f"{file.name} is missing")
    if _sha256(file) != manifest["tables"][name]["sha256"]:
        raise _damaged(place, f"{file.name} is not what was written: its hash differs")
    return pd.read_parquet(file)


def _source(place: Path, manifest: dict[str, Any]) -> Source:
    series = manifest["series"]
    return Source(
        name=place.name,
        kind="snapshot",
        title=f"{manifest['service']}: {', '.join(series)}",
        units={name: about["units"] for name, about in series.items()},
        titles={name: about["title"] for name, about in series.items()},
        vintage=manifest["vintage"],
        sha256=manifest["tables"][_PANEL]["sha256"],
        notes=(f"pulled {manifest['pulled_at']}", *manifest["notes"]),
    )


def _damaged(place: Path, what: str) -> DamagedSnapshotError:
    return DamagedSnapshotError(
        f"snapshot {place.name} is damaged: {what}. Remove {place} and pull it again"
    )


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    _flush(file)


def _flush(file: Path) -> None:
    """Wait until the file is on the disk, so that a rename never shows less."""
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
