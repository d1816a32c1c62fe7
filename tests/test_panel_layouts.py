"""Files as providers and spreadsheets write them."""

import numpy as np
import pandas as pd
import pytest

from econdiff.panel import PanelError, read_panel

MONTHS = pd.period_range("1995-01", periods=300, freq="M")
VALUES = np.random.default_rng(0).normal(size=(300, 3)).round(3) + 0.0005


def table(separator, decimal):
    rows = [["month", "a", "b", "c"]]
    rows += [[str(m), *(f"{x:.4f}" for x in v)] for m, v in zip(MONTHS, VALUES, strict=True)]
    return "\n".join(separator.join(row).replace(".", decimal) for row in rows)


@pytest.mark.parametrize(
    ("separator", "decimal"), [(";", ","), (";", "."), (",", "."), ("\t", ".")]
)
def test_a_long_file_is_split_at_its_own_mark(tmp_path, separator, decimal):
    (tmp_path / "long.csv").write_text(table(separator, decimal))
    np.testing.assert_allclose(read_panel(tmp_path / "long.csv").to_numpy(), VALUES)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
def test_the_bytes_of_excel_are_read_by_their_mark(tmp_path, encoding):
    (tmp_path / "text.txt").write_bytes(table("\t", ".").replace("a", "ä", 1).encode(encoding))
    panel = read_panel(tmp_path / "text.txt")
    assert list(panel.columns) == ["ä", "b", "c"]
    np.testing.assert_allclose(panel.to_numpy(), VALUES)


def test_the_columns_of_the_world_bank_are_years(tmp_path):
    years = range(1980, 2020)
    lines = [["Country Name", "Series Name", *(f"{year} [YR{year}]" for year in years)]]
    lines += [["Kenya", name, "..", *map(str, VALUES[:39, k])] for k, name in enumerate("ab")]
    end = "\n\nData from database: World Development Indicators\nLast Updated: 01/28/2025\n"
    (tmp_path / "wdi.csv").write_text("\n".join(map(",".join, lines)) + end)
    panel = read_panel(tmp_path / "wdi.csv")
    assert (list(panel.columns), str(panel.index[0])) == (["a", "b"], "1981")
    np.testing.assert_allclose(panel.to_numpy(), VALUES[:39, :2])


@pytest.mark.parametrize("date", ["Mar-80", "1-Mar-80", "03/01/80"])
def test_a_year_of_two_digits_is_named_as_the_trouble(date):
    frame = pd.DataFrame({"date": [date] * 30, "gdp": VALUES[:30, 0]})
    with pytest.raises(PanelError, match="a year of two digits leaves the century open"):
        read_panel(frame)


def test_a_table_that_needs_two_columns_for_a_name_says_how_to_join_them():
    keys = pd.MultiIndex.from_product([range(1980, 2010), ["Kenya", "Chad"], ["gdp", "cpi"]])
    frame = keys.to_frame(index=False, name=["date", "country", "indicator"])
    frame["value"] = np.resize(VALUES, len(frame))
    with pytest.raises(PanelError, match=r"frame\['country'\] \+ ' ' \+ frame\['indicator'\]"):
        read_panel(frame)
    frame["series"] = frame["country"] + " " + frame["indicator"]
    panel = read_panel(frame, id="series", time="date", value="value")
    assert list(panel.columns) == ["Kenya gdp", "Kenya cpi", "Chad gdp", "Chad cpi"]
    kept = read_panel(frame.loc[frame["indicator"] == "gdp", ["date", "country", "value"]])
    assert list(kept.columns) == ["Kenya", "Chad"]


def test_series_that_are_named_by_numbers_may_be_asked_for_by_them():
    frame = pd.DataFrame(VALUES, index=MONTHS)
    assert list(read_panel(frame, series=[2, 0]).columns) == ["2", "0"]


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "int64[pyarrow]"])
def test_a_cell_that_pandas_calls_na_is_not_known(dtype):
    frame = pd.DataFrame({"a": np.arange(40), "b": np.arange(40) ** 2}, index=MONTHS[:40])
    frame = frame.astype(dtype)
    frame.iloc[-1, 0] = pd.NA
    panel = read_panel(frame)
    assert np.flatnonzero(panel["a"].isna()).tolist() == [39]
    assert panel["b"].iloc[-1] == 39**2


@pytest.mark.parametrize("written", [False, True])
def test_midnights_of_berlin_in_utc_are_not_taken_for_the_day_before(written):
    local = pd.date_range("2000-01", periods=40, freq="MS", tz="Europe/Berlin")
    stamps = local.tz_convert("UTC")
    dates = stamps.strftime("%Y-%m-%dT%H:%M:%SZ") if written else stamps
    frame = pd.DataFrame({"date": dates, "a": VALUES[:40, 0]})
    with pytest.raises(PanelError, match="late evenings in UTC"):
        read_panel(frame)
    frame["date"] = pd.to_datetime(dates, utc=True).tz_convert("Europe/Berlin")
    assert str(read_panel(frame).index[0]) == "2000-01"


def sdmx(areas, measures):
    """As the OECD writes them: codes and names of each row, the same words all the way down."""
    rows = [
        (area, measure, str(month), value)
        for (area, measure), column in zip(
            [(a, m) for a in areas for m in measures], VALUES[:40].T, strict=False
        )
        for month, value in zip(MONTHS[:40], column, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["REF_AREA", "MEASURE", "TIME_PERIOD", "OBS_VALUE"])
    frame.insert(0, "DATAFLOW", "OECD.SDD:DSD_NAMAIN1(1.0)")
    frame.insert(1, "LAST UPDATE", "15/03/24 23:00:00")
    return frame.assign(FREQ="M")


def test_of_columns_with_words_those_are_named_that_tell_the_rows_apart():
    both = r"frame\['REF_AREA'\] \+ ' ' \+ frame\['MEASURE'\]\), or keep the rows of one MEASURE"
    table = sdmx(["DEU"], ["GDP", "CPI", "IP"])
    table["REF_AREA"] = table["REF_AREA"].where(table["MEASURE"] != "IP", "FRA")
    table["MEASURE"] = table["MEASURE"].replace("IP", "GDP")
    with pytest.raises(PanelError, match=both):
        read_panel(table)
    with pytest.raises(PanelError, match="not even all of"):
        read_panel(pd.concat([table, table.iloc[[3]]]))


def test_one_series_with_words_beside_it_is_read_by_its_numbers():
    panel = read_panel(sdmx(["DEU"], ["GDP"]))
    assert list(panel.columns) == ["OBS_VALUE"]
    np.testing.assert_array_equal(panel.to_numpy()[:, 0], VALUES[:40, 0])
    assert "DATAFLOW, LAST UPDATE, REF_AREA, MEASURE, FREQ" in panel.attrs["notes"][0]


def test_a_second_column_of_dates_is_no_series():
    frame = pd.DataFrame({"DATE": MONTHS[:40].astype(str), "EXR.M.USD": VALUES[:40, 0]})
    frame.insert(1, "TIME PERIOD", MONTHS[:40].strftime("%Y%b"))  # the ECB's portal: 1995Jan
    assert list(read_panel(frame).columns) == ["EXR.M.USD"]
    assert str(read_panel(frame.drop(columns="DATE")).index[0]) == "1995-01"


def test_months_before_their_years_are_months():
    frame = pd.DataFrame({"Zeit": MONTHS[:40].strftime("%m/%Y"), "a": VALUES[:40, 0]})
    assert read_panel(frame).index.equals(MONTHS[:40])


def test_a_frame_with_entity_and_date_in_its_index_is_long():
    wide = pd.DataFrame(VALUES[:40, :2], index=MONTHS[:40].to_timestamp(), columns=["DE", "FR"])
    long = wide.rename_axis("date").stack().rename("y").to_frame()
    assert isinstance(long.index, pd.MultiIndex)
    pd.testing.assert_frame_equal(read_panel(long), read_panel(wide))


def test_a_frame_turned_by_its_user_is_turned_back():
    wide = pd.DataFrame(VALUES[:40, :2], index=MONTHS[:40], columns=["DE", "FR"])
    pd.testing.assert_frame_equal(read_panel(wide.T), read_panel(wide))


def test_days_counted_by_excel_are_told_how_to_be_read():
    days = (MONTHS[:40].to_timestamp() - pd.Timestamp("1899-12-30")).days
    with pytest.raises(PanelError, match=r"'34700'.*pd\.to_datetime\(days, unit='D', origin="):
        read_panel(pd.DataFrame({"date": days, "a": VALUES[:40, 0]}))
