"""FRED: the real fredapi over our transport, against a server that answers in FRED's shapes."""

import io
import json
import logging
import traceback
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from data_service import KEY, Answer, FakeFred, Service

from econdiff.data import DataError, errors, list_snapshots, load, pull, read_manifest
from econdiff.data.transport import ApiKey, Transport

MONTHS = [f"2020-{month:02d}-01" for month in range(1, 13)]
ODD_KEY = "a key/with+odd&characters=32 ....."


@pytest.fixture
def fred():
    fake = FakeFred()
    fake.add("RATE", dict(zip(MONTHS, [str(n) for n in range(1, 13)], strict=True)))
    fake.add(
        "OUTPUT",
        {"2020-01-01": "100.5", "2020-04-01": ".", "2020-07-01": "102", "2020-10-01": "103"},
        frequency="Quarterly",
        units="Billions of Dollars",
        adjusted="Seasonally Adjusted Annual Rate",
    )
    return fake


@pytest.fixture
def service(fred):
    with Service(fred).running() as running:
        yield running


@pytest.fixture
def ask(service, tmp_path):
    """`pull` from the local server, without waiting between requests."""

    def asking(name, series, *, key=KEY, timeout=10.0, sleep=lambda seconds: None, **options):
        hosts = ("https://api.stlouisfed.org", "https://fred.stlouisfed.org")
        transport = Transport(
            timeout=timeout, per_second=1e6, reroute=dict.fromkeys(hosts, service.url), sleep=sleep
        )
        key = None if name == "fredgraph" else ApiKey(key)
        return pull(name, series, key=key, transport=transport, folder=tmp_path, **options)

    return asking


def test_many_series_come_as_one_panel_at_the_lowest_frequency(ask):
    panel, source = ask("fred", ["RATE", "OUTPUT"])
    assert panel.index.equals(pd.period_range("2020Q1", "2020Q4", freq="Q", name="period"))
    np.testing.assert_array_equal(panel["RATE"], [2, 5, 8, 11])  # means of three months
    np.testing.assert_array_equal(panel["OUTPUT"], [100.5, np.nan, 102, 103])
    assert source.units["OUTPUT"] == "Billions of Dollars, Seasonally Adjusted Annual Rate"
    assert source.titles["RATE"] == "Made-up series RATE"


def test_one_series_is_asked_for_by_its_name(ask):
    assert list(ask("fred", "RATE")[0]) == ["RATE"]


def test_aggregation_is_by_series_and_written_down(ask, tmp_path):
    panel, source = ask("fred", ["RATE", "OUTPUT"], aggregation={"RATE": "last"})
    np.testing.assert_array_equal(panel["RATE"], [3, 6, 9, 12])
    series = read_manifest(source.name, folder=tmp_path)["series"]
    assert series["RATE"]["aggregation"] == "last"
    assert series["OUTPUT"]["aggregation"] == ""


def test_start_and_end_are_both_included(ask):
    panel, _ = ask("fred", ["RATE"], start="2020-03-01", end="2020-05-01")
    assert [str(period) for period in panel.index] == ["2020-03", "2020-04", "2020-05"]


def test_the_key_goes_only_into_the_request(ask, service):
    ask("fred", ["RATE"])
    assert {asked.query["api_key"] for asked in service.asked} == {KEY}
    assert not any(KEY in asked.path for asked in service.asked)


@pytest.mark.parametrize("series_id", ["A/B C?&x=1", "../series", "Ä"])
def test_ids_are_quoted(ask, fred, service, series_id):
    fred.add(series_id, dict.fromkeys(MONTHS, "1.5"))
    ask("fred", [series_id])
    assert [asked.path for asked in service.asked] == ["/fred/series", "/fred/series/observations"]
    assert {asked.query["series_id"] for asked in service.asked} == {series_id}


def test_weeks_end_on_the_day_that_fred_names(ask, fred):
    days = pd.date_range("2020-01-04", periods=6, freq="7D").strftime("%Y-%m-%d")
    fred.add("CLAIMS", dict.fromkeys(days, "7"), frequency="Weekly, Ending Saturday")
    panel, _ = ask("fred", ["CLAIMS"])
    assert panel.index.freqstr == "W-SAT"
    assert panel.index[0].end_time.date().isoformat() == "2020-01-04"


def test_without_a_key_the_public_download_gives_the_same_values(ask):
    with_key, _ = ask("fred", ["RATE", "OUTPUT"])
    without, source = ask("fredgraph", ["RATE", "OUTPUT"])
    pd.testing.assert_frame_equal(without, with_key)
    assert source.units == {"RATE": "", "OUTPUT": ""}
    assert "pulled without a key: titles and units are not known" in source.notes


@pytest.mark.parametrize("name", ["fred", "fredgraph"])
def test_an_unknown_series_is_named(ask, name, tmp_path):
    with pytest.raises(errors.UnknownSeriesError, match="FRED has no series 'NOSUCH'"):
        ask(name, ["RATE", "NOSUCH"])
    assert list(tmp_path.iterdir()) == []  # RATE had come; a pull is whole or it fails


def test_a_bad_key_and_a_missing_one_say_where_to_get_one(ask, monkeypatch):
    with pytest.raises(errors.BadKeyError, match=r"not registered.*Check FRED_API_KEY"):
        ask("fred", ["RATE"], key="f" * 32)
    monkeypatch.setenv("FRED_API_KEY", "  ")
    with pytest.raises(errors.MissingKeyError, match=r"docs/api/api_key.html"):
        pull("fred", ["RATE"])


def test_a_series_without_values_is_an_error(ask, fred):
    fred.add("EMPTY", {"2020-01-01": ".", "2020-02-01": "."})
    with pytest.raises(errors.EmptyAnswerError, match="'EMPTY'"):
        ask("fred", ["RATE", "EMPTY"])
    with pytest.raises(errors.EmptyAnswerError, match=r"'RATE'.*2020-01-01 to 2020-12-01"):
        ask("fred", ["RATE"], start="2031-01-01")


def test_a_frequency_that_panels_do_not_have_is_refused(ask, fred):
    fred.add("HALF", {"2020-01-01": "1"}, frequency="Semiannual")
    with pytest.raises(errors.FrequencyError, match="'HALF' is Semiannual"):
        ask("fred", ["HALF"])


def test_nothing_is_brought_to_a_higher_frequency(ask):
    with pytest.raises(errors.FrequencyError, match=r"'OUTPUT' has frequency Q.*--freq Q"):
        ask("fred", ["RATE", "OUTPUT"], freq="M")


@pytest.mark.parametrize(
    "body", ["", "<html>maintenance", "{}", "<observations><observation/></observations>"]
)
def test_an_answer_that_cannot_be_read_is_the_services_error(ask, fred, body, service):
    answers = iter([None, Answer(200, body)])  # the info comes, the observations do not
    service.answer = lambda asked: next(answers) or fred(asked)
    with pytest.raises(errors.ServiceError, match="RATE"):
        ask("fred", ["RATE"])


def test_typos_in_a_request_are_named(ask):
    with pytest.raises(ValueError, match="'RATES', which is not among the series"):
        ask("fred", ["RATE"], aggregation={"RATES": "sum"})
    with pytest.raises(ValueError, match="'median' is no aggregation; say mean, last, sum"):
        ask("fred", ["RATE"], aggregation="median")
    with pytest.raises(ValueError, match="asked for twice: RATE"):
        ask("fred", ["RATE", "RATE"])
    with pytest.raises(ValueError, match="start must be a day as 2024-03-31, got '3/1/2020'"):
        ask("fred", ["RATE"], start="3/1/2020")
    with pytest.raises(ValueError, match="as_of is for the service 'fred'"):
        ask("fredgraph", ["RATE"], as_of="2020-01-01")


FAULTS = {
    "bad key": lambda key: [Answer(400, f'<error code="400" message="api_key {key} is bad" />')],
    "echo": lambda key: [Answer(418, f"no such page: /fred/series?api_key={quote(key)}")],
    "busy": lambda key: [Answer(429, key)] * 4,
    "broken": lambda key: [Answer(500, key)] * 4,
    "not XML": lambda key: [Answer(200, f"<a>{key}")],
    "redirect": lambda key: [Answer(302, key, {"Location": "https://elsewhere.invalid/"})],
    "slow": lambda key: [Answer(200, "", delay=5)] * 4,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("key", [KEY, ODD_KEY])
def test_no_failure_shows_the_key(ask, fred, fault, key, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    fred.faults = FAULTS[fault](key)
    with pytest.raises(DataError) as caught:
        ask("fred", ["RATE"], key=key, timeout=0.2)
    seen = everything_shown(caught.value) + caplog.text + "".join(capfd.readouterr())
    assert "econdiff" in seen
    assert key not in seen
    assert quote(key, safe="") not in seen


def test_no_unreachable_host_shows_the_key(ask, service, tmp_path):
    transport = Transport(
        per_second=1e6,
        reroute={"https://api.stlouisfed.org": "http://127.0.0.1:1"},
        sleep=lambda seconds: None,
    )
    with pytest.raises(errors.NetworkError, match="Check the connection") as caught:
        pull("fred", ["RATE"], key=ApiKey(KEY), transport=transport, folder=tmp_path)
    assert KEY not in everything_shown(caught.value)


def everything_shown(error):
    """Tracebacks with the locals of every frame, and every exception in the chain."""
    shown = []
    while error is not None:
        report = traceback.TracebackException.from_exception(error, capture_locals=True)
        text = io.StringIO()
        report.print(file=text, chain=False)
        # the test's own frames hold the key by name: what is ours starts in the package
        frames = text.getvalue().split("  File ")
        shown += [f for f in frames if "/tests/" not in f] + [repr(error), str(error)]
        shown += [repr(vars(error))]
        error = error.__context__ or error.__cause__
    return "\n".join(shown)


def test_neither_manifest_nor_parquet_holds_the_key(ask, tmp_path):
    _, source = ask("fred", ["RATE", "OUTPUT"], start="2020-01-01", freq="Q")
    written = b"".join(file.read_bytes() for file in (tmp_path / source.name).iterdir())
    assert KEY.encode() not in written
    assert repr(ApiKey(KEY)) == "ApiKey(hidden)"


def test_the_manifest_says_what_was_asked_and_what_came(ask, tmp_path):
    _, source = ask("fred", ["RATE"], start="2020-01-01", freq="Q")
    manifest = read_manifest(source.name, folder=tmp_path)
    assert manifest["request"] == {"series": ["RATE"], "start": "2020-01-01", "freq": "Q"}
    assert manifest["series"]["RATE"] == {
        "title": "Made-up series RATE",
        "units": "Percent, Seasonally Adjusted",
        "frequency": "Monthly",
        "aggregation": "mean",
        "updated": "2024-06-28 07:46:01-05",
    }
    assert manifest["vintage"] == source.vintage
    assert "between you and the provider" in manifest["terms"]
    json.dumps(manifest)


def test_a_pull_can_be_loaded_by_its_name(ask, tmp_path):
    pulled, source = ask("fred", ["RATE"])
    loaded, again = load(source.name, folder=tmp_path)
    pd.testing.assert_frame_equal(loaded, pulled)
    assert again == source
    assert [found.name for found in list_snapshots(tmp_path)] == [source.name]
