"""Trials kept as files."""

import json
from pathlib import Path

import numpy as np

from econdiff.backtest.array_files import read_arrays, write_arrays
from econdiff.backtest.trial import Trial

ARRAYS = ("outcome", "mean", "quantiles", "pit")
WORDS = ("model", "origin", "row", "periods", "series", "fit_seconds", "sample_seconds")


def keep(trial: Trial, path: Path) -> None:
    """Write `trial` to `path`, all at once."""
    arrays = {name: getattr(trial, name) for name in ARRAYS}
    arrays |= {f"scores.{name}": values for name, values in trial.scores.items()}
    arrays |= {f"joint.{name}": values for name, values in trial.joint.items()}
    if trial.samples is not None:
        arrays["samples"] = trial.samples
    words = json.dumps({name: getattr(trial, name) for name in WORDS})
    write_arrays(path, {"words": np.array(words), **arrays})


def kept(path: Path) -> Trial | None:
    """The trial kept at `path`; None where there is none, or none that can be read."""
    arrays = read_arrays(path)
    if arrays is None:
        return None
    try:
        words = json.loads(str(arrays["words"]))
        return Trial(
            **{name: arrays[name] for name in ARRAYS},
            **words | {name: tuple(words[name]) for name in ("periods", "series")},
            scores=_group(arrays, "scores."),
            joint=_group(arrays, "joint."),
            samples=arrays.get("samples"),
        )
    except (ValueError, KeyError, TypeError):
        return None  # the trial is run again


def _group(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): values
        for name, values in arrays.items()
        if name.startswith(prefix)
    }
