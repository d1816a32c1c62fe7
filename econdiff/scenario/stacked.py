"""Pins of months in a panel of quarters, where each month of a stacked series is a column.

FEDFUNDS@2014-11=0.25 is of the column FEDFUNDS_m2 in 2014Q4.
"""

from dataclasses import replace

import pandas as pd

from econdiff.panel.frequency import NAMES
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.statement import Scenario, Term, written
from econdiff.stacking import place_of


def in_columns(said: Scenario, panel: pd.DataFrame, fast: pd.DataFrame) -> Scenario:
    """`said` of the columns of `panel`, in which `econdiff.stacking.stack` has put those of `fast`.

    ScenarioError where the name of a stacked series comes without a month.
    """
    index = pd.PeriodIndex(fast.index)
    pins = [
        replace(pin, terms=tuple(_in_column(term, panel, index) for term in pin.terms))
        for pin in said.pins
    ]
    return replace(said, pins=tuple(pins))


def _in_column(term: Term, panel: pd.DataFrame, fast: pd.PeriodIndex) -> Term:
    columns = panel.attrs["stacked"].get(term.series)
    if columns is None:
        return term
    month = _month(term, fast)
    if month is None and term.series in panel.columns:
        return term  # the quarterly series of that name
    if month is None:
        raise ScenarioError(
            f"{term.series} {written(term.when)}: the series is {NAMES[fast.freqstr[0]]}; name one "
            f"of its periods, as {term.series}@{fast[-1] + 1}=..., or its columns by the periods "
            f"of the panel: {', '.join(columns)}"
        )
    place, outer = place_of(month, pd.PeriodIndex(panel.index))
    return replace(term, series=columns[place], when=outer)


def _month(term: Term, fast: pd.PeriodIndex) -> pd.Period | None:
    """The month that a term names, or the month of its day; None where it names none."""
    if isinstance(term.when, int):
        return None
    when = written(term.when) if isinstance(term.when, pd.Timestamp) else term.when
    try:
        said = pd.Period(when)
    except ValueError:
        return None
    index = pd.PeriodIndex([said])
    first, last = (index.asfreq(fast.freq, how)[0] for how in ("start", "end"))
    return last if first == last else None
