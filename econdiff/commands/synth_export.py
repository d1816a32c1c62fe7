"""The files in which synthetic panels are handed out."""

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from pandas.api.types import is_numeric_dtype

from econdiff.synth import SyntheticPanels

KINDS = ("csv", "stata")
LONGEST = 32  # letters of a name in Stata
RESERVED = re.compile(  # Stata User's Guide, 11.3
    r"_all|_b|byte|_coef|_cons|double|float|if|in|int|long|_n|_N|_pi|_pred|_rc|_skip|str\d*|strL|"
    "using|with"
)
STATA_DATES = {"Y": "ty", "Q": "tq", "M": "tm"}  # any other calendar has days


def export(
    made: SyntheticPanels, columns: Mapping[str, str], folder: Path, kinds: tuple[str, ...]
) -> dict[str, str]:
    """Write Parquet, and what else is asked for; gives the columns that Stata calls otherwise.

    `columns` are those of the source with their types, whose order is kept.
    """
    frame = _as_given(made.to_frame(), columns)
    frame.to_parquet(folder / "synthetic.parquet", index=False)
    if "csv" in kinds:
        frame.to_csv(folder / "synthetic.csv", index=False)
    if "stata" not in kinds:
        return {}
    time, names = made.schema.time, stata_names(list(frame))
    text, kind = frame[time].astype(str), STATA_DATES.get(made.schema.frequency[0], "td")
    if kind == "td":  # days as they are written: a week may be named by any of its days
        when = pd.DatetimeIndex(pd.to_datetime(text))
    else:
        when = pd.PeriodIndex(text, freq=made.index.freq).to_timestamp()
    dated = frame.assign(**{time: when}).rename(columns=names)
    path = folder / "synthetic.dta"
    dated.to_stata(path, write_index=False, version=118, convert_dates={names[time]: kind})
    return {name: other for name, other in names.items() if name != other}


def _as_given(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Columns in the order of the source; years and codes are numbers where they were."""
    given = frame.reindex(columns=["panel", *(name for name in columns if name in frame)])
    for name, kind in columns.items():
        if name in given and kind.startswith("int") and not is_numeric_dtype(given[name]):
            numbers = pd.Series(pd.to_numeric(given[name], errors="coerce"))
            if numbers.notna().all():
                given = given.assign(**{name: numbers.astype("int64")})
    return given


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
