"""What the benchmark commands share: origins, tables, vintages, losses, batches of origins."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import density
import exchange
import hub
import many
import markets
import monthly
import realtime
import scenario_cross
import scenario_laws
import worlds

from econdiff.backtest import backtest, losses, scores
from econdiff.baselines.ar import AR
from econdiff.baselines.climatology import Climatology
from econdiff.diffusion.conditional import DiffusionLaw
from econdiff.diffusion.known_laws import gaussian
from econdiff.diffusion.model import Diffusion
from econdiff.scoring import holm


@pytest.fixture
def panel(rng):
    index = pd.period_range("1990Q1", periods=90, freq="Q")
    shocks = rng.standard_normal((90, 2))
    y = np.zeros((90, 2))
    for t in range(1, 90):
        y[t] = 0.8 * y[t - 1] + shocks[t]
    return pd.DataFrame(y, index=index, columns=["output", "prices"])


class Broken:
    """Fails at one origin."""

    def fit(self, panel):
        if panel.index[-1] == pd.Period("2010Q4", freq="Q"):
            raise ValueError("no")
        return AR().fit(panel)


def run(panel, **models):
    rows = density.origins(panel, "2008Q1", "2012Q2", 1)
    return list(backtest(models, panel, horizon=2, origins=rows, paths=100, seed=0))


def test_the_next_period_of_the_first_and_last_origin_are_the_ends_of_the_stretch(panel):
    rows = density.origins(panel, "2000Q1", "2001Q4", 1)
    assert [str(panel.index[row]) for row in rows] == [
        str(p) for p in pd.period_range("1999Q4", "2001Q3", freq="Q")
    ]
    assert density.origins(panel, "2000Q1", "2001Q4", 4) == rows[::4]
    assert density.origins(panel, "1990Q1", "2012Q2", 1) == list(range(89))


def test_an_origin_at_which_one_model_failed_counts_for_none(panel, capsys):
    trials = run(panel, ar=AR(), broken=Broken())
    kept = density.without_failures(trials)
    assert "FAILED: broken at 1 of 18 origins" in capsys.readouterr().out
    assert len(kept) == 34
    assert "2010Q4" not in {trial.origin for trial in kept}


def test_the_summary_is_geometric_means_of_ratios_to_ar_and_to_the_best_rival():
    cells = pd.MultiIndex.from_product([["a"], [1, 2]], names=["series", "step"])
    table = pd.DataFrame({"own": [1, 4], "ar": [2, 2], "rw": [4, 1]}, index=cells, dtype=float)
    found = density.summary(table, ["ar", "rw"])
    assert found.loc["own", "of AR"] == pytest.approx(1)  # sqrt(1/2 * 2)
    assert found.loc["own", "of best"] == pytest.approx(np.sqrt(0.5 * 4))
    assert found.loc["own", "worst cell"] == 4


def test_the_tests_against_the_best_of_each_cell_are_corrected_over_all_cells(panel):
    trials = run(panel, diffusion=Climatology(), ar=AR(), rw=Climatology(window=8))
    table = density.pivot(scores(trials), "crps")
    best = table[["ar", "rw"]].idxmin(axis=1)
    found = density.verdicts(losses(trials), "diffusion", best)
    assert list(found["best baseline"]) == list(best)
    expected = table["diffusion"] / table[["ar", "rw"]].min(axis=1)
    np.testing.assert_allclose(found["ratio"], expected, atol=1e-3)
    np.testing.assert_allclose(found["p_holm"], holm(found["p_value"].to_numpy()), atol=5e-3)


def test_the_page_names_lost_cells_before_won_ones(panel, capsys):
    density.page(run(panel, diffusion=Climatology(), ar=AR()), (1, 2))
    said = capsys.readouterr().out
    lost, won = said.index("cells that diffusion loses"), said.index("cells that diffusion wins")
    assert lost < won < said.index("CRPS\n")
    assert "energy_path" in said


def test_a_stretch_of_few_origins_is_said_to_be_untested(panel, capsys):
    rows = density.origins(panel, "2008Q1", "2009Q2", 1)
    models = {"diffusion": Climatology(), "ar": AR()}
    trials = list(backtest(models, panel, horizon=2, origins=rows, paths=100, seed=0))
    density.page(trials, (1, 2))
    assert "'untested': 4" in capsys.readouterr().out


def test_a_kept_table_is_made_once_and_again_when_something_changes(tmp_path):
    made = []

    def make():
        made.append(1)
        return pd.DataFrame({"loss": [1.0, 2.0]})

    first = density.kept_frame(tmp_path, "gjr", [AR(), np.arange(3)], make)
    again = density.kept_frame(tmp_path, "gjr", [AR(), np.arange(3)], make)
    pd.testing.assert_frame_equal(first, again)
    assert len(made) == 1
    density.kept_frame(tmp_path, "gjr", [AR(window=40), np.arange(3)], make)
    assert len(made) == 2


# --- vintages


@pytest.fixture
def vintage_file(tmp_path):
    """Levels that grow by 1% a quarter, revised upwards by one point of growth two vintages on."""
    quarters = pd.period_range("1999Q1", "2000Q4", freq="Q")
    table = pd.DataFrame(index=[str(q).replace("Q", ":Q") for q in quarters])
    for vintage in pd.period_range("2000Q1", "2000Q4", freq="Q"):
        level = 100 * 1.01 ** np.arange(len(quarters))
        level = np.where(quarters < vintage, level, np.nan)
        level[quarters >= vintage - 1] *= 1.0 if vintage < quarters[-1] else 1.02
        table[f"X{str(vintage)[2:4]}{str(vintage)[4:]}"] = level
    file = tmp_path / "vintages.xlsx"
    table.to_excel(file)
    return file


def test_a_vintage_ends_in_the_quarter_before_it_and_truth_is_two_quarters_later(vintage_file):
    vintages = realtime.read_vintages(vintage_file, growth=True)
    assert [str(q) for q in vintages] == ["2000Q1", "2000Q2", "2000Q3", "2000Q4"]
    for quarter, column in vintages.items():
        assert column.index[-1] == quarter - 1
        assert column.notna().sum() == len(column) - 1
    truth = realtime.truth_of(vintages)
    assert truth[pd.Period("2000Q2", freq="Q")] == vintages[pd.Period("2000Q4", freq="Q")].iloc[-2]


def survey_and_truth(rng):
    quarters = pd.period_range("1980Q1", "2000Q4", freq="Q")
    means = pd.DataFrame(rng.standard_normal((84, 5)), index=quarters, columns=range(1, 6))
    truth = pd.DataFrame({"GDP": rng.standard_normal(84)}, index=quarters)
    return {"GDP": means}, truth


def test_the_survey_uses_only_errors_that_were_known(rng):
    means, truth = survey_and_truth(rng)
    history = truth.loc[:"1995Q4"]  # the survey of 1996Q1 knows truths up to 1995Q3
    later = truth.copy()
    later.loc["1995Q4":] += 100

    def draw(known):
        model = realtime.Survey(means, known).fit(history)
        return model.sample(history, horizon=5, paths=50, rng=np.random.default_rng(0)).samples

    np.testing.assert_array_equal(draw(truth), draw(later))
    earlier = truth.copy()
    earlier.loc["1995Q3"] += 1000
    assert np.abs(draw(earlier)).max() > 500


def test_the_survey_is_centred_on_its_mean_when_it_has_made_no_errors(rng):
    means, truth = survey_and_truth(rng)
    for step in means["GDP"]:
        means["GDP"][step] = truth["GDP"].shift(-(step - 1)).to_numpy()
    history = truth.loc[:"1995Q4"]
    forecast = realtime.Survey(means, truth).sample(
        history, horizon=5, paths=10, rng=np.random.default_rng(0)
    )
    expected = np.broadcast_to(truth.loc["1996Q1":"1997Q1"].to_numpy(), (10, 5, 1))
    np.testing.assert_allclose(forecast.samples, expected)


# --- losses


def test_quantile_losses_of_certain_draws_are_absolute_errors():
    came = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = exchange.losses(np.broadcast_to(came + 0.5, (50, 2, 2)), came)
    assert found["crps"] == pytest.approx(4 * 0.5)
    assert found["crps_sum"] == pytest.approx(2 * 1.0)
    assert found["size"] == 10
    assert found["coverage90"] == 0


def test_a_stretch_in_which_a_cell_has_no_outcome_is_printed(panel, capsys):
    """The last origin's second step lies beyond the panel."""
    rows = density.origins(panel, "2012Q2", "2012Q2", 1)
    models = {"ar": AR(), "c": Climatology()}
    trials = list(backtest(models, panel, horizon=2, origins=rows, paths=20, seed=0))
    density.page(trials, (1, 2))
    assert "CRPS" in capsys.readouterr().out


def test_the_hub_page_sets_ours_against_either_model_of_the_hub(capsys):
    cell = pd.MultiIndex.from_product([["jobs"], pd.period_range("2001-01", periods=20, freq="M")])
    means = {"diffusion": 0.9, "hub's ARMA": 1.2, "hub's random walk": 1.0}
    losses = pd.concat(
        pd.DataFrame(
            {"target": cell.get_level_values(0), "origin": cell.get_level_values(1),
             "horizon": 1, "model": name, "loss": mean + 0.01 * np.arange(20) % 0.03}
        )
        for name, mean in means.items()
    )  # fmt: skip
    hub.page(losses)
    printed = capsys.readouterr().out
    assert "of ARMA" in printed
    by_model = losses.groupby("model")["loss"].mean()
    assert f"{by_model['diffusion'] / by_model['hub' + chr(39) + 's ARMA']:.3f}" in printed
    assert f"{by_model['diffusion'] / by_model['hub' + chr(39) + 's random walk']:.3f}" in printed


def test_the_hub_loss_is_the_mean_pinball_over_its_levels():
    origin = pd.Period("2000-01", freq="M")
    quantiles = pd.DataFrame([[1.0, 1, 1, 1, 1]], columns=hub.LEVELS)
    quantiles = quantiles.assign(model="m", target="UNRATE", origin=origin, horizon=2)
    truth = pd.DataFrame({"UNRATE": [3.0]}, index=pd.PeriodIndex(["2000-03"], freq="M"))
    found = hub.scored(quantiles, truth)
    assert found["loss"].tolist() == pytest.approx([2 * np.mean(hub.LEVELS)])


def test_a_law_given_by_quantiles_has_the_normal_crps():
    y = 0.7
    closed = y * (2 * norm.cdf(y) - 1) + 2 * norm.pdf(y) - 1 / np.sqrt(np.pi)
    assert markets.exact(norm.ppf(markets.LEVELS), y) == pytest.approx(closed, abs=1e-4)


def test_equally_likely_atoms_have_the_crps_of_their_own_law_not_of_a_sample(rng):
    atoms, y = rng.standard_normal(500), 0.3
    distance = np.abs(atoms[:, None] - atoms).mean()  # over all pairs, an atom with itself too
    closed = np.abs(atoms - y).mean() - distance / 2
    assert markets.exact(markets.at_levels(atoms), y) == pytest.approx(closed, abs=2e-4)


def test_the_log_score_of_the_skewed_t_is_that_of_a_density(rng):
    index = pd.bdate_range("2010-01-01", periods=600)
    past = pd.DataFrame({"return": rng.standard_t(5, 600)}, index=index)
    law = markets.Skewed(past, filtered=False)
    grid = np.linspace(-60, 60, 4001)
    scored = np.array([law.score(past["return"].to_numpy(), y) for y in grid])
    assert np.trapezoid(np.exp(-scored[:, 1]), grid) == pytest.approx(1, abs=2e-3)
    assert grid[scored[:, 0].argmin()] == pytest.approx(grid[scored[:, 1].argmin()], abs=0.3)


# --- many origins at once


def test_a_batch_of_origins_has_the_densities_of_one_at_a_time(rng):
    y = rng.standard_normal((3, 2, 60)).cumsum(axis=-1)
    future = y[..., -1:] + rng.standard_normal((3, 2, 2))
    batch = next(iter(many.drawn(y, 2, 20, rng)))
    found = many.log_densities(batch.at, future)
    index = pd.period_range("2000Q1", periods=60, freq="Q")
    after = pd.period_range(index[-1] + 1, periods=2, freq="Q")
    for k in range(3):
        panel = pd.DataFrame(y[k].T, index, ["a", "b"])
        coming = pd.DataFrame(future[k].T, after, ["a", "b"])
        alone = Diffusion().fit(panel).log_density(panel, coming)
        assert found[k] == pytest.approx(alone, abs=5e-3)
    assert batch.network.shape == batch.anchor.shape == (3, 20, 2, 2)


@pytest.mark.parametrize("name", list(worlds.WORLDS))
def test_worlds_are_seeded_finite_and_of_one_length(name):
    simulate = worlds.WORLDS[name]
    y = simulate(5, np.random.default_rng(0))
    assert y.shape == (5, worlds.BURN + worlds.LENGTH + worlds.HORIZON)
    assert np.isfinite(y).all()
    np.testing.assert_array_equal(y, simulate(5, np.random.default_rng(0)))
    assert np.abs(y - simulate(5, np.random.default_rng(1))).max() > 0


def test_monthly_vintages_hold_what_was_known_and_truth_is_six_months_later(tmp_path):
    """Every value is revised once, upwards by 10%, three months after its month."""
    codes = [*monthly.GROWTH.values(), *monthly.LEVEL.values(), "HOUST"]
    months = pd.period_range("1999-01", "2000-12", freq="M")
    rows = []
    for code in codes:
        for k, month in enumerate(months):
            level = 100 * 1.01**k
            rows.append((code, str(month), str(month + 1), min(str(month + 2), "2000-12"), level))
            rows.append((code, str(month), str(month + 3), "2000-12", 1.1 * level))
    columns = ["series", "obs_month", "vintage_first", "vintage_last", "value"]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame[frame.vintage_first <= frame.vintage_last]
    frame.to_parquet(tmp_path / "vintages.parquet")
    vintages = monthly.read_vintages(tmp_path / "vintages.parquet")
    vintage = pd.Period("2000-06", freq="M")
    assert vintages[vintage].index[-1] == vintage - 1
    assert vintages[vintage].loc["2000-05", "UNR"] == pytest.approx(100 * 1.01**16)
    truth = monthly.truth_of({v: p for v, p in vintages.items() if v >= pd.Period("2000-06", "M")})
    assert truth.loc["2000-05", "UNR"] == pytest.approx(110 * 1.01**16)
    assert truth.index[-1] == pd.Period("2000-06", freq="M")


def test_known_laws_are_conditioned_as_the_scenario_benchmarks_do(rng):
    known = gaussian(torch.zeros(4).double(), torch.eye(4).double() + 0.5)
    pins = scenario_laws.pins_at(np.array([1]), np.array([2.0]), 4)
    law = DiffusionLaw(scenario_laws.place(known, 2, 2))
    told = law.draw(scenario_laws.none(4), pins, "hard", 400, rng)
    np.testing.assert_allclose(told.alternative[:, 1], 2.0)
    np.testing.assert_allclose(told.alternative.mean(axis=0), [2 / 3, 2, 2 / 3, 2 / 3], atol=0.25)
    future = np.arange(99.0)
    rates = scenario_cross._rates(future)
    np.testing.assert_array_equal(rates.matrix @ future, rates.value)
