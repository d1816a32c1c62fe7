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
# # A first forecast
#
# From a panel of the US economy to a fan chart, and an honest look at how such forecasts did
# before. Nothing is downloaded: the panel comes with statsmodels. It ends in the third quarter
# of 2009.

# %%
# %matplotlib inline
import numpy as np
import pandas as pd

from econdiff.backtest import backtest, compare, losses
from econdiff.baselines import BASELINES
from econdiff.data import load
from econdiff.diffusion.model import Diffusion
from econdiff.panel import describe_panel
from econdiff.report.figures import fans, score_ratios
from econdiff.transforms import Floors, Transformed
from econdiff.windows import backtest_origins, history_at

panel, source = load("us-macro", series=["realgdp", "cpi", "unemp", "tbilrate"])
print(source)
print(describe_panel(panel))

# %% [markdown]
# ## Fit and draw
#
# `Transformed` turns levels into what a model can work with, chosen by a stated rule from the
# rows given, and turns the paths back. The model comes with weights that were trained on
# simulated economies only: it has never seen a real number, and `fit` estimates no more than
# its anchor.
#
# The bill rate stands at 0.12 per cent in 2009, and nobody pays to lend. No rule can know that of a
# column of numbers, so `Floors` says it: inside the model the rate is a shadow rate, which may go
# below 0, and no path of the rate does.

# %%
kept = Floors({"tbilrate": 0.0})
forecaster = Transformed(Diffusion(), kept).fit(panel)
forecaster.model_units

# %%
rng = np.random.default_rng(2009)
forecast = forecaster.sample(panel, horizon=8, paths=1000, rng=rng)
forecast.plot(panel, title="The US economy after 2009Q3")

# %% [markdown]
# ## Ask the paths
#
# The paths are joint: each is one future of all four series. So any question is a share of
# paths. How likely is it that unemployment is still above 9 per cent at the end of 2010? And if
# it is, what of the bill rate?

# %%
unemployment = forecast.samples[:, 4, forecast.names.index("unemp")]
rate = forecast.samples[:, 4, forecast.names.index("tbilrate")]
high = unemployment > 9
print(f"chance of unemployment above 9% in {forecast.index[4]}: {high.mean():.0%}")
print(f"median bill rate: {np.median(rate):.2f}; in those futures: {np.median(rate[high]):.2f}")

# %% [markdown]
# That is a conditional distribution, not an effect: it says what goes together, not what causes
# what.
#
# ## Look back
#
# What would the same model, and those that you would otherwise use, have said before the
# recession? Each is fitted to the rows up to 2007Q3 and to nothing later.

# %%
origin = pd.Period("2007Q3", freq="Q")
then = history_at(panel, origin)
models = {"diffusion": Transformed(Diffusion(), kept)} | {
    name: Transformed(BASELINES[name](), kept) for name in ("ar", "var")
}
drawn = {
    name: model.fit(then).sample(then, horizon=8, paths=500, rng=np.random.default_rng(1))
    for name, model in models.items()
}
fans(drawn, then, outcome=panel, title="Drawn in 2007Q3, and what came")

# %% [markdown]
# None of the three saw it: by 2009 output, unemployment and the bill rate lie outside the widest band
# of each, which holds 90% of the paths.
#
# One origin proves nothing. Here are eight, two years apart so that their outcomes do not
# overlap. Lower is better, and whiskers hold 90%. A mark is filled only where the test tells the
# model from the AR after a correction for all the cells that it looks at, so that some whiskers
# that stay clear of 1 have a hollow mark. Eight origins are few: most cells cannot be told apart.

# %%
origins = backtest_origins(panel, horizon=8, count=8, step=8)
trials = list(backtest(models, panel, horizon=8, origins=origins, paths=200, seed=1))
table = compare(losses(trials), "ar", rng=np.random.default_rng(0), draws=200)
shown = table[table["step"].isin([1, 2, 4, 8])]
score_ratios(shown, reference="ar", score="CRPS", title="Eight origins, 1993 to 2007")

# %%
shown.groupby(["model", "verdict"]).size()
