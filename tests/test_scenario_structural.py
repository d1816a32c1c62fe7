"""Structural shocks under a declared identification."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.api import VAR as StatsVAR

from econdiff.baselines.bvar import BVAR
from econdiff.baselines.gaussian import LinearGaussian
from econdiff.baselines.var import VAR
from econdiff.scenario import Scenario, ScenarioError, above_baseline, cell
from econdiff.structural import (
    Instrument,
    Recursive,
    Signs,
    brought_about,
    local_projections,
    read_scheme,
    structural,
)
from econdiff.transforms import Transformed, fred_md

NAMES = ("output", "prices", "rate")
B = np.array([[1.0, 0.0, 0.0], [0.3, 0.8, 0.0], [0.4, 0.2, 0.5]])
A = np.array([[0.6, 0.1, -0.15], [0.05, 0.7, 0.1], [0.1, 0.2, 0.7]])
TRUE = LinearGaussian(NAMES, np.vstack([np.zeros((1, 3)), A.T]), B @ B.T)
ROWS = 600


@pytest.fixture(scope="module")
def shocks():
    return np.random.default_rng(0).standard_normal((ROWS, 3))


@pytest.fixture(scope="module")
def panel(shocks):
    y = np.zeros((ROWS, 3))
    for t in range(1, ROWS):
        y[t] = A @ y[t - 1] + B @ shocks[t]
    index = pd.period_range("1870Q1", periods=ROWS, freq="Q")
    return pd.DataFrame(y, index=index, columns=NAMES)


def declared(panel, scheme, model=None, draws=1):
    model = VAR(lags=2).fit(panel) if model is None else model
    return structural(model, panel, scheme, draws=draws, rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def recursive(panel):
    return declared(panel, Recursive(NAMES))


def test_recursive_responses_are_those_of_statsmodels(panel, recursive):
    theirs = StatsVAR(panel.to_numpy()).fit(2).irf(8).orth_irfs
    np.testing.assert_allclose(recursive.responses(8)[0], theirs, atol=1e-8)


def test_a_known_svar_is_recovered(panel):
    found = declared(panel, Recursive(NAMES), TRUE)
    np.testing.assert_allclose(found.impacts[0], B, atol=1e-12)
    powers = [np.linalg.matrix_power(A, h) @ B for h in range(6)]
    np.testing.assert_allclose(found.responses(5)[0], powers, atol=1e-12)


def test_past_shocks_are_those_that_made_the_panel(panel, shocks):
    found = declared(panel, Recursive(NAMES), TRUE)
    np.testing.assert_allclose(found.past_shocks(0), shocks[1:], atol=1e-9)


def test_another_order_is_another_scheme(panel):
    turned = declared(panel, Recursive(NAMES[::-1]))
    impact = turned.impacts[0]
    np.testing.assert_allclose(impact @ impact.T, turned.models[0].covariance)
    assert impact[2, 1] == impact[2, 2] == 0  # the rate stands first: only its own shock moves it
    assert turned.shocks == ("rate", "prices", "output")


def test_history_is_the_sum_of_its_shocks(panel, recursive):
    table = recursive.historical()
    whole = table.groupby(["period", "series"], sort=False)["value"].sum().unstack()
    np.testing.assert_allclose(whole[list(NAMES)], panel.iloc[2:], atol=1e-8)


def test_history_of_business_days_is_dated(panel):
    days = panel.set_axis(pd.bdate_range("2020-01-01", periods=ROWS).delete(5).append(
        pd.DatetimeIndex(["2022-04-20"])))  # fmt: skip
    periods = declared(days, Recursive(NAMES)).historical()["period"].unique()
    assert list(periods[:3]) == ["2020-01-03", "2020-01-06", "2020-01-07"]
    assert len(periods) == ROWS - 2


def test_signs_and_zeros_give_a_set_that_fits_the_data_and_them(panel):
    signs = Signs({("policy", "rate"): 1, ("policy", "prices"): -1, ("policy", "output"): 0,
                   ("demand", "output"): 1, ("demand", "prices"): 1})  # fmt: skip
    found = declared(panel, signs, TRUE, draws=60)
    for impact in found.impacts:
        np.testing.assert_allclose(impact @ impact.T, TRUE.covariance, atol=1e-9)
        assert abs(impact[0, 0]) < 1e-12
        assert impact[1, 0] < 0 < impact[2, 0]
        assert (impact[:2, 1] > 0).all()
    assert found.impacts[:, 1, 0].std() > 0.01  # a set, not a point
    assert found.shocks == ("policy", "demand", "(unnamed 1)")


def test_enough_zeros_identify_the_recursive_point(panel):
    zeros = Signs({("a", "output"): 1, ("b", "output"): 0, ("b", "prices"): 1,
                   ("c", "output"): 0, ("c", "prices"): 0, ("c", "rate"): 1})  # fmt: skip
    for impact in declared(panel, zeros, TRUE, draws=5).impacts:
        np.testing.assert_allclose(impact, B, atol=1e-10)


def test_rotations_without_restrictions_are_uniform(panel):
    open_signs = Signs({("a", "output"): 1})
    first = declared(panel, open_signs, TRUE, draws=4000).impacts[:, 0, 0]
    # |q_1| of a uniform direction in three dimensions is uniform on [0, 1]
    assert np.mean(first) == pytest.approx(0.5, abs=0.02)
    assert np.quantile(first, 0.9) == pytest.approx(0.9, abs=0.02)


def test_an_instrument_finds_the_shock_that_it_moves_with(panel, shocks):
    rng = np.random.default_rng(4)
    surprise = pd.Series(0.7 * shocks[:, 2] + 0.5 * rng.standard_normal(ROWS), panel.index)
    surprise.iloc[:200] = np.nan  # known for a part of the history only
    scheme = Instrument(surprise, "policy", raises="rate")
    found = declared(panel, scheme, TRUE, draws=300)
    for impact in found.impacts[:3]:
        np.testing.assert_allclose(impact @ impact.T, TRUE.covariance, atol=1e-9)
    first = found.impacts[:, :, 0]
    # off by no more than the bootstrap says
    assert (np.abs(first.mean(axis=0) - B[:, 2]) < 3 * first.std(axis=0)).all()
    np.testing.assert_allclose(first.mean(axis=0), B[:, 2], atol=0.12)
    told = " ".join(found.said())
    assert "First-stage F" in told
    assert "weak" not in told
    noise = Instrument(pd.Series(rng.standard_normal(ROWS), panel.index), "policy", raises="rate")
    assert "weak" in " ".join(declared(panel, noise, TRUE).said())


def test_local_projections_agree_with_the_recursion(panel, recursive):
    table = local_projections(recursive, "output", 6)
    own = recursive.responses(6)[0, :, :, 0].T.ravel()
    apart = np.abs(table["local"].to_numpy() - own) / table["standard_error"].to_numpy()
    assert (apart[table["step"] > 0] < 4).all()
    at_once = table.query("step == 0")["local"].to_numpy()
    np.testing.assert_allclose(at_once, recursive.impacts[0][:, 0], rtol=0.02)


def test_projections_beyond_the_sample_are_not_known(panel):
    short = panel.iloc[-40:]
    model = declared(short, Recursive(NAMES), VAR(lags=1).fit(short))
    table = local_projections(model, "output", 60).query("series == 'rate'")
    known = np.isfinite(table["local"].to_numpy())
    assert known[:20].all()
    assert not known[36:].any()


def test_a_horizon_is_a_whole_number_from_0_on(recursive):
    assert recursive.responses(0).shape[1] == 1
    with pytest.raises(ValueError, match="horizon must be at least 0, got -1"):
        recursive.bands(-1)
    with pytest.raises(TypeError, match="horizon must be a whole number"):
        recursive.bands(2.5)


def test_a_structural_model_is_one_line_in_a_notebook(recursive):
    three = "output, prices, rate"
    assert repr(recursive) == f"Structural: draws 1, series {three}, shocks {three}"
    scenario = Scenario((cell("rate", "2020Q1", 1.0),))
    rng = np.random.default_rng(0)
    told = repr(brought_about(recursive, scenario, ("rate",), horizon=2, paths=4, rng=rng))
    assert told.startswith("StructuralScenario: 4 paths, 2 steps")
    assert told.endswith("by rate")


def test_draws_of_a_bvar_widen_the_bands(panel):
    point = declared(panel, Recursive(NAMES), draws=40).bands(4)
    drawn = declared(panel, Recursive(NAMES), BVAR(lags=2).fit(panel), draws=40).bands(4)
    assert (point["high"] - point["low"]).max() < 1e-12
    moving = drawn[drawn["median"].abs() > 1e-9]
    assert (moving["high"] > moving["low"]).all()


def test_responses_of_a_level_add_up_those_of_its_growth(panel):
    grown = panel.assign(output=100 * np.exp(panel["output"].cumsum() / 400))
    codes = {"output": fred_md(5, per_year=4), "prices": fred_md(1), "rate": fred_md(1)}
    found = declared(grown, Recursive(NAMES), Transformed(VAR(lags=1), codes).fit(grown))
    expected = found.moved(5)[0, :, 0].cumsum(axis=0) / 4  # per cent of the level
    np.testing.assert_allclose(found.responses(5)[0, :, 0], expected, atol=1e-9)


def bring(model, scenario, driven_by=("rate",), horizon=6, paths=400, mode="hard"):
    return brought_about(
        model, scenario, driven_by, horizon=horizon, paths=paths, mode=mode,
        rng=np.random.default_rng(1),
    )  # fmt: skip


def test_a_scenario_is_met_by_the_shocks_that_are_named(panel, recursive):
    found = bring(recursive, Scenario(tuple(cell("rate", k, 1.0) for k in (1, 2))))
    np.testing.assert_allclose(found.alternative.samples[:, :2, 2], 1.0, atol=1e-9)
    changed = found.shocks - found.without
    assert (changed[:, :, :2] == 0).all()
    assert np.abs(changed[:, 2:]).max() == 0
    # the rate's shock, last in the order, moves nothing else on impact
    np.testing.assert_allclose(
        found.alternative.samples[:, 0, :2], found.baseline.samples[:, 0, :2], atol=1e-9
    )
    mean, covariance = recursive.models[0].path_moments(panel, 6)
    draws = found.baseline_cells
    size = np.sqrt(np.diag(covariance))
    assert (np.abs(draws.mean(axis=0) - mean.ravel()) < 4.5 * size / 20).all()
    assert np.abs(draws.std(axis=0) / size - 1).max() < 0.15


def test_all_shocks_together_give_the_conditional_forecast(panel, recursive):
    # when every shock drives, nothing is declared: the answer is that of Waggoner and Zha
    scenario = Scenario((cell("rate", 2, 1.5),))
    found = bring(recursive, scenario, NAMES, paths=20_000)
    mean, covariance = recursive.models[0].path_moments(panel, 6)
    told = covariance[:, 5] / covariance[5, 5]
    expected = mean.ravel() + told * (1.5 - mean[1, 2])
    np.testing.assert_allclose(found.alternative_cells.mean(axis=0), expected, atol=0.05)


def test_a_density_restriction_spreads_the_pin_and_leaves_other_shocks_alone(recursive):
    pins = tuple(cell("rate", k, 1.0, 0.3) for k in (1, 2))
    found = bring(recursive, Scenario(pins), paths=20_000, mode="density")
    told = found.alternative.samples[:, :2, 2]
    np.testing.assert_allclose(told.mean(axis=0), 1.0, atol=0.01)
    np.testing.assert_allclose(np.cov(told.T), 0.09 * np.eye(2), atol=0.005)
    assert ((found.shocks - found.without)[:, :, :2] == 0).all()
    # what is told is independent of the shocks that do not drive
    others = found.without[:, :, :2].reshape(20_000, -1)
    apart = np.corrcoef(told[:, 0], others.T)[0, 1:]
    assert np.abs(apart).max() < 4.5 / 20_000**0.5


def test_the_divergence_is_that_of_the_shocks_that_were_drawn(recursive):
    pins = tuple(cell("rate", k, 1.0, 0.5) for k in (1, 2))
    found = bring(recursive, Scenario(pins), ("prices", "rate"), 2, 40_000, "density")
    e = found.shocks.reshape(40_000, -1)
    mean, covariance = e.mean(axis=0), np.cov(e.T)
    seen = (
        np.trace(covariance) + mean @ mean - 6 - np.linalg.slogdet(covariance)[1]
    ) / 2  # by moments of the draws
    assert found.divergences[0] == pytest.approx(seen, rel=0.02, abs=0.01)
    # a coin of that bias, tossed as often, is as far from fair
    said = found.plausibility()
    q = said["coin"]
    assert -3 * np.log(4 * q * (1 - q)) == pytest.approx(said["divergence"])
    assert 0.5 < q < 1


def test_a_density_restriction_at_the_ordinary_law_is_no_distance(panel, recursive):
    mean, _ = recursive.models[0].path_moments(panel, 6)
    calm = Scenario(tuple(cell("rate", k, mean[k - 1, 2]) for k in (1, 2)))
    found = bring(recursive, calm, NAMES, mode="density")
    assert found.plausibility()["divergence"] == pytest.approx(0, abs=1e-9)
    assert found.plausibility()["coin"] == pytest.approx(0.5, abs=1e-4)
    far, farther = (
        bring(recursive, Scenario((cell("rate", 1, v),)), NAMES, mode="density").plausibility()
        for v in (2.0, 6.0)
    )
    assert 0.5 < far["coin"] < farther["coin"] < 1
    assert bring(recursive, calm).plausibility() is None  # exact: infinite, and not said


def test_great_shocks_are_not_modest(recursive):
    small, great = (bring(recursive, Scenario(above_baseline("rate", [1], by))) for by in (0.2, 9))
    assert small.modesty()["modest"].all()
    table = great.modesty().set_index("series")
    assert not table.loc["rate", "modest"]
    assert table.loc["rate", "modesty"] == pytest.approx(9 / recursive.impacts[0][2, 2], rel=0.1)
    assert not great.sizes().query("period == @great._periods[0]")["ordinary"].any()


class WithDraws:
    """A forecaster whose `draws` are no method, as those of bvar-sv."""

    draws = ()


def test_fewer_paths_than_draws_of_the_model_are_enough(panel):
    model = declared(panel, Recursive(NAMES), draws=5)
    found = bring(model, Scenario((cell("rate", 1, 1.0),)), paths=3)
    np.testing.assert_allclose(found.alternative.samples[:, 0, 2], 1.0, atol=1e-9)


def test_at_a_ragged_edge_a_scenario_begins_behind_it_and_holds_what_is_published(panel):
    ragged = panel.copy()
    ragged.iloc[-2:, 0] = np.nan  # output is published late
    model = declared(ragged, Recursive(NAMES), TRUE)
    after = panel.index[-1] + 1
    found = bring(model, Scenario((cell("rate", 1, 1.5),)), NAMES, horizon=3, paths=20_000)
    assert found.alternative.index[0] == after
    np.testing.assert_allclose(found.alternative.samples[:, 0, 2], 1.5, atol=1e-9)
    edge = found.alternative_cells.reshape(20_000, 5, 3)[:, :2]
    shown = np.broadcast_to(panel.iloc[-2:, 1:], edge[..., 1:].shape)
    np.testing.assert_allclose(edge[..., 1:], shown, atol=1e-9)
    for drawn, cells in (
        (found.alternative, found.alternative_cells),
        (found.baseline, found.baseline_cells),
    ):
        np.testing.assert_allclose(drawn.joined().samples.reshape(20_000, -1), cells)
        assert drawn.nowcast is not None
        assert drawn.nowcast.index.equals(panel.index[-2:])
    mean, covariance = TRUE.path_moments(ragged, 3)
    size = np.sqrt(np.diag(covariance))
    draws = found.baseline.samples.reshape(20_000, -1)
    assert (np.abs(draws.mean(axis=0) - mean.ravel()) < 4.5 * size / 20_000**0.5).all()
    assert (
        np.abs(np.cov(draws.T) / np.outer(size, size) - covariance / np.outer(size, size)).max()
        < 0.03
    )
    assert found.shocks.shape == (20_000, 3, 3)
    assert "holds what has been published since" in model.said()[-1]
    with pytest.raises(ScenarioError, match="is history already"):
        bring(model, Scenario((cell("rate", str(after - 1), 1.0),)))
    with pytest.raises(ScenarioError, match=f"lies before {after}"):
        bring(model, Scenario((cell("output", str(after - 1), 1.0),)))


def test_shocks_that_hardly_move_what_is_pinned_are_refused(panel):
    faint = np.array([[1.0, 0.0, 0.0], [0.3, 0.8, 0.0], [0.4, 1e-3, 0.5]])  # of prices on the rate
    law = LinearGaussian(NAMES, TRUE.coefficients, faint @ faint.T)
    model = declared(panel, Recursive(NAMES), law)
    pins = Scenario(tuple(cell("rate", k, 1.0) for k in (1, 2, 3)))
    with pytest.raises(ScenarioError, match="hardly move what is pinned; name more shocks"):
        bring(model, pins, ("prices",))
    assert bring(model, pins, ("prices", "rate")).modesty()["modest"].any()


def test_what_a_scheme_cannot_do_is_refused(panel, recursive):
    with pytest.raises(ScenarioError, match="each once"):
        declared(panel, Recursive(("rate",)))
    with pytest.raises(ScenarioError, match="no shock"):
        bring(recursive, Scenario((cell("rate", 1, 1.0),)), ("oil",))
    with pytest.raises(ScenarioError, match="cannot meet 1 pins"):
        bring(recursive, Scenario((cell("output", 1, 1.0),)))
    with pytest.raises(ScenarioError, match="no event"):
        bring(recursive, Scenario(events=("rate > 1",)))
    with pytest.raises(ScenarioError, match="takes exact pins"):
        bring(recursive, Scenario((cell("rate", 1, 1.0, 0.5),)))
    with pytest.raises(ScenarioError, match="is no sign"):
        declared(panel, Signs({("a", "oil"): 1}))
    # two orthogonal shocks cannot both raise everything where nothing is correlated
    both = Signs({(shock, name): 1 for shock in "ab" for name in NAMES}, tries=50)
    apart = LinearGaussian(NAMES, TRUE.coefficients, np.eye(3))
    with pytest.raises(ScenarioError, match="none of 50 rotations"):
        declared(panel, both, apart)
    with pytest.raises(ScenarioError, match="too many zeros"):
        declared(panel, Signs({(s, n): int(n == "rate") for s in "ab" for n in NAMES}))
    with pytest.raises(ScenarioError, match="draws must be at least 1"):
        declared(panel, Recursive(NAMES), draws=0)
    twice = panel.assign(twice=2 * panel["rate"])
    with pytest.raises(ScenarioError, match=r"those of \['rate', 'twice'\] follow"):
        declared(twice, Recursive((*NAMES, "twice")))
    with pytest.raises(ScenarioError, match="zeros and no sign"):
        declared(panel, Signs({("a", "output"): 0}))
    with pytest.raises(ScenarioError, match="no reduced form"):
        declared(panel, Recursive(NAMES), WithDraws())
    with pytest.raises(ScenarioError, match="got 68; 68% is"):
        recursive.bands(4, coverage=68)
    again = pd.concat([panel, panel["rate"]], axis=1)
    with pytest.raises(ScenarioError, match="two series are named 'rate'"):
        structural(TRUE, again, Recursive(NAMES), draws=1, rng=np.random.default_rng(0))
    with pytest.raises(ScenarioError, match="shares 0 periods"):
        declared(panel, Instrument(pd.Series(dtype=float), "policy", raises="rate"))


def test_schemes_are_read_from_text_and_files(tmp_path, panel):
    assert read_scheme("recursive:output, prices,rate") == Recursive(NAMES)
    file = tmp_path / "scheme.toml"
    file.write_text('scheme = "signs"\n[signs.policy]\nrate = "+"\noutput = "0"\n')
    assert read_scheme(str(file)).on_impact == {("policy", "rate"): 1, ("policy", "output"): 0}
    values = [0.1 * k for k in range(24)]
    quarters = pd.period_range("2000Q1", periods=24, freq="Q").astype(str)
    pd.DataFrame({"quarter": quarters, "m": values}).to_csv(tmp_path / "m.csv", index=False)
    file.write_text('scheme = "instrument"\nfile = "m.csv"\nshock = "policy"\nraises = "rate"\n')
    assert read_scheme(str(file)).values.to_list() == values
    for text, complaint in (
        ('scheme = "guess"\n', "recursive, signs or instrument"),
        ('scheme = "signs"\n[signs.policy]\nrate = "up"\n', "a sign is"),
        ('scheme = "signs"\n[signs.policy]\nrate = ["+"]\n', "a sign is"),
        ('scheme = "signs"\n[signs.policy]\nrate = true\n', "a sign is"),
        ('scheme = "instrument"\nshock = "policy"\n', "needs file"),
    ):
        file.write_text(text)
        with pytest.raises(ScenarioError, match=complaint):
            read_scheme(str(file))
    with pytest.raises(ScenarioError, match="no default scheme"):
        read_scheme("cholesky.toml")
