"""Panels: what is read, what is said of it, and what is refused with which words."""

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from econdiff.panel import PanelError, check_panel, describe_panel, read_panel
from econdiff.periods import period_labels

QUARTERS = pd.period_range("2010Q1", periods=40, freq="Q")


def wide(index=QUARTERS, names=("gdp", "rate"), seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(len(index), len(names))), index=index, columns=list(names))


def written(dates, **columns):
    """A table whose dates are text, as a file gives them."""
    rng = np.random.default_rng(0)
    columns = columns or {"gdp": rng.normal(size=len(dates))}
    return pd.DataFrame({"date": dates, **columns})


def save(path, text):
    path.write_text(text, encoding="utf-8")
    return path


# What is read


@pytest.mark.parametrize(
    ("freq", "writing", "label"),
    [
        ("Q", "%Y-%m-%d", "2010Q1"),
        ("Q", "%Y-%m", "2010Q1"),
        ("M", "%Y-%m", "2010-01"),
        ("M", "%m/%d/%Y", "2010-01"),
        ("M", "%d.%m.%Y", "2010-01"),
        ("M", "%YM%m", "2010-01"),
        ("M", "%Y:%m", "2010-01"),
        ("M", "%Y%m", "2010-01"),
        ("M", "%b %Y", "2010-01"),
        ("M", "%b-%Y", "2010-01"),
        ("Y", "%Y", "2010"),
        ("D", "%Y%m%d", "2010-01-01"),
        ("W-FRI", "%d %b %Y", "2010-01-01"),
    ],
)
@pytest.mark.parametrize("end", ["start", "end"])
def test_dates_in_many_writings_give_the_same_periods(freq, writing, label, end):
    periods = pd.period_range("2010-01-01", periods=40, freq=freq)
    dates = periods.end_time if freq == "W-FRI" else periods.to_timestamp(how=end)
    panel = read_panel(written(dates.strftime(writing)))
    assert panel.index.equals(periods)
    assert period_labels(panel.index)[0] == label


@pytest.mark.parametrize("pattern", ["{y}Q{q}", "{y}-Q{q}", "{y}:Q{q}", "Q{q} {y}", "{y} q{q}"])
def test_quarters_written_as_such(pattern):
    dates = [pattern.format(y=period.year, q=period.quarter) for period in QUARTERS]
    assert read_panel(written(dates)).index.equals(QUARTERS)


def test_year_and_quarter_in_columns_of_their_own():
    table = wide().reset_index(drop=True).assign(year=QUARTERS.year, quarter=QUARTERS.quarter)
    panel = read_panel(table)
    assert panel.index.equals(QUARTERS)
    assert list(panel) == ["gdp", "rate"]


def test_years_as_numbers_and_quarters_dated_by_their_last_month():
    years = written(np.arange(1980, 2010))
    assert read_panel(years).index.equals(pd.period_range("1980", "2009", freq="Y"))
    last_months = QUARTERS.asfreq("M", how="end").to_timestamp()
    assert read_panel(written(last_months)).index.equals(QUARTERS)


def test_day_before_month_is_seen_from_the_rhythm():
    firsts = pd.period_range("2010-01", periods=40, freq="M").to_timestamp()
    assert read_panel(written(firsts.strftime("%d/%m/%Y"))).index.freqstr == "M"
    assert read_panel(written(firsts.strftime("%m/%d/%Y"))).index.freqstr == "M"


def test_a_date_index_with_a_time_zone_and_a_clock_keeps_its_local_days():
    closes = pd.bdate_range("2024-01-01", periods=40, tz="America/New_York") + pd.Timedelta("16h")
    panel = read_panel(wide(closes))
    assert str(panel.index[0]) == "2024-01-01"
    assert panel.index.freqstr == "D"


def test_the_kinds_of_file_agree(tmp_path):
    frame = wide()
    text = frame.set_axis(frame.index.to_timestamp(), axis=0).to_csv(index_label="date")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    frame.to_parquet(tmp_path / "a.parquet")
    frame.set_axis(frame.index.astype(str), axis=0).to_excel(tmp_path / "a.xlsx", sheet_name="x")
    save(tmp_path / "a.csv", text)
    for name in ("a.csv", "a.csv.gz", "a.parquet", "a.xlsx"):
        pd.testing.assert_frame_equal(read_panel(tmp_path / name), frame)
    pd.testing.assert_frame_equal(read_panel(str(tmp_path / "a.csv")), frame)


def test_semicolons_and_decimal_commas(tmp_path):
    text = wide().to_csv(sep=";", decimal=",", index_label="date")
    pd.testing.assert_frame_equal(read_panel(save(tmp_path / "a.csv", text)), wide())


def test_long_and_wide_tables_give_the_same_panel():
    frame = wide()
    long = frame.rename_axis("when").reset_index().melt("when", var_name="who", value_name="what")
    named = long.set_axis(["ds", "unique_id", "y"], axis=1)
    told = read_panel(long, id="who", time="when", value="what")
    for panel in (told, read_panel(named), read_panel(long.rename(columns={"when": "date"}))):
        pd.testing.assert_frame_equal(panel, frame)


def test_a_series_that_a_long_table_lacks_at_times_is_missing_there():
    long = wide().rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y")
    panel = read_panel(long.drop(index=[3, 39]))
    assert panel["gdp"].isna().to_numpy().nonzero()[0].tolist() == [3, 39]
    assert panel["rate"].notna().all()


def test_a_long_table_may_be_told_by_halves():
    long = wide().rename_axis("when").reset_index().melt("when", var_name="who", value_name="what")
    long["remark"] = "revised"
    pd.testing.assert_frame_equal(read_panel(long, id="who", time="when"), wide())


def test_dates_along_the_columns_are_turned_upright(tmp_path):
    turned = wide().set_axis(map(str, QUARTERS), axis=0).T
    text = turned.assign(unit="index").to_csv(index_label="country")
    pd.testing.assert_frame_equal(read_panel(save(tmp_path / "a.csv", text)), wide())


def test_the_row_numbers_that_pandas_saves_are_no_series(tmp_path):
    text = written(list(map(str, QUARTERS))).to_csv()
    assert list(read_panel(save(tmp_path / "a.csv", text))) == ["gdp"]


def test_fred_md_with_its_row_of_codes(tmp_path):
    rows = "".join(f"{m % 12 + 1}/1/{1990 + m // 12},{100 + m},{m % 7}\n" for m in range(40))
    table = "sasdate,RPI,UNRATE\nTransform:,5,2\n" + rows + ",,\n"
    panel = read_panel(save(tmp_path / "md.csv", table))
    assert panel.attrs["codes"] == {"RPI": 5, "UNRATE": 2}
    assert panel["RPI"].tolist() == list(range(100, 140))
    assert str(panel.index[0]) == "1990-01"


def test_fred_downloads_say_missing_with_a_point(tmp_path):
    days = pd.bdate_range("2024-01-01", periods=40)
    values = [str(k) for k in range(40)]
    values[5] = "."
    text = "observation_date,DGS10\n" + "".join(
        f"{day:%Y-%m-%d},{value}\n" for day, value in zip(days, values, strict=True)
    )
    panel = read_panel(save(tmp_path / "fred.csv", text))
    assert len(panel) == 39
    assert "1 row without any value left out (holidays)" in describe_panel(panel)


def test_the_three_header_rows_of_yfinance(tmp_path):
    days = pd.bdate_range("2024-01-01", periods=30)
    rows = "".join(f"{day:%Y-%m-%d},{k}.5,{k * 7}\n" for k, day in enumerate(days))
    one = "Price,Close,Volume\nTicker,X,X\nDate,,\n" + rows
    two = "Price,Close,Close\nTicker,X,Z\nDate,,\n" + rows
    assert list(read_panel(save(tmp_path / "one.csv", one))) == ["Close", "Volume"]
    assert list(read_panel(save(tmp_path / "two.csv", two))) == ["X Close", "Z Close"]
    levels = pd.MultiIndex.from_tuples([("Close", "X"), ("Volume", "X")], names=["Price", "Ticker"])
    frame = wide(days).set_axis(levels, axis=1)
    assert list(read_panel(frame)) == ["Close", "Volume"]


def test_titles_units_labels_and_footnotes_around_a_table(tmp_path):
    body = wide().assign(kind="actual").to_csv(index_label="").split("\n", 1)
    text = "Source: us\n\n" + body[0] + "\n,per cent,(index),\n" + body[1] + "Revised monthly\n"
    panel = read_panel(save(tmp_path / "a.csv", text))
    pd.testing.assert_frame_equal(panel, wide())
    assert panel.attrs["units"] == {"gdp": "per cent", "rate": "index"}
    said = describe_panel(panel)
    for part in ("lines above the header", "1 line below the table", "no numbers: kind"):
        assert part in said


def test_rows_out_of_order_are_sorted_and_said():
    panel = read_panel(wide().iloc[::-1])
    pd.testing.assert_frame_equal(panel, wide())
    assert "latest first" in describe_panel(panel)
    assert "not in the order of time" in describe_panel(read_panel(wide().sample(frac=1.0)))


def test_weekends_and_holidays_are_no_gaps_and_closed_months_are():
    days = pd.bdate_range("2020-01-01", periods=400)
    festival = days.delete(range(100, 109))
    assert len(read_panel(wide(festival))) == 391
    with pytest.raises(PanelError, match="11 periods are missing from the daily dates"):
        read_panel(wide(days.delete(range(100, 111))))


def test_gaps_become_rows_of_nan_when_told():
    frame = wide().drop(index=QUARTERS[[7, 8]])
    panel = read_panel(frame, gaps="nan")
    assert panel.index.equals(QUARTERS)
    assert panel.isna().all(axis=1).to_numpy().nonzero()[0].tolist() == [7, 8]
    assert "2 periods are missing from the dates" in describe_panel(panel)


def test_the_source_is_left_alone():
    table = written([str(period) for period in QUARTERS[::-1]])
    before = table.copy()
    read_panel(table)
    pd.testing.assert_frame_equal(table, before)


def test_only_the_series_asked_for_are_read_and_checked():
    table = wide(names=("a", "b", "c")).assign(flat=1.0)
    assert list(read_panel(table, series=["c", "a"])) == ["c", "a"]
    assert list(read_panel(wide(names=("cpi", "gdp")), series="cpi")) == ["cpi"]


@settings(max_examples=30)
@given(
    freq=st.sampled_from(["D", "W-SUN", "W-WED", "M", "Q", "Y"]),
    start=st.dates(pd.Timestamp("1950-01-01").date(), pd.Timestamp("2020-12-31").date()),
    rows=st.integers(24, 80),
    seed=st.integers(0, 99),
)
def test_a_panel_read_again_is_the_same_panel(freq, start, rows, seed):
    panel = wide(pd.period_range(str(start), periods=rows, freq=freq), seed=seed)
    once = read_panel(panel)
    pd.testing.assert_frame_equal(once, panel)
    dated = panel.set_axis(panel.index.to_timestamp(how="end").normalize(), axis=0)
    pd.testing.assert_frame_equal(read_panel(dated), panel)


# What is said


def test_the_description_says_span_units_and_where_cells_are_missing():
    frame = wide()
    frame.attrs["units"] = {"gdp": "per cent"}
    frame.iloc[:3, 0] = np.nan
    frame.iloc[9, 1] = np.nan
    frame.iloc[-1, 1] = np.nan
    assert describe_panel(read_panel(frame)).splitlines() == [
        "quarterly, 2010Q1 to 2019Q4, 40 rows",
        "2 series: gdp (per cent), rate",
        "missing before a series begins: 3 (gdp between 2010Q1 and 2010Q3); "
        "it counts from its first value on",
        "missing inside a series: 1 (rate at 2012Q2); not known, nothing is filled in",
        "missing after a series ends: 1 (rate at 2019Q4); it is drawn from there on",
    ]


def test_zeros_that_seem_to_mean_missing_are_pointed_at():
    index = pd.period_range("2000-01", periods=60, freq="M")
    prices = 100 + np.arange(60.0)
    prices[-3:] = 0
    policy = np.r_[np.linspace(5, 0.25, 57), 0, 0, 0]
    panel = read_panel(pd.DataFrame({"cpi": prices, "rate": policy}, index=index))
    said = describe_panel(panel)
    assert "cpi (from 2004-10)" in said
    assert "rate (" not in said


# What is refused


def mixed_in_time():
    months = pd.period_range("2010-01", periods=60, freq="M").to_timestamp()
    return wide(months.append(pd.date_range("2015-01-01", periods=10, freq="QS")))


def mixed_in_series():
    frame = wide(pd.period_range("2010-01", periods=60, freq="M"))
    frame.loc[frame.index.month % 3 != 1, "gdp"] = np.nan
    return frame


def with_cell(value):
    frame = wide().astype(object)
    frame.iloc[4, 1] = value
    return frame


REFUSED = {
    "a date twice": (
        lambda: pd.concat([wide(), wide().iloc[[5]]]),
        r"the date 2011-06-30 is there 2 times; keep one row a date",
    ),
    "a date twice in a long table": (
        lambda: pd.DataFrame({"unique_id": "a", "ds": ["2010Q1", "2010Q1"], "y": [1.0, 2.0]}),
        r"series 'a' has the date 2010-03-01 more than once",
    ),
    "a word for a number": (
        lambda: with_cell("1,2x"),
        r"series 'rate' at 2011-03-31: '1,2x' is not a number; write it as 1234.5, or leave it",
    ),
    "a word for a date": (
        lambda: written([*map(str, QUARTERS[:-1]), "soon"]),
        r"'soon' in the date column 'date' is not a date that can be read; write every date alike",
    ),
    "a short year": (
        lambda: written([f"{m % 12 + 1}/1/{59 + m // 12}" for m in range(36)]),
        r"'1/1/59' .*a year of two digits leaves the century open",
    ),
    "an infinite cell": (lambda: with_cell(np.inf), r"series 'rate' is infinite at 2011Q1"),
    "two frequencies one after the other": (
        mixed_in_time,
        r"most dates are monthly, but from 2015-01 on they are 3 periods apart",
    ),
    "two frequencies side by side": (
        mixed_in_series,
        r"series 'gdp' has a value only every 3 rows of a monthly table \(2010-01, 2010-04",
    ),
    "two dates in a period": (
        lambda: wide(QUARTERS.to_timestamp().append(pd.DatetimeIndex(["2011-01-20"]))),
        r"2011-01-01 and 2011-01-20 both fall into 2011Q1.*resample\('QE'\)",
    ),
    "a constant series": (
        lambda: wide().assign(flat=2.5),
        r"'flat' is constant, 2.5 from 2010Q1 to 2019Q4; leave it out, naming the others.*--series",
    ),
    "an empty series": (
        lambda: wide().assign(void=np.nan),
        r"series 'void' has no values at all; leave it out",
    ),
    "no values": (lambda: wide() * np.nan, r"no series has any value: gdp, rate"),
    "a short history": (
        lambda: wide().iloc[:23],
        r"series 'gdp' has too short a history: 23 values from 2010Q1 to 2015Q3, at least 24",
    ),
    "a gap": (
        lambda: wide().drop(index=QUARTERS[[7, 20]]),
        r"2 periods are missing from the quarterly dates 2010Q1 to 2019Q4: 2011Q4, 2015Q1; add "
        r"these rows, or say gaps='nan' \(--gaps nan\)",
    ),
    "no rhythm": (
        lambda: wide(pd.to_datetime(["2010-01-01"]).append(pd.DatetimeIndex(["2010-02-15"]))),
        r"frequency cannot be told from dates that are 45 days apart.*--freq",
    ),
    "no dates": (
        lambda: pd.DataFrame({"a": [1.5, 2.5], "b": [3.5, 4.5]}),
        r"no column of dates among \['a', 'b'\]; 'a' begins with .*1\.5.*time='\.\.\.' \(--time\)",
    ),
    "a long table that leaves a choice": (
        lambda: pd.DataFrame(
            {"ticker": ["A", "B"] * 2, "date": ["2024-01-01"] * 2 + ["2024-01-02"] * 2}
        ).assign(close=1.5, volume=2.5),
        r"value='close' \(--id ticker --time date --value close\)",
    ),
    "a name twice": (lambda: wide(names=("gdp", "gdp")), r"two columns are named 'gdp'"),
    "no rows": (lambda: wide().iloc[:0], r"the table has no rows"),
    "no series": (lambda: wide()[[]], r"the table has no series"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_by_name_date_and_mend(case):
    make, message = REFUSED[case]
    with pytest.raises(PanelError, match=message):
        read_panel(make())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"freq": "fortnightly"}, "'fortnightly' is not a frequency that is known"),
        ({"freq": "Y"}, r"freq='Y' was said, and the dates are quarterly.*resample\('YE'\)"),
        ({"freq": "M"}, "the dates are quarterly, 2010-03-31 to 2019-12-31; leave freq out"),
        ({"series": ["gpd"]}, r"no series 'gpd' in the table; did you mean one of \['gdp'\]"),
    ],
)
def test_what_is_told_must_fit_what_is_there(options, message):
    with pytest.raises(PanelError, match=message):
        read_panel(wide(), **options)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", b"hello\nworld\n", "a.csv holds no table"),
        ("a.csv", b"date,x\n2010Q1,1\n2010Q2,2,3\n2010Q3,3\n", "line 3 of a.csv has 3 cells"),
        ("a.csv", b"2010,1\n2011,2\n", "no names above its columns: the first row .* date 2010"),
        ("a.csv", b"date,x\n2010,1\n,2\n", "a row has values and no date in the column 'date'"),
        ("a.json", b"{}", "a.json is of no kind that is read; those are .csv"),
        ("a.parquet", b"not parquet", "a.parquet cannot be read"),
        ("a.xlsx", b"not excel", "a.xlsx cannot be read"),
        ("a.csv.gz", b"not gzip", "a.csv.gz cannot be read"),
    ],
)
def test_files_that_hold_no_table_are_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PanelError, match=message):
        read_panel(tmp_path / name)


def test_a_file_or_a_sheet_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PanelError, match=r"there is no file .*none\.csv"):
        read_panel(tmp_path / "none.csv")
    wide().set_axis(map(str, QUARTERS), axis=0).to_excel(tmp_path / "a.xlsx", sheet_name="data")
    with pytest.raises(PanelError, match=r"no sheet 'dta'; it has \['data'\]"):
        read_panel(tmp_path / "a.xlsx", sheet="dta")


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_holiday_is_no_gap_of_business_days():
    days = pd.period_range("2000-01-03", periods=60, freq="B").delete(30)
    check_panel(pd.DataFrame({"x": np.arange(59.0)}, index=days))


def test_frames_built_in_python_are_checked_as_they_are(panel):
    check_panel(panel)
    with pytest.raises(PanelError, match="must hold periods or dates, got RangeIndex"):
        check_panel(panel.reset_index(drop=True))
    with pytest.raises(PanelError, match="not in the order of time"):
        check_panel(panel.iloc[::-1])
    with pytest.raises(PanelError, match="2024Q4 is there twice"):
        check_panel(pd.concat([panel, panel.iloc[[-1]]]))
    with pytest.raises(PanelError, match="holds object, not numbers"):
        check_panel(panel.astype(object))


def test_what_is_no_table_is_refused_with_the_mend(panel):
    with pytest.raises(PanelError, match=r"a file, got Series; say series\.to_frame\(\)"):
        read_panel(panel["growth"])
    assert list(read_panel(panel["growth"].to_frame())) == ["growth"]
    with pytest.raises(PanelError, match="a file, got list"):
        read_panel([1.0, 2.0])
