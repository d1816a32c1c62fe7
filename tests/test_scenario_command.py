"""`econdiff scenario` and `econdiff nowcast`, from the outside."""

import hashlib
import json
import re
from typing import get_type_hints

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from econdiff.baselines import BASELINES
from econdiff.baselines.gaussian import LinearGaussian
from econdiff.cli import main
from econdiff.commands.models import CONDITIONING, OURS, STRUCTURAL
from econdiff.transforms import Transformed


@pytest.fixture
def panel(tmp_path):
    rng = np.random.default_rng(1)
    y = np.zeros((120, 3))
    for t in range(1, 120):
        y[t] = 0.7 * y[t - 1] + rng.standard_normal(3)
    frame = pd.DataFrame(y, columns=["growth", "unemployment", "rate"])
    frame["output"] = 100 * np.exp((0.5 + frame.pop("growth")).cumsum() / 100)
    frame.insert(0, "date", [str(p) for p in pd.period_range("1994Q1", periods=120, freq="Q")])
    path = tmp_path / "panel.csv"
    frame.to_csv(path, index=False)
    return path


def run(capsys, *words):
    code = main([str(word) for word in words])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_the_pictures_of_the_page_are_those_of_the_folder_drawn_once(
    panel, tmp_path, capsys, monkeypatch
):
    drawn = []
    savefig = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda *a, **k: drawn.append(k["format"]) or savefig(*a, **k)
    )
    words = ("--horizon", 2, "--pin", "rate=1", "--model", "ar", "--against", "ar")
    assert run(capsys, "scenario", panel, *words, "--paths", 20, "--out", tmp_path / "o")[0] == 0
    assert sorted(drawn) == ["png", "png", "svg", "svg"]


def test_a_scenario_becomes_a_folder(panel, tmp_path, capsys, made_again):
    out = tmp_path / "high"
    code, said, err = run(
        capsys, "scenario", panel, "--horizon", 6, "--pin", "rate=baseline+100bp for 3",
        "--model", "var", "--against", "ar", "--paths", 100, "--event", "growth(output) < 0 for 2",
        "--target", "output", "--conditions", "rate", "--out", out, "--quiet", "--json",
    )  # fmt: skip
    assert (code, err) == (0, "")
    facts = json.loads(said)
    assert {"paths.parquet", "baseline.parquet", "difference.csv", "plausibility.json"} < set(
        facts["files"]
    )
    assert {"report.html", "fans.png", "difference.svg", "manifest.json"} < set(facts["files"])
    told = json.loads((out / "plausibility.json").read_text())
    assert told["diagnostics"]["largest_miss"] < 1e-9
    assert told["events"][0]["event"] == "growth(output) < 0 for 2"
    table = pd.read_csv(out / "difference.csv").set_index(["series", "period"])
    assert table.loc[("rate", "2024Q1"), "mean"] == pytest.approx(1, abs=0.3)
    news, risk = (pd.read_csv(out / f"{name}.csv") for name in ("news", "at_risk"))
    assert set(news["period"]) == {"2023Q4"}
    assert (risk["baseline"].diff().dropna() > 0).all()
    beside = pd.read_csv(out / "beside_ar.csv")
    np.testing.assert_allclose(
        beside["gap"], beside[["centre", "volatility", "shape"]].sum(axis=1), atol=1e-9
    )
    page = (out / "report.html").read_text()
    assert "conditional" in page
    assert "Growth at risk: output" in page
    first = page.partition("<section>")[2].partition("</section>")[0]  # the answer comes first
    assert told["verdict"].replace("'", "&#39;") in first
    assert [cell in first for cell in (">output<", ">rate<", ">in per cent<")] == [True] * 3
    assert "<h1>Scenario: rate = baseline +1</h1>" in page
    made_again(out)
    assert not re.search(r"\b(effects?|impacts?)\b", re.sub(r"base64,[^\"]*", "", page))


def test_the_same_file_in_another_mode(panel, tmp_path, capsys):
    (tmp_path / "rates.csv").write_text("period,rate\n2024Q1,2.0\n2024Q2,2.0\n")
    for mode, more in (("density", ("--given-sd", 0.5)), ("tilt", ())):
        out = tmp_path / mode
        code, _, err = run(
            capsys, "scenario", panel, "--horizon", 4, "--scenario", tmp_path / "rates.csv",
            "--mode", mode, *more, "--model", "ar", "--against", "var", "--paths", 400,
            "--out", out, "--quiet",
        )  # fmt: skip
        assert (code, err) == (0, "")
        paths = pd.read_parquet(out / "paths.parquet")
        drawn = paths.query("series == 'rate' and period == '2024Q1'")["value"]
        assert drawn.mean() == pytest.approx(2.0, abs=0.1)


def test_what_was_pinned_is_kept_in_the_units_it_was_said_in(panel, tmp_path, capsys):
    (tmp_path / "low.toml").write_text('[pins]\noutput = { "2024Q2" = 123.4 }\n')
    out = tmp_path / "low"
    code, *_ = run(
        capsys, "scenario", panel, "--horizon", 3, "--scenario", tmp_path / "low.toml", "--pin",
        "rate=baseline+50bp", "--mode", "soft", "--given-sd", 0.25, "--model", "var", "--against",
        "ar", "--paths", 20, "--out", out,
    )  # fmt: skip
    assert code == 0
    assert "<h1>Scenario: low</h1>" in (out / "report.html").read_text()
    told = json.loads((out / "manifest.json").read_text())["scenario"]
    assert told["pins"] == [
        {"pin": "output 2024Q2", "period": "2024Q2", "value": "123.4", "sd": 0.25},
        {
            "pin": "rate step 1 baseline +0.5", "period": "2024Q1", "value": "baseline +0.5",
            "sd": 0.25,
        },
    ]  # fmt: skip
    whole = hashlib.sha256((tmp_path / "low.toml").read_bytes()).hexdigest()
    assert told["file"] == {"name": "low.toml", "sha256": whole}
    page = (out / "report.html").read_text()
    table = page.partition("What is pinned")[2].partition("</table>")[0]
    assert all(word in table for word in ("123.4", "2024Q2", "baseline +0.5", "0.25"))


def test_an_event_beside_pins_is_known_to_the_whole_page(panel, tmp_path, capsys, made_again):
    event = "unemployment > 1 in 2024Q2"
    (tmp_path / "both.toml").write_text(f'events = ["{event}"]\n[pins]\nrate = [2.0, 2.0]\n')
    out = tmp_path / "both"
    code, said, err = run(
        capsys, "scenario", panel, "--horizon", 3, "--scenario", tmp_path / "both.toml",
        "--model", "anchor", "--against", "var", "--paths", 200, "--out", out, "--json", "--quiet",
    )  # fmt: skip
    assert (code, err) == (0, "")
    table = pd.read_csv(out / "difference.csv")
    assert table["low"].isna().all()  # the paths were chosen, so none has a twin
    assert len(pd.read_csv(out / "drivers.csv")) == len(pd.read_csv(out / "shares.csv")) == 0
    assert "gap" not in pd.read_csv(out / "beside_var.csv")
    page = (out / "report.html").read_text()
    lead = page.partition("A conditional forecast")[2].partition("</p>")[0]
    assert "and unemployment &gt; 1 in 2024Q2 occurs" in lead
    assert "What drives it" not in page
    assert event in json.loads(said)["plausibility"]["verdict"]
    made_again(out)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--pin", "wage=3"], "'wage', which is no series here"),
        (["--pin", "output=-5"], "a logarithm needs values above 0"),
        (["--pin", "rate=1", "--pin", "rate@2024Q1=2"], "contradict each other"),
        (["--pin", "rate=1", "--given-sd", "0.5"], "--given-sd belongs to the modes soft"),
        ([], "a scenario needs --scenario FILE"),
        (["--scenario", "nowhere.toml"], "no scenario file"),
        (["--pin", "rate=1", "--event", "wage > 3"], "an event names 'wage'"),
        (["--pin", "rate=1", "--event", "rate above 3"], "is no event"),
        (["--pin", "rate=1", "--paths", "1"], "needs 2 at least"),
        (["--pin", "rate=1", "--target", "wage"], "no series 'wage' to look at"),
        (["--pin", "rate=1", "--model", "ets"], "the model 'ets' cannot be conditioned"),
        (["--pin", "rate=1", "--against", "bvar,dfm"], "the model 'dfm' cannot be conditioned"),
    ],
)
def test_bad_input_is_one_line(panel, tmp_path, capsys, monkeypatch, words, complaint):
    """And it is told before a model is fitted."""
    monkeypatch.delattr(Transformed, "fit")
    code, _, err = run(
        capsys, "scenario", panel, "--horizon", 4, "--model", "ar", "--out", tmp_path / "x", *words
    )
    assert code == 2
    assert complaint in err
    assert err.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_a_nowcast_fills_what_is_not_published(panel, capsys):
    frame = pd.read_csv(panel)
    frame.loc[119, "output"] = np.nan
    frame.to_csv(panel, index=False)
    code, said, _ = run(capsys, "nowcast", panel, "--model", "var", "--paths", 200, "--json")
    assert code == 0
    (row,) = json.loads(said)["nowcast"]
    assert (row["series"], row["period"]) == ("output", "2023Q4")
    last = frame["output"].iloc[118]
    assert row["q05"] < row["mean"] < row["q95"]
    assert row["mean"] == pytest.approx(last, rel=0.1)


def test_of_a_file_as_published_some_series_are_assumed(panel, tmp_path, capsys):
    (tmp_path / "fed.csv").write_text("Date,rate,wage\n2024 Q1,1,5\n2024 Q2,2,5\n")
    said = ["scenario", panel, "--scenario", tmp_path / "fed.csv", "--horizon", 2, "--quiet"]
    said += ["--model", "var", "--against", "var", "--paths", 20, "--out", tmp_path / "out"]
    assert run(capsys, *said)[0] == 2  # wage is no series of the panel
    code, _, err = run(capsys, *said, "--scenario-series", "rate,output")
    assert code == 2
    assert "no 'output' in --scenario FILE, which pins ['rate', 'wage']" in err
    code, _, err = run(capsys, *said, "--scenario-series", "rate", "--pin", "unemployment@2=9")
    assert (code, err) == (0, "")
    stated = json.loads((tmp_path / "out" / "manifest.json").read_text())["scenario"]["pins"]
    assert [pin["pin"] for pin in stated] == ["rate 2024Q1", "rate 2024Q2", "unemployment step 2"]


def test_a_pin_beyond_all_reason_is_refused_in_words(panel, tmp_path, capsys):
    out = tmp_path / "absurd"
    code, _, err = run(
        capsys, "scenario", panel, "--horizon", 2, "--pin", "rate=5e9", "--model", "var",
        "--paths", 20, "--out", out, "--quiet",
    )  # fmt: skip
    assert code == 2
    assert "no number is left of output; are they in the units of the panel?" in err
    assert not out.exists()


def test_a_scenario_of_a_ragged_panel_keeps_what_it_drew_of_the_edge(panel, tmp_path, capsys):
    frame = pd.read_csv(panel)
    frame.loc[119, "output"] = np.nan
    frame.to_csv(panel, index=False)
    out = tmp_path / "ragged"
    code, _, err = run(
        capsys, "scenario", panel, "--horizon", 2, "--pin", "rate=1,1", "--model", "var",
        "--paths", 40, "--out", out, "--quiet",
    )  # fmt: skip
    assert (code, err) == (0, "")
    for name in ("nowcast", "baseline_nowcast"):
        draws = pd.read_parquet(out / f"{name}.parquet")
        assert set(draws["period"]) == {"2023Q4"}
        assert draws["path"].nunique() == 40
        spread = draws.groupby("series")["value"].std()
        assert spread["output"] > 0
        np.testing.assert_allclose(spread["rate"], 0, atol=1e-9)  # it is published


@pytest.fixture
def vintages(panel, tmp_path):
    """The panel as it is now, its last output not published, and as it was a quarter before."""
    frame = pd.read_csv(panel)
    frame.loc[119, "output"] = np.nan
    frame.to_csv(panel, index=False)
    before = frame.iloc[:119].copy()
    before.loc[118, "output"] = np.nan
    before.loc[117, "rate"] -= 0.4
    older = tmp_path / "older.csv"
    before.to_csv(older, index=False)
    return panel, older


def test_a_nowcast_says_what_moved_it_since_an_older_vintage(vintages, capsys):
    now, older = vintages
    words = ("nowcast", now, "--model", "var", "--older", older, "--paths", 50)
    code, said, _ = run(capsys, *words, "--json")
    assert code == 0
    told = json.loads(said)
    (row,) = told["revision"]
    assert (row["series"], row["period"]) == ("output", "2023Q4")
    parts = sum(v for k, v in row.items() if k.startswith("by ") or k in ("revisions", "rest"))
    assert parts == pytest.approx(100 * np.log(row["now"] / row["before"]))  # in per cent
    assert row["now"] == pytest.approx(told["nowcast"][0]["mean"], rel=0.02)  # in its own units
    assert row["rest"] == pytest.approx(0, abs=1e-6)
    assert abs(row["revisions"]) > 1e-4
    assert {"by output", "by unemployment", "by rate"} < set(row)
    assert "what is not" not in run(capsys, *words)[1]
    assert "revisions" in run(capsys, *words)[1]
    other = older.with_name("other.csv")
    pd.read_csv(older).drop(columns="rate").to_csv(other, index=False)
    code, _, err = run(capsys, *words[:-3], other)
    assert code == 2
    assert "the older vintage lacks the series ['rate']" in err


def test_a_report_says_what_moved_it_since_an_older_vintage(vintages, tmp_path, capsys, made_again):
    now, older = vintages
    out = tmp_path / "news"
    code, _, err = run(
        capsys, "scenario", now, "--horizon", 3, "--pin", "rate=1", "--model", "anchor",
        "--against", "ar", "--older", older, "--paths", 60, "--out", out, "--quiet",
    )  # fmt: skip
    assert (code, err) == (0, "")
    page = (out / "report.html").read_text()
    assert "What is new since older.csv, which ends in 2023Q3," in page
    assert "revisions" in page
    made_again(out)
    exact, drawn = (pd.read_csv(out / f"{name}.csv") for name in ("news", "drawn_news"))
    assert set(pd.read_csv(out / "revisions.csv")["series"]) == {"rate"}
    # the model that has learned nothing is Gaussian: its (200) draws say the same
    last = exact[exact["at"] == "2024Q3"].groupby("target")["contribution"].sum()
    same = drawn[drawn["period"] == "2024Q3"].groupby("series")["contribution"].sum()
    np.testing.assert_allclose(same[last.index], last, atol=0.25, rtol=0.2)
    assert json.loads((out / "manifest.json").read_text())["older"]["last"] == "2023Q3"


def test_a_rare_event_is_sought_and_its_chance_told(panel, tmp_path, capsys):
    out = tmp_path / "rare"
    code, said, _ = run(
        capsys, "scenario", panel, "--horizon", 4, "--mode", "event", "--event", "rate > 7",
        "--model", "var", "--paths", 400, "--out", out, "--json",
    )  # fmt: skip
    assert code == 0
    (event,) = json.loads(said)["plausibility"]["events"]
    assert 0 < event["baseline"] < 1e-3
    assert event["baseline_standard_error"] < event["baseline"]
    paths = pd.read_parquet(out / "paths.parquet")
    assert (paths[paths["series"] == "rate"].groupby("path")["value"].max() > 7).all()
    assert "multilevel splitting" in (out / "report.html").read_text()


def test_every_pin_outside_experience_is_on_the_page(panel, tmp_path, capsys):
    out, far = tmp_path / "far", ",".join(["90"] * 13)
    code, *_ = run(
        capsys, "scenario", panel, "--horizon", 14, "--pin", f"rate={far}", "--model", "var",
        "--against", "ar", "--paths", 40, "--out", out, "--quiet",
    )  # fmt: skip
    assert code == 0
    told = json.loads((out / "plausibility.json").read_text())["outside_experience"]
    assert len(told) == 13
    table = (out / "report.html").read_text().partition(">Outside experience<")[2]
    listed = table.partition("</table>")[0]
    assert all(label in listed for label in told)


def test_a_hole_before_a_complete_row_is_no_edge_and_not_denied(panel, capsys):
    frame = pd.read_csv(panel)
    frame.loc[118, "output"] = np.nan
    frame.to_csv(panel, index=False)
    _, _, err = run(capsys, "nowcast", panel, "--model", "ar")
    assert "the last row of panel.csv, 2023Q4, is complete" in err


def test_a_complete_panel_has_nothing_to_nowcast(panel, capsys):
    code, _, err = run(capsys, "nowcast", panel, "--model", "ar")
    assert code == 2
    assert "no ragged edge" in err


def test_structural_effects_become_a_folder(panel, tmp_path, capsys, made_again):
    (tmp_path / "scheme.toml").write_text(
        'scheme = "signs"\n[signs.policy]\nrate = "+"\noutput = "-"\nunemployment = "0"\n'
    )
    out = tmp_path / "hike"
    code, said, err = run(
        capsys, "structural", panel, "--identify", tmp_path / "scheme.toml", "--horizon", 4,
        "--pin", "rate=baseline+100bp", "--driven-by", "policy", "--model", "var", "--draws", 20,
        "--paths", 200, "--out", out, "--json",
    )  # fmt: skip
    assert (code, err) == (0, "")
    told = json.loads(said)
    assert {"responses.csv", "historical.csv", "shocks.csv", "difference.csv"} < set(told["files"])
    assert "identify a set" in " ".join(told["identification"])
    page = (out / "report.html").read_text()
    assert "policy does not move unemployment" in page
    assert "of 12 cells behind step 0" in page
    assert "identify a set" in page
    made_again(out)
    moved = pd.read_csv(out / "difference.csv").set_index(["series", "period"])["mean"]
    paths, base = (pd.read_parquet(out / f"{name}.parquet") for name in ("paths", "baseline"))
    at = (paths["series"] == "rate") & (paths["period"] == "2024Q1")
    assert paths.loc[at, "value"].std() < 1e-9  # the level is pinned for every path
    assert moved["rate", "2024Q1"] == pytest.approx(1, abs=4 * base.loc[at, "value"].std() / 14)
    assert abs(moved["unemployment", "2024Q1"]) < 1e-9  # the zero that was declared
    sizes = pd.read_csv(out / "shocks.csv")
    assert list(sizes["shock"].unique()) == ["policy"]
    assert "is infinite and says nothing" in page
    assert told["plausibility"] is None


def test_a_structural_scenario_may_be_a_density(panel, tmp_path, capsys):
    words = (
        "structural", panel, "--identify", "recursive:unemployment,output,rate", "--horizon", 4,
        "--pin", "rate=2,2", "--driven-by", "rate", "--model", "var", "--paths", 500,
    )  # fmt: skip
    out = tmp_path / "spread"
    code, said, _ = run(
        capsys, *words, "--mode", "density", "--given-sd", 0.5, "--out", out, "--json"
    )
    assert code == 0
    told = json.loads(said)["plausibility"]
    assert told["divergence"] > 0
    assert 0.5 < told["coin_low"] <= told["coin"] <= told["coin_high"] < 1
    paths = pd.read_parquet(out / "paths.parquet")
    at = (paths["series"] == "rate") & (paths["period"] == "2024Q1")
    assert paths.loc[at, "value"].std() == pytest.approx(0.5, rel=0.15)
    assert "a coin that falls on one side" in (out / "report.html").read_text()
    code, _, err = run(capsys, *words, "--given-sd", 0.5, "--out", tmp_path / "x")
    assert code == 2
    assert "--given-sd belongs to the mode density" in err


def test_the_models_named_as_able_are_those_that_are():
    fitted = {name: get_type_hints(type(make()).fit)["return"] for name, make in BASELINES.items()}
    able = [name for name, kind in fitted.items() if hasattr(kind, "path_moments")]
    assert able == [name for name in CONDITIONING if name not in OURS]
    reduced = [
        name
        for name, kind in fitted.items()
        if issubclass(kind, LinearGaussian) or hasattr(kind, "draws")
    ]
    assert reduced == list(STRUCTURAL)


def test_models_that_cannot_are_refused_before_they_are_fitted(panel, capsys, monkeypatch):
    monkeypatch.delattr(Transformed, "fit")
    order = "recursive:rate,output,unemployment"
    for words in (
        ("nowcast", panel),
        ("structural", panel, "--identify", order, "--horizon", 4, "--out", panel.parent / "x"),
    ):
        code, _, err = run(capsys, *words, "--model", "bvar-sv")
        assert code == 2
        assert "the model 'bvar-sv' cannot" in err


DRIVEN = ("--identify", "recursive:rate,output,unemployment", "--driven-by", "rate", "--pin")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--identify", "recursive:rate,output"], "each once"),
        (["--identify", "scheme.toml"], "no default scheme"),
        (["--identify", "recursive:rate,output,unemployment", "--pin", "rate=1"], "--driven-by"),
        (
            ["--identify", "recursive:rate,output,unemployment", "--model", "diffusion"],
            "the model 'diffusion' cannot have its shocks identified; take ar, ar60, var, bvar",
        ),
        ([*DRIVEN, "rate=1", "--paths", "1"], "--paths: a scenario needs 2"),
        ([*DRIVEN, "rat=1"], "did you mean"),
        ([*DRIVEN, "rate@2030Q1=1"], "last period of the horizon"),
        ([*DRIVEN, "rate=1", "--driven-by", "policy"], "no shock ['policy']"),
    ],
)
def test_a_structural_model_that_cannot_be_is_told_before_a_fit(
    panel, tmp_path, capsys, monkeypatch, words, complaint
):
    monkeypatch.delattr(Transformed, "fit")
    code, _, err = run(
        capsys, "structural", panel, "--horizon", 4, "--model", "var", "--out", tmp_path / "x",
        *words,
    )  # fmt: skip
    assert code == 2
    assert complaint in err
    assert not (tmp_path / "x").exists()
