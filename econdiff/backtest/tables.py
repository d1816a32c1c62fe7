"""Tidy tables of trials: scores, losses of each origin, PITs, and what each model cost."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from econdiff.backtest.trial import LEVELS, Trial
from econdiff.scoring import covered, pinball, uniformity

ALL = "all"
"""The name that stands for all series together, in the rows of joint scores."""

JOINT = frozenset({"energy", "variogram", "energy_path", "log_path"})
SHOWN_LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
BANDS = (0.50, 0.80, 0.90)


def scores(trials: Iterable[Trial]) -> pd.DataFrame:
    """Mean scores over origins: `model, series, step, metric, value`.

    Metrics: crps, crps_left, crps_right, log_kernel, rmse, pinball05 ... pinball95, coverage50,
    coverage80, coverage90 (shares), pit_p (p-value of `scoring.uniformity`) and origins, the
    number that the means are over: those that have come and at which the model did not
    fail. Joint scores (energy, variogram, energy_path, log_path) stand under the series "all".
    """
    tables = []
    for model, own in _by_model(trials).items():
        names, cells = own[0].series, {}
        for metric in ("crps", "crps_left", "crps_right", "log_kernel"):
            cells[metric] = _mean(_stacked(own, metric))
        cells["rmse"] = np.sqrt(_mean(_stacked(own, "squared_error")))
        for level in SHOWN_LEVELS:
            name = f"pinball{round(100 * level):02d}"
            cells[name] = _mean(_stacked(own, name))
        for band in BANDS:
            cells[f"coverage{round(100 * band)}"] = _mean(_inside(own, band))
        cells["pit_p"] = _uniform(np.stack([trial.pit for trial in own]))
        cells["origins"] = (~np.isnan(_stacked(own, "crps"))).sum(axis=0).astype(float)
        tables.append(_long(model, names, cells))
        joint = dict.fromkeys(metric for trial in own for metric in trial.joint)
        together = {metric: _mean(_stacked(own, metric)) for metric in joint}
        if together:
            tables.append(_long(model, (ALL,), together).dropna(subset="value"))
    return pd.concat(tables, ignore_index=True)


def losses(trials: Iterable[Trial], metric: str = "crps") -> pd.DataFrame:
    """The loss of each origin: `model, origin, row, period, series, step, loss`.

    `metric` is crps, crps_left, crps_right, log_kernel, squared_error, pinball05 (or another of
    the LEVELS), energy, variogram, energy_path or log_path. Every trial has its rows, with NaN
    where there is no score.
    """
    tables = []
    for trial in trials:
        values = _cells(trial, metric)
        names = (ALL,) if values.shape[1] != len(trial.series) or metric in JOINT else trial.series
        tables.append(_origin_table(trial, names, values).rename(columns={"value": "loss"}))
    if not tables or all(table["loss"].isna().all() for table in tables):
        raise ValueError(f"no trial has a score {metric!r}")
    table = pd.concat(tables, ignore_index=True)
    known = table.groupby(["series", "step"])["loss"].transform("count").to_numpy()
    return table.loc[known > 0].reset_index(drop=True)


def pits(trials: Iterable[Trial]) -> pd.DataFrame:
    """Where each outcome fell among the paths: `model, origin, row, period, series, step, pit`."""
    tables = [_origin_table(trial, trial.series, trial.pit) for trial in trials]
    table = pd.concat(tables, ignore_index=True).rename(columns={"value": "pit"})
    return table.dropna(subset="pit").reset_index(drop=True)


def runs(trials: Iterable[Trial]) -> pd.DataFrame:
    """A row a model: `model, origins, failed, fit_seconds, sample_seconds, error`.

    Seconds are sums over its trials; `error` is that of its first failed trial.
    """
    rows = []
    for model, own in _by_model(trials).items():
        errors = [f"{trial.origin}: {trial.error}" for trial in own if trial.error]
        rows.append(
            {
                "model": model,
                "origins": len(own),
                "failed": len(errors),
                "fit_seconds": sum(trial.fit_seconds for trial in own),
                "sample_seconds": sum(trial.sample_seconds for trial in own),
                "error": errors[0] if errors else "",
            }
        )
    return pd.DataFrame(rows)


def within(trials: Iterable[Trial], first: str, last: str) -> list[Trial]:
    """The trials as if only outcomes of `first` to `last` had come: a span of target periods.

    Periods as `period_labels` writes them; both ends count. Scores outside are NaN; those of
    a whole path stay where its last step lies inside.
    """
    chosen = []
    for trial in trials:
        inside = np.array([first <= period <= last for period in trial.periods])
        chosen.append(
            replace(
                trial,
                outcome=_only(trial.outcome, inside),
                pit=_only(trial.pit, inside),
                scores={name: _only(values, inside) for name, values in trial.scores.items()},
                joint={name: _only(values, inside) for name, values in trial.joint.items()},
            )
        )
    return chosen


def _cells(trial: Trial, metric: str) -> np.ndarray:
    """One score of one trial, `[step, series]`, or `[step, 1]` for a joint one."""
    if metric in trial.scores:
        return trial.scores[metric]
    if metric in trial.joint:
        return trial.joint[metric][:, None]
    if metric.startswith("pinball"):
        level = float(f"0.{metric.removeprefix('pinball')}")
        at = _level(level)
        return pinball(trial.quantiles[[at]], trial.outcome, np.array([level]))[0]
    return np.full((len(trial.periods), 1 if metric in JOINT else len(trial.series)), np.nan)


def _inside(own: list[Trial], band: float) -> np.ndarray:
    low, high = _level((1 - band) / 2), _level((1 + band) / 2)
    return np.stack(
        [
            np.full(trial.outcome.shape, np.nan)
            if trial.error
            else covered(trial.quantiles[low], trial.quantiles[high], trial.outcome)
            for trial in own
        ]
    )


def _level(level: float) -> int:
    near = np.flatnonzero(np.isclose(LEVELS, level))
    if not len(near):
        raise ValueError(f"trials keep the quantiles {LEVELS}, and {level} is none of them")
    return int(near[0])


def _by_model(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    models: dict[str, list[Trial]] = {}
    for trial in trials:
        models.setdefault(trial.model, []).append(trial)
    return {model: sorted(own, key=lambda trial: trial.row) for model, own in models.items()}


def _stacked(own: list[Trial], metric: str) -> np.ndarray:
    return np.stack([_cells(trial, metric) for trial in own])  # [origin, step, series]


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over origins of what is known; NaN where nothing is."""
    known = (~np.isnan(values)).sum(axis=0)
    return np.nansum(values, axis=0) / np.where(known > 0, known, np.nan)


def _uniform(pits: np.ndarray) -> np.ndarray:
    flat = pits.reshape(len(pits), -1)
    p = [uniformity(flat[:, cell]).p_value for cell in range(flat.shape[1])]
    return np.array(p).reshape(pits.shape[1:])


def _only(values: np.ndarray, steps: np.ndarray) -> np.ndarray:
    kept = values.copy()
    kept[~steps] = np.nan
    return kept


def _long(model: str, names: tuple[str, ...], cells: dict[str, np.ndarray]) -> pd.DataFrame:
    tables = [
        _step_table(names, values).assign(model=model, metric=metric)
        for metric, values in cells.items()
    ]
    columns = ["model", "series", "step", "metric", "value"]
    return pd.concat(tables, ignore_index=True).loc[:, columns]


def _step_table(names: tuple[str, ...], values: np.ndarray) -> pd.DataFrame:
    steps = len(values)
    return pd.DataFrame(
        {
            "series": np.repeat(np.array(names, dtype=object), steps),
            "step": np.tile(np.arange(1, steps + 1), len(names)),
            "value": values.T.ravel(),
        }
    )


def _origin_table(trial: Trial, names: tuple[str, ...], values: np.ndarray) -> pd.DataFrame:
    table = _step_table(names, values)
    table.insert(0, "model", trial.model)
    table.insert(1, "origin", trial.origin)
    table.insert(2, "row", trial.row)
    table.insert(3, "period", np.tile(np.array(trial.periods, dtype=object), len(names)))
    return table
