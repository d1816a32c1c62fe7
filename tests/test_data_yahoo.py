"""Yahoo Finance: the real yfinance against a server that answers in Yahoo's shapes."""

from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
import yfinance
from curl_cffi import requests
from data_service import Answer, FakeYahoo, Service
from yfinance.data import YfData

from econdiff.cli import main
from econdiff.data import errors, pull, read_manifest, read_table, yahoo

DAYS = [f"2020-01-{day:02d}" for day in (2, 3, 6, 7, 8, 9, 10)]


UNHEARD_OF = '{"chart": {"result": [{"indicators": {"quote": [{"price": 1}]}}], "error": null}}'


@pytest.fixture
def market():
    fake = FakeYahoo()
    fake.add("AAA", DAYS, [100.0, 101, 102, 101, 100, 102, 103])
    fake.add("^BBB", DAYS[:3] + DAYS[4:], [50.0, None, 52, 51, 50, 51], type="INDEX")
    return fake


@pytest.fixture
def service(market, tmp_path):
    yfinance.set_tz_cache_location(str(tmp_path / "cache"))
    YfData.cache_get.cache_clear()  # yfinance remembers answers about the past
    with Service(market).running() as running:
        yield running


@pytest.fixture
def ask(service, tmp_path):
    class LocalSession(requests.Session):
        """yfinance's own kind of session, with every host sent to the local server."""

        def request(self, method, url, *args, **kwargs):
            parts = urlsplit(url)
            local = f"{service.url}/{parts.netloc}{parts.path}"
            return super().request(method, local, *args, **kwargs)

    def asking(tickers, *, end="2020-01-10", **options):
        with LocalSession() as session:
            folder = tmp_path / "snapshots"
            return pull("yahoo", tickers, end=end, session=session, folder=folder, **options)

    return asking


def test_adjusted_closes_of_many_tickers_come_as_one_panel(ask, tmp_path):
    panel, source = ask(["AAA", "^BBB"])
    assert panel.index.equals(pd.PeriodIndex(DAYS, freq="D", name="period"))
    np.testing.assert_array_equal(panel["AAA"], [100, 101, 102, 101, 100, 102, 103])
    np.testing.assert_array_equal(panel["^BBB"], [50, np.nan, 52, np.nan, 51, 50, 51])
    assert source.titles["AAA"] == "Made-up company AAA"
    assert source.units["AAA"] == "USD, adjusted close"


def test_a_dividend_is_in_the_price_and_in_the_return(ask, market):
    # the share falls by its dividend of 10 and no holder is the poorer
    adjusted = [90.0, 90, 90, 90, 90, 90, 90]
    closes = [100.0, 100, 100, 90, 90, 90, 90]
    market.add("DIV", DAYS, adjusted, closes=closes, dividends={"2020-01-07": 10.0})
    panel, _ = ask(["DIV"], returns=True)
    np.testing.assert_array_equal(panel["DIV"], np.zeros(6))


def test_adjusted_closes_that_are_left_out_are_not_replaced_in_silence(ask, market):
    closes = [100.0, 100, 100, 90, 90, 90, 90]
    market.add("DIV", DAYS, closes, dividends={"2020-01-07": 10.0}, adjclose=False)
    with pytest.raises(errors.ServiceError, match=r"'DIV' has no adjusted closes.*2020-01-07"):
        ask(["DIV"])


def test_returns_are_logarithms_in_per_cent(ask):
    panel, source = ask(["AAA", "^BBB"], returns=True)
    prices = np.array([100, 101, 102, 101, 100, 102, 103])
    np.testing.assert_allclose(panel["AAA"], 100 * np.diff(np.log(prices)), rtol=1e-12)
    # over days without a price the return is that of the days together
    assert panel["^BBB"].loc["2020-01-06"] == pytest.approx(100 * np.log(52 / 50), rel=1e-12)
    assert source.units["AAA"] == "per cent, log return"


def test_volume_is_kept_beside_the_panel(ask, market, tmp_path):
    market.add("VOL", DAYS, [1.0, 2, None, 4, 5, 6, 7], volume=[10, 20, None, 40, 50, 60, 70])
    _, source = ask(["VOL"])
    volume = read_table(source.name, "volume", folder=tmp_path / "snapshots")
    np.testing.assert_array_equal(volume["VOL"], [10, 20, np.nan, 40, 50, 60, 70])


def test_the_end_is_included_and_the_start_too(ask, tmp_path):
    panel, source = ask(["AAA"], start="2020-01-03", end="2020-01-07")
    assert [str(day) for day in panel.index] == ["2020-01-03", "2020-01-06", "2020-01-07"]
    request = read_manifest(source.name, folder=tmp_path / "snapshots")["request"]
    assert (request["start"], request["end"]) == ("2020-01-03", "2020-01-07")


def test_without_an_end_today_is_left_out(ask, market):
    today = pd.Timestamp.now("UTC").tz_localize(None).normalize()
    days = pd.bdate_range(end=today, periods=4).union([today]).strftime("%Y-%m-%d")
    market.add("NOW", list(days), [float(n) for n in range(1, len(days) + 1)])
    panel, _ = ask(["NOW"], end=None)
    assert panel.index[-1] < pd.Period(today, "D")
    assert len(panel) == len(days) - 1


def test_a_jump_is_named_and_nothing_is_changed(ask, market):
    prices = [100.0, 101, 100, 101, 1.01, 101, 102]  # pounds and pence
    market.add("JMP", DAYS, prices)
    panel, source = ask(["JMP"])
    np.testing.assert_array_equal(panel["JMP"], prices)
    jumps = [note for note in source.notes if "moves by" in note]
    assert len(jumps) == 2
    assert jumps[0].startswith("JMP moves by -99.0% on 2020-01-08")


def test_months_take_the_last_price_and_the_sum_of_returns(ask, market):
    days = pd.bdate_range("2020-01-01", "2020-03-31").strftime("%Y-%m-%d")
    market.add("LNG", list(days), list(np.linspace(100, 120, len(days))))
    prices, _ = ask(["LNG"], end="2020-03-31", freq="M")
    returns, _ = ask(["LNG"], end="2020-03-31", freq="M", returns=True)
    assert prices["LNG"].iloc[-1] == 120
    expected = 100 * np.diff(np.log(prices["LNG"]))
    np.testing.assert_allclose(returns["LNG"].iloc[1:], expected, rtol=1e-9)


def test_the_command_takes_the_last_price_too(ask, market, monkeypatch):
    days = pd.bdate_range("2020-01-01", "2020-03-31").strftime("%Y-%m-%d")
    market.add("LNG", list(days), list(np.linspace(100, 120, len(days))))
    made = []

    def asked(service, tickers, *, start, as_of, came, **options):
        made.append(ask(tickers, **options))
        return made[-1]

    monkeypatch.setattr("econdiff.commands.data.pull", asked)
    words = ["data", "pull", "yahoo", "LNG", "--freq", "M", "--end", "2020-03-31", "--quiet"]
    assert main(words) == 0
    assert main([*words, "--aggregation", "mean"]) == 0
    (last, _), (mean, _) = made
    assert last["LNG"].iloc[-1] == 120
    assert mean["LNG"].iloc[-1] < 118


def test_weekends_stay_only_where_all_trade_on_them(ask, market):
    days = pd.date_range("2020-01-02", "2020-01-10").strftime("%Y-%m-%d")
    market.add("COIN", list(days), [float(n) for n in range(1, 10)])
    alone, _ = ask(["COIN"])
    assert len(alone) == 9
    both, source = ask(["AAA", "COIN"])
    assert len(both) == 7
    assert "weekends are left out: not every ticker trades on them" in source.notes


def test_an_unknown_ticker_is_named_and_nothing_is_written(ask, tmp_path):
    with pytest.raises(errors.UnknownSeriesError, match="no ticker 'NOSUCH'"):
        ask(["AAA", "NOSUCH"])
    assert not (tmp_path / "snapshots").exists()


def test_an_empty_answer_is_an_error(ask, market):
    with pytest.raises(errors.EmptyAnswerError, match="no prices of 'AAA'"):
        ask(["AAA"], start="2010-01-01", end="2010-02-01")
    market.add("NULL", DAYS, [None] * 7)
    with pytest.raises(errors.EmptyAnswerError, match="no prices of 'NULL'"):
        ask(["NULL"])


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (Answer(429, "Edge: Too Many Requests"), errors.RateLimitedError, "quarter of an hour"),
        (Answer(500, "<html>"), errors.ServiceError, "'BAD' with what cannot be read"),
        (Answer(200, UNHEARD_OF), errors.ServiceError, r"could not read .* 'BAD' \(KeyError"),
        (Answer(200, "late", delay=3), errors.NetworkTimeoutError, r"did not answer.*'BAD'"),
    ],
)
def test_each_failure_has_its_own_error(ask, market, monkeypatch, answer, error, message):
    monkeypatch.setattr(yahoo, "TIMEOUT", 0.3)
    market.add("BAD", DAYS, [1.0] * 7)
    market.faults["BAD"] = answer
    with pytest.raises(error, match=message):
        ask(["BAD"])


def test_no_connection_is_a_network_error(ask, service):
    service.url = "http://127.0.0.1:1"
    with pytest.raises(errors.NetworkError, match="could not be reached for 'AAA'"):
        ask(["AAA"])


def test_yfinance_is_left_as_it_was(ask):
    before = yfinance.config.debug.hide_exceptions
    ask(["AAA"])
    assert yfinance.config.debug.hide_exceptions == before
