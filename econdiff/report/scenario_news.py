"""The section of a scenario's page on news: which release moved the forecast, and by how much."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from econdiff.report.page import Section, Table
from econdiff.scenario.news import News


def news_section(
    found: News, drawn: pd.DataFrame | None, manifest: Mapping[str, Any], scale: str
) -> Section:
    """What the releases since the older panel, or of its last row, moved."""
    older = manifest.get("older")
    since = (
        "The last row of the panel"
        if older is None
        else f"What is new since {older['name']}, which ends in {older['last']},"
    )
    words = (
        f"{since} moved the forecast without the scenario too: each release's surprise times the "
        "sensitivity to it, for the last period of the horizon (Banbura and Modugno, 2014), under "
        f"the Gaussian law and at the coefficients of today; {scale}. Revisions are of figures "
        "that were known before; the rest is what figures say beyond their surprise, of "
        "volatility above all.",
    )
    if not len(found.releases) + len(found.revisions):
        return Section("What the latest figures moved", ("No figure came or was revised.",))
    label = str([*found.revisions["at"], *found.releases["at"]][-1])
    table = _summed(found.releases, label, "series").reindex(found.new.columns).fillna(0.0)
    if len(found.revisions):
        again = found.revisions[found.revisions["at"] == label]
        table["revisions"] = again.groupby("target")["contribution"].sum()
    table["rest"] = found.rest.iloc[-1]
    table["all"] = (found.new - found.old).iloc[-1]
    table = table.rename_axis("target").reset_index()
    tables = [Table(f"Revision of {label}", table, folded=table.shape[1] > 10)]
    if drawn is not None:
        said = drawn.rename(columns={"series": "target", "period": "at", "release": "series"})
        how = drawn["how"].iloc[0]
        tables.append(
            Table(
                f"The same by draws of the model itself ({how}), release by release",
                _summed(said, label, "series").reset_index(),
                folded=True,
            )
        )
    return Section("What the latest figures moved", words, (), (), tuple(tables))


def _summed(table: pd.DataFrame, label: str, by: str) -> pd.DataFrame:
    """Contributions to the cells of a period, [target x source]."""
    wide = table[table["at"] == label].pivot_table(
        index="target", columns=by, values="contribution", aggfunc="sum", sort=False
    )
    wide.columns = [f"by {name}" for name in wide.columns]
    return wide
