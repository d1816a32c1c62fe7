"""What a trial depends on, as one hash: a kept trial is used again only if none of it changed.

The code of a model is the file of its class and every file of this package that it imports, at
whatever depth; of a class from elsewhere, its file. So a change of one model leaves the
trials of the others.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import econdiff

ROOT = Path(econdiff.__file__).parent
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
NOT_IN_FORECASTS = ("cli", "commands", "data", "report", "synth")
LIBRARIES = ("arch", "numpy", "pandas", "scipy", "statsmodels", "torch")  # that draw or estimate


def fingerprint(*parts: Any) -> str:
    """Hash of settings, arrays, frames, files and plain values, in this order."""
    return _sha(json.dumps([_described(part) for part in parts], sort_keys=True).encode())


@cache
def code_fingerprint(file: Path = ROOT / "backtest" / "run.py") -> str:
    """Hash of what every trial that `file` runs depends on, whatever its model.

    That is the code of running and scoring, and the versions of the libraries.
    """
    return fingerprint(_code(file), {name: version(name) for name in LIBRARIES})


def imported(file: Path) -> list[Path]:
    """`file`, and the files of this package that it imports, directly or not.

    Read from their text, so that imports inside functions count too. What only shows or loads
    (`NOT_IN_FORECASTS`) is left out.
    """
    found, waiting = set(), [file]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += [other for name in _imports(file) if (other := _file(name))]
    return sorted(found)


@cache
def _code(file: Path) -> str:
    return fingerprint([[path.name, _meaning(path)] for path in imported(file)])


def _meaning(file: Path) -> str:
    """Hash of what a file does: its comments, docstrings and layout do not count."""
    tree = ast.parse(file.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return _sha(ast.dump(tree).encode())


def _imports(file: Path) -> list[str]:
    """Full names that a file imports; of `from a import b` both a and a.b, one of which exists."""
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


@cache
def _file(module: str) -> Path | None:
    """The file of a module of this package that a forecast may use; None for any other name."""
    first, *rest = module.split(".")
    if first != econdiff.__name__ or not rest or rest[0] in NOT_IN_FORECASTS:
        return None
    place = ROOT.joinpath(*rest)
    return next((f for f in (place.with_suffix(".py"), place / "__init__.py") if f.is_file()), None)


def _described(value: Any) -> Any:
    """`value` in JSON, anything large by its hash; refuses what cannot be told apart."""
    match value:
        case str() if value == "shipped":  # weights that a later version may change
            files = sorted(ROOT.glob("pretrain/*.safetensors"))
            return ["shipped", [_sha(file.read_bytes()) for file in files]]
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
    """An object by its class, the code that it is made of, and its settings."""
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
    """Hash of the code of a class; "" where it has no file, as in a notebook."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return _code(Path(file)) if file else ""


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
