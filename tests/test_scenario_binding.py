"""What is assumed, read and turned into restrictions on a model."""

import numpy as np
import pandas as pd
import pytest

from econdiff.periods import steps_after
from econdiff.scenario import (
    Scenario,
    ScenarioError,
    above_baseline,
    average,
    bind,
    cell,
    change,
    growth,
    parse_pin,
    read_scenario,
    spread,
    total,
)
from econdiff.transforms import Difference, GrowthChange, fred_md

TRANSFORMS = {"GDP": fred_md(5, per_year=4), "RATE": fred_md(1), "BOND": fred_md(1)}


def history(rows=40):
    rng = np.random.default_rng(0)
    values = np.stack(
        [
            100 * np.exp(np.cumsum(0.01 * rng.standard_normal(rows))),
            3 + rng.standard_normal(rows),
            4 + rng.standard_normal(rows),
        ],
        axis=1,
    )
    index = pd.period_range("2015Q1", periods=rows, freq="Q")
    return pd.DataFrame(values, index=index, columns=["GDP", "RATE", "BOND"])


def futures(bound, paths=5):
    """Some futures in model units, and the same in the user's units by the transforms' inverse."""
    draws = np.random.default_rng(1).standard_normal((paths, bound.steps, 3))
    return draws.reshape(paths, -1), bound.to_user(draws)


CASES = {
    "a level": (cell("GDP", "2026Q2", 111.0), lambda y: np.log(y[:, 5, 0] / 111)),
    "a rate": (cell("RATE", 2, 5.0), lambda y: y[:, 1, 1] - 5),
    "growth": (growth("GDP", 1, 5, -2.0), lambda y: np.log(y[:, 4, 0] / y[:, 0, 0] / 0.98)),
    "growth of a rate": (growth("RATE", 1, 2, 10.0), lambda y: y[:, 1, 1] - 1.1 * y[:, 0, 1]),
    "an average": (average("RATE", [1, 2, 3], 4.0), lambda y: y[:, :3, 1].mean(axis=1) - 4),
    "a sum": (total("BOND", [1, 2], 9.0), lambda y: y[:, :2, 2].sum(axis=1) - 9),
    "a change": (change("RATE", 1, 4, 1.0), lambda y: y[:, 3, 1] - y[:, 0, 1] - 1),
    "a spread": (spread("BOND", "RATE", 3, -0.5), lambda y: y[:, 2, 2] - y[:, 2, 1] + 0.5),
}


def test_the_deviation_of_growth_is_in_per_cent_of_a_known_base():
    past = history()
    known = Scenario((growth("RATE", "2024Q4", "2025Q2", 10.0, sd=2.0),))
    bound = bind(known, past, 8, TRANSFORMS)
    assert bound.pins.sd == pytest.approx(0.02 * abs(past["RATE"].iloc[-1]))
    ahead = Scenario((growth("RATE", 1, 4, 20.0, sd=2.0),))
    with pytest.raises(
        ScenarioError, match=r"say change\(RATE, FIRST, LAST\), whose sd is in units"
    ):
        bind(ahead, past, 8, TRANSFORMS)


@pytest.mark.parametrize("name", CASES)
def test_a_pin_is_linear_in_model_units_and_means_what_it_says(name):
    pin, miss = CASES[name]
    bound = bind(Scenario((pin,)), history(), 6, TRANSFORMS)
    draws, users = futures(bound)
    ours = draws @ bound.pins.matrix[0] - bound.pins.value[0]
    np.testing.assert_allclose(ours, miss(users), atol=1e-12)


def test_a_pin_may_reach_back_into_what_is_known():
    panel = history()
    known = panel.iloc[-1]
    year = growth("GDP", "2024Q4", "2025Q4", 3.0)
    bound = bind(Scenario((year, change("RATE", "2024Q4", "2025Q1", 1.0))), panel, 4, TRANSFORMS)
    draws, users = futures(bound)
    assert panel.index[-1] == pd.Period("2024Q4", "Q")
    ours = draws @ bound.pins.matrix.T - bound.pins.value
    np.testing.assert_allclose(ours[:, 0], np.log(users[:, 3, 0] / known["GDP"] / 1.03), atol=1e-12)
    np.testing.assert_allclose(ours[:, 1], users[:, 0, 1] - known["RATE"] - 1, atol=1e-12)


def test_what_is_published_of_the_ragged_edge_is_a_fact():
    panel = history()
    panel.iloc[-2:, 0] = np.nan
    panel.iloc[-1, 2] = np.nan
    bound = bind(Scenario((cell("GDP", "2024Q3", 105.0),)), panel, 2, TRANSFORMS)
    assert (bound.edge, bound.steps, len(bound.facts)) == (2, 4, 3)
    assert bound.index[0] == pd.Period("2024Q3", "Q")
    draws, users = futures(bound)
    facts = draws @ bound.facts.matrix.T - bound.facts.value
    expected = [
        users[:, 0, 1] - panel["RATE"].iloc[-2],
        users[:, 1, 1] - panel["RATE"].iloc[-1],
        users[:, 0, 2] - panel["BOND"].iloc[-2],
    ]
    np.testing.assert_allclose(facts.T, expected, atol=1e-12)
    ours = draws @ bound.pins.matrix[0] - bound.pins.value[0]
    np.testing.assert_allclose(ours, np.log(users[:, 0, 0] / 105), atol=1e-12)


def test_relative_statements_are_on_top_of_what_is_expected():
    scenario = Scenario(
        above_baseline("RATE", [1, 2], 1.0) + above_baseline("GDP", [3], 100, "per cent")
    )
    bound = bind(scenario, history(), 4, TRANSFORMS)
    centre = np.random.default_rng(2).standard_normal(bound.steps * 3)
    pins = bound.pins.at(centre)
    np.testing.assert_allclose(pins.value - pins.matrix @ centre, [1.0, 1.0, np.log(2)], atol=1e-12)


def test_the_table_with_holes_and_the_text_say_the_same():
    panel = history()
    index = steps_after(panel, 3)
    table = pd.DataFrame({"RATE": [5.5, np.nan, 5.25]}, index=index)
    ours = bind(Scenario.of(table), panel, 3, TRANSFORMS).pins
    said = bind(parse_pin("RATE=5.5,,5.25"), panel, 3, TRANSFORMS).pins
    np.testing.assert_array_equal(ours.matrix, said.matrix)
    np.testing.assert_array_equal(ours.value, said.value)


@pytest.mark.parametrize(
    ("text", "value", "relative"),
    [
        ("RATE=baseline+100bp for 4", [1.0] * 4, "percentage points"),
        ("RATE = baseline - 0.5pp for 2 quarters", [-0.5] * 2, "percentage points"),
        ("RATE=baseline+1", [1.0], "points"),
        ("GDP=baseline+100%", [100.0], "per cent"),
        ("RATE@2025Q3=6", [6.0], ""),
        ("average(RATE, 2025Q1, 2025Q4)=5", [5.0], ""),
        ("growth(GDP, 2024Q4, 2025Q4)=-2", [-2.0], ""),
        ("spread(BOND, RATE)=1,1", [1.0, 1.0], ""),
        ("spread(BOND, RATE)@2025Q3=1", [1.0], ""),
        ("RATE@2=6", [6.0], ""),
    ],
)
def test_pins_are_read_from_text(text, value, relative):
    scenario = parse_pin(text)
    assert [pin.value for pin in scenario.pins] == value
    assert {pin.relative for pin in scenario.pins} == {relative}
    bind(scenario, history(), 6, TRANSFORMS)


def test_files_are_read(tmp_path):
    (tmp_path / "rates.csv").write_text("period,RATE,GDP\n2025Q1,5.5,\n2025Q2,,baseline+5%\n")
    (tmp_path / "fed.csv").write_text(
        "Scenario Name,Date,RATE,GDP\nBad Times,2025 Q1,0.1,100\nBad Times,2025 Q2,0.1,98\n"
    )
    (tmp_path / "rates.toml").write_text(
        'name = "High"\nevents = ["RATE > 6"]\n[pins]\nRATE = [5.5, "", 5.25]\n'
        'GDP = { "2025Q4" = 120 }\n"spread(BOND, RATE)" = -1.0\n[sd]\nRATE = 0.25\n'
    )
    csv = read_scenario(tmp_path / "rates.csv")
    assert [(p.label, p.value) for p in csv.pins] == [
        ("RATE 2025Q1", 5.5),
        ("GDP 2025Q2 baseline +5%", 5.0),
    ]
    fed = read_scenario(tmp_path / "fed.csv")
    assert fed.name == "Bad Times"
    assert [pin.label for pin in fed.pins][:2] == ["RATE 2025Q1", "RATE 2025Q2"]
    toml = read_scenario(tmp_path / "rates.toml")
    assert (toml.name, toml.events) == ("High", ("RATE > 6",))
    assert [pin.sd for pin in toml.pins] == [0.25, 0.25, 0.0, 0.0]


BAD = {
    "no such series": (cell("RAET", 1, 1.0), r"'RAET', which is no series here; did you mean RATE"),
    "too late": (cell("RATE", "2031Q1", 1.0), "after 2026Q2.*longer horizon"),
    "too early": (cell("RATE", "1990Q1", 1.0), "no period of this panel"),
    "a step too many": (cell("RATE", 7, 1.0), "not among the 6 steps"),
    "no period": (cell("RATE", "soon", 1.0), "'soon' is no period of frequency"),
    "a year of a quarterly panel": (
        cell("RATE", "2026", 1.0),
        r"one of 2026Q1 to 2026Q4.*average\(NAME, 2026Q1, 2026Q4\)",
    ),
    "known already": (cell("RATE", "2020Q1", 1.0), "history already: RATE 2020Q1 = "),
    "a negative price": (cell("GDP", 1, -3.0), "GDP step 1' = -3: a logarithm needs values above"),
    "a sum of logs": (average("GDP", [1, 2], 100.0), "modelled in logarithms.*growth"),
    "points on a log": (above_baseline("GDP", [1], 1.0)[0], "say baseline"),
    "not a number": (None, "needs a number, got nan"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_refused_in_words(name):
    pin, words = BAD[name]
    with pytest.raises(ScenarioError, match=words):
        bind(Scenario((pin or cell("RATE", 1, float("nan")),)), history(), 6, TRANSFORMS)


def test_a_date_within_a_period_and_a_year_that_ends_early_are_periods():
    assert bind(parse_pin("RATE@2025-03-31=1"), history(), 6, TRANSFORMS).pins.periods == (
        "2025Q1",
    )
    years = pd.DataFrame(
        {"GDP": [1.0, 2, 3]}, index=pd.period_range("2000", periods=3, freq="Y-SEP")
    )
    assert bind(parse_pin("GDP@2003=1"), years, 2).pins.periods == ("2003",)


def test_basis_points_are_refused_of_what_may_be_fractions():
    fractions = history().assign(RATE=lambda frame: frame["RATE"] / 100)
    with pytest.raises(ScenarioError, match=r"baseline\+0.01 if it holds fractions"):
        bind(parse_pin("RATE=baseline+100bp"), fractions, 4, TRANSFORMS)
    (value,) = bind(parse_pin("RATE=baseline+0.01"), fractions, 4, TRANSFORMS).pins.value
    assert value == 0.01


def test_a_name_may_have_commas():
    panel = history().rename(columns={"RATE": "rate, real (%)"})
    transforms = {name.replace("RATE", "rate, real (%)"): t for name, t in TRANSFORMS.items()}
    pins = bind(parse_pin("average(rate, real (%), 1, 2)=5"), panel, 4, transforms).pins
    assert pins.series == ("rate, real (%)",)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("RATE@2025Q1=baseline+100bp for 4", r"of one period; write RATE=baseline\+100bp for 4"),
        ("RATE=baseline+100bp for 2,baseline+50bp for 2", "of one period"),
        ("spread(BOND, RATE)=baseline+1", r"spread\(BOND, RATE\): a number is needed"),
    ],
)
def test_what_is_relative_is_not_read_as_less_than_it_says(said, words):
    with pytest.raises(ScenarioError, match=words):
        parse_pin(said)


def test_days_may_be_said_by_dates():
    days = pd.bdate_range("2024-01-01", periods=20)
    table = pd.DataFrame({"RATE": np.arange(20.0)}, index=days)
    by_date = cell("RATE", pd.Timestamp("2024-01-31"), 3.0)  # the third day ahead
    assert by_date.label == "RATE 2024-01-31"
    for panel in (table, table.set_axis(days.to_period("D"))):
        assert bind(Scenario((by_date,)), panel, 5).pins.periods == ("2024-01-31",)


@pytest.mark.parametrize(("said", "by"), [("average", 20), ("sum", 1)])
def test_a_month_of_business_days_has_no_weekends_and_no_holidays_past(said, by):
    days = pd.bdate_range("2023-12-01", "2024-03-05").drop("2024-03-04").to_period("D")
    past = pd.DataFrame({"X": np.arange(float(len(days)))}, index=days)
    pins = parse_pin(f"{said}(X, 2024-03-01, 2024-03-31)=2")
    bound = bind(pins, past, 18, {"X": fred_md(1)})
    # 21 weekdays of March 2024, less the holiday on the 4th: two are known, 18 ahead
    assert len(bound.stated[0].terms) == 31
    np.testing.assert_allclose(bound.pins.matrix, np.full((1, 18), 1 / by))
    assert bound.pins.value[0] == pytest.approx(2 - past["X"].iloc[-2:].sum() / by)
    assert bound.pins.periods == ("2024-03-29",)
    with pytest.raises(ScenarioError, match="2024-03-29 lies after 2024-03-28"):
        bind(pins, past, 17, {"X": fred_md(1)})
    every = past.set_axis(pd.period_range(end="2024-03-05", periods=len(past), freq="D"))
    assert (bind(pins, every, 26, {"X": fred_md(1)}).pins.matrix > 0).sum() == 26  # weekends too


def test_a_value_is_recorded_as_it_was_said():
    assert cell("GDP", 1, 1234567.25).said == "1234567.25"
    assert growth("GDP", 1, 2, 0.1 + 0.2).said == "0.3%"
    (above,) = above_baseline("RATE", [1], 0.12345678)
    assert above.said == "baseline +0.12345678"


def test_contradictions_and_repetitions_are_told_apart():
    level, twice = cell("RATE", 1, 5.0), cell("RATE", "2025Q1", 6.0)
    with pytest.raises(ScenarioError, match=r"contradict each other: 'RATE step 1', 'RATE 2025Q1'"):
        bind(Scenario((level, twice)), history(), 4, TRANSFORMS)
    with pytest.raises(ScenarioError, match="the same thing twice"):
        bind(Scenario((level, cell("RATE", "2025Q1", 5.0))), history(), 4, TRANSFORMS)
    both = (cell("RATE", 1, 5.0), cell("BOND", 1, 6.0), spread("BOND", "RATE", 1, 2.0))
    with pytest.raises(ScenarioError, match=r"contradict each other.*BOND less RATE"):
        bind(Scenario(both), history(), 4, TRANSFORMS)


def test_a_transform_without_a_linear_way_back_is_named():
    transforms = TRANSFORMS | {"GDP": GrowthChange()}
    with pytest.raises(ScenarioError, match="GDP: a level is not linear"):
        bind(Scenario((cell("GDP", 1, 100.0),)), history(), 4, transforms)


def test_second_differences_are_pinned_exactly():
    transforms = TRANSFORMS | {"GDP": Difference(order=2, log=True)}
    bound = bind(Scenario((cell("GDP", 4, 120.0),)), history(), 6, transforms)
    draws, users = futures(bound)
    ours = draws @ bound.pins.matrix[0] - bound.pins.value[0]
    np.testing.assert_allclose(ours, np.log(users[:, 3, 0] / 120), atol=1e-12)


ODD = ["RATE=baseline+1.2.3bp", "RATE=baseline+100bp for 0", "average(RATE, 2, 1)=9"]


@pytest.mark.parametrize(
    "text", ["RATE", "RATE=high", "spread(BOND)=1", "sum(RATE, 1)=3", "=5", *ODD]
)
def test_text_that_is_no_pin_is_refused(text):
    with pytest.raises(ScenarioError):
        parse_pin(text)


@pytest.mark.parametrize("left", ["RATE@2025Q1", "average(RATE, 1, 4)"])
def test_no_value_is_dropped_in_silence(left):
    with pytest.raises(ScenarioError, match="takes one value"):
        parse_pin(f"{left}=5,6")


def test_a_pin_of_an_unknown_kind_is_told_which_there_are():
    with pytest.raises(ScenarioError, match="there are average, sum"):
        parse_pin("mean(RATE@2025Q1)=5")
    assert parse_pin("gdp(real)=5").pins[0].terms[0].series == "gdp(real)"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "\ufeffDate;RATE;GDP\n2025Q1;5,5;\n2025Q2;;101,5\n"),
        ("b.csv", "Date,RATE,GDP\n2025 Q1,5.5,-\n,,\n2025 Q2,n/a,101.5\n"),
        ("c.toml", '\ufeff[pins]\nRATE = [5.5, nan]\nGDP = ["", 101.5]\n'),
        ("d.xlsx", ""),
    ],
)
def test_files_of_offices_are_read(tmp_path, name, text):
    if text:
        (tmp_path / name).write_text(text, encoding="utf-8")
    else:
        days = pd.to_datetime(["2025-03-31", "2025-06-30"])
        table = pd.DataFrame({"Date": days, "RATE": [5.5, None], "GDP": [None, 101.5]})
        table.to_excel(tmp_path / name, index=False)
    pins = bind(read_scenario(tmp_path / name), history(), 6, {}).pins
    assert pins.periods == ("2025Q1", "2025Q2")
    assert pins.series == ("RATE", "GDP")
    assert list(pins.value) == [5.5, 101.5]


def test_two_months_of_a_quarter_are_no_contradiction_in_words():
    months = Scenario((cell("RATE", "2025-01", 5.0), cell("RATE", "2025-02", 5.5)))
    with pytest.raises(ScenarioError, match=r"both fall in 2025Q1.*an average.*--stack"):
        bind(months, history(), 6, TRANSFORMS)


def test_files_that_are_no_scenario_are_refused(tmp_path):
    with pytest.raises(ScenarioError, match="no scenario file"):
        read_scenario(tmp_path / "none.csv")
    (tmp_path / "odd.toml").write_text("pin = 3\n")
    with pytest.raises(ScenarioError, match=r"unknown keys \['pin'\]"):
        read_scenario(tmp_path / "odd.toml")
    (tmp_path / "twice.csv").write_text("period,RATE\n2025Q1,1\n2025Q1,2\n")
    with pytest.raises(ScenarioError, match="row 3 is there twice"):
        read_scenario(tmp_path / "twice.csv")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.toml", "pins = 3", r"write \[pins\]"),
        ("a.toml", "sd = 0.3\n[pins]\nRATE = 5", r"write \[sd\]"),
        ("a.toml", "[pins]\nRATE = 5\n[sd]\nRATE = [0.1, 0.2]", "sd of RATE is one number"),
        ("a.toml", '[pins]\nRATE = 5\n[sd]\nRATE = "x"', "sd of RATE is one number"),
        ("a.csv", "", "no table of periods and series"),
        ("a.csv", "period,RATE\n2025Q1,\n2025Q2,\n", "pins nothing"),
        ("a.csv", "period,RATE\n2025Q1,1\n2025Q2,1,2,3\n", "no table of periods and series"),
    ],
)
def test_what_a_file_gets_wrong_is_named(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(ScenarioError, match=words):
        read_scenario(tmp_path / name)
