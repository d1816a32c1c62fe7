"""The simulator and the run: seeded, look-ahead-free, and the same after a kill."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import econdiff.pretrain.__main__ as pretraining
from econdiff.anchor import Anchor
from econdiff.diffusion.network import Size, untrained
from econdiff.diffusion.training import step
from econdiff.diffusion.weights import load_weights
from econdiff.pretrain.__main__ import main
from econdiff.pretrain.calibration import calibrate
from econdiff.pretrain.economies import episodes, simulate, simulated
from econdiff.pretrain.prior import Prior
from econdiff.pretrain.randomness import Randomness
from econdiff.pretrain.run import Pretraining, _rows, pool, run, ship

SMALL = Pretraining(steps=6, size=Size(width=16, inner=8), window=60, rows=16, pool=48)


def test_seed_alone_decides_the_economies():
    one = simulate(5, 2, 80, np.random.default_rng(1))
    assert np.array_equal(one, simulate(5, 2, 80, np.random.default_rng(1)))
    assert not np.array_equal(one, simulate(5, 2, 80, np.random.default_rng(2)))


def test_economies_are_finite_and_every_series_moves():
    y = simulate(400, 3, 150, np.random.default_rng(0))
    assert y.shape == (400, 3, 150)
    assert np.isfinite(y).all()
    assert (y.std(axis=-1) > 0).all()


def test_histories_start_late_have_holes_and_end_known():
    episode = episodes(300, 2, window=100, horizon=8, rng=np.random.default_rng(0))
    known = np.isfinite(episode.history)
    assert known[..., -1].all()
    assert known.sum(-1).min() >= 20
    assert (~known).any()
    assert np.isfinite(episode.future).all()


def test_futures_of_an_economy_share_all_of_its_past_and_part_at_the_origin():
    episode = episodes(40, 2, window=60, horizon=8, rng=np.random.default_rng(0), futures=3)
    assert episode.history.shape == (40, 2, 60)
    assert episode.future.shape == (40, 3, 2, 8)
    whole = Randomness(np.random.default_rng(0), futures=3, parting=8)
    y = simulated(120, 2, 68, whole, Prior()).reshape(40, 3, 2, 68)
    np.testing.assert_array_equal(y[:, :1, :, :60].repeat(3, axis=1), y[..., :60])
    np.testing.assert_array_equal(y[..., 60:], episode.future)
    apart = (y[:, 0, :, 60] != y[:, 1, :, 60]).mean()
    assert apart > 0.9  # a rounded series may land on the same value


def test_futures_scatter_as_those_of_separate_economies_do():
    apart = episodes(3000, 1, window=60, horizon=4, rng=np.random.default_rng(1))
    grouped = episodes(1000, 1, window=60, horizon=4, rng=np.random.default_rng(2), futures=3)

    def change(episode):
        last = np.nan_to_num(episode.history[:, None, :, -1:])
        return np.median(np.abs(episode.future - last), axis=(0, 1, 2))

    np.testing.assert_allclose(change(apart), change(grouped), rtol=0.12)


def test_simulated_volatility_clusters_and_has_fat_tails():
    y = simulate(400, 1, 400, np.random.default_rng(3))
    state = Anchor().estimate(y).filter(y)
    e = state.innovation[:, 0] / state.innovation[:, 0].std(axis=-1, keepdims=True)
    size = np.abs(e) - np.abs(e).mean(-1, keepdims=True)
    clustering = (size[:, 1:] * size[:, :-1]).mean(-1) / (size**2).mean(-1)
    assert np.median(clustering) > 0.05
    assert np.median((e**4).mean(-1)) > 3.3


def test_simulated_markets_move_as_daily_returns_do():
    y = simulate(300, 1, 1000, np.random.default_rng(3), Prior(markets=1.0))[:, 0]
    size = np.abs(y - np.median(y, axis=-1, keepdims=True))

    def follows(past: np.ndarray) -> float:
        pairs = zip(size[:, 1:], past[:, :-1], strict=True)
        return float(np.median([np.corrcoef(now, before)[0, 1] for now, before in pairs]))

    assert 0.05 < follows(size) < 0.25  # loud days follow each other
    assert -0.12 < follows(y) < -0.03  # and falls
    months = np.log(size.reshape(300, 50, 20).mean(-1))
    assert 0.2 < np.median(months.std(-1)) < 0.45  # of stocks .3


def test_a_run_that_was_killed_ends_with_the_same_bits(tmp_path):
    for _ in run(SMALL, tmp_path / "whole", save_every=2):
        pass
    killed = run(SMALL, tmp_path / "killed", save_every=2)
    for k, _ in killed:
        if k == 3:
            killed.close()
            break
    for _ in run(SMALL, tmp_path / "killed", save_every=2):
        pass
    ship(tmp_path / "whole", tmp_path / "whole.safetensors", economies=4)
    card = ship(tmp_path / "killed", tmp_path / "killed.safetensors", economies=4)
    whole = json.loads((tmp_path / "whole.json").read_text())
    assert whole["sha256"] == card["sha256"]
    network = load_weights(tmp_path / "killed.safetensors")
    assert network.size == SMALL.size


def test_the_command_leaves_the_weights_of_the_package_alone(tmp_path, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(pretraining, "run", lambda *_, **__: iter(()))
    monkeypatch.setattr(pretraining, "ship", lambda _, into, **__: asked.append(into) or {})
    for more in ([], ["--out", str(tmp_path / "other.safetensors")]):
        monkeypatch.setattr("sys.argv", ["pretrain", "--folder", str(tmp_path), *more])
        main()
    assert asked == [tmp_path / "weights.safetensors", tmp_path / "other.safetensors"]
    assert "Diffusion(weights=" in capsys.readouterr().out


def test_a_run_goes_on_only_with_its_own_settings(tmp_path):
    for _ in run(SMALL, tmp_path, save_every=2):
        pass
    with pytest.raises(ValueError, match="another draws; give an empty folder"):
        next(run(replace(SMALL, draws=3), tmp_path))
    longer = [k for k, _ in run(replace(SMALL, steps=8), tmp_path)]
    assert longer == [6, 7]


def test_another_run_s_folder_is_refused_in_a_line(monkeypatch, capsys, tmp_path):
    for _ in run(SMALL, tmp_path, save_every=2):
        pass
    monkeypatch.setattr("sys.argv", ["pretrain", "--folder", str(tmp_path)])
    with pytest.raises(SystemExit):
        main()
    assert "of a run with another size, window" in capsys.readouterr().err


def test_a_checkpoint_that_is_damaged_or_further_on_is_refused_in_a_line(
    monkeypatch, capsys, tmp_path
):
    for _ in run(SMALL, tmp_path, save_every=2):
        pass
    with pytest.raises(ValueError, match="has taken 6 steps, more than the 4 asked for"):
        next(run(replace(SMALL, steps=4), tmp_path))
    page = tmp_path / "checkpoint.pt"
    page.write_bytes(page.read_bytes()[:1000])
    monkeypatch.setattr("sys.argv", ["pretrain", "--folder", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "is damaged; remove it" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["--folder {}/file", "--out {}/file/w.safetensors",
                                   "--out {}/card.json", "--out {}/it.safetensors"])  # fmt: skip
def test_where_nothing_can_be_written_is_said_before_training(place, monkeypatch, capsys, tmp_path):
    (tmp_path / "file").write_text("here already")
    (tmp_path / "it.safetensors").mkdir()
    monkeypatch.setattr(pretraining, "run", None)
    options = ["--folder", str(tmp_path / "run"), *place.format(tmp_path).split()]
    monkeypatch.setattr("sys.argv", ["pretrain", *options])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_a_disk_that_fills_is_said_in_a_line(monkeypatch, tmp_path):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pretraining, "run", lambda _, folder, **__: run(SMALL, folder))
    monkeypatch.setattr(type(tmp_path), "write_bytes", full)
    monkeypatch.setattr("sys.argv", ["pretrain", "--folder", str(tmp_path)])
    with pytest.raises(SystemExit, match="No space left on device; say the same again"):
        main()
    assert not list(tmp_path.iterdir())


def test_the_command_prints_the_losses_of_the_last_steps_too(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(pretraining, "run", lambda _, folder, **__: run(SMALL, folder))
    monkeypatch.setattr(pretraining, "ship", lambda *_, **__: {})
    monkeypatch.setattr("sys.argv", ["pretrain", "--folder", str(tmp_path), "--steps", "6"])
    main()
    assert "     6 " in capsys.readouterr().out.splitlines()[0]


@pytest.mark.parametrize("wrong", ["--steps 0", "--workers 0", "--seed -1", "--device abacus"])
def test_wrong_options_are_refused_in_a_line(wrong, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("sys.argv", ["pretrain", "--folder", str(tmp_path), *wrong.split()])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_more_workers_change_nothing_but_the_time(tmp_path):
    for workers in (1, 3):
        found = [x.denoise.item() for _, x in run(SMALL, tmp_path / str(workers), workers=workers)]
        assert len(found) == SMALL.steps
        if workers == 1:
            alone = found
    assert found == alone


def test_every_economy_of_a_pool_is_shown_once():
    shown = [_rows(SMALL, k, 24) for k in range(SMALL.steps_a_pool)]
    assert sorted(torch.cat(shown).tolist()) == list(range(24))
    again = torch.cat([_rows(SMALL, k + SMALL.steps_a_pool, 24) for k in range(3)])
    assert not torch.equal(torch.cat(shown), again)


def test_the_anchor_is_calibrated_where_its_own_law_holds(monkeypatch):
    from econdiff.pretrain import calibration

    def gaussian(economies, series, *, window, horizon, rng):
        y = rng.standard_normal((economies, series, window + horizon))
        for t in range(1, y.shape[-1]):
            y[..., t] += 0.5 * y[..., t - 1]
        return calibration_episode(y[..., :window], y[:, None, :, window:])

    calibration_episode = type(episodes(2, 1, window=30, horizon=2, rng=np.random.default_rng(0)))
    monkeypatch.setattr(calibration, "episodes", gaussian)
    found = calibrate(untrained(SMALL.size, seed=0), economies=200, series=1, steps=(1, 4))
    assert found.coverage50 == pytest.approx((0.5, 0.5), abs=0.1)
    assert found.coverage90 == pytest.approx((0.9, 0.9), abs=0.06)
    assert found.crps_of_anchor == pytest.approx((1, 1), abs=0.01)


def test_training_leaves_torch_s_generator_alone(tmp_path):
    before = torch.random.get_rng_state()
    for _ in run(replace(SMALL, steps=1), tmp_path):
        pass
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_share_of_none_and_of_all_does_what_it_says():
    rng = np.random.default_rng(0)
    calm = Prior(volatility=0.0, level=0.0, shifts=0.0, regimes=0.0, gaussian=1.0, markets=0.0)
    wild = Prior(volatility=2.0, shifts=1.0, regimes=0.0, gaussian=0.0, markets=0.0)
    kurtosis = []
    for prior in (calm, wild):
        y = simulate(300, 1, 300, rng, prior)
        e = Anchor().estimate(y).filter(y).innovation[:, 0, 4:]
        kurtosis.append(np.median((e**4).mean(-1) / (e**2).mean(-1) ** 2))
    assert kurtosis[0] < 3.5 < kurtosis[1]


def test_in_training_the_denoiser_is_at_times_not_told_of_the_history():
    network = untrained(SMALL.size, seed=0)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    rng = torch.Generator().manual_seed(0)
    batch = pool(SMALL, 0).take(torch.arange(6), 8)
    for _ in range(3):
        step(network, optimiser, batch, 0.1, rng, draws=32)
    assert network.untold.abs().sum() > 0
