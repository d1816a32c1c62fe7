"""Synthetic rows are written as their source is: kinds of columns, days and spelling of periods."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from econdiff.commands.entities import EntityReading, read_real
from econdiff.commands.synth_export import export
from econdiff.synth import BlockBootstrap, read_entities
from econdiff.synth.schema import Schema
from econdiff.synth.spelling import times

MONTHS = pd.period_range("2001-01", periods=30, freq="M")


def schema(letter):
    return Schema("firm", "when", letter, ("x",))


def ends(cells):
    """Month ends as the cells of a source."""
    return [cells(day) for day in MONTHS.to_timestamp(how="end").normalize()]


@pytest.mark.parametrize(
    "cells",
    [
        pd.Series(MONTHS),
        pd.Series(MONTHS.to_timestamp()),
        pd.Series(MONTHS.to_timestamp(how="end").normalize()).astype("datetime64[s]"),
        pd.Series(pd.date_range("2001-01-01", periods=30, freq="BME")),
        pd.Series(MONTHS.to_timestamp() + pd.Timedelta(days=14, hours=16)).dt.tz_localize("UTC"),
        pd.Series(ends(lambda day: day.date()), dtype=object),
        pd.Series(ends(lambda day: day.to_pydatetime()), dtype=object),
        pd.Series(ends(lambda day: day.strftime("%Y-%m-%d 00:00:00"))),
        pd.Series(ends(lambda day: day.strftime("%d.%m.%Y")), dtype=object),
        pd.Series(ends(lambda day: f"{day.month}/{day.day}/{day.year}")),
        pd.Series(ends(lambda day: int(day.strftime("%Y%m%d"))), dtype="int32"),
        pd.Series(ends(lambda day: int(day.strftime("%Y%m")))),
        pd.Series(ends(lambda day: day.strftime("%Y:%m"))),
        pd.Series(ends(lambda day: day.strftime("%b %Y").upper())),
        pd.Series(ends(lambda day: day.strftime("%Y-%m"))).astype("category"),
    ],
)
def test_periods_beyond_the_source_are_written_as_its_own_are(cells):
    seen = cells[:24]
    if isinstance(cells.dtype, pd.CategoricalDtype):
        seen = seen.cat.remove_unused_categories()
    found = times(seen, schema("M"), MONTHS)
    assert list(found) == list(cells)
    assert found.dtype == cells.dtype


@pytest.mark.parametrize("form", ["{0}Q{1}", "Q{1} {0}", "{0} q{1}", "{0}-Q{1}"])
def test_quarters_keep_their_spelling(form):
    quarters = pd.period_range("1999Q3", periods=12, freq="Q")
    cells = pd.Series([form.format(quarter.year, quarter.quarter) for quarter in quarters])
    assert list(times(cells[:6], schema("Q"), quarters)) == list(cells)


def test_years_keep_their_kind_and_weeks_and_days_their_dates():
    years = pd.period_range("1990", periods=9, freq="Y")
    found = times(pd.Series(years.year[:5], dtype="float64"), schema("Y"), years)
    assert found.dtype == "float64"
    assert list(found) == list(years.year)
    fridays = pd.Series(pd.date_range("2015-01-02", periods=9, freq="7D"))
    weeks = pd.PeriodIndex(fridays, freq="W-FRI")
    assert list(times(fridays[:5], schema("W"), weeks)) == list(fridays)
    days = pd.Series(pd.bdate_range("2015-01-01", periods=9))
    assert list(times(days[:5], schema("D"), pd.PeriodIndex(days, freq="D"))) == list(days)


def test_the_day_that_a_period_most_often_has_is_its_day():
    days = pd.to_datetime(["2020-03-31", "2020-03-31", "2020-03-30", "2020-06-30", "2020-06-30"])
    quarters = pd.period_range("2020Q1", periods=3, freq="Q")
    found = times(pd.Series(days), schema("Q"), quarters)
    assert list(found) == list(pd.to_datetime(["2020-03-31", "2020-06-30", "2020-09-30"]))


@pytest.fixture
def source(rng):
    """Four firms by twelve quarters, every column of a kind of its own."""
    ends = pd.period_range("2000Q1", periods=12, freq="Q").to_timestamp(how="end").normalize()
    x, y = rng.standard_normal((2, 48))
    return pd.DataFrame(
        {
            "x": x.astype("float32"),
            "when": np.tile(ends, 4),
            "firm": pd.Categorical(np.repeat(["f", "g", "h", "i"], 12)),
            "zone": pd.Categorical(np.repeat([2, 1, 2, 1], 12)),
            "listed": np.repeat([True, True, False, False], 12),
            "founded": np.repeat(pd.to_datetime(["1990-05-01", "1995-07-01"] * 2), 12),
            "y": pd.array(y, dtype="Float64"),
            "z": y.astype("float32"),
        }
    )


def test_columns_come_out_in_the_kind_that_they_had(source, rng, tmp_path):
    path = tmp_path / "firms.parquet"
    source.to_parquet(path, index=False)
    real, frame, _ = read_real(str(path), EntityReading(entity="firm", identities=("z = y",)))
    made = BlockBootstrap().fit(real).sample(panels=2, rng=rng)
    export(made, frame, tmp_path, ("csv", "stata"))
    found = pd.read_parquet(tmp_path / "synthetic.parquet")
    for name in ("x", "when", "zone", "listed", "founded"):
        assert found[name].dtype == frame[name].dtype, name
    assert isinstance(found["firm"].dtype, pd.CategoricalDtype)
    assert found["z"].dtype == "float64"  # an identity needs all digits
    joined = found.merge(frame, on="when")
    assert set(joined["when"]) == set(frame["when"])
    stata = pd.read_stata(tmp_path / "synthetic.dta")
    assert list(stata["zone"]) == list(found["zone"])
    assert list(stata["when"].dt.quarter) == list(found["when"].dt.quarter)


def test_an_excel_source_gets_dates_and_a_csv_its_own_spelling(tmp_path, rng):
    ends = pd.period_range("2000Q1", periods=12, freq="Q").to_timestamp(how="end").normalize()
    frame = pd.DataFrame({"when": np.tile(ends, 4), "firm": np.repeat([7, 8, 9, 10], 12)})
    frame["x"] = rng.standard_normal(48)
    frame.to_excel(tmp_path / "in.xlsx", index=False)
    frame.assign(when=frame["when"].dt.strftime("%d/%m/%Y")).to_csv(
        tmp_path / "in.csv", index=False
    )
    for kind in ("xlsx", "csv"):
        real, source, _ = read_real(str(tmp_path / f"in.{kind}"), EntityReading(entity="firm"))
        made = BlockBootstrap().fit(real).sample(panels=1, length=14, rng=rng)
        export(made, source, tmp_path, ("csv",))
        found = pd.read_parquet(tmp_path / "synthetic.parquet")
        text = pd.read_csv(tmp_path / "synthetic.csv")["when"]
        if kind == "xlsx":
            assert found["when"].iloc[13] == datetime(2003, 6, 30)
        else:
            assert found["when"].iloc[13] == text.iloc[13] == "30/06/2003"
        assert list(found["firm"].unique()) == ["e1", "e2", "e3", "e4"]


@pytest.mark.parametrize("kind", ["int16", "object", "category", "string"])
def test_entities_that_go_on_keep_their_names_and_kind(source, kind):
    names = pd.Series(np.repeat([3, 5, 8, 9], 12)).astype(kind)
    source = source.assign(firm=names)
    real = read_entities(source, entity="firm")
    drawn = BlockBootstrap().fit(real).sample(panels=1, rng=np.random.default_rng(0))
    found = replace(drawn, entities=real.entities).to_frame(source)["firm"]
    assert found.dtype == names.dtype
    assert list(found) == list(names)


def test_an_index_of_entity_and_time_is_read_as_columns(source, tmp_path):
    indexed = source.set_index(["firm", "when"])
    indexed.to_parquet(tmp_path / "in.parquet")
    real, frame, _ = read_real(str(tmp_path / "in.parquet"), EntityReading(entity="firm"))
    assert list(frame)[:2] == ["firm", "when"]
    assert read_entities(indexed, entity="firm").schema == real.schema
