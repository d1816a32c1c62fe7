"""The files in which synthetic panels are handed out."""

import re
from collections.abc import Hashable
from pathlib import Path

import pandas as pd
from pandas.api.types import is_string_dtype

from econdiff.synth import SyntheticPanels

KINDS = ("csv", "stata")
LONGEST, MOST_LABEL = 32, 80  # letters of a name, and of a label, in Stata
RESERVED = re.compile(  # Stata User's Guide, 11.3
    r"_all|_b|byte|_coef|_cons|double|float|if|in|int|long|_n|_N|_pi|_pred|_rc|_skip|str\d*|strL|"
    "using|with"
)
STATA_DATES = {"Y": "ty", "Q": "tq", "M": "tm"}  # any other calendar has days


def export(
    made: SyntheticPanels, source: pd.DataFrame, folder: Path, kinds: tuple[str, ...]
) -> dict[str, str]:
    """Write Parquet, and what else is asked for; gives the columns that Stata calls otherwise.

    Columns are those of `source`, in its order, kinds and spelling. Stata has dates of its own,
    labels for categories of text only, and names and units of the source as labels of variables.
    """
    frame = made.to_frame(source)
    frame.to_parquet(folder / "synthetic.parquet", index=False)
    if "csv" in kinds:
        frame.to_csv(folder / "synthetic.csv", index=False)
    if "stata" not in kinds:
        return {}
    time, names = made.schema.time, stata_names(list(frame))
    text, kind = made.to_frame()[time], STATA_DATES.get(made.schema.frequency[0], "td")
    if kind == "td":  # days as they are written: a week may be named by any of its days
        when = pd.DatetimeIndex(pd.to_datetime(text))
    else:
        when = pd.PeriodIndex(text, freq=made.index.freq).to_timestamp()
    plain = {n: frame[n].to_numpy() for n in frame if _labels_nothing(frame[n].dtype)}
    dated = frame.assign(**plain | {time: when}).rename(columns=names)
    path = folder / "synthetic.dta"
    labels: dict[Hashable, str] = {names[n]: _label(n, made.schema.units.get(n, "")) for n in frame}
    told: dict[Hashable, str] = {names[time]: kind}
    dated.to_stata(path, write_index=False, version=118, convert_dates=told, variable_labels=labels)
    return {name: other for name, other in names.items() if name != other}


def _label(name: str, unit: str) -> str:
    """A column as it is called in the source, with its unit, as Stata's label of a variable."""
    return (f"{name} ({unit})" if unit else name)[:MOST_LABEL]


def _labels_nothing(kind: object) -> bool:
    """Whether a column has categories that are no text."""
    return isinstance(kind, pd.CategoricalDtype) and not is_string_dtype(kind.categories.dtype)


def stata_names(names: list[str]) -> dict[str, str]:
    """Names of ASCII letters, digits and underscores, and none that Stata reserves."""
    given: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
        allowed = re.match(r"[A-Za-z_]", plain) and not RESERVED.fullmatch(plain)
        plain = plain if allowed else f"_{plain}"
        other, number = plain[:LONGEST], 1
        while other.lower() in {one.lower() for one in given.values()}:
            number += 1
            other = f"{plain[: LONGEST - 1 - len(str(number))]}_{number}"
        given[name] = other
    return given
