"""What the folder of `econdiff backtest` holds, and what stops it."""

import numpy as np
import pandas as pd
import pytest

from econdiff.cli import main
from econdiff.report.page import Picture


@pytest.fixture
def csv(tmp_path):
    quarters = pd.period_range("1995Q1", periods=80, freq="Q").astype(str)
    values = np.random.default_rng(0).normal(size=(80, 2))
    frame = pd.DataFrame(values, index=pd.Index(quarters, name="quarter"), columns=["a", "b"])
    frame.to_csv(tmp_path / "panel.csv")
    return tmp_path / "panel.csv"


def study(csv, models, *more):
    words = ["backtest", str(csv), "--horizon", "2", "--origins", "2", "--paths", "20", "--quiet"]
    return main([*words, "--models", models, "--out", str(csv.parent / "out"), *more])


def test_the_picture_of_scores_is_the_one_on_the_page(csv):
    assert study(csv, "ar,rw") == 0
    picture = (csv.parent / "out" / "scores.svg").read_text()
    assert Picture(picture, "").source in (csv.parent / "out" / "report.html").read_text()


def test_the_page_of_one_model_has_its_scores_and_speaks_of_no_other(csv):
    assert study(csv, "ar") == 0
    page = (csv.parent / "out" / "report.html").read_text()
    assert "CRPS by series and step" in page
    assert "held against the others" not in page


def test_trials_of_another_study_that_was_stopped_are_no_part_of_this_one(csv, monkeypatch):
    def stop(*args, **options):
        raise RuntimeError("stopped")

    with monkeypatch.context() as patched:
        patched.setattr("econdiff.commands.backtest.judged", stop)
        assert study(csv, "climatology,rw") == 1
    left = csv.parent / "out.partial" / "trials"
    assert len(list(left.iterdir())) == 4
    (left / ".rw-2014.npz.1.partial").touch()
    kept = {file.name: file.stat().st_mtime_ns for file in left.glob("rw-*")}
    assert study(csv, "ar,rw") == 0
    files = list((csv.parent / "out" / "trials").iterdir())
    assert sorted(file.name.split("-")[0] for file in files) == ["ar", "ar", "rw", "rw"]
    assert kept.items() <= {file.name: file.stat().st_mtime_ns for file in files}.items()


def test_a_study_in_which_every_model_failed_says_why(csv, capsys):
    assert study(csv, "range-volatility") == 1
    said = capsys.readouterr().err
    assert "every model failed at every origin, first range-volatility at 2014Q" in said
    assert "range" in said.split(": fit: ")[1]


@pytest.fixture
def ragged(csv):
    """`b` is out for two quarters more than `a`."""
    frame = pd.read_csv(csv, index_col=0)
    frame.loc[frame.index[-2:], "a"] = np.nan
    frame.to_csv(csv)
    return csv


def test_histories_end_in_the_edge_of_the_panel(ragged):
    assert study(ragged, "ar,var", "--edge") == 0
    out = ragged.parent / "out"
    scored = pd.read_csv(out / "scores.csv").query("model == 'var'")
    table = scored.set_index(["series", "step", "metric"])["value"]
    assert [table["a", step, "origins"] for step in (1, 2)] == [2, 2]
    assert [table["b", step, "origins"] for step in (1, 2, 3)] == [0, 0, 2]
    assert scored["step"].max() == 4
    page = (out / "report.html").read_text()
    assert "steps 1 to 2 are the periods not known whole" in page
    assert "over 4 periods" in page
    files = {file: file.stat().st_mtime_ns for file in (out / "trials").iterdir()}
    assert len(files) == 4
    assert study(ragged, "ar,var", "--edge", "--overwrite") == 0
    assert len(list((out / "trials").iterdir())) == 4
    assert study(ragged, "ar,var", "--overwrite") == 0
    assert "not known whole" not in (out / "report.html").read_text()


def test_a_forecast_from_a_ragged_edge_looks_back_from_such_edges(ragged):
    out = ragged.parent / "f"
    words = ["forecast", str(ragged), "--horizon", "2", "--model", "var", "--against", "ar"]
    words += ["--origins", "2", "--paths", "20", "--quiet", "--out", str(out)]
    assert main(words) == 0
    scored = pd.read_csv(out / "scores.csv")
    assert scored["step"].max() == 4
    page = (out / "report.html").read_text()
    assert "steps 1 to 2 are the periods not known whole" in page
    assert main(["report", str(out)]) == 0
    assert (out / "report.html").read_text() == page
