"""Quality and privacy: closed forms, and that bad panels are seen to be bad."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from linearmodels import PanelOLS
from test_synth_generators import known

from econdiff.cli import main
from econdiff.commands.entities import EntityReading, read_condition, read_made, read_real
from econdiff.commands.errors import UsageError
from econdiff.commands.synth_export import export
from econdiff.report.synth import paths_figure
from econdiff.scenario import Scenario, cell
from econdiff.synth import (
    VAE,
    Condition,
    GaussianPanel,
    PanelLaw,
    Regression,
    Steered,
    SynthError,
    examine,
    impulse,
    quality,
    read_entities,
)
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.fidelity import autocorrelation, coverage, dynamics
from econdiff.synth.impulse import responses, share_inside
from econdiff.synth.membership import auc
from econdiff.synth.privacy import beside
from econdiff.synth.resampling import BlockBootstrap, Copy, Jitter
from econdiff.synth.utility import overlap


@pytest.fixture(scope="module")
def panel():
    return known()


def test_the_overlap_of_intervals_is_known():
    one = np.array([1.0])
    same, half = overlap(0 * one, one, 0 * one, one), overlap(0 * one, one, 1.959963985 * one, one)
    assert same[0] == pytest.approx(1)
    assert half[0] == pytest.approx(0.5)
    assert overlap(0 * one, one, 10 * one, one)[0] < 0


def test_regressions_agree_with_linearmodels(panel):
    b, error = Regression.parse("a ~ b + lag(a)").estimate(panel.values, panel.schema.series)
    long = panel.to_frame()
    long["lag"] = long.groupby("firm")["a"].shift()
    long["time"] = pd.PeriodIndex(long["month"], freq="M").to_timestamp()
    long = long.dropna().set_index(["firm", "time"])
    exact = PanelOLS(long["a"], long[["b", "lag"]], entity_effects=True).fit()
    np.testing.assert_allclose(b, exact.params, rtol=1e-8)
    np.testing.assert_allclose(error, exact.std_errors, rtol=1e-8)


@pytest.mark.parametrize("text", ["y", "y ~", "y ~ a +"])
def test_nonsense_is_no_regression(text):
    with pytest.raises(SynthError):
        Regression.parse(text)


def test_responses_die_out_as_the_roots_say(panel):
    found = responses(panel.values[..., :1], 1, 3)[:, 0, 0]
    ratio = found[1:] / found[:-1]
    np.testing.assert_allclose(ratio, ratio[0])


def test_autocorrelation_of_a_sine_is_its_cosine():
    y = np.sin(2 * np.pi * np.arange(1200) / 12)[None]
    assert autocorrelation(y, 3) == pytest.approx(0, abs=0.01)
    assert autocorrelation(y, 6) == pytest.approx(-1, abs=0.01)


def test_a_mode_that_is_never_drawn_lowers_coverage(rng):
    real = np.concatenate([rng.normal(0, 1, (100, 2)), rng.normal(50, 1, (100, 2))])
    assert coverage(real, real) == 1
    assert coverage(real, real[:100]) == 0.5


def test_the_auc_of_parted_samples_is_one():
    assert auc(np.array([3.0, 4, 5]), np.array([0.0, 1, 2]))[0] == 1
    assert auc(np.arange(9.0), np.arange(9.0))[0] == 0.5


def test_copies_are_caught_and_the_law_is_not(panel):
    verdicts = {}
    for generator in (Copy(), Jitter(), BlockBootstrap(), GaussianPanel(PanelLaw(rounds=1))):
        found = examine(generator, panel, rng=np.random.default_rng(0))
        verdicts[type(generator).__name__] = found
    assert verdicts["Copy"].exact > 0
    assert verdicts["Copy"].auc == 1
    assert verdicts["Jitter"].near == verdicts["Jitter"].records
    assert verdicts["BlockBootstrap"].exact > 0
    assert verdicts["GaussianPanel"].exact == verdicts["GaussianPanel"].near == 0
    refused = [name for name, found in verdicts.items() if found.reasons]
    assert refused == ["Copy", "Jitter", "BlockBootstrap"]


def test_panels_are_attacked_as_they_are_drawn(panel):
    plain = GaussianPanel(PanelLaw(lags=1, rounds=1))
    last = Steered(plain, start="last", length=6)
    assert last.fit(panel).sample(panels=1, rng=np.random.default_rng(0)).index[0] > panel.index[-1]
    assert not examine(plain, panel, rng=np.random.default_rng(0), splits=2).reasons
    told = examine(last, panel, rng=np.random.default_rng(0), splits=2)
    assert "members can be told" in told.verdict  # they go on from where members stand


def test_half_of_the_entities_is_told_what_is_said_of_all(panel):
    frame = pd.DataFrame({"month": ["2000-02"], "all": [1.0], "a@e03": [9.0], "regime": "2000-03"})
    scenario = Scenario((cell("a@e03", 1, 9.0), cell("all", 1, 2.0)))
    told = replace(Condition.of(frame, panel.schema), scenario=scenario)
    shared = Steered(GaussianPanel(), condition=told).of_any_entities().condition
    assert list(shared.paths) == ["all", "regime"]
    assert [pin.terms[0].series for pin in shared.scenario.pins] == ["all"]


def test_panels_that_are_handed_out_are_compared_with_the_whole_source(panel):
    rng = np.random.default_rng(0)
    copied = beside(panel, Copy().fit(panel).sample(panels=2, rng=rng).values)
    assert copied.exact == 2 * 30 * 40
    assert copied.near == copied.records == 2 * 30 * 2
    fresh = beside(panel, known(seed=5).values[None])
    assert fresh.exact == fresh.near == 0
    assert fresh.ratio_synthetic == pytest.approx(fresh.ratio_held_out, abs=0.05)
    assert np.isnan(fresh.auc)
    assert np.isnan(fresh.nearer_to_members)
    assert "do not release: in the panels released 2400 rows" in (
        replace(fresh, released=copied.copies).verdict
    )


@pytest.mark.parametrize(
    "bad", [{"spread": 0.0}, {"spread": np.inf}, {"length": 1}, {"start": "last", "missing": True}]
)
def test_draws_that_cannot_be_are_refused_before_any_work(bad):
    with pytest.raises(SynthError, match=r"positive|length of 2|holes"):
        Steered(GaussianPanel(), **bad)
    fitted = GaussianPanel(PanelLaw(lags=1, rounds=1)).fit(known(entities=6, length=20))
    with pytest.raises(SynthError, match=r"positive|length of 2|holes"):
        fitted.sample(panels=1, rng=np.random.default_rng(0), **bad)


def test_the_table_shows_copies_as_best_and_shuffles_as_forgetful(panel):
    rng = np.random.default_rng(0)
    made = GaussianPanel(PanelLaw(rounds=1)).fit(panel).sample(panels=2, rng=rng)
    rivals = {"a rival": VAE(steps=2)}
    table = quality(panel, made, rng=rng, regressions=[Regression.parse("a ~ b")], rivals=rivals)
    assert table.columns[-1] == "a rival"
    assert table["a rival"].notna().sum() > 0.8 * len(table)
    rows = table.set_index(["metric", "series"])
    distances = rows.index.get_level_values(0).str.startswith("Wasserstein")
    assert (rows.loc[distances, "copy"] == 0).all()
    memory = rows.loc[("VAR(1) own lag", "a")]
    assert abs(memory["shuffled"]) < 0.1
    assert memory["real"] - memory["shuffled"] > 0.4
    assert abs(memory["synthetic"] - memory["real"]) < 0.15


def test_noise_on_real_records_is_no_synthetic_panel(panel):
    found = {}
    for name, made in {"stranger": known(seed=1).values, "noise": panel.values}.items():
        loud = 0.3 * (name == "noise") * np.random.default_rng(0).standard_normal(made.shape)
        found[name] = beside(panel, (made + panel.values[..., :2].std() * loud)[None])
    assert found["noise"].copies.reasons == ()
    assert "do not release: records follow one real record each" in found["noise"].verdict
    assert found["stranger"].reasons == ()


def test_measures_in_logs_say_so(rng):
    panel = known(entities=5, length=16)
    frame = panel.to_frame().drop(columns="all")
    frame[["a", "b"]] = np.exp(frame[["a", "b"]] / 4)
    levels = read_entities(frame, entity="firm", bounds={"b": (0, None)})
    made = Copy().fit(levels).sample(panels=1, rng=rng)
    rows = quality(levels, made, rng=rng).set_index(["metric", "series"])["real"]
    for name in ("a", "b"):  # the same regression as of the panel whose logs they are
        own = dynamics(panel.values[..., :2], ("a", "b"))["VAR(1) own lag", name]
        assert rows["VAR(1) own lag", f"log({name})"] == pytest.approx(own)
    assert ("shock correlation", "log(a), log(b)") in rows
    assert ("mean", "a") in rows
    assert ("CRPS ratio, trained on synthetic to trained on real", "log(a)") in rows


def test_numbers_on_a_logarithmic_axis_are_plain(panel):
    wide = replace(panel, values=np.exp(3 * panel.values))
    figure = paths_figure(wide, Copy().fit(wide).sample(panels=1, rng=np.random.default_rng(0)))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    assert axes.get_yscale() == "log"
    said = [label.get_text() for label in axes.get_yticklabels()]
    assert "1" in said
    assert not any("$" in text for text in said)


def test_panels_beside_are_as_long_as_those_judged():
    real = known(entities=8, length=24)
    made = BlockBootstrap().fit(real).sample(panels=1, length=48, rng=np.random.default_rng(0))
    seen = []

    class Rival:
        def fit(self, panel):
            return self

        def sample(self, *, panels, rng, length=None):
            seen.append(length)
            return made

    quality(real, made, rng=np.random.default_rng(0), rivals={"one": Rival()})
    assert seen == [48]
    short = BlockBootstrap().fit(real).sample(panels=1, length=2, rng=np.random.default_rng(0))
    with pytest.raises(SynthError, match="3 or more"):
        quality(real, short, rng=np.random.default_rng(0))


def test_a_copy_ends_where_the_real_panel_does():
    still = known(entities=3, length=12)
    trend = np.arange(12)[:, None] * [10 if name != "all" else 20 for name in still.schema.series]
    real = replace(still, values=still.values + trend)
    made = BlockBootstrap().fit(real).sample(panels=1, length=18, rng=np.random.default_rng(0))
    table = quality(real, made, rng=np.random.default_rng(0)).dropna(subset="real")
    np.testing.assert_allclose(table["copy"], table["real"], rtol=1e-9, atol=1e-12)


def test_the_band_of_the_real_responses_is_drawn_once(monkeypatch):
    real, drawn, band = known(entities=3, length=12), [], impulse.band

    def counted(*told, **how):
        drawn.append(band(*told, **how))
        return drawn[-1]

    monkeypatch.setattr(impulse, "band", counted)
    made = Jitter().fit(real).sample(panels=2, rng=np.random.default_rng(0))
    table = quality(real, made, rng=np.random.default_rng(0)).set_index("metric")
    assert len(drawn) == 1
    w, *each = map(Coordinates(real.schema).inward, (real.values, *made.values))
    told = {"lags": 1, "horizon": 4, "draws": 60}
    expected = [share_inside(w, v[None], np.random.default_rng(0), **told) for v in each]
    found = table.loc["impulse responses inside the real band, ratio", "synthetic"]
    assert found == pytest.approx(np.mean(expected))


def test_a_column_that_numbers_the_copies_is_not_taken_from_the_source(tmp_path):
    (tmp_path / "source.csv").write_text("panel,year,y\na,2000,1\na,2001,2\n")
    with pytest.raises(UsageError, match="rename it"):
        read_real(str(tmp_path / "source.csv"), EntityReading(entity="panel"))


def test_columns_come_out_in_the_order_and_with_the_numbers_of_the_source(tmp_path, rng):
    source = pd.DataFrame(
        {
            "a": rng.standard_normal(60),
            "year": np.tile(np.arange(1990, 2005), 4),
            "zone": np.repeat(["n", "n", "s", "s"], 15),
            "firm": np.repeat(["w", "x", "y", "z"], 15),
            "b": rng.standard_normal(60),
        }
    )
    source.to_csv(tmp_path / "source.csv", index=False)
    real, source, _ = read_real(str(tmp_path / "source.csv"), EntityReading(entity="firm"))
    made = BlockBootstrap().fit(real).sample(panels=2, rng=rng)
    export(made, source, tmp_path, ("stata",))
    found = pd.read_parquet(tmp_path / "synthetic.parquet")
    assert list(found) == ["panel", *source]
    assert found["year"].dtype == "int64"
    assert set(found["year"]) == set(source["year"])
    assert pd.read_stata(tmp_path / "synthetic.dta")["year"].dt.year.tolist() == list(found["year"])


def test_stata_gets_dates_and_names_that_it_allows(tmp_path):
    real = known(entities=8, length=24)
    series = ("a, bn", "a_ bn", "all")
    units = {"a, bn": "Mio. € je Größe", "all": "x" * 90}
    schema = replace(real.schema, series=series, identities=(), statics=("group",), units=units)
    made = BlockBootstrap().fit(replace(real, schema=schema))
    made = made.sample(panels=1, rng=np.random.default_rng(0))
    source = made[0].to_frame()
    renamed = export(made, source, tmp_path, ("stata",))
    assert renamed == {"a, bn": "a__bn", "a_ bn": "a__bn_2"}
    stata = pd.read_stata(tmp_path / "synthetic.dta")
    assert list(stata)[-3:] == ["a__bn", "a__bn_2", "all"]
    assert list(stata["month"][:2]) == [pd.Timestamp("2000-01-01"), pd.Timestamp("2000-02-01")]
    with pd.io.stata.StataReader(tmp_path / "synthetic.dta") as reader:
        labels = reader.variable_labels()
    assert labels["a__bn"] == "a, bn (Mio. € je Größe)"
    assert (labels["a__bn_2"], labels["month"]) == ("a_ bn", "month")
    assert labels["all"] == "all (" + "x" * 75


def test_weeks_have_the_same_date_in_every_file(tmp_path, rng):
    fridays = pd.date_range("2015-01-02", periods=40, freq="7D").strftime("%Y-%m-%d")
    frame = pd.DataFrame({"date": fridays, "x": rng.standard_normal(40)})
    made = BlockBootstrap().fit(read_entities(frame)).sample(panels=1, rng=rng)
    export(made, frame, tmp_path, ("csv", "stata"))
    stata = pd.read_stata(tmp_path / "synthetic.dta")["date"].dt.strftime("%Y-%m-%d")
    assert list(stata) == list(pd.read_csv(tmp_path / "synthetic.csv")["date"]) == list(fridays)


def test_the_commands_write_and_judge_a_folder(panel, tmp_path, capsys, made_again):
    source = tmp_path / "firms.csv"
    panel.to_frame().to_csv(source, index=False)
    out, judged = tmp_path / "out", tmp_path / "judged"
    said = ["synth", str(source), "--entity", "firm", "--identity", "all = a + b", "--panels", "2"]
    said += ["--generator", "gaussian", "--regression", "a ~ b", "--export", "csv,stata"]
    assert main([*said, "--out", str(out), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    expected = {"synthetic.parquet", "synthetic.csv", "synthetic.dta", "schema.json", "card.md"}
    expected |= {"quality.csv", "privacy.csv", "quality.html", "paths.png", "regressions.csv"}
    assert expected <= set(facts["files"])
    made = pd.read_parquet(out / "synthetic.parquet")
    assert list(made["panel"].unique()) == [1, 2]
    assert facts["positive"] == []
    for told in ("card.md", "quality.html"):
        assert "in logs: none; --positive A,B, or none, says" in (out / told).read_text()
    for told in ("card.md", "quality.html"):  # a regression that mixes logs and levels is moved
        assert "--levels kept" in (out / told).read_text()
    said = ["synth-report", str(source), str(out / "synthetic.parquet"), "--entity", "firm"]
    assert main([*said, "--out", str(judged), "--quiet"]) == 0
    assert str(tmp_path) not in (out / "quality.html").read_text()
    assert "Attacks on a generator that saw half" in (out / "quality.html").read_text()
    assert "Attacks on a generator that saw half" not in (judged / "quality.html").read_text()
    attacked = pd.read_csv(out / "privacy.csv", index_col="measure")["synthetic"]
    assert attacked["released rows equal to a real row"] == 0
    found = pd.read_csv(judged / "privacy.csv", index_col="measure")
    ratio = found.loc["nearest-neighbour ratio"]
    assert ratio["synthetic"] == pytest.approx(ratio["without a leak"], abs=0.05)
    made_again(out, "quality.html")
    made_again(judged, "quality.html")
    assert main(["synth", str(source), "--out", str(tmp_path / "no"), "--quiet"]) == 1
    assert "two rows" in capsys.readouterr().err


class Elsewhere:
    """Draws that are the same whichever half they are fitted to."""

    def __init__(self, panel):
        self.fitted = GaussianPanel(PanelLaw(lags=1, rounds=1)).fit(panel)

    def fit(self, panel):
        return self

    def sample(self, *, panels, rng, length=None):
        return self.fitted.sample(panels=panels, rng=np.random.default_rng(0))


def test_who_looked_at_no_half_has_an_auc_of_one_half_in_every_split(panel):
    found = examine(Elsewhere(panel), panel, rng=np.random.default_rng(3), splits=3)
    assert found.auc == pytest.approx(0.5)
    assert found.auc_high - found.auc_low == pytest.approx(0, abs=1e-9)
    assert examine(Copy(), panel, rng=np.random.default_rng(3), splits=2).auc > 0.99


def test_one_history_is_split_by_stretches_of_time():
    rng = np.random.default_rng(0)
    months = pd.period_range("1990-01", periods=192, freq="M").astype(str)
    one = read_entities(pd.DataFrame({"date": months, "x": rng.standard_normal(192)}))
    found = examine(Elsewhere(one), one, rng=rng, splits=3)
    assert found.auc == pytest.approx(0.5)
    assert examine(Copy(), one, rng=rng, splits=2).auc > 0.9


def test_somebodys_panels_may_break_the_rules_and_it_is_measured(tmp_path):
    long = known(entities=4, mean=50.0).to_frame().drop(columns="all")
    real = read_entities(long, entity="firm")
    assert real.schema.positive == ("a", "b")
    long["b"] = long.groupby("firm")["b"].transform("first")  # constant within each entity
    long.loc[:15, "a"] *= -1
    long.to_parquet(tmp_path / "made.parquet")
    made = read_made(str(tmp_path / "made.parquet"), real)
    assert made.values.shape == (1, 4, 40, 2)
    share = Coordinates(real.schema).outside(made.values)
    assert share == {"a": pytest.approx(16 / 160), "b": 0.0}
    assert np.isnan(Coordinates(real.schema).inward(made.values)[0, 0, :16, 0]).all()
    assert np.isnan(beside(real, made.values).auc)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_codes_of_text_keep_their_noughts(kind, tmp_path):
    long = known(entities=4, length=10).to_frame()
    long["firm"] = "00" + long["firm"]
    long["zip"] = long["group"].map({"calm": "00501", "loud": "10001"})
    path = tmp_path / f"firms.{kind}"
    long.to_csv(path, index=False) if kind == "csv" else long.to_parquet(path, index=False)
    reading = EntityReading(entity="firm", identities=("all = a + b",))
    panel, _, _ = read_real(str(path), reading)
    assert panel.entities == ("000", "001", "002", "003")
    assert list(panel.statics["zip"]) == ["00501", "10001"] * 2


def test_entities_are_described_by_a_file_of_one_column(tmp_path):
    schema = known(entities=4, length=10).schema
    (tmp_path / "who.csv").write_text("group\ncalm\nloud\ncalm\n")
    told = read_condition(tmp_path / "who.csv", schema)
    assert list(told.statics["group"]) == ["calm", "loud", "calm"]
    two = replace(schema, statics=("group", "kind"))
    (tmp_path / "who.csv").write_text("group,kind\ncalm,x\nloud,y\n")
    assert list(read_condition(tmp_path / "who.csv", two).statics["kind"]) == ["x", "y"]


def test_a_misspelt_regression_is_refused_before_any_work(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(GaussianPanel, "fit", lambda *_: pytest.fail("work was done"))
    known(entities=10, length=20).to_frame().to_csv(tmp_path / "in.csv", index=False)
    said = ["synth", str(tmp_path / "in.csv"), "--entity", "firm", "--identity", "all = a + b"]
    said += ["--generator", "gaussian", "--out", str(tmp_path / "out"), "--quiet"]
    assert main([*said, "--regression", "log(a) ~ b"]) == 1
    assert "a is not above zero" in capsys.readouterr().err
    assert main([*said, "--regression", "a ~ c"]) == 1
    assert "no series 'c'" in capsys.readouterr().err
    assert main([*said, "--spread", "0"]) == 1
    assert "spread=0.0 must be positive" in capsys.readouterr().err
    assert main([*said, "--length", "2"]) == 2
    assert "--length takes 3 or more" in capsys.readouterr().err


def test_the_command_takes_conditions_and_ranges(tmp_path, capsys):
    panel = known(entities=20, length=24)
    source, told = tmp_path / "firms.csv", tmp_path / "told.csv"
    panel.to_frame().to_csv(source, index=False)
    pd.DataFrame({"month": ["2000-02", "2000-03"], "all": [1.0, 2.0]}).to_csv(told, index=False)
    said = ["synth", str(source), "--entity", "firm", "--identity", "all = a + b", "--panels", "2"]
    out = tmp_path / "out"
    options = ["--generator", "gaussian", "--condition", str(told), "--out", str(out), "--quiet"]
    assert main([*said, *options]) == 0
    mean = pd.read_parquet(out / "synthetic.parquet").groupby(["panel", "month"])["all"].mean()
    np.testing.assert_allclose(mean[:, "2000-03"], 2.0, atol=1e-8)

    scenario = tmp_path / "told.toml"
    scenario.write_text('[pins]\n"average(all, 2000-02, 2000-03)" = 1.0\n')
    options = ["--generator", "gaussian", "--condition", str(scenario), "--quiet"]
    options += ["--bound", "a=-99:99", "--unit", "a=euro", "--out", str(tmp_path / "pinned")]
    assert main([*said, *options]) == 0
    mean = pd.read_parquet(tmp_path / "pinned" / "synthetic.parquet").groupby(["panel", "month"])
    both = mean["all"].mean()[:, "2000-02"] + mean["all"].mean()[:, "2000-03"]
    np.testing.assert_allclose(both / 2, 1.0, atol=1e-8)
    schema = json.loads((tmp_path / "pinned" / "schema.json").read_text())
    assert schema["bounds"] == {"a": [-99.0, 99.0]}
    assert schema["units"] == {"a": "euro"}

    private = tmp_path / "private"
    ranges = [f"--range={name}=-30:30" for name in ("a", "b", "all")]
    assert main([*said, "--dp-epsilon", "2", *ranges, "--out", str(private), "--quiet"]) == 0
    card = (private / "card.md").read_text()
    assert "(2.0, 1e-05) differentially private" in card
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    assert all(digest.encode() not in file.read_bytes() for file in private.iterdir())
    assert digest in (out / "card.md").read_text()
    assert "Verdict" not in card  # a number of the real panel, without noise
    assert "bootstrap came" not in card
    for told in (card, (private / "quality.html").read_text()):
        assert "Not covered: quality.csv" in told
    assert "group" not in pd.read_parquet(private / "synthetic.parquet")
    capsys.readouterr()
    bad = [["--range", "a=1:2"], ["--dp-epsilon", "1"], ["--generator", "vae", "--holes"]]
    for options in bad:
        assert main([*said, *options, "--out", str(tmp_path / "no"), "--quiet"]) != 0
        assert "range" in (words := capsys.readouterr().err) or "--holes" in words
