"""The first section of the page of a scenario: the answer in a sentence and a table."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from econdiff.report.page import Section, Table
from econdiff.scenario import Conditional


def in_short(answer: Conditional, verdict: str, notes: Sequence[str]) -> Section:
    """How likely it was, what to mind, and every series at the end of the horizon."""
    table = at_the_end(answer)
    period = answer.difference()["period"].iloc[-1]
    caption = (
        f"At the end of the horizon, {period}: medians without and with the scenario, the band of "
        "90% with it, and the difference of the means"
    )
    tables = (Table(caption, table, folded=len(table) > 24),)
    return Section("In short", (verdict,), tuple(notes), (), tables)


def at_the_end(answer: Conditional) -> pd.DataFrame:
    """The last period, a row a series; of a stacked series its last month.

    Columns `series, baseline, conditional, 5%, 95%, difference, ± (standard error), in per cent`:
    medians, quantiles with the scenario, and the difference of the means, also in per cent of the
    baseline where some series are modelled in logarithms.
    """
    base, told = answer.baseline, answer.alternative
    low, high = told.interval(0.9)
    moved = answer.difference().groupby("series", sort=False).last().loc[list(told.names)]
    table = pd.DataFrame(
        {
            "baseline": base.quantile(0.5).iloc[-1],
            "conditional": told.quantile(0.5).iloc[-1],
            "5%": low.iloc[-1],
            "95%": high.iloc[-1],
            "difference": moved["mean"],
            "± (standard error)": moved["standard_error"].round(9),  # nought in closed form
        },
        index=list(told.names),
    )
    logs = np.array([one.log for one in answer.bound.transforms.values()])
    if logs.any():
        table["in per cent"] = (100 * table["difference"] / base.mean().iloc[-1]).where(logs)
    stacked: dict[str, list[str]] = answer.history.attrs.get("stacked", {})
    earlier = [column for columns in stacked.values() for column in columns[:-1]]
    table = table.drop(index=earlier).rename(index={c[-1]: name for name, c in stacked.items()})
    return table.rename_axis("series").reset_index()
