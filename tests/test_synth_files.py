"""Files of synthetic panels, of conditions, and questions that files cannot answer."""

import numpy as np
import pytest
from test_synth_generators import known

from econdiff.commands.entities import read_condition, read_made
from econdiff.commands.errors import UsageError
from econdiff.panel import PanelError
from econdiff.synth import read_entities
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
