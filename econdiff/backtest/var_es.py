"""Backtests Value-at-Risk and Expected Shortfall: every model, every day, resumable.

For each day the model sees the prices before it and nothing else; it is fitted again every
`refit` days. Over a longer horizon only every horizon-th day is forecast from, so that no two
forecasts share a day and each test holds as it stands. Portfolios are rebalanced to their weights
each day, or bought at the origin of a longer horizon and held. What was forecast is kept as VaR,
ES, the place of the outcome in the forecast (PIT) and the forecast's lower tail.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.backtest.array_files import file_name, read_arrays, write_arrays
from econdiff.backtest.fingerprint import code_fingerprint, fingerprint
from econdiff.backtest.workers import check_sendable, share
from econdiff.forecast import Forecast, Model
from econdiff.risk import distribution, measures
from econdiff.risk.portfolio import price_gains
from econdiff.risk.prices import labels_of
from econdiff.scoring import pit

ARRAYS = ("var", "es", "pit", "tail", "realised")


@dataclass(frozen=True, eq=False)
class Plan:
    """What is backtested: prices, what is held, the first row forecast, and how.

    `prices` [time x series] may hold series that no portfolio holds; models see them too. `weights`
    [series x portfolio]. A fit and a forecast see the last `window` rows. Gains are over `horizon`
    rows.
    """

    prices: pd.DataFrame
    weights: pd.DataFrame
    first: int
    alphas: tuple[float, ...]
    refit: int = 21
    window: int = 1001
    paths: int = 5000
    seed: int = 0
    horizon: int = 1

    @property
    def depth(self) -> float:
        """How far into the tail forecasts are kept."""
        return distribution.kept_depth(self.alphas)

    def origins(self, start: int = 0, end: int | None = None) -> list[int]:
        """The rows forecast from `start` to `end`: the first of each stretch of `horizon` rows."""
        last = len(self.prices) - self.horizon
        rows = range(self.first, last + 1, self.horizon)
        return [row for row in rows if start <= row and (end is None or row < end)]


@dataclass(frozen=True, eq=False)
class Block:
    """The days between two fits of one model."""

    model: str
    rows: np.ndarray  # [day], of the prices on which the outcome is known
    var: np.ndarray  # [day, portfolio, level]
    es: np.ndarray  # [day, portfolio, level]
    pit: np.ndarray  # [day, portfolio]
    tail: np.ndarray  # [day, portfolio, cell]
    realised: np.ndarray  # [day, portfolio]; NaN where a price held lacks at either end


def backtest_var_es(
    models: Mapping[str, Model], plan: Plan, *, folder: Path | None = None, workers: int = 1
) -> Iterator[Block]:
    """Blocks of days, model by model within each; those kept in `folder` are not run again.

    Raises ValueError, with the model and the day, where a model fails.
    """
    if not _starts(plan) or plan.first < 2:
        raise ValueError(
            f"no day is left to forecast from row {plan.first} of {len(plan.prices)} prices"
        )
    tasks = _tasks(models, plan, folder)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    if workers == 1:
        return (_block(task) for task in tasks)
    check_sendable(models)
    return share(_block, tasks, workers)


def block_files(models: Mapping[str, Model], plan: Plan, folder: Path) -> set[Path]:
    """Where `backtest_var_es`, asked the same, keeps its blocks in `folder`."""
    return {folder / _file(task) for task in _tasks(models, plan, folder)}


def blocks_of(plan: Plan) -> int:
    """How many blocks each model has."""
    return len(_starts(plan))


def _starts(plan: Plan) -> list[int]:
    """The rows of the fits from which some row is forecast."""
    fits = range(plan.first, len(plan.prices), plan.refit)
    return [start for start in fits if plan.origins(start, start + plan.refit)]


@dataclass(frozen=True, eq=False)
class _Task:
    name: str
    model: Model
    plan: Plan
    start: int
    end: int
    folder: Path | None


def _tasks(models: Mapping[str, Model], plan: Plan, folder: Path | None) -> list[_Task]:
    return [
        _Task(name, model, plan, start, min(start + plan.refit, len(plan.prices)), folder)
        for start in _starts(plan)
        for name, model in models.items()
    ]


def _block(task: _Task) -> Block:
    file = task.folder / _file(task) if task.folder else None
    arrays = read_arrays(file) if file else None
    if arrays is None or set(arrays) != set(ARRAYS):
        arrays = _run(task)
        if file:
            write_arrays(file, arrays)
    return Block(task.name, _outcomes(task), **arrays)


def _run(task: _Task) -> dict[str, np.ndarray]:
    plan = task.plan
    day = task.start
    made: dict[str, list[np.ndarray]] = {name: [] for name in ARRAYS}
    try:
        forecaster = task.model.fit(_history(plan, task.start))
        for day in plan.origins(task.start, task.end):
            history = _history(plan, day)
            rng = np.random.default_rng([plan.seed, day])
            drawn = forecaster.sample(history, horizon=plan.horizon, paths=plan.paths, rng=rng)
            for name, value in _day(plan, day, drawn, history, rng).items():
                made[name].append(value)
    except Exception as error:
        when = labels_of(plan.prices)[day]
        raise ValueError(f"the model {task.name!r} failed at {when}: {error}") from error
    return {name: np.stack(values) for name, values in made.items()}


def _outcomes(task: _Task) -> np.ndarray:
    """The rows on which what was forecast has come [day]."""
    return np.array(task.plan.origins(task.start, task.end)) + task.plan.horizon - 1


def _history(plan: Plan, day: int) -> pd.DataFrame:
    """The prices before `day`."""
    return plan.prices.iloc[max(0, day - plan.window) : day]


def _day(
    plan: Plan, day: int, drawn: Forecast, history: pd.DataFrame, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    held = list(plan.weights.index)
    assets = price_gains(drawn, history[held].ffill().iloc[-1])
    w = plan.weights.loc[list(assets.names)].to_numpy(float)
    total = assets.at(plan.horizon) @ w  # [path, portfolio]
    known = plan.prices[list(assets.names)].to_numpy(float)
    realised = (known[day + plan.horizon - 1] / known[day - 1] - 1) @ w
    var = np.stack([measures.value_at_risk(total, a) for a in plan.alphas], axis=-1)
    es = np.stack([measures.expected_shortfall(total, a) for a in plan.alphas], axis=-1)
    # a forecast of no loss at all, or of one loss only, stays testable
    var = np.minimum(var, -1e-9)
    return {
        "var": var,
        "es": np.minimum(es, var * (1 + 1e-9)),
        "pit": pit(total, realised, rng=rng),
        "tail": np.quantile(total, distribution.tail_levels(plan.depth), axis=0).T,
        "realised": realised,
    }


def _file(task: _Task) -> str:
    """A name made of all that the block depends on."""
    plan = task.plan
    rows = plan.prices.iloc[max(0, task.start - plan.window) : task.end + plan.horizon - 1]
    settings = (plan.alphas, plan.refit, plan.window, plan.paths, plan.seed, plan.horizon)
    key = fingerprint(
        code_fingerprint(Path(__file__)),
        task.name,
        task.model,
        (*settings, plan.origins(task.start, task.end)),
        rows,
        plan.weights,
    )
    return file_name(task.name, str(rows.index[-1]), key)


@dataclass(frozen=True, eq=False)
class Track:
    """One model's forecasts for one portfolio, day by day, days without an outcome left out."""

    model: str
    portfolio: str
    days: pd.Index  # [day]
    labels: tuple[str, ...]  # [day]
    returns: np.ndarray  # [day]
    var: np.ndarray  # [day, level]
    es: np.ndarray  # [day, level]
    pit: np.ndarray  # [day]
    tail: np.ndarray  # [day, cell]
    left_out: int = 0  # days forecast whose outcome is not known

    def frame(self, level: int) -> pd.DataFrame:
        """`return, VaR, ES` by day, at one of the levels."""
        columns = {"return": self.returns, "VaR": self.var[:, level], "ES": self.es[:, level]}
        return pd.DataFrame(columns, index=self.days)


def tracks(blocks: list[Block], plan: Plan) -> list[Track]:
    """The blocks put together, portfolio by portfolio and model by model.

    A day that any portfolio has no return on is left out of all.
    """
    made = []
    labels = labels_of(plan.prices)
    for place, portfolio in enumerate(plan.weights.columns):
        for model in dict.fromkeys(block.model for block in blocks):
            mine = [block for block in blocks if block.model == model]
            rows = np.concatenate([block.rows for block in mine])
            known = np.isfinite(np.concatenate([block.realised for block in mine])).all(axis=1)
            parts = {
                name: np.concatenate([getattr(block, name)[:, place] for block in mine])[known]
                for name in ARRAYS
            }
            made.append(
                Track(
                    model,
                    str(portfolio),
                    plan.prices.index[rows[known]],
                    tuple(np.array(labels, dtype=object)[rows[known]]),
                    parts["realised"],
                    parts["var"],
                    parts["es"],
                    parts["pit"],
                    parts["tail"],
                    int((~known).sum()),
                )
            )
    return made
