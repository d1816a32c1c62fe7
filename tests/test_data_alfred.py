"""ALFRED: what was known on a day, and whole histories, by our own reader."""

import numpy as np
import pandas as pd
import pytest
from data_service import KEY, STILL, FakeFred, Service, info

from econdiff.data import errors, pull, read_manifest, read_table
from econdiff.data.alfred import MOST_VINTAGES, known_on
from econdiff.data.transport import ApiKey, Transport
from econdiff.data.vintages import read_vintages

# Q1 published, revised twice, once withdrawn; Q2 published later
GDP = [
    ("2020-01-01", "2020-04-29", "2020-05-27", "100"),
    ("2020-01-01", "2020-05-28", "2020-06-24", "."),
    ("2020-01-01", "2020-06-25", STILL, "101.5"),
    ("2020-04-01", "2020-07-30", "2020-08-26", "90"),
    ("2020-04-01", "2020-08-27", STILL, "91"),
]


@pytest.fixture
def fred():
    fake = FakeFred()
    fake.infos["GDP"], fake.lives["GDP"] = info("GDP", frequency="Quarterly"), list(GDP)
    return fake


@pytest.fixture
def service(fred):
    with Service(fred).running() as running:
        yield running


@pytest.fixture
def ask(service, tmp_path):
    def asking(name, series, **options):
        reroute = {"https://api.stlouisfed.org": service.url}
        transport = Transport(per_second=1e6, reroute=reroute)
        return pull(name, series, key=ApiKey(KEY), transport=transport, folder=tmp_path, **options)

    return asking


@pytest.mark.parametrize(
    ("day", "known"),
    [
        ("2020-04-29", {"2020Q1": 100}),
        ("2020-05-27", {"2020Q1": 100}),
        ("2020-06-25", {"2020Q1": 101.5}),
        ("2020-07-30", {"2020Q1": 101.5, "2020Q2": 90}),
        ("2020-08-27", {"2020Q1": 101.5, "2020Q2": 91}),
    ],
)
def test_as_of_a_day_only_what_stood_on_it_is_there(ask, day, known):
    panel, source = ask("fred", ["GDP"], as_of=day)
    assert {str(period): value for period, value in panel["GDP"].items()} == known
    assert source.vintage == day


def test_titles_and_units_are_asked_for_as_of_the_day_too(ask, service):
    ask("fred", ["GDP"], as_of="2020-05-01")
    assert {asked.query["realtime_end"] for asked in service.asked} == {"2020-05-01"}


def test_a_day_before_the_first_release_is_an_error(ask, tmp_path):
    with pytest.raises(errors.EmptyAnswerError, match="'GDP'"):
        ask("fred", ["GDP"], as_of="2020-04-28")
    with pytest.raises(errors.EmptyAnswerError, match="'GDP'"):
        ask("fred", ["GDP"], as_of="2020-06-01")  # it was withdrawn on that day
    assert list(tmp_path.iterdir()) == []


def test_a_whole_history_comes_beside_the_latest_panel(ask, tmp_path):
    panel, source = ask("alfred", ["GDP"])
    assert panel["GDP"].tolist() == [101.5, 91]
    vintages = read_table(source.name, "vintages", folder=tmp_path)
    assert list(vintages.columns) == ["series", "date", "known_from", "known_until", "value"]
    assert len(vintages) == len(GDP)
    assert vintages["value"].isna().tolist() == [False, True, False, False, False]
    assert vintages["known_until"].isna().tolist() == [False, False, True, False, True]


def test_the_history_gives_each_day_the_panel_of_that_day(ask, tmp_path):
    _, source = ask("alfred", ["GDP"])
    vintages = read_table(source.name, "vintages", folder=tmp_path)
    for day in ("2020-05-27", "2020-06-25", "2020-08-26", "2020-08-27"):
        panel, _ = ask("fred", ["GDP"], as_of=day)
        np.testing.assert_array_equal(known_on(vintages, day), panel["GDP"])


def test_a_snapshot_of_vintages_is_the_panel_of_any_day(ask, fred, tmp_path):
    fred.infos["UNRATE"] = info("UNRATE", frequency="Monthly")
    months = pd.period_range("2020-01", periods=6, freq="M")
    fred.lives["UNRATE"] = [
        (f"{month}-01", (month + 1).start_time.strftime("%Y-%m-05"), STILL, str(3 + k))
        for k, month in enumerate(months)
    ]
    _, source = ask("alfred", ["GDP", "UNRATE"], freq="Q")
    vintages = read_vintages(source.name, folder=tmp_path)
    assert vintages.first == pd.Timestamp("2020-04-29")
    assert repr(vintages) == "Vintages of GDP, UNRATE from 2020-04-29 on"
    for day in ("2020-04-29", "2020-06-25", "2020-07-07", "2020-08-27"):
        panel, _ = ask("fred", ["GDP", "UNRATE"], freq="Q", as_of=day)
        pd.testing.assert_frame_equal(vintages.on(day), panel, check_names=False)
    assert vintages.on("2020-07-07")["UNRATE"].tolist() == [4.0, 7.0]
    with pytest.raises(errors.EmptyAnswerError, match="GDP had no values on 2020-04-28"):
        vintages.on("2020-04-28")


def daily_revisions(count):
    """A series published on `count` days in a row: the first date is revised on every seventh."""
    days = pd.date_range("2000-01-02", periods=count).strftime("%Y-%m-%d")
    lives = []
    for n, day in enumerate(days):
        lives.append((_before(day), day, STILL, str(n)))
    starts = list(days[::7])
    ends = [*map(_before, starts[1:]), STILL]
    edges = enumerate(zip(starts, ends, strict=True))
    return lives + [("1990-01-01", start, end, str(n)) for n, (start, end) in edges]


def _before(day):
    return (pd.Timestamp(day) - pd.Timedelta(days=1)).strftime("%Y-%m-%d")


@pytest.mark.parametrize("count", [MOST_VINTAGES, MOST_VINTAGES + 1, 2 * MOST_VINTAGES + 500])
def test_over_2000_vintages_come_in_chunks_and_are_joined_again(
    ask, fred, service, tmp_path, count
):
    lives = daily_revisions(count)
    fred.infos["DAILY"], fred.lives["DAILY"] = info("DAILY", frequency="Daily"), lives
    _, source = ask("alfred", ["DAILY"])
    found = read_table(source.name, "vintages", folder=tmp_path)
    text = found[["date", "known_from", "known_until"]].apply(lambda c: c.dt.strftime("%Y-%m-%d"))
    rows = zip(
        text["date"],
        text["known_from"],
        text["known_until"].fillna(STILL),
        found["value"],
        strict=True,
    )
    assert sorted(rows) == sorted((d, a, b, float(v)) for d, a, b, v in lives)
    requests = [asked for asked in service.asked if asked.path.endswith("observations")]
    assert len(requests) == -(-count // MOST_VINTAGES)


def test_long_answers_are_read_page_by_page(ask, fred, service, tmp_path):
    fred.page = 2
    _, source = ask("alfred", ["GDP"])
    assert len(read_table(source.name, "vintages", folder=tmp_path)) == len(GDP)
    assert sum(asked.query.get("offset") == "4" for asked in service.asked) == 2


def test_pages_that_stop_short_are_an_error(ask, fred):
    whole = fred.paged
    fred.paged = lambda query, name, rows: {**whole(query, name, rows), name: rows[:0]}
    with pytest.raises(errors.ServiceError, match=r"0 of 5 rows came"):
        ask("alfred", ["GDP"])


def test_two_values_of_a_date_on_one_day_are_refused():
    lives = pd.DataFrame(
        {
            "date": pd.to_datetime(["2020-01-01", "2020-01-01"]),
            "known_from": pd.to_datetime(["2020-02-01", "2020-03-01"]),
            "known_until": pd.to_datetime([None, None]),
            "value": [1.0, 2.0],
        }
    )
    with pytest.raises(errors.ServiceError, match="two values of 2020-01-01 on 2020-03-01"):
        known_on(lives, "2020-03-01")


def test_an_unknown_series_is_named(ask):
    for options in ({"as_of": "2020-05-01"}, {}):
        with pytest.raises(errors.UnknownSeriesError, match="'NOSUCH'"):
            ask("fred" if options else "alfred", ["NOSUCH"], **options)


def test_the_manifest_keeps_the_day(ask, tmp_path):
    _, source = ask("fred", ["GDP"], as_of="2020-05-01")
    assert read_manifest(source.name, folder=tmp_path)["request"]["as_of"] == "2020-05-01"
    with pytest.raises(ValueError, match="as_of must be a day"):
        ask("fred", ["GDP"], as_of="May 2020")
