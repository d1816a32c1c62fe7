"""Past origins: run models at them, test the differences, keep the files."""

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from econdiff.backtest import Trial, backtest, compare_each, losses, pits, runs, scores
from econdiff.backtest.run import trial_files
from econdiff.commands.folder import keep_only, write_text
from econdiff.commands.progress import Progress
from econdiff.forecast import Model
from econdiff.report.past import Past
from econdiff.windows import backtest_origins, edge_rows_of, with_same_edge

TABLES = ("scores", "tests", "pits", "runs")


@dataclass(frozen=True, eq=False)
class Histories:
    """The origins of a study, the steps after each, and what was known if not the rows up to it."""

    origins: pd.Index
    steps: int
    vintages: Mapping[Hashable, pd.DataFrame] | None = None
    words: str = ""


def with_edge_of(panel: pd.DataFrame, origins: pd.Index, horizon: int) -> Histories:
    """Histories that end in as ragged an edge as `panel`, if it does; it comes before `horizon`."""
    edge = edge_rows_of(panel)
    if not edge:
        return Histories(origins, horizon)
    first = "step 1 is the period" if edge == 1 else f"steps 1 to {edge} are the periods"
    words = (
        "What is published sooner than the rest was known as far beyond each origin as it is now: "
        f"{first} not known whole. What was known is not scored."
    )
    return Histories(origins, edge + horizon, with_same_edge(panel, origins), words)


def run_trials(
    models: Mapping[str, Model],
    panel: pd.DataFrame,
    histories: Histories,
    *,
    paths: int,
    seed: int,
    workers: int,
    folder: Path | None,
    progress: Progress,
) -> list[Trial]:
    """Every model at every origin; finished trials are kept in `folder`, if one is given.

    What `folder` holds beside them, of a study that was stopped, is deleted at the end.
    """
    trials = []
    asked: dict[str, Any] = {
        "horizon": histories.steps,
        "origins": histories.origins,
        "vintages": histories.vintages,
        "paths": paths,
        "seed": seed,
    }
    with progress("past forecasts", len(models) * len(histories.origins)) as step:
        for trial in backtest(models, panel, **asked, folder=folder, workers=workers):
            trials.append(trial)
            step()
    if folder is not None:
        own = trial_files(models, panel, **asked, folder=folder)
        keep_only(folder, own)
    return trials


def judged(trials: list[Trial], *, seed: int, progress: Progress) -> Past:
    """Scores of the trials, and tests of each model against every other, at `tested_steps`.

    Raises ValueError, with the first reason, where every trial failed.
    """
    if all(trial.error for trial in trials):
        first = trials[0]
        raise ValueError(
            f"every model failed at every origin, first {first.model} at {first.origin}: "
            f"{first.error}"
        )
    loss = losses(trials)
    steps = tested_steps(len(trials[0].periods))
    loss = loss.loc[loss["step"].isin(steps)]
    tests = []
    models = list(dict.fromkeys(trial.model for trial in trials))
    with progress("tests", len(models)) as step:
        if len(models) > 1:
            for table in compare_each(loss, rng=np.random.default_rng(seed)):
                tests.append(table)
                step()
    return Past(
        scores(trials),
        pd.concat(tests, ignore_index=True) if tests else pd.DataFrame(),
        pits(trials),
        runs(trials),
        tuple(dict.fromkeys(trial.origin for trial in trials)),
    )


def tested_steps(horizon: int) -> list[int]:
    """The steps 1, 2, 4, 8, ... and the last: Holm's correction should not pay for every one."""
    return sorted({2**k for k in range(horizon.bit_length())} | {horizon})


def least_history(panel: pd.DataFrame) -> int:
    """How many rows of history an origin needs: 60, or half of a panel that is shorter than 120."""
    return min(60, max(24, len(panel) // 2))


def spread_origins(panel: pd.DataFrame, *, horizon: int, count: int) -> pd.Index | None:
    """At most `count` origins, a horizon apart where the panel is long enough; None if none fits.

    Futures that do not overlap are as good as independent, so few origins tell the most.
    """
    least = least_history(panel)
    room = len(panel) - least - horizon  # rows from the earliest origin to the latest
    if room < 0:
        return None
    step = max(1, min(horizon, room // max(1, count - 1)))
    count = min(count, room // step + 1)
    return backtest_origins(panel, horizon=horizon, count=count, step=step, minimum=least)


def write_past(past: Past, folder: Path) -> None:
    """Write scores.csv, tests.csv, pits.csv, runs.csv and origins.json."""
    for name in TABLES:
        getattr(past, name).to_csv(folder / f"{name}.csv", index=False)
    write_text(folder / "origins.json", json.dumps(list(past.origins)) + "\n")


def read_past(folder: Path) -> Past | None:
    """What `write_past` wrote; None where nothing was."""
    path = folder / "origins.json"
    if not path.is_file():
        return None
    scored, tests, ranks, ran = (_read_csv(folder / f"{name}.csv") for name in TABLES)
    return Past(scored, tests, ranks, ran, tuple(json.loads(path.read_text(encoding="utf-8"))))


def _read_csv(path: Path) -> pd.DataFrame:
    """A table whose names stay text, be they `1` or `NA`."""
    if not path.read_text(encoding="utf-8").strip():
        return pd.DataFrame()  # one model alone has no tests
    names: dict[Hashable, str] = dict.fromkeys(("model", "reference", "series", "error"), "str")
    table = pd.read_csv(path, dtype=names, keep_default_na=False, na_values=[""])
    return table.fillna(dict.fromkeys(table.columns.intersection(["error"]), ""))
