"""`econdiff synth` and `econdiff synth-report`: make panels of entities, or judge someone's."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import whole, write_manifest, write_text
from econdiff.commands.manifest import new_manifest
from econdiff.commands.models import nearest
from econdiff.commands.progress import Progress, silent
from econdiff.panel.table import read_table
from econdiff.report.figures import png
from econdiff.report.page import render
from econdiff.report.synth import memory_figure, paths_figure, synth_page
from econdiff.synth import (
    GENERATORS,
    EntityPanel,
    Privacy,
    Regression,
    SyntheticPanels,
    comparison,
    examine,
    quality,
    read_entities,
)
from econdiff.synth.card import card
from econdiff.synth.errors import SynthError
from econdiff.synth.privacy import compare
from econdiff.synth.quality import worse_than_bootstrap


@dataclass(frozen=True)
class SynthRequest:
    """What `econdiff synth` was asked; the fields are its options."""

    input: str
    out: Path
    entity: str | None = None
    time: str | None = None
    freq: str | None = None
    gaps: Literal["error", "nan"] = "error"
    identities: tuple[str, ...] = ()
    regressions: tuple[str, ...] = ()
    generator: str = "diffusion"
    panels: int = 10
    length: int | None = None
    seed: int = 0
    export: tuple[str, ...] = ()
    overwrite: bool = False


@dataclass(frozen=True)
class SynthReportRequest:
    """What `econdiff synth-report` was asked."""

    real: str
    synthetic: str
    out: Path
    entity: str | None = None
    time: str | None = None
    freq: str | None = None
    gaps: Literal["error", "nan"] = "error"
    identities: tuple[str, ...] = ()
    regressions: tuple[str, ...] = ()
    seed: int = 0
    overwrite: bool = False


def synth(request: SynthRequest, command: str, progress: Progress = silent) -> Answer:
    """Make synthetic panels, judge them, and write the folder `request.out`, whole."""
    if request.generator not in GENERATORS:
        hint = nearest(request.generator, list(GENERATORS))
        raise UsageError(f"no generator is called {request.generator!r}; {hint}")
    unknown = [kind for kind in request.export if kind not in ("csv", "stata")]
    if unknown:
        raise UsageError(f"--export takes csv and stata, got {unknown[0]!r}")
    regressions = [Regression.parse(text) for text in request.regressions]
    with whole(request.out, overwrite=request.overwrite) as folder:
        real, data = _read(request.input, request)
        rng = np.random.default_rng(request.seed)
        generator = GENERATORS[request.generator]()
        with progress("fit, draw, attack, measure", 4) as step:
            fitted = generator.fit(real)
            step()
            made = fitted.sample(panels=request.panels, length=request.length, rng=rng)
            step()
            privacy = examine(generator, real, rng=rng)
            step()
            table = quality(real, made, rng=rng, regressions=regressions)
            step()
        manifest = new_manifest("synth", command, _settings(request)) | {"data": data}
        frame = made.to_frame()
        _write_frame(frame, folder, request.export)
        write_text(folder / "schema.json", real.schema.to_json())
        _write_judgement(
            folder, real, made, table, comparison(real, made, regressions), privacy, manifest
        )
        lost = len(worse_than_bootstrap(table))
        write_text(folder / "card.md", card(real, made, privacy, manifest, lost))
    return _answer(request.out, privacy, lost)


def synth_report(request: SynthReportRequest, command: str, progress: Progress = silent) -> Answer:
    """Judge synthetic panels that anyone made, against the real one."""
    regressions = [Regression.parse(text) for text in request.regressions]
    with whole(request.out, overwrite=request.overwrite) as folder:
        real, data = _read(request.real, request)
        made = _read_made(request.synthetic, real)
        rng = np.random.default_rng(request.seed)
        with progress("measure", 1) as step:
            table = quality(real, made, rng=rng, regressions=regressions)
            step()
        privacy = _attack(real, made, rng)
        manifest = new_manifest("synth-report", command, _settings(request)) | {"data": data}
        conclusions = comparison(real, made, regressions)
        _write_judgement(folder, real, made, table, conclusions, privacy, manifest)
        lost = len(worse_than_bootstrap(table))
    return _answer(request.out, privacy, lost)


def _answer(out: Path, privacy: Privacy, lost: int) -> Answer:
    facts = {"out": str(out), "files": sorted(file.name for file in out.iterdir())}
    facts |= {"verdict": privacy.verdict, "lost_to_bootstrap": lost}
    page = out / "quality.html"
    words = f"Privacy: {privacy.verdict}.\nMeasures lost to a bootstrap: {lost}.\n{page}"
    return Answer(facts, words)


def _attack(real: EntityPanel, made: SyntheticPanels, rng: np.random.Generator) -> Privacy:
    """Copies and nearness; without the generator nothing can be held out, and no member told."""
    order = rng.permutation(len(real.entities))
    if len(order) < 4:
        raise SynthError(f"{len(order)} entities are too few to look for copies; 4 are needed")
    half = real.values[order[: len(order) // 2]]
    found = asdict(compare(real.values, half, made.values, real))
    unknown = ("nearer_to_members", "auc", "auc_low", "auc_high")
    return Privacy(**found | dict.fromkeys(unknown, float("nan")))


def _read(name: str, request: SynthRequest | SynthReportRequest) -> tuple[EntityPanel, dict]:
    path = Path(name)
    if not path.is_file():
        raise UsageError(
            f"there is no file {name}; give a long table, one row an entity and period"
        )
    panel = read_entities(
        _frame(path),
        entity=request.entity,
        time=request.time,
        freq=request.freq,
        identities=request.identities,
        gaps=request.gaps,
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return panel, {"name": path.name, "sha256": digest}


def _frame(path: Path) -> pd.DataFrame:
    """The table of a file, numbers as numbers where all cells of a column are."""
    frame = read_table(path).frame
    for name in frame:
        try:
            frame[name] = pd.to_numeric(frame[name].replace("", None))
        except (ValueError, TypeError):
            continue
    return frame


def _read_made(name: str, real: EntityPanel) -> SyntheticPanels:
    """Panels as `econdiff synth` writes them, or one panel without the column `panel`."""
    path, schema = Path(name), real.schema
    if not path.is_file():
        raise UsageError(f"there is no file {name}")
    frame = _frame(path)
    needed = [n for n in (schema.entity, schema.time, *schema.series) if n is not None]
    absent = [n for n in needed if n not in frame]
    if absent:
        raise UsageError(f"{path.name} has no column {absent[0]!r}, which the real panel has")
    groups = [part for _, part in frame.groupby("panel")] if "panel" in frame else [frame]
    panels = [
        read_entities(
            part[needed],
            entity=schema.entity,
            time=schema.time,
            positive=(),
            freq=schema.frequency,
            gaps="nan",
        )
        for part in groups
    ]
    shapes = {panel.values.shape for panel in panels}
    if len(shapes) > 1:
        raise UsageError(f"the panels of {path.name} differ in size: {sorted(shapes)}")
    order = [panels[0].schema.series.index(n) for n in schema.series]
    values = np.stack([panel.values for panel in panels])[..., order]
    first = panels[0]
    facts = {"generator": "not ours"}
    statics = [panel.statics for panel in panels]
    return SyntheticPanels(values, first.index, first.entities, statics, schema, facts)


def _write_frame(frame: pd.DataFrame, folder: Path, export: tuple[str, ...]) -> None:
    frame.to_parquet(folder / "synthetic.parquet", index=False)
    if "csv" in export:
        frame.to_csv(folder / "synthetic.csv", index=False)
    if "stata" in export:
        frame.to_stata(folder / "synthetic.dta", write_index=False, version=118)


def _write_judgement(
    folder: Path,
    real: EntityPanel,
    made: SyntheticPanels,
    table: pd.DataFrame,
    conclusions: pd.DataFrame,
    privacy: Privacy,
    manifest: dict[str, Any],
) -> None:
    table.to_csv(folder / "quality.csv", index=False)
    privacy.to_frame().to_csv(folder / "privacy.csv", index=False)
    if len(conclusions):
        conclusions.to_csv(folder / "regressions.csv", index=False)
    (folder / "paths.png").write_bytes(png(paths_figure(real, made)))
    (folder / "memory.png").write_bytes(png(memory_figure(real, made)))
    write_manifest(folder, manifest)
    evidence = (privacy.verdict, privacy.to_frame())
    page = synth_page(real, made, table, conclusions, evidence, manifest)
    write_text(folder / "quality.html", render(page))


def _settings(request: SynthRequest | SynthReportRequest) -> Mapping[str, Any]:
    settings = asdict(request) | {"out": request.out.name}
    for key in ("input", "real", "synthetic"):
        if key in settings:
            settings[key] = Path(settings[key]).name
    settings.pop("overwrite")
    return settings
