"""Bar 6 of `synth.py`: whether members of a panel can be told from synthetic ones."""

import numpy as np
import pandas as pd
from synth_panels import known_panel, macro_panel, munnell_panel

from econdiff.synth import EntityPanel, SyntheticPanels, examine
from econdiff.synth.generation import FittedGenerator, Generator


class Blind:
    """A generator that was fitted to the whole panel and looks at no half: the attack's own AUC."""

    def __init__(self, generator: Generator, panel: EntityPanel) -> None:
        self.fitted = generator.fit(panel)

    def fit(self, panel: EntityPanel) -> FittedGenerator:
        """Whoever the members are, what was fitted before."""
        return self

    def sample(
        self, *, panels: int, rng: np.random.Generator, length: int | None = None
    ) -> SyntheticPanels:
        """Draws of the whole panel's law."""
        return self.fitted.sample(panels=panels, rng=rng, length=length)


def membership(generators: dict, splits: int, places: list[str]) -> pd.DataFrame:
    """Bar 6 on every benchmark panel: the mean AUC over splits, its interval, and copies."""
    rows = []
    panels = {"known law": known_panel(0), "munnell": munnell_panel(), "us macro": macro_panel()[0]}
    panels = {place: panel for place, panel in panels.items() if not places or place in places}
    for place, panel in panels.items():
        whole = {f"{n}, blind": Blind(g, panel) for n, g in list(generators.items())[:1]}
        for name, generator in {**generators, **whole}.items():
            found = examine(generator, panel, rng=np.random.default_rng(0), splits=splits)
            rows.append(
                {
                    "panel": place,
                    "generator": name,
                    "AUC": found.auc,
                    "low": found.auc_low,
                    "high": found.auc_high,
                    "nearer to members": found.nearer_to_members,
                    "copies": found.exact + found.near,
                }
            )
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)
