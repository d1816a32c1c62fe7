"""Attacks on panels that are short, that have holes, or of which a half cannot be fitted."""

import numpy as np
import pandas as pd
import pytest

from econdiff.cli import main
from econdiff.synth import (
    BlockBootstrap,
    DiffusedPanel,
    GaussianPanel,
    PanelLaw,
    Steered,
    SynthError,
    examine,
    read_entities,
    signature,
)
from econdiff.synth.equal_rows import equal_rows
from econdiff.synth.law import FittedLaw
from econdiff.synth.privacy import beside
from econdiff.synth.steered import COPIES, TRIALS


def walks(entities, periods, series, seed=0):
    """Random walks that nobody said anything of."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((entities, periods, series)).cumsum(axis=1)
    quarters = pd.period_range("2000Q1", periods=periods, freq="Q").astype(str)
    frame = pd.DataFrame(values.reshape(-1, series), columns=list("xyz")[:series])
    frame.insert(0, "quarter", np.tile(quarters, entities))
    frame.insert(0, "country", np.repeat([f"c{number}" for number in range(entities)], periods))
    return frame


CHEAP = GaussianPanel(PanelLaw(lags=1, rounds=1))


@pytest.mark.parametrize(("periods", "series"), [(80, 3), (40, 3), (40, 1), (30, 2)])
def test_one_short_history_is_attacked_all_the_same(periods, series):
    panel = read_entities(walks(1, periods, series).drop(columns="country"))
    found = examine(CHEAP, panel, rng=np.random.default_rng(0), splits=2)
    assert 0 <= found.auc_low <= found.auc <= found.auc_high <= 1
    assert found.near == 0


def test_without_complete_records_members_are_not_looked_for_and_the_verdict_says_so(rng):
    frame = walks(5, 40, 2)
    frame.loc[frame.index % 7 == 0, "x"] = np.nan
    panel = read_entities(frame, entity="country")
    found = examine(CHEAP, panel, rng=rng, splits=2)
    assert np.isnan(found.auc)
    assert found.verdict.endswith("was not tested: there are too few complete records")
    assert np.isnan(signature.distance(panel.values, panel.values))


def test_a_half_that_cannot_be_fitted_is_drawn_anew():
    frame = walks(4, 40, 2)
    frame.loc[frame["country"].isin(["c0", "c1"]), "y"] = 1.0  # pegged in two of four
    panel = read_entities(frame, entity="country")
    assert np.isfinite(examine(CHEAP, panel, rng=np.random.default_rng(0), splits=3).auc)
    frame.loc[frame["country"] == "c2", "y"] = 2.0  # a half without c3 is in every split
    pegged = read_entities(frame, entity="country")
    found = examine(CHEAP, pegged, rng=np.random.default_rng(0), splits=2)
    assert "no half of the panel could be fitted ('y' does not move within" in found.verdict


def test_copies_of_every_split_are_added_up_where_members_cannot_be_told():
    frame = walks(5, 40, 2)
    frame.loc[frame.index % 7 == 0, "x"] = np.nan
    panel = read_entities(frame, entity="country")
    one, three = (
        examine(BlockBootstrap(), panel, rng=np.random.default_rng(0), splits=splits)
        for splits in (1, 3)
    )
    assert np.isnan(three.auc)
    assert three.exact > 4 * one.exact > 0  # six fits


@pytest.mark.parametrize(("entities", "judged"), [(7, True), (8, False), (15, False), (16, True)])
def test_a_half_that_would_be_another_generator_is_not_attacked(entities, judged):
    panel = read_entities(walks(entities, 24, 1), entity="country")
    found = examine(CHEAP, panel, rng=np.random.default_rng(0))
    assert np.isfinite(found.auc) == judged
    assert found.records > 0
    if not judged:
        assert "was not tested: that takes 16 entities or more" in found.verdict
        assert np.isfinite(found.ratio_held_out)  # copies are looked for all the same
        others = (BlockBootstrap(), Steered(CHEAP, start="last"))  # alike in halves and the whole
        each = [examine(other, panel, rng=np.random.default_rng(0)) for other in others]
        assert np.isfinite([other.auc for other in each]).all()


def test_halves_are_fitted_from_fewer_simulated_panels():
    less = Steered(DiffusedPanel()).simulating_less().generator
    assert less == DiffusedPanel(PanelLaw(copies=COPIES), trials=TRIALS)
    few = Steered(DiffusedPanel(PanelLaw(copies=3), trials=5))
    assert few.simulating_less() == few
    assert Steered(BlockBootstrap()).simulating_less() == Steered(BlockBootstrap())


def test_no_more_panels_are_simulated_than_told(monkeypatch):
    drawn, simulate = [], FittedLaw.simulate

    def counted(law, panels, *rest):
        drawn.append(panels)
        return simulate(law, panels, *rest)

    monkeypatch.setattr(FittedLaw, "simulate", counted)
    PanelLaw(lags=1, rounds=2, copies=3).fit(read_entities(walks(4, 40, 2), entity="country"))
    assert drawn == [3, 3]


def test_the_command_simulates_less_for_halves_and_can_leave_them_out(
    tmp_path, monkeypatch, capsys
):
    asked = []

    def examined(generator, panel, *, rng, splits):
        asked.append((generator.generator.law.copies, splits))
        raise SynthError("seen enough")

    monkeypatch.setattr("econdiff.commands.synth.examine", examined)
    walks(8, 12, 2).to_csv(tmp_path / "walks.csv", index=False)
    said = ["synth", str(tmp_path / "walks.csv"), "--entity", "country", "--panels", "1"]
    said += ["--generator", "gaussian", "--out", str(tmp_path / "out")]
    assert main(said) == 1
    assert asked == [(COPIES, 5)]
    assert main([*said, "--splits", "0"]) == 0
    assert "not tested: --splits 0 left it out" in capsys.readouterr().out


def test_rows_that_several_entities_have_are_nobodys_and_others_are_met_by_chance():
    counts = np.array(
        [[[0, 1], [0, 0], [7, 1]], [[0, 1], [3, 0], [5, 0]], [[0, 1], [3, 0], [4, 0]]]
    )
    made = np.array([[[0, 1], [0, 1], [3, 0]], [[7, 1], [np.nan, 0], [2, 2]]])[None]
    found, chance = equal_rows(counts, made)
    assert found == 1  # 7, 1
    assert chance == pytest.approx(5 * 2 / 9)  # of nine rows, 3, 0 is that of one other, twice
    assert equal_rows(counts[:1], made)[0] == 3  # of one entity every row stands alone
    assert equal_rows(counts[:2], made, [counts[2:]]) == (1, pytest.approx(5 * 2 / 9))
    assert equal_rows(counts[1:], made, [counts[:1]])[0] == 0


def test_counts_that_meet_by_chance_are_no_copies_and_copied_counts_are(rng):
    counts = rng.poisson(3, size=(60, 30, 2)).astype(float)
    frame = walks(60, 30, 2).assign(x=counts[..., 0].ravel(), y=counts[..., 1].ravel())
    real = read_entities(frame, entity="country", positive=())
    honest = rng.poisson(3, size=(4, 60, 30, 2)).astype(float)
    found = beside(real, honest)
    assert found.exact > 0
    assert found.verdict.startswith("no copies beyond chance found")
    honest[0, ::4] = counts[::4]
    assert beside(real, honest).verdict.startswith("do not release: ")
    assert "records lie on a real one" in beside(real, honest).verdict
