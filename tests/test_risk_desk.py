"""`econdiff risk` from prices to a folder, and what it says of bad ones."""

import json
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.climatology import Climatology
from econdiff.baselines.range_volatility import RangeVolatility
from econdiff.cli import main
from econdiff.commands.models import OURS, rows_read
from econdiff.commands.portfolios import holdings, read_weights
from econdiff.commands.progress import silent
from econdiff.commands.reading import Reading
from econdiff.commands.risk_fits import Fits
from econdiff.commands.risk_inputs import RiskRequest, risk_inputs
from econdiff.commands.risk_parts import sensitivity
from econdiff.report.page import shown
from econdiff.report.sizes import rejected_if_right
from econdiff.report.validation import LEARNED
from econdiff.risk.prices import not_prices
from econdiff.risk.validation import validate

DAYS = 420


@pytest.fixture
def prices():
    return drawn()


def drawn():
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2020-01-01", periods=DAYS)
    shocks = 0.01 * rng.standard_normal((DAYS, 3)) + 0.008 * rng.standard_normal((DAYS, 1))
    values = 100 * np.exp(shocks.cumsum(axis=0))
    return pd.DataFrame(values, index=days.rename("date"), columns=["A", "B", "C"])


def ask(folder, prices, *words, weights=None, out="out"):
    prices.to_csv(folder / "prices.csv")
    if weights is not None:
        (folder / "weights.csv").write_text(weights)
        words = (*words, "--weights", folder / "weights.csv")
    fixed = ("--models", "ewma-fhs,hs", "--paths", 1000, "--window", 250, "--quiet")
    return main([str(w) for w in ("risk", folder / "prices.csv", *fixed, *words,
                                  "--out", folder / out)])  # fmt: skip


def test_the_probability_of_a_stated_loss_is_a_row_of_the_file_and_a_sentence_of_the_page(
    tmp_path, prices
):
    """As likely as there are past days that lost more than 2%, each drawn alike by hs."""
    assert ask(tmp_path, prices, "--models", "hs", "--horizon", "1", "--loss", "2") == 0
    gained = prices.pct_change().iloc[-250:].mean(axis=1)
    found = pd.read_csv(tmp_path / "out" / "risk.csv")["loss_probability"]
    assert 0.01 < (gained < -0.02).mean() < 0.2
    np.testing.assert_allclose(found, (gained < -0.02).mean(), atol=0.002)
    page = (tmp_path / "out" / "validation.html").read_text()
    assert "the probability is that of a loss of more than 2%" in page


def test_losses_are_in_one_unit_on_the_page_and_in_the_file(made):
    """FZ0 of fractions; the confidence set names the same mean loss as the model's own row."""
    tests = pd.read_csv(made / "tests.csv").query("level == 0.05").set_index(["model", "test"])
    page = (made / "validation.html").read_text().partition("7. Benchmarks")[2]
    for model in ("ewma-fhs", "hs"):
        loss = tests.loc[(model, "FZ0 loss"), "statistic"]
        inside = tests.loc[(model, "model confidence set of FZ0, 90%"), "statistic"]
        assert inside == pytest.approx(loss)
        assert page.count(shown(loss, 4)) >= 1


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    words = ("--backtest", "2021-05-03", "--stress", "A=-20%", "--horizon", "1,5")
    assert ask(folder, drawn(), *words) == 0
    return folder / "out"


def test_days_whose_gain_is_not_known_are_counted_on_the_page(tmp_path, prices, made):
    prices.iloc[[360, 380], [0, 1]] = np.nan  # a holiday each: no gain over it, nor the next day
    words = ("--models", "hs", "--backtest", "2021-05-03", "--horizon", "1,3", "--refit", 60)
    assert ask(tmp_path, prices, *words) == 0
    page = (tmp_path / "out" / "validation.html").read_text()
    days = pd.read_csv(tmp_path / "out" / "backtest.csv")["date"].nunique()
    assert f"4 more days (of {days + 4}) were forecast and are in no figure" in page
    assert page.count("more periods (of ") == 1
    assert "in no figure" not in (made / "validation.html").read_text()


def test_days_of_another_study_that_was_stopped_are_no_part_of_this_one(
    tmp_path, prices, monkeypatch
):
    def stop(*args):
        raise RuntimeError("stopped")

    words = ("--backtest", "2021-07-01", "--models", "hs", "--horizon", 1, "--refit", 60)
    with monkeypatch.context() as patched:
        patched.setattr("econdiff.commands.risk._write", stop)
        assert ask(tmp_path, prices, *words, "--models", "hs,ewma") == 1
    kept = {file.name: file.stat().st_mtime_ns for file in tmp_path.glob("out.partial/days/hs-*")}
    assert kept
    assert ask(tmp_path, prices, *words) == 0
    files = (tmp_path / "out" / "days").iterdir()
    assert {file.name: file.stat().st_mtime_ns for file in files} == kept


def test_the_files_are_what_they_are_said_to_be(made, prices):
    risk = pd.read_csv(made / "risk.csv")
    assert set(risk["model"]) == {"ewma-fhs", "hs"}
    assert len(risk) == 2 * 2 * 3
    assert (risk["ES"] < risk["VaR"]).all()
    assert (risk[["VaR_se", "ES_se"]] > 0).all().all()
    days = pd.read_csv(made / "backtest.csv")
    assert list(days.columns) == ["date", "model", "level", "VaR", "ES", "return"]
    one = days.loc[(days["model"] == "hs") & (days["level"] == 0.05)].set_index("date")
    gained = prices.pct_change().mean(axis=1)
    gained.index = gained.index.strftime("%Y-%m-%d")
    assert one.index[0] == "2021-05-03"
    np.testing.assert_allclose(one["return"], gained.loc["2021-05-03":], rtol=1e-9)
    tests = pd.read_csv(made / "tests.csv")
    assert list(tests.columns) == ["model", "level", "test", "statistic", "p_value", "verdict"]
    by_hand = validate(one, 0.05).set_index("test")
    rows = tests.query("model == 'hs' and level == 0.05").set_index("test")
    for name in ("Kupiec POF", "FZ0 loss", "Wang-Wang-Ziegel e-backtest"):
        assert rows.loc[name, "statistic"] == pytest.approx(by_hand.loc[name, "statistic"])
    assert {"inside", "outside"} >= set(
        tests.loc[tests["test"].str.contains("confidence set"), "verdict"]
    )
    assert (made / "exceptions.svg").is_file()
    assert (made / "contributions.png").is_file()


def test_parts_by_asset_and_by_factor_add_up_to_the_risk(made):
    parts = pd.read_csv(made / "contributions.csv")
    keys = ["model", "portfolio", "horizon", "alpha"]
    risk = pd.read_csv(made / "risk.csv").set_index(keys)
    for by in ("asset", "factor"):
        total = parts.loc[parts["by"] == by].groupby(keys)[["component_VaR", "component_ES"]].sum()
        for measure in ("VaR", "ES"):
            np.testing.assert_allclose(
                total[f"component_{measure}"], risk.loc[total.index, measure]
            )


def test_the_report_has_what_supervisors_ask_for_in_their_order(made, made_again):
    page = (made / "validation.html").read_text()
    wanted = ["Purpose", "Data", "Method", "Assumptions", "Outcome analysis", "Sensitivity",
              "Benchmarks", "Limits", "Monitoring"]  # fmt: skip
    places = [page.index(f". {name}") for name in wanted]
    assert places == sorted(places)
    assert "Basel" in page
    assert "a foreign price that is not converted leaves out the exchange rate" in page
    assert "A -20%" in page
    assert "VaR at 0.01 of the gain around it" in page
    assert "ES at 0.01 over 5 steps, the one whose moves lie least far out" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    made_again(made, "validation.html")


def test_the_page_can_say_of_each_of_our_models_what_it_learned_from():
    assert set(LEARNED) == set(OURS)
    assert "trained on these prices" in LEARNED["scratch"]


def test_the_headline_is_the_traffic_light_of_the_tests_and_rules_of_days_wait_for_a_year(made):
    page = (made / "validation.html").read_text()
    tests = pd.read_csv(made / "tests.csv")
    lights = tests.loc[(tests["test"] == "Basel traffic light") & (tests["model"] == "ewma-fhs")]
    worst = next(zone for zone in ("red", "yellow", "green") if zone in set(lights["verdict"]))
    days = pd.read_csv(made / "backtest.csv")["date"].nunique()
    assert days < 250
    assert f"over the last {days} days the worst traffic light is {worst}" in page
    own = tests.loc[tests["model"] == "ewma-fhs"]
    assert f"and some {rejected_if_right(own, days):.0f} would a right model" in page
    assert "hs draws from 250 past days, 2.5 beyond VaR at 0.01: so far out" in page
    assert "eligib" not in page
    assert "add-on" not in page
    assert not tests["test"].str.contains("add-on").any()


@pytest.mark.parametrize(("paths", "seeds"), [(1100, {"another seed"}), (1000, set())])
def test_a_setting_that_changes_nothing_is_left_out(tmp_path, prices, paths, seeds):
    """Historical simulation looks at 250 rows, and at other lengths here; 1000 paths take each of
    them as often as another."""
    prices.to_csv(tmp_path / "prices.csv")
    asked = RiskRequest(Reading(str(tmp_path / "prices.csv")), tmp_path / "o", models=("hs",),
                        horizons=(1, 5), window=300, paths=paths)  # fmt: skip
    inputs = risk_inputs(asked)
    fits = Fits(inputs.wrapped, inputs.data.panel)
    found = sensitivity(inputs, asked, fits, silent).set_index("case")
    assert set(found.index) == {"as asked", "half the history", "twice the history"} | seeds
    assert found["VaR"].nunique() == len(found)
    gained = prices.pct_change().dropna().mean(axis=1).to_numpy()
    for case, rows in (("half the history", 125), ("twice the history", len(gained))):
        assert found.loc[case, "VaR"] == pytest.approx(np.quantile(gained[-rows:], 0.01), rel=0.2)


def test_the_method_says_how_many_rows_each_model_looks_at(tmp_path, prices):
    assert ask(tmp_path, prices, "--horizon", "1", "--window", "300") == 0
    page = (tmp_path / "out" / "validation.html").read_text()
    assert "hs, from the last 250 returns: HistoricalSimulation" in page
    assert "ewma-fhs, from the last 300 returns: EWMA" in page
    assert ask(tmp_path, prices, "--horizon", "1", "--window", "1000", out="all") == 0
    page = (tmp_path / "all" / "validation.html").read_text()
    assert f"ewma-fhs, from the last {DAYS - 1} returns: EWMA" in page
    assert rows_read(RangeVolatility(), 5000) == 2000
    assert rows_read(Climatology(), 5000) == 5000


def test_a_stress_is_answered_by_the_conditional_law_where_it_has_a_closed_form(tmp_path, prices):
    """However far out: the others follow by the regression of their log returns."""
    words = ("--models", "var", "--stress", "A=-40%", "--horizon", "1")
    assert ask(tmp_path, prices, *words, weights="series,weight\nB,1\n") == 0
    found = pd.read_csv(tmp_path / "out" / "stress.csv").iloc[0]
    assert found["method"] == "conditional law, closed form"
    logs = np.log(prices.iloc[-251:]).diff().dropna()
    slope = np.cov(logs["A"], logs["B"])[0, 1] / logs["A"].var()
    assert found["mean"] == pytest.approx(np.expm1(slope * np.log(0.6)), abs=0.02)


def test_months_are_called_months(tmp_path, prices):
    months = prices.set_axis(pd.date_range("1985-01-31", periods=len(prices), freq="ME"))
    months.index.name = "month"
    words = ("--backtest", "2018-02-28", "--horizon", "1", "--models", "hs")
    assert ask(tmp_path, months, *words) == 0
    page = (tmp_path / "out" / "validation.html").read_text()
    assert "over the last 22 months the worst traffic light" in page
    assert "eligib" not in page
    assert "last 250 days" not in page
    assert not pd.read_csv(tmp_path / "out" / "tests.csv")["test"].str.contains("add-on").any()


def test_the_same_question_gives_the_same_digits(made, tmp_path, prices):
    assert ask(tmp_path, prices, "--horizon", "1,5", "--backtest", "2021-05-03", out="again") == 0
    for name in ("risk.csv", "backtest.csv"):
        assert (made / name).read_text() == (tmp_path / "again" / name).read_text()


def test_long_and_short_and_several_portfolios_on_one_set_of_paths(tmp_path, prices):
    weights = "series,long,short,pair\nA,1,-1,1\nB,,,-1\n"
    assert ask(tmp_path, prices, "--horizon", "1", "--backtest", "2021-07-01", weights=weights) == 0
    out = tmp_path / "out"
    days = pd.read_csv(out / "backtest.csv")
    assert days.columns[0] == "portfolio"
    by = days.query("model == 'hs' and level == 0.05").pivot(
        index="date", columns="portfolio", values="return"
    )
    np.testing.assert_allclose(by["long"], -by["short"])
    risk = pd.read_csv(out / "risk.csv").query("model == 'hs' and alpha == 0.05")
    assert len(risk) == 3
    assert "portfolio" in pd.read_csv(out / "tests.csv")
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["settings"]["weights"] == "weights.csv"
    digest = sha256((out.parent / "weights.csv").read_bytes()).hexdigest()
    assert manifest["inputs"] == {"weights.csv": digest}
    assert "/" not in manifest["command"].replace("--", "")


def test_a_run_that_fails_leaves_no_result_and_bad_input_no_trace(tmp_path, prices, capsys):
    assert ask(tmp_path, prices, "--models", "nothing") == 2
    assert "no model is called 'nothing'" in capsys.readouterr().err
    assert not list(tmp_path.glob("out*"))


def spoilt(prices, change):
    made = prices.copy()
    change(made)
    return made


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p.__setitem__("A", p["A"].where(p.index != p.index[9], 0.0)), "above zero"),
        (lambda p: p.__setitem__("B", p["B"] - 200), "'B' is -"),
        (lambda p: p.drop(p.index[1:], inplace=True), "a single date"),
        (lambda p: p.drop(p.index[60:], inplace=True), "60 of the last 250 rows"),
        (lambda p: p.__setitem__("C", 5.0), "constant"),
        (lambda p: p.__setitem__("C", p["C"].where(p.index.dayofweek == 2)), "only every 5 rows"),
        (lambda p: p.drop(p.index, inplace=True), "no rows"),
    ],
)  # fmt: skip
def test_prices_that_are_none_are_refused(tmp_path, prices, capsys, change, words):
    assert ask(tmp_path, spoilt(prices, change)) in (1, 2)
    assert words in capsys.readouterr().err
    assert not list(tmp_path.glob("out*"))


def erratic(column):
    """Positive, and without a memory: a volume, or a rate near zero."""
    return np.exp(np.random.default_rng(1).standard_normal(len(column)))


def test_a_series_that_is_no_price_is_refused_where_it_is_held_only(tmp_path, prices, capsys):
    prices["B"] = erratic(prices["B"])
    assert ask(tmp_path, prices, "--horizon", "1") == 2
    said = capsys.readouterr().err
    assert "'B' cannot be held as a price: it moves by more than 50% in" in said
    assert "--weights" in said
    assert not list(tmp_path.glob("out*"))
    hold = holdings(write(tmp_path, "series,w\nA,1\n"), by_days(prices), ["A", "B", "C"])
    assert hold.held == ["A"]


def write(folder, weights):
    (folder / "weights.csv").write_text(weights)
    return str(folder / "weights.csv")


def by_days(prices):
    return prices.set_axis(prices.index.to_period("D"), axis=0)


def test_prices_as_wild_or_as_young_as_prices_get_are_not_refused(prices):
    rng = np.random.default_rng(3)
    prices["A"] = np.exp(0.1 * rng.standard_t(3, DAYS).cumsum())  # ten times a share's volatility
    prices.iloc[:300, 1] = np.nan  # listed late
    prices["C"] = prices["C"].where(prices.index.dayofweek < 3)  # traded on three days of five
    assert not_prices(by_days(prices), {"A": "dollars per million BTU", "B": "index points"}) == {}
    years = pd.DataFrame(
        {"A": np.exp(0.6 * rng.standard_normal(40).cumsum())},
        index=pd.period_range("1980", periods=40, freq="Y"),
    )
    assert not_prices(years, {}) == {}


def test_units_that_no_price_has_are_refused_and_the_series_named(tmp_path, capsys):
    words = "risk us-markets --models hs --horizon 1 --paths 1000 --quiet"
    assert main([*words.split(), "--out", str(tmp_path / "o")]) == 2
    assert "'vix' cannot be held as a price: its units are 'per cent a year'" in (
        capsys.readouterr().err
    )
    words = "risk us-macro --series realgdp,unemp,cpi --models hs --horizon 1 --paths 1000 --quiet"
    assert main([*words.split(), "--out", str(tmp_path / "o")]) == 2
    said = capsys.readouterr().err
    assert "'realgdp' cannot be held" in said
    assert "(nor can 'unemp')" in said


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ("series,weight\nZ,1\n", "'Z', which is no series of the prices"),
        ("series,weight\nA,0.5\nA,0.5\n", "['A'] more than once"),
        ("series,weight\nA,much\n", "line 2 of weights.csv: the weight 'much' of 'A' is no number"),
        ("series,weight\nA,60\nB,40\n", "0.25 for 25%"),
        ("series,weight\nA,60%\nB,40%\n", "'60%' of 'A' is no number; weights are shares"),
        ("series,weight\nA,0\n", "hold nothing"),
        ("series\nA\n", "holds no table of two columns or more"),
        ("series,weight\n", "needs a column of series and a column of weights"),
        ("series,weight\nA,inf\n", "is no number"),
        ("series,weight\nA,0.5\nCash,0.5\n", "leave the row out: what weights lack to 1 is cash"),
        ("date,A,B\n2020-01-01,0.5,0.5\n", "weights are those of one day, a row a series"),
        ("portfolio,A,B\nfirst,0.5,0.5\n", "a row a series, a column a portfolio"),
        ("series,one,one\nA,0.5,1\n", "two portfolios 'one'"),
    ],
)
def test_weights_that_do_not_match_are_refused(tmp_path, prices, capsys, weights, words):
    assert ask(tmp_path, prices, weights=weights) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.glob("out*"))


def test_weights_may_lie_in_a_sheet(tmp_path):
    weights = pd.DataFrame({"series": ["A", "B"], "long": [1.5, None], "short": [1, -1]})
    weights.to_excel(tmp_path / "weights.xlsx", index=False)
    found = read_weights(tmp_path / "weights.xlsx")
    assert found.to_dict() == {"long": {"A": 1.5, "B": 0.0}, "short": {"A": 1.0, "B": -1.0}}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--alpha", "1"], "--alpha takes shares of bad days"),
        (["--alpha", ".001"], "10 are needed; say --paths 10000"),
        (["--alpha", ".05,.05"], "each value once"),
        (["--loss", "0"], "--loss takes per cent of wealth above 0, as 5; got 0"),
        (["--loss", "-5"], "above 0"),
        (["--backtest", "soon"], "takes a day such as 2015-01-02"),
        (["--backtest", "2030-01-01"], "lies after the last price"),
        (["--backtest", "2020-02-03"], "100 are needed"),
        (["--factors", "oil"], "--factors names 'oil'"),
        (["--stress", "A:30"], "a stress is written"),
        (["--stress", "A=-30"], "did you mean A=-30%?"),
        (["--horizon", "1,420"], "--horizon 420 needs a stretch of so many steps in the past"),
        (["--window", "3"], "say --window 100 or more"),
        (["--pin", "A"], "a pin is written"),
        (["--supervisory", "nowhere"], "takes a folder"),
        (["--weights", "nowhere.csv"], "no file of weights"),
    ],
)
def test_a_question_that_cannot_be_is_refused(tmp_path, prices, capsys, words, complaint):
    assert ask(tmp_path, prices, *words) == 2
    assert complaint in capsys.readouterr().err
    assert not list(tmp_path.glob("out*"))


def test_a_jump_like_a_split_and_prices_that_stand_still_are_pointed_at(tmp_path, prices):
    prices.iloc[300:, 0] /= 2
    prices.iloc[200:210, 1] = prices.iloc[200, 1]
    assert ask(tmp_path, prices, "--horizon", "1") == 0
    page = (tmp_path / "out" / "validation.html").read_text()
    assert "2-for-1 split" in page
    assert "the same price for 9 days" in page


def test_a_price_that_ends_early_is_refused_where_it_is_held_only(tmp_path, prices, capsys):
    """From an old price, one step would be many."""
    prices.iloc[-3:, 2] = np.nan
    assert ask(tmp_path, prices, "--horizon", "1") == 2
    end, last = (f"{day:%Y-%m-%d}" for day in prices.index[[-4, -1]])
    said = capsys.readouterr().err
    assert f"'C' has no price after {end}, and the rows go on to {last}" in said
    assert "--series" in said
    assert not list(tmp_path.glob("out*"))
    hold = holdings(write(tmp_path, "series,w\nA,1\n"), by_days(prices), ["A", "B", "C"])
    assert hold.held == ["A"]


def test_too_few_rows_are_not_mended_by_an_option_that_was_not_given(tmp_path, prices, capsys):
    assert ask(tmp_path, prices.iloc[:60], "--horizon", "1") == 2
    said = capsys.readouterr().err
    assert "100 are needed" in said
    assert said.strip().endswith("on: give a longer history")


def test_net_weights_other_than_one_are_said(tmp_path, prices, capsys):
    assert ask(tmp_path, prices, "--horizon", "1", weights="series,w\nA,0.4\n") == 0
    page = (tmp_path / "out" / "validation.html").read_text()
    assert "add up to 0.4; the rest is cash" in page


def test_html_in_a_name_is_text(tmp_path, prices):
    named = prices.rename(columns={"A": "<b>A</b>"})
    assert ask(tmp_path, named, "--horizon", "1", "--backtest", "2021-07-01") == 0
    page = (tmp_path / "out" / "validation.html").read_text()
    assert "<b>A</b>" not in page
    assert "&lt;b&gt;A" in page


def test_the_bundled_panel_works(tmp_path, capsys):
    words = "risk us-markets --series sp500,nasdaq --models hs --horizon 1 --paths 1000 --json"
    code = main([*words.split(), "--out", str(tmp_path / "o")])
    assert code == 0
    facts = json.loads(capsys.readouterr().out)
    assert {"risk.csv", "contributions.csv", "validation.html"} < set(facts["files"])
    assert facts["risk"][0]["VaR"] < 0
