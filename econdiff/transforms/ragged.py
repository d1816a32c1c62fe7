"""The ragged edge: draws that agree with what some series have published already.

At the origin some series are known further than others. Paths are drawn from the last
row that is complete, then moved so that they meet the known cells (Matheron's rule;
Journel and Huijbregts, 1978, *Mining Geostatistics*, VII.A; with the covariances of the
ensemble it is the update of Evensen, 1994, Journal of Geophysical Research 99):

    m <- m + C_mh C_hh^{-1} (h_known - h(m))

with m a path and h(m) its values at the known cells. Where the paths are Gaussian the
result is the exact conditional law; otherwise its best linear approximation. Known cells
are met exactly.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from econdiff.transforms.series import Transform

LONGEST_EDGE = 24  # rows
PATHS_PER_CELL = 20  # for the covariance of the known cells to be well estimated


def edge_rows(history: pd.DataFrame, transforms: Mapping[str, Transform]) -> int:
    """How many rows at the end of `history` lack a series that the way back needs."""
    needed = max(1, *(transform.order for transform in transforms.values()))
    known = history.notna().to_numpy()  # [row, series]
    complete = known.all(axis=1)
    recent = pd.Series(complete).rolling(needed).min().to_numpy() == 1
    rows = int(recent[::-1].argmax()) if recent.any() else len(history)
    if rows > LONGEST_EDGE or not recent.any():
        lately = history.iloc[-LONGEST_EDGE:].notna()
        name = lately.sum().idxmin()
        last = history[name].last_valid_index()
        wanted = "no row has" if needed == 1 else f"no {needed} rows in a row have"
        raise ValueError(
            f"{wanted} all series known in the last {len(lately)}: {name!r} is known in "
            f"{lately[name].sum()} of them, the last time at {last}, and the history ends at "
            f"{history.index[-1]}; leave the series out, cut the history, or aggregate the panel "
            "to longer periods"
        )
    return rows


def meet_known(
    samples: np.ndarray,
    known: pd.DataFrame,
    start: pd.DataFrame,
    transforms: Mapping[str, Transform],
) -> np.ndarray:
    """Move `samples[path, step, series]` (model units, after `start`) to meet the cells of `known`.

    `known` holds the first steps in the user's units, NaN where not known.
    """
    names = list(transforms)
    steps = samples.shape[1]
    drawn, wanted = [], []
    for k, name in enumerate(names):
        transform = transforms[name]
        rows = np.flatnonzero(known[name].notna().to_numpy())
        if len(rows) == 0:
            continue
        offset, matrix = transform.linear(start[name].to_numpy(float), steps)
        drawn.append(offset[rows] + samples[:, :, k] @ matrix[rows].T)
        wanted.append(transform.link(known[name].to_numpy(float)[rows]))
    h = np.concatenate(drawn, axis=1)  # [path, cell]
    missed = np.concatenate(wanted) - h
    apart = h - h.mean(axis=0)
    flat = samples.reshape(len(samples), -1)
    slopes = np.linalg.lstsq(apart, flat - flat.mean(axis=0), rcond=None)[0]  # C_hh^{-1} C_hm
    return (flat + missed @ slopes).reshape(samples.shape)
