"""Rows that no model may take for what they are not: refused at every fit and every origin."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines import BASELINES
from econdiff.panel import PanelError, check_rows, read_panel
from econdiff.transforms import Transformed, fred_md

WALK = Transformed(BASELINES["rw"](), {"growth": fred_md(2), "inflation": fred_md(1)})
BAD = {
    "in the order of time; say panel.sort_index": lambda panel: panel.iloc[::-1],
    "not in the order of time": lambda panel: panel.sample(frac=1, random_state=0),
    "2024Q4 is there twice": lambda panel: pd.concat([panel, panel.iloc[-1:]]),
    "periods are missing between 1999Q4 and 2005Q1": lambda panel: panel.drop(panel.index[100:120]),
    "'inflation' is infinite at 1976Q1": lambda panel: panel.replace(panel.iloc[4, 1], np.inf),
    "'growth' holds (object|str), not numbers": lambda panel: panel.assign(growth="a"),
    r"got Series; say series\.to_frame": lambda panel: panel["growth"],
    "named by text, and 0 is none; .*read_panel": lambda panel: panel.set_axis([0, 1], axis=1),
    "two series are named 'a'": lambda panel: panel.set_axis(["a", "a"], axis=1),
    "'inflation' holds object, not": lambda panel: panel.astype(object).replace(
        panel.iloc[4, 1], pd.NA
    ),
    "'growth' holds datetime64.*, not": lambda panel: panel.assign(growth=panel.index.end_time),
    "'growth' holds complex128, not": lambda panel: panel.assign(growth=1j),
    "the panel has no rows": lambda panel: panel.iloc[:0],
    "the panel has no series": lambda panel: panel[[]],
    r"no date; leave it out: panel\[panel.index.notna": lambda panel: panel.set_axis(
        panel.index[1:].append(pd.PeriodIndex([pd.NaT], freq="Q"))
    ),
    "must hold periods or dates, got RangeIndex": lambda panel: panel.reset_index(drop=True),
}


@pytest.mark.parametrize("message", BAD)
def test_rows_that_are_no_history_are_refused_in_fit_and_at_the_origin(panel, rng, message):
    with pytest.raises(PanelError, match=message):
        WALK.fit(BAD[message](panel))
    with pytest.raises(PanelError, match=message):
        WALK.fit(panel).sample(BAD[message](panel), horizon=2, paths=3, rng=rng)


def test_the_mend_of_a_gap_mends_it(panel):
    holed = panel.drop(panel.index[100:103])
    with pytest.raises(PanelError, match=r"read_panel\(panel, gaps='nan'\)"):
        check_rows(holed)
    check_rows(read_panel(holed, gaps="nan"))


def test_days_are_those_that_have_a_value():
    days = pd.bdate_range("2020-01-01", periods=300).to_period("D")
    prices = pd.DataFrame({"A": np.arange(300.0)}, index=days)
    check_rows(prices.drop(days[100:150]))
    check_rows(prices.to_timestamp().drop(days[100:150].to_timestamp()))


def test_a_generator_is_asked_for_and_a_history_that_is_long_enough(panel, rng):
    forecaster = WALK.fit(panel)
    with pytest.raises(ValueError, match="paths must be at least 1, got 0"):
        forecaster.sample(panel, horizon=2, paths=0, rng=rng)
    with pytest.raises(TypeError, match=r"say rng=np\.random\.default_rng\(0\), not rng=0"):
        forecaster.sample(panel, horizon=2, paths=3, rng=0)
    with pytest.raises(ValueError, match="complete one 1, used up by the differences 1; give more"):
        forecaster.sample(panel.iloc[:1], horizon=2, paths=3, rng=rng)
