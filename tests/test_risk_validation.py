"""The table of a validation, and what it refuses."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from econdiff.report import validation_pictures as pages
from econdiff.report.sizes import SIZES, rejected_if_right, size_table, sizes
from econdiff.risk.validation import TESTS, validate


@pytest.fixture
def frame(rng):
    scale = np.exp(0.3 * rng.standard_normal(500))
    z = stats.norm.ppf(0.05)
    return pd.DataFrame(
        {
            "date": pd.bdate_range("2020-01-01", periods=500),
            "return": scale * rng.standard_normal(500),
            "VaR": scale * z,
            "ES": -scale * stats.norm.pdf(z) / 0.05,
        }
    )


def test_a_right_model_passes_and_half_its_risk_does_not(frame):
    right = validate(frame, 0.05)
    assert list(right.columns) == ["test", "statistic", "p_value", "verdict"]
    assert (right["verdict"] == "reject").sum() <= 3
    wrong = validate(frame.assign(VaR=frame["VaR"] / 2, ES=frame["ES"] / 2), 0.05)
    verdicts = wrong.set_index("test")["verdict"]
    assert verdicts["Kupiec POF"] == verdicts["Bayer-Dimitriadis strict ESR"] == "reject"
    assert verdicts["Basel traffic light"] == "red"
    losses = [t.set_index("test").loc["FZ0 loss", "statistic"] for t in (right, wrong)]
    assert losses[0] < losses[1]


def test_ten_quiet_days_give_no_evidence_and_no_nan(frame):
    quiet = frame.head(10).assign(**{"return": 1.0})
    table = validate(quiet, 0.01).set_index("test")
    assert np.isfinite(table["statistic"]).all()
    assert table.loc["McNeil-Frey", "verdict"].startswith("no evidence")


def test_the_traffic_light_looks_at_the_last_250_days_and_prices_days_only(frame):
    beyond = np.arange(500) < 30  # all of them in the first half
    calm = frame.assign(**{"return": np.where(beyond, 2 * frame["ES"], 1.0)})
    table = validate(calm, 0.01).set_index("test")
    assert table.loc["exceptions", "statistic"] == 30
    assert table.loc["Basel traffic light", "statistic"] == 0
    assert table.loc["Basel traffic light", "verdict"] == "green"
    storm = validate(calm[::-1], 0.01).set_index("test")
    assert storm.loc["Basel traffic light", "verdict"] == "red"
    add_ons = storm.index[storm.index.str.contains("add-on")]
    np.testing.assert_allclose(storm.loc[add_ons, "statistic"], [1.0, 0.5])
    unpriced = [validate(calm[::-1], 0.025)]  # the rules set no multiplier there
    for fewer in (*unpriced, validate(calm[:249], 0.01), validate(calm, 0.01, daily=False)):
        assert not fewer["test"].str.contains("add-on").any()


@pytest.mark.parametrize(("hits", "p_value"), [(0, 1.0), (5, 0.1078), (10, 0.0003)])
def test_the_p_value_of_the_light_is_the_type_one_error_of_basel(frame, hits, p_value):
    """The probability of so many exceptions or more (1996, table 1)."""
    beyond = np.arange(250) < hits
    year = frame.head(250).assign(**{"return": lambda f: np.where(beyond, 2 * f["ES"], 1.0)})
    row = validate(year, 0.01).set_index("test").loc["Basel traffic light"]
    assert row["p_value"] == pytest.approx(p_value, abs=5e-5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.drop(columns="ES"), r"lacks the columns \['ES'\]"),
        (lambda f: f.assign(VaR=-f["VaR"], ES=-f["ES"]), "Put a minus before both"),
        (lambda f: f.head(1), "at least 2 days, got 1"),
        (lambda f: f.assign(VaR=np.nan), "VaR is not finite on 2020-01-01"),
        (lambda f: f.assign(ES=f["VaR"] / 2), "ES below VaR"),
    ],
)
def test_what_is_wrong_is_said(frame, change, words):
    with pytest.raises(ValueError, match=words):
        validate(change(frame), 0.05)


@pytest.mark.parametrize(("days", "drawn"), [(251, False), (269, False), (270, True)])
def test_a_light_over_time_is_drawn_from_twenty_windows_on(days, drawn, monkeypatch):
    for name in ("losses", "contributed", "exceptions_by_model", "traffic"):
        monkeypatch.setattr(pages.draw, name, lambda *given, **named: None)
    for name in ("parts_of", "first_level"):
        monkeypatch.setattr(pages, name, lambda *given: 0)
    track = SimpleNamespace(model="m", frame=lambda level: pd.DataFrame(index=range(days)))
    risk = pd.DataFrame({"model": ["m"], "portfolio": ["p"]})
    found = SimpleNamespace(
        portfolios=["p"], risk=risk, subject="m", weights=pd.DataFrame({"p": [1.0]}),
        assets={"m": None}, horizons=[1], tracks=[track], of=lambda portfolio: [track],
        alphas=[0.01], periods="days", longer=(), scenarios=None,
    )  # fmt: skip
    assert ("traffic" in pages.pictures(found)) == drawn


@pytest.mark.parametrize("place", ["column", "index"])
def test_a_sign_error_names_the_day(frame, place):
    dated = frame.set_index("date")
    dated.loc["2020-01-03", "VaR"] = 1.0
    with pytest.raises(ValueError, match=r"^2020-01-03 has VaR 1 and ES"):
        validate(dated.reset_index() if place == "column" else dated, 0.01)


def test_how_many_tests_would_reject_a_right_model_adds_up_their_sizes():
    rows = [
        ("Nolde-Ziegel calibration", 0.01, "reject"),  # 33 of 100 on 500 days
        ("Kupiec POF", 0.05, "pass"),  # 5
        ("Bayer-Dimitriadis strict ESR", 0.01, "pass"),  # not simulated: 5
        ("Berkowitz", np.nan, "pass"),  # 5
        ("McNeil-Frey", 0.01, "no evidence: no exceptions"),
        ("FZ0 loss", 0.01, ""),
    ]
    tests = pd.DataFrame(rows, columns=["test", "level", "verdict"])
    assert rejected_if_right(tests, 516) == pytest.approx(0.33 + 0.05 + 0.05 + 0.05)
    assert rejected_if_right(tests.iloc[4:], 516) == 0


def test_sizes_are_of_tests_that_are_made_and_of_the_nearest_record():
    assert set(SIZES) - set(TESTS) == {"Du-Escanciano unconditional", "Du-Escanciano conditional"}
    assert sizes(10_000, 0.025)["Nolde-Ziegel calibration"] == 12
    shown = size_table(260, [0.01, 0.05]).frame.set_index("test")
    assert shown.loc["Kupiec TUFF"].tolist() == [14, 6]
    assert np.isnan(shown.loc["Nolde-Ziegel calibration", "at 0.01"])
