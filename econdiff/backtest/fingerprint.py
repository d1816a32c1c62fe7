"""What a trial depends on, as one hash: a kept trial is used again only if none of it changed."""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import econdiff

NOT_IN_FORECASTS = ("cli.py", "commands", "data", "report", "risk", "synth")


def fingerprint(*parts: Any) -> str:
    """Hash of settings, arrays, frames, files and plain values, in this order."""
    return _sha(json.dumps([_described(part) for part in parts], sort_keys=True).encode())


@cache
def code_fingerprint() -> str:
    """Hash of the version and of all code and weights of this package that a forecast may use."""
    root = Path(econdiff.__file__).parent
    files = [
        path
        for path in sorted(root.rglob("*"))
        if path.suffix in {".py", ".json", ".safetensors"}
        and path.relative_to(root).parts[0] not in NOT_IN_FORECASTS
    ]
    return fingerprint(econdiff.__version__, [str(p.relative_to(root)) for p in files], files)


def _described(value: Any) -> Any:
    """`value` in JSON, anything large by its hash; refuses what cannot be told apart."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return repr(value)
        case np.generic():
            return _described(value.item())
        case Enum():
            return [_named(type(value)), value.name]
        case np.ndarray() if value.dtype != object:
            return [str(value.dtype), value.shape, _sha(np.ascontiguousarray(value).tobytes())]
        case pd.PeriodIndex() | pd.DatetimeIndex():
            return [str(value.dtype), _sha(value.asi8.tobytes())]
        case pd.DataFrame():
            return [_described(part) for part in (value.columns, value.index, value.to_numpy())]
        case pd.Series():
            return [_described(part) for part in (value.name, value.index, value.to_numpy())]
        case np.ndarray() | pd.Index():
            return [str(value.dtype), value.shape, [_described(item) for item in value.ravel()]]
        case Path():
            return ["file", _sha(value.read_bytes()) if value.is_file() else str(value)]
        case Mapping():
            return [[_described(key), _described(item)] for key, item in value.items()]
        case list() | tuple():
            return [_described(item) for item in value]
        case set() | frozenset():
            return sorted(json.dumps(_described(item)) for item in value)
        case type():
            return _named(value)
    return _described_object(value)


def _described_object(value: Any) -> Any:
    """An object by its class, the file that defines it, and its settings."""
    if is_dataclass(value):
        settings = {field.name: getattr(value, field.name) for field in fields(value)}
    elif hasattr(value, "__dict__") and not callable(value):
        settings = vars(value)
    else:
        raise TypeError(
            f"settings hold {value!r}, which cannot be told from another of its kind, so no "
            "trial can be kept; let it be plain values or a frozen dataclass, or give no folder"
        )
    return [_named(type(value)), _source(type(value)), _described(settings)]


def _named(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _source(kind: type) -> str:
    """Hash of the file of a class outside this package; "" where it has none, as in a notebook."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if file is None or kind.__module__.split(".")[0] == econdiff.__name__:
        return ""
    return _sha(Path(file).read_bytes())


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
