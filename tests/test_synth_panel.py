"""Reading panels of entities, and the coordinates in which their rules hold."""

import numpy as np
import pandas as pd
import pytest

from econdiff.synth import GaussianPanel, PanelLaw, Schema, SynthError, read_entities
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.identity import Identity


def frame(entities=3, length=12):
    rng = np.random.default_rng(0)
    periods = pd.period_range("2000Q1", periods=length, freq="Q").astype(str)
    made = pd.DataFrame(
        {
            "country": np.repeat([f"c{i}" for i in range(entities)], length),
            "date": np.tile(periods, entities),
            "region": np.repeat(["north", "south", "north", "south"][:entities], length),
            "c": rng.standard_normal(entities * length),
            "nx": rng.standard_normal(entities * length),
        }
    )
    made["gdp"] = made["c"] + made["nx"]
    made["x"] = rng.standard_normal(entities * length)
    return made


def test_the_schema_comes_back_from_json():
    panel = read_entities(
        frame(), entity="country", identities=["gdp = c + nx"], units={"gdp": "per cent"}
    )
    assert Schema.from_json(panel.schema.to_json()) == panel.schema
    assert panel.schema.statics == ("region",)
    assert panel.schema.series == ("c", "nx", "gdp", "x")


def test_the_frame_comes_back():
    long = frame()
    pd.testing.assert_frame_equal(
        read_entities(long, entity="country").to_frame()[long.columns],
        long,
        check_dtype=False,
    )


def test_an_unbalanced_panel_keeps_its_holes():
    long = frame().drop(index=[0, 1])
    panel = read_entities(long, entity="country")
    assert np.isnan(panel.values[0, :2]).all()
    assert np.isfinite(panel.values[1:]).all()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda f: f.assign(gdp=f.gdp.mask(f.index == 5, 9.0)),
            "does not hold in 1 of 36 rows .c0",
        ),
        (lambda f: f.iloc[:25], "'c2' has 1 observation"),
        (lambda f: f.assign(c=1.0, gdp=1.0 + f.nx), "'c' is constant"),
        (lambda f: f.assign(region=f.country), "as many levels"),
        (lambda f: f.drop(index=4), r"c0 has no row for 2001Q1 .*\(--gaps nan\)"),
        (lambda f: pd.concat([f, f.iloc[:1]]), "two rows for c0"),
        (lambda f: f.assign(c=f.c.mask(f.index == 5, np.inf)), "c is infinite at c0 2001Q2"),
        (lambda f: f.assign(c=["x"] + ["y"] * 35), "is text and changes in time"),
    ],
)
def test_bad_input_is_refused_in_words(spoil, message):
    with pytest.raises(SynthError, match=message):
        read_entities(spoil(frame()), entity="country", identities=["gdp = c + nx"])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.assign(c2=100 * f.c), "'c2' follows from c; leave it out"),
        (lambda f: f.assign(s=f.c + f.x), "'s' follows from c, x;"),
        (
            lambda f: f.assign(area=f.country.map({"c0": 1.5, "c1": np.nan, "c2": 0.5, "c3": 4})),
            "'area' is missing for c1",
        ),
    ],
)
def test_what_keeps_a_law_from_being_estimated_is_named(spoil, message):
    panel = read_entities(spoil(frame(4)), entity="country", identities=["gdp = c + nx"])
    with pytest.raises(SynthError, match=message):
        PanelLaw().fit(panel)


@pytest.mark.parametrize("text", ["gdp", "gdp = ", "gdp = c c", "gdp = gdp + c", "gdp = c + c"])
def test_nonsense_is_no_identity(text):
    with pytest.raises(SynthError):
        Identity.parse(text)


def test_an_identity_is_written_as_it_is_read():
    assert str(Identity.parse("y = 0.5*a + b - c")) == "y = 0.5*a + b - c"


def coordinates(identities, positive=(), bounds=None):
    names = dict.fromkeys(n for i in identities for n in Identity.parse(i).series)
    read = tuple(Identity.parse(i) for i in identities)
    schema = Schema(None, "date", "Q", (*names, "x"), (), {}, read, positive, bounds or {})
    return Coordinates(schema)


@pytest.mark.parametrize(
    ("identities", "positive"),
    [
        (["gdp = c + i - m"], ()),
        (["gdp = c + i", "c = d + n"], ()),
        (["all = a + b + n"], ("all", "a", "b", "n")),
        (["all = a + b", "b = d + e"], ("all", "a", "b", "d", "e")),
        (["all = a + b", "w = 2*a - b"], ("all", "a", "b")),
        (["all = a + b + n", "home = a + b"], ("all", "home", "a", "b", "n")),
        (["all = a + b", "a = d + e", "n = d + f"], ("all", "n", "a", "b", "d", "e", "f")),
    ],
)
def test_identities_hold_by_construction(identities, positive, rng):
    map = coordinates(identities, positive, {"x": (0.0, 1.0)})
    w = 3 * rng.standard_normal((50, len(map.names)))
    y = map.outward(w)
    for identity in map.schema.identities:
        assert np.abs(identity.residual(y, map.schema.series)).max() == 0
    assert all((y[:, map.schema.series.index(name)] > 0).all() for name in positive)
    x = y[:, map.schema.series.index("x")]
    assert ((x > 0) & (x < 1)).all()
    np.testing.assert_allclose(map.inward(y), w, atol=1e-6)


def test_coordinates_are_written_in_terms_of_series():
    bounds = {"r": (0.0, 1.0), "u": (2.0, None), "x": (None, 5.0)}
    map = coordinates(["all = a + b", "s = r + u"], ("all", "a", "b"), bounds)
    assert map.names == ("all", "r", "u", "x", "a/b")
    odds = "log((r)/(1 - r))"
    assert map.labels == ("log(all)", odds, "log(u - 2)", "-log(5 - x)", "log(a/b)")


@pytest.mark.parametrize(
    ("identities", "positive"),
    [
        (["1 = a + b + n"], ("a", "b", "n")),
        (["100 = a + b", "b = d + e"], ("a", "b", "d", "e")),
        (["1 = a + b", "1 = d + 0.5*e"], ("a", "b", "d", "e")),
    ],
)
def test_shares_of_a_number_add_up_to_it(identities, positive, rng):
    map = coordinates(identities, positive)
    w = 3 * rng.standard_normal((50, len(map.names)))
    y = map.outward(w)
    for identity in map.schema.identities:
        assert np.abs(identity.residual(y, map.schema.series)).max() < 1e-15 * y.max() * 4
    assert all((y[:, map.schema.series.index(name)] > 0).all() for name in positive)
    np.testing.assert_allclose(map.inward(y), w, atol=1e-6)
    assert Schema.from_json(map.schema.to_json()) == map.schema


def test_parts_of_a_number_are_positive_shares():
    with pytest.raises(SynthError, match=r"above zero, and 'b' is not \(--positive b\)"):
        coordinates(["1 = a + b"], ("a",))
    with pytest.raises(SynthError, match="must be added"):
        coordinates(["1 = a - b"], ("a", "b"))
    wrong = frame().assign(c=lambda f: f.c.abs(), nx=lambda f: f.nx.abs())
    with pytest.raises(SynthError, match=r"1 = c \+ nx does not hold in 36 of 36"):
        read_entities(wrong, entity="country", identities=["1 = c + nx"])


def test_panels_of_shares_are_drawn_as_shares(rng):
    logits = rng.standard_normal((12, 1, 3)) + 0.4 * rng.standard_normal((12, 40, 3))
    shares = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    table = pd.DataFrame(shares.reshape(-1, 3), columns=["food", "rent", "rest"])
    table["home"] = np.repeat([f"h{k}" for k in range(12)], 40)
    table["quarter"] = np.tile(pd.period_range("2000Q1", periods=40, freq="Q").astype(str), 12)
    panel = read_entities(table, entity="home", identities=["1 = food + rent + rest"])
    made = GaussianPanel(PanelLaw(rounds=1)).fit(panel).sample(panels=3, rng=rng).values
    assert (made > 0).all()
    np.testing.assert_allclose(made.sum(axis=-1), 1, atol=1e-12)


@pytest.mark.parametrize(
    ("identity", "positive", "bounds", "message"),
    [
        ("gdp = c - m", ("gdp", "c", "m"), {}, "cannot be kept above 0 by"),
        ("gdp = c + i", (), {"gdp": (None, 9.0)}, "'gdp', which then cannot be kept below 9"),
        ("gdp = c + i", ("gdp", "c", "i"), {"c": (1.0, 2.0)}, "cannot be kept above 1 and below 2"),
        ("1 = a + b", ("a", "b"), {"b": (0.0, 0.5)}, "'b', which then cannot be kept above 0 and"),
    ],
)
def test_a_rule_that_an_identity_would_break_is_refused(identity, positive, bounds, message):
    with pytest.raises(SynthError, match=message):
        coordinates([identity], positive, bounds)


def test_a_rule_that_follows_from_an_identity_is_kept(rng):
    map = coordinates(["1 = a + 2*b", "s = a + v"], ("a", "b", "s"), {"b": (0, 0.5), "v": (0, 1)})
    y = map.outward(3 * rng.standard_normal((50, 3)))
    assert map.outside(y) == {"a": 0, "b": 0, "s": 0, "v": 0}


def test_shares_of_two_numbers_that_are_one_part_are_refused():
    with pytest.raises(SynthError, match=r"1 = b \+ d; 1 = a \+ b cannot be kept together"):
        coordinates(["1 = a + b", "1 = b + d"], ("a", "b", "d"))


def test_a_series_may_be_called_as_a_ratio_is(rng):
    schema = Schema(
        None, "date", "Q", ("a", "b", "all", "a/b"), (), {},
        (Identity.parse("all = a + b"),), ("a", "b", "all"),
    )  # fmt: skip
    w = rng.standard_normal((9, 3))
    y = Coordinates(schema).outward(w)
    np.testing.assert_allclose(y[:, 3], w[:, 1])
    np.testing.assert_allclose(np.log(y[:, 0] / y[:, 1]), w[:, 2])


def test_two_columns_of_one_name_are_refused():
    table = frame()
    with pytest.raises(SynthError, match="two columns are called 'x'"):
        read_entities(pd.concat([table, table[["x"]]], axis=1), entity="country")


def test_identities_in_a_circle_are_refused():
    with pytest.raises(SynthError, match="circle"):
        coordinates(["a = b + c", "b = a + d"])


def test_shares_may_miss_their_sum_by_what_they_were_rounded(rng):
    shares = (100 * rng.dirichlet([5.0, 5.0, 5.0], 60)).round(1)
    frame = pd.DataFrame(shares, columns=list("abc"))
    frame.insert(0, "year", np.tile(np.arange(1990, 2010).astype(str), 3))
    frame.insert(0, "firm", np.repeat(["x", "y", "z"], 20))
    assert (frame[["a", "b", "c"]].sum(axis=1).round(6) != 100).any()
    read_entities(frame, entity="firm", identities=("100 = a + b + c",))
    frame.loc[7, "a"] = round(100.2 - frame.loc[7, "b"] - frame.loc[7, "c"], 1)
    with pytest.raises(SynthError, match=r"in 1 of 60 rows \(x 1997\); the largest miss is 0.2"):
        read_entities(frame, entity="firm", identities=("100 = a + b + c",))


LEVELS = [0.05, *[9.0, 11.0, 10.0] * 5]  # a mean of 10, and one cell near zero


@pytest.mark.parametrize(
    ("a", "identity", "expected"),
    [
        ([1.0, 10, 100, 1000] * 4, "all = a + b", ("a", "b", "all")),  # ratios, over decades
        ([1.0, 10, 100, 1000] * 4, "all = a - b", ("a", "b")),  # which may fall below zero
        (LEVELS, "all = a + b", ("b",)),  # and so no total
        ([x / 12 for x in LEVELS], "1 = a + b", ("a", "b")),  # shares
    ],
)
def test_series_are_in_logs_where_logs_suit_them(a, identity, expected):
    a, b = np.array(a), np.array([0.5, 0.6, 0.7, 0.8] * 4)
    table = pd.DataFrame({"year": range(2000, 2016), "a": a, "b": b})
    if identity == "1 = a + b":
        table["b"] = 1 - a
    else:
        table["all"] = a + b if "+" in identity else a - b
    assert read_entities(table, identities=[identity]).schema.positive == expected
    told = read_entities(table, identities=[identity], positive=("a", "b"))
    assert told.schema.positive == ("a", "b")


def test_panels_without_three_periods_in_a_row_are_refused():
    panel = read_entities(frame(length=2).assign(gdp=1.5, x=[1, 2, 4, 3, 5, 9]).drop(columns="gdp"),
                          entity="country")  # fmt: skip
    with pytest.raises(SynthError, match="no entity has three periods after each other"):
        PanelLaw().fit(panel)
