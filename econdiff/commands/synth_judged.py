"""How the two commands of synthetic panels judge them, and what they write of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import write_manifest, write_page
from econdiff.commands.models import nearest
from econdiff.report.figures import png
from econdiff.report.synth import memory_figure, paths_figure, synth_page
from econdiff.synth import (
    GENERATORS,
    EntityPanel,
    Privacy,
    Regression,
    SyntheticPanels,
    comparison,
    quality,
)
from econdiff.synth.card import below_zero, logs, order
from econdiff.synth.checks import check_whole
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.generation import Generator
from econdiff.synth.quality import worse_than_bootstrap


@dataclass(frozen=True)
class Measures:
    """What was asked to be measured: regressions, rivals by name, repeats of the scores."""

    regressions: tuple[Regression, ...]
    rivals: dict[str, Generator]
    scores: int

    @classmethod
    def of(cls, regressions: tuple[str, ...], rivals: tuple[str, ...], scores: int) -> "Measures":
        """Read them, before any work."""
        parsed = tuple(Regression.parse(text) for text in regressions)
        return cls(parsed, {name: generator_named(name) for name in rivals}, scores)

    def check(self, panel: EntityPanel | SyntheticPanels, length: int | None = None) -> None:
        """Refuse what cannot be measured, and try the regressions, before any work.

        Where panels of a `length` will be drawn, on noise of that length too, as wide as the real.
        """
        series = panel.schema.series
        check_whole(panel.values.reshape(-1, *panel.values.shape[-2:]), Coordinates(panel.schema))
        each = list(panel.values.reshape(-1, *panel.values.shape[-3:]))
        if length is not None:
            coordinates = Coordinates(panel.schema)
            w = coordinates.inward(panel.values).reshape(-1, len(coordinates.names))
            noise = np.random.default_rng(0).standard_normal(
                (len(panel.entities), length, w.shape[1])
            )
            each.append(coordinates.outward(np.nanmean(w, axis=0) + np.nanstd(w, axis=0) * noise))
        for regression in self.regressions:
            for values in each:
                regression.estimate(values, series)

    def judge(
        self,
        real: EntityPanel,
        made: SyntheticPanels,
        privacy: Privacy,
        rng: np.random.Generator,
    ) -> "Judgement":
        """Measure `made`, whose privacy was looked at before."""
        table = quality(
            real,
            made,
            rng=rng,
            regressions=self.regressions,
            repeats=self.scores,
            rivals=self.rivals,
        )
        return Judgement(real, made, table, comparison(real, made, self.regressions), privacy)


@dataclass(frozen=True, eq=False)
class Judgement:
    """Synthetic panels, their quality and their privacy, beside the real one."""

    real: EntityPanel
    made: SyntheticPanels
    table: pd.DataFrame
    conclusions: pd.DataFrame
    privacy: Privacy

    @property
    def lost(self) -> int:
        """The number of measures in which a bootstrap came clearly nearer."""
        return len(worse_than_bootstrap(self.table))

    def write(self, folder: Path, manifest: dict[str, Any]) -> None:
        """Tables, pictures, the manifest and the page."""
        self.table.to_csv(folder / "quality.csv", index=False)
        self.privacy.to_frame().to_csv(folder / "privacy.csv", index=False)
        if len(self.conclusions):
            self.conclusions.to_csv(folder / "regressions.csv", index=False)
        (folder / "paths.png").write_bytes(png(paths_figure(self.real, self.made)))
        (folder / "memory.png").write_bytes(png(memory_figure(self.real, self.made)))
        write_manifest(folder, manifest)
        judged = (self.table, self.conclusions, self.privacy)
        page = synth_page(self.real, self.made, *judged, manifest)
        write_page(folder, page, "quality.html")

    def answer(self, out: Path) -> Answer:
        """What is said of the folder that was written."""
        facts = {"out": str(out), "files": sorted(file.name for file in out.iterdir())}
        facts |= {"verdict": self.privacy.verdict, "lost_to_bootstrap": self.lost}
        facts["positive"] = list(self.made.schema.positive)
        facts["order"] = list(self.made.schema.order)
        words = (
            logs(self.made),
            *order(self.made),
            *below_zero(self.real, self.made),
            f"Privacy: {self.privacy.verdict}.",
            f"Measures lost to a bootstrap: {self.lost}.",
            f"{out / 'quality.html'}",
        )
        return Answer(facts, "\n".join(words))


def generator_named(name: str) -> Generator:
    """Generators by the names of the command."""
    if name not in GENERATORS:
        raise UsageError(f"no generator is called {name!r}; {nearest(name, list(GENERATORS))}")
    return GENERATORS[name]()
