"""The automatic choice of a transform: a stated rule, from the values given and nothing else.

    a value is 0 or below, or none is above 25 and the logarithm does not drift, or it has a floor:
        a rate, a ratio, a balance, a return            -> level
        ... but if it drifts, or daily or weekly data wander -> difference
    otherwise a quantity, a price or an index:
        if its logarithm reverts to a mean              -> log
        else                                            -> log difference, in per cent,
                                                           at an annual rate (months, quarters)

The columns of a stacked series (`econdiff.stacking`) are alike: the first of them decides.

*Drifts*: the mean change is more than three standard errors from 0 (Newey and West,
1987, with ceil(4 (n/100)^(2/9)) lags). *Wanders*: not *reverts*. *Reverts*: the
augmented Dickey-Fuller test with floor(4 (n/100)^(1/4)) lags rejects a unit root at 1%.
25 is what interest, unemployment and inflation rates in per cent seldom pass, and most
prices and quantities do; the few ratios beyond it (capacity utilisation) move so little
that the logarithm changes nothing. Rates stay in levels although they are near a unit
root, as is usual for forecasting with autoregressions and as a person reads them.

On FRED-QD (2023-10, 233 series) and FRED-MD (2024-03, 126 series) the rule takes logarithms
where the official codes do, and not elsewhere, for 91% of the series in each; codes 5 and 6
become log differences for 168 of 183 and 80 of 85. It departs from them on purpose for
interest and unemployment rates, whose code 2 asks for differences, and for code 6.

No rule says which rate has a floor: a series that has always been above 0 may be an interest rate
or the inflation of a country that knows no other. Whoever knows says so, with `Floors`, and so
says that it is a rate, also where it has fallen for forty years.

Known limits: an exchange rate or a price that stays below 25 and does not drift counts as
a rate. Whoever knows better names the transform.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from econdiff.panel import PanelError
from econdiff.panel.frequency import infer_frequency, parse_frequency
from econdiff.transforms.codes import fred_md
from econdiff.transforms.series import Difference, Transform

HIGHEST_RATE = 25.0  # per cent
SHADOW = "shadow level"  # what a series with a floor is in the model
SOFTNESS = 0.4  # of a floor, in deviations of the series
_PER_YEAR = {"D": 252, "W": 52, "M": 12, "Q": 4, "Y": 1}


@dataclass(frozen=True)
class Floors:
    """`transforms`, but that the series named in `values` stay above a floor (user's units).

    The link near it is that of `Difference`, with a softness of `SOFTNESS` times the deviation of
    the rows given: on short rates of 18 countries to 1984 and of 17, without the US, to 2014 every
    softer floor is as good or better, up to twice that.
    """

    values: Mapping[str, float]
    transforms: Literal["auto"] | Mapping[str, Transform] = "auto"


Choice: TypeAlias = Literal["auto"] | Mapping[str, Transform] | Floors


def chosen(choice: Choice, panel: pd.DataFrame) -> dict[str, Transform]:
    """The transform of each series of `panel`; ValueError where there is none to take."""
    if isinstance(choice, Floors):
        auto = choice.transforms == "auto"
        plain = choose(panel, choice.values) if auto else chosen(choice.transforms, panel)
        return _above(plain, choice.values, panel)
    if choice == "auto":
        return choose(panel)
    missing = [str(name) for name in panel.columns if str(name) not in choice]
    if missing:
        raise ValueError(
            f"no transform for the series {missing}; name one for each, as in "
            f"{{{missing[0]!r}: fred_md(5)}}, or say transforms='auto'"
        )
    return {str(name): choice[str(name)] for name in panel.columns}


def _above(
    transforms: dict[str, Transform], floors: Mapping[str, float], panel: pd.DataFrame
) -> dict[str, Transform]:
    """The transforms with their floors."""
    found = dict(transforms)
    for name, floor in floors.items():
        if name not in found:
            raise ValueError(f"a floor is given for {name!r}; there are {list(found)}")
        transform, values = found[name], panel[name].to_numpy(float)
        if not isinstance(transform, Difference) or not transform.straight:
            raise ValueError(
                f"series {name!r} is modelled by its growth or its logarithm, which has no floor: "
                "leave the floor out, or model its level (--transform, code 1)"
            )
        below = np.flatnonzero(values <= floor)
        if len(below):
            raise ValueError(
                f"series {name!r} is not above its floor of {floor:g}: {values[below[-1]]:g} in "
                f"{panel.index[below[-1]]}; take a lower floor, or none"
            )
        softness = SOFTNESS * float(np.nanstd(values))
        if softness > 0:  # a constant series has none, and needs none
            units = f"{transform.units} of the {SHADOW}" if transform.units else SHADOW
            found[name] = replace(transform, floor=floor, softness=softness, units=units)
    return found


def choose(panel: pd.DataFrame, rates: Container[str] = ()) -> dict[str, Transform]:
    """A transform for each series of `panel`, by the rule of this page; `rates` are known to be."""
    per_year = periods_per_year(panel.index)
    empty = [name for name, column in panel.items() if column.isna().to_numpy().all()]
    if empty:
        raise ValueError(
            f"series {empty[0]!r} has no value up to {panel.index[-1]}; "
            "leave it out, or begin later"
        )
    found = {
        str(name): choose_one(column.to_numpy(float), per_year, rate=str(name) in rates)
        for name, column in panel.items()
    }
    stacked: dict[str, list[str]] = panel.attrs.get("stacked", {})
    for first, *others in stacked.values():  # months of one series are alike
        alike = [name for name in others if name in found and (name in rates) == (first in rates)]
        found |= {name: found[first] for name in alike if first in found}
    return found


def choose_one(values: np.ndarray, per_year: int, *, rate: bool = False) -> Transform:
    """The transform of one series `values[time]`, which may be known to be a `rate`.

    NaN is passed over.
    """
    known = values[np.isfinite(values)]
    often = per_year > 12
    if rate or known.min() <= 0 or (known.max() <= HIGHEST_RATE and not _drifts(np.log(known))):
        moves = _drifts(known) or (often and not _reverts(known))
        return fred_md(2) if moves else fred_md(1)
    logs = np.log(known)
    if not _drifts(logs) and _reverts(logs):
        return fred_md(4)
    return fred_md(5, per_year=1 if often else per_year)


def periods_per_year(index: pd.Index) -> int:
    """Periods in a year of a panel's index: 1, 4, 12, 52, or 252 trading days."""
    freq = index.freqstr if isinstance(index, pd.PeriodIndex | pd.DatetimeIndex) else None
    if freq is None and isinstance(index, pd.DatetimeIndex):
        freq = infer_frequency(index)
    try:
        return _PER_YEAR[parse_frequency(str(freq))]
    except PanelError as error:
        raise ValueError(
            f"the index of the panel has no frequency that is known (got {freq}); "
            "read the panel with econdiff.panel.read_panel"
        ) from error


def _drifts(values: np.ndarray) -> bool:
    """Whether the mean change is more than three Newey-West standard errors from 0."""
    changes = np.diff(values)
    count = len(changes)
    if count == 0 or np.ptp(changes) == 0:
        return bool(count and changes[0] != 0)
    apart = changes - changes.mean()
    lags = int(np.ceil(4 * (count / 100) ** (2 / 9)))
    weights = 1 - np.arange(1, lags + 1) / (lags + 1)
    products = [apart[k:] @ apart[:-k] for k in range(1, lags + 1)]
    variance = apart @ apart + 2 * weights @ np.array(products)
    return abs(changes.sum()) > 3 * np.sqrt(max(variance, 0.0))


def _reverts(values: np.ndarray) -> bool:
    """Whether the augmented Dickey-Fuller test rejects a unit root at 1%."""
    from arch.unitroot import ADF  # slow to import

    if len(values) < 20 or np.ptp(np.diff(values)) == 0:
        return False
    lags = int(4 * (len(values) / 100) ** 0.25)
    return bool(ADF(values, lags=lags).pvalue < 0.01)
