"""Highs and lows beside closes: recognised, kept from being held, and made ranges of days.

In a wide table they are `X high` and `X low` beside `X`, as `AAPL High` beside `AAPL Close` or
`AAPL Adj Close`; of a long table, columns of their own that `--high` and `--low` name. The opens
and volumes that such a table has, and closes beside adjusted closes, are not held either.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from econdiff.baselines import RANGED
from econdiff.baselines.range_volatility import SUFFIX, day_ranges
from econdiff.commands.errors import UsageError
from econdiff.commands.manifest import panel_record
from econdiff.commands.reading import Input, Reading, read
from econdiff.forecast import Model
from econdiff.transforms import Difference, Transform, Transformed, TransformedForecaster

CLOSES = ("adj close", "close", "")
OUTSIDE, OFTEN = 0.01, 0.05  # a close beyond high or low by so much, on such a share of days


@dataclass(frozen=True, eq=False)
class Days:
    """Prices without their highs and lows, and the ranges [time x "X range"] in per cent."""

    data: Input
    ranges: pd.DataFrame


@dataclass(frozen=True)
class WithoutRanges:
    """`model` of all series but the ranges, which it would take for series like the others."""

    model: Transformed
    ranges: tuple[str, ...]

    def fit(self, panel: pd.DataFrame) -> TransformedForecaster:
        """See `Model`."""
        return self.model.fit(panel.drop(columns=list(self.ranges)))


Wrapped = Transformed | WithoutRanges


def wrapped(
    models: Mapping[str, Model], transforms: Mapping[str, Transform], ranges: Sequence[str]
) -> dict[str, Wrapped]:
    """The models in the user's units; ranges, in per cent as they are, for those that read them."""
    plain = {name: Transformed(model, transforms) for name, model in models.items()}
    if not ranges:
        return {**plain}
    both = {**transforms, **dict.fromkeys(ranges, Difference())}
    return {
        name: Transformed(model, both)
        if name in RANGED
        else WithoutRanges(plain[name], tuple(ranges))
        for name, model in models.items()
    }


def days_of(
    data: Input, reading: Reading, models: Sequence[str], high: str | None, low: str | None
) -> Days:
    """Take highs and lows out of the panel; ranges where one of `models` needs them.

    Raises UsageError where a model needs them and none are there, and where they do not fit closes.
    """
    needs = [name for name in models if name in RANGED]
    found = {} if high is None and low is None else _long(data.panel, reading, high, low)
    found = found or _wide(data.panel)
    if needs and not found:
        raise UsageError(_how_to_bring(needs[0], data.panel))
    taken = [name for pair in found.values() for name in pair.columns if name in data.panel]
    other = [name for name in _beside(data.panel, found) if name not in taken]
    taken += other
    panel = data.panel.drop(columns=list(dict.fromkeys(taken)))
    panel.attrs = data.panel.attrs
    record = data.record
    if taken:
        notes = [
            f"highs and lows of {', '.join(found)} are not held: {', '.join(RANGED)} read them",
            f"{', '.join(other)}: not held, since they say of an asset what its close says, or how "
            "much was traded",
        ]
        record = record | panel_record(panel)
        told = [note for note, there in zip(notes, (found, other), strict=True) if there]
        record["notes"] = [*data.record["notes"], *told]
    ranges = {
        f"{name}{SUFFIX}": _range(str(name), close, found[str(name)])
        for name, close in panel.items()
        if str(name) in found
    }
    return Days(
        replace(data, panel=panel, record=record),
        pd.DataFrame(ranges if needs else {}, index=panel.index),
    )


def _stem(name: str) -> tuple[str, str]:
    """'AAPL Adj Close' as 'aapl' and 'adj close'; what is called otherwise ends in nothing."""
    ending = next(end for end in CLOSES if name.lower().endswith(end))
    return name.lower()[: len(name) - len(ending)].strip(), ending


def _beside(panel: pd.DataFrame, found: Mapping[str, pd.DataFrame]) -> list[str]:
    """The other columns of an asset that has a close, or a high and a low."""
    beside: set[str] = set()
    for name in map(str, panel.columns):
        stem, ending = _stem(name)
        if ending or name in found:
            sides = ("open", "high", "low", "volume", *(["close"] if ending == "adj close" else []))
            beside |= {f"{stem} {side}".strip() for side in sides}
    return [str(name) for name in panel.columns if str(name).lower() in beside]


def _wide(panel: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """High and low [time x 2] of each close that has both beside it; adjusted as the close is."""
    by_name = {str(name).lower(): str(name) for name in panel.columns}
    found: dict[str, pd.DataFrame] = {}
    for name in map(str, panel.columns):
        stem, ending = _stem(name)
        if ending == "close" and f"{stem} adj close".strip() in by_name:
            continue
        pair = [by_name.get(f"{stem} {side}".strip()) for side in ("high", "low")]
        if None in pair or name in pair:
            continue
        beside = panel.loc[:, [str(one) for one in pair]]
        plain = by_name.get(f"{stem} close".strip())
        if ending == "adj close" and plain is not None:
            beside = beside.mul(panel[name] / panel[plain], axis=0)
        found[name] = beside
    return found


def _long(
    panel: pd.DataFrame, reading: Reading, high: str | None, low: str | None
) -> dict[str, pd.DataFrame]:
    """High and low of each series from two more columns of a long table."""
    if high is None or low is None:
        raise UsageError("--high and --low come together: the columns of a long table, by name")
    sides = [read(replace(reading, value=name)).panel for name in (high, low)]
    if any(side.equals(panel) for side in sides):
        raise UsageError(
            "--high and --low name columns of a long table; in a wide one the highs and lows of "
            "'X' are the columns 'X high' and 'X low'"
        )
    return {
        str(name): pd.concat([side[name] for side in sides], axis=1, keys=[high, low])
        for name in panel.columns
        if all(name in side for side in sides)
    }


def _range(name: str, close: pd.Series, pair: pd.DataFrame) -> pd.Series:
    high, low = (column.reindex(close.index) for _, column in pair.items())
    known = close.notna() & high.notna() & low.notna()
    beyond = (close > high * (1 + OUTSIDE)) | (close < low * (1 - OUTSIDE))
    share = float(beyond[known].mean()) if known.any() else 0.0
    if share > OFTEN:
        raise UsageError(
            f"{name!r} closes outside its high and low on {share:.0%} of the days; adjust highs "
            "and lows as closes are, or give closes that are not adjusted"
        )
    try:
        return day_ranges(high, low, close).where(close.notna())
    except ValueError as error:
        raise UsageError(f"{name!r}: {error}") from error


def _how_to_bring(model: str, panel: pd.DataFrame) -> str:
    name = str(panel.columns[0])
    stem = re.sub(r"(adj )?close$", "", name, flags=re.IGNORECASE).strip()
    high, low = (f"{stem} {side}".strip() for side in ("high", "low"))
    return (
        f"the model {model!r} needs each day's high and low, and the table has none: put columns "
        f"'{high}' and '{low}' beside {name!r} (and into --series, if you name series), "
        "or of a long table say --high and --low with the names of its columns, as in "
        "--id ticker --time date --value close --high high --low low"
    )
