"""Bundled panels: what they are, without the network and without loading what is not asked for."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from arch.data import default, sp500

from econdiff.commands.reading import Reading, read
from econdiff.data import TERMS, list_bundled, load, load_bundled
from econdiff.data.errors import UnknownSourceError
from econdiff.panel import check_panel

NAMES = [entry.name for entry in list_bundled()]


@pytest.mark.parametrize("name", NAMES)
def test_every_bundled_panel_is_a_panel_with_units(name):
    panel, source = load_bundled(name)
    check_panel(panel)
    assert isinstance(panel.index, pd.PeriodIndex)
    if panel.index.freqstr != "D":
        assert panel.index.equals(pd.period_range(panel.index[0], panel.index[-1], name="period"))
    assert list(source.units) == list(source.titles) == list(panel)
    assert all(source.units.values())
    assert all(source.titles.values())
    assert load_bundled(name)[1].sha256 == source.sha256


def test_us_macro_is_the_data_of_statsmodels():
    panel, source = load_bundled("us-macro")
    original = sm.datasets.macrodata.load_pandas().data
    assert (str(panel.index[0]), str(panel.index[-1])) == ("1959Q1", "2009Q3")
    np.testing.assert_array_equal(panel, original[list(panel)])
    assert source.vintage == "2009-12-15"


def test_us_markets_are_prices_on_trading_days():
    panel, _ = load_bundled("us-markets")
    original = sp500.load()
    np.testing.assert_array_equal(panel["sp500"], original["Adj Close"])
    assert panel.index.equals(pd.PeriodIndex(original.index, freq="D", name="period"))
    assert (panel.index.day_of_week < 5).all()
    assert str(panel["vix"].first_valid_index()) == "2014-01-03"


def test_us_credit_is_the_data_of_arch():
    panel, _ = load_bundled("us-credit")
    np.testing.assert_array_equal(panel, default.load())


def test_the_months_of_the_factors_are_put_right():
    panel, _ = load_bundled("us-factors")
    assert (str(panel.index[0]), str(panel.index[-1])) == ("1926-07", "2018-11")
    assert panel["market"].idxmin() == pd.Period("1931-09", "M")  # the worst month on record


def test_an_unknown_name_lists_what_is_there():
    with pytest.raises(UnknownSourceError, match="us-macro, us-markets"):
        load_bundled("us-marco")
    with pytest.raises(UnknownSourceError, match=r"Did you mean 'us-macro'\?"):
        load("us-marco")


def test_a_frame_is_not_loaded_but_read():
    with pytest.raises(TypeError, match=r"read_panel\(frame\)"):
        load(pd.DataFrame({"a": [1.0]}))


def test_bundled_panels_need_no_network_and_importing_loads_no_service():
    program = """
import socket, sys
def refuse(*args): raise SystemExit("the network was touched")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import econdiff.data
heavy = {"yfinance", "fredapi", "statsmodels", "arch", "torch"} & sys.modules.keys()
assert not heavy, heavy
for entry in econdiff.data.list_bundled():
    econdiff.data.load(entry.name)
assert not {"yfinance", "fredapi", "torch"} & sys.modules.keys()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_terms_are_said_once_and_alike_beside_the_data():
    sources = Path(__file__).parents[1] / "data" / "SOURCES.md"
    text = sources.read_text(encoding="utf-8")
    assert TERMS in text
    assert [name for name in NAMES if f"| `{name}` |" not in text] == []


def test_one_series_is_asked_for_by_its_name():
    assert list(load("us-macro", series="realgdp")[0]) == ["realgdp"]


def test_a_whole_bundled_panel_has_one_digest_in_a_manifest():
    record = read(Reading("us-macro")).record
    assert record["sha256"] == record["source_sha256"]
