"""The record of a run: what was asked, of which data, with which versions. No secrets, no paths."""

import importlib.metadata
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

import econdiff
from econdiff.data.source import fingerprint
from econdiff.periods import period_labels

LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "arch", "scoringrules", "torch")


def new_manifest(kind: str, command: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What is known before the run: the command, its settings, the versions."""
    return {
        "kind": kind,
        "command": command,
        "made": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "settings": dict(settings),
        "versions": versions(),
    }


def settings_of(request: Any, **instead: object) -> dict[str, Any]:
    """The fields of a request with a `reading` as plain values, some of them said otherwise.

    INPUT, DIR and other files stand by their names: their folders are nobody's business.
    """
    settings: dict[str, Any] = {
        name: value.name if isinstance(value, Path) else value
        for name, value in (asdict(request) | instead).items()
        if name not in ("overwrite", "workers")
    }
    settings["reading"]["input"] = Path(request.reading.input).name
    if request.reading.stack is not None:
        settings["reading"]["stack"] = Path(request.reading.stack).name
    return settings


def digests(*files: Path | None) -> dict[str, str]:
    """SHA-256 by name of the files that were named beside the panel; of a folder, of all in it."""
    named = [file for file in files if file is not None]
    every = [sorted(file.iterdir()) if file.is_dir() else [file] for file in named]
    return {
        file.name: sha256(file.read_bytes()).hexdigest()
        for file in chain.from_iterable(every)
        if file.is_file()
    }


def versions() -> dict[str, str]:
    """Versions of econdiff, Python and the libraries that decide the digits."""
    found = {"econdiff": econdiff.__version__, "python": platform.python_version()}
    return found | {name: importlib.metadata.version(name) for name in LIBRARIES}


def panel_record(panel: pd.DataFrame) -> dict[str, Any]:
    """Shape, span and hash of a panel."""
    index = pd.PeriodIndex(panel.index)
    labels = period_labels(index)
    names = [str(name) for name in panel.columns]
    units = {str(name): str(unit) for name, unit in panel.attrs.get("units", {}).items()}
    return {
        "series": names,
        "units": {name: units[name] for name in names if units.get(name)},
        "frequency": index.freqstr,
        "rows": len(panel),
        "first": labels[0],
        "last": labels[-1],
        "missing": int(panel.isna().to_numpy().sum()),
        "sha256": fingerprint(panel),
    }
