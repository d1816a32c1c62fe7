"""Result folders that are there whole or not at all."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from econdiff.commands.errors import UsageError
from econdiff.report.figures import png, svg
from econdiff.report.page import Page, render
from econdiff.report.stored import page_of, page_text

MANIFEST = "manifest.json"
PAGE = "page.json"


@contextmanager
def whole(out: Path, *, overwrite: bool = False, resume: bool = False) -> Iterator[Path]:
    """A working folder beside `out`, which takes the name of `out` when the block ends well.

    When the block fails nothing is left of it; with `resume` a working folder that holds a file
    stays, and the next run goes on in it.
    """
    refuse_existing(out, overwrite)
    work = out.with_name(out.name + ".partial")
    if work.exists() and not resume:
        shutil.rmtree(work)
    work.mkdir(parents=True, exist_ok=True)
    done = False
    try:
        yield work
        done = True
    finally:
        if not done and not (resume and any(file.is_file() for file in work.rglob("*"))):
            shutil.rmtree(work)
    _take_name(work, out)


def refuse_existing(out: Path, overwrite: bool) -> None:
    """Refuse to write into a folder that holds anything, unless it is a result to overwrite."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not out.is_dir():
        raise UsageError(f"{out} is a file; name a folder that is not there yet")
    if not overwrite:
        raise UsageError(f"{out} is there already; name another folder or add --overwrite")
    if not (out / MANIFEST).is_file():
        raise UsageError(
            f"{out} holds no {MANIFEST}, so econdiff did not make it; --overwrite replaces only "
            "what econdiff made. Name another folder"
        )


def _take_name(work: Path, out: Path) -> None:
    old = out.with_name(out.name + ".replaced")
    if old.exists():
        shutil.rmtree(old)
    if out.exists():
        out.rename(old)
    work.rename(out)
    if old.exists():
        shutil.rmtree(old)


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


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read `manifest.json`; a folder without one is no result."""
    path = folder / MANIFEST
    if not path.is_file():
        raise UsageError(f"{folder} holds no {MANIFEST}; name a folder that econdiff wrote")
    return json.loads(path.read_text(encoding="utf-8"))
