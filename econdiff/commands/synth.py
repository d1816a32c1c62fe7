"""`econdiff synth` and `econdiff synth-report`: make panels of entities, or judge someone's."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from econdiff.commands.answer import Answer
from econdiff.commands.entities import EntityReading, read_condition, read_made, read_real
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import whole, write_text
from econdiff.commands.manifest import new_manifest
from econdiff.commands.progress import Progress, silent
from econdiff.commands.synth_export import KINDS, export
from econdiff.commands.synth_judged import Measures, generator_named
from econdiff.synth import (
    DiffusedPanel,
    EntityPanel,
    GaussianPanel,
    PanelLaw,
    Privacy,
    PrivatePanel,
    Steered,
    examine,
)
from econdiff.synth.card import card
from econdiff.synth.generation import Generator
from econdiff.synth.identity import Identity
from econdiff.synth.privacy import beside
from econdiff.synth.quality import SHORTEST


@dataclass(frozen=True)
class SynthRequest:
    """What `econdiff synth` was asked; the fields are its options."""

    input: str
    out: Path
    reading: EntityReading = field(default_factory=EntityReading)
    regressions: tuple[str, ...] = ()
    generator: str = "diffusion"
    train: int = 0
    panels: int = 10
    length: int | None = None
    seed: int = 0
    scores: int = 0
    rivals: tuple[str, ...] = ()
    start: Literal["anew", "last"] = "anew"
    levels: Literal["hidden", "kept"] = "hidden"
    spread: float = 1.0
    holes: bool = False
    condition: Path | None = None
    dp_epsilon: float | None = None
    dp_delta: float = 1e-5
    ranges: tuple[str, ...] = ()
    export: tuple[str, ...] = ()
    splits: int = 5  # of the panel into halves among which members are looked for, both ways round
    overwrite: bool = False


@dataclass(frozen=True)
class SynthReportRequest:
    """What `econdiff synth-report` was asked."""

    real: str
    synthetic: str
    out: Path
    reading: EntityReading = field(default_factory=EntityReading)
    regressions: tuple[str, ...] = ()
    seed: int = 0
    scores: int = 0
    rivals: tuple[str, ...] = ()
    overwrite: bool = False


def synth(request: SynthRequest, command: str, progress: Progress = silent) -> Answer:
    """Make synthetic panels, judge them, and write the folder `request.out`, whole."""
    unknown = [kind for kind in request.export if kind not in KINDS]
    if unknown:
        raise UsageError(f"--export takes csv and stata, got {unknown[0]!r}")
    generator = _generator(request)
    measures = Measures.of(request.regressions, request.rivals, request.scores)
    with whole(request.out, overwrite=request.overwrite) as folder:
        reading = request.reading
        if isinstance(generator, PrivatePanel):  # what holds in all rows must not be looked up
            identities = tuple(map(Identity.parse, reading.identities))
            positive, bounds = generator.above_zero(identities), reading.bounds or ()
            reading = replace(reading, positive=positive, bounds=bounds)
        real, source, data = read_real(request.input, reading)
        if isinstance(
            generator, PrivatePanel
        ):  # who guesses the source could tell from its digest that he is right
            del data["sha256"]
        generator = _steered(request, generator, real)
        measures.check(real, request.length or len(real.index))
        rng = np.random.default_rng(request.seed)
        halves = 2 * request.splits
        with progress(f"fit, draw, fit {halves} halves (see --splits), measure", 4) as step:
            fitted = generator.fit(real)
            step()
            made = fitted.sample(panels=request.panels, rng=rng)
            step()
            privacy = _attacked(generator, real, rng, request.splits)
            privacy = replace(privacy, released=beside(real, made.values).copies)
            step()
            judged = measures.judge(real, made, privacy, rng)
            step()
        manifest = new_manifest("synth", command, _settings(request)) | {"data": data}
        renamed = export(made, source, folder, request.export)
        write_text(folder / "schema.json", made.schema.to_json())
        judged.write(folder, manifest)
        write_text(folder / "card.md", card(real, made, privacy, manifest, judged.lost, renamed))
    return judged.answer(request.out)


def synth_report(request: SynthReportRequest, command: str, progress: Progress = silent) -> Answer:
    """Judge synthetic panels that anyone made, against the real one."""
    measures = Measures.of(request.regressions, request.rivals, request.scores)
    with whole(request.out, overwrite=request.overwrite) as folder:
        real, _, data = read_real(request.real, request.reading)
        measures.check(real)
        made = read_made(request.synthetic, real)
        measures.check(made)
        rng = np.random.default_rng(request.seed)
        with progress("attack, measure", 2) as step:
            privacy = beside(real, made.values)
            step()
            judged = measures.judge(real, made, privacy, rng)
            step()
        manifest = new_manifest("synth-report", command, _settings(request)) | {"data": data}
        judged.write(folder, manifest)
    return judged.answer(request.out)


def _attacked(
    generator: Steered, real: EntityPanel, rng: np.random.Generator, splits: int
) -> Privacy:
    """What the generator gives away, fitted to halves of the panel; nothing known of no splits."""
    if not splits:
        return Privacy(0, 0, 0, untested="--splits 0 left it out")
    halves = generator.of_any_entities().simulating_less()
    return examine(halves, real, rng=rng, splits=splits)


def _generator(request: SynthRequest) -> Generator:
    chosen = generator_named(request.generator)
    if request.train and (request.generator != "diffusion" or request.dp_epsilon is not None):
        raise UsageError("--train is for the generator diffusion, without --dp-epsilon")
    steered = request.condition or request.holes or request.start != "anew" or request.spread != 1
    steered = steered or request.levels != "hidden"
    ours = request.generator in ("diffusion", "gaussian") and request.dp_epsilon is None
    if steered and not ours:
        raise UsageError(
            "--condition, --start, --spread, --levels and --holes are for the generators diffusion "
            "and gaussian, without --dp-epsilon"
        )
    if request.dp_epsilon is None:
        if request.ranges:
            raise UsageError("--range is for --dp-epsilon, which was not given")
        if request.train:
            from econdiff.diffusion.training import Training  # torch, only where it is asked for

            chosen = DiffusedPanel(training=Training(request.train, seed=request.seed))
        if isinstance(chosen, DiffusedPanel | GaussianPanel):
            return replace(chosen, law=PanelLaw(levels=request.levels))
        return chosen
    if request.generator != "diffusion":
        raise UsageError("--dp-epsilon has a generator of its own; leave --generator out")
    ranges = dict(_range(text) for text in request.ranges)
    return PrivatePanel(request.dp_epsilon, ranges, request.dp_delta)


def _range(text: str) -> tuple[str, tuple[float, float]]:
    name, _, limits = text.partition("=")
    low, _, high = limits.partition(":")
    try:
        return name.strip(), (float(low), float(high))
    except ValueError as error:
        raise UsageError(f"--range {text!r}: write 'SERIES=LOW:HIGH'") from error


def _steered(request: SynthRequest, generator: Generator, real: EntityPanel) -> Steered:
    told = request.condition
    if request.length is not None and request.length < SHORTEST:
        raise UsageError(f"--length takes {SHORTEST} or more; shorter panels cannot be measured")
    return Steered(
        generator,
        request.length,
        request.start,
        request.spread,
        request.holes,
        None if told is None else read_condition(told, real.schema),
    )


def _settings(request: SynthRequest | SynthReportRequest) -> Mapping[str, Any]:
    settings = asdict(request) | asdict(request.reading) | {"out": request.out.name}
    settings.pop("reading")
    for key in ("input", "real", "synthetic", "condition"):
        if settings.get(key) is not None:
            settings[key] = Path(settings[key]).name
    settings.pop("overwrite")
    return settings
