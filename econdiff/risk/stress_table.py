"""A table of stresses: what each portfolio returns if a series does this, and how plausible it is.

    sp500=-30%      thirty per cent below its last value at the horizon
    yield=+200bp    two points above
    vix=80          at 80

`bps` is `bp`, and a minus may be the typographic one, U+2212.

Where the caller knows the model's conditional law, draws of it are the answer. Otherwise the joint
paths are conditioned on the value (`econdiff.risk.stress.near`), and where too few of them come
near it, the portfolio is moved along its regression on the series (`gaussian_shift`). Each row
says which.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.forecast import Forecast
from econdiff.risk import stress
from econdiff.risk.measures import expected_shortfall
from econdiff.risk.prices import labels_of
from econdiff.weighting import effective

_SAID = re.compile(r"^\s*(?P<by>[+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*(?P<unit>%|bps?)?\s*$")


@dataclass(frozen=True)
class Move:
    """A series at a value at the horizon; `label` for tables.

    `additive` says that such moves are compared as differences, those of a rate, not as ratios.
    """

    label: str
    series: str
    value: float
    additive: bool = False


@dataclass(frozen=True, eq=False)
class Given:
    """Gains [path x portfolio] under a move, from a model's own conditional law."""

    totals: pd.DataFrame
    method: str
    effective: float


def parse_move(text: str, last: pd.Series, positive: Collection[str]) -> Move:
    """Read `NAME=-30%`, `NAME=+200bp` or `NAME=80`; `last` [series] is where each series stands.

    `positive` names the series that stay above zero: prices, and what else is modelled in logs.
    """
    name, equals, said = (part.strip() for part in text.rpartition("="))
    said = said.replace("\N{MINUS SIGN}", "-")
    found = _SAID.match(said)
    if not equals or not found:
        raise ValueError(f"a stress is written NAME=-30%, NAME=+200bp or NAME=80; got {text!r}")
    if name not in last.index:
        raise ValueError(f"the stress {text!r} names no series; there are {list(last.index)}")
    now, by = float(np.asarray(last.loc[[name]], float)[0]), float(found["by"])
    unit = (found["unit"] or "").rstrip("s")
    value = {"%": now * (1 + by / 100), "bp": now + by / 100}.get(unit, by)
    if name in positive and value <= 0:
        meant = f"; did you mean {name}={by:+g}%?" if not unit and -100 < by < 0 else ""
        raise ValueError(
            f"the stress {text!r} puts {name!r} at {value:g}, and it stays above zero; it stands "
            f"at {now:g}{meant}"
        )
    return Move(f"{name} {said}", name, value, unit == "bp" or name not in positive)


def worst_moves(prices: pd.DataFrame, names: Sequence[str], horizon: int) -> list[Move]:
    """Each series falls as in the worst `horizon` steps of its history, from where it is now."""
    moves = []
    labels = labels_of(prices)
    for name in names:
        column = prices[name].ffill().to_numpy(float)
        gained = column[horizon:] / column[:-horizon] - 1
        if not np.isfinite(gained).any():
            continue
        at = int(np.nanargmin(gained))
        fall = float(gained[at])
        label = f"{name} {100 * fall:+.1f}%, as to {labels[at + horizon]}"
        moves.append(Move(label, name, float(column[np.isfinite(column)][-1]) * (1 + fall)))
    return moves


def stress_table(
    forecast: Forecast,
    totals: pd.DataFrame,
    moves: Sequence[Move],
    history: pd.DataFrame,
    *,
    horizon: int,
    alpha: float,
    given: Callable[[Move], Given | None] = lambda move: None,
) -> pd.DataFrame:
    """One row a move and portfolio, from joint paths.

    `totals` [path x portfolio] are gains over `horizon` steps on the paths of `forecast`, `history`
    the panel up to the origin. `given` has the conditional law of a move; None where it is not
    known. Columns: stress, portfolio, horizon, alpha, mean, VaR (the `alpha` quantile under the
    stress), method, paths (the effective sample size, 1 / sum w^2), plausibility (of so large a
    move either way, were the paths Gaussian), beyond_history (no stretch of `history` moved so
    far).
    """
    rows = []
    for move in moves:
        x = forecast.samples[:, horizon - 1, forecast.names.index(move.series)]
        past = history[move.series].ffill().to_numpy(float)
        told = {
            "plausibility": stress.plausibility(x, move.value),
            "beyond_history": _beyond(past, move, horizon),
        }
        own = given(move)
        for name, total in totals.items():
            if own is None:
                found = _under(x, move.value, total.to_numpy(float), alpha)
            else:
                drawn = own.totals[name].to_numpy(float)
                found = _figures(drawn, alpha, own.method, own.effective)
            who = {"stress": move.label, "portfolio": str(name), "horizon": horizon, "alpha": alpha}
            rows.append(who | found | told)
    return pd.DataFrame(rows)


def historical_worst(prices: pd.DataFrame, weights: pd.DataFrame, *, horizon: int) -> pd.DataFrame:
    """The worst `horizon` steps that each portfolio, as held now, would have had: one row each.

    `prices` of what is held, `weights` [series x portfolio]. Columns: portfolio, from, to, return.
    """
    names = list(weights.index)
    whole = prices[names].ffill().dropna()
    labels = labels_of(whole)
    gained = (whole.to_numpy()[horizon:] / whole.to_numpy()[:-horizon] - 1) @ weights.to_numpy()
    rows = []
    for place, name in enumerate(weights.columns):
        at = int(gained[:, place].argmin())
        rows.append((str(name), labels[at], labels[at + horizon], float(gained[at, place])))
    return pd.DataFrame(rows, columns=["portfolio", "from", "to", "return"])


def reverse_table(assets: pd.DataFrame, totals: pd.DataFrame, *, alpha: float) -> pd.DataFrame:
    """The most plausible way to lose each portfolio's ES: one row a portfolio and asset.

    `assets` [path x series] and `totals` [path x portfolio] are gains on the same paths.
    Columns: portfolio, loss, probability, series, scenario (on that path), typical (mean over all
    paths that lose so much), centre (where, drawn or not, the loss lies least far out).
    """
    rows = []
    for name, total in totals.items():
        returns = total.to_numpy(float)
        worst = returns.min()  # the ES itself, but for rounding, where the tail is one past row
        loss = -max(float(expected_shortfall(returns, alpha)), float(worst))
        found = stress.reverse_stress(assets.to_numpy(float), returns, loss)
        rows += [
            (str(name), found.loss, found.probability, series, *moves)
            for series, *moves in zip(
                assets.columns, found.scenario, found.typical, found.centre, strict=True
            )
        ]
    columns = ["portfolio", "loss", "probability", "series", "scenario", "typical", "centre"]
    return pd.DataFrame(rows, columns=columns)


def _under(x: np.ndarray, value: float, total: np.ndarray, alpha: float) -> dict[str, object]:
    try:
        near = stress.near(x, value)
    except stress.StressError:
        moved = stress.gaussian_shift(x, value, total[:, None])[:, 0]
        return _figures(moved, alpha, "regression", float(len(x)))
    return {
        "mean": float(near.mean(total)),
        "VaR": near.quantile(total, alpha),
        "method": "paths near it",
        "paths": effective(near.weights),
    }


def _figures(drawn: np.ndarray, alpha: float, method: str, paths: float) -> dict[str, object]:
    """Mean and VaR of gains [path] under the move."""
    low = float(np.quantile(drawn, alpha))
    return {"mean": float(drawn.mean()), "VaR": low, "method": method, "paths": paths}


def _beyond(past: np.ndarray, move: Move, horizon: int) -> bool:
    """Whether the move lies further out than any of the same length in the past."""
    known = past[np.isfinite(past)]
    if len(known) <= horizon + 2:
        return True
    if not move.additive and (known > 0).all() and move.value > 0:
        moved, asked = np.log(known[horizon:] / known[:-horizon]), np.log(move.value / known[-1])
    else:
        moved, asked = known[horizon:] - known[:-horizon], move.value - known[-1]
    return stress.extrapolates(moved, asked)
