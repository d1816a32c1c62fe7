"""Learning from one panel: what can be learned is, and what was learned is said."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from econdiff.anchor import Anchor
from econdiff.cli import main
from econdiff.commands.models import OURS
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.network import untrained
from econdiff.diffusion.saving import load, save
from econdiff.diffusion.training import Training, train

QUICK = Training(steps=80, rate=3e-3, check=40)


def two_peaks(rng, rows=300):
    """White noise at -.95 or .95, each with a deviation of .3: its entropy is .51 nats below."""
    values = 0.95 * rng.choice([-1, 1], rows) + 0.3 * rng.standard_normal(rows)
    index = pd.period_range("1960Q1", periods=rows, freq="Q")
    return pd.DataFrame({"shock": values}, index=index)


def test_two_peaks_are_learned_from_one_panel_and_the_forecast_says_so(rng):
    panel = two_peaks(rng)
    fitted = Diffusion(weights=None, training=QUICK).fit(panel)
    drawn = fitted.sample(panel, horizon=1, paths=1000, rng=rng)
    between = (np.abs(drawn.samples - drawn.samples.mean()) < 0.3).mean()
    assert between < 0.12  # of the law .02, of a normal as wide .24
    assert drawn.provenance["training"] == fitted.training
    first, last = re.findall(r"\d\.\d{4}", fitted.training)
    assert float(last) < float(first) - 0.2  # nats a cell, of .51 that can be gained


def test_only_the_denoiser_learns_from_one_panel(rng):
    start = untrained(seed=0)
    last = list(
        train(start, two_peaks(rng, rows=120).to_numpy().T, Anchor(), replace(QUICK, steps=5))
    )[-1]
    moved = {
        name.split(".")[0]
        for (name, one), other in zip(
            start.named_parameters(), last.network.parameters(), strict=True
        )
        if not torch.equal(one, other)
    }
    assert moved == {"denoiser"}


def test_the_last_step_is_judged_wherever_it_falls(rng):
    y = two_peaks(rng, rows=120).to_numpy().T
    for steps, judged in ((4, [0, 4]), (6, [0, 5, 6])):
        plan = Training(steps=steps, check=5, horizon=2, origins=4)
        assert [p.step for p in train(untrained(seed=0), y, Anchor(), plan)] == judged


def test_that_nothing_was_learned_is_said_and_survives_the_disk(panel, tmp_path):
    still = Training(steps=1, rate=0.0, origins=4, horizon=2)
    fitted = Diffusion(weights=None, training=still).fit(panel[:80])
    assert fitted.training.startswith("no step beat the start (held out, nats a cell: ")
    save(fitted, tmp_path / "model")
    assert load(tmp_path / "model").training == fitted.training


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"steps": -1}, "steps must be at least 0"),
        ({"steps": 1.5}, "steps must be a whole number, got 1.5"),
        ({"rate": -1.0}, "rate must be 0 or more and finite, got -1.0"),
        ({"rate": np.nan}, "rate must be 0 or more and finite, got nan"),
        ({"check": 0}, "check must be at least 1, got 0"),
        ({"origins": 0}, "origins must be at least 1"),
        ({"horizon": 40}, "training looks 1 to 32 steps ahead, got 40"),
        ({"held_out": 1.0}, "held_out is a share between 0 and 1"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(wrong, why):
    with pytest.raises((TypeError, ValueError), match=why):
        Training(**wrong)


def test_the_anchor_alone_needs_no_more_rows_than_any_model(panel):
    alone = Diffusion(weights=None, training=Training(steps=0))
    fitted = alone.fit(panel[:24])
    drawn = fitted.sample(panel[:24], horizon=4, paths=3, rng=np.random.default_rng(0))
    assert "training" not in drawn.provenance
    assert len(list(alone.steps(panel[:24]))) == 1


def test_the_command_says_what_training_brought(panel, tmp_path, monkeypatch, capsys):
    still = Training(steps=1, rate=0.0, origins=4, horizon=2)
    monkeypatch.setitem(OURS, "scratch", lambda: Diffusion(weights=None, training=still))
    panel[:80].to_csv(tmp_path / "panel.csv", index_label="date")
    asked = ["forecast", str(tmp_path / "panel.csv"), "--model", "scratch", "--origins", "0"]
    told = ["--horizon", "2", "--paths", "5", "--transform", "none"]
    assert main([*asked, *told, "--out", str(tmp_path / "out")]) == 0
    assert "Training on this panel: no step beat the start" in capsys.readouterr().out
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["model"]["training"].startswith("no step beat the start")
