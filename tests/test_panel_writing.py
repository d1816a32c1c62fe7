"""Files written as other countries and other programs write them, and read wrongly by nobody."""

import pytest

from econdiff.panel import PanelError, read_panel


def german(path, dot, rows=40):
    """A quarterly file with decimal commas, one of whose whole numbers is written `dot`."""
    lines = [f"{2001 + k // 4}Q{k % 4 + 1};{960 + k};{k % 7},6" for k in range(rows)]
    lines[5] = f"2002Q2;{dot};2,6"
    path.write_text("\n".join(["date;gdp;rate", *lines]))
    return path


def test_a_thousands_point_among_decimal_commas_is_no_decimal_point(tmp_path):
    with pytest.raises(PanelError, match=r"line 7 of a\.csv: '1\.000'.*write 1000 if.*1,000 if it"):
        read_panel(german(tmp_path / "a.csv", "1.000"))
    with pytest.raises(PanelError, match="write -1234567 if"):
        read_panel(german(tmp_path / "a.csv", "-1.234.567"))
    assert read_panel(german(tmp_path / "a.csv", "1000")).iloc[5].tolist() == [1000.0, 2.6]


def test_three_decimals_behind_a_point_stay_decimals_where_no_comma_is(tmp_path):
    path = german(tmp_path / "a.csv", "1.000")
    path.write_text(path.read_text().replace(",", "."))
    assert read_panel(path).iloc[5].tolist() == [1.0, 2.6]


def test_a_decimal_comma_may_stand_before_an_exponent(tmp_path):
    assert read_panel(german(tmp_path / "a.csv", "-2,5e-06")).iloc[5].tolist() == [-2.5e-06, 2.6]


@pytest.mark.parametrize("mark", [":", "-", "/"])
def test_quarters_written_as_months_are_not_taken_for_months(tmp_path, mark):
    dates = [f"{1999 + k // 4}{mark}{k % 4 + 1}" for k in range(40)]
    lines = [f"{date},{k % 7}.5" for k, date in enumerate(dates)]
    path = tmp_path / "q.csv"
    path.write_text("\n".join(["date,gdp", *lines]))
    for said in ({}, {"gaps": "nan"}, {"freq": "Q"}):
        with pytest.raises(PanelError, match=r"these look like quarters; write them 1999Q1, or"):
            read_panel(path, **said)
    months = read_panel(path, freq="M", gaps="nan")
    assert [str(period) for period in months["gdp"].dropna().index[3:5]] == ["1999-04", "2000-01"]


def test_a_series_called_inf_is_a_name_in_a_long_table(tmp_path):
    lines = [f"{name},{2001 + k},{k % 7}.5" for name in ("inf", "gdp") for k in range(30)]
    path = tmp_path / "long.csv"
    path.write_text("\n".join(["name,date,value", *lines]))
    assert list(read_panel(path)) == ["inf", "gdp"]
