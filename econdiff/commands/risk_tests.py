"""Every test of every model's past VaR and ES, and of the models against each other."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from econdiff.backtest.var_es import Track
from econdiff.commands.progress import Progress
from econdiff.risk.backtests import fz0_loss
from econdiff.risk.distribution import Tails, kept_depth, validate_pit, validate_tails
from econdiff.risk.validation import SIGNIFICANCE, validate
from econdiff.scoring import diebold_mariano, model_confidence_set

COLUMNS = ("model", "level", "test", "statistic", "p_value", "verdict")


def risk_tests(
    tracked: Sequence[Track],
    alphas: Sequence[float],
    *,
    daily: bool,
    seed: int,
    progress: Progress,
) -> pd.DataFrame:
    """`model, level, test, statistic, p_value, verdict`; `portfolio` first where there are several.

    `daily` says that periods are days. Tests of the whole forecast have no level. A rejection is at
    5%, each test by itself.
    """
    if not tracked:
        return pd.DataFrame(columns=list(COLUMNS))
    tables = []
    with progress("tests", len(tracked) * len(alphas)) as step:
        for track in tracked:
            who = {"portfolio": track.portfolio, "model": track.model}
            for place, alpha in enumerate(alphas):
                made = validate(track.frame(place), alpha, daily=daily)
                simulated = _simulated(track, place, alpha, kept_depth(alphas), seed)
                made = pd.concat([made, simulated], ignore_index=True)
                tables.append(made.assign(level=alpha, **who))
                step()
            tables.append(validate_pit(track.pit).assign(level=np.nan, **who))
    for portfolio in dict.fromkeys(track.portfolio for track in tracked):
        mine = [track for track in tracked if track.portfolio == portfolio]
        for place, alpha in enumerate(alphas):
            losses = {
                t.model: fz0_loss(t.returns, t.var[:, place], t.es[:, place], alpha) for t in mine
            }
            made = compared(losses, seed=seed)
            tables.append(made.assign(level=alpha, portfolio=portfolio))
    several = len({track.portfolio for track in tracked}) > 1
    columns = ["portfolio", *COLUMNS] if several else list(COLUMNS)
    return pd.concat(tables, ignore_index=True).loc[:, columns]


def _simulated(track: Track, place: int, alpha: float, depth: float, seed: int) -> pd.DataFrame:
    own = Tails(track.returns, track.pit, track.tail, depth)
    rng = np.random.default_rng([seed, place])
    return validate_tails(own, track.var[:, place], track.es[:, place], alpha, rng=rng)


def compared(by_model: Mapping[str, np.ndarray], *, seed: int) -> pd.DataFrame:
    """FZ0 losses [day] of the models side by side: confidence set, and the first against each."""
    names, losses = list(by_model), np.stack(list(by_model.values()), axis=1)
    if len(names) < 2:
        return pd.DataFrame(columns=["model", "test", "statistic", "p_value", "verdict"])
    inside = model_confidence_set(losses, rng=np.random.default_rng(seed))
    test = "model confidence set of FZ0, 90%"
    rows = [
        (name, test, losses[:, k].mean(), inside[k], "inside" if inside[k] > 0.10 else "outside")
        for k, name in enumerate(names)
    ]
    for k, name in enumerate(names[1:], start=1):
        found = diebold_mariano(losses[:, 0], losses[:, k])
        verdict = "comparable"
        if found.p_value < SIGNIFICANCE:
            verdict = "better" if found.statistic < 0 else "worse"
        rows.append((names[0], f"Diebold-Mariano of FZ0 against {name}", found.statistic,
                     found.p_value, verdict))  # fmt: skip
    return pd.DataFrame(rows, columns=["model", "test", "statistic", "p_value", "verdict"])
