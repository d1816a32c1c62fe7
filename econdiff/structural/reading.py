"""A scheme from the command line or from a TOML file.

recursive:realgdp,cpi,tbilrate      the order

scheme = "signs"                    scheme = "instrument"
[signs.policy]                      file = "surprises.csv"     # beside this file
tbilrate = "+"                      column = "surprise"
cpi = "-"                           shock = "policy"
realgdp = "0"                       raises = "tbilrate"
"""

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

from econdiff.panel import read_panel
from econdiff.scenario import ScenarioError
from econdiff.structural.schemes import Instrument, Recursive, Scheme, Signs

_SIGNS = {"+": 1, "-": -1, "0": 0, 0: 0, 1: 1, -1: -1}


def read_scheme(said: str) -> Scheme:
    """Read "recursive:A,B,C" or the TOML file of that name."""
    kind, colon, rest = said.partition(":")
    if colon and kind == "recursive":
        return Recursive(tuple(name.strip() for name in rest.split(",") if name.strip()))
    path = Path(said)
    if not path.is_file():
        raise ScenarioError(
            f"there is no scheme file {path.name!r}; there is no default scheme either: say "
            "recursive:A,B,C (the order), or name a TOML file"
        )
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path.name} is not TOML: {error}") from error
    match told.get("scheme"):
        case "recursive":
            return Recursive(tuple(_of(told, "order", path, list)))
        case "signs":
            return Signs(_signs(_of(told, "signs", path, dict), path))
        case "instrument":
            values = _series(path.parent / _of(told, "file", path, str), told.get("column"))
            return Instrument(values, _of(told, "shock", path, str), _of(told, "raises", path, str))
        case other:
            raise ScenarioError(
                f"{path.name}: scheme is recursive, signs or instrument, got {other!r}"
            )


def _of(told: dict[str, Any], key: str, path: Path, kind: type) -> Any:
    if not isinstance(told.get(key), kind):
        raise ScenarioError(f"{path.name} needs {key}, a {kind.__name__}, got {told.get(key)!r}")
    return told[key]


def _signs(told: dict[str, Any], path: Path) -> dict[tuple[str, str], int]:
    found = {}
    for shock, series in told.items():
        for name, sign in (series if isinstance(series, dict) else {}).items():
            if not isinstance(sign, str | int) or isinstance(sign, bool) or sign not in _SIGNS:
                raise ScenarioError(f"{path.name}: {shock}, {name}: a sign is +, - or 0")
            found[shock, name] = _SIGNS[sign]
    if not found:
        raise ScenarioError(f'{path.name} declares no sign; write [signs.SHOCK] and SERIES = "+"')
    return found


def _series(path: Path, column: object) -> pd.Series:
    if not path.is_file():
        raise ScenarioError(f"there is no instrument file {path.name!r}")
    table = read_panel(path)
    name = str(column) if column is not None else str(table.columns[0])
    if name not in table:
        raise ScenarioError(f"{path.name} has no column {name!r}; it has {list(table.columns)}")
    return pd.Series(table[name])
