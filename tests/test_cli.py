"""The command, end to end, on small panels with fast models."""

import errno
import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import econdiff
from econdiff.cli import _bar, command_line, main
from econdiff.commands import past
from econdiff.commands.errors import UsageError
from econdiff.commands.folder import whole
from econdiff.diffusion.weights import shipped
from econdiff.forecast import Forecast, Forecaster, Model

FORECAST_FILES = {"paths.parquet", "quantiles.csv", "fan.png", "fan.svg", "report.html"}


def write_csv(folder):
    """A quarterly panel as a user's file: `quarter, growth, <script>cpi</script>`."""
    shocks = np.random.default_rng(0).normal(size=(200, 2))
    quarters = pd.period_range("1975Q1", periods=200, freq="Q").astype(str)
    values = pd.DataFrame(shocks, index=pd.Index(quarters, name="quarter"))
    values.set_axis(["growth", "<script>cpi</script>"], axis="columns").to_csv(folder / "panel.csv")
    return folder / "panel.csv"


@pytest.fixture
def csv(tmp_path):
    return write_csv(tmp_path)


def run(*words, capsys):
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def forecast(csv, out, *more, capsys):
    words = ["forecast", csv, "--horizon", 3, "--model", "ar", "--paths", 40, "--out", out]
    return run(*words, *more, capsys=capsys)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a forecast that was compared at three past origins; not to be changed."""
    folder = tmp_path_factory.mktemp("user")
    words = ["--horizon", "3", "--model", "ar", "--paths", "40", "--against", "rw"]
    words += ["--origins", "3", "--quiet", "--out", str(folder / "made")]
    assert main(["forecast", str(write_csv(folder)), *words]) == 0
    return folder / "made"


def test_a_forecast_writes_every_file_that_it_promises(made):
    assert {file.name for file in made.iterdir()} >= FORECAST_FILES | {"manifest.json"}
    paths = pd.read_parquet(made / "paths.parquet")
    assert list(paths.columns) == ["path", "period", "series", "value"]
    assert len(paths) == 40 * 3 * 2
    assert list(paths["period"].unique()) == ["2025Q1", "2025Q2", "2025Q3"]
    quantiles = pd.read_csv(made / "quantiles.csv")
    levels = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]
    assert list(quantiles.columns) == ["series", "period", "kind", "mean", *levels]
    growth = paths[(paths["series"] == "growth") & (paths["period"] == quantiles["period"][0])]
    assert quantiles["q05"][0] == pytest.approx(np.quantile(growth["value"], 0.05))


def test_the_manifest_tells_what_was_run_and_no_folder_of_the_user(made):
    text = (made / "manifest.json").read_text()
    manifest = json.loads(text)
    assert manifest["settings"]["seed"] == 0
    assert manifest["data"]["name"] == "panel.csv"
    assert manifest["data"]["last"] == "2024Q4"
    assert len(manifest["data"]["sha256"]) == 64
    assert {"econdiff", "python", "numpy", "torch"} <= manifest["versions"].keys()
    assert manifest["command"].startswith("econdiff forecast panel.csv --horizon 3 --model ar")
    assert str(made.parent) not in text


def test_names_in_the_report_are_escaped_and_the_past_is_in_it(made):
    html = (made / "report.html").read_text()
    assert "<script" not in html
    assert "&lt;script&gt;cpi" in html
    assert "At 3 past origins" in html
    assert "over rw" in html


def test_the_same_seed_gives_the_same_digits_and_another_does_not(csv, tmp_path, capsys):
    for name, seed in zip("abc", (1, 1, 2), strict=True):
        assert forecast(csv, tmp_path / name, "--origins", 0, "--seed", seed, capsys=capsys)[0] == 0
    a, b, c = (pd.read_parquet(tmp_path / name / "paths.parquet")["value"] for name in "abc")
    assert a.equals(b)
    assert not a.equals(c)


def test_the_report_is_made_again_from_its_files_to_the_byte(made, capsys):
    before = (made / "report.html").read_bytes()
    (made / "report.html").unlink()
    assert run("report", made, capsys=capsys)[0] == 0
    assert (made / "report.html").read_bytes() == before


def test_what_is_not_published_yet_is_in_the_files_of_a_forecast(csv, tmp_path, capsys):
    panel = pd.read_csv(csv)
    panel.loc[[198, 199], "growth"] = np.nan
    panel.to_csv(csv, index=False)
    out = tmp_path / "late"
    code, said, _ = forecast(csv, out, "--origins", 0, capsys=capsys)
    assert code == 0
    assert [line.split()[:3] for line in said.splitlines()[1:3]] == [
        ["growth", "2024Q3", "nowcast"],
        ["growth", "2024Q4", "nowcast"],
    ]
    table, draws = pd.read_csv(out / "quantiles.csv"), pd.read_parquet(out / "nowcast.parquet")
    assert table["kind"].tolist() == ["nowcast"] * 2 + ["forecast"] * 6
    assert table["period"][:3].tolist() == ["2024Q3", "2024Q4", "2025Q1"]
    growth = draws[(draws["series"] == "growth") & (draws["period"] == "2024Q4")]
    assert table["q05"][1] == pytest.approx(np.quantile(growth["value"], 0.05))
    known = draws[(draws["series"] != "growth") & (draws["period"] == "2024Q4")]
    np.testing.assert_allclose(known["value"], panel.iloc[-1, 2])
    before = (out / "report.html").read_bytes()
    assert run("report", out, capsys=capsys)[0] == 0
    assert (out / "report.html").read_bytes() == before


def test_a_backtest_scores_models_against_each_other(csv, tmp_path, capsys):
    out = tmp_path / "b"
    words = ["backtest", csv, "--horizon", 2, "--models", "ar,rw", "--origins", 4, "--out", out]
    code, said, _ = run(*words, "--paths", 40, "--json", capsys=capsys)
    assert code == 0
    facts = json.loads(said)
    assert facts["against"][0]["against"] == "rw"
    scores = pd.read_csv(out / "scores.csv")
    assert list(scores.columns) == ["model", "series", "step", "metric", "value"]
    assert set(scores["model"]) == {"ar", "rw"}
    tests = pd.read_csv(out / "tests.csv")
    assert {"ratio", "p_value", "verdict"} <= set(tests.columns)
    assert {"scores.png", "pit.png", "report.html", "manifest.json"} <= set(facts["files"])
    before = (out / "report.html").read_bytes()
    assert run("report", out, capsys=capsys)[0] == 0
    assert (out / "report.html").read_bytes() == before


def test_a_backtest_in_which_every_other_model_failed_says_so(csv, tmp_path, capsys):
    out = tmp_path / "failed"
    words = ["backtest", csv, "--horizon", 2, "--models", "ar,range-volatility", "--origins", 2]
    code, _, _ = run(*words, "--paths", 20, "--out", out, capsys=capsys)
    assert code == 0
    assert "range-volatility failed at 2 of 2 origins" in (out / "report.html").read_text()
    assert not (out / "scores.png").exists()


def test_json_is_one_object_and_quiet_is_silent(csv, tmp_path, capsys):
    code, said, heard = forecast(csv, tmp_path / "j", "--origins", 0, "--json", capsys=capsys)
    assert code == 0
    assert json.loads(said)["exit"] == 0
    assert forecast(csv, tmp_path / "q", "--origins", 0, "--quiet", capsys=capsys) == (0, "", "")
    code, said, heard = forecast(csv, tmp_path / "q", "--json", capsys=capsys)
    assert json.loads(said) == {"exit": 2, "error": heard.removeprefix("econdiff: ").strip()}


TABLES = {
    "empty": ("", "panel.csv"),
    "text": ("2000Q1,1.0,2.0\n2000Q2,about two,3\n", "about two"),
    "gap": (None, "2010Q1"),
    "twice": ("2000Q1,1.0,2.0\n2000Q1,1.5,3.0\n", "2000"),
    "short": ("2000Q1,1.0,2.0\n2000Q2,1.5,3.0\n", "too short"),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_bad_table_gives_one_line_and_nothing_is_written(case, csv, tmp_path, capsys):
    text, expected = TABLES[case]
    lines = csv.read_text().splitlines()
    if text is None:
        lines = [line for line in lines if not line.startswith("2010Q1")]
        csv.write_text("\n".join(lines))
    else:
        csv.write_text(text and "quarter,growth,inflation\n" + text)
    code, said, heard = forecast(csv, tmp_path / "out", capsys=capsys)
    assert (code, said) == (1, "")
    assert heard.startswith("econdiff: ")
    assert heard.count("\n") == 1
    assert expected in heard
    assert {file.name for file in tmp_path.iterdir()} == {"panel.csv"}


def test_a_gap_is_read_as_not_known_when_that_is_said(csv, tmp_path, capsys):
    lines = [line for line in csv.read_text().splitlines() if not line.startswith("2010Q1")]
    csv.write_text("\n".join(lines))
    code, *_ = forecast(csv, tmp_path / "o", "--gaps", "nan", "--origins", 0, capsys=capsys)
    assert code == 0
    assert json.loads((tmp_path / "o" / "manifest.json").read_text())["data"]["missing"] == 2


def test_a_long_table_is_read_by_the_names_of_its_columns(csv, tmp_path, capsys):
    wide = pd.read_csv(csv).rename(columns={"quarter": "when"})
    wide.melt("when", var_name="what", value_name="much").to_csv(tmp_path / "long.csv", index=False)
    words = ["data", "show", tmp_path / "long.csv", "--json"]
    names = ["--id", "what", "--time", "when", "--value", "much"]
    code, said, _ = run(*words, *names, capsys=capsys)
    assert code == 0
    assert json.loads(said)["data"]["series"] == ["growth", "<script>cpi</script>"]


def test_a_misspelt_series_is_named_with_its_neighbour(csv, tmp_path, capsys):
    code, _, heard = forecast(csv, tmp_path / "out", "--series", "grwth", capsys=capsys)
    assert code == 1
    assert "grwth" in heard
    assert "growth" in heard
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--horizon", "0"], "at least 1"),
        (["--horizon", "two"], "'two'"),
        (["--paths", "-5"], "at least 1"),
        (["--gaps", "fill"], "fill"),
        (["--freq", "hourly"], "'hourly' is not a frequency"),
        (["--series", "a,,b"], "divided by commas"),
        (["--modle", "ar"], "--modle"),
    ],
)
def test_words_that_cannot_be_understood_end_with_code_2(words, expected, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["forecast", "us-macro", "--horizon", "4", "--out", str(tmp_path / "out"), *words])
    assert ended.value.code == 2
    heard = capsys.readouterr().err
    assert expected in heard
    assert heard.count("\n") == 1


def test_bad_usage_is_told_apart_from_a_failed_run(csv, tmp_path, capsys):
    unknown = ["forecast", csv, "--horizon", 2, "--out", tmp_path / "o", "--model"]
    code, _, heard = run(*unknown, "arr", capsys=capsys)
    assert code == 2
    assert "did you mean ar" in heard
    code, _, heard = forecast(csv, tmp_path / "o", "--transform", "growth=9", capsys=capsys)
    assert code == 2
    assert "growth=9" in heard
    code, _, heard = forecast(csv, tmp_path / "o", "--transform", "growth=5", capsys=capsys)
    assert code == 2
    assert "cpi" in heard
    code, _, heard = run("data", "show", "us-makro", capsys=capsys)
    assert code == 1
    assert "us-macro" in heard


def test_a_result_is_replaced_only_when_asked_and_only_if_it_is_one(made, csv, tmp_path, capsys):
    old = tmp_path / "old"
    shutil.copytree(made, old)
    code, _, heard = forecast(csv, old, capsys=capsys)
    assert code == 2
    assert "--overwrite" in heard
    assert (old / "scores.csv").exists()
    assert forecast(csv, old, "--overwrite", "--origins", 0, capsys=capsys)[0] == 0
    assert not (old / "scores.csv").exists()


@pytest.mark.parametrize("manifest", [None, '{"name": "My web app"}', "[1", "result"])
def test_a_file_of_somebody_else_is_never_removed(manifest, made, csv, tmp_path, capsys):
    mine = tmp_path / "mine"
    if manifest == "result":
        shutil.copytree(made, mine)
    else:
        mine.mkdir()
        if manifest:
            (mine / "manifest.json").write_text(manifest)
    (mine / "thesis.txt").write_text("years of work")
    code, _, heard = forecast(csv, mine, "--overwrite", capsys=capsys)
    assert code == 2
    assert "econdiff made" in heard
    assert (mine / "thesis.txt").read_text() == "years of work"


def test_folders_that_happen_to_be_named_as_drafts_are_left_alone(csv, tmp_path, capsys):
    for name in ("keep.partial", "keep.replaced"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("years of work")
    code, _, heard = forecast(csv, tmp_path / "keep", capsys=capsys)
    assert (code, "keep.partial is in the way" in heard) == (2, True)
    shutil.rmtree(tmp_path / "keep.partial")
    assert forecast(csv, tmp_path / "keep", capsys=capsys)[0] == 0
    assert {file.name for file in tmp_path.iterdir()} == {"keep", "keep.replaced", "panel.csv"}
    assert (tmp_path / "keep.replaced/thesis.txt").exists()


def test_a_folder_that_cannot_be_made_is_refused_with_the_mend(csv, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for out, words in (("panel.csv/x", "elsewhere"), (".", "--out result")):
        code, _, heard = forecast(csv, out, capsys=capsys)
        assert (code, words in heard, "Errno" in heard) == (2, True, False)


def test_a_folder_that_is_no_result_has_no_report(tmp_path, capsys):
    for manifest in ("", '{"name": "My web app"}'):
        (tmp_path / "manifest.json").write_text(manifest)
        code, _, heard = run("report", tmp_path, capsys=capsys)
        assert (code, "name a folder that econdiff wrote" in heard) == (2, True)


def test_a_traceback_is_shown_only_when_asked_for(tmp_path, capsys):
    assert "Traceback" not in run("data", "show", "nothing", capsys=capsys)[2]
    assert "Traceback" in run("data", "show", "nothing", "--debug", capsys=capsys)[2]


def write_half(out, resume):
    with whole(out, resume=resume) as work:
        (work / "half.txt").write_text("half")
        (work / "rest.txt").read_text()


def test_a_block_that_fails_leaves_nothing_and_one_that_resumes_keeps_its_work(tmp_path):
    for resume in (False, True):
        with pytest.raises(FileNotFoundError):
            write_half(tmp_path / "out", resume)
        assert not (tmp_path / "out").exists()
        assert (tmp_path / "out.partial" / "half.txt").exists() is resume


@pytest.mark.skipif(sys.platform == "win32", reason="no flock there")
@pytest.mark.parametrize("resume", [False, True])
def test_two_runs_into_one_folder_do_not_mix(tmp_path, resume):
    out = tmp_path / "out"
    with whole(out, resume=resume) as work:
        (work / "first.txt").write_text("first")
        with pytest.raises(UsageError, match="another run is writing"), whole(out, resume=resume):
            pass
    assert [file.name for file in out.iterdir()] == ["first.txt"]
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_run_left_is_no_part_of_the_next_one(tmp_path):
    left = tmp_path / "out.partial"
    (left / "below").mkdir(parents=True)
    for name in (".econdiff", "left.txt", "below/left.txt"):
        (left / name).touch()
    with whole(tmp_path / "out") as work:
        (work / "new.txt").touch()
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["new.txt"]


def test_a_full_disk_is_named_and_nothing_is_left(tmp_path):
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError, match=r"out cannot be written whole \(No space.*make room"):
        _fail(tmp_path / "out", full)
    assert not list(tmp_path.iterdir())


def _fail(out, error):
    with whole(out):
        raise error


def test_a_backtest_that_stopped_goes_on_with_its_finished_trials(
    csv, tmp_path, capsys, monkeypatch
):
    out = tmp_path / "b"
    words = ["backtest", csv, "--horizon", 2, "--models", "ar,rw", "--origins", 3, "--out", out]
    words += ["--paths", 20, "--quiet"]
    with monkeypatch.context() as patched:
        patched.setattr("econdiff.commands.backtest.judged", _stop)
        assert run(*words, capsys=capsys)[0] == 1
    trials = {file: file.stat().st_mtime_ns for file in (tmp_path / "b.partial/trials").iterdir()}
    assert len(trials) == 6
    assert run(*words, capsys=capsys)[0] == 0
    assert {f.name: f.stat().st_mtime_ns for f in (out / "trials").iterdir()} == {
        file.name: written for file, written in trials.items()
    }


def test_a_backtest_that_is_interrupted_says_how_it_goes_on(csv, tmp_path, capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("econdiff.commands.backtest.judged", interrupt)
    words = ["backtest", csv, "--horizon", 2, "--models", "rw", "--origins", 3]
    code, _, heard = run(*words, "--out", tmp_path / "b", "--quiet", capsys=capsys)
    assert (code, "run it again to go on" in heard) == (1, True)


def test_a_backtest_that_never_began_leaves_no_folder(csv, tmp_path, capsys, monkeypatch):
    words = ["backtest", csv, "--horizon", 2, "--models", "ar", "--out", tmp_path / "b"]
    code, _, heard = run(*words, "--origins", 500, capsys=capsys)
    assert (code, "(--origins " in heard) == (1, True)
    monkeypatch.setattr("econdiff.commands.backtest.run_trials", _stop)
    assert run(*words, "--origins", 3, capsys=capsys)[0] == 1
    assert not (tmp_path / "b.partial").exists()


def test_a_panel_shorter_than_sixty_rows_has_its_backtest(tmp_path, capsys):
    rows = [f"{2000 + k // 4}Q{k % 4 + 1},{k * k % 7}.5" for k in range(40)]
    (tmp_path / "short.csv").write_text("\n".join(["date,y", *rows]))
    words = ["backtest", tmp_path / "short.csv", "--horizon", 2, "--models", "rw", "--paths", 20]
    assert run(*words, "--origins", 3, "--out", tmp_path / "b", capsys=capsys)[0] == 0
    code, _, heard = run(*words[:3], 20, *words[4:], "--origins", 3, "--out", "b", capsys=capsys)
    assert (code, "a shorter horizon (--horizon), give more rows" in heard) == (1, True)


def _stop(*_, **__):
    raise KeyboardInterrupt


def test_origins_are_a_horizon_apart_where_there_is_room(panel):
    rows = [
        panel.index.get_loc(origin) for origin in past.spread_origins(panel, horizon=8, count=12)
    ]
    assert set(np.diff(rows)) == {8}
    assert rows[-1] == len(panel) - 9
    assert len(past.spread_origins(panel.iloc[:40], horizon=8, count=12)) <= 12
    assert past.spread_origins(panel.iloc[:30], horizon=8, count=12) is None
    assert past.tested_steps(12) == [1, 2, 4, 8, 12]


def test_what_a_person_typed_is_recorded_without_their_folders():
    home = Path("/home/someone/secret/panel.csv")
    assert command_line(["forecast", str(home), "--json", "--horizon", "4"]) == (
        "econdiff forecast panel.csv --horizon 4"
    )
    assert command_line(["risk", "x.csv", f"--weights={home}", "--pin=a=1,2"]) == (
        "econdiff risk x.csv --weights=panel.csv --pin=a=1,2"
    )


def test_bundled_panels_are_listed_and_shown(capsys):
    code, said, _ = run("data", "list", "--json", capsys=capsys)
    assert code == 0
    assert "us-macro" in [entry["name"] for entry in json.loads(said)["bundled"]]
    code, said, _ = run("data", "show", "us-macro", "--series", "unemp", capsys=capsys)
    assert code == 0
    assert "Unemployment rate" in said
    assert "2009Q3" in said


def test_what_each_series_is_modelled_as_is_shown(capsys):
    words = ["data", "show", "us-macro", "--series", "realgdp,unemp"]
    _, said, _ = run(*words, capsys=capsys)
    assert "Real gross domestic product; modelled as: per cent, annual rate\n" in said
    assert "Unemployment rate; modelled as: level\n" in said
    _, said, _ = run(*words, "--transform", "realgdp=4,unemp=2", "--json", capsys=capsys)
    assert json.loads(said)["data"]["modelled"] == {"realgdp": "log", "unemp": "difference"}


def test_the_doctor_names_the_key_but_never_its_value(capsys, monkeypatch):
    monkeypatch.setenv("FRED_API_KEY", "d0n0ttell")
    _, said, _ = run("doctor", "--json", capsys=capsys)
    checks = {check["name"]: check for check in json.loads(said)["checks"]}
    assert checks["FRED key"]["well"]
    assert checks["pandas"]["well"]
    assert checks["this folder"]["well"]
    assert "d0n0ttell" not in said


@pytest.mark.parametrize("words", [["--help"], ["data", "list"], ["data", "show", "nothing"]])
def test_a_reader_who_leaves_early_is_told_nothing_of_pipes(words):
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "econdiff", *words], stdout=write, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
    finally:
        os.close(write)
    if words[-1] == "nothing":
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
    else:
        assert (done.returncode, done.stderr) == (0, "")


def test_the_command_is_run_by_both_names_of_its_module():
    for module in ("econdiff", "econdiff.cli"):
        words = [sys.executable, "-m", module, "--version"]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        assert said == f"econdiff {econdiff.__version__}\n"


def test_help_needs_none_of_the_heavy_libraries():
    code = (
        "import sys; from econdiff.cli.parser import parser; parser(); "
        "print([m for m in 'pandas torch matplotlib scipy tqdm'.split() if m in sys.modules], "
        "[m for m in sys.modules if m.startswith('econdiff.commands.')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = [f"econdiff.commands.{name}" for name in ("answer", "errors", "progress")]
    assert found.stdout.strip() == f"[] {loaded}"


def test_the_three_names_of_the_package_are_those_of_the_forecast_module():
    assert [getattr(econdiff, name) for name in econdiff.__all__] == [Forecast, Forecaster, Model]
    with pytest.raises(AttributeError, match="no attribute 'Forcast'"):
        _ = econdiff.Forcast


def test_the_doctor_names_the_weights_as_their_card_does(capsys):
    _, said, _ = run("doctor", "--json", capsys=capsys)
    card = json.loads(shipped().with_suffix(".json").read_text())
    assert card["sha256"][:12] in said


class Stream(io.StringIO):
    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


def test_bars_are_for_terminals_and_lines_for_logs_where_work_is_long(monkeypatch):
    shown = {}
    for terminal, first in ((True, 10), (False, 10), (None, 0.5)):
        monkeypatch.setattr("sys.stderr", stream := Stream(bool(terminal)))
        monkeypatch.setattr("econdiff.cli.FIRST", first)
        with _bar("work", 2) as step:
            time.sleep(1.6)  # longer than a bar waits before it shows itself
            step()
            step()
        shown[terminal] = stream.getvalue()
    assert "work" in shown[True]
    assert shown[False] == ""
    assert shown[None] == "econdiff: work: 0 of 2 done\n"
