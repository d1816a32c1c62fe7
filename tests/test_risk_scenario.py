"""Macro scenarios with a portfolio loss, from the command line."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from econdiff.cli import main
from econdiff.scenario import ScenarioWarning, conditional
from econdiff.scenario.law import GaussianLaw
from econdiff.transforms import Transformed

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
