"""`econdiff doctor`: whether this installation is fit to run."""

import importlib.metadata
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from econdiff.commands.answer import Answer
from econdiff.commands.manifest import LIBRARIES


@dataclass(frozen=True)
class Check:
    """One thing looked at: whether it is well, what was found, how to mend it."""

    name: str
    well: bool
    found: str
    mend: str = ""
    needed: bool = True


def doctor() -> Answer:
    """Look at everything; the exit code is 1 when something needed is not well."""
    checks = [_python(), *_libraries(), _threads(), _weights(), _key(), _folder(Path.cwd())]
    ill = [check for check in checks if check.needed and not check.well]
    lines = [_line(check) for check in checks]
    lines.append("all is well" if not ill else f"{len(ill)} to mend")
    facts = {"checks": [vars(check) for check in checks], "well": not ill}
    return Answer(facts, "\n".join(lines), code=1 if ill else 0)


def _line(check: Check) -> str:
    mark = "ok  " if check.well else ("MEND" if check.needed else "note")
    mend = f"; {check.mend}" if check.mend and not check.well else ""
    return f"{mark} {check.name}: {check.found}{mend}"


def _python() -> Check:
    well = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Check("python", well, platform.python_version(), "use Python 3.11, 3.12 or 3.13")


def _libraries() -> list[Check]:
    """Each library against the versions that econdiff asks for."""
    needs = [Requirement(need) for need in importlib.metadata.requires("econdiff") or ()]
    checks = []
    for need in needs:
        if need.name in LIBRARIES and need.marker is None:
            found = importlib.metadata.version(need.name)
            well = need.specifier.contains(found, prereleases=True)
            checks.append(Check(need.name, well, found, f"pip install '{need}'"))
    return checks


def _threads() -> Check:
    import torch  # takes seconds: only here

    found = f"{torch.get_num_threads()} threads on {os.cpu_count()} cores"
    if torch.cuda.is_available():
        found += f", {torch.cuda.get_device_name(0)}"
    few = torch.get_num_threads() <= (os.cpu_count() or 1)
    return Check("torch threads", few, found, "export OMP_NUM_THREADS=1", needed=False)


def _weights() -> Check:
    """The shipped weights against the hash that they carry."""
    from econdiff.diffusion.weights import WeightsError, fingerprint, load_weights, shipped

    try:
        network = load_weights("shipped")
    except WeightsError as error:
        return Check("weights", False, str(error), "install econdiff again")
    digest = fingerprint(network.state_dict())
    return Check("weights", True, f"{shipped().name} is sound, sha256 {digest[:12]} as on its card")


def _key() -> Check:
    """Whether a key is there; its value is never read out."""
    there = bool(os.environ.get("FRED_API_KEY", "").strip())
    found = "FRED_API_KEY is set" if there else "FRED_API_KEY is not set"
    return Check("FRED key", there, found, "needed for `data pull fred` only", needed=False)


def _folder(folder: Path) -> Check:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Check("this folder", True, "can be written to")
    except OSError as error:
        return Check("this folder", False, error.strerror or str(error), "change to one of yours")
