"""Bars 1 and 7 of `synth.py`: a panel of known law, SDV's PAR on it, and the time panels take."""

import time

import numpy as np
import pandas as pd
from synth_panels import FREE, PERSISTENCE, known_panel

from econdiff.synth import DiffusedPanel, EntityPanel, read_entities, within


def described(values: np.ndarray, panel: EntityPanel) -> np.ndarray:
    """Own lags, shock correlations, sd of each group's shocks, and the identity's largest miss."""
    columns = [panel.schema.series.index(name) for name in FREE]
    found = within.estimate(values[..., columns], 1)
    shocks = found.shocks
    r = np.corrcoef(shocks.reshape(-1, 3)[np.isfinite(shocks).all(-1).ravel()].T)
    calm = (panel.statics["group"] == "calm").to_numpy()
    sd = [np.nanstd(shocks[calm]), np.nanstd(shocks[~calm])]
    total = values[..., panel.schema.series.index("gdp")]
    miss = np.abs(panel.schema.identities[0].residual(values, panel.schema.series)).max()
    lags = np.diag(found.slopes)
    return np.array([*lags, r[0, 1], r[0, 2], r[1, 2], *sd, miss / total.std()])


def law(generators: dict) -> pd.DataFrame:
    """Bar 1: largest distance, over three seeds, from the law and from the real estimate.

    40 panels each: with five, the noise of their mean own lags is about .03.
    """
    truth = np.array([*PERSISTENCE, 0.80, -0.59, -0.48, 1, 2, 0])
    rows = []
    for name, generator in generators.items():
        found, real = [], []
        for seed in range(3):
            panel = known_panel(seed)
            rng = np.random.default_rng(seed)
            made = generator.fit(panel).sample(panels=40, rng=rng)
            found.append(np.mean([described(v, panel) for v in made.values], axis=0))
            real.append(described(panel.values, panel))
        off, from_real = np.abs(np.array(found) - truth), np.abs(np.array(found) - real)
        rows.append(
            {
                "generator": name,
                **dict(zip(["ar c", "ar i", "ar nx"], np.mean(found, axis=0)[:3], strict=True)),
                "ar, off the real": from_real[:, :3].max(),
                "ar, off the law": off[:, :3].max(),
                "shock correlations, off the real": from_real[:, 3:6].max(),
                "shock correlations, off the law": off[:, 3:6].max(),
                "group sd, relative": (from_real[:, 6:8] / np.array(real)[:, 6:8]).max(),
                "identity": np.max(found, axis=0)[8],
            }
        )
    return pd.DataFrame(rows)


def par(file: str) -> pd.DataFrame:
    """SDV's PAR on seed 0 of bar 1, from what `par_peer.py` wrote; and the real panel's own row."""
    real = known_panel(0)
    names = [*FREE, "gdp"]
    order = [names.index(name) for name in real.schema.series]
    found = []
    for _, frame in pd.read_csv(file).groupby("panel"):
        parts = [part.sort_values("quarter") for _, part in frame.groupby("country")]
        values = np.stack([part[names].to_numpy(float) for part in parts])[..., order]
        statics = pd.DataFrame({"group": [part["group"].iloc[0] for part in parts]})
        made = EntityPanel(values, real.index, real.entities, statics, real.schema)
        found.append(described(values, made))
    labels = [
        "ar c",
        "ar i",
        "ar nx",
        "r c,i",
        "r c,nx",
        "r i,nx",
        "sd calm",
        "sd loud",
        "identity",
    ]
    rows = {"PAR": np.mean(found, axis=0), "the real panel": described(real.values, real)}
    return pd.DataFrame([{"row": k, **dict(zip(labels, v, strict=True))} for k, v in rows.items()])


def speed(weights: str | None) -> pd.DataFrame:
    """Bar 7: 100 panels of 40 x 60 x 5."""
    panel = known_panel(0)
    frame = panel.to_frame().rename(columns={"gdp": "a"})
    rng = np.random.default_rng(0)
    frame["a"], frame["b"] = rng.standard_normal((2, len(frame)))
    panel = read_entities(frame, entity="country")
    started, busy = time.perf_counter(), time.process_time()
    fitted = DiffusedPanel(weights=weights).fit(panel)
    fitting = time.perf_counter() - started
    fitted.sample(panels=100, rng=rng)
    facts = {
        "seconds": time.perf_counter() - started,
        "of them fitting": fitting,
        "processor seconds": time.process_time() - busy,
    }
    return pd.DataFrame([facts])
