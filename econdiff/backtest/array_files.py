"""Arrays kept as files: written under another name and renamed, so a file is whole or absent."""

import os
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def file_name(model: str, origin: str, key: str) -> str:
    """A name that a reader of the folder can read, and that nothing else shares."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", f"{model}-{origin}")[:60]
    return f"{readable}-{key[:24]}.npz"


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write `arrays`, by name, to `path`, all at once."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as file:
        np.savez_compressed(file, **arrays)
    partial.replace(path)


def read_arrays(path: Path) -> dict[str, np.ndarray] | None:
    """What `write_arrays` wrote; None where there is no file, or none that can be read."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error):
        return None
