"""Scenarios on the diffusion engine: exact where the law is Gaussian, corrected where it is not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from known_place import Known, two_regimes

from econdiff.commands.findings import _by_pin, _shares
from econdiff.diffusion.conditional import DiffusionLaw
from econdiff.diffusion.given_pins import GivenPins
from econdiff.diffusion.known_laws import Mixture
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.training import Training
from econdiff.diffusion.twisted import twisted
from econdiff.scenario import Scenario, ScenarioWarning, cell, conditional, plausibility
from econdiff.scenario.control import steadied
from econdiff.scenario.law import least_effective
from econdiff.scenario.pins import Pins, settled

NAMES = ["growth", "rate"]


def economy(rows=80):
    rng = np.random.default_rng(3)
    y = np.zeros((rows, 2))
    for t in range(1, rows):
        y[t] = [[0.5, -0.1], [0.1, 0.8]] @ y[t - 1] + rng.multivariate_normal(
            [0, 0], [[1, 0.4], [0.4, 1]]
        )
    return pd.DataFrame(y, index=pd.period_range("2000Q1", periods=rows, freq="Q"), columns=NAMES)


@pytest.fixture(scope="module")
def anchor():
    """The model that has learned nothing: its law is the anchor's, which is Gaussian."""
    return Diffusion(weights=None, training=Training(steps=0)).fit(economy())


RATES = Scenario(tuple(cell("rate", k, 2.0) for k in (1, 2, 3)))


def ask(model, scenario, mode, paths=600, panel=None, horizon=4):
    panel = economy() if panel is None else panel
    rng = np.random.default_rng(5)
    return conditional(model, panel, scenario, mode=mode, horizon=horizon, paths=paths, rng=rng)


def spread_out(model, spread):
    """The same model, `spread` times as wide."""
    return replace(model, settings=replace(model.settings, spread=spread))


@pytest.mark.parametrize("spread", [1.0, 2.0])
@pytest.mark.parametrize(("mode", "sd"), [("hard", 0.0), ("soft", 0.7), ("density", 0.7)])
def test_where_the_law_is_gaussian_the_answer_is_the_closed_form(anchor, mode, sd, spread):
    answer = ask(spread_out(anchor, spread), RATES.with_sd(sd), mode)
    law = answer.law.gaussian().given(answer.told.pins, mode)
    size = np.sqrt(np.maximum(np.diag(law.covariance), 0))
    for draws in (answer.told.alternative, answer.told.twin):
        assert (np.abs(draws.mean(axis=0) - law.mean) < 4.5 * size / np.sqrt(600) + 1e-6).all()
        free = size > 1e-6
        assert np.abs(draws.std(axis=0)[free] / size[free] - 1).max() < 0.15
    assert answer.diagnostics.effective > 599
    assert not answer.diagnostics.fallback
    if mode == "hard":
        assert answer.diagnostics.largest_miss < 1e-9


def test_a_law_twice_as_wide_is_so_for_all_that_is_said_of_a_scenario(anchor):
    models = anchor, spread_out(anchor, 2.0)
    plain, wide = (ask(model, RATES, "hard", paths=60) for model in models)
    one, other = plain.law.gaussian(), wide.law.gaussian()
    np.testing.assert_array_equal(other.mean, one.mean)
    np.testing.assert_array_equal(other.covariance, 4 * one.covariance)
    moved = plain.told.baseline.std(axis=0)
    np.testing.assert_allclose(wide.told.baseline.std(axis=0), 2 * moved, rtol=0.02)
    near, far = (plausibility(found).distance for found in (plain, wide))
    assert far == pytest.approx(near / 4)


def test_density_without_a_deviation_keeps_what_the_pins_share(anchor):
    answer = ask(anchor, RATES, "density", paths=256)
    law, pins = answer.law.gaussian(), answer.told.pins
    kept = pins.matrix @ law.covariance @ pins.matrix.T
    for draws in (answer.told.alternative, answer.told.twin):
        np.testing.assert_allclose(np.cov(pins.matrix @ draws.T, ddof=0), kept, atol=1e-3)


def test_density_spreads_few_paths_too(anchor):
    answer = ask(anchor, RATES.with_sd(0.7), "density", paths=5)
    assert answer.told.alternative[:, 1].std() > 0.1


def test_the_twin_of_a_gaussian_path_is_that_of_the_closed_form(anchor):
    answer = ask(anchor, RATES, "hard", paths=20)
    np.testing.assert_allclose(answer.told.twin, answer.told.gaussian, atol=1e-4)


def test_no_condition_is_the_unconditional_draw_with_the_same_seed(anchor):
    answer = ask(anchor, Scenario(), "hard", paths=30)
    plain = anchor.sample(economy(), horizon=4, paths=30, rng=np.random.default_rng(5))
    np.testing.assert_array_equal(answer.alternative.samples, answer.baseline.samples)
    np.testing.assert_allclose(answer.baseline.samples, plain.samples, atol=1e-12)


def test_the_ragged_edge_is_met_and_the_rest_of_it_drawn(anchor):
    panel = economy()
    panel.iloc[-1, 0] = np.nan
    answer = ask(anchor, Scenario(), "hard", panel=panel, paths=400)
    edge = answer.alternative.nowcast
    np.testing.assert_allclose(edge.samples[:, 0, 1], panel["rate"].iloc[-1], atol=1e-9)
    law = answer.law.gaussian().given(answer.bound.facts)
    assert edge.samples[:, 0, 0].mean() == pytest.approx(law.mean[0], abs=0.2)


def test_levels_decide_the_changes_before_them():
    # two series, three steps; the first is pinned in sums, the second free in the last step
    rows = np.zeros((5, 6))
    rows[0, 0] = rows[1, [0, 2]] = rows[2, [0, 2, 4]] = 1
    rows[3, 1] = rows[4, 3] = 1
    values = np.array([1.0, 3.0, 6.0, -1.0, -2.0])
    names = ("a", "b", "c", "d", "e")
    told = Pins(names, names, names, rows, values, np.zeros(5), *np.zeros((2, 5), bool))
    lead, rest = settled(told, 2)
    np.testing.assert_allclose(lead, [1, -1, 2, -2])
    np.testing.assert_allclose(rest.matrix, [[1, 0]])
    np.testing.assert_allclose(rest.value, [3])
    assert len(settled(told.keep(np.array([0, 1, 2])), 2)[0]) == 0


def test_periods_without_a_hole_are_history_from_there_on(anchor):
    panel = economy()
    index = pd.period_range(panel.index[-1] + 1, periods=4, freq="Q")
    table = pd.DataFrame(np.nan, index=index, columns=NAMES)
    table.iloc[:2] = [[0.5, 1.0], [-1.0, 2.0]]
    table.iloc[3, 1] = 1.5
    answer = ask(anchor, Scenario.of(table), "hard", paths=2000)
    assert "from the end of the 2 periods" in answer.diagnostics.method
    assert answer.diagnostics.largest_miss < 1e-9
    assert answer.diagnostics.effective > 1999
    # the law of the rest, asked at the end of the two periods
    later = pd.concat([panel, table.iloc[:2]])
    rest = Scenario.of(table.iloc[2:])
    law = anchor.law(later, 2).gaussian()
    asked = ask(anchor, rest, "hard", panel=later, horizon=2, paths=20)
    truth = law.given(asked.told.pins)
    drawn = answer.told.alternative[:, 4:]
    size = np.sqrt(np.maximum(np.diag(truth.covariance), 0))
    assert (np.abs(drawn.mean(axis=0) - truth.mean) < 4.5 * size / np.sqrt(2000) + 1e-6).all()
    np.testing.assert_allclose(drawn.std(axis=0), size, rtol=0.08, atol=1e-6)
    # a path and its twin share their noise also there
    base = answer.told.baseline[:, 4:]
    assert np.corrcoef(base[:, 0], answer.told.twin[:, 4])[0, 1] > 0.6


def test_density_of_a_gaussian_scenario_is_its_distance(anchor):
    answer = ask(anchor, RATES, "hard", paths=300)
    found = plausibility(answer)
    # the densest path known is the best of a few: the image of zero noise is the very mode here
    centre = answer.told.alternative.mean(axis=0)
    law = answer.law.gaussian()
    apart = centre - law.mean
    exact = -apart @ np.linalg.solve(law.covariance, apart) / 2
    assert found.log_density_ratio == pytest.approx(exact, abs=1e-3)
    assert "exact divergence" in found.log_density_method


def test_density_at_a_ragged_edge_is_among_the_paths_that_meet_it(anchor):
    panel = economy()
    panel.iloc[-1] = [np.nan, panel.iloc[-2, 1] + 6]
    answer = ask(anchor, RATES, "hard", panel=panel, paths=300)
    law = answer.law.gaussian().given(answer.bound.facts)
    apart = answer.told.alternative.mean(axis=0) - law.mean
    exact = -apart @ np.linalg.pinv(law.covariance, hermitian=True) @ apart / 2
    assert plausibility(answer).log_density_ratio == pytest.approx(exact, abs=1e-2)


def pins(value, sd=0.0):
    return Pins(
        ("first",), ("y",), ("1",), np.array([[1.0, 0.0]]), np.array([value]),
        np.array([sd]), np.zeros(1, bool), np.zeros(1, bool),
    )  # fmt: skip


NONE = pins(0.0).keep(np.zeros(0, int))


@pytest.mark.parametrize(("value", "mode"), [(-1.5, "hard"), (-1.0, "soft")])
def test_weights_put_right_what_guidance_gets_wrong(value, mode):
    law, sd = two_regimes(), 0.4 if mode == "soft" else 0.0
    told = DiffusionLaw(Known(law)).draw(
        NONE, pins(value, sd), mode, 3000, np.random.default_rng(0)
    )
    one = torch.ones(1, 1, dtype=torch.float64)
    truth = law.given(
        torch.tensor([[1.0, 0.0]]).double(),
        torch.tensor([value]).double(),
        one * max(sd, 1e-4) ** 2,
    )
    miss = abs(told.alternative[:, 1].mean() - float(truth.mean()[1]))
    guided = abs(told.twin[:, 1].mean() - float(truth.mean()[1]))
    assert miss < 0.12
    assert miss < guided
    spread = float(truth.covariance()[1, 1]) ** 0.5
    assert told.alternative[:, 1].std() == pytest.approx(spread, rel=0.1)


def test_density_spreads_the_pin_as_told_and_conditions_within():
    law = two_regimes()
    told = DiffusionLaw(Known(law)).draw(
        NONE, pins(-0.3, 0.8), "density", 3000, np.random.default_rng(0)
    )
    first, second = told.alternative.T
    assert first.mean() == pytest.approx(-0.3, abs=0.05)
    assert first.std() == pytest.approx(0.8, rel=0.06)
    # Jeffrey's rule: the mean of E[second | first] over the values that were given
    matrix, exact = torch.tensor([[1.0, 0.0]]).double(), 1e-8 * torch.ones(1, 1).double()
    grid = -0.3 + 0.8 * np.linspace(-4, 4, 201)
    weight = np.exp(-(np.linspace(-4, 4, 201) ** 2) / 2)
    given = [float(law.given(matrix, torch.tensor([v]), exact).mean()[1]) for v in grid]
    assert second.mean() == pytest.approx(np.average(given, weights=weight), abs=0.12)


def test_a_collapse_is_warned_of_and_answered_by_the_gaussian(monkeypatch, anchor):
    found = ask(anchor, RATES, "hard", paths=50)
    few = GivenPins.draws

    def collapsed(self, *given):
        return replace(few(self, *given), effective=2.0, ancestors=1)

    monkeypatch.setattr(GivenPins, "draws", collapsed)
    with pytest.warns(ScenarioWarning, match="too few; this is the Gaussian answer"):
        answer = ask(anchor, RATES, "hard", paths=50)
    np.testing.assert_array_equal(answer.told.alternative, found.told.gaussian)
    assert answer.diagnostics.fallback
    assert answer.diagnostics.effective == answer.diagnostics.ancestors == 50  # of what is answered
    by_pin = _by_pin(answer)
    assert set(_shares(answer, by_pin, seed=0)["how"]) == {"closed form"}
    assert answer.diagnostics.largest_miss < 1e-9


def test_a_collapse_of_the_weights_is_answered_before_the_rest_is_drawn(monkeypatch):
    """Six deviations out: no more rungs, no guided draws, and the Gaussian answer as ever."""
    place = Known(two_regimes())
    calls = []
    denoise = Known.denoise

    def counted(self, x, angle):
        calls.append(len(x))
        return denoise(self, x, angle)

    monkeypatch.setattr(Known, "denoise", counted)
    drawn = []
    for least in (least_effective, lambda paths: 0.0):
        calls.clear()
        monkeypatch.setattr("econdiff.diffusion.given_pins.least_effective", least)
        rng = np.random.default_rng(0)
        told = DiffusionLaw(place).draw(NONE, pins(40.0), "hard", 600, rng)
        drawn.append((told, sum(calls)))
    (early, few), (late, many) = drawn
    assert max(early.effective, late.effective) < least_effective(600)
    np.testing.assert_array_equal(early.alternative, late.gaussian)
    np.testing.assert_array_equal(early.baseline, late.baseline)
    assert few < many / 2


def scale_mixture():
    """Two cells of correlation .6 that share one scale: calm, ordinary or, seldom, wild."""
    size = torch.tensor([0.5, 1.0, 4.0], dtype=torch.float64)[:, None, None]
    shape = torch.tensor([[1.0, 0.6], [0.6, 1.0]], dtype=torch.float64)
    weights = torch.tensor([0.7, 0.29, 0.01], dtype=torch.float64)
    return Mixture(weights, torch.zeros(3, 2).double(), size**2 * shape)


def test_pins_far_out_in_heavy_tails_are_answered_by_the_law_itself():
    """Eight deviations out the Gaussian guess collapses; wider guidance gives the exact law."""
    law = scale_mixture()
    told = DiffusionLaw(Known(law)).draw(NONE, pins(7.5), "hard", 600, np.random.default_rng(0))
    assert told.effective > 100
    mean, spread = 0.6 * 7.5, 4.0 * 0.8  # of the wild regime, the only one left
    free = told.alternative[:, 1]
    assert abs(free.mean() - mean) < 4 * spread / np.sqrt(told.effective)
    assert free.std() == pytest.approx(spread, rel=0.15)
    assert told.gaussian[:, 1].std() < spread / 2  # what would have been said


@pytest.mark.parametrize(("value", "wide"), [(2.0, False), (4.0, True)])
def test_improbable_pins_are_guided_widely_from_the_first(monkeypatch, value, wide):
    """There weights may be wrong without a collapse: see `benchmarks/scenario_worlds.py`."""
    widths = []

    def watched(*given, **more):
        widths.append(float(given[5].covariance[0, 0]))
        return twisted(*given, **more)

    monkeypatch.setattr("econdiff.diffusion.given_pins.twisted", watched)
    standing = DiffusionLaw(Known(scale_mixture()))
    free = standing._origin.prior(torch.zeros(2, 2, 1)).covariance[0, 0]
    standing.draw(NONE, pins(value), "hard", 400, np.random.default_rng(0))
    assert (widths[-1] > 1.5 * float(free)) == wide
    assert len(widths) == 1  # nothing was tried in vain


def test_a_gaussian_difference_has_no_noise_left(anchor):
    answer = ask(anchor, RATES, "hard", paths=200)
    law = answer.law.gaussian()
    moved = law.given(answer.told.pins).mean - law.mean
    table = answer.difference()
    np.testing.assert_allclose(table["mean"], answer.cells(moved[None])[0].T.ravel(), atol=2e-3)
    assert table["standard_error"].max() < 2e-3
    draws = answer.told.alternative.std(axis=0).max() / 200**0.5
    assert draws > 0.02  # what it would have been


def test_what_is_pinned_above_the_baseline_differs_from_it_by_that():
    law, relative = two_regimes(), replace(pins(0.5), relative=np.ones(1, bool))
    told = DiffusionLaw(Known(law)).draw(NONE, relative, "hard", 60, np.random.default_rng(0))
    base, after = (steadied(c.draws, c.weights, c.twins, c.centre)[0][0] for c in told.controls)
    assert after - base == pytest.approx(0.5, abs=1e-5)


def test_controls_leave_less_noise_and_say_how_much():
    law, steady, plain, said = two_regimes(), [], [], []
    for seed in range(40):
        told = DiffusionLaw(Known(law)).draw(
            NONE, pins(0.2), "hard", 100, np.random.default_rng(seed)
        )
        base, after = (
            steadied(c.draws[:, 1:], c.weights, c.twins[:, 1:], c.centre[1:]) for c in told.controls
        )
        steady.append((after[0] - base[0])[0])
        said.append(np.hypot(after[1], base[1])[0])
        plain.append(told.alternative[:, 1].mean() - told.baseline[:, 1].mean())
    one = torch.ones(1, 1, dtype=torch.float64)
    given = law.given(torch.tensor([[1.0, 0.0]]).double(), 0.2 * one[0], one * 1e-8)
    truth = float(given.mean()[1] - law.mean()[1])
    assert np.mean(steady) == pytest.approx(truth, abs=0.05)
    assert np.std(steady) == pytest.approx(np.sqrt(np.mean(np.square(said))), rel=0.35)
    assert np.std(steady) < 0.5 * np.std(plain)
