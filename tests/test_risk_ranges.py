"""Highs and lows in `econdiff risk`: read, kept from being held, and given to who reads them."""

import numpy as np
import pandas as pd
import pytest

from econdiff.cli import main

DAYS = 330


def bars(seed: int = 0) -> pd.DataFrame:
    """Closes of A and B with their highs and lows, from 40 ticks a day."""
    rng = np.random.default_rng(seed)
    ticks = 0.002 * rng.standard_normal((DAYS, 40, 1)) + 0.001 * rng.standard_normal((DAYS, 40, 2))
    path = np.exp(
        ticks.cumsum(axis=1)
        + ticks.sum(axis=1).cumsum(axis=0)[:, None]
        - ticks.sum(axis=1)[:, None]
    )
    days = pd.bdate_range("2020-01-01", periods=DAYS, name="date")
    table = {}
    for i, name in enumerate("AB"):
        table[name] = 100 * path[:, -1, i]
        table[f"{name} high"] = 100 * path[:, :, i].max(axis=1)
        table[f"{name} low"] = 100 * path[:, :, i].min(axis=1)
    return pd.DataFrame(table, index=days)


def ask(folder, table, *words, models="market-range,hs", out="out"):
    table.to_csv(folder / "prices.csv", index=table.index.name is not None)
    fixed = ("--models", models, "--horizon", "1,3", "--paths", 1000, "--window", 300, "--quiet")
    return main([str(w) for w in ("risk", folder / "prices.csv", *fixed, *words,
                                  "--out", folder / out)])  # fmt: skip


def long_of(table: pd.DataFrame) -> pd.DataFrame:
    """The same bars, one row a day and ticker."""
    parts = [
        table[[name, f"{name} high", f"{name} low"]]
        .set_axis(["close", "high", "low"], axis=1)
        .assign(ticker=name)
        .reset_index()
        for name in "AB"
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wide")
    assert ask(folder, bars(), "--backtest", "2021-03-01") == 0
    return folder / "out"


def test_highs_and_lows_are_not_held_and_both_models_report(wide):
    risk = pd.read_csv(wide / "risk.csv")
    assert set(risk["model"]) == {"market-range", "hs"}
    parts = pd.read_csv(wide / "contributions.csv")
    assert set(parts.loc[parts["by"] == "asset", "name"]) == {"A", "B"}
    assert set(parts.loc[parts["by"] == "factor", "name"]) == {"market", "specific"}
    assert "highs and lows of A, B are not held" in (wide / "validation.html").read_text()
    returns = bars()[["A", "B"]].pct_change().mean(axis=1).loc["2021-03-01":]
    days = pd.read_csv(wide / "backtest.csv").query("model == 'market-range' and level == 0.05")
    np.testing.assert_allclose(days["return"], returns, rtol=1e-9)


def test_of_a_file_as_yahoo_gives_it_the_adjusted_close_alone_is_held(tmp_path):
    one = bars()[["A high", "A low", "A"]].set_axis(["High", "Low", "Close"], axis=1)
    one.insert(0, "Open", one["Close"].shift(fill_value=100.0))
    yahoo = one.assign(**{"Adj Close": 0.5 * one["Close"], "Volume": 1e6 + np.arange(DAYS)})
    held = [yahoo, yahoo[["Adj Close", "High", "Low", "Close"]], yahoo[["Adj Close"]]]
    for k, table in enumerate(held):
        models = "hs" if k == 2 else "market-range,hs"
        assert ask(tmp_path, table, models=models, out=f"out{k}") == 0
    whole, ranged, alone = (pd.read_csv(tmp_path / f"out{k}" / "risk.csv") for k in range(3))
    pd.testing.assert_frame_equal(whole, ranged)
    same = whole.loc[whole["model"] == "hs"].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, alone)
    page = (tmp_path / "out0" / "validation.html").read_text()
    assert "Open, Close, Volume: not held" in page


def test_a_close_beside_an_adjusted_close_can_be_held_where_it_is_named(tmp_path, capsys):
    (tmp_path / "weights.csv").write_text("series,weight\nClose,1\n")
    table = bars()[["A"]].set_axis(["Close"], axis=1).assign(**{"Adj Close": 0.5 * bars()["A"]})
    words = ("--weights", tmp_path / "weights.csv")
    assert ask(tmp_path, table, *words, models="hs") == 2
    assert "say --series Close" in capsys.readouterr().err
    assert ask(tmp_path, table, *words, "--series", "Close", models="hs") == 0


def test_a_model_without_ranges_is_as_if_there_were_none(wide, tmp_path):
    assert ask(tmp_path, bars()[["A", "B"]], models="hs") == 0
    alone, beside = (pd.read_csv(f / "risk.csv") for f in (tmp_path / "out", wide))
    beside = beside.loc[beside["model"] == "hs"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, beside)


def test_a_long_table_says_the_same(wide, tmp_path):
    keys = ("id", "ticker"), ("time", "date"), ("value", "close"), ("high", "high"), ("low", "low")
    words = [word for key, name in keys for word in (f"--{key}", name)]
    assert ask(tmp_path, long_of(bars()), *words) == 0
    told, asked = (pd.read_csv(f / "risk.csv") for f in (wide, tmp_path / "out"))
    pd.testing.assert_frame_equal(told, asked)


def test_names_as_a_download_writes_them_are_read(wide, tmp_path):
    """Highs and lows that are not adjusted, closes that are: brought to the same footing."""
    table, factor = bars(), np.linspace(0.8, 1, DAYS)
    named = pd.DataFrame(index=table.index)
    for name in "AB":
        named[f"{name} Adj Close"] = table[name]
        named[f"{name} High"] = table[f"{name} high"] / factor
        named[f"{name} Low"] = table[f"{name} low"] / factor
        named[f"{name} Close"] = table[name] / factor
    weights = tmp_path / "weights.csv"
    weights.write_text("series,weight\nA Adj Close,.5\nB Adj Close,.5\n")
    assert ask(tmp_path, named, "--weights", weights, models="range-volatility") == 0
    table.to_csv(tmp_path / "plain.csv")
    found = pd.read_csv(tmp_path / "out" / "risk.csv")["VaR"]
    assert ask(tmp_path, table, models="range-volatility", out="plain") == 0
    plain = pd.read_csv(tmp_path / "plain" / "risk.csv")["VaR"]
    np.testing.assert_allclose(found, plain, rtol=0.1)


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        (lambda t: t[["A", "B"]], (), "'A high' and 'A low' beside 'A'"),
        (
            lambda t: t[["A", "B"]].set_axis(["A Close", "B Adj Close"], axis=1),
            (),
            "'A high' and 'A low' beside 'A Close'",
        ),
        (lambda t: t, ("--high", "A high"), "--high and --low come together"),
        (lambda t: t, ("--high", "A high", "--low", "A low"), "columns of a long table"),
        (
            lambda t: t.assign(**{"A high": t["A high"] * 2, "A low": t["A low"] * 2}),
            (),
            "closes outside",
        ),
        (
            lambda t: t.assign(**{"B low": t["B low"].where(t["B low"] != t["B low"].min(), 0)}),
            (),
            "'B': lows must be above zero",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_any_work(tmp_path, capsys, change, words, message):
    assert ask(tmp_path, change(bars()), *words) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
