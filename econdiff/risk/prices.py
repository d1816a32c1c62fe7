"""From prices to returns, refusing what is no price and pointing at what looks wrong."""

import re
from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from econdiff.panel.frequency import infer_frequency
from econdiff.periods import period_labels

SPLITS = (2, 3, 4, 5, 7, 10, 15, 20, 3 / 2)  # shares for one, as they are usually split
NEAR = 0.04  # how near a jump must lie to a split, in logs
UNITS = (100, 1000)  # pence in a pound, fils in a dinar
ROUGHLY = 0.25  # how near a jump must lie to a change of units, in logs, the day's move on top
DOUBLED = np.log(2)  # a move from which a jump is one whatever it is like
UNDONE, ENOUGH = -0.4, 60  # autocorrelation of moves, white noise has -0.5; moves that show it
STALE = 5  # periods without a change
PERIODS = {"D": "days", "B": "days", "W": "weeks", "M": "months", "Q": "quarters", "Y": "years"}

_UNPRICED = re.compile(
    r"per ?cent|%|fraction|\blog|^(hundreds|thousands|millions|billions|trillions|number)\b", re.I
)
WILD = 0.5  # a move, as a fraction
OFTEN = 0.05  # share of periods with a wild move; the wildest of 20 US shares: 2% of the months


def returns_of(prices: pd.DataFrame, *, kind: Literal["log", "simple"] = "log") -> pd.DataFrame:
    """Returns of each column, as fractions; a missing price gives two missing returns.

    Raises ValueError where a price is zero or negative, and where a series has fewer than two.
    """
    if kind not in ("log", "simple"):
        raise ValueError(f"kind is 'log' or 'simple', got {kind!r}")
    values = prices.to_numpy(float)
    labels = labels_of(prices)
    for name, column in zip(prices.columns, values.T, strict=True):
        known = int(np.isfinite(column).sum())
        if known < 2:
            raise ValueError(f"{name!r} has {known} prices; a return needs at least 2")
        wrong = np.flatnonzero(column <= 0)
        if len(wrong):
            raise ValueError(
                f"{name!r} is {column[wrong[0]]:g} on {labels[wrong[0]]}; prices must be above "
                "zero. Leave the cell empty where it stands for a missing price; returns are none"
            )
    ratio = values[1:] / values[:-1]
    made = np.log(ratio) if kind == "log" else ratio - 1
    return pd.DataFrame(made, index=prices.index[1:], columns=prices.columns)


def not_prices(prices: pd.DataFrame, units: Mapping[str, str]) -> dict[str, str]:
    """The columns that are plainly no prices, with what tells: `{name: words}`.

    Two signs, both rare in prices: units of a rate, a logarithm or a count, and moves beyond 50% in
    more than 5% of the periods, where these are months or shorter (over quarters and years shares
    move so). The index holds periods. A series known now and then is refused where it is read.
    """
    slow = pd.PeriodIndex(prices.index).freqstr[0] in "QY"
    told = {}
    for name, column in prices.items():
        unit = units.get(str(name), "")
        moves = column.dropna().pct_change().iloc[1:].abs()
        wild = float((moves > WILD).mean()) if len(moves) else 0.0
        if _UNPRICED.search(unit):
            told[str(name)] = f"its units are {unit!r}"
        elif wild > OFTEN and not slow:
            told[str(name)] = f"it moves by more than {WILD:.0%} in {wild:.0%} of its periods"
    return told


def suspicious(prices: pd.DataFrame) -> pd.DataFrame:
    """What to look at before trusting the prices: `series, period, problem, words`.

    `split`, `unit`, `jump`: a move eight times the series' usual (median absolute) one at least,
    and beyond 25%, that lies within 4% of a usual split or reverse split; that is a hundredfold or
    a thousandfold, as pence for pounds; or that halves or doubles the price. `stale`: no change
    over five periods or more. `mean`: moves that undo one another, with an autocorrelation below
    -0.4 over 60 or more, as where gross returns (1.002) stand for prices.
    """
    values = prices.to_numpy(float)
    logs = np.log(np.where(values > 0, values, np.nan))
    moves = np.diff(logs, axis=0, prepend=np.nan)
    labels, unit = labels_of(prices), period_word(prices)
    rows = []
    for name, r in zip(prices.columns, moves.T, strict=True):
        usual = np.nanmedian(np.abs(r)) if np.isfinite(r).any() else np.nan
        jumps = np.flatnonzero(np.abs(r) > max(0.25, 8 * usual))
        rows += [(name, labels[day], *told) for day in jumps if (told := _jump(r[day]))]
        rows += [
            (name, labels[end], "stale", f"the same price for {length} {unit}")
            for end, length in _runs(r == 0)
            if length >= STALE
        ]
        pairs = np.stack([r[:-1], r[1:]])[:, np.isfinite(r[:-1] + r[1:])]
        if pairs.shape[1] >= ENOUGH and (pairs.std(axis=1) > 0).all():
            undone = float(np.corrcoef(pairs)[0, 1])
            if undone < UNDONE:
                words = f"its moves undo one another, with an autocorrelation of {undone:.2f}"
                rows.append((name, labels[-1], "mean", words + "; is it a return, not a price?"))
    return pd.DataFrame(rows, columns=["series", "period", "problem", "words"])


def _jump(move: float) -> tuple[str, str] | None:
    """The problem and the words of a log move that is out of proportion; None where it may be."""
    size, said = abs(move), f"moved {100 * np.expm1(move):+.3g}%"
    nearest = min(SPLITS, key=lambda s: abs(size - np.log(s)))
    if abs(size - np.log(nearest)) < NEAR:
        what = "split" if move < 0 else "reverse split"
        return "split", f"{said}, like a {nearest:g}-for-1 {what}; use adjusted prices"
    if min(abs(size - np.log(units)) for units in UNITS) < ROUGHLY:
        return "unit", f"{said}, like another unit of money (pence for pounds); use one throughout"
    return ("jump", f"{said}; is the price right?") if size > DOUBLED else None


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Last row and length of each run of True."""
    edges = np.flatnonzero(np.diff(np.r_[False, flags, False].astype(int)))
    return [
        (int(end) - 1, int(end - start)) for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def labels_of(prices: pd.DataFrame | pd.Series) -> list[str]:
    """The periods of the rows as text; TypeError where the index holds no dates."""
    if not isinstance(prices.index, pd.PeriodIndex | pd.DatetimeIndex):
        raise TypeError(
            f"prices need dates for an index, got {type(prices.index).__name__}; "
            "read them with econdiff.panel.read_panel"
        )
    return period_labels(prices.index)


def period_word(prices: pd.DataFrame) -> str:
    """What the rows are called: days, weeks, months, quarters, years."""
    index = prices.index
    stamps = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else pd.DatetimeIndex(index)
    return PERIODS.get(infer_frequency(stamps) or "", "periods")
