"""Bar 3 of `synth.py`: TimeGAN's protocol on one stock, windows of 24 days in [0, 1].

Windows that do not overlap are the entities that generators are fitted to, but the two networks,
which get all windows as in their papers; scores compare with all windows. Rows that are no
generator stand above: windows as they are, jittered ones, and one half of the stretch of a stock's
windows beside the other (what a true stranger to the training windows would score).
"""

import numpy as np
import pandas as pd
from synth_panels import stock_days

from econdiff.synth import GAN, VAE, EntityPanel, examine, read_entities, scores
from econdiff.synth.resampling import Jitter

LENGTH = 24


def stocks(generators: dict, file: str, repeats: int, ticker: str) -> pd.DataFrame:
    """Scores with their deviation over `repeats`, and privacy beside what the held out have.

    The file has a row a day and columns open, high, low, close, volume (and adj close); of a long
    table with a column `ticker`, that stock from 2004-08-19 to 2019.
    """
    days = stock_days(file, ticker)
    y = days.to_numpy(float)
    every = np.stack([y[at : at + LENGTH] for at in range(len(y) - LENGTH)])
    apart, all_of_it = (_panel(cut, days) for cut in (every[::LENGTH], every))
    low, high = y.min(axis=0), y.max(axis=0)
    real = (every - low) / (high - low)
    rng = np.random.default_rng(0)
    size = Jitter().noise * real.std(axis=(0, 1))
    order = rng.permutation(len(real))
    half = len(real) // 2
    plain = {  # of the rows of `generators`, `copy` asks for these
        "copy": (real, real),
        "jitter": (real, real + size * rng.standard_normal(real.shape)),
        "hold-out": (real[order[:half]], real[order[half:]]),
    }
    rows = []
    generators = dict(generators)
    if generators.pop("copy", None) is None:
        plain = {}
    for name, (true, made) in plain.items():
        rows.append({"generator": name, **_scored(true, made, repeats)})
        print(rows[-1], flush=True)
    for name, generator in generators.items():
        whole = isinstance(generator, GAN | VAE)
        source = all_of_it if whole else apart
        rng = np.random.default_rng(0)
        panels = -(-len(real) // len(source.entities))
        made = generator.fit(source).sample(panels=panels, rng=rng).values
        made = (made.reshape(-1, *real.shape[1:]) - low) / (high - low)
        found = examine(generator, apart, rng=rng, splits=2)
        privacy = {
            "AUC": found.auc,
            "neighbour ratio": found.ratio_synthetic,
            "of the held out": found.ratio_held_out,
            "copies": found.exact + found.near,
        }
        rows.append({"generator": name, **_scored(real, made, repeats), **privacy})
        print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def _scored(real: np.ndarray, made: np.ndarray, repeats: int) -> dict[str, float]:
    """The two scores; the weights and batches of a repeat are the same for every row."""
    told = scores.discriminative(real, made, np.random.default_rng(1), repeats=repeats)
    error = scores.predictive(real, made, np.random.default_rng(2), repeats=repeats)
    return {
        "discriminative": float(told.mean()),
        "deviation": float(told.std()),
        "predictive": float(error.mean()),
        "its deviation": float(error.std()),
        "repeats": repeats,
    }


def _panel(windows: np.ndarray, days: pd.DataFrame) -> EntityPanel:
    count, length, k = windows.shape
    frame = pd.DataFrame(windows.reshape(-1, k), columns=days.columns)
    frame["window"] = np.repeat(np.arange(count), length)
    months = pd.period_range("2000-01", periods=length, freq="M").astype(str)
    frame["day"] = np.tile(months, count)
    return read_entities(frame, entity="window", time="day")
