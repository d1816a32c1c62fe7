# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Policy scenarios
#
# It is the autumn of 2009 and the Treasury bill rate is near zero. What goes together with a rate
# that rises at once? This notebook asks a vector autoregression, whose answer is a closed form, so
# that nearly everything below runs in seconds and can be checked by hand. `Diffusion()` takes the
# same calls.
#
# A conditional forecast says what goes together *in the data* with what is assumed. It does not say
# what would follow if the central bank did it: the past mixes all reasons for which rates rose.

# %%
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import norm

from econdiff.baselines.bvar import BVAR
from econdiff.baselines.var import VAR
from econdiff.data import load
from econdiff.diffusion.model import Diffusion
from econdiff.report.scenario_figures import differences, responses, two_fans
from econdiff.scenario import (
    Scenario,
    ScenarioError,
    above_baseline,
    conditional,
    parse_pin,
    plausibility,
)
from econdiff.scenario.at_risk import at_risk
from econdiff.scenario.attribution import drivers
from econdiff.scenario.news import news
from econdiff.structural import Recursive, brought_about, local_projections, structural
from econdiff.transforms import Transformed

panel, _ = load("us-macro", series=["realgdp", "cpi", "unemp", "tbilrate"])
model = Transformed(VAR(lags=2)).fit(panel)
HORIZON, PATHS = 8, 1000


def ask(scenario, mode="hard", model=model, horizon=HORIZON):
    rng = np.random.default_rng(0)
    return conditional(model, panel, scenario, mode=mode, horizon=horizon, paths=PATHS, rng=rng)


# %% [markdown]
# ## The table with holes
# A number pins a cell, an empty place leaves it free. A text does the same.

# %%
higher = Scenario(above_baseline("tbilrate", [1, 2, 3, 4], 2.0), name="200 basis points more")
answer = ask(higher)
two_fans(answer)

# %% [markdown]
# Baseline and alternative share their draws, so the difference of a path and its twin is about half
# as noisy as either. The pinned rate is the exception: its alternative stands still, and all the
# spread of the baseline is in the difference. The mean of the difference is a closed form, without
# Monte Carlo error.

# %%
differences(answer)

# %%
answer.difference().query("series == 'unemp'").round(3)

# %% [markdown]
# The diffusion model has no closed form, and its means have noise. But beside each of its draws
# stands the Gaussian answer to the same random numbers, whose mean is known: what that one is wrong
# by is taken off (a control variate). 100 draws; how far the mean of unemployment moves, its standard
# error, and what that would be without the control:

# %%
few = conditional(
    Transformed(Diffusion()).fit(panel), panel, parse_pin("tbilrate=1,2"), mode="hard", horizon=4,
    paths=100, rng=np.random.default_rng(0),
)  # fmt: skip
spreads = [f.samples[..., 2].std(axis=0) for f in (few.baseline, few.alternative)]
table = few.difference().query("series == 'unemp'")[["period", "mean", "standard_error"]]
table.assign(without=np.hypot(*spreads) / np.sqrt(100)).round(3)

# %% [markdown]
# ## How likely was it?

# %%
found = plausibility(answer, ("growth(realgdp) < 0 for 2", "unemp > 10"))
print(found.verdict)
for before, after in zip(found.before, found.after, strict=True):
    print(f"{before.event}: {before.value:.3f} before, {after.value:.3f} after")

# %% [markdown]
# ## The same assumption under each mode
#
# | mode | means | the pinned cell | the others |
# |---|---|---|---|
# | hard | the rate *is* 3 | 3, no spread | move and narrow |
# | soft | it was *measured* as 3, with an error | between 3 and the forecast | move less |
# | density | it is *distributed* about 3, our spread | mean 3, our spread | as hard, but wider |
# | tilt | the *average* path has 3 | mean 3 | no path is moved, some count more |
# | event | an event *occurs* | whatever it needs | the paths in which it does |
#
# They answer different questions and are never mixed. `structural`, further down, is not among them:
# it asks what *brings the rate there*.

# %%
target = parse_pin("tbilrate@2010Q3=3")
rows = {"baseline": answer.baseline}
for mode, sd in (("hard", 0.0), ("soft", 0.5), ("density", 0.5), ("tilt", 0.0)):
    rows[mode] = ask(target.with_sd(sd), mode).alternative
rows["event"] = ask(Scenario(events=("tbilrate > 3 in 2010Q3",)), "event").alternative
pd.DataFrame(
    {
        name: {
            "rate, mean": f.mean().loc["2010Q3", "tbilrate"],
            "rate, sd": f.samples[:, 3, 3].std(),
            "unemployment, mean": f.mean().loc["2010Q3", "unemp"],
            "unemployment, sd": f.samples[:, 3, 2].std(),
        }
        for name, f in rows.items()
    }
).round(2)

# %%
figure, grid = plt.subplots(2, len(rows), figsize=(11, 3.6), sharex="row", sharey="row")
for column, (name, f) in zip(grid.T, rows.items(), strict=True):
    for axes, k, series in zip(column, (3, 2), ("rate", "unemployment"), strict=True):
        bins = np.arange(-5, 7, 0.25) if k == 3 else np.arange(5, 13, 0.25)
        axes.hist(f.samples[:, 3, k], bins=bins, density=True, color="#4c97cc")
        axes.set_title(f"{series}, {name}", fontsize=9)
        axes.set_xlabel("per cent in 2010Q3", fontsize=8)
        axes.set_yticks([])
for axes in grid[:, 0]:
    axes.set_ylabel("density", fontsize=8)
grid[0, 0].set_ylim(0, 1.5)  # where all draws are 3, the bar runs out of the picture
figure.tight_layout()

# %% [markdown]
# ## Rarer than any draw
# Unemployment above 11.5 in a year's time is in none of a thousand paths. It is then sought by
# multilevel splitting: paths that come nearer are multiplied and moved on, and the chance is the
# product of the shares that reach each level. Here the truth is known: the tail of a normal.

# %%
rare = ask(Scenario(events=("unemp > 11.5 in 2010Q3",)), "event")
print((rare.baseline.samples[:, 3, 2] > 11.5).sum(), "of the paths;", end=" ")
print(plausibility(rare).verdict)
law = rare.law.gaussian()
cell = 3 * len(panel.columns) + 2  # the fourth step of the third series
size = np.sqrt(law.covariance[cell, cell])
print(f"by the normal tail: {norm.sf((11.5 - law.mean[cell]) / size):.2g}")
two_fans(rare)

# %% [markdown]
# ## What drives it
# The shift of each mean is a sum over the pins: how surprising each is, times how sensitive the
# target is to it.

# %%
table = drivers(answer.law.gaussian(), answer.bound, answer.told.pins)
table.query("series == 'unemp'").pivot(index="period", columns="pin", values="contribution").round(
    3
)

# %% [markdown]
# ## News
# Which release of the last quarter moved the forecast of unemployment, and by how much?

# %%
revision = news(model, panel.iloc[:-1], panel, horizon=4)
revision.releases.query("target == 'unemp' and at == '2010Q3'").round(3)

# %% [markdown]
# An older vintage may lack figures and have others wrong. Suppose that the GDP of the last two
# quarters was first told half a per cent lower (an invented revision). On the command line the older
# file is named, `econdiff scenario now.csv --older before.csv ...`, and the report has this table:

# %%
older = panel.iloc[:-1].copy()
older.iloc[-2:, 0] *= 0.995
revision = news(model, older, panel, horizon=4)
told = pd.concat(
    {"revision of": revision.revisions, "release of": revision.releases}, names=["what", None]
).query("at == '2010Q3'")
told = told.reset_index("what")
told.pivot_table("contribution", ["what", "series"], "target", "sum", sort=False).round(2)

# %% [markdown]
# ## Another question: what if the central bank does it?
# For that, shocks need names, and names need an assumption that the data cannot test. There is no
# default: here the order says that the rate answers to the other three within the quarter and moves
# none of them in it. The pictures show what a shock of one standard deviation does, in the units of
# the series, for output and prices in per cent; the bands hold 68% of 200 draws of a Bayesian VAR.

# %%
growing = Transformed(BVAR(lags=4)).fit(panel)
scheme = Recursive(("realgdp", "cpi", "unemp", "tbilrate"))
shocks = structural(growing, panel, scheme, draws=200, rng=np.random.default_rng(2))
print("\n".join(shocks.said()))
bands = shocks.bands(16).query("shock == 'tbilrate'")
responses(bands, local_projections(shocks, "tbilrate", 16))

# %% [markdown]
# Prices that rise after a rise of the rate are the old "price puzzle": a sign that this scheme does not
# see all that the central bank saw. The local projections agree for a year and a half and part from the
# recursion after that. Now the same 200 basis points from the same Bayesian VAR, once as they came in
# the past and once brought about by the rate's own shocks: what they move a year ahead.

# %%
forced = brought_about(
    shocks, higher, ("tbilrate",), horizon=HORIZON, paths=PATHS, rng=np.random.default_rng(0)
)
both = {"conditional": ask(higher, model=growing), "structural": forced}
tables = {name: a.difference().query("period == '2010Q3'") for name, a in both.items()}
pd.concat({k: t.set_index("series")[["mean", "standard_error"]] for k, t in tables.items()}, axis=1)

# %% [markdown]
# As they came in the past, higher rates went with a recovery: more output, less unemployment. Brought
# about, the same rise costs a little output, and unemployment a year ahead is where it was. (Output is
# in billions of dollars, prices are in points of their index.)
#
# How large are the shocks that it takes, and would anybody notice? A mean that is moved by more than
# two of the deviations that these shocks cause in ordinary times is not modest: people would see that
# the rule has changed, and the past would say less of what they do (Leeper and Zha, 2003).

# %%
forced.modesty().round(2)

# %%
forced.sizes().round(2).head(4)

# %% [markdown]
# It takes a shock of three standard deviations at once, which is not an ordinary one.
#
# If the path is only said to lie about those values, with a deviation of half a point, the law of
# the shocks stays a law, and how far it is from the ordinary one is a number: the divergence in nats,
# and the coin that is as far from a fair one, tossed once for each shock and quarter.

# %%
about = brought_about(
    shocks, higher.with_sd(0.5), ("tbilrate",), horizon=HORIZON, paths=PATHS, mode="density",
    rng=np.random.default_rng(0),
)  # fmt: skip
pd.Series(about.plausibility()).round(2)

# %% [markdown]
# ## Growth at risk
# The paths of a year give the quantiles of its average growth, without and with the higher rate,
# beside quantile regression, which knows the history alone. First the regression is told of the rate,
# then of unemployment as well.

# %%
year = ask(higher, horizon=4)
at_risk(year, "realgdp", ["tbilrate"]).round(2)

# %%
at_risk(year, "realgdp", ["tbilrate", "unemp"]).round(2)

# %% [markdown]
# Paths and regression differ by what they look at more than by their method: the VAR sees unemployment
# of 9.6%, which strong growth followed in 1975 and 1983, and so does the second regression, but not
# the first. Few such quarters stand behind that, and the errors are only those of drawing: they do not
# know that this time may be otherwise. (It was: growth in that year was some 3%.)

# %% [markdown]
# ## What cannot be
# A scenario that contradicts itself is refused, in words.

# %%
for text in ("tbilrate@2010Q1=3", "realgdp=-5", "wages=3"):
    try:
        ask(parse_pin("tbilrate=0.5,2") + parse_pin(text))
    except ScenarioError as error:
        print(error)
