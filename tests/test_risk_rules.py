"""`econdiff risk`: longer horizons, views, liquidity horizons, P&L attribution."""

import numpy as np
import pandas as pd
import pytest

from econdiff.backtest.var_es import Plan, backtest_var_es, tracks
from econdiff.baselines.historical_simulation import HistoricalSimulation
from econdiff.cli import main
from econdiff.commands.desk_rules import attributed, liquid_es, read_pnl
from econdiff.risk.measures import expected_shortfall
from econdiff.risk.portfolio import Gains
from econdiff.risk.stress import Stress
from econdiff.transforms import Transformed, fred_md

DAYS = 500


def drawn() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    days = pd.bdate_range("2020-01-01", periods=DAYS, name="date")
    shocks = 0.01 * rng.standard_normal((DAYS, 3)) + 0.008 * rng.standard_normal((DAYS, 1))
    return pd.DataFrame(100 * np.exp(shocks.cumsum(axis=0)), days, ["A", "B", "C"])


def books(days: int = 260) -> pd.DataFrame:
    """One desk whose model follows the books, one whose model does not."""
    rng = np.random.default_rng(3)
    dates = pd.bdate_range("2021-01-01", periods=days).strftime("%Y-%m-%d")
    true = rng.standard_normal(days)
    good = pd.DataFrame({"date": dates, "desk": "rates", "hypothetical": true,
                         "risk_theoretical": true + 0.05 * rng.standard_normal(days)})  # fmt: skip
    bad = good.assign(desk="vol", risk_theoretical=2 * rng.standard_normal(days))
    return pd.concat([good, bad])


def ask(folder, *words):
    drawn().to_csv(folder / "prices.csv")
    fixed = ("--models", "ewma-fhs,hs", "--paths", 1000, "--window", 150, "--quiet")
    return main([str(w) for w in ("risk", folder / "prices.csv", *fixed, *words,
                                  "--out", folder / "out")])  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    (folder / "liquidity.csv").write_text("series,days\nA,10\nB,20\nC,60\n")
    books().to_csv(folder / "pnl.csv", index=False)
    words = ("--backtest", "2021-01-01", "--horizon", "1,10", "--view", "A=-4%",
             "--liquidity", folder / "liquidity.csv", "--pnl", folder / "pnl.csv")  # fmt: skip
    assert ask(folder, *words) == 0
    return folder / "out"


def test_ten_day_periods_follow_each_other_and_their_returns_are_the_prices(made):
    days = pd.read_csv(made / "backtest-10-steps.csv")
    one = days.query("model == 'hs' and level == 0.05").set_index("date")
    prices = drawn()
    prices.index = prices.index.strftime("%Y-%m-%d")
    ends = [prices.index.get_loc(day) for day in one.index]
    assert set(np.diff(ends)) == {10}
    gained = [(prices.iloc[e] / prices.iloc[e - 10] - 1).mean() for e in ends]
    np.testing.assert_allclose(one["return"], gained, rtol=1e-9)
    tests = pd.read_csv(made / "tests-10-steps.csv")
    assert "Acerbi-Szekely Z3, simulated" in set(tests["test"])
    assert "10 steps ahead" in (made / "validation.html").read_text()


def test_a_forecast_over_ten_days_does_not_see_them(rng):
    prices = drawn()
    weights = pd.DataFrame({"equal": 1 / 3}, index=list("ABC"))
    model = {"hs": Transformed(HistoricalSimulation(), {n: fred_md(5, per_year=1) for n in "ABC"})}
    plan = Plan(prices, weights, 400, (0.05,), paths=300, window=200, horizon=10)
    later = prices.copy()
    later.iloc[410:] *= 1.5
    before, after = (
        tracks(list(backtest_var_es(model, p)), p)[0]
        for p in (plan, Plan(later, weights, 400, (0.05,), paths=300, window=200, horizon=10))
    )
    assert before.var[1, 0] == after.var[1, 0]  # from row 409 to 419
    assert before.returns[1] != after.returns[1]
    assert before.var[2, 0] != after.var[2, 0]


def test_a_view_is_honoured_and_costs_paths(made):
    table = pd.read_csv(made / "views.csv").set_index("views")
    risk = pd.read_csv(made / "risk.csv").query("model == 'ewma-fhs' and horizon == 10")
    np.testing.assert_allclose(table.loc["without", "ES"], risk["ES"], rtol=1e-9)
    assert set(table["horizon"]) == {10}
    assert (table.loc["with", "mean"] < -0.015).all()
    assert (table.loc["with", "ES"].to_numpy() < table.loc["without", "ES"].to_numpy()).all()
    assert "effective paths of 1000" in (made / "validation.html").read_text()


def test_a_view_no_path_comes_near_is_refused(tmp_path, capsys):
    assert ask(tmp_path, "--view", "A=-60%") == 2
    assert "lies outside all paths" in capsys.readouterr().err
    assert not list(tmp_path.glob("out*"))


def test_zones_tell_a_model_that_follows_the_books_from_one_that_does_not(made):
    zones = pd.read_csv(made / "attribution.csv").set_index("desk")["zone"]
    assert zones.to_dict() == {"vol": "red", "rates": "green"}
    assert list(zones.index) == ["vol", "rates"]


def test_liquidity_horizons_follow_the_cascade(rng):
    """Independent assets, each of its own horizon: the cascade by hand, MAR33.5."""
    each = rng.standard_normal((50_000, 10, 2)).cumsum(axis=1) / 100
    weights = pd.DataFrame({"p": [0.5, 0.5]}, index=["A", "B"])
    days = pd.Series({"A": 10, "B": 40})
    row = liquid_es({"m": Gains(each, ("A", "B"))}, weights, days).iloc[0]
    both = expected_shortfall(each[:, 9] @ [0.5, 0.5], 0.025)
    slow = expected_shortfall(each[:, 9, 1] * 0.5, 0.025)
    assert row["ES"] == pytest.approx(both)
    assert row["ES_liquidity"] == pytest.approx(-np.sqrt(both**2 + slow**2 * (1 + 2)))


def test_one_horizon_of_ten_days_changes_nothing(rng):
    gains = Gains(rng.standard_normal((2000, 10, 2)) / 100, ("A", "B"))
    weights = pd.DataFrame({"p": [0.7, 0.3]}, index=["A", "B"])
    row = liquid_es({"m": gains}, weights, pd.Series({"A": 10, "B": 10})).iloc[0]
    assert row["ES_liquidity"] == pytest.approx(row["ES"])


def test_weighted_shortfall_is_the_mean_of_the_worst_share():
    stress = Stress(np.array([0.1, 0.2, 0.3, 0.4]))
    values = np.array([-4.0, -3.0, -2.0, 1.0])
    assert stress.shortfall(values, 0.2) == pytest.approx((0.1 * -4 + 0.1 * -3) / 0.2)
    assert stress.shortfall(values, 1.0) == pytest.approx(stress.mean(values))


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("--liquidity", "series,days\nA,10\nB,20\n", "'C' has no horizon"),
        ("--liquidity", "series,days\nA,10\nB,20\nC,15\n", "days of (10, 20"),
        ("--liquidity", "name\nA\n", "holds no table of two columns or more"),
        ("--liquidity", "name,term\nA,1\n", "lacks the columns ['series', 'days']; it needs"),
        ("--liquidity", "series,days\n", "no rows under its header"),
        ("--pnl", "date,hypothetical,risk_theoretical\n2020-01-01,1,x\n", "line 2"),
        ("--pnl", "date,hypothetical,risk_theoretical\n2020-01-01,1,1\n", "the rule looks at 250"),
        (
            "--pnl",
            "date,hypothetical,risk_theoretical\nsoon,1,1\n",
            "table.csv: 'soon' in the date",
        ),
        ("--pnl", books().assign(hypothetical=0).to_csv(), "'rates' never changes in the last 250"),
    ],
)
def test_a_bad_table_is_refused_before_any_work(tmp_path, capsys, file, text, words):
    (tmp_path / "table.csv").write_text(text)
    assert ask(tmp_path, file, tmp_path / "table.csv") == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("writing", ["%d/%m/%Y", "%m/%d/%Y", "%Y%m%d", "%d.%m.%Y"])
def test_days_are_the_same_however_they_are_written(tmp_path, writing):
    plain = books(400)
    written = plain.assign(date=pd.to_datetime(plain["date"]).dt.strftime(writing))
    plain.to_csv(tmp_path / "plain.csv", index=False)
    written.iloc[::-1].to_csv(tmp_path / "written.csv", index=False)
    one, other = (read_pnl(tmp_path / f"{name}.csv") for name in ("plain", "written"))
    np.testing.assert_array_equal(
        *(found.sort_values(["desk"], kind="stable").to_numpy() for found in (one, other))
    )


def test_days_are_the_last_250_of_each_desk():
    assert set(attributed(books(300))["days"]) == {250}
