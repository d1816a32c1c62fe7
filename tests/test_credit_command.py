"""`econdiff credit`: macro scenarios to default rates to losses."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from econdiff.cli import main
from econdiff.commands import credit, credit_paths
from econdiff.commands.credit_weights import weighted_row
from econdiff.risk.credit import CreditLoss, FittedLogitLink
from econdiff.scenario import ScenarioWarning, conditional
from econdiff.transforms import Transformed, TransformedForecaster


@pytest.fixture
def folder(tmp_path, published):
    """Where the default rates lie, and the losses will."""
    return tmp_path


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


def test_scenarios_are_weighted_by_the_probabilities_that_are_given(folder, published, made_again):
    said = "baseline=0.7,severely adverse=0.3"
    assert lend(folder, "--supervisory", published, "--probabilities", said) == 0
    table = pd.read_csv(folder / "loss" / "credit.csv").set_index("scenario")
    assert list(table.index) == ["no scenario", "baseline", "severely adverse", "weighted"]
    for measure in ("expected_loss", "expected_loss_12m", "rate_end"):
        mean = 0.7 * table.loc["baseline", measure] + 0.3 * table.loc["severely adverse", measure]
        assert table.loc["weighted", measure] == pytest.approx(mean)
    between = table.loc[["baseline", "weighted", "severely adverse"], "quantile"]
    assert between.is_monotonic_increasing
    page = (folder / "loss" / "report.html").read_text()
    assert "baseline 70%, severely adverse 30%" in page
    made_again(folder / "loss")


def test_the_law_of_weighted_scenarios_is_their_mixture():
    low, high = np.arange(1000.0), 1000 + np.arange(1000.0)
    losses = {
        name: CreditLoss(x, np.array([x.mean()])) for name, x in {"a": low, "b": high}.items()
    }
    rates = {"a": np.array([[0.1, 0.2]]), "b": np.array([[0.3, 0.2]])}
    columns = ["expected_loss", "expected_loss_12m", "level"]
    table = pd.DataFrame([[499.5, 1.0, 0.95], [1499.5, 2.0, 0.95]], columns=columns)
    row = weighted_row(table.assign(scenario=["a", "b"]), losses, rates, {"a": 0.9, "b": 0.1})
    assert row["expected_loss"] == pytest.approx(599.5)
    assert row["quantile"] == pytest.approx(1499, abs=1)  # half of the tenth that is b
    assert row["rate_highest"] == pytest.approx(0.2)
    assert row["expected_loss_12m"] == pytest.approx(1.1)


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
        (("--supervisory", "TABLES", "--probabilities", "baseline=0.5"), "add up to 0.5"),
        (("--supervisory", "TABLES", "--probabilities", "adverse=1"), "no scenario 'adverse'"),
        (("--supervisory", "TABLES", "--probabilities", "baseline=2"), "not in 0 to 1"),
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
