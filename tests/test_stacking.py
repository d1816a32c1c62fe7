"""Months beside quarters: stacked, drawn, and taken apart again without a digit lost."""

import json

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines.var import VAR
from econdiff.cli import main
from econdiff.commands.reading import Reading, read
from econdiff.forecast import Forecast
from econdiff.panel import PanelError
from econdiff.report.scenario_answer import at_the_end
from econdiff.report.scenario_figures import two_fans
from econdiff.scenario import ScenarioError, conditional, occurs, parse_pin
from econdiff.scenario.stacked import in_columns
from econdiff.scenario.statement import written
from econdiff.stacking import fast_of, stack, stacked_names, unstack
from econdiff.transforms import Difference, Floors, Transformed, fred_md
from econdiff.transforms.choice import choose
from econdiff.windows import history_at


def months(count=26, **gone):
    """Two monthly series that count their months; `gone` drops the last of one."""
    index = pd.period_range("2000-01", periods=count, freq="M")
    u = np.arange(float(count))
    panel = pd.DataFrame({"u": u, "v": 100 + u}, index)
    for name, last in gone.items():
        panel.loc[panel.index[-last:], name] = np.nan
    panel.attrs["units"] = {"u": "per cent"}
    return panel


def quarters(count=8):
    index = pd.period_range("2000Q1", periods=count, freq="Q")
    return pd.DataFrame({"g": np.arange(float(count))}, index)


def test_each_month_of_a_quarter_is_a_column():
    panel = stack(quarters(), months(v=1))
    assert list(panel) == ["g", "u_m1", "u_m2", "u_m3", "v_m1", "v_m2", "v_m3"]
    assert panel.index[-1] == pd.Period("2002Q1", "Q")
    assert len(panel) == 9
    np.testing.assert_array_equal(panel.loc["2001Q2", ["u_m1", "u_m2", "u_m3"]], [15, 16, 17])
    known = panel.iloc[-1].dropna()
    assert known.to_dict() == {"u_m1": 24.0, "u_m2": 25.0, "v_m1": 124.0}
    assert panel.attrs["units"] == {f"u_m{k}": "per cent" for k in (1, 2, 3)}


def test_the_months_of_a_stacked_panel_are_found_in_it():
    found = fast_of(stack(quarters(), months(v=1)))
    assert (str(found.index[0]), str(found.index[-1])) == ("2000-01", "2002-03")
    pd.testing.assert_frame_equal(found.iloc[:26], months(v=1), check_freq=False)


@pytest.mark.parametrize(("slow", "fast", "count"), [("Q", "M", 3), ("Y", "M", 12), ("Y", "Q", 4)])
def test_what_stands_in_what(slow, fast, count):
    outer = pd.period_range("2000", periods=3, freq=slow)
    inner = pd.period_range("2000", periods=3 * count, freq=fast)
    panel = stack(
        pd.DataFrame({"a": 1.0}, outer), pd.DataFrame({"b": np.arange(3.0 * count)}, inner)
    )
    names = stacked_names("b", outer, inner)
    assert len(names) == count
    assert names[0] == f"b_{fast.lower()}1"
    np.testing.assert_array_equal(panel[names].to_numpy().ravel(), np.arange(3 * count))


def test_years_that_end_in_june_hold_their_own_months():
    outer = pd.period_range("2001", periods=2, freq="Y-JUN")
    inner = pd.period_range("2000-07", periods=24, freq="M")
    panel = stack(pd.DataFrame({"a": 1.0}, outer), pd.DataFrame({"b": np.arange(24.0)}, inner))
    np.testing.assert_array_equal(panel.filter(like="b_").to_numpy().ravel(), np.arange(24))


@pytest.mark.parametrize("gone", [{}, {"v": 1}, {"u": 2}])
def test_taken_apart_it_is_the_months_that_follow(gone):
    fast = months(**gone)
    panel = stack(quarters(), fast)
    whole = stack(
        pd.DataFrame({"g": 0.0}, pd.period_range("2000Q1", periods=12, freq="Q")), months(36)
    )
    steps = whole.loc["2002Q1":]
    drawn = Forecast(
        np.repeat(steps.to_numpy()[None], 3, axis=0), steps.index, tuple(panel.columns)
    )
    inner = unstack(drawn.split(1), fast)
    last = 24 if "u" in gone else 25 if "v" in gone else 26  # months of which all are known
    joined = inner.joined()
    assert joined.index[0] == months(36).index[last]
    np.testing.assert_array_equal(joined.samples[0], months(36).to_numpy()[last:])
    assert (inner.nowcast.horizon if inner.nowcast else 0) == 26 - last
    assert inner.units == {"u": "per cent"}


def test_known_months_move_the_quarter_as_the_closed_form_says():
    """A quarter that is the sum of its months, of which one is known."""
    rng = np.random.default_rng(0)
    index = pd.period_range("1960-01", periods=720, freq="M")
    fast = pd.DataFrame({"u": rng.standard_normal(720)}, index)
    whole = pd.period_range("1960Q1", periods=240, freq="Q")
    total = pd.DataFrame({"g": fast["u"].to_numpy().reshape(-1, 3).sum(axis=1)}, whole)
    fast = pd.concat(
        [fast, pd.DataFrame({"u": [3.0]}, pd.period_range("2020-01", periods=1, freq="M"))]
    )
    panel = stack(total, fast)
    model = Transformed(VAR(lags=1), dict.fromkeys(panel.columns, Difference())).fit(panel)
    draws = model.sample(panel, horizon=1, paths=20_000, rng=np.random.default_rng(1))
    assert draws.nowcast is not None
    now = draws.nowcast.samples[:, 0, 0]
    assert now.mean() == pytest.approx(3.0, abs=0.15)  # two months of mean 0 are left
    assert now.std() == pytest.approx(np.sqrt(2), rel=0.1)


@pytest.mark.parametrize(
    ("slow", "fast", "words"),
    [
        (months(), quarters(), "quarterly panel does not stack in a monthly one"),
        (quarters(), quarters(), "quarterly panel does not stack in a quarterly one"),
        (quarters().rename(columns={"g": "u_m2"}), months(), "'u_m2' is a series of its own"),
        (quarters().reset_index(drop=True), months(), "panels to stack have periods"),
    ],
)
def test_what_does_not_stack_is_refused(slow, fast, words):
    with pytest.raises(PanelError, match=words):
        stack(slow, fast)


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(2)
    index = pd.period_range("1990-01", periods=302, freq="M")
    level = 5 + 0.2 * np.cumsum(rng.standard_normal(302))
    fast = pd.DataFrame(
        {"rate": level - level.min() + 0.5, "jobs": rng.standard_normal(302)}, index
    )
    output = fast["jobs"].to_numpy()[:300].reshape(-1, 3).mean(axis=1)
    slow = pd.DataFrame({"output": output}, pd.period_range("1990Q1", periods=100, freq="Q"))
    fast.iloc[-1, 1] = np.nan
    slow.to_csv(tmp_path / "q.csv", index_label="date")
    fast.to_csv(tmp_path / "m.csv", index_label="date")
    return str(tmp_path / "q.csv"), str(tmp_path / "m.csv")


def test_the_command_draws_quarters_and_their_months(files, tmp_path, capsys):
    slow, fast = files
    out = tmp_path / "out"
    said = ["--model", "var", "--paths", "60", "--horizon", "2", "--origins", "0"]
    said = ["forecast", slow, "--stack", fast, "--floor", "rate=0", *said, "--out", str(out)]
    assert main([*said, "--quiet"]) == 0
    paths = pd.read_parquet(out / "paths.parquet")
    assert list(paths["series"].unique()) == ["output"]
    within = pd.read_parquet(out / "stacked" / "paths.parquet")
    assert list(within["period"].unique()[:2]) == ["2015-03", "2015-04"]
    assert within["period"].iloc[-1] == "2015-09"
    assert within.loc[within["series"] == "rate", "value"].min() > 0
    edge = pd.read_parquet(out / "stacked" / "nowcast.parquet")
    rate = edge.loc[edge["series"] == "rate", "value"]
    np.testing.assert_allclose(rate, pd.read_csv(fast)["rate"].iloc[-1], atol=1e-6)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["data"]["stacked"]["frequency"] == "M"
    assert str(tmp_path) not in json.dumps(manifest["settings"])
    page = (out / "report.html").read_text()
    assert "What may come next in between" in page
    (out / "report.html").unlink()
    assert main(["report", str(out), "--quiet"]) == 0
    assert (out / "report.html").read_text() == page


def test_a_nowcast_has_the_months_too(files, capsys):
    slow, fast = files
    said = ["nowcast", slow, "--stack", fast, "--stack-series", "jobs", "--model", "var"]
    assert main([*said, "--paths", "50", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["nowcast"]
    cells = [(row["series"], row["period"]) for row in rows]
    assert cells == [("output", "2015Q1"), ("jobs", "2015-02"), ("jobs", "2015-03")]


def test_a_page_says_what_is_stacked_and_what_of_it_falls_below_0(files, tmp_path, capsys):
    slow, fast = files
    rate = pd.read_csv(fast)[["date", "rate"]]
    rate["rate"] -= rate["rate"].min() - 0.01
    rate.to_csv(fast, index=False)
    out = tmp_path / "out"
    said = ["forecast", slow, "--stack", fast, "--model", "var", "--paths", "60", "--horizon", "8"]
    assert main([*said, "--origins", "0", "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["below_zero"]["rate"] > 0.01
    page = (out / "report.html").read_text()
    assert "of the paths of rate fall below 0" in page
    assert "--floor rate=0 keeps it above" in page
    assert "The series that are stacked, as they were read" in page
    assert "m.csv: 1990-01 to 2015-02, 302 rows" in page
    assert "stacked, 2015-01 to 2015-03 stand in 2015Q1" in page
    (out / "report.html").unlink()
    assert main(["report", str(out), "--quiet"]) == 0
    assert (out / "report.html").read_text() == page
    floored = [*said, "--floor", "rate=-0.1", "--origins", "0", "--out", str(out), "--overwrite"]
    assert main([*floored, "--json"]) == 0
    assert "below_zero" not in json.loads(capsys.readouterr().out)


def test_months_of_one_series_are_transformed_alike():
    fast = months(300)
    rng = np.random.default_rng(3)
    place = np.arange(300) % 3
    wild = np.exp(3.5 + np.where(place == 0, 0.01 * np.arange(300), rng.standard_normal(300)))
    panel = stack(quarters(100), fast.assign(v=wild))
    apart = choose(panel.drop(columns="v_m1"))
    assert apart["v_m2"] == apart["v_m3"] == fred_md(4)
    found = choose(history_at(panel, panel.index[90]))
    assert found["v_m1"].order == 1
    assert found["v_m1"] == found["v_m2"] == found["v_m3"]


def test_a_name_in_both_panels_names_all_its_columns(files):
    slow, fast = files
    pd.read_csv(slow).rename(columns={"output": "rate"}).assign(
        rate_m9=range(100), rate=lambda table: table["rate"] + 9
    ).to_csv(slow, index=False)
    found = read(Reading(slow, stack=fast, stack_series=("rate",), floor=(("rate", 0.0),)))
    assert isinstance(found.transforms, Floors)
    assert list(found.transforms.values) == ["rate", "rate_m1", "rate_m2", "rate_m3"]
    assert found.own == ["rate", "rate_m9"]


def test_codes_of_both_files_are_used():
    slow, fast = quarters(), months()
    slow.attrs["codes"], fast.attrs["codes"] = {"g": 1}, {"u": 2, "v": 5}
    codes = stack(slow, fast).attrs["codes"]
    assert codes == {"g": 1} | {f"u_m{k}": 2 for k in (1, 2, 3)} | {f"v_m{k}": 5 for k in (1, 2, 3)}


@pytest.mark.parametrize(
    ("text", "column", "period"),
    [
        ("u@2002-03=1", "u_m3", "2002Q1"),
        ("u@2002-04-15=1", "u_m1", "2002Q2"),
        ("g@2002Q2=1", "g", "2002Q2"),
        ("u_m2@2002Q2=1", "u_m2", "2002Q2"),
        ("g=1", "g", "step 1"),
    ],
)
def test_a_pin_of_a_month_is_one_of_its_column(text, column, period):
    fast = months()
    said = in_columns(parse_pin(text), stack(quarters(), fast), fast)
    (term,) = said.pins[0].terms
    assert (term.series, written(term.when)) == (column, period)


def test_a_pin_of_an_average_of_months_spans_quarters():
    fast = months()
    panel = stack(quarters(), fast)
    said = in_columns(parse_pin("average(u, 2002-03, 2002-05)=7"), panel, fast)
    cells = [(term.series, str(term.when), term.weight) for term in said.pins[0].terms]
    third = pytest.approx(1 / 3)
    assert cells == [
        ("u_m3", "2002Q1", third), ("u_m1", "2002Q2", third), ("u_m2", "2002Q2", third)
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["u=1,2", "u@2002Q2=1", "average(u, 2002Q2, 2002Q3)=1"])
def test_a_pin_of_a_stacked_series_names_a_month(text):
    fast = months()
    with pytest.raises(ScenarioError, match=r"is monthly; .* u@2002-03=.*, .* u_m1, u_m2, u_m3"):
        in_columns(parse_pin(text), stack(quarters(), fast), fast)


def test_a_month_is_pinned_on_the_command_line(files, tmp_path, capsys):
    slow, fast = files
    out = tmp_path / "out"
    said = ["scenario", slow, "--stack", fast, "--model", "var", "--against", "var", "--paths"]
    said += ["40", "--horizon", "2", "--out", str(out), "--quiet"]
    assert main([*said, "--pin", "rate@2015-05=4.5"]) == 0
    paths = pd.read_parquet(out / "paths.parquet")
    pinned = paths[(paths["series"] == "rate_m2") & (paths["period"] == "2015Q2")]
    np.testing.assert_allclose(pinned["value"], 4.5)
    assert "rate 2015-05" in (out / "report.html").read_text()
    assert main([*said, "--overwrite", "--pin", "rate=4.5"]) == 2
    assert "rate step 1: the series is monthly" in capsys.readouterr().err


def test_a_nowcast_says_which_month_moved_it(files, tmp_path, capsys):
    slow, fast = files
    older = tmp_path / "older.csv"
    pd.read_csv(fast).iloc[:-1].to_csv(older, index=False)
    said = ["nowcast", slow, "--stack", fast, "--older-stack", str(older), "--model", "var"]
    assert main([*said, "--transform", "none", "--paths", "20", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = told["revision"]
    unknown = [(row["series"], row["period"]) for row in told["nowcast"]]
    assert [(row["series"], row["period"]) for row in rows] == unknown
    for row in rows:
        parts = {key: v for key, v in row.items() if key.startswith("by ")}
        assert set(parts) <= {"by rate", "by jobs"}
        assert sum(parts.values()) == pytest.approx(row["now"] - row["before"])
        assert any(abs(v) > 1e-6 for v in parts.values())


def test_months_years_after_the_last_quarter_are_refused():
    with pytest.raises(PanelError, match="goes on to 2018-12, 37 periods after us-macro ends in"):
        read(Reading("us-macro", stack="us-credit"))


def test_a_code_of_a_series_is_that_of_its_columns(files):
    slow, fast = files
    found = read(Reading(slow, stack=fast, transform="output=1,rate=2,jobs=1"))
    assert found.own == ["output"]
    assert isinstance(found.transforms, dict)
    assert [found.transforms[f"rate_m{k}"].order for k in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        (["--stack-series", "jobs"], "--stack-series names series of --stack"),
        (["--stack", "FAST", "--floor", "jbos=0"], "no series 'jbos'"),
        (["--stack", "FAST", "--older", "SLOW"], "name an earlier vintage of them too"),
        (["--older-stack", "FAST"], "--older-stack is an earlier vintage of the panel of --stack"),
        (["--stack", "SLOW"], "quarterly panel does not stack in a quarterly one"),
        (["--stack", "nowhere.csv"], "nowhere.csv"),
        (["--stack", "SHORT"], "--stack short.csv: series 'u' has too short a history"),
    ],
)
def test_what_cannot_be_stacked_is_one_line(files, tmp_path, capsys, rest, words):
    slow, fast = files
    short = str(tmp_path / "short.csv")
    months(3).to_csv(short, index_label="date")
    names = {"SLOW": slow, "FAST": fast, "SHORT": short}
    said = ["nowcast", slow, "--model", "var", "--paths", "20", *(names.get(w, w) for w in rest)]
    assert main(said) in (1, 2)
    err = capsys.readouterr().err
    assert words in err
    assert "Traceback" not in err


def event_paths(fast):
    """Forecasts of quarters, with the months in them, that go on from `fast` and g."""
    panel = stack(quarters(), fast)
    ends = panel[["u_m3", "v_m3"]].notna().all(axis=1)
    gone = int((~ends).sum())
    index = pd.period_range(panel.index[-1] + 1 - gone, periods=gone + 2, freq="Q")
    samples = np.random.default_rng(0).standard_normal((50, len(index), panel.shape[1]))
    return panel, Forecast(samples, index, tuple(panel.columns)).split(gone)


@pytest.mark.parametrize("count", [26, 27])  # in the middle of a quarter, and at its end
def test_events_of_a_stacked_series_are_of_its_months(count):
    panel, forecast = event_paths(months(count))
    u = forecast.samples[:, :, 1:4].reshape(50, 6)  # [path, month]
    last = np.full(50, 26.0) if count == 27 else forecast.nowcast.samples[:, -1, 3]

    def same(event, expected):
        np.testing.assert_array_equal(occurs(event, forecast, panel), expected)

    same("u > 1.5", (u > 1.5).any(axis=1))
    same("u > -1 for 2", ((u > -1)[:, 1:] & (u > -1)[:, :-1]).any(axis=1))
    same("change(u) > 1 in 2002-04", u[:, 0] - last > 1)
    same("mean(u) > 0 in 2002-05 to 2002-07 and g > 0", (u[:, 1:4].mean(axis=1) > 0)
         & (forecast.samples[:, :, 0] > 0).any(axis=1))  # fmt: skip
    same("u_m2 > 1 in 2002Q3", u[:, 4] > 1)
    with pytest.raises(ScenarioError, match="among the periods 2002-04 to 2002-09"):
        occurs("u > 1 in 2002Q3", forecast, panel)


def test_a_scenario_shows_stacked_series_by_their_months():
    rng = np.random.default_rng(0)
    slow, fast = quarters(60), months(182)[["u"]]
    slow["g"], fast["u"] = rng.standard_normal(60), 4 + rng.standard_normal(182)
    panel = stack(slow, fast)
    said = in_columns(parse_pin("u@2015-03=9") + parse_pin("u@2015-04=8"), panel, fast)
    model = Transformed(VAR(), {name: Difference() for name in panel}).fit(panel)
    answer = conditional(model, panel, said, mode="hard", horizon=2, paths=50, rng=rng)
    axes = two_fans(answer).axes
    assert [one.get_title("left") for one in axes] == ["g", "u"]
    lines = {line.get_label(): line for line in axes[1].lines}
    assert list(lines["pinned"].get_ydata()) == pytest.approx([9, 8])
    assert [str(day)[:7] for day in lines["pinned"].get_xdata()] == ["2015-03", "2015-04"]
    np.testing.assert_allclose(  # the last month known, then those to come
        lines["conditional, median"].get_ydata(),
        [fast["u"].iloc[-1], *unstack(answer.alternative, fast).joined().quantile(0.5)["u"]],
    )
    table = at_the_end(answer).set_index("series")
    assert list(table.index) == ["g", "u"]
    end = np.median(answer.alternative.samples[:, -1, 3])
    assert table.loc["u", "conditional"] == pytest.approx(end)
