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
# # Synthetic panels: the whole way
#
# A researcher has public capital and output of 48 US states over 17 years (Munnell, 1990; the
# table comes with `linearmodels`: `pip install linearmodels`) and wants to hand out a panel that
# behaves like it, in which `P_CAP = HWY + WATER + UTIL` holds exactly, and from which the same
# conclusions follow.

# %%
# %matplotlib inline
import numpy as np
import pandas as pd
from linearmodels.datasets import munnell

from econdiff.report.synth import memory_figure, paths_figure
from econdiff.synth import (
    Condition,
    DiffusedPanel,
    PanelLaw,
    PrivatePanel,
    Regression,
    examine,
    quality,
    read_entities,
)
from econdiff.synth.quality import worse_than_bootstrap

rng = np.random.default_rng(0)
frame = munnell.load().drop(columns="ST_ABB")
panel = read_entities(frame, entity="STATE", time="YR", identities=["P_CAP = HWY + WATER + UTIL"])
print(panel.schema.to_json())

# %% [markdown]
# A panel that cannot be used is refused in words: here one cell of the total is wrong.

# %%
broken = frame.copy()
broken.loc[20, "P_CAP"] += 500
try:
    read_entities(broken, entity="STATE", time="YR", identities=["P_CAP = HWY + WATER + UTIL"])
except ValueError as error:
    print(error)

# %% [markdown]
# ## Drawing panels
#
# The law of the panel is a vector autoregression with state effects. Plain least squares is badly
# biased with 17 years, so the slopes are those for which the *same biased estimator* gives on
# synthetic panels what it gave on the real one. Here the shocks are drawn with the filtered
# volatility of the anchor alone (`weights=None`); leave `weights` out for the pretrained network.
# So that members cannot be told from others, the level of all panels is moved at random: `level drawn
# apart` says by how much of what states lie apart (`PanelLaw(levels="kept")` leaves it).

# %%
generator = DiffusedPanel(PanelLaw(lags=1), weights=None, trials=128)
fitted = generator.fit(panel)
made = fitted.sample(panels=40, rng=rng)
print(made.provenance)
made.to_frame().head()

# %% [markdown]
# Five states of each series, from the smallest to the largest, and five synthetic ones beside them:

# %%
paths_figure(panel, made)

# %% [markdown]
# The identity holds by construction: parts are shares of the total, and the total is their sum.

# %%
residual = panel.schema.identities[0].residual(made.values, panel.schema.series)
print("largest miss:", np.abs(residual).max())

# %% [markdown]
# ## Panels under a condition
#
# What if unemployment, on average over states, had been 9, 10 and 11 per cent in the last three
# years? The smallest move of all shocks that gives these averages is made; identities still hold.

# %%
crisis = pd.DataFrame({"YR": [1984, 1985, 1986], "UNEMP": [9.0, 10.0, 11.0]})
condition = Condition.of(crisis, panel.schema)
told = fitted.sample(panels=3, rng=rng, condition=condition)
place = panel.schema.series.index("UNEMP")
print(told.values[..., -3:, place].mean(axis=1).round(6))

# %% [markdown]
# ## Do the same conclusions follow?
#
# The production function with state effects, on the real panel and on the synthetic ones. The
# overlap is 1 for the same confidence interval, and negative for intervals that lie apart.

# %%
regression = Regression.parse("log(GSP) ~ log(P_CAP) + log(PC) + log(EMP) + UNEMP")
conclusions = regression.compare(panel, made)
conclusions[["term", "real", "real error", "synthetic", "overlap", "sign kept"]].round(3)

# %% [markdown]
# The signs are kept, that of public capital too, which is not told from nought in either. Sizes are
# kept less well: intervals overlap by half to four fifths.
#
# One synthetic panel has sampling noise of its own: the overlap of a single panel is smaller. Say
# so to whoever gets only one.

# %%
print("mean overlap of single panels:", round(conclusions["overlap of one panel"][0], 2))

# %% [markdown]
# ## Quality, beside panels that are no good
#
# A copy is perfect in every distance: that is why distances alone prove nothing.

# %%
table = quality(panel, made, rng=rng, regressions=[regression])
of = ["GSP", "GSP, EMP", "log(GSP)", "log(GSP), log(EMP)"]
table[table["series"].isin(of)].round(3)

# %% [markdown]
# What is not kept shows in memory: capital that was built fast went on to be built fast, and the sizes
# of its real changes are far more persistent than those of the synthetic ones.

# %%
memory_figure(panel, made)

# %% [markdown]
# Where a bootstrap, of blocks of rows or of the shocks of an autoregression, comes clearly nearer to
# the real panel. That is often: the latter starts from each state's own first year and keeps its own
# constant, which gives the state away.

# %%
lost = worse_than_bootstrap(table)
print(len(lost), "of", len(table), "measures, among them")
lost[["metric", "series", "real", "synthetic", "bootstrap", "var bootstrap"]].head(10).round(3)

# %% [markdown]
# ## Privacy
#
# The generator is fitted on one half of the states and then on the other, and an attacker tries to tell which
# half it was. Six fits: this takes a minute.

# %%
found = examine(generator, panel, rng=rng, splits=3)
print(found.verdict)
found.to_frame()

# %% [markdown]
# The verdict is evidence from attacks that were tried, no guarantee. A guarantee is bought with
# noise: below, whole states are hidden at epsilon 4 and a delta of 1 in 100,000, and ranges are stated
# that anyone could have stated without the data. The noise comes from the operating system and not
# from the seed, which would give it away: each run has its own. Against 48 states it is large, and
# the production function does not survive it: that is its price.

# %%
ranges = {"P_CAP": (1e3, 2e5), "HWY": (5e2, 1e5), "WATER": (1e2, 5e4), "UTIL": (1e2, 1e5)}
ranges |= {"PC": (1e3, 5e5), "GSP": (1e3, 1e6), "EMP": (1e1, 2e4), "UNEMP": (1, 25)}
private = PrivatePanel(4.0, ranges).fit(panel)
print(dict(private.facts))
noisy = regression.compare(panel, private.sample(panels=40, rng=rng))
noisy[["term", "real", "real error", "synthetic", "overlap", "sign kept"]].round(3)

# %% [markdown]
# On the command line, with the pretrained network and a report in one page, this is
#
#     econdiff synth munnell.csv --entity STATE --time YR --seed 1 --out panels \
#         --identity "P_CAP = HWY + WATER + UTIL" \
#         --regression "log(GSP) ~ log(P_CAP) + log(PC) + log(EMP) + UNEMP"
#
# `--condition FILE` and `--dp-epsilon 4 --range P_CAP=1000:200000 ...` are the other two.
