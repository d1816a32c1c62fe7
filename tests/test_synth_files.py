"""Files of synthetic panels, of conditions, and questions that files cannot answer."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_synth_generators import known

from econdiff.cli import main
from econdiff.commands.entities import EntityReading, read_condition, read_made, read_real
from econdiff.commands.errors import UsageError
from econdiff.commands.synth_export import stata_names
from econdiff.panel import PanelError
from econdiff.synth import EntityPanel, GaussianPanel, Schema, SyntheticPanels, read_entities
from econdiff.synth.card import below_zero, whole_numbers
from econdiff.synth.coordinates import Coordinates


def long():
    return known(entities=4, length=12, mean=50.0).to_frame().drop(columns="all")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (np.inf, "a is 'inf' for 1 at 2000-02; give a finite number"),
        ("about 7", "a is 'about 7' for 1 at 2000-02; give a finite number"),
        (None, "the series 'a' is empty"),
    ],
)
def test_made_panels_that_cannot_be_measured_are_refused_by_file_and_cell(tmp_path, cell, message):
    real, made = read_entities(long(), entity="firm"), long().astype({"a": object})
    made.loc[slice(None) if cell is None else 13, "a"] = cell
    made.to_csv(tmp_path / "made.csv", index=False)
    with pytest.raises(UsageError, match=f"made.csv: {message}"):
        read_made(str(tmp_path / "made.csv"), real)


def test_of_no_cell_none_is_outside_its_rule():
    real = read_entities(long(), entity="firm")
    share = Coordinates(real.schema).outside(np.where([True, False], np.nan, real.values))
    assert np.isnan(share["a"])
    assert share["b"] == 0


@pytest.mark.parametrize(
    ("text", "message"), [("", "is empty"), ("x;y\n1.000;2,5\n", "line 2 of who.csv")]
)
def test_a_condition_that_cannot_be_read_is_named(tmp_path, text, message):
    (tmp_path / "who.csv").write_text(text)
    with pytest.raises(PanelError, match=message):
        read_condition(tmp_path / "who.csv", known(entities=4, length=10).schema)


def test_regressions_are_tried_at_the_length_that_is_judged(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(GaussianPanel, "fit", lambda *_: pytest.fail("work was done"))
    monkeypatch.setattr("econdiff.commands.synth.beside", lambda *_: pytest.fail("work was done"))
    long().to_csv(tmp_path / "in.csv", index=False)
    short = long().groupby("firm").head(4)
    short.to_csv(tmp_path / "made.csv", index=False)
    asked = ["--entity", "firm", "--regression", "lead4(a) ~ b", "--out", str(tmp_path / "out")]
    source = str(tmp_path / "in.csv")
    drawn = [source, "--generator", "gaussian", "--length", "4"]
    for said in (["synth", *drawn], ["synth-report", source, str(tmp_path / "made.csv")]):
        assert main([*said, *asked, "--quiet"]) == 1
        assert "lead4(a) moves 4 periods; the panel has 4" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("told", "asked", "message"),
    [
        ("month,a\n1980-01,50\n", [], "speaks of 1980-01, which is not drawn"),
        ("month,a@e99\n2000-01,50\n", [], "no entity 'e99' is drawn"),
        ("month,a\n2000-02,-5\n", [], "a = -5 at 2000-02; it is kept above 0"),
        ("month,shock z\n2000-02,1\n", [], "no shock to 'z'"),
        ("month,shock a\n2000-01,1\n", [], "2000-01 comes before the first shock"),
        ("month,regime\n2000-02,1970\n", [], "the regime 1970 is outside the real panel"),
        ("period,a\n2099-01,50\n", [], "speaks of 2099-01, which is not drawn"),
        ("group\nhuge\n", [], "no real entity has group huge"),
        ("group\nloud\n", ["--start", "last"], "has the real entities; describe no others"),
        ("month,a\n2000-02,50\n", ["--holes", "--length", "5"], "as many entities and periods"),
    ],
)
def test_a_condition_is_checked_before_the_fit(tmp_path, capsys, monkeypatch, told, asked, message):
    monkeypatch.setattr(GaussianPanel, "fit", lambda *_: pytest.fail("work was done"))
    table = known(entities=12, length=12, mean=50.0).to_frame().drop(columns="all")
    table.to_csv(tmp_path / "in.csv", index=False)
    (tmp_path / "told.csv").write_text(told)
    asked = ["synth", str(tmp_path / "in.csv"), "--generator", "gaussian", "--entity", "firm",
             "--condition", str(tmp_path / "told.csv"), *asked]  # fmt: skip
    assert main([*asked, "--out", str(tmp_path / "out"), "--quiet"]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("generator", ["gaussian", "block-bootstrap"])
def test_a_panel_too_sparse_to_measure_is_refused_before_any_work(
    tmp_path, capsys, monkeypatch, generator
):
    monkeypatch.setattr(
        "econdiff.commands.synth.examine", lambda *_, **__: pytest.fail("work was done")
    )
    monkeypatch.setattr("econdiff.commands.synth.beside", lambda *_: pytest.fail("work was done"))
    sparse = long()
    sparse.loc[sparse.index % 2 == 0, "b"] = np.nan  # a survey of every other month
    sparse.to_csv(tmp_path / "in.csv", index=False)
    long().to_csv(tmp_path / "made.csv", index=False)
    asked = ["--entity", "firm", "--out", str(tmp_path / "out"), "--quiet"]
    source = str(tmp_path / "in.csv")
    for said in (["synth", source, "--generator", generator],
                 ["synth-report", source, str(tmp_path / "made.csv")]):  # fmt: skip
        assert main([*said, *asked]) == 1
        assert "Give more periods, or leave a sparse series out" in capsys.readouterr().err


def test_logs_of_a_series_that_may_be_drawn_below_zero_are_refused_before_any_work(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(GaussianPanel, "fit", lambda *_: pytest.fail("work was done"))
    table = long()
    table["a"] = np.abs(table["a"] - 50) + 0.01  # with cells near zero
    table.to_csv(tmp_path / "in.csv", index=False)
    asked = ["synth", str(tmp_path / "in.csv"), "--generator", "gaussian", "--positive", "none"]
    asked += ["--entity", "firm", "--regression", "log(a) ~ b", "--out", str(tmp_path / "out")]
    assert main([*asked, "--quiet"]) == 1
    assert (
        "a is not above zero throughout; where it is drawn, --positive" in capsys.readouterr().err
    )


def test_names_that_stata_reserves_are_changed_and_said():
    assert stata_names(["int", "_int", "str8", "integer"]) == {
        "int": "_int", "_int": "_int_2", "str8": "_str8", "integer": "integer",
    }  # fmt: skip


def counted(jobs, firms, gdp):
    """Two entities and two periods of three series."""
    values = np.stack([jobs, firms, gdp], axis=-1).reshape(2, 2, 3).astype(float)
    index = pd.period_range("2000", periods=2, freq="Y")
    schema = Schema("firm", "year", "Y", ("jobs", "firms", "gdp"))
    return EntityPanel(values, index, ("a", "b"), pd.DataFrame(index=range(2)), schema)


def drawn(panel):
    told = (panel.index, panel.entities, [panel.statics], panel.schema)
    return SyntheticPanels(panel.values[None], *told)


def test_the_card_says_which_whole_numbers_are_no_longer_whole():
    real = counted([1, 0, np.nan, 2], [3, 4, 5, 6], [0.5, 1, 2, 3])  # a hole makes no fraction
    made = drawn(counted([1.2, 0, 1, 2], [3, 4, 9, 6], [1.5, 1, 2, 3]))
    (said,) = whole_numbers(real, made)
    assert "drawn as any numbers: jobs." in said
    (said,) = whole_numbers(real, made, {"year": "int64", "jobs": "float64", "firms": "Int64"})
    assert "drawn as any numbers: firms." in said
    assert whole_numbers(real, drawn(real)) == []


def test_what_falls_below_zero_as_the_source_never_does_is_said():
    real = counted([1, 0, np.nan, 2], [3, 4, 5, 6], [-0.5, 1, 2, 3])
    made = drawn(counted([-1.2, -3, 1, np.nan], [3, 4, 9, 6], [-1.5, -1, 2, 3]))
    (said,) = below_zero(real, made)
    assert "below it here: jobs (67% of cells). --bound SERIES=-0.5:" in said
    assert below_zero(real, drawn(real)) == []
    bounded = replace(real, schema=replace(real.schema, bounds={"jobs": (-0.5, None)}))
    assert below_zero(bounded, made) == []


def test_two_columns_of_one_name_are_refused_in_every_file(tmp_path):
    (tmp_path / "in.csv").write_text("firm,year,a,a\nx,2000,1,2\nx,2001,2,3\n")
    with pytest.raises(UsageError, match=r"two columns of in\.csv are called 'a'"):
        read_real(str(tmp_path / "in.csv"), EntityReading(entity="firm"))


def test_made_panels_without_rows_or_numbers_are_refused(tmp_path):
    real = read_entities(long(), entity="firm")
    path = tmp_path / "made.parquet"
    long().iloc[:0].to_parquet(path)
    with pytest.raises(UsageError, match=r"made\.parquet has no rows"):
        read_made(str(path), real)
    long().assign(panel=[1.0] * 47 + [np.nan]).to_parquet(path)
    with pytest.raises(UsageError, match="'panel' is empty in row 47"):
        read_made(str(path), real)


def test_a_made_panel_of_which_no_rows_keep_the_rules_is_refused_by_rule(tmp_path):
    above = 1.0 + np.arange(48) % 5
    source = long().assign(high=lambda t: t[["a", "b"]].max(axis=1) + above)
    real = read_entities(source, entity="firm", bounds={"high": (("a", "b"), None)})
    path, made = tmp_path / "made.csv", source.assign(high=source["a"] - above)
    made.iloc[:2] = source.iloc[:2]  # one row and the one before: no slope
    made.to_csv(path, index=False)
    message = r"made\.csv: no entity has two .* high must be .*max\(a, b\), and is not in 96%"
    with pytest.raises(UsageError, match=message):
        read_made(str(path), real)
    made.iloc[:3] = source.iloc[:3]
    made.to_csv(path, index=False)
    assert len(read_made(str(path), real).entities) == 4
