"""`econdiff risk-backtest` from a file to a folder, and what it says of a bad one."""

import numpy as np
import pandas as pd
import pytest

from econdiff.cli import main


@pytest.fixture
def days(tmp_path, rng):
    frame = pd.DataFrame(
        {
            "date": pd.bdate_range("2020-01-01", periods=500).strftime("%Y-%m-%d"),
            "return": rng.standard_normal(500),
            "VaR": -2.3263,
            "ES": -2.6652,
        }
    )
    return frame, tmp_path


def ask(frame, folder, alpha="0.01"):
    frame.to_csv(folder / "days.csv", index=False)
    return main(["risk-backtest", str(folder / "days.csv"), "--alpha", alpha,
                 "--out", str(folder / "out"), "--quiet"])  # fmt: skip


def test_a_right_model_is_tested_and_reported(days, made_again):
    frame, folder = days
    assert ask(frame, folder) == 0
    tests = pd.read_csv(folder / "out" / "tests.csv")
    assert list(tests.columns) == ["test", "statistic", "p_value", "verdict"]
    by_name = tests.set_index("test")
    assert by_name.loc["exceptions", "statistic"] == (frame["return"] < -2.3263).sum()
    assert by_name.loc["Kupiec POF", "verdict"] == "pass"
    assert by_name.loc["FZ0 loss", "statistic"] == pytest.approx(np.log(2.6652), abs=0.4)
    page = (folder / "out" / "report.html").read_text()
    assert "Kupiec POF" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    made_again(folder / "out")


def test_a_model_that_understates_risk_is_rejected(days):
    frame, folder = days
    frame[["VaR", "ES"]] *= 0.5
    assert ask(frame, folder) == 0
    by_name = pd.read_csv(folder / "out" / "tests.csv").set_index("test")
    assert by_name.loc["Kupiec POF", "verdict"] == "reject"
    assert by_name.loc["Basel traffic light", "verdict"] == "red"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: f.drop(columns="ES"), "lacks the columns"),
        (lambda f: f.assign(var=f["VaR"]), "more than one column 'VaR'; keep one"),
        (lambda f: f.assign(VaR=-f["VaR"], ES=-f["ES"]), "sign"),
        (lambda f: f.assign(VaR="high"), "line 2 of days.csv"),
        (lambda f: pd.concat([f, f[-1:]]), "stands twice"),
        (lambda f: f[:1], "at least 10"),
    ],
)
def test_a_bad_table_is_refused_and_nothing_written(days, capsys, spoil, words):
    frame, folder = days
    assert ask(spoil(frame), folder) == 2
    assert words in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_an_alpha_of_one_is_bad_usage(days):
    frame, folder = days
    assert ask(frame, folder, alpha="1") == 2
    assert np.isfinite(frame["return"]).all()
