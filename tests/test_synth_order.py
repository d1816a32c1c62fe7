"""Series that bound one another: prices of a day, parts of a stock, whatever has an order."""

import json

import numpy as np
import pandas as pd
import pytest

from econdiff.cli import main
from econdiff.synth import (
    BlockBootstrap,
    DiffusedPanel,
    PanelLaw,
    Schema,
    SynthError,
    VARBootstrap,
    read_entities,
)
from econdiff.synth.bounds import TIE
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.identity import Identity

PRICES = {"high": (("open", "close"), None), "low": (None, ("open", "close"))}
RANGES = {"high": ("low", None), "open": ("low", "high"), "close": ("low", "high")}
NAMES = ("close", "open", "high", "low")


def order(bounds, positive=(), identities=(), series=NAMES):
    read = tuple(map(Identity.parse, identities))
    return Coordinates(Schema(None, "date", "D", series, (), {}, read, positive, bounds))


def days(count=120, seed=0):
    """Prices of days, of which two are tied."""
    rng = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(0.012 * rng.standard_normal(count)))
    opened = np.r_[50, close[:-1]] * np.exp(0.004 * rng.standard_normal(count))
    table = pd.DataFrame({
        "date": pd.bdate_range("2020-01-01", periods=count).strftime("%Y-%m-%d"),
        "Open": opened,
        "High": np.maximum(opened, close) * np.exp(0.005 * rng.exponential(size=count)),
        "Low": np.minimum(opened, close) * np.exp(-0.005 * rng.exponential(size=count)),
        "Close": close,
    })  # fmt: skip
    table.loc[7, ["High", "Low", "Close"]] = table.loc[7, "Open"]  # a day without trade
    table.loc[9, "Low"] = min(table.loc[9, "Open"], table.loc[9, "Close"])
    return table


def ordered(values):
    opened, high, low, close = np.moveaxis(values, -1, 0)
    return (low <= np.minimum(opened, close)) & (np.maximum(opened, close) <= high)


@pytest.mark.parametrize(
    ("bounds", "positive"),
    [
        (PRICES, ()),
        (PRICES, ("open", "close")),
        (PRICES, ("low", "open", "close")),
        (RANGES, ()),
        (RANGES, ("low",)),
    ],
)
def test_order_holds_to_the_last_bit_for_any_coordinates(bounds, positive, rng):
    map = order(bounds, positive)
    w = rng.standard_normal((100_000, 4)) * rng.choice([1, 10, 60], (100_000, 1))
    close, opened, high, low = map.outward(w).T
    assert np.isfinite(high).all()
    assert ordered(np.stack([opened, high, low, close], axis=-1)).all()
    mild = w[np.abs(w).max(axis=1) < 2]
    y = map.outward(mild)
    np.testing.assert_allclose(map.outward(map.inward(y)), y, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(map.inward(y), mild, atol=1e-9)


def test_a_range_is_relative_to_the_level_where_that_is_above_zero():
    map = order(RANGES, ("low",), series=("open", "high", "low", "close"))
    odds = "log(({0} - low)/(high - {0}))"
    assert map.labels == (
        odds.format("open"), "log(high/low - 1)", "log(low)", odds.format("close")
    )  # fmt: skip
    w = map.inward(np.array([[[10.5, 11, 10, 10.2], [105, 110, 100, 102]]]))
    np.testing.assert_allclose(w[0, :, [0, 1, 3]].T, [[0, np.log(0.1), np.log(0.25)]] * 2)
    assert order(RANGES).labels[2] == "log(high - low)"
    assert order(PRICES, NAMES).labels[2:] == (
        "log(high/max(close, open) - 1)".replace("close, open", "open, close"),
        "log((low)/(min(open, close) - low))",
    )


def test_ties_are_known_and_lie_a_tenth_of_the_usual_gap_inside():
    map = order(RANGES, ("low",), series=("open", "high", "low", "close"))
    y = np.array([[10.0, 11, 10, 10.5], [10.5, 11, 10, 11], [10.5, 11, 10, 10.5], [10, 10, 10, 10]])
    w = map.inward(y)
    assert map.outside(y) == {"open": 0, "high": 0, "low": 0, "close": 0}
    least = np.log(TIE * 0.5)
    np.testing.assert_allclose(w[0, 0], least - np.log(1))
    np.testing.assert_allclose(w[1, 3], np.log(1) - least)
    np.testing.assert_allclose(w[3], [0, np.log(TIE * 0.1), np.log(10), 0])
    np.testing.assert_allclose(map.outward(w), y, rtol=0.06)


def test_a_cell_beside_a_missing_one_breaks_no_rule_and_has_no_coordinate():
    map = order(PRICES)
    y = np.array([[2.0, np.nan, 3, 1], [2.0, np.nan, 1.5, 1]])
    assert map.outside(y) == {"high": 0.5, "low": 0}
    assert np.isnan(map.inward(y)[:, 1:]).all()


def test_one_below_another_is_above_zero_where_both_are(rng):
    map = order({"b": (None, "a"), "d": ("b", "a")}, ("a", "b"), series=("d", "b", "a"))
    d, b, a = map.outward(5 * rng.standard_normal((1000, 3))).T
    assert ((b > 0) & (b <= d) & (d <= a)).all()


def test_a_total_of_bounded_parts_is_their_sum_and_may_bound_others(rng):
    series = ("x", "all", "part", "rest", "least")
    bounds = {"part": ("least", None), "x": ("least", "all"), "rest": ("least", None)}
    map = order(bounds | {"x": (0.0, "all")}, series, ["all = part + rest"], series)
    y = map.outward(2 * rng.standard_normal((1000, 4)))
    x, whole, part, rest, least = y.T
    assert (whole == part + rest).all()
    assert ((least <= part) & (least <= rest) & (x > 0) & (x <= whole)).all()


@pytest.mark.parametrize(
    ("bounds", "positive", "identities", "message"),
    [
        ({"high": ("low", None), "low": (None, "high")}, (), (), "circle; leave one out"),
        ({"high": ("high", None)}, (), (), "the bounds of high go in a circle"),
        ({"open": ("low", "high")}, (), (), "'open' is to be at or above low and at or below high, "
         "and no rule keeps low below high"),
        ({"open": ("low", "low")}, (), (), "no rule keeps low below low"),
        ({"open": (0, "high")}, (), (), "no rule keeps 0 below high"),
        ({"high": ("low", None)}, ("high",), (), "'high' is positive and at or above low, which "
         "may fall below zero"),
        ({"high": ("low", None)}, (), ["high = open + close"], "decides 'high', which then cannot "
         "be kept at or above low by"),
        ({"open": ("low", None)}, NAMES, ["1 = open + close"], "1 = open [+] close; open at or "
         "above low cannot be kept together"),
        ({"high": (("open", "lo"), None)}, (), (), "no series 'lo'"),
        ({"high": (3.0, 2.0)}, (), (), r"the bounds of 'high' are \(3.0, 2.0\)"),
        ({"high": (0.0, np.inf)}, (), (), "None .* for an open side"),
    ],
)  # fmt: skip
def test_bounds_that_cannot_be_kept_are_refused(bounds, positive, identities, message):
    with pytest.raises(SynthError, match=message):
        order(bounds, positive, identities)


@pytest.mark.parametrize("bounds", [PRICES, RANGES, {"high": (0.0, None), "low": (None, "high")}])
def test_bounds_by_series_come_back_from_json(bounds):
    schema = order(
        bounds, ("high",) if "open" not in bounds and bounds is not PRICES else ()
    ).schema
    assert Schema.from_json(schema.to_json()) == schema


def test_prices_keep_their_order_unless_told():
    table = days()
    schema = read_entities(table.assign(**{"Adj Close": table.Close / 2})).schema
    assert schema.order == ("Open, Close <= High", "Low <= Open, Close")
    assert schema.positive == ("Open", "Low", "Close", "Adj Close")
    assert read_entities(table, bounds={}).schema.bounds == {}
    bare = read_entities(table.drop(columns=["Open", "Close"])).schema
    assert bare.order == ("Low <= High",)
    broken = table.assign(High=table.High.where(table.index != 5, table.Low))
    assert read_entities(broken).schema.bounds == {}
    tied = table.assign(High=table.Low).drop(columns=["Open", "Close"])
    assert read_entities(tied).schema.bounds == {}
    summed = table.assign(High=table.Low + table.Open, Close=table.Open + 1)
    assert read_entities(summed, identities=["High = Low + Open"]).schema.bounds == {}


def test_a_broken_order_names_its_rows():
    table = days()
    table.loc[5, "High"] = table.loc[5, "Low"] - 1
    with pytest.raises(SynthError, match=r"High must be at or above Low, .* at 2020-01-08; me"):
        read_entities(table, bounds={"High": ("Low", None)})
    table["High"] = table["Low"]
    with pytest.raises(SynthError, match="'High' is 'Low' in every row; leave one of them out"):
        read_entities(table, bounds={"High": ("Low", None)})


@pytest.mark.parametrize(
    "generator",
    [DiffusedPanel(PanelLaw(rounds=0), trials=32), VARBootstrap(), BlockBootstrap()],
)
def test_drawn_prices_keep_their_order(generator, rng):
    real = read_entities(days())
    made = generator.fit(real).sample(panels=3, rng=rng, length=60)
    assert ordered(made.values).all()
    assert (made.values > 0).all()


@pytest.mark.parametrize(
    ("options", "order", "said"),
    [
        ([], {"High": [["Open", "Close"], None], "Low": [None, ["Open", "Close"]]},
         "Kept by construction: Open, Close <= High; Low <= Open, Close"),
        (["--bound", "none"], {}, ""),
    ],
)  # fmt: skip
def test_the_command_keeps_order_and_says_so(options, order, said, tmp_path, capsys):
    table, out = tmp_path / "days.csv", tmp_path / "out"
    days(80).to_csv(table, index=False)
    command = ["synth", str(table), "--generator", "var-bootstrap", "--panels", "2", *options]
    assert main([*command, "--out", str(out)]) == 0
    assert json.loads((out / "schema.json").read_text())["bounds"] == order
    printed = capsys.readouterr().out
    assert (said or "Taken as positive") in printed
    assert ("Kept by" in printed) == bool(said)
    page, card = ((out / name).read_text() for name in ("quality.html", "card.md"))
    assert said.replace("<", "&lt;") in page
    assert said in card
    made = pd.read_parquet(out / "synthetic.parquet")
    kept = ordered(made[["Open", "High", "Low", "Close"]].to_numpy())
    assert kept.all() if not options else not kept.all()
    assert (made.High >= made.Low).all() or options == ["--bound", "none"]
