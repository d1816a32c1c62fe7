"""Runs a backtest: every model from every origin, resumable, on as many processes as wanted."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.arguments import check_count
from econdiff.backtest.array_files import file_name
from econdiff.backtest.fingerprint import code_fingerprint, fingerprint
from econdiff.backtest.trial import Cut, Draws, Trial, attempt, cut_at, failure
from econdiff.backtest.trial_files import keep, kept
from econdiff.backtest.workers import check_sendable, share
from econdiff.forecast import Forecaster, Model
from econdiff.panel import check_rows
from econdiff.windows import history_at

Origin = int | pd.Period | pd.Timestamp | str


def backtest(
    models: Mapping[str, Model],
    panel: pd.DataFrame,
    *,
    horizon: int,
    origins: Iterable[Origin],
    paths: int,
    seed: int,
    vintages: Mapping[Origin, pd.DataFrame] | None = None,
    scale: Mapping[str, float] | None = None,
    refit_every: int = 1,
    keep_paths: bool = False,
    densities: bool = False,
    folder: Path | None = None,
    workers: int = 1,
) -> Iterator[Trial]:
    """Every model's forecast from every origin, one `Trial` at a time, in order of time.

    An origin is the last period known there: its label, or its row number. A model is fitted to
    the rows up to it (every `refit_every`-th origin; between, the fit is used again with the newer
    history) and scored on the rows that follow it, as far as the panel has them. `vintages` gives
    for an origin what was known then, where that is not the panel's own rows, and the panel is the
    truth that is scored against. A vintage ends at its origin, or after it in a ragged edge of
    fewer rows than the horizon: these are the first steps, drawn given what is known of them, and
    what is known is not scored. `econdiff.windows.with_same_edge` makes such vintages.

    A model that raises gives trials with an `error`. Joint scores are in units of `scale`; by
    default of the standard deviation of each series' changes up to the origin. With `densities`,
    models that know their density (`DensityForecaster`) are scored by its log too, which can take
    longer than the draws.

    With a `folder`, each finished trial is kept there and used again as long as nothing that it
    depends on has changed: data, settings, seed, code. What failed is tried again. With
    `workers`, as many processes of one thread each share the work; the trials are the same.

    Raises `ValueError` for a panel, origins, vintages or numbers that do not fit, `TypeError` for
    what is no model, `WorkerError` when the system ends a worker.
    """
    _check_models(models)
    check_rows(panel)
    numbers = {"horizon": horizon, "refit_every": refit_every, "workers": workers, "seed": seed}
    for name, number in numbers.items():
        check_count(name, number, least=0 if name == "seed" else 1)
    check_count("paths", paths, least=2)
    draws = Draws(horizon, paths, seed, keep_paths, densities, scale)
    cuts = _cuts(panel, origins, horizon, vintages or {})
    blocks = [tuple(cuts[k : k + refit_every]) for k in range(0, len(cuts), refit_every)]
    files = _files(models, blocks, draws, folder)
    tasks = [
        _Task(name, model, block, files[name][k], draws)
        for k, block in enumerate(blocks)
        for name, model in models.items()
    ]
    if workers == 1:
        return (trial for task in tasks for trial in _trials(task))
    check_sendable(models)
    return (trial for trials in share(_finished, tasks, workers) for trial in trials)


def trial_files(
    models: Mapping[str, Model],
    panel: pd.DataFrame,
    *,
    horizon: int,
    origins: Iterable[Origin],
    paths: int,
    seed: int,
    folder: Path,
    vintages: Mapping[Origin, pd.DataFrame] | None = None,
) -> set[Path]:
    """Where `backtest`, asked the same, keeps its trials in `folder`."""
    blocks = [(cut,) for cut in _cuts(panel, origins, horizon, vintages or {})]
    files = _files(models, blocks, Draws(horizon, paths, seed), folder)
    return {file for own in files.values() for block in own for file in block if file}


@dataclass(frozen=True, eq=False)
class _Task:
    """A model to fit at the first of some origins and to draw from at each of them."""

    name: str
    model: Model
    cuts: tuple[Cut, ...]
    files: tuple[Path | None, ...]
    draws: Draws


def _trials(task: _Task) -> Iterator[Trial]:
    """The trials of a task: those kept are read, the others run and kept."""
    fitted: Forecaster | None = None
    error, seconds = "", 0.0
    for cut, file in zip(task.cuts, task.files, strict=True):
        trial = kept(file) if file else None
        if trial is None and fitted is None and not error:
            fitted, error, seconds = _fit(task)
        if trial is None:
            trial = _trial(task, fitted, cut, error, seconds)
            seconds = 0.0
            if file and not trial.error:
                keep(trial, file)
        yield trial


def _finished(task: _Task) -> list[Trial]:
    return list(_trials(task))


def _fit(task: _Task) -> tuple[Forecaster | None, str, float]:
    start = time.perf_counter()
    try:
        fitted, error = task.model.fit(task.cuts[0].history.copy()), ""
    except Exception as raised:  # noqa: BLE001 - a model may fail in any way; its row says how
        fitted, error = None, f"fit: {type(raised).__name__}: {raised}"
    return fitted, error, time.perf_counter() - start


def _trial(
    task: _Task, fitted: Forecaster | None, cut: Cut, error: str, fit_seconds: float
) -> Trial:
    if fitted is not None:
        try:
            return attempt(task.name, fitted, cut, task.draws, fit_seconds)
        except Exception as raised:  # noqa: BLE001 - a model may fail in any way; its row says how
            error = f"sample: {type(raised).__name__}: {raised}"
    return failure(task.name, cut, error, fit_seconds)


def _check_models(models: Mapping[str, Model]) -> None:
    """Refuse what would fail at every origin for want of brackets or of a name."""
    if not isinstance(models, Mapping):
        raise TypeError(f"models are named: say models={{'ar': AR()}}, not {models!r}")
    for name, model in models.items():
        if isinstance(model, type) or not isinstance(model, Model):
            raise TypeError(f"the model {name!r} is {model!r}, not settings; call it, as in AR()")


def _cuts(
    panel: pd.DataFrame,
    origins: Iterable[Origin],
    horizon: int,
    vintages: Mapping[Origin, pd.DataFrame],
) -> list[Cut]:
    if isinstance(origins, str):
        raise ValueError(f"origins are a list, say origins=[{origins!r}]")
    known = {_row(panel, origin): vintage for origin, vintage in vintages.items()}
    rows = sorted(_row(panel, origin) for origin in origins)  # a fit is used later, not earlier
    if len(set(rows)) < len(rows):
        raise ValueError("an origin is named twice; name each once")
    lacking = [str(panel.index[row]) for row in rows if vintages and row not in known]
    if lacking:
        raise ValueError(f"no vintage for the origins {lacking}; give one for each, or none at all")
    for row, vintage in known.items():
        _check_vintage(panel, row, horizon, vintage)
    return [cut_at(panel, row, horizon, known.get(row)) for row in rows]


def _check_vintage(panel: pd.DataFrame, row: int, horizon: int, vintage: pd.DataFrame) -> None:
    origin = panel.index[row]
    first = len(vintage) - int((vintage.index > origin).sum())  # row of the edge, if there is one
    edge = vintage.iloc[first:]
    places = panel.index[row : row + horizon]
    steps = vintage.index[max(first - 1, 0) :]
    if not steps.equals(places[: len(steps)]) or list(vintage.columns) != list(panel.columns):
        raise ValueError(
            f"the vintage of {origin} must end there, or fewer than {horizon} rows after it, and "
            f"have the series {list(panel.columns)}; it ends at {vintage.index[-1]} and has "
            f"{list(vintage.columns)}"
        )
    whole = edge.notna().to_numpy().all(axis=1)
    if whole.any():
        known = edge.index[whole.argmax()]
        raise ValueError(f"the vintage of {origin} knows {known} whole; that is its origin")


def _row(panel: pd.DataFrame, origin: Origin) -> int:
    if not isinstance(origin, int | np.integer):
        return len(history_at(panel, origin)) - 1
    if not 0 <= origin < len(panel):
        raise ValueError(f"no row {origin} in this panel; its rows are 0 to {len(panel) - 1}")
    return int(origin)


def _files(
    models: Mapping[str, Model], blocks: list[tuple[Cut, ...]], draws: Draws, folder: Path | None
) -> dict[str, list[tuple[Path | None, ...]]]:
    """Where each trial is kept, `[model][block][cut]`: named by all that the trial depends on."""
    if folder is None:
        return {name: [(None,) * len(block) for block in blocks] for name in models}
    Path(folder).mkdir(parents=True, exist_ok=True)
    common = fingerprint(code_fingerprint(), draws)
    data = [[fingerprint(cut.history, cut.future) for cut in block] for block in blocks]
    files = {}
    for name, model in models.items():
        settings = fingerprint(common, name, model)
        files[name] = [
            tuple(
                Path(folder) / file_name(name, cut.origin, fingerprint(settings, fitted_to, key))
                for cut, key in zip(block, keys, strict=True)
            )
            for block, keys in zip(blocks, data, strict=True)
            for fitted_to in [fingerprint(block[0].history)]
        ]
    return files
