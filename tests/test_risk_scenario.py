"""Macro scenarios with a portfolio loss, and with a credit loss, from the command line."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from econdiff.cli import main
from econdiff.commands import credit, credit_paths
from econdiff.risk.credit import FittedLogitLink
from econdiff.scenario import ScenarioWarning, conditional
from econdiff.scenario.law import GaussianLaw
from econdiff.transforms import Transformed, TransformedForecaster

MONTHS = 240


@pytest.fixture
def folder(tmp_path):
    """A rate that wanders, and an index that falls by 4% for each point that the rate rises."""
    rng = np.random.default_rng(2)
    rate = np.zeros(MONTHS)
    for t in range(1, MONTHS):
        rate[t] = 0.9 * rate[t - 1] + 0.3 * rng.standard_normal()
    gained = 0.005 - 0.04 * np.diff(rate, prepend=0) + 0.005 * rng.standard_normal(MONTHS)
    months = pd.period_range("2004-01", periods=MONTHS, freq="M")
    frame = pd.DataFrame({"month": months.astype(str), "index": 100 * np.exp(gained.cumsum()),
                          "rate": 3 + rate})  # fmt: skip
    frame.to_csv(tmp_path / "panel.csv", index=False)
    (tmp_path / "weights.csv").write_text("series,long\nindex,1\n")
    return tmp_path


def ask(folder, *words):
    fixed = ("--weights", folder / "weights.csv", "--horizon", "1,3", "--paths", 1000, "--quiet")
    return main([str(w) for w in ("risk", folder / "panel.csv", *fixed, *words, "--out",
                                  folder / "out")])  # fmt: skip


def test_a_rise_of_the_rate_costs_the_portfolio_what_it_always_did(folder):
    code = ask(folder, "--models", "hs,var", "--pin", "rate=baseline+100bp for 3")
    assert code == 0
    table = pd.read_csv(folder / "out" / "scenarios.csv")
    table = table.query("alpha == 0.05").set_index(["scenario", "horizon"])
    free, told = table.loc["no scenario"], table.loc["scenario"]
    assert told.loc[1, "mean"] - free.loc[1, "mean"] == pytest.approx(-0.04, abs=0.01)
    spread = [row.loc[1, "mean"] - row.loc[1, "ES"] for row in (free, told)]
    assert spread[1] < 0.7 * spread[0]  # the rate, once known, is no longer a risk
    parts = pd.read_csv(folder / "out" / "contributions.csv").query("by == 'factor'")
    assert set(parts["name"]) == {"rate", "specific"}  # what is not held is a factor
    page = (folder / "out" / "validation.html").read_text()
    assert "Sensitivity: scenarios" in page
    assert "Joint paths of var" in page


def test_a_scenario_file_is_the_same_as_its_pins(folder):
    (folder / "high.csv").write_text("period,rate\n2024-01,5\n2024-02,5\n")
    assert ask(folder, "--models", "var", "--scenario", folder / "high.csv") == 0
    by_file = pd.read_csv(folder / "out" / "scenarios.csv")
    assert ask(folder, "--models", "var", "--pin", "rate=5,5", "--overwrite") == 0
    by_pin = pd.read_csv(folder / "out" / "scenarios.csv")
    assert set(by_file["scenario"]) == {"no scenario", "high"}
    pd.testing.assert_frame_equal(
        by_file.drop(columns="scenario"), by_pin.drop(columns="scenario"), rtol=1e-9
    )


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--models", "hs", "--pin", "rate=5"], "none of hs can be given a scenario"),
        (["--models", "var", "--pin", "wage=5"], "wage"),
        (["--models", "var", "--scenario", "nowhere.csv"], "no scenario file"),
        (["--models", "var", "--pin", "rate=1,1,1,1"], "horizon"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused(folder, capsys, monkeypatch, words, complaint):
    """Before a model is fitted."""
    monkeypatch.delattr(Transformed, "fit")
    assert ask(folder, *words) == 2
    assert complaint in capsys.readouterr().err
    assert not list(folder.glob("out*"))


def test_a_model_is_estimated_once_for_all_that_its_whole_history_answers(folder, monkeypatch):
    """Risk, the scenario, and the sensitivity as asked and with another seed; half is another."""
    rows = []
    fit = Transformed.fit

    def counted(self, panel):
        rows.append(len(panel))
        return fit(self, panel)

    monkeypatch.setattr(Transformed, "fit", counted)
    assert ask(folder, "--models", "var", "--pin", "rate=5,5") == 0
    assert sorted(rows) == [MONTHS // 2, MONTHS]


def test_a_scenario_reads_the_rows_that_the_window_says_and_is_judged_by_all(folder):
    """The rate stood at 9 long before the window, so that 8 is no more than history has seen."""
    frame = pd.read_csv(folder / "panel.csv")
    frame.loc[40:60, "rate"] += 6
    frame.to_csv(folder / "panel.csv", index=False)
    words = ("--models", "var", "--pin", "rate=8,8,8")
    assert ask(folder, *words, "--window", 120) == 0
    table = pd.read_csv(folder / "out" / "scenarios.csv")
    page = (folder / "out" / "validation.html").read_text()
    assert "Outside experience" not in page
    frame.iloc[-121:].to_csv(folder / "panel.csv", index=False)
    assert ask(folder, *words, "--window", 120, "--overwrite") == 0
    pd.testing.assert_frame_equal(table, pd.read_csv(folder / "out" / "scenarios.csv"))
    assert "Outside experience" in (folder / "out" / "validation.html").read_text()


def test_a_warning_names_its_scenario_and_no_density_is_sought_that_nobody_reads(
    folder, monkeypatch
):
    def warning(*given, **named):
        warnings.warn("few draws carry the answer", ScenarioWarning, stacklevel=2)
        return conditional(*given, **named)

    monkeypatch.setattr("econdiff.commands.assumptions.conditional", warning)
    monkeypatch.delattr(GaussianLaw, "log_density_ratio")
    assert ask(folder, "--models", "var", "--pin", "rate=5,5") == 0
    page = (folder / "out" / "validation.html").read_text()
    assert "scenario: few draws carry the answer" in page
    assert "scenario: The 2 pinned values lie" in page


@pytest.fixture
def published(tmp_path):
    """Supervisory tables, quarterly to 2023 Q4, with a recession in the adverse one."""
    rng = np.random.default_rng(5)
    quarters = pd.period_range("2004Q1", periods=80, freq="Q")
    u = np.zeros(80)
    for t in range(1, 80):
        u[t] = 0.9 * u[t - 1] + 0.4 * rng.standard_normal()
    growth = 2 - np.diff(u, prepend=0) + 0.3 * rng.standard_normal(80)
    tables = tmp_path / "tables"
    tables.mkdir()

    def write(number, name, periods, columns):
        frame = pd.DataFrame(columns)
        frame.insert(0, "Date", [f"{p.year} Q{p.quarter}" for p in periods])
        frame.insert(0, "Scenario Name", name)
        frame.to_csv(tables / f"2024-Table_{number}A_{name}_Domestic.csv", index=False)

    both = {"Real GDP growth": growth, "Unemployment rate": 6 + u}
    write("1", "Actual", quarters, both)
    ahead = pd.period_range("2024Q1", periods=5, freq="Q")
    flat = np.full(5, 6 + u[-1])
    write("2", "Baseline", ahead, {"Real GDP growth": np.full(5, 2.0), "Unemployment rate": flat})
    worse = flat + np.array([1, 2, 3, 3, 3.0])
    write("3", "Adverse", ahead, {"Real GDP growth": np.full(5, -4.0), "Unemployment rate": worse})
    rate = pd.DataFrame({"quarter": quarters[:76].astype(str)})
    score = np.full(76, -3.5)
    for t in range(1, 76):
        score[t] = -0.7 + 0.8 * score[t - 1] + 0.2 * (u[t] - u[t - 1])
        score[t] += 0.02 * rng.standard_normal()
    rate["delinquent"] = 100 / (1 + np.exp(-score))
    rate.to_csv(tmp_path / "rate.csv", index=False)
    return tables


def test_supervisory_scenarios_reach_a_portfolio_of_prices(folder, published):
    words = ("--models", "var", "--supervisory", published, "--given", "Unemployment rate")
    assert ask(folder, *words, "--series", "index") == 0
    table = pd.read_csv(folder / "out" / "scenarios.csv")
    assert set(table["scenario"]) == {"no scenario", "baseline", "severely adverse"}
    manifest = json.loads((folder / "out" / "manifest.json").read_text())
    assert manifest["data"]["frequency"].startswith("Q")
    assert manifest["data"]["last"] == "2023Q4"
    assert set(manifest["data"]["series"]) == {"index", "Unemployment rate"}
    risk = pd.read_csv(folder / "out" / "risk.csv")
    assert set(risk["portfolio"]) == {"long"}


def test_a_supervisory_variable_that_is_not_published_is_named(folder, published, capsys):
    words = ("--models", "var", "--supervisory", published, "--given", "Wages")
    assert ask(folder, *words, "--series", "index") == 2
    assert "no supervisory variable 'Wages'" in capsys.readouterr().err


def test_supervisory_variables_without_their_tables_are_refused(folder, capsys):
    assert ask(folder, "--models", "var", "--given", "Unemployment rate") == 2
    assert "say --supervisory FOLDER too" in capsys.readouterr().err


def test_supervisory_scenarios_refuse_prices_that_end_before_they_begin(
    folder, published, capsys, monkeypatch
):
    monkeypatch.delattr(Transformed, "fit")
    panel = pd.read_csv(folder / "panel.csv")
    panel.iloc[:-2].to_csv(folder / "panel.csv", index=False)
    words = ("--models", "var", "--supervisory", published, "--given", "Unemployment rate")
    assert ask(folder, *words, "--series", "index") == 2
    said = capsys.readouterr().err
    assert "the last quarter that the prices fill is 2023Q3" in said
    assert "give prices up to the end of 2023Q4" in said


def lend(folder, *words):
    return main([str(w) for w in ("credit", folder / "rate.csv", "--horizon", 5, "--paths", 500,
                                  "--model", "var", "--quiet", *words,
                                  "--out", folder / "loss")])  # fmt: skip


def test_a_recession_makes_loans_fail(folder, published, made_again):
    assert lend(folder, "--supervisory", published) == 0
    out = folder / "loss"
    table = pd.read_csv(out / "credit.csv").set_index("scenario")
    assert list(table.index) == ["no scenario", "baseline", "severely adverse"]
    ratio = table.loc["severely adverse", "expected_loss"] / table.loc["baseline", "expected_loss"]
    assert 1.2 < ratio < 2.5
    assert (table["credit_VaR"] > 0).all()
    np.testing.assert_allclose(table["quantile"], table["expected_loss"] + table["credit_VaR"])
    link = pd.read_csv(out / "link.csv").set_index("term")
    assert link.loc["change(Unemployment rate)", "coefficient"] == pytest.approx(0.2, abs=0.03)
    assert link.loc["logit of the last rate", "coefficient"] == pytest.approx(0.8, abs=0.05)
    rates = pd.read_csv(out / "rates.csv")
    assert list(rates["period"].unique()) == ["2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q1"]
    by_step = rates.groupby("scenario")["expected_loss"].sum()
    np.testing.assert_allclose(by_step[table.index], table["expected_loss"])
    first = rates.loc[rates["period"] < "2025"].groupby("scenario")["expected_loss"].sum()
    np.testing.assert_allclose(first[table.index], table["expected_loss_12m"])
    assert "expected_loss_12m is of its first year alone" in (out / "report.html").read_text()
    assert "Credit losses by scenario" in (out / "report.html").read_text()
    assert (out / "losses.png").is_file()
    made_again(out)


@pytest.mark.parametrize(("t", "told"), [((-1.9, 0.5), True), ((-2.1, 0.5), False)])
def test_a_link_that_sees_nothing_says_how_to_mend_it(t, told):
    link = FittedLogitLink(("a", "b"), np.array([-1, 0.8, *t]), 0.1, np.ones(4), 60)
    assert ("--link-until 2019Q4" in credit._link_words(link)) == told


def test_macro_paths_shocks_and_factor_are_drawn_apart_and_alike_in_every_scenario(
    folder, published, monkeypatch
):
    begun = {"paths": set(), "shocks": set(), "factor": set()}

    def watched(name, function):
        def watching(*given, rng, **named):
            begun[name].add(rng.bit_generator.state["state"]["state"])
            return function(*given, rng=rng, **named)

        return watching

    for name, owner, called in (
        ("paths", TransformedForecaster, "sample"),
        ("shocks", FittedLogitLink, "rates"),
        ("factor", credit_paths, "portfolio_losses"),
    ):
        monkeypatch.setattr(owner, called, watched(name, getattr(owner, called)))
    assert lend(folder, "--supervisory", published) == 0
    assert [len(states) for states in begun.values()] == [1, 1, 1]
    assert len(set.union(*begun.values())) == 3


def test_a_rate_of_a_period_loses_about_four_times_that_of_a_year(folder, published):
    losses = []
    for words in ((), ("--rate-over", "period", "--overwrite")):
        assert lend(folder, "--supervisory", published, *words) == 0
        losses.append(pd.read_csv(folder / "loss" / "credit.csv")["expected_loss"].iloc[1])
    assert losses[1] / losses[0] == pytest.approx(4, rel=0.12)


def with_macro(folder, published, holes):
    """The rate with the macro series beside it, up to a quarter after the last rate."""
    rate = pd.read_csv(folder / "rate.csv")
    macro = pd.read_csv(published / "2024-Table_1A_Actual_Domestic.csv").iloc[:78]
    table = pd.DataFrame({"quarter": macro["Date"].str.replace(" ", ""),
                          "delinquent": rate["delinquent"].reindex(range(78)),
                          "u": macro["Unemployment rate"]})  # fmt: skip
    table.loc[holes, "u"] = np.nan
    table.to_csv(folder / "rate.csv", index=False)
    return table


def test_a_quarter_without_a_macro_value_has_no_change_and_no_place_in_the_link(folder, published):
    table = with_macro(folder, published, [30])
    words = ("--rate", "delinquent", "--drivers", "change(u)", "--pin", "u=baseline+300bp for 3")
    assert lend(folder, *words) == 0
    score = np.log(table["delinquent"] / (100 - table["delinquent"]))
    X = pd.DataFrame({"a": 1.0, "lag": score.shift(1), "x": table["u"].diff(), "y": score}).dropna()
    b = np.linalg.lstsq(X[["a", "lag", "x"]], X["y"], rcond=None)[0]
    link = pd.read_csv(folder / "loss" / "link.csv")
    np.testing.assert_allclose(link["coefficient"], b, rtol=1e-6)
    assert f"Estimated on {len(X)} periods" in (folder / "loss" / "report.html").read_text()
    assert len(X) == 75 - 2


def test_rates_known_beyond_the_macro_series_hold_in_their_own_periods(folder, published):
    with_macro(folder, published, [])
    table = pd.read_csv(folder / "rate.csv")
    table.loc[table.index[-2:], "u"] = np.nan  # the panel ends with 2023Q2
    table.loc[table.index[-2:], "delinquent"] = [6.0, 8.0]
    table.to_csv(folder / "rate.csv", index=False)
    assert lend(folder, "--rate", "delinquent", "--drivers", "change(u)") == 0
    rates = pd.read_csv(folder / "loss" / "rates.csv")
    assert list(rates["period"].iloc[:2]) == ["2023Q1", "2023Q2"]
    np.testing.assert_allclose(rates[["rate_q05", "rate_q95"]].iloc[0], 0.06)
    np.testing.assert_allclose(rates[["rate_q05", "rate_q95"]].iloc[1], 0.08)
    assert 0 < rates["rate_q05"].iloc[2] < rates["rate_q95"].iloc[2]


def test_where_the_rate_ends_before_the_macro_series_and_looks_like_fractions_is_said(
    folder, published, capsys
):
    with_macro(folder, published, [])  # rates to 2022Q4, macro series to 2023Q2
    table = pd.read_csv(folder / "rate.csv")
    table.assign(delinquent=table["delinquent"] / 100).to_csv(folder / "rate.csv", index=False)
    words = ("--rate", "delinquent", "--drivers", "change(u)", "--level", 0.9995, "--json")
    assert lend(folder, *words) == 0
    units, ends = json.loads(capsys.readouterr().out)["notes"]
    assert "say --rate-in fractions" in units
    assert "known to 2022Q4 and the macro series to 2023Q2" in ends
    assert "99.95% of the time" in (folder / "loss" / "report.html").read_text()


def test_a_rate_in_basis_points_is_refused_in_its_own_units(folder, published, capsys):
    rate = pd.read_csv(folder / "rate.csv")
    rate.iloc[:, 1] *= 100
    rate.to_csv(folder / "rate.csv", index=False)
    assert lend(folder, "--supervisory", published) == 2
    said = capsys.readouterr().err
    assert "read as --rate-in percent" in said
    assert "divide basis points by 100" in said
    assert not (folder / "loss").exists()


def test_what_is_published_after_the_last_complete_quarter_counts(folder, published, capsys):
    """A leading series is known a quarter longer: losses begin after it, and follow it."""
    with_macro(folder, published, [])
    table = pd.read_csv(folder / "rate.csv")
    table["lead"] = table["u"].shift(-1).fillna(9.0)  # what unemployment will be next
    late = pd.DataFrame({"quarter": ["2023Q3"], "lead": [9.0]})
    losses, periods = {}, {}
    words = ("--rate", "delinquent", "--drivers", "change(u)", "--json", "--overwrite")
    for last in (9.0, 4.0):
        table.loc[table.index[-1], "lead"] = last
        pd.concat([table, late.assign(lead=last)]).to_csv(folder / "rate.csv", index=False)
        assert lend(folder, *words) == 0
        notes = json.loads(capsys.readouterr().out)["notes"]
        assert any("u ends in 2023Q2: up to 2023Q3 what is missing" in note for note in notes)
        rates = pd.read_csv(folder / "loss" / "rates.csv")
        periods[last], losses[last] = rates["period"].iloc[0], rates["rate"].iloc[0]
    assert set(periods.values()) == {"2023Q4"}
    assert losses[9.0] > 1.2 * losses[4.0]
    assert np.isfinite(rates["rate"]).all()


def test_a_macro_series_that_ended_long_ago_is_refused_and_not_cut_at(
    folder, published, capsys, monkeypatch
):
    monkeypatch.delattr(Transformed, "fit")
    table = with_macro(folder, published, [])
    table["old"] = np.where(np.arange(len(table)) < 40, np.sin(np.arange(len(table))), np.nan)
    table.to_csv(folder / "rate.csv", index=False)
    assert lend(folder, "--rate", "delinquent", "--drivers", "change(u)") == 1
    assert "'old' is known in 0 of them" in capsys.readouterr().err


def test_a_gap_between_the_last_rate_and_the_origin_is_refused(folder, published, capsys):
    with_macro(folder, published, [76])
    words = ("--rate", "delinquent", "--drivers", "change(u)", "--pin", "u=baseline+300bp for 3")
    assert lend(folder, *words) == 2
    said = capsys.readouterr().err
    assert "'change(u)' is not known in 2023Q1, between the last rate, of 2022Q4" in said


def test_pins_on_macro_series_of_the_same_file_move_the_rate(folder, published):
    rate = pd.read_csv(folder / "rate.csv")
    macro = pd.read_csv(published / "2024-Table_1A_Actual_Domestic.csv").iloc[:76]
    rate["growth"], rate["u"] = macro["Real GDP growth"], macro["Unemployment rate"]
    rate.to_csv(folder / "rate.csv", index=False)
    words = ("--rate", "delinquent", "--drivers", "change(u)", "--pin", "u=baseline+300bp for 5")
    assert lend(folder, *words) == 0
    table = pd.read_csv(folder / "loss" / "credit.csv").set_index("scenario")
    assert table.loc["scenario", "expected_loss"] > 1.2 * table.loc["no scenario", "expected_loss"]


def test_a_credit_path_may_be_stated_whole_by_steps_as_by_periods(folder, published):
    with_macro(folder, published, [])
    (folder / "path.csv").write_text("period,u\n2023Q3,6\n2023Q4,7\n")
    losses = []
    for words in (("--scenario", folder / "path.csv"), ("--pin", "u=6,7", "--overwrite")):
        assert lend(folder, "--rate", "delinquent", "--horizon", 2, *words) == 0
        table = pd.read_csv(folder / "loss" / "credit.csv")
        losses.append(table["expected_loss"].iloc[1])
        assert table["expected_loss_12m"].isna().all()  # of half a year no year can be told
    assert losses[0] == losses[1]


def test_a_credit_path_that_is_stated_with_an_error_is_not_taken_for_exact(
    folder, published, capsys
):
    with_macro(folder, published, [])
    (folder / "path.toml").write_text("[pins]\nu = [6, 7]\n[sd]\nu = 1\n")
    words = ("--rate", "delinquent", "--horizon", 2, "--scenario", folder / "path.toml")
    assert lend(folder, *words) == 2
    assert "some have an sd" in capsys.readouterr().err


def test_what_the_answer_to_a_credit_scenario_warned_of_is_on_the_page(
    folder, published, capsys, monkeypatch
):
    def warning(*given, **named):
        warnings.warn("few draws carry the answer", ScenarioWarning, stacklevel=2)
        return conditional(*given, **named)

    monkeypatch.setattr("econdiff.commands.assumptions.conditional", warning)
    with_macro(folder, published, [])
    words = ("--rate", "delinquent", "--pin", "u=baseline+300bp for 3", "--json")
    assert lend(folder, *words) == 0
    note = "scenario: few draws carry the answer"
    assert json.loads(capsys.readouterr().out)["notes"][-1] == note
    assert note in (folder / "loss" / "report.html").read_text()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "no series beside the rate"),
        (("--rate", "x"), "no series 'x'"),
        (("--lgd", "45"), "--lgd is a share"),
        (("--correlation", "1"), "--correlation is a share"),
        (("--level", "0"), "--level is a share"),
        (("--discount", "-2"), "--discount is a rate a year"),
        (("--supervisory", "TABLES", "--drivers", "Wages"), "no series 'Wages'"),
        (("--supervisory", "TABLES", "--rate-in", "fractions"), "leave that out for percentages"),
        (("--supervisory", "TABLES", "--pin", "Wages=3"), "Wages"),
        (("--supervisory", "TABLES", "--pin", "Unemployment rate=9 at 2001Q1"), "2001Q1"),
    ],
)
def test_a_credit_question_that_cannot_be_is_refused(
    folder, published, capsys, monkeypatch, words, complaint
):
    """Before a model is fitted."""
    monkeypatch.delattr(Transformed, "fit")
    words = tuple(str(published) if word == "TABLES" else word for word in words)
    assert lend(folder, *words) in (1, 2)
    assert complaint in capsys.readouterr().err
    assert not (folder / "loss").exists()
