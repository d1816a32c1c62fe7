"""A floor under a rate: undone exactly, passed by no path, and told where it cannot be."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from econdiff.baselines.ar import AR
from econdiff.baselines.in_levels import InLevels
from econdiff.baselines.random_walk import RandomWalk
from econdiff.baselines.var import VAR
from econdiff.cli import main
from econdiff.commands.assumptions import near_floors
from econdiff.report.caveats import below_zero, may_want_a_floor
from econdiff.scenario import (
    Scenario,
    ScenarioError,
    above_baseline,
    average,
    bind,
    cell,
    conditional,
    growth,
)
from econdiff.transforms import Difference, Floors, Transformed, chosen, fred_md
from econdiff.transforms.choice import SOFTNESS

values_above = arrays(float, 30, elements=st.floats(-0.24, 8.0))


def rates(rows=120, low=0.05):
    """A policy rate that ends close to 0, and growth beside it."""
    rng = np.random.default_rng(3)
    rate = 4 + np.cumsum(0.3 * rng.standard_normal(rows))
    rate = np.abs(rate - rate.min()) + low
    rate[-8:] = 0.1
    index = pd.period_range("1990Q1", periods=rows, freq="Q")
    return pd.DataFrame({"growth": rng.standard_normal(rows), "rate": rate}, index=index)


@pytest.mark.parametrize("order", [0, 1, 2])
@given(values=values_above)
def test_the_way_back_returns_the_path_that_went_in(order, values):
    transform = Difference(order=order, floor=-0.25, softness=0.5)
    path = transform.to_model(values)[20:]
    back = transform.invert(path[None], values[:20])[0]
    np.testing.assert_allclose(back, values[20:], atol=1e-7)
    offset, matrix = transform.linear(values[:20], 10)
    np.testing.assert_allclose(offset + matrix @ path, transform.link(values[20:]), atol=1e-9)


def test_the_link_is_the_inverse_of_the_softplus_and_the_value_itself_far_above():
    transform = Difference(floor=1.0, softness=0.5)
    shadow = np.array([-4.0, 0.0, 1.0, 2.0, 30.0])
    rate = 1 + 0.5 * np.log1p(np.exp((shadow - 1) / 0.5))
    np.testing.assert_allclose(transform.link(rate), shadow, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(transform.invert(shadow, np.array([])), rate, rtol=1e-12)
    assert transform.link(np.array([30.0]))[0] == 30.0


@pytest.mark.parametrize(
    "transform", [Difference(), Difference(log=True), Difference(floor=0.0, softness=0.7)]
)
def test_the_slope_is_the_derivative_of_the_link(transform):
    for value in (0.02, 0.5, 3.0):
        near = transform.link(np.array([value * (1 - 1e-6), value * (1 + 1e-6)]))
        assert transform.slope(value) == pytest.approx(np.diff(near)[0] / (2e-6 * value), rel=1e-5)


@pytest.mark.parametrize("wrapper", [Transformed, InLevels])
def test_no_path_goes_below(wrapper):
    panel = rates()
    model = RandomWalk() if wrapper is InLevels else AR()
    plain, kept = (
        wrapper(model, choice)
        .fit(panel)
        .sample(panel, horizon=8, paths=400, rng=np.random.default_rng(0))
        for choice in ("auto", Floors({"rate": 0.0}))
    )
    assert plain.samples[..., 1].min() < 0 < kept.samples[..., 1].min()


def test_the_softness_is_of_the_rows_given():
    panel = rates()
    for rows in (60, 120):
        found = chosen(Floors({"rate": -0.5}), panel.iloc[:rows])["rate"]
        assert found == Difference(
            floor=-0.5,
            softness=SOFTNESS * float(np.std(panel["rate"].to_numpy()[:rows])),
            units="shadow level",
        )
    assert chosen(Floors({"rate": 0.0}), panel.assign(rate=1.0))["rate"] == Difference()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: chosen(Floors({"raet": 0.0}), p), r"for 'raet'; there are \['growth', 'rate'\]"),
        (lambda p: chosen(Floors({"rate": 0.1}), p), "not above its floor of 0.1: 0.1 in 2019Q4"),
        (
            lambda p: chosen(Floors({"rate": 0.0}, {"growth": fred_md(1), "rate": fred_md(5)}), p),
            "'rate' is modelled by its growth or its logarithm, which has no floor",
        ),
        (lambda p: Difference(log=True, floor=0.0), "above 0 by itself"),
        (lambda p: Difference(floor=0.0, softness=0.0), "softness is above 0, got 0.0 and 0.0"),
        (lambda p: Difference(floor=0.0).link(np.array([1.0, 0.0])), "floor of 0 is reached, by 0"),
    ],
)
def test_a_floor_that_cannot_be_is_told(call, words):
    with pytest.raises(ValueError, match=words):
        call(rates())


def test_a_pin_near_the_floor_holds_and_its_deviation_is_that_of_the_rate():
    panel = rates()
    model = Transformed(VAR(lags=1), Floors({"rate": 0.0})).fit(panel)
    said = Scenario((cell("rate", 1, 0.05), cell("rate", 4, 2.0)))
    answer = conditional(
        model, panel, said, mode="hard", horizon=6, paths=60, rng=np.random.default_rng(0)
    )
    drawn = answer.alternative.samples[..., 1]
    np.testing.assert_allclose(drawn[:, [0, 3]], [[0.05, 2.0]] * 60, atol=1e-9)
    assert drawn.min() > 0
    soft = Scenario((cell("rate", 4, 2.0, sd=0.01),))
    answer = conditional(
        model, panel, soft, mode="density", horizon=6, paths=4000, rng=np.random.default_rng(0)
    )
    drawn = answer.alternative.samples[:, 3, 1]
    assert drawn.mean() == pytest.approx(2.0, abs=0.001)
    assert drawn.std() == pytest.approx(0.01, rel=0.05)


def test_a_rate_is_pinned_above_its_baseline_beside_its_floor():
    panel = rates()
    model = Transformed(VAR(lags=1), Floors({"rate": 0.0})).fit(panel)
    link = model.transforms["rate"]

    def answered(said, mode="hard", paths=60):
        rng = np.random.default_rng(0)
        return conditional(model, panel, said, mode=mode, horizon=4, paths=paths, rng=rng)

    mean, _ = model.inner.path_moments(model.to_model(panel), 4)
    baseline = link.unlink(mean[:, 1])  # the median: links keep order
    said = Scenario(above_baseline("rate", [1, 3], 1.0, "percentage points"))
    drawn = answered(said).alternative.samples[..., 1]
    np.testing.assert_allclose(drawn[:, [0, 2]], [baseline[[0, 2]] + 1] * 60, atol=1e-9)
    spread = answered(said.with_sd(0.01), "density", 4000).alternative.samples[:, 2, 1]
    assert spread.std() == pytest.approx(0.01, rel=0.05)
    with pytest.raises(ScenarioError, match="not above its floor; say a smaller fall"):
        answered(Scenario(above_baseline("rate", [1], -9.0)))
    with pytest.raises(ScenarioError, match="mode tilt takes values"):
        answered(said, "tilt")


@pytest.mark.parametrize(
    "pin",
    [
        average("rate", [1, 2], 1.0),
        growth("rate", 1, 2, 5.0),
    ],
)
def test_what_is_not_linear_in_the_shadow_rate_is_refused(pin):
    panel = rates()
    transforms = chosen(Floors({"rate": 0.0}), panel)
    with pytest.raises(ScenarioError, match=r"shadow rate above its floor.*leave the floor out"):
        bind(Scenario((pin,)), panel, 4, transforms)


def test_the_command_keeps_a_rate_above_its_floor(tmp_path, capsys):
    file = tmp_path / "rates.csv"
    rates().to_csv(file, index_label="date")
    said = ["forecast", str(file), "--model", "ar", "--horizon", "4", "--paths", "200"]
    out = tmp_path / "kept"
    rest = ["--origins", "0", "--json"]
    assert main([*said, "--floor", "rate=0", "--out", str(out), *rest]) == 0
    assert "below_zero" not in json.loads(capsys.readouterr().out)
    paths = pd.read_parquet(out / "paths.parquet")
    assert paths.loc[paths["series"] == "rate", "value"].min() > 0
    page = (out / "report.html").read_text()
    assert "shadow level" in page
    assert "fall below 0" not in page
    assert main(["report", str(out)]) == 0
    assert (out / "report.html").read_text() == page
    capsys.readouterr()
    assert main([*said, "--out", str(tmp_path / "plain"), *rest]) == 0
    assert json.loads(capsys.readouterr().out)["below_zero"]["rate"] > 0.01
    assert "--floor rate=0 keeps it above" in (tmp_path / "plain" / "report.html").read_text()
    study = ["backtest", str(file), "--models", "ar,rw", "--horizon", "2", "--paths", "50"]
    study = [*study, "--origins", "6", "--out", str(tmp_path / "study"), "--floor", "rate=0"]
    assert main([*study, "--transform", "growth=1,rate=1", "--quiet"]) == 0
    assert "level, a shadow rate above 0" in (tmp_path / "study" / "report.html").read_text()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("rate", "numbers by name are needed, as in FEDFUNDS=0"),
        ("rate=low", "numbers by name are needed"),
        ("raet=0", "no series 'raet'; did you mean rate"),
        ("rate=1", "not above its floor of 1"),
    ],
)
def test_a_floor_that_is_none_is_refused_before_work(tmp_path, capsys, said, words):
    file = tmp_path / "rates.csv"
    rates().to_csv(file, index_label="date")
    out = tmp_path / "out"
    command = ["forecast", str(file), "--horizon", "2", "--out", str(out), "--floor", said]
    try:
        code = main(command)
    except SystemExit as stopped:
        code = stopped.code
    assert code == 2
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_a_tilt_gives_the_mean_and_the_deviation_of_the_rate_not_of_the_shadow_rate():
    panel = rates()
    model = Transformed(VAR(lags=1), Floors({"rate": 0.0})).fit(panel)
    said = Scenario((cell("rate", 4, 0.6, sd=0.4),))
    answer = conditional(
        model, panel, said, mode="tilt", horizon=4, paths=2000, rng=np.random.default_rng(0)
    )
    drawn = answer.baseline.samples[:, 3, 1]
    assert answer.weights is not None
    assert answer.weights @ drawn == pytest.approx(0.6, abs=1e-6)
    assert answer.weights @ (drawn - 0.6) ** 2 == pytest.approx(0.16, abs=1e-6)
    assert answer.diagnostics.largest_miss < 1e-6


def test_paths_below_0_of_a_rate_that_has_been_at_0_are_told_a_floor_that_can_be():
    panel = rates(low=0.0)
    forecast = (
        Transformed(AR())
        .fit(panel)
        .sample(panel, horizon=4, paths=200, rng=np.random.default_rng(0))
    )
    modelled = {"rate": "shadow level"}
    assert below_zero(forecast, panel, modelled) == {}  # who gave a floor knows what is lowest
    below = below_zero(forecast, panel, {})
    (line,) = may_want_a_floor(below, panel)
    floor = float(line.split("--floor rate=")[1].split()[0])
    assert -0.5 < floor < 0
    chosen(Floors({"rate": floor}), panel)


def test_what_a_series_with_a_floor_is_modelled_as_is_said():
    panel = rates()
    levels = InLevels(RandomWalk(), Floors({"rate": 0.0})).fit(panel)
    assert levels.model_units == {"growth": "level", "rate": "shadow level"}
    moves = chosen(Floors({"rate": 0.0}, {"growth": fred_md(1), "rate": fred_md(2)}), panel)
    assert moves["rate"].units == "difference of the shadow level"


def test_a_pin_at_the_floor_is_told_what_to_say():
    panel = rates()
    said = Scenario((cell("rate", 1, 0.0),))
    with pytest.raises(ScenarioError, match=r"stays above its floor of 0;.*the lowest is 0\.05,"):
        bind(said, panel, 4, chosen(Floors({"rate": 0.0}), panel))


def test_pins_near_the_floor_are_told_in_shadow_rates():
    transforms = {"growth": Difference(), "rate": Difference(floor=0.0, softness=1.0)}
    pins = (cell("rate", 1, 0.2), cell("rate", 2, 0.1, sd=0.05), cell("growth", 1, 0.0))
    (note,) = near_floors(bind(Scenario(pins), rates(), 4, transforms))
    apart = np.log(np.expm1(0.2) / np.expm1(0.1))
    assert f"at 0.2 its shadow rate, which the other series go with, would be {apart:.2g}" in note
    assert f"Its sd of 0.05 becomes {0.05 / (1 - np.exp(-0.1)):.2g} of the shadow rate" in note
    far = Scenario((cell("rate", 1, 0.8),))
    assert near_floors(bind(far, rates(), 4, transforms)) == []


def test_the_page_of_a_scenario_says_that_contributions_are_of_the_shadow_rate(tmp_path, capsys):
    file, out = tmp_path / "rates.csv", tmp_path / "out"
    panel = rates()
    panel.to_csv(file, index_label="date")
    ragged = panel.copy()
    ragged.iloc[-1, 1] = np.nan
    ragged.to_csv(tmp_path / "ragged.csv", index_label="date")
    panel.iloc[:-1].to_csv(tmp_path / "older.csv", index_label="date")
    said = [str(file), "--model", "var", "--floor", "rate=0", "--paths", "60"]
    asked = ["--horizon", "4", "--pin", "rate=.1,.1", "--target", "growth", "--against", "ar"]
    assert main(["scenario", *said, *asked, "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "rate is pinned at 0.1, near its floor of 0: at 0.2 its shadow rate" in told
    page = (out / "report.html").read_text()
    assert "rate is pinned at 0.1, near its floor" in page
    words = "in per cent where it is modelled in logarithms, and of rate in units of its shadow"
    assert page.count(words) == 2  # drivers and news
    older = ["--older", str(tmp_path / "older.csv")]
    said[0] = str(tmp_path / "ragged.csv")
    assert main(["nowcast", *said, *older]) == 0
    assert "the shadow rate where it has a floor" in capsys.readouterr().out


def test_a_rate_with_a_floor_that_fell_for_forty_years_is_a_rate():
    panel = rates(160)
    panel["rate"] = 14 * np.exp(-np.arange(160) / 30) + 0.02
    assert chosen("auto", panel)["rate"].log
    found = chosen(Floors({"rate": 0.0}), panel)["rate"]
    assert found.units == "difference of the shadow level"
