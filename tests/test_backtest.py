"""A backtest's promises: nothing looks ahead, nothing is lost by a kill, nothing crashes it."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import econdiff
from econdiff.backtest import (
    LEVELS,
    Trial,
    backtest,
    compare,
    compare_each,
    confidence_sets,
    losses,
    pits,
    runs,
    scores,
    within,
)
from econdiff.backtest.fingerprint import _meaning, code_fingerprint, fingerprint, imported
from econdiff.baselines.var import VAR
from econdiff.forecast import Forecast
from econdiff.periods import steps_after
from econdiff.scoring import crps, diebold_mariano, energy_score, model_confidence_set
from econdiff.transforms import Difference, Transformed
from econdiff.windows import with_same_edge

PAUSE = float(os.environ.get("SECONDS_A_FIT", "0"))


@dataclass(frozen=True)
class Drift:
    """Gaussian random walk with the drift and the deviation of past changes."""

    widen: float = 1.0

    def fit(self, panel):
        if PAUSE:
            time.sleep(PAUSE)
        changes = panel.diff()
        return FittedDrift(changes.mean().to_numpy(), self.widen * changes.std().to_numpy())


@dataclass(frozen=True, eq=False)
class FittedDrift:
    drift: np.ndarray
    deviation: np.ndarray

    def sample(self, history, *, horizon, paths, rng):
        shape = (paths, horizon, len(history.columns))
        steps = self.drift + self.deviation * rng.normal(size=shape)
        samples = history.ffill().to_numpy(float)[-1] + steps.cumsum(axis=1)
        return Forecast(samples, steps_after(history, horizon), tuple(history.columns))


@dataclass(frozen=True)
class Known(Drift):
    """A drift that says its density is that of independent normals at 0."""

    def fit(self, panel):
        fitted = super().fit(panel)
        return FittedKnown(fitted.drift, fitted.deviation)


@dataclass(frozen=True, eq=False)
class FittedKnown(FittedDrift):
    def log_density(self, history, future):
        return norm.logpdf(future.to_numpy()).sum()


@dataclass(frozen=True)
class Broken:
    """Fails in fit before the row `until`, and draws NaN after it."""

    until: int = 10**9

    def fit(self, panel):
        if len(panel) < self.until:
            raise RuntimeError("singular matrix")
        return FittedDrift(np.full(panel.shape[1], np.nan), np.ones(panel.shape[1]))


MODELS = {"drift": Drift(), "wide": Drift(widen=3.0)}


@pytest.fixture
def walk():
    rng = np.random.default_rng(2)
    index = pd.period_range("2000Q1", periods=80, freq="Q")
    values = rng.normal([0.2, 0.0], [1, 5], size=(80, 2)).cumsum(axis=0)
    return pd.DataFrame(values, index=index, columns=["output", "rate"])


def run(panel, models=MODELS, **options):
    settings = {"horizon": 4, "origins": range(40, 76, 4), "paths": 50, "seed": 1} | options
    return list(backtest(models, panel, **settings))


def assert_same(trials: list[Trial], others: list[Trial]):
    assert [(t.model, t.origin) for t in trials] == [(t.model, t.origin) for t in others]
    pd.testing.assert_frame_equal(scores(trials), scores(others), check_exact=True)
    pd.testing.assert_frame_equal(pits(trials), pits(others), check_exact=True)


# --- trials


def test_a_trial_is_scored_against_the_rows_that_follow_its_origin(walk):
    trial = run(walk, {"drift": Drift()}, origins=["2010Q4"], keep_paths=True)[0]
    future = walk.loc["2011Q1":"2011Q4"].to_numpy()
    assert (trial.model, trial.origin, trial.row) == ("drift", "2010Q4", 43)
    assert trial.periods == ("2011Q1", "2011Q2", "2011Q3", "2011Q4")
    np.testing.assert_array_equal(trial.outcome, future)
    np.testing.assert_array_equal(trial.scores["crps"], crps(trial.samples, future))
    np.testing.assert_array_equal(trial.quantiles, np.quantile(trial.samples, LEVELS, axis=0))
    scale = walk.loc[:"2010Q4"].diff().std().to_numpy()
    path = energy_score((trial.samples / scale).reshape(50, -1), (future / scale).ravel())
    assert trial.joint["energy_path"][-1] == path
    assert trial.joint["energy"].shape == trial.joint["variogram"].shape == (4,)


def test_a_row_number_a_label_and_a_period_are_the_same_origin(walk):
    options = [[43], ["2010Q4"], [pd.Period("2010Q4")], [np.int64(43)]]
    trials = [run(walk, origins=origins) for origins in options]
    for other in trials[1:]:
        assert_same(trials[0], other)


def test_steps_beyond_the_data_are_drawn_and_not_scored(walk):
    trial = run(walk, {"drift": Drift()}, origins=[77])[0]
    assert trial.periods[-1] == "2020Q2"
    assert np.isfinite(trial.mean).all()
    assert np.isnan(trial.scores["crps"]).all(axis=1).tolist() == [False, False, True, True]
    assert np.isnan(trial.joint["energy"]).tolist() == [False, False, True, True]
    table = scores([trial]).set_index(["series", "step", "metric"])["value"]
    assert [table["rate", step, "origins"] for step in (1, 2, 3, 4)] == [1, 1, 0, 0]
    assert np.isnan(table["rate", 3, "crps"])


def test_daily_steps_are_trading_days():
    days = pd.bdate_range("2024-03-18", "2024-04-05").to_period("D")
    panel = pd.DataFrame({"y": np.arange(15.0) ** 1.1}, index=days).drop(pd.Period("2024-03-29"))
    trial = run(panel, {"drift": Drift()}, origins=["2024-03-28"], horizon=2)[0]
    assert trial.periods == ("2024-04-01", "2024-04-02")


def test_nothing_after_the_origin_changes_the_forecast(walk):
    rewritten = walk.copy()
    rewritten.iloc[44:] = 1e6
    for before, after in zip(run(walk, origins=[43]), run(rewritten, origins=[43]), strict=True):
        np.testing.assert_array_equal(before.quantiles, after.quantiles)
        np.testing.assert_array_equal(before.mean, after.mean)
        assert not np.array_equal(before.scores["crps"], after.scores["crps"])


def test_a_model_that_knows_its_density_is_scored_by_it_if_asked(walk):
    models = {"drift": Drift(), "known": Known()}
    assert "log_path" not in scores(run(walk, models))["metric"].unique()
    trials = run(walk, models, origins=[43, 77], densities=True)
    row = scores(trials).query("metric == 'log_path'")
    assert row[["model", "series", "step"]].to_numpy().tolist() == [["known", "all", 4]]
    future = walk.loc["2011Q1":"2011Q4"].to_numpy()
    assert row["value"].tolist() == pytest.approx([-norm.logpdf(future).sum()])
    assert losses(trials, "log_path")["loss"].notna().sum() == 1


def test_a_trial_depends_on_no_other_trial(walk):
    alone = run(walk, {"wide": Drift(widen=3.0)}, origins=[60])
    among = [t for t in run(walk) if t.model == "wide" and t.row == 60]
    assert_same(alone, among)
    assert not np.array_equal(run(walk, seed=2)[0].mean, run(walk, seed=1)[0].mean)


def test_a_fit_is_used_again_until_the_next_is_due(walk):
    often, seldom = run(walk), run(walk, refit_every=3, origins=reversed(range(40, 76, 4)))
    assert [t.fit_seconds > 0 for t in seldom if t.model == "wide"] == [True, False, False] * 3
    assert [t.row for t in seldom if t.model == "wide"] == list(range(40, 76, 4))
    own = [[t.mean for t in trials if t.model == "wide"] for trials in (often, seldom)]
    same = [np.array_equal(a, b) for a, b in zip(*own, strict=True)]
    assert same == [True, False, False] * 3


def test_vintages_are_what_is_known_and_the_panel_is_the_truth(walk):
    known = (walk.loc[:"2010Q4"] + 100).iloc[5:]
    trial = run(walk, origins=["2010Q4"], vintages={"2010Q4": known})[0]
    np.testing.assert_array_equal(trial.outcome, walk.loc["2011Q1":"2011Q4"].to_numpy())
    assert (np.abs(trial.mean - trial.outcome - 100) < 40).all()
    with pytest.raises(ValueError, match=r"no vintage for the origins \['2011Q1'\]"):
        run(walk, origins=["2010Q4", "2011Q1"], vintages={"2010Q4": known})
    with pytest.raises(ValueError, match="must end there"):
        run(walk, origins=["2010Q4"], vintages={"2010Q4": known.iloc[:-1]})


def test_a_vintage_may_end_in_a_ragged_edge(walk):
    edge = walk.copy()
    edge.iloc[-2:, 0] = np.nan
    vintages = with_same_edge(edge, ["2010Q4", "2011Q4"])
    options = {"origins": ["2010Q4", "2011Q4"], "vintages": vintages, "keep_paths": True}
    trials = run(
        walk, {"var": Transformed(VAR(), {name: Difference() for name in walk})}, **options
    )
    assert [trial.error for trial in trials] == ["", ""]
    trial, future = trials[0], walk.loc["2011Q1":"2011Q4"].to_numpy()
    assert (trial.origin, trial.row) == ("2010Q4", 43)
    assert trial.periods == ("2011Q1", "2011Q2", "2011Q3", "2011Q4")
    np.testing.assert_allclose(trial.samples[:, :2, 1] - future[:2, 1], 0, atol=1e-8)
    told = np.zeros((4, 2), bool)
    told[:2, 1] = True
    for values in (trial.outcome, trial.pit, *trial.scores.values()):
        np.testing.assert_array_equal(np.isnan(values), told)
    np.testing.assert_array_equal(trial.scores["crps"][~told], crps(trial.samples, future)[~told])
    assert np.isfinite(trial.joint["energy"]).all()
    assert np.isfinite(trial.joint["energy_path"][-1])
    table = scores(trials).set_index(["series", "step", "metric"])["value"]
    assert table["rate", 1, "origins"] == 0
    assert table["rate", 3, "origins"] == table["output", 1, "origins"] == 2


def test_edges_that_cannot_be_are_refused(walk):
    known = walk.loc[:"2011Q4"].copy()
    with pytest.raises(ValueError, match="fewer than 4 rows after it"):
        run(walk, origins=["2010Q4"], vintages={"2010Q4": known})
    with pytest.raises(ValueError, match="2010Q4 knows 2011Q1 whole; that is its origin"):
        run(walk, origins=["2010Q4"], vintages={"2010Q4": known.loc[:"2011Q2"]})


def test_a_model_that_leaves_the_edge_out_says_so(walk):
    known = walk.loc[:"2011Q1"].copy()
    known.iloc[-1, 0] = np.nan
    trial = run(walk, {"drift": Drift()}, origins=["2010Q4"], vintages={"2010Q4": known})[0]
    assert "drew (50, 3, 2), [path, step, series] = (50, 4, 2) asked" in trial.error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"origins": [80]}, "no row 80 in this panel; its rows are 0 to 79"),
        ({"origins": ["2031Q1"]}, "no row 2031Q1"),
        ({"origins": [40, "2010Q1"]}, "named twice"),
        ({"paths": 1}, "paths must be at least 2, got 1"),
        ({"horizon": 0}, "horizon must be at least 1"),
        ({"origins": "2010Q4"}, r"say origins=\['2010Q4'\]"),
    ],
)
def test_what_cannot_be_run_is_refused_at_once(walk, options, message):
    settings = {"horizon": 4, "origins": [40], "paths": 50, "seed": 1} | options
    with pytest.raises(ValueError, match=message):
        backtest(MODELS, walk, **settings)


def test_rows_that_run_backwards_are_no_history(walk):
    with pytest.raises(ValueError, match="not in the order of time"):
        run(walk[::-1], origins=[60])
    with pytest.raises(ValueError, match="0 is none"):
        run(walk.set_axis([0, 1], axis=1), origins=[60])


@pytest.mark.parametrize("models", [[Drift()], Drift(), {"drift": Drift}, {"drift": "drift"}])
def test_what_is_no_model_is_refused_before_any_origin(walk, models):
    with pytest.raises(TypeError, match=r"say models=|as in AR\(\)"):
        backtest(models, walk, horizon=4, origins=[40], paths=50, seed=1)


def test_a_trial_is_one_line_in_a_notebook(walk):
    kept = run(walk, {"drift": Drift(), "broken": Broken(until=60)}, origins=[43])
    assert repr(kept[0]) == "Trial: drift from 2010Q4, 2011Q1 to 2011Q4, output, rate"
    assert repr(kept[1]).endswith(", failed: fit: RuntimeError: singular matrix")


# --- failures


def test_a_failed_model_is_a_named_row_and_the_others_go_on(walk):
    trials = run(walk, {"drift": Drift(), "broken": Broken(until=60)})
    table = runs(trials).set_index("model")
    assert table["failed"].tolist() == [0, 9]
    assert table.loc["broken", "error"] == "2010Q1: fit: RuntimeError: singular matrix"
    late = next(t for t in trials if t.model == "broken" and t.row == 60)
    assert "400 of 400 drawn values are not finite, in the series ['output', 'rate']" in late.error
    broken = scores(trials).query("model == 'broken' and metric == 'crps'")
    assert len(broken) == 8
    assert broken["value"].isna().all()
    verdicts = compare(losses(trials), "drift", rng=np.random.default_rng(0))
    assert verdicts["verdict"].unique().tolist() == ["failed"]


# --- processes and kept trials


def test_two_workers_give_what_one_gives(walk, tmp_path):
    models = {**MODELS, "broken": Broken()}
    alone = run(walk, models)
    assert_same(alone, run(walk, models, workers=2, folder=tmp_path))
    assert_same(alone, run(walk, models, folder=tmp_path))


def test_a_model_that_cannot_travel_is_named(walk):
    @dataclass(frozen=True)
    class Local(Drift):
        pass

    with pytest.raises(TypeError, match="'local' cannot be sent to a worker"):
        run(walk, {"local": Local()}, workers=2)


KILLED = """
import pandas as pd, pathlib, sys
sys.path.insert(0, sys.argv[1])
from test_backtest import MODELS, run
import econdiff.backtest.run
if __name__ == "__main__":
    econdiff.backtest.run.code_fingerprint = lambda: "the same code"
    folder = pathlib.Path(sys.argv[2])
    panel = pd.read_parquet(folder / "panel.parquet")
    run(panel, MODELS, folder=folder / "trials", workers=int(sys.argv[3]))
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_backtest_killed_in_the_middle_goes_on_where_it_was(walk, tmp_path, monkeypatch, workers):
    monkeypatch.setattr("econdiff.backtest.run.code_fingerprint", lambda: "the same code")
    walk.to_parquet(tmp_path / "panel.parquet")
    (tmp_path / "script.py").write_text(KILLED)
    here = str(Path(__file__).parent)
    command = [sys.executable, str(tmp_path / "script.py"), here, str(tmp_path), str(workers)]
    child = subprocess.Popen(command, env={**os.environ, "SECONDS_A_FIT": "0.3"})
    try:
        deadline = time.monotonic() + 240
        while len(list(tmp_path.glob("trials/*.npz"))) < 3:
            assert child.poll() is None, "the child ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    time.sleep(0.5)  # workers see that their parent is gone
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("trials/*.npz")}
    assert 3 <= len(before) < 18
    resumed = run(walk, folder=tmp_path / "trials")
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("trials/*.npz")}
    assert len(after) == 18
    assert before.items() <= after.items()  # what was finished was not run again
    assert_same(resumed, run(walk))


INTERRUPTED = """
import pathlib, sys, time
from econdiff.backtest.workers import share

if __name__ == "__main__":
    try:
        list(share(abs, [1], 2))
    except KeyboardInterrupt:
        sys.exit("stopped")
else:
    pathlib.Path(sys.argv[1]).touch()
    time.sleep(1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no process groups there")
def test_workers_that_are_still_importing_end_without_a_word_at_ctrl_c(tmp_path):
    script, begun = tmp_path / "script.py", tmp_path / "begun"
    script.write_text(INTERRUPTED)
    command = [sys.executable, str(script), str(begun)]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 120
    while not begun.exists():
        assert child.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGINT)
    assert child.communicate(timeout=50)[1] == "stopped\n"


def test_a_kept_trial_comes_back_as_it_was_and_a_damaged_one_is_run_again(walk, tmp_path):
    first = run(walk, folder=tmp_path, keep_paths=True)
    again = run(walk, folder=tmp_path, keep_paths=True)
    assert [t.fit_seconds for t in first] == [t.fit_seconds for t in again]
    np.testing.assert_array_equal(first[0].samples, again[0].samples)
    assert_same(first, again)
    damaged = sorted(tmp_path.iterdir())[0]
    damaged.write_bytes(damaged.read_bytes()[:500])
    assert_same(first, run(walk, folder=tmp_path, keep_paths=True))


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"paths": 51},
        {"horizon": 3},
        {"models": {"drift": Drift(widen=1.1)}},
        {"models": {"renamed": Drift()}},
        {"scale": {"output": 1.0, "rate": 1.0}},
        {"keep_paths": True},
        {"densities": True},
    ],
)
def test_a_changed_setting_is_a_new_trial(walk, tmp_path, change):
    options = {"models": {"drift": Drift()}, "origins": [60], "folder": tmp_path}
    run(walk, **options)
    run(walk, **options | change)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(("row", "files"), [(60, 2), (64, 2), (59, 2), (65, 1)])
def test_changed_data_are_a_new_trial_only_where_the_trial_saw_them(walk, tmp_path, row, files):
    options = {"models": {"drift": Drift()}, "origins": [60], "folder": tmp_path}
    run(walk, **options)
    changed = walk.copy()
    changed.iloc[row, 0] += 1
    run(changed, **options)
    assert len(list(tmp_path.iterdir())) == files


def test_what_failed_is_tried_again(walk, tmp_path):
    assert run(walk, {"broken": Broken()}, folder=tmp_path)[0].error
    assert list(tmp_path.iterdir()) == []


def test_a_fingerprint_sees_settings_arrays_and_files(tmp_path):
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"one")
    seen = {fingerprint(weights)}
    weights.write_bytes(b"two")
    values = [weights, 1, 1.0, "1", np.zeros(2), np.zeros((2, 1)), pd.Series([1.0]), Drift()]
    seen |= {fingerprint(value) for value in [*values, Drift(widen=2.0), {"a": Drift()}]}
    assert len(seen) == len(values) + 3
    assert fingerprint(Drift()) == fingerprint(Drift())
    with pytest.raises(TypeError, match="cannot be told from another"):
        fingerprint(lambda: 0)


def test_the_code_of_a_model_is_what_it_imports_and_no_other_model():
    def names(page):
        return {path.name for path in imported(Path(econdiff.__file__).parent / page)}

    below = {"forecast.py", "periods.py", "arguments.py"}
    assert {"ar.py", "gaussian.py", "history.py"} | below == names("baselines/ar.py")
    assert {"network.py", "sampler.py", "regression.py"} <= names("diffusion/model.py")
    assert {"trial.py", "marginal.py", "windows.py"} <= names("backtest/run.py")
    measures = {"measures.py", "distribution.py", "portfolio.py", "prices.py"}
    assert {"var_es.py", *measures} <= names("backtest/var_es.py")
    assert not measures & names("diffusion/model.py")


def test_another_version_of_a_library_is_other_code(monkeypatch):
    code_fingerprint.cache_clear()
    other = Path(econdiff.__file__).parent / "backtest" / "var_es.py"
    seen = {code_fingerprint(), code_fingerprint(other)}
    code_fingerprint.cache_clear()
    monkeypatch.setattr("econdiff.backtest.fingerprint.version", lambda name: "0")
    seen.add(code_fingerprint())
    code_fingerprint.cache_clear()
    assert len(seen) == 3


def test_comments_and_docstrings_are_no_part_of_what_code_does(tmp_path):
    plain, told, other = (tmp_path / name for name in ("plain.py", "told.py", "other.py"))
    plain.write_text("def double(x):\n    return 2 * x\n")
    told.write_text('"""A page."""\n\n\ndef double(x):\n    """Twice."""\n    return 2 * x  # x\n')
    other.write_text("def double(x):\n    return 3 * x\n")
    assert _meaning(plain) == _meaning(told) != _meaning(other)


def test_other_code_is_another_trial(walk, tmp_path, monkeypatch):
    options = {"models": {"drift": Drift()}, "origins": [60], "folder": tmp_path}
    run(walk, **options)
    monkeypatch.setattr("econdiff.backtest.fingerprint._code", lambda file: "other")
    run(walk, **options)
    assert len(list(tmp_path.iterdir())) == 2


def test_other_weights_are_another_trial(tmp_path, monkeypatch):
    (tmp_path / "pretrain").mkdir()
    monkeypatch.setattr("econdiff.backtest.fingerprint.ROOT", tmp_path)
    seen = set()
    for content in (b"one", b"two"):
        (tmp_path / "pretrain" / "weights.safetensors").write_bytes(content)
        seen.add(fingerprint({"weights": "shipped"}))
    assert len(seen) == 2


# --- tables


def test_mean_scores_by_hand(walk):
    trials = run(walk, {"drift": Drift()})
    table = scores(trials).set_index(["series", "step", "metric"])["value"]
    errors = np.array([t.mean[1, 0] - t.outcome[1, 0] for t in trials])
    assert table["output", 2, "rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)))
    low, high = LEVELS.index(0.1), LEVELS.index(0.9)
    inside = [t.quantiles[low, 1, 0] <= t.outcome[1, 0] <= t.quantiles[high, 1, 0] for t in trials]
    assert table["output", 2, "coverage80"] == pytest.approx(np.mean(inside))
    median = [abs(t.quantiles[LEVELS.index(0.5), 1, 0] - t.outcome[1, 0]) / 2 for t in trials]
    assert table["output", 2, "pinball50"] == pytest.approx(np.mean(median))
    assert table["output", 2, "origins"] == len(trials) == 9
    assert table["all", 4, "energy_path"] == np.mean([t.joint["energy_path"][-1] for t in trials])
    assert ("all", 1, "energy_path") not in table.index


def test_losses_have_a_row_an_origin(walk):
    trials = run(walk)
    table = losses(trials, "pinball90")
    assert list(table.columns) == ["model", "origin", "row", "period", "series", "step", "loss"]
    assert len(table) == 2 * 9 * 2 * 4
    cell = table.query("model == 'wide' and origin == '2011Q1' and series == 'rate' and step == 3")
    assert cell["period"].tolist() == ["2011Q4"]
    whole = losses(trials, "energy_path")
    assert whole[["series", "step"]].drop_duplicates().to_numpy().tolist() == [["all", 4]]
    with pytest.raises(ValueError, match="no trial has a score 'crp'"):
        losses(trials, "crp")


def test_a_span_of_targets_leaves_out_the_rest(walk):
    trials = within(run(walk), "2012Q1", "2013Q4")
    spans = losses(trials).dropna()["period"]
    assert (spans.min(), spans.max()) == ("2012Q1", "2013Q4")
    assert pits(trials)["period"].between("2012Q1", "2013Q4").all()
    counts = scores(trials).query("metric == 'origins' and model == 'wide'")["value"]
    assert counts.tolist() == [2.0] * 8


# --- verdicts


def toy_losses(columns: dict[str, np.ndarray], step: int = 1, series: str = "y"):
    frames = [
        pd.DataFrame({"row": np.arange(len(values)), "loss": values}).assign(
            model=model, series=series, step=step
        )
        for model, values in columns.items()
    ]
    return pd.concat(frames, ignore_index=True)


def test_verdicts_know_better_worse_and_comparable():
    rng = np.random.default_rng(8)
    common = rng.gamma(2, 1, 120)
    noise = lambda: rng.normal(0, 0.3, 120)  # noqa: E731
    table = toy_losses(
        {
            "base": common + noise(),
            "good": 0.7 * common + noise(),
            "bad": 1.4 * common + noise(),
        }
    )
    result = compare(table, "base", rng=np.random.default_rng(0)).set_index("model")
    assert result["verdict"].to_dict() == {"good": "better", "bad": "worse"}
    assert result["in_mcs"].to_dict() == {"good": True, "bad": False}
    means = table.groupby("model")["loss"].mean()
    assert result.loc["good", "ratio"] == pytest.approx(means["good"] / means["base"])
    assert result.loc["good", "low"] < result.loc["good", "ratio"] < result.loc["good", "high"] < 1
    assert 1 < result.loc["bad", "low"] < result.loc["bad", "ratio"]


@pytest.mark.parametrize(
    ("origins", "good", "bad"), [(7, *["untested"] * 2), (8, "better", "worse")]
)
def test_neither_better_nor_worse_is_said_under_eight_origins(origins, good, bad):
    noise = np.random.default_rng(8).normal(0, 0.01, (3, origins))
    table = toy_losses({"base": 1 + noise[0], "good": 0.5 + noise[1], "bad": 2 + noise[2]})
    result = compare(table, "base", rng=np.random.default_rng(0)).set_index("model")
    assert (result["p_value"] < 0.001).all()
    assert result["verdict"].to_dict() == {"good": good, "bad": bad}
    assert result["in_mcs"].isna().all() == (origins < 8)


def test_cells_whose_outcomes_overlap_too_much_for_the_test_are_untested_and_not_counted():
    rng = np.random.default_rng(9)
    near, far = ({"base": rng.gamma(2, 1, 12), "model": rng.gamma(2, 1, 12)} for _ in range(2))
    table = pd.concat([toy_losses(near), toy_losses(far, step=12)])
    result = compare(table, "base", rng=np.random.default_rng(0))
    assert result["verdict"].tolist() == ["comparable", "untested"]
    assert result["p_holm"][0] == result["p_value"][0]


def test_a_model_that_mostly_failed_takes_better_and_worse_from_no_other():
    noise = np.random.default_rng(8).normal(0, 0.1, (4, 40))
    noise[3, 5:] = np.nan
    names = ("base", "good", "bad", "failing")
    table = toy_losses(dict(zip(names, np.array([[1], [0.5], [2], [1]]) + noise, strict=True)))
    result = compare(table, "base", rng=np.random.default_rng(0)).set_index("model")
    assert result["verdict"].to_dict() == {"good": "better", "bad": "worse", "failing": "untested"}


def test_models_that_are_equal_are_called_comparable():
    rng = np.random.default_rng(8)
    words = []
    for _ in range(40):
        table = toy_losses({name: rng.gamma(2, 1, 100) for name in ("base", "twin")})
        words += compare(table, "base", rng=rng, draws=100)["verdict"].tolist()
    assert words.count("comparable") >= 33  # 36 are expected of tests at 10%


def test_a_model_beaten_by_a_third_is_not_called_better():
    rng = np.random.default_rng(8)
    common = rng.gamma(2, 1, 120)
    noise = lambda: rng.normal(0, 0.3, 120)  # noqa: E731
    table = toy_losses(
        {"base": common + noise(), "good": 0.8 * common + noise(), "best": 0.4 * common + noise()}
    )
    result = compare(table, "base", rng=np.random.default_rng(0)).set_index("model")
    assert result.loc["good", "p_holm"] < 0.10
    assert result["verdict"].to_dict() == {"good": "comparable", "best": "better"}


def test_holm_counts_the_cells():
    rng = np.random.default_rng(9)
    draw = lambda: {"base": rng.gamma(2, 1, 60), "model": rng.gamma(2, 1, 60)}  # noqa: E731
    table = pd.concat([toy_losses(draw(), series=name) for name in "abcde"])
    result = compare(table, "base", rng=np.random.default_rng(0))
    assert result["p_holm"].min() == pytest.approx(min(5 * result["p_value"].min(), 1))
    assert (result["verdict"] == "comparable").all()


def test_overlap_is_counted_in_the_spacing_of_the_origins():
    rng = np.random.default_rng(10)
    own, base = rng.normal(size=(2, 90)) ** 2
    table = toy_losses({"base": base, "model": own}, step=8)
    dense = compare(table, "base", rng=np.random.default_rng(0))
    sparse = compare(table.assign(row=4 * table["row"]), "base", rng=np.random.default_rng(0))
    assert dense["p_value"][0] == diebold_mariano(own, base, horizon=8).p_value
    assert sparse["p_value"][0] == diebold_mariano(own, base, horizon=2).p_value


def test_tests_use_only_origins_that_both_models_have():
    rng = np.random.default_rng(11)
    own, base = rng.normal(size=(2, 60)) ** 2
    own[:20] = np.nan
    result = compare(toy_losses({"base": base, "model": own}), "base", rng=rng)
    assert result["origins"].tolist() == [40]
    assert result["ratio"][0] == pytest.approx(own[20:].mean() / base[20:].mean())
    with pytest.raises(ValueError, match="'base' alone"):
        compare(toy_losses({"base": base}), "base", rng=rng)
    with pytest.raises(ValueError, match="no losses of the reference 'ar'"):
        compare(toy_losses({"base": base}), "ar", rng=rng)


def test_each_model_in_turn_is_the_reference_of_the_same_confidence_sets(monkeypatch):
    rng = np.random.default_rng(12)
    table = toy_losses({name: rng.gamma(2, 1, 40) for name in ("a", "b", "c")})
    alone = [compare(table, name, rng=np.random.default_rng(0)) for name in "abc"]
    formed = []
    monkeypatch.setattr(
        "econdiff.backtest.verdicts.model_confidence_set",
        lambda *a, **k: formed.append(1) or model_confidence_set(*a, **k),
    )
    together = list(compare_each(table, rng=np.random.default_rng(0)))
    pd.testing.assert_frame_equal(pd.concat(together), pd.concat(alone), check_exact=True)
    assert len(formed) == 1  # of the one cell: they are most of the time that verdicts take


def test_the_confidence_set_names_every_model_of_every_cell(walk):
    table = confidence_sets(losses(run(walk)), rng=np.random.default_rng(0))
    assert len(table) == 2 * 2 * 4
    assert table.groupby(["series", "step"])["mcs_p"].max().eq(1).all()


def test_a_right_model_is_calibrated_and_scores_as_theory_says():
    rng = np.random.default_rng(12)
    index = pd.period_range("1900Q1", periods=400, freq="Q")
    panel = pd.DataFrame({"y": rng.normal(size=400).cumsum()}, index=index)
    trials = run(panel, origins=range(100, 398), paths=100, horizon=1)
    table = scores(trials).set_index(["model", "metric"])["value"]
    assert table["drift", "crps"] == pytest.approx(1 / np.sqrt(np.pi), rel=0.1)
    assert table["drift", "log_kernel"] == pytest.approx(norm.entropy(), abs=0.1)
    assert table["drift", "coverage80"] == pytest.approx(0.8, abs=0.06)
    assert table["drift", "pit_p"] > 0.05
    assert table["wide", "pit_p"] < 0.001
    verdict = compare(losses(trials), "drift", rng=rng)
    assert verdict["verdict"].tolist() == ["worse"]
