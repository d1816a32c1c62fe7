"""One row a period and one frequency for all series: what is passed over, filled or refused."""

from typing import Literal

import numpy as np
import pandas as pd

from econdiff.panel.errors import PanelError
from econdiff.panel.frequency import (
    FINER,
    NAMES,
    change_of_frequency,
    infer_frequency,
    missing_periods,
    to_periods,
)
from econdiff.periods import period_label


def choose_frequency(stamps: pd.DatetimeIndex, written: str | None, told: str | None) -> str:
    """The frequency told, or else inferred from the steps, or else from how dates are written."""
    seen = infer_frequency(stamps)
    if written == "M" and told != "M" and _months_1_to_4(stamps):
        raise PanelError(
            "only the months 1 to 4 occur, over several years, so these look like quarters; write "
            "them 1999Q1, or, if they are months, say freq='M' (--freq M)"
        )
    if told is None and seen is None and written is None:
        days = np.diff(np.unique(stamps.to_numpy().astype("datetime64[D]"))).astype(int)
        steps = (
            " to ".join(str(day) for day in sorted({days.min(), days.max()})) if len(days) else ""
        )
        found = f"dates that are {steps} days apart" if steps else "a single date"
        raise PanelError(
            f"the frequency cannot be told from {found}; supported are daily, weekly, monthly, "
            "quarterly and annual data: if it is one of these, say so, as freq='M' (--freq M)"
        )
    if told is not None and seen not in (None, told):
        coarser = FINER.index(told) > FINER.index(seen or told)
        mend = (
            f"bring it to {NAMES[told]} first, as in frame.resample({_rule(told)!r}).mean()"
            if coarser
            else "leave freq out"
        )
        raise PanelError(
            f"freq={told!r} was said, and the dates are {NAMES[seen or told]}, "
            f"{stamps.min():%Y-%m-%d} to {stamps.max():%Y-%m-%d}; {mend}"
        )
    return told or seen or written or "D"


def in_order(
    values: pd.DataFrame, stamps: pd.DatetimeIndex, letter: str, notes: list[str]
) -> pd.DataFrame:
    """The rows in the order of time, named by their period, no period twice."""
    if not stamps.is_monotonic_increasing:
        how = "latest first" if stamps.is_monotonic_decreasing else "not in the order of time"
        notes.append(f"the rows were {how}; they are sorted now")
        order = np.argsort(stamps.to_numpy(), kind="stable")
        values, stamps = values.iloc[order], stamps[order]
    if stamps.has_duplicates:
        twice = stamps[stamps.duplicated()][0]
        raise PanelError(
            f"the date {twice:%Y-%m-%d} is there {np.sum(stamps == twice)} times; keep one row a "
            "date, or, if a row is one series at one date, say which columns those are: "
            "id='...', time='...', value='...' (--id, --time, --value)"
        )
    periods = to_periods(stamps, letter)
    if periods.has_duplicates:
        at = int(np.flatnonzero(periods.duplicated())[0])
        raise PanelError(
            f"mixed frequencies: most dates are {NAMES[letter]}, but {stamps[at - 1]:%Y-%m-%d} and "
            f"{stamps[at]:%Y-%m-%d} both fall into {period_label(periods[at])}; bring the "
            f"table to one frequency first, as in frame.resample({_rule(letter)!r}).mean()"
        )
    return values.set_axis(periods.rename(None), axis=0)


def without_empty_rows(panel: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Leave out rows without any value: holidays of daily data, else those at the ends only."""
    empty = panel.isna().to_numpy().all(axis=1)
    if empty.all():
        raise PanelError(
            f"no series has any value: {', '.join(map(str, panel.columns[:8]))}; "
            "give a table with numbers"
        )
    if _periods(panel).freqstr == "D":
        drop, what = empty, "without any value left out (holidays)"
    else:
        filled = np.flatnonzero(~empty)
        drop = np.ones(len(panel), bool)
        drop[filled[0] : filled[-1] + 1] = False
        what = "without any value left out at the ends"
    if drop.any():
        notes.append(f"{drop.sum()} {'row' if drop.sum() == 1 else 'rows'} {what}")
    return panel.loc[~drop]


def without_gaps(
    panel: pd.DataFrame, gaps: Literal["error", "nan"], notes: list[str]
) -> pd.DataFrame:
    """Refuse periods that are missing from the index, or with gaps="nan" put rows of NaN there."""
    index = _periods(panel)
    missing = missing_periods(index)
    if len(missing) == 0:
        return panel
    name = NAMES[index.freqstr[0]]
    some = ", ".join(map(period_label, missing[:4])) + (", ..." if len(missing) > 4 else "")
    many = "1 period is" if len(missing) == 1 else f"{len(missing)} periods are"
    if gaps == "nan":
        notes.append(f"{many} missing from the dates and not known in any series: {some}")
        return panel.reindex(index.append(missing).sort_values())
    change = change_of_frequency(index)
    if change is not None:
        raise PanelError(
            f"mixed frequencies: most dates are {name}, but {change}; cut the table there, or "
            "bring it to the lower frequency first"
        )
    span = f"{period_label(index[0])} to {period_label(index[-1])}"
    raise PanelError(
        f"{many} missing from the {name} dates {span}: {some}; "
        "add these rows, or say gaps='nan' (--gaps nan) to take them as not known in "
        f"{_all_series(panel)}"
    )


def refuse_slower_series(panel: pd.DataFrame) -> None:
    """Refuse a series that has a value only every so many rows: it is of a lower frequency."""
    index = _periods(panel)
    for name in panel:
        rows = np.flatnonzero(panel[name].notna().to_numpy())
        step = int(np.median(np.diff(rows))) if len(rows) >= 8 else 1
        if step >= 2:
            raise PanelError(
                f"mixed frequencies: series {name!r} has a value only every {step} rows of a "
                f"{NAMES[index.freqstr[0]]} table ({period_label(index[rows[0]])}, "
                f"{period_label(index[rows[1]])}, ...); bring all series to its frequency first, "
                "or read it apart from the others: series=[...] (--series)"
            )


def _months_1_to_4(stamps: pd.DatetimeIndex) -> bool:
    return set(stamps.month) == {1, 2, 3, 4} and stamps.year.nunique() > 1


def _all_series(panel: pd.DataFrame) -> str:
    return f"series {panel.columns[0]!r}" if panel.shape[1] == 1 else "all series"


def _rule(letter: str) -> str:
    """The pandas rule that resamples to a frequency."""
    return {"M": "ME", "Q": "QE", "Y": "YE"}.get(letter, letter)


def _periods(panel: pd.DataFrame) -> pd.PeriodIndex:
    if not isinstance(panel.index, pd.PeriodIndex):
        raise PanelError(f"periods are needed in the index, got {type(panel.index).__name__}")
    return panel.index
