"""The table of stresses, in a Gaussian world whose conditional means are known."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from econdiff.forecast import Forecast
from econdiff.risk.stress_table import (
    Move,
    historical_worst,
    parse_move,
    reverse_table,
    stress_table,
    worst_moves,
)

SIGMA = np.array([[0.04, 0.02], [0.02, 0.03]])  # of gains over the horizon


@pytest.fixture
def drawn(rng):
    gained = rng.multivariate_normal([0.0, 0.0], SIGMA, 40_000)
    prices = np.array([100.0, 50.0]) * (1 + gained)
    index = pd.period_range("2024-01-01", periods=1, freq="D")
    return Forecast(prices[:, None], index, ("a", "b")), gained


@pytest.fixture
def history(rng):
    index = pd.period_range("2020-01-01", periods=300, freq="D")
    walk = np.exp(np.cumsum(0.01 * rng.standard_normal((300, 2)), axis=0))
    return pd.DataFrame(walk / walk[-1] * [100, 50], index=index, columns=["a", "b"])


def asked(drawn, history, value):
    forecast, gained = drawn
    totals = pd.DataFrame({"b": gained[:, 1], "short": -gained[:, 1]})
    return stress_table(forecast, totals, [Move("a", "a", value)], history, horizon=1, alpha=0.05)


def test_a_stress_that_paths_reach_gives_the_conditional_mean(drawn, history):
    table = asked(drawn, history, 80.0).set_index("portfolio")
    assert set(zip(table["horizon"], table["alpha"], strict=True)) == {(1, 0.05)}
    expected = SIGMA[0, 1] / SIGMA[0, 0] * -0.2
    assert table.loc["b", "mean"] == pytest.approx(expected, abs=0.01)
    assert table.loc["short", "mean"] == pytest.approx(-expected, abs=0.01)
    assert set(table["method"]) == {"paths near it"}
    spread = np.sqrt(SIGMA[1, 1] - SIGMA[0, 1] ** 2 / SIGMA[0, 0])
    assert table.loc["b", "VaR"] == pytest.approx(expected - 1.645 * spread, abs=0.02)
    assert table["plausibility"].iloc[0] == pytest.approx(0.3173, abs=0.01)  # one deviation out


def test_the_paths_of_a_stress_are_its_effective_sample_size(drawn, history):
    # (sum k)^2 / sum k^2 of a Gaussian kernel k of width h, one deviation out in N(0, 1)
    h, normal = 0.1, stats.norm.pdf
    exact = np.sqrt(4 * np.pi) * h * normal(1, scale=np.sqrt(1 + h**2)) ** 2
    exact *= 40_000 / normal(1, scale=np.sqrt(1 + h**2 / 2))
    assert asked(drawn, history, 80.0)["paths"].iloc[0] == pytest.approx(exact, rel=0.03)


def test_a_stress_that_no_path_reaches_goes_on_along_the_line_and_says_so(drawn, history):
    table = asked(drawn, history, -100.0).set_index("portfolio")  # ten deviations
    assert set(table["method"]) == {"regression"}
    assert table.loc["b", "mean"] == pytest.approx(-1.0, abs=0.05)
    assert table["beyond_history"].all()


def test_what_history_has_seen_is_not_beyond_it(drawn, history):
    last = history["a"].iloc[-1]
    usual = history["a"].pct_change().std()
    assert not asked(drawn, history, last * (1 - usual))["beyond_history"].any()
    assert asked(drawn, history, last * (1 - 20 * usual))["beyond_history"].all()


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("a=-30%", 70.0),
        ("y=+200bp", 6.5),
        ("v=80", 80.0),
        (" a = -2.5% ", 97.5),
        ("a=-.5%", 99.5),
        ("a=\N{MINUS SIGN}30%", 70.0),
        ("y=+200bps", 6.5),
        ("y=\N{MINUS SIGN}50 bps", 4.0),
    ],
)
def test_moves_are_read_as_people_write_them(said, value):
    last = pd.Series({"a": 100.0, "y": 4.5, "v": 20.0})
    assert parse_move(said, last, ["a", "v"]).value == pytest.approx(value)


@pytest.mark.parametrize(("said", "words"), [("z=-3%", "names no series"), ("a:3", "is written")])
def test_moves_that_cannot_be_read_are_refused(said, words):
    with pytest.raises(ValueError, match=words):
        parse_move(said, pd.Series({"a": 1.0}), ["a"])


def test_a_rate_is_compared_with_its_past_in_points_and_a_price_in_per_cent(drawn, history):
    """It once rose from 0.5 to 0.8, more than half as much again, but never by two points."""
    rate = np.concatenate([np.full(100, 0.5), np.linspace(0.8, 4.0, 200)])
    past = history.assign(a=rate)

    def beyond(said, positive):
        move, held = parse_move(said, past.iloc[-1], positive), pd.DataFrame({"b": drawn[1][:, 1]})
        return stress_table(drawn[0], held, [move], past, horizon=1, alpha=0.05)["beyond_history"]

    assert beyond("a=+200bp", ()).all()
    assert beyond("a=+200bp", ("a",)).all()
    assert beyond("a=6", ()).all()
    assert not beyond("a=+50%", ("a",)).any()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("spx=-30", "did you mean spx=-30%"),
        ("spx=0", "stays above zero"),
        ("spx=-150%", "puts 'spx' at -2500"),
        ("vix=-5", "stands at 20"),
    ],
)
def test_what_cannot_be_is_refused_and_a_missing_sign_of_per_cent_guessed(said, words):
    last = pd.Series({"spx": 5000.0, "vix": 20.0, "y": 0.5})
    with pytest.raises(ValueError, match=words):
        parse_move(said, last, ("spx", "vix"))
    assert parse_move("y=-100bp", last, ("spx", "vix")).value == -0.5


def test_the_worst_stretch_on_record_is_found_and_replayed_from_now():
    index = pd.period_range("2024-01-01", periods=6, freq="D")
    prices = pd.DataFrame({"a": [10.0, 10, 5, 5, 20, 20], "b": [1.0, 1, 2, 2, 2, 2]}, index=index)
    move = worst_moves(prices, ["a"], 2)[0]
    assert move.value == pytest.approx(10)
    assert "-50.0%" in move.label
    assert "2024-01-03" in move.label
    weights = pd.DataFrame({"mixed": [0.5, 0.5], "short": [0.0, -1.0]}, index=["a", "b"])
    table = historical_worst(prices, weights, horizon=2).set_index("portfolio")
    assert table.loc["short", "return"] == pytest.approx(-1)
    assert table.loc["mixed", "return"] == pytest.approx(0.25)  # the fall and the rise together
    assert table.loc["short", "from"] == "2024-01-01"


def test_a_reverse_stress_of_past_rows_is_the_worst_row_where_that_is_the_whole_tail():
    """History has 100 rows, drawn evenly: the ES at 1% is that of the worst row, to rounding."""
    for seed in range(20):
        gained = 0.01 * np.random.default_rng(seed).standard_normal((100, 2)).repeat(50, axis=0)
        total = gained @ [0.5, 0.5]
        assets = pd.DataFrame(gained, columns=["a", "b"])
        table = reverse_table(assets, pd.DataFrame({"both": total}), alpha=0.01)
        np.testing.assert_array_equal(table["scenario"], gained[total.argmin()])
        np.testing.assert_allclose(table["probability"], 0.01)


def test_the_reverse_stress_names_every_asset(drawn):
    _, gained = drawn
    assets = pd.DataFrame(gained, columns=["a", "b"])
    table = reverse_table(assets, pd.DataFrame({"a": gained[:, 0]}), alpha=0.05)
    assert list(table["series"]) == ["a", "b"]
    loss = 2.0627 * 0.2  # the Gaussian ES
    assert table["loss"].iloc[0] == pytest.approx(loss, rel=0.03)
    assert table["centre"].iloc[0] == pytest.approx(-loss, rel=0.03)
    assert table["centre"].iloc[1] == pytest.approx(-loss / 2, rel=0.05)
    assert table["scenario"].iloc[0] == pytest.approx(-loss, rel=0.05)
    assert table["typical"].iloc[1] == pytest.approx(table["typical"].iloc[0] / 2, abs=0.02)
