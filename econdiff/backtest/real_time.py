"""Real-time histories: at each origin what had been published, as it stood then.

A year after its first release output has been revised by as much as it is forecast wrongly, so what
a model would have said is known only from the figures of the day (Croushore and Stark, 2001, "A
real-time data set for macroeconomists", Journal of Econometrics 105(1)).

Statistical offices change the base year of what they publish. A series that is modelled by its
logarithm is brought to the panel's base by one factor, so that both meet at the origin: what is
scored of it is its growth since then.
"""

from collections.abc import Callable, Collection, Hashable, Iterable
from datetime import datetime, timedelta

import pandas as pd

from econdiff.windows import edge_rows_of


def as_they_stood(
    stood_on: Callable[[datetime], pd.DataFrame],
    panel: pd.DataFrame,
    periods: Iterable[pd.Period],
    *,
    days: int,
    logs: Collection[str] = (),
) -> dict[Hashable, pd.DataFrame]:
    """The vintages of the origins at hand `days` after the end of each of `periods`.

    `stood_on` gives the panel of a day, with the series of `panel` among others. The origin is the
    last period of which all series were out then; what was out beyond it is the vintage's ragged
    edge. Where the releases of two periods left the origin where it was, it is the later day's.
    `logs` are the series that are brought to the base of `panel`. They are the `vintages` of
    `econdiff.backtest.backtest`. Raises ValueError where nothing was known of a whole row, or the
    panel does not know the origin.
    """
    histories: dict[Hashable, pd.DataFrame] = {}
    for period in periods:
        day = period.end_time.normalize().to_pydatetime() + timedelta(days=days)
        history = stood_on(day).loc[:, list(panel.columns)]
        complete = history.notna().to_numpy().all(axis=1)
        if not complete.any():
            raise ValueError(f"no row of the panel of {day:%Y-%m-%d} was complete")
        origin = history.index[len(history) - edge_rows_of(history) - 1]
        if origin not in panel.index or panel.loc[origin].isna().any():
            raise ValueError(f"{origin}, complete on {day:%Y-%m-%d}, is not so in the panel of now")
        base = [name for name in panel.columns if name in logs]
        history[base] *= panel.loc[origin, base] / history.loc[origin, base]
        histories[origin] = history
    return histories
