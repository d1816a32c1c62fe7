"""Mixed frequencies: months beside quarters, each series as one column a month of the quarter.

    panel = stack(quarterly, monthly)   # GDP, PAYEMS_m1, PAYEMS_m2, PAYEMS_m3, ...
    paths = unstack(forecast, monthly)  # the monthly series of its draws, month by month

A stacked panel is a quarterly panel like any other (Ghysels, 2016, "Macroeconomics and the reality
of mixed frequency data", Journal of Econometrics 193(2); McCracken, Owyang and Sekhposyan, 2021,
"Real-Time Forecasting and Scenario Analysis Using a Large Mixed-Frequency Bayesian VAR",
International Journal of Central Banking 17(5)): what is published of a quarter that is not over
yet is its ragged edge. Quarters stand in years, and months in years, in the same way.
"""

import numpy as np
import pandas as pd

from econdiff.forecast import Forecast
from econdiff.panel.errors import PanelError
from econdiff.panel.frequency import NAMES, parse_frequency

WITHIN = {("M", "Q"): 3, ("M", "Y"): 12, ("Q", "Y"): 4}  # periods of a period


def stack(slow: pd.DataFrame, fast: pd.DataFrame) -> pd.DataFrame:
    """`slow` and the series of `fast`, at the frequency of `slow`: `NAME_m1`, `NAME_m2`, ...

    Both have a PeriodIndex. Rows run from the first of `slow` to the last period of which either
    knows something. `attrs["stacked"]` names the columns of each series of `fast`, which have its
    unit and its FRED-MD code: from it the diffusion model knows that each month goes on from the
    month before it (`econdiff.anchor.stacked`). Raises PanelError where `fast` does not fit.
    """
    outside, inside, _, _ = _within(slow.index, fast.index)
    outer = inside.asfreq(outside.freq)
    place = inside.asi8 - outer.asfreq(inside.freq, how="start").asi8
    stacked = {str(n): stacked_names(str(n), slow.index, fast.index) for n in fast.columns}
    columns = {
        column: pd.Series(fast.loc[place == k, name].to_numpy(float), outer[place == k])
        for name in fast.columns
        for k, column in enumerate(stacked[str(name)])
    }
    both = [str(name) for name in slow.columns if str(name) in columns]
    if both:
        raise PanelError(f"{both[0]!r} is a series of its own already; rename it")
    index = pd.period_range(outside[0], max(outside[-1], outer[-1]), freq=outside.freq)
    panel = pd.concat([slow.reindex(index), pd.DataFrame(columns).reindex(index)], axis=1)
    known = panel.notna().to_numpy().any(axis=1)
    panel = panel.iloc[: int(np.flatnonzero(known)[-1]) + 1]
    panel.attrs = dict(slow.attrs) | {"stacked": stacked}
    for key in ("units", "codes"):
        panel.attrs[key] = dict(slow.attrs.get(key, {})) | {
            column: value
            for name, value in fast.attrs.get(key, {}).items()
            for column in stacked.get(name, ())
        }
    return panel


def fast_of(panel: pd.DataFrame) -> pd.DataFrame:
    """The series that stand stacked in `panel`, period by period; NaN where they are not known.

    Rows are all their periods from the first row of `panel` to its last.
    """
    stacked: dict[str, list[str]] = panel.attrs["stacked"]
    name, columns = next(iter(stacked.items()))
    inner = columns[0].removeprefix(f"{name}_")[0].upper()
    first = pd.PeriodIndex(panel.index)[0].asfreq(inner, "start")
    index = pd.period_range(first, periods=len(panel) * len(columns), freq=inner)
    return pd.DataFrame({n: panel[c].to_numpy(float).ravel() for n, c in stacked.items()}, index)


def stacked_names(name: str, slow: pd.Index, fast: pd.Index) -> list[str]:
    """The columns of a series: one for each of its periods within a period of `slow`."""
    _, _, inner, count = _within(slow, fast)
    return [f"{name}_{inner.lower()}{k + 1}" for k in range(count)]


def place_of(period: pd.Period, slow: pd.PeriodIndex) -> tuple[int, pd.Period]:
    """Where a month stands: which of its quarter it is, from 0, and the quarter."""
    outer = pd.PeriodIndex([period]).asfreq(slow.freq)[0]
    return period.ordinal - outer.asfreq(period.freq, how="start").ordinal, outer


def unstack(forecast: Forecast, fast: pd.DataFrame) -> Forecast:
    """The same paths of the series of `fast`, period by period of `fast`, after its last row.

    Where some of its series end earlier than others, what they lack up to there is the nowcast.
    `forecast` continues `stack(..., fast)`. [path, step, series].
    """
    whole = forecast.joined()
    outside, inside, inner, count = _within(whole.index, fast.index)
    names = [str(name) for name in fast.columns]
    columns = [f"{name}_{inner.lower()}{k + 1}" for name in names for k in range(count)]
    stacked = whole.select(*columns).samples.reshape(whole.paths, whole.horizon, len(names), count)
    samples = stacked.swapaxes(2, 3).reshape(whole.paths, -1, len(names))
    first = outside[0].asfreq(inside.freq, "start")
    complete = inside[fast.notna().all(axis=1).to_numpy()][-1]
    known = max(complete.ordinal - first.ordinal + 1, 0)
    edge = max(inside[-1].ordinal - first.ordinal + 1, known) - known
    units = {str(name): str(unit) for name, unit in fast.attrs.get("units", {}).items()}
    index = pd.period_range(first + known, periods=samples.shape[1] - known, freq=inside.freq)
    return Forecast(samples[:, known:], index, tuple(names), units, whole.provenance).split(edge)


def _within(slow: pd.Index, fast: pd.Index) -> tuple[pd.PeriodIndex, pd.PeriodIndex, str, int]:
    """Both indices, the letter of the finer frequency, and how many of its periods make one."""
    if not (isinstance(slow, pd.PeriodIndex) and isinstance(fast, pd.PeriodIndex)):
        raise PanelError("panels to stack have periods; read them with read_panel")
    letters = parse_frequency(fast.freqstr), parse_frequency(slow.freqstr)
    if letters not in WITHIN:
        raise PanelError(
            f"a {NAMES[letters[0]]} panel does not stack in a {NAMES[letters[1]]} one; months "
            "stand in quarters or years, and quarters in years"
        )
    return slow, fast, letters[0], WITHIN[letters]
