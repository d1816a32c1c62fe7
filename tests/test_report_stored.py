"""A page kept as text and read again shows the same to the byte."""

import numpy as np
import pandas as pd

from econdiff.cli import main
from econdiff.report.page import Page, Picture, Section, Table, render
from econdiff.report.stored import page_of, page_text


def test_every_kind_of_cell_comes_back_as_it_was_shown():
    frame = pd.DataFrame(
        {
            "<b>": ["one", None, "<i>"],
            "count": np.array([1, 2, 3], dtype=np.int32),
            "share": [0.123456, np.nan, 1e-9],
            "yes": [True, False, True],
            "day": pd.to_datetime(["2020-01-01", None, "2020-01-03"]),
            "quarter": pd.period_range("2020Q1", periods=3, freq="Q"),
            "mixed": [1, "two", 3.0],
            "kept": pd.Categorical(["a", "b", "a"]),
        }
    )
    twice = pd.DataFrame([[1.0, 2.0]], columns=["x", "x"])
    tables = (
        Table("all", frame, heads=2, digits=3, folded=True),
        Table("none", frame.iloc[:0], decimals=2),
        Table("twice", twice),
    )
    section = Section("A", ("words",), ("points",), (Picture("<svg/>", "alt", "below"),), tables)
    page = Page("title", "lead", {"fact": "1"}, (section, Section("B")), {"kind": "x"})
    assert render(page_of(page_text(page), page.manifest)) == render(page)


def test_a_folder_without_its_page_says_how_to_make_one(tmp_path, capsys):
    (tmp_path / "manifest.json").write_text('{"kind": "credit", "command": "econdiff credit x"}')
    assert main(["report", str(tmp_path)]) == 2
    assert "run its command again: econdiff credit x" in capsys.readouterr().err
    (tmp_path / "manifest.json").write_text('{"kind": "demo", "command": "econdiff demo"}')
    assert main(["report", str(tmp_path)]) == 2
    assert "holds a 'demo'" in capsys.readouterr().err
