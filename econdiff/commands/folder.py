"""Result folders that are there whole or not at all."""

import errno
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from econdiff.commands.errors import UsageError
from econdiff.report.figures import png, svg
from econdiff.report.page import Page, render
from econdiff.report.stored import page_of, page_text

if sys.platform != "win32":
    import fcntl

MANIFEST = "manifest.json"
PAGE = "page.json"
MARK = ".econdiff"  # in a working folder: it is econdiff's own, and may be removed
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
LEFT = (MARK, ".DS_Store", "Thumbs.db")


@contextmanager
def whole(out: Path, *, overwrite: bool = False, resume: bool = False) -> Iterator[Path]:
    """A working folder beside `out`, which takes the name of `out` when the block ends well.

    When the block fails nothing is left of it; with `resume` a working folder that holds a file
    stays, and the next run goes on in it.
    """
    refuse_existing(out, overwrite)
    work = _working_folder(out)
    with _alone(work / MARK, out):
        if not resume:
            _empty(work)
        try:
            yield work
        except BaseException as error:
            if not (resume and _files(work)):
                shutil.rmtree(work)
            elif isinstance(error, KeyboardInterrupt):
                words = f"run it again to go on from what {work} keeps"
                raise KeyboardInterrupt(words) from None
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise OSError(
                    f"{out} cannot be written whole ({error.strerror}); make room, or name a "
                    "folder elsewhere"
                ) from error
            raise
        _list_files(work)
        _take_name(work, out)
        (out / MARK).unlink()


def refuse_existing(out: Path, overwrite: bool) -> None:
    """Refuse to write into a folder that holds anything, unless it is a result to overwrite."""
    if not out.name:
        raise UsageError(f"--out {out} names no new folder; name one, as in --out result")
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not out.is_dir():
        raise UsageError(f"{out} is a file; name a folder that is not there yet")
    if not overwrite:
        raise UsageError(f"{out} is there already; name another folder or add --overwrite")
    unlisted = sorted(_files(out) - set((_manifest(out) or {}).get("files", ())))
    if unlisted:
        raise UsageError(
            f"{out} holds {unlisted[0]}, which no {MANIFEST} of econdiff lists; --overwrite "
            "replaces only what econdiff made. Move it away, or name another folder"
        )


def _working_folder(out: Path) -> Path:
    """The folder `out`.partial, which bears a mark; without one it is somebody's own."""
    work = out.with_name(out.name + ".partial")
    if work.exists() and not (work / MARK).is_file():
        raise UsageError(
            f"{work} is in the way and econdiff did not make it; move it, or name another folder"
        )
    try:
        work.mkdir(parents=True, exist_ok=True)
        (work / MARK).touch()
    except OSError as error:
        raise UsageError(
            f"{out} cannot be made ({error.strerror}); name a folder elsewhere"
        ) from error
    return work


@contextmanager
def _alone(mark: Path, out: Path) -> Iterator[None]:
    """Keep other runs out of the working folder; the system lets go of it when a run is killed."""
    if sys.platform == "win32":  # an open file would keep the folder from its name there
        yield
        return
    with mark.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                f"another run is writing {out}; wait for its end, or name another folder"
            ) from error
        except OSError:
            pass  # a file system that knows no locks
        yield


def _empty(work: Path) -> None:
    """Remove what a run that was killed left in a working folder."""
    for left in work.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        elif left.name != MARK:
            left.unlink()


def _files(folder: Path) -> set[str]:
    """Every file below a folder, but for those that econdiff and file managers leave there."""
    files = (file for file in folder.rglob("*") if file.is_file() or file.is_symlink())
    return {file.relative_to(folder).as_posix() for file in files if file.name not in LEFT}


def _list_files(work: Path) -> None:
    """Say in the manifest which files are econdiff's, so that only those are ever replaced."""
    manifest = _manifest(work)
    if manifest is not None:
        write_manifest(work, manifest | {"files": sorted(_files(work))})


def _take_name(work: Path, out: Path) -> None:
    old = Path(tempfile.mkdtemp(prefix=f"{out.name}.replaced-", dir=out.parent))
    if out.exists():
        out.rename(old / out.name)
    work.rename(out)
    shutil.rmtree(old)


def keep_only(folder: Path, files: Set[Path]) -> None:
    """Delete every file of `folder` but `files`; a study that was stopped may have left some."""
    for file in set(folder.glob("*")) - files:
        file.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a file whole: under a temporary name, then renamed."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def write_picture(folder: Path, name: str, figure: Figure) -> str:
    """Write `name.svg` and `name.png`; gives back the SVG."""
    picture = svg(figure)
    write_text(folder / f"{name}.svg", picture)
    (folder / f"{name}.png").write_bytes(png(figure))
    return picture


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write `manifest.json`."""
    write_text(folder / MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def write_page(folder: Path, page: Page, name: str = "report.html") -> None:
    """Write the page, and page.json, from which `econdiff report` shows it again."""
    write_text(folder / PAGE, page_text(page))
    write_text(folder / name, render(page))


def read_page(folder: Path, manifest: Mapping[str, Any]) -> Page:
    """The page that `write_page` wrote."""
    path = folder / PAGE
    if not path.is_file():
        raise UsageError(
            f"{folder} holds no {PAGE}, so its page cannot be made again; run its command again: "
            f"{manifest['command']}"
        )
    return page_of(path.read_text(encoding="utf-8"), manifest)


def manifest_of(folder: Path) -> dict[str, Any]:
    """What `write_manifest` was given; a folder without a manifest is no result."""
    manifest = _manifest(folder)
    if manifest is None:
        raise UsageError(
            f"{folder} holds no {MANIFEST} of econdiff; name a folder that econdiff wrote"
        )
    manifest.pop("files", None)  # they say what may be replaced, and nothing of the run
    return manifest


def _manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest that econdiff wrote; None where there is none, or another program's."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    ours = isinstance(content, dict) and {"kind", "command"} <= content.keys()
    return content if ours else None
