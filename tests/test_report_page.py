"""The page: one file, nothing run, nothing fetched, nothing of the user's taken for HTML."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from econdiff.forecast import Forecast
from econdiff.periods import steps_after
from econdiff.report.figures import fan
from econdiff.report.forecast import caveats, quantiles
from econdiff.report.page import Page, Picture, Section, Table, render, shown
from econdiff.report.past import Past, overview, past_sections

EVIL = "<script>alert(1)</script>"


class Elements(HTMLParser):
    """Every tag and its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def page(text="words"):
    table = Table(text, pd.DataFrame({text: [text], "value": [1.5]}))
    section = Section(text, (text,), (text,), (Picture("<svg/>", text, text),), (table,))
    return Page(text, text, {text: text}, (section,), {text: text})


def test_whatever_the_user_names_is_escaped():
    html = render(page(EVIL))
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 10
    assert 'alt="&lt;script&gt;' in html


def test_the_page_needs_no_network_and_runs_nothing():
    html = render(page())
    tags = Elements(html).found
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in tags}
    sources = [attrs["src"] for _, attrs in tags if "src" in attrs]
    assert sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert not re.search(r"(https?:)?//[a-z]", html)


def test_pictures_have_words_and_tables_have_heads():
    tags = Elements(render(page())).found
    assert all(attrs["alt"] for tag, attrs in tags if tag == "img")
    scopes = [attrs["scope"] for tag, attrs in tags if tag == "th"]
    assert scopes == ["col", "col", "row"]
    assert ("html", {"lang": "en"}) in tags


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (13082.4, "13,082"),
        (9.73491, "9.735"),
        (-0.35, "−0.350"),
        (0.0, "0.000"),
        (3.2e-5, "3.20e−05"),
        (float("nan"), "–"),
        (None, "–"),
        (12, "12"),
        (True, "yes"),
        ("a", "a"),
    ],
)
def test_numbers_are_shown_to_four_digits(value, text):
    assert shown(value) == text


def past():
    cells = [("gdp", 1, 0.8, "better"), ("cpi", 1, 1.3, "worse"), ("gdp", 2, 1.1, "comparable")]
    tests = pd.DataFrame(cells, columns=["series", "step", "ratio", "verdict"])
    tests = tests.assign(model="new", reference="ar", low=tests["ratio"] - 0.1, high=1.4)
    inverse = tests.assign(model="ar", reference="new", ratio=1 / tests["ratio"])
    scores = tests.assign(metric="crps", value=[1.0, 2.0, 3.0])
    pits = pd.DataFrame({"model": "new", "step": [1, 1, 2, 2], "series": "gdp"})
    runs = pd.DataFrame({"model": ["new", "bad"], "origins": 4, "failed": [0, 4]})
    return Past(
        scores[["model", "series", "step", "metric", "value"]],
        pd.concat([tests, inverse], ignore_index=True),
        pits.assign(pit=[0.5, 0.01, 0.3, 0.6]),
        runs.assign(error=["", f"fit: {EVIL}"]),
        ("2000Q1", "2001Q1", "2002Q1", "2003Q1"),
    )


def test_losing_cells_come_first():
    section, _ = past_sections(past(), "new")
    cells = section.tables[1].frame
    assert list(zip(cells["series"], cells["step"], strict=True)) == [
        ("cpi", 1),
        ("gdp", 2),
        ("gdp", 1),
    ]
    assert "each of its cell alone" in section.pictures[0].caption
    assert list(cells["over ar"]) == ["1.30 worse", "1.10 comparable", "0.80 better"]


def test_the_overview_counts_verdicts_and_takes_the_geometric_mean():
    (row,) = overview(past(), "new").to_dict("records")
    assert row["ratio"] == pytest.approx((0.8 * 1.3 * 1.1) ** (1 / 3))
    assert (row["worse"], row["comparable"], row["better"]) == (1, 1, 1)
    assert (row["worst cell"], row["best cell"]) == (1.3, 0.8)


def test_a_failed_model_and_the_fewness_of_origins_are_said():
    section, bands = past_sections(past(), "new")
    assert section.points == (f"bad failed at 4 of 4 origins, first at fit: {EVIL}",)
    assert "4 origins are few" in section.text[-1]
    coverage = bands.tables[0].frame
    assert list(coverage["90% band"]) == [50, 100]


def test_a_model_alone_has_its_scores_and_no_word_of_verdicts():
    alone = Past(past().scores, pd.DataFrame(), past().pits, past().runs, past().origins)
    section, _ = past_sections(alone, "new")
    (table,) = section.tables
    assert table.frame["CRPS"].tolist() == [1.0, 2.0, 3.0]
    assert "Diebold" not in " ".join(section.text)
    assert past_sections(alone, "bad")[0].tables == ()
    assert len(overview(alone, "new")) == 0


def test_a_series_named_like_a_script_can_be_drawn(panel):
    from econdiff.forecast import Forecast
    from econdiff.periods import steps_after

    named = panel.set_axis([EVIL, "$x_{1}$"], axis="columns")
    forecast = Forecast(np.ones((3, 2, 2)), steps_after(named, 2), (EVIL, "$x_{1}$"))
    assert EVIL in fan(forecast, named).axes[0].get_title(loc="left")


def test_a_straight_line_over_periods_that_a_series_lacks_is_said_to_be_one():
    index = pd.period_range("2000Q1", periods=40, freq="Q")
    history = pd.DataFrame({"late": np.arange(40.0), "rate": np.arange(40.0)}, index=index)
    history.iloc[-2:, 0] = np.nan
    ahead = Forecast(np.ones((20, 2, 2)), steps_after(history, 2), ("late", "rate"))
    (said,) = [
        point
        for point in caveats(ahead, history, {"data": {"last": "2009Q4", "frequency": "Q"}})
        if "straight line" in point
    ]
    assert said.startswith("Not known up to 2009Q4: late. ")


def test_the_quantiles_begin_where_each_series_ends_and_say_what_is_nowcast():
    index = pd.period_range("2000Q1", periods=40, freq="Q")
    history = pd.DataFrame({"rate": np.arange(40.0), "late": np.arange(40.0)}, index=index)
    history.iloc[[-1, -3], 1] = history.iloc[-3, 0] = np.nan
    steps = history.index[-3:].append(steps_after(history, 1))
    ahead = Forecast(np.arange(40.0).reshape(5, 4, 2), steps, ("rate", "late")).split(3)
    table = quantiles(ahead, history)
    assert table["series"].tolist() == ["rate"] * 2 + ["late"] * 3
    assert table["period"].tolist() == ["2009Q2", "2010Q1", "2009Q2", "2009Q4", "2010Q1"]
    assert table["kind"].tolist() == ["nowcast", "forecast", "nowcast", "nowcast", "forecast"]
    assert table["q50"].tolist() == [16, 22, 17, 21, 23]
    (said,) = [
        point
        for point in caveats(ahead, history, {"data": {"last": "2009Q4", "frequency": "Q"}})
        if "late" in point
    ]
    assert said.endswith("given what is known of the other series: the nowcast.")
