"""`econdiff risk-backtest` from a file to a folder, and what it says of a bad one."""

import numpy as np
import pandas as pd
import pytest

from econdiff.cli import main
from econdiff.commands.risk_days import careful, gaps, read_days


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
        (
            lambda f: pd.concat([f.assign(book="a", desk=1), f.assign(book="b", desk=1)]),
            "keep one row a day, a file for each book",
        ),
        (
            lambda f: pd.concat([f.assign(model="a"), f.assign(model="b", VaR=-f["VaR"])]),
            "b: 2020-01-01 has VaR",
        ),
        (
            lambda f: pd.concat([f.assign(model="a"), f.assign(model="b", **{"return": 0.1})]),
            "have different returns on 2020-01-01",
        ),
        (
            lambda f: pd.concat([f.assign(portfolio="a"), f.assign(portfolio="")]),
            "line 502 of days.csv names no portfolio",
        ),
        (
            lambda f: pd.concat([f.assign(portfolio="a"), f[:9].assign(portfolio="b")]),
            "b in days.csv has 9 days",
        ),
        (
            lambda f: pd.concat([f[:250].assign(model="a"), f[249:].assign(model="b")]),
            "share 1 days",
        ),
        (lambda f: f.assign(level=0.05), "has the levels 0.05 and none is --alpha 0.01"),
        (
            lambda f: pd.concat([f.assign(level=0.05), f.assign(level=0.01, ES="?")]),
            "line 502 of days.csv",
        ),
        (lambda f: f.assign(date=f["date"].where(f.index != 7, "soon")), "'soon' in the date"),
        (
            lambda f: f.assign(VaR=f["VaR"].where(f.index != 7)),
            "line 9 of days.csv has a cell that is no number",
        ),
        (lambda f: f.assign(VaR="-2%"), "write numbers, and leave out days that have none"),
        (lambda f: f[:1], "at least 10"),
    ],
)
def test_a_bad_table_is_refused_and_nothing_written(days, capsys, spoil, words):
    frame, folder = days
    assert ask(spoil(frame), folder) == 2
    assert words in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_models_in_one_file_are_tested_side_by_side(days, made_again):
    frame, folder = days
    bad = frame.assign(VaR=frame["VaR"] / 2, ES=frame["ES"] / 2)[5:]
    named = [frame.assign(model="bank"), bad.assign(model="half")]
    other = [table.assign(level=0.05, VaR=-1.0) for table in named]
    both = pd.concat([table.assign(level=0.01) for table in named] + other)
    assert ask(both, folder) == 0
    tests = pd.read_csv(folder / "out" / "tests.csv")
    assert list(tests.columns) == ["model", "test", "statistic", "p_value", "verdict"]
    page = (folder / "out" / "report.html").read_text()
    assert "5 days that some model lacks were left out" in page
    assert "Models side by side" in page
    made_again(folder / "out")
    (folder / "alone").mkdir()
    assert ask(frame[5:], folder / "alone") == 0
    alone = pd.read_csv(folder / "alone" / "out" / "tests.csv")
    own = tests[tests["model"] == "bank"].drop(columns="model")
    pd.testing.assert_frame_equal(own[: len(alone)], alone, check_exact=True)
    by = tests.set_index(["test", "model"])["verdict"]
    assert by["Kupiec POF", "half"] == "reject"
    assert by["Diebold-Mariano of FZ0 against half", "bank"] == "better"
    assert by["model confidence set of FZ0, 90%", "half"] == "outside"


def test_each_portfolio_of_a_file_is_tested_as_if_alone(days, made_again):
    frame, folder = days
    calm = frame[100:].assign(portfolio="<calm>", **{"return": frame["return"] / 2})
    books = {
        "market": [frame.assign(portfolio="market", model="a"),
                   frame.assign(portfolio="market", model="b", VaR=-1.5, ES=-2)],
        "<calm>": [calm.assign(model="a"), calm.assign(model="b", VaR=-1.5, ES=-2)],
    }  # fmt: skip
    assert ask(pd.concat(books["market"] + books["<calm>"]), folder) == 0
    tests = pd.read_csv(folder / "out" / "tests.csv")
    assert list(tests.columns[:3]) == ["portfolio", "model", "test"]
    page = (folder / "out" / "report.html").read_text()
    assert "2 portfolios, 400 to 500 days: 4.0 to 5.0 losses" in page
    assert "Portfolios side by side" in page
    assert "&lt;calm&gt;" in page
    assert "<calm>" not in page
    assert (folder / "out" / "exceptions-2.svg").exists()
    made_again(folder / "out")
    for place, (name, tables) in enumerate(books.items()):
        (folder / str(place)).mkdir()
        assert ask(pd.concat(tables), folder / str(place)) == 0
        alone = pd.read_csv(folder / str(place) / "out" / "tests.csv")
        own = tests[tests["portfolio"] == name].drop(columns="portfolio").reset_index(drop=True)
        pd.testing.assert_frame_equal(own, alone, check_exact=True)


def test_acerbi_and_szekely_have_p_values_from_a_law_that_is_named(days):
    frame, folder = days
    assert ask(frame.assign(ES=1.2 * frame["VaR"], VaR=0.8 * frame["VaR"]), folder) == 0
    tests = pd.read_csv(folder / "out" / "tests.csv").set_index("test")
    row = tests.loc["Acerbi-Szekely Z2, null: Student t with the day's own VaR and ES"]
    assert row["statistic"] == tests.loc["Acerbi-Szekely Z2", "statistic"]
    assert row["verdict"] == ("reject" if row["p_value"] < 0.05 else "pass")
    assert "which would be ours and not the model" in (folder / "out" / "report.html").read_text()


def test_returns_that_overlap_are_pointed_at(days, capsys):
    frame, folder = days
    assert not careful(frame, 0.01)
    ten = frame["return"].rolling(10, min_periods=1).sum()
    scaled = frame.assign(**{"return": ten, "VaR": -7.4, "ES": -8.4})
    (said,) = careful(scaled, 0.01)
    assert "tests of returns that overlap reject right models" in said
    assert ask(scaled, folder) == 0
    assert "every tenth of ten-day gains" in (folder / "out" / "report.html").read_text()


def test_gaps_in_the_dates_are_counted():
    every = pd.DatetimeIndex(pd.bdate_range("2024-01-01", "2024-03-29"))
    assert gaps(every).startswith("No date is missing")
    told = gaps(every.delete([20, 30, 31, 32]))  # 2024-01-29; 12 to 14 February
    assert "holidays among them: 2, of" in told
    assert "4 weekdays in all, the longest of 3 after 2024-02-09" in told
    weeks = pd.DatetimeIndex(pd.date_range("2024-01-05", periods=30, freq="W-FRI"))
    assert "among them: 1, of 2 periods (weekly)" in gaps(weeks.delete([4, 5]))
    assert "no usual frequency" in gaps(weeks[::2])


def test_an_alpha_of_one_is_bad_usage(days):
    frame, folder = days
    assert ask(frame, folder, alpha="1") == 2
    assert np.isfinite(frame["return"]).all()


def day_first(frame, file):
    dates = pd.to_datetime(frame["date"]).dt.strftime("%d/%m/%Y")
    frame.assign(date=dates).to_csv(file, index=False)


def new_york(frame, file):
    dates = pd.to_datetime(frame["date"]) + pd.Timedelta(hours=22)
    zoned = dates.dt.tz_localize("America/New_York").map(pd.Timestamp.isoformat)
    frame.assign(date=zoned).to_csv(file, index=False)


@pytest.mark.parametrize(
    ("write", "file"),
    [
        (day_first, "days.csv"),
        (new_york, "days.csv"),
        (lambda f, file: f.to_csv(file, index=False, sep="\t"), "days.tsv"),
        (lambda f, file: f.to_csv(file, index=False, sep=";", decimal=","), "days.csv"),
        (lambda f, file: f.assign(desk="Zürich").to_csv(file, encoding="latin1"), "days.csv"),
        (lambda f, file: f.to_csv(file, encoding="utf-16"), "days.csv"),
        (lambda f, file: f.to_excel(file, index=False), "days.xlsx"),
        (lambda f, file: f.assign(date=pd.to_datetime(f["date"])).to_excel(file), "days.xlsx"),
        (lambda f, file: f.set_index("date").to_parquet(file), "days.parquet"),
        (lambda f, file: f.assign(date=pd.to_datetime(f["date"])).to_parquet(file), "days.parquet"),
    ],
)
def test_days_are_read_as_they_are_in_any_file_a_panel_may_come_in(days, write, file):
    frame, folder = days
    frame.loc[3, "return"] = 2.5e-06  # with an exponent, behind a decimal comma too
    write(frame, folder / file)
    found = read_days(folder / file, 0.01)[""].models[""]
    expected = frame.assign(date=pd.to_datetime(frame["date"])).set_index("date")
    pd.testing.assert_frame_equal(found, expected, check_freq=False, check_index_type=False)


@pytest.mark.parametrize("scale", [0.01, 100])
def test_per_cent_beside_fractions_is_pointed_at(days, capsys, scale):
    frame, folder = days
    assert not careful(frame, 0.01)
    frame[["VaR", "ES"]] *= scale
    frame.to_csv(folder / "days.csv", index=False)
    assert main(["risk-backtest", str(folder / "days.csv"), "--alpha", "0.01",
                 "--out", str(folder / "out")]) == 0  # fmt: skip
    assert "careful: the mean VaR is" in capsys.readouterr().out
    assert "is one of them in per cent" in (folder / "out" / "report.html").read_text()
