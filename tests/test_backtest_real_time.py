"""Histories as they stood: the origin, the edge, the base year; and the command that reads them."""

import numpy as np
import pandas as pd
import pytest

from econdiff.backtest.real_time import as_they_stood
from econdiff.cli import main
from econdiff.data.pulled import Pulled, Series
from econdiff.data.snapshots import write_snapshot


@pytest.fixture
def now():
    """Output, which grows, and a rate."""
    rng = np.random.default_rng(3)
    index = pd.period_range("2000Q1", periods=80, freq="Q")
    output = 100 * np.exp(0.01 * np.arange(80) + 0.01 * rng.standard_normal(80).cumsum())
    return pd.DataFrame({"GDP": output, "RATE": 5 + rng.standard_normal(80)}, index)


def stood_on(now, lag=30):
    """Output in half of today's base, `lag` days after its quarter; the rate after ten days."""

    def panel(day):
        ends = now.index.end_time.normalize()
        known = now.loc[ends + pd.Timedelta(days=10) <= day].copy()
        late = known.index.end_time.normalize() + pd.Timedelta(days=lag) > day
        known["GDP"] = (known["GDP"] / 2).where(~late)
        return known

    return panel


def test_the_origin_is_the_last_whole_row_and_the_rest_its_edge(now):
    periods = now.index[[40, 41]]
    known = as_they_stood(stood_on(now), now, periods, days=15, logs=["GDP"])
    assert list(known) == [now.index[39], now.index[40]]
    history = known[now.index[39]]
    assert history.index[-1] == now.index[40]
    assert history.notna().to_numpy()[-1].tolist() == [False, True]
    np.testing.assert_allclose(history.iloc[:-1], now.iloc[:40])  # in today's base
    plain = as_they_stood(stood_on(now), now, periods, days=15)
    np.testing.assert_allclose(plain[now.index[39]]["GDP"].iloc[:-1], now["GDP"].iloc[:40] / 2)


def test_where_a_release_is_late_the_later_day_counts(now):
    last = now.index[40].end_time + pd.Timedelta(days=60)  # after which output is not published

    def late(day):
        known = stood_on(now)(day)
        return known.assign(GDP=stood_on(now)(min(day, last))["GDP"])

    (history,) = as_they_stood(late, now, now.index[[40, 41]], days=60).values()
    assert history["GDP"].last_valid_index() == now.index[40]
    assert history.index[-1] == now.index[41]


def test_origins_that_cannot_be_are_refused(now):
    with pytest.raises(ValueError, match="no row of the panel of 2000-04-15 was complete"):
        as_they_stood(stood_on(now), now, now.index[:1], days=15)
    gone = now.copy()
    gone.loc["2010Q1", "GDP"] = np.nan
    with pytest.raises(ValueError, match="2010Q1, complete on 2010-06-30, is not so"):
        as_they_stood(stood_on(now), gone, now.index[[40]], days=91)


@pytest.fixture
def snapshot(now, tmp_path):
    """Output was in half of today's base until the last day; nothing else was ever revised."""
    rows = []
    rebased = pd.Timestamp("2022-01-01")
    for name, days, scale in (("GDP", 30, 0.5), ("RATE", 10, 1.0)):
        for period, value in now[name].items():
            out = period.end_time.normalize() + pd.Timedelta(days=days)
            date = period.start_time
            rows.append((name, date, out, rebased - pd.Timedelta(days=1), scale * value))
            rows.append((name, date, rebased, pd.NaT, value))
    names = ["series", "date", "known_from", "known_until", "value"]
    lives = pd.DataFrame(rows, columns=names)
    about = {name: Series(frequency="Quarterly") for name in now}
    asked = {"series": list(now)}
    pulled = Pulled("ALFRED", now, about, asked, "2022-01-02", tables={"vintages": lives})
    return tmp_path / write_snapshot(pulled, folder=tmp_path).name


def study(source, out, *more):
    words = ["backtest", str(source), "--horizon", "2", "--origins", "3", "--paths", "50"]
    words += ["--models", "ar,rw", "--quiet", "--out", str(out)]
    return main([*words, *more])


def test_where_only_the_base_was_revised_real_time_is_the_past_of_now(snapshot, tmp_path):
    assert study(snapshot, tmp_path / "then", "--real-time", "40") == 0
    assert study(snapshot, tmp_path / "now") == 0
    then, plain = (pd.read_csv(tmp_path / name / "scores.csv") for name in ("then", "now"))
    pd.testing.assert_frame_equal(then, plain, rtol=1e-5)
    page = (tmp_path / "then" / "report.html").read_text()
    assert "what stood 40 days after the end of a period" in page
    assert "Of GDP, modelled by the logarithm" in page
    assert "read today" not in page
    assert "read today" in (tmp_path / "now" / "report.html").read_text()


def test_in_the_middle_of_the_wait_the_edge_is_drawn(snapshot, tmp_path):
    assert study(snapshot, tmp_path / "then", "--real-time", "15") == 0
    table = pd.read_csv(tmp_path / "then" / "scores.csv").query("model == 'ar'")
    table = table.set_index(["series", "step", "metric"])["value"]
    assert [table["GDP", step, "origins"] for step in (1, 2, 3)] == [3, 3, 3]
    assert [table["RATE", step, "origins"] for step in (1, 2, 3)] == [0, 3, 3]
    page = (tmp_path / "then" / "report.html").read_text()
    assert "over 3 periods, from 3 past origins" in page
    assert main(["report", str(tmp_path / "then")]) == 0
    assert (tmp_path / "then" / "report.html").read_text() == page


def test_what_has_no_vintages_is_refused(snapshot, now, tmp_path, capsys):
    now.to_csv(tmp_path / "panel.csv")
    assert study(tmp_path / "panel.csv", tmp_path / "b", "--real-time", "40") == 2
    assert "--real-time reads a snapshot of econdiff data pull alfred" in capsys.readouterr().err
    assert study(snapshot, tmp_path / "b", "--real-time", "40", "--edge") == 2
    assert "leave --edge out" in capsys.readouterr().err
    assert study(snapshot, tmp_path / "b", "--real-time", "100000") == 2
    assert "nothing is left to forecast; say fewer days" in capsys.readouterr().err
    bare = Pulled(
        "FRED", now, {name: Series() for name in now}, {"series": list(now)}, "2022-01-02"
    )
    place = tmp_path / write_snapshot(bare, folder=tmp_path).name
    assert study(place, tmp_path / "b", "--real-time", "40") == 2
    assert "it has: panel" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()
