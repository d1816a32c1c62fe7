"""What conditional forecasts gain by lags across series, in closed form; run by `scenario.py`.

The funds rate of four quarters is told, as in `scenario_past.backtest`, to four Gaussian laws: a
BVAR at the mean of its coefficients, the anchor, the network without its denoiser (its
scales and autoregressions on the anchor), each also on own lags alone (`Anchor(cross=())`). First
targets of 1970-84, then the test years. Nothing is drawn, so nothing has noise.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scenario_past import NAMES, PINNED, STEPS, quarterly
from scipy.stats import norm

from econdiff.anchor import Anchor
from econdiff.baselines.bvar import BVAR
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.training import Training
from econdiff.scenario.gaussian import Gaussian
from econdiff.scenario.pins import Pins

HORIZON = max(STEPS)
STRETCHES = {"1970-84": ("1969Q4", "1982Q4"), "test years": ("1984Q4", "2018Q4")}
OWN = Anchor(cross=())
ALONE = Diffusion(weights=None, training=Training(steps=0))
CELLS = [(name, h) for name in NAMES for h in STEPS if name != "FFR" or h > PINNED]


def cross(data: Path) -> None:
    """Both stretches."""
    panel = quarterly(data)
    laws = {
        "BVAR": _bvar,
        "anchor, own lags": _of(replace(ALONE, anchor=OWN)),
        "anchor": _of(ALONE),
        "network, own lags": _of(Diffusion(anchor=OWN)),
        "network": _of(Diffusion()),
    }
    for title, (first, last) in STRETCHES.items():
        origins = pd.period_range(first, last, freq="Q")
        scores = {name: _scores(law, panel, origins) for name, law in laws.items()}
        print(f"\n{title}: {len(origins)} origins")
        print(_summary(scores).round(3).to_string())
        told = pd.DataFrame({name: table["ratio"] for name, table in scores.items()})
        print(told.round(3).to_string())


def _bvar(history: pd.DataFrame) -> Gaussian:
    mean, covariance = BVAR(pandemic=False).fit(history).path_moments(history, HORIZON)
    return Gaussian(mean.ravel(), covariance)


def _of(model: Diffusion) -> Callable[[pd.DataFrame], Gaussian]:
    return lambda history: model.fit(history).law(history, HORIZON).gaussian()


def _scores(
    law: Callable[[pd.DataFrame], Gaussian], panel: pd.DataFrame, origins: pd.PeriodIndex
) -> pd.DataFrame:
    """Mean CRPS without and with the rate, and their ratio, [cell]."""
    free, told = [], []
    for origin in origins:
        history = panel.loc[:origin]
        future = panel.iloc[len(history) : len(history) + HORIZON].to_numpy(float).ravel()
        before = law(history)
        pins = _rates(future)
        for kept, after in ((free, before), (told, before.given(pins))):
            kept.append(_crps(after, future).reshape(HORIZON, -1))
    rows = {
        (name, h): [
            np.mean([one[h - 1, NAMES.index(name)] for one in kept]) for kept in (free, told)
        ]
        for name, h in CELLS
    }
    table = pd.DataFrame(rows, index=["free", "told"]).T
    return table.assign(ratio=table["told"] / table["free"])


def _rates(future: np.ndarray) -> Pins:
    cells = np.arange(PINNED) * len(NAMES) + NAMES.index("FFR")
    names, zero, no = tuple(map(str, cells)), np.zeros(PINNED), np.zeros(PINNED, bool)
    return Pins(names, names, names, np.eye(len(future))[cells], future[cells], zero, no, no)


def _crps(law: Gaussian, y: np.ndarray) -> np.ndarray:
    """Of a normal: Gneiting and Raftery (2007), eq. 22."""
    size = np.sqrt(np.maximum(np.diag(law.covariance), 1e-18))
    z = (y - law.mean) / size
    return size * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - np.pi**-0.5)


def _summary(scores: dict[str, pd.DataFrame]) -> pd.DataFrame:
    theirs = scores["BVAR"]
    rows = {
        name: {
            "free / BVAR": np.exp(np.log(table["free"] / theirs["free"]).mean()),
            "told / BVAR": np.exp(np.log(table["told"] / theirs["told"]).mean()),
            "ratio": np.exp(np.log(table["ratio"]).mean()),
            "ratios at most the BVAR's": (table["ratio"] <= theirs["ratio"]).sum(),
            "told at most the BVAR's": (table["told"] <= theirs["told"]).sum(),
        }
        for name, table in scores.items()
    }
    return pd.DataFrame(rows).T
