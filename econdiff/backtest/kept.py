"""Trials kept as files: written under another name and renamed, so a file is whole or absent."""

import json
import os
import re
import zipfile
import zlib
from pathlib import Path

import numpy as np

from econdiff.backtest.trial import Trial

ARRAYS = ("outcome", "mean", "quantiles", "pit")
WORDS = ("model", "origin", "row", "periods", "series", "fit_seconds", "sample_seconds")


def file_name(model: str, origin: str, key: str) -> str:
    """A name that a reader of the folder can read, and that no two trials share."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", f"{model}-{origin}")[:60]
    return f"{readable}-{key[:24]}.npz"


def keep(trial: Trial, path: Path) -> None:
    """Write `trial` to `path`, all at once."""
    arrays = {name: getattr(trial, name) for name in ARRAYS}
    arrays |= {f"scores.{name}": values for name, values in trial.scores.items()}
    arrays |= {f"joint.{name}": values for name, values in trial.joint.items()}
    if trial.samples is not None:
        arrays["samples"] = trial.samples
    words = json.dumps({name: getattr(trial, name) for name in WORDS})
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as file:
        np.savez_compressed(file, words=np.array(words), **arrays)
    partial.replace(path)


def kept(path: Path) -> Trial | None:
    """The trial kept at `path`; None where there is none, or none that can be read."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        words = json.loads(str(arrays["words"]))
        return Trial(
            **{name: arrays[name] for name in ARRAYS},
            **words | {name: tuple(words[name]) for name in ("periods", "series")},
            scores=_group(arrays, "scores."),
            joint=_group(arrays, "joint."),
            samples=arrays.get("samples"),
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error):
        return None  # the trial is run again


def _group(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): values
        for name, values in arrays.items()
        if name.startswith(prefix)
    }
