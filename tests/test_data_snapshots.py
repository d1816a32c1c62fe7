"""Snapshots: whole or not there, checked on reading, never overwritten."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from econdiff.data import list_snapshots, load, read_manifest, read_snapshot, read_table
from econdiff.data.errors import DamagedSnapshotError, FrequencyError, UnknownSourceError
from econdiff.data.pulled import Pulled, Series
from econdiff.data.snapshots import write_snapshot


def made(freq="M", start="2020-01", periods=30, **options):
    values = np.arange(2.0 * periods).reshape(periods, 2) ** 1.5
    index = pd.period_range(start, periods=periods, freq=freq, name="period")
    panel = pd.DataFrame(values, index=index, columns=["a", "b c"])
    panel.iloc[0, 1] = np.nan
    series = {"a": Series("Alpha", "per cent"), "b c": Series("Beta", "index")}
    return Pulled("Service", panel, series, {"series": ["a", "b c"]}, "2024-06-28", **options)


@pytest.mark.parametrize(
    ("freq", "start"),
    [
        ("D", "2020-01-31"),
        ("W-SAT", "2020-01-04"),
        ("M", "2020-01"),
        ("Q", "2020Q1"),
        ("Y", "1990"),
    ],
)
def test_a_snapshot_gives_back_what_was_written(tmp_path, freq, start):
    pulled = made(freq, start)
    written = write_snapshot(pulled, folder=tmp_path)
    panel, source = read_snapshot(written.name, folder=tmp_path)
    pd.testing.assert_frame_equal(panel, pulled.panel)
    assert source == written
    assert source.units == {"a": "per cent", "b c": "index"}
    assert source.vintage == "2024-06-28"
    assert panel.attrs["units"] == source.units


def test_a_panel_without_every_day_comes_back_with_its_own_days(tmp_path):
    pulled = made("D", "2020-01-31")
    panel = pulled.panel[pulled.panel.index.day_of_week < 5]
    holidays = Pulled("Service", panel, pulled.series, {}, "2024-06-28")
    written = write_snapshot(holidays, folder=tmp_path)
    pd.testing.assert_frame_equal(read_snapshot(tmp_path / written.name)[0], panel)


def test_other_tables_come_along(tmp_path):
    volume = made("D", "2020-01-31").panel
    written = write_snapshot(made(tables={"volume": volume}), folder=tmp_path)
    found = read_table(written.name, "volume", folder=tmp_path)
    np.testing.assert_array_equal(found, volume)
    with pytest.raises(UnknownSourceError, match="no table 'price'; it has: panel, volume"):
        read_table(written.name, "price", folder=tmp_path)


def test_the_same_pull_is_kept_once_and_another_beside_it(tmp_path):
    first, again = (write_snapshot(made(), folder=tmp_path) for _ in range(2))
    other = write_snapshot(made(periods=31), folder=tmp_path)
    assert first == again
    assert {found.name for found in list_snapshots(tmp_path)} == {first.name, other.name}


def test_a_changed_byte_is_found(tmp_path):
    written = write_snapshot(made(), folder=tmp_path)
    file = tmp_path / written.name / "panel.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(DamagedSnapshotError, match=r"hash differs.*Remove .* and pull it again"):
        load(written.name, folder=tmp_path)
    with pytest.raises(DamagedSnapshotError, match="hash differs"):
        write_snapshot(made(), folder=tmp_path)  # it is not passed off as the new one


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda place: (place / "panel.parquet").unlink(), "panel.parquet is missing"),
        (lambda place: (place / "manifest.json").write_text("{"), "cannot be read"),
        (lambda place: (place / "manifest.json").write_text("[]"), "cannot be read"),
        (lambda place: (place / "manifest.json").write_text('{"format": 1}'), "KeyError"),
        (lambda place: change(place, format=99), "format is 99, this econdiff reads 1"),
        (lambda place: change(place, freq="Q"), "manifest.json is not what was written"),
        (lambda place: change(place, vintage="2020-01-01"), "not what was written"),
        (lambda place: change(place, tables={}), "not what was written"),
    ],
)
def test_each_damage_is_named(tmp_path, spoil, message):
    written = write_snapshot(made(), folder=tmp_path)
    spoil(tmp_path / written.name)
    with pytest.raises(DamagedSnapshotError, match=message):
        read_snapshot(written.name, folder=tmp_path)
    assert len(list_snapshots(tmp_path)) == 1  # a damaged one does not hide the list


def test_a_folder_of_results_is_not_to_be_removed(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text('{"kind": "risk", "files": []}')
    with pytest.raises(DamagedSnapshotError, match="out is no snapshot") as refused:
        load(tmp_path / "out", folder=tmp_path)
    assert "Remove" not in str(refused.value)


def change(place, **entries):
    file = place / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | entries))


def test_a_damaged_manifest_is_listed_as_damaged(tmp_path):
    written = write_snapshot(made(), folder=tmp_path)
    (tmp_path / written.name / "manifest.json").write_text("")
    assert [found.kind for found in list_snapshots(tmp_path)] == ["damaged"]


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from test_data_snapshots import made
from econdiff.data import snapshots

def die(*args): os.kill(os.getpid(), signal.SIGKILL)
setattr(*eval(sys.argv[3]), die)
snapshots.write_snapshot(made(), folder=sys.argv[1])
"""


@pytest.mark.parametrize("where", ["(os, 'rename')", "(snapshots, '_write')"])
def test_a_kill_before_the_rename_leaves_no_snapshot(tmp_path, where):
    here = os.path.dirname(__file__)
    program = [sys.executable, "-c", KILLED, str(tmp_path), here, where]
    killed = subprocess.run(program, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert any(tmp_path.iterdir())  # the draft is left behind
    assert list_snapshots(tmp_path) == []
    written = write_snapshot(made(), folder=tmp_path)
    assert [found.name for found in list_snapshots(tmp_path)] == [written.name]


def test_a_failure_while_writing_leaves_nothing(tmp_path, monkeypatch):
    def full(self, *args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(OSError, match="no space left"):
        write_snapshot(made(), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_names_request_time_and_versions(tmp_path):
    written = write_snapshot(made(), folder=tmp_path)
    manifest = read_manifest(written.name, folder=tmp_path)
    assert manifest["request"] == {"series": ["a", "b c"]}
    assert manifest["pulled_at"].endswith("+00:00")
    assert manifest["versions"]["pandas"] == pd.__version__
    assert manifest["tables"]["panel"]["sha256"] == written.sha256


def test_an_unknown_snapshot_lists_what_is_there(tmp_path):
    written = write_snapshot(made(), folder=tmp_path)
    with pytest.raises(UnknownSourceError, match=written.name):
        read_snapshot("fred-1999", folder=tmp_path)


def test_one_door_for_names_paths_and_files(tmp_path):
    written = write_snapshot(made(), folder=tmp_path)
    by_name, _ = load(written.name, folder=tmp_path)
    by_path, _ = load(tmp_path / written.name)
    pd.testing.assert_frame_equal(by_name, by_path)
    file = tmp_path / "mine.csv"
    made().panel.rename(columns={"b c": "b"}).to_csv(file)
    panel, source = load(file)
    assert source.kind == "file"
    assert (source.name, len(source.sha256)) == ("mine.csv", 64)
    np.testing.assert_allclose(panel["a"], by_name["a"])


def test_series_can_be_chosen_and_a_typo_is_named(tmp_path):
    written = write_snapshot(made(), folder=tmp_path)
    panel, _ = load(written.name, series=["b c"], folder=tmp_path)
    assert list(panel) == ["b c"]
    with pytest.raises(UnknownSourceError, match="no series b; it has a, b c"):
        load(written.name, series=["b"], folder=tmp_path)


def test_another_frequency_than_its_own_is_not_passed_over():
    assert load("us-macro", freq="quarterly")[0].index.freqstr.startswith("Q")
    with pytest.raises(FrequencyError, match="us-macro is quarterly and 'M' was asked for"):
        load("us-macro", freq="M")
