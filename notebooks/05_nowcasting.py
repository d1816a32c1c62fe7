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
# # Nowcasting: months beside quarters
#
# Output of a quarter is published after the quarter is over. Yields, prices and jobs are known month
# by month. What do the months that are out say of the quarter that is not over? All data come with
# installed packages: US output and unemployment by quarters from statsmodels, Moody's yields of good
# (Aaa) and of doubtful (Baa) bonds by months from arch.

# %%
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from econdiff.data import load
from econdiff.diffusion.model import Diffusion
from econdiff.scoring import crps, diebold_mariano
from econdiff.stacking import stack, unstack
from econdiff.transforms import Transformed

quarters, _ = load("us-macro", series=["realgdp", "unemp"])
yields, _ = load("us-credit")
months = pd.DataFrame({"aaa": yields["aaa"], "spread": yields["baa"] - yields["aaa"]})
months = months.loc["1959-01":]

# %% [markdown]
# ## A quarter that is not over
#
# It is December 2008. Output is known to the third quarter, and yields to November: the spread of
# doubtful bonds over good ones has not been as wide since the thirties. `stack` makes each monthly
# series three columns, one a month of the quarter. The last row is a *ragged edge*: NaN is what is
# not known yet.

# %%
NOW = pd.Period("2008Q4", freq="Q")


def known(count: int, now: pd.Period = NOW) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Quarters before `now`, with `count` months of it beside them; and the months."""
    end = now.asfreq("M", "start") + count - 1
    return stack(quarters.loc[: now - 1], months.loc[:end]), months.loc[:end]


known(2)[0].tail(3).round(2)

# %% [markdown]
# From here on it is a panel like any other. Paths start after the last row that is complete, and are
# made to meet what is known of the next one: that part of them is the forecast's `nowcast`.


# %%
def drawn(panel: pd.DataFrame, paths: int = 500):
    """Paths from the first row that is not complete on, of two quarters at least."""
    fitted = Transformed(Diffusion()).fit(panel)
    return fitted.sample(panel, horizon=2, paths=paths, rng=np.random.default_rng(0))


def of_quarter(forecast, now: pd.Period = NOW) -> pd.DataFrame:
    """The draws of one quarter: growth over the quarter before, in per cent, and unemployment."""
    whole = forecast.joined().select("realgdp", "unemp")
    cells = whole.samples[:, list(whole.index).index(now)]
    growth = 100 * (cells[:, 0] / quarters.loc[now - 1, "realgdp"] - 1)
    return pd.DataFrame({"growth": growth, "unemp": cells[:, 1]})


forecasts = {count: drawn(known(count)[0]) for count in range(4)}
nows = {"quarters alone": of_quarter(drawn(quarters.loc[: NOW - 1]))}
nows |= {
    f"months to {words}": of_quarter(forecasts[count])
    for count, words in enumerate(("September", "October", "November", "December"))
}
came = {
    "growth": 100 * (quarters.loc[NOW, "realgdp"] / quarters.loc[NOW - 1, "realgdp"] - 1),
    "unemp": quarters.loc[NOW, "unemp"],
}

# %% [markdown]
# ## Month by month
#
# What is drawn of the fourth quarter when no month of it is known, one, two and all three. The line is
# what came (as published in 2009, after revisions).

# %%
figure, grid = plt.subplots(1, 2, figsize=(9, 2.8), sharey=True)
for axes, name, words in zip(
    grid, ("growth", "unemp"), ("growth of output, per cent", "unemployment, per cent"), strict=True
):
    for row, draws in enumerate(nows.values()):
        q = draws[name].quantile([0.05, 0.25, 0.5, 0.75, 0.95]).to_numpy()
        axes.plot(q[[0, 4]], [row, row], color="#a9cce8", linewidth=7)
        axes.plot(q[[1, 3]], [row, row], color="#4c97cc", linewidth=7)
        axes.plot(q[2], row, "o", color="#08305c", markersize=4)
    axes.axvline(came[name], color="#b5382a", linewidth=1)
    axes.set_xlabel(words)
grid[0].set_yticks(range(len(nows)), list(nows))
grid[0].invert_yaxis()
figure.suptitle("2008Q4, drawn with 50 and 90% bands; the line is what came")
figure.tight_layout()

# %%
pd.DataFrame(
    {
        (name, what): [f(draws[name]) for draws in nows.values()]
        for name in ("growth", "unemp")
        for what, f in {"mean": np.mean, "sd": np.std}.items()
    },
    index=list(nows),
).round(2)

# %% [markdown]
# Quarters alone expected growth to come back. Each further month moves the mean towards what came and
# narrows the band, by little: yields say something of output, not much. From November on the fall of
# output lies inside the band that holds 90%, near its edge.
#
# ## The months themselves
#
# `unstack` puts the columns back in a row: the same paths, month by month, from the first month that is
# not known.

# %%
_, yields_known = known(2)
monthly = unstack(forecasts[2], yields_known)
monthly.plot(yields_known, outcome=months, title="Yields after November 2008", span=60)

# %% [markdown]
# Each month goes on from the month before it, also over the end of a quarter: the model is told which
# columns are one series. Who wants the months for their own sake forecasts the monthly panel itself.

# %% [markdown]
# ## An honest check
#
# One quarter that was chosen because it is famous proves nothing. Here is every seventh quarter from
# 1988 to 2009. The same model is asked with quarters alone, and with yields to the second month of the
# quarter beside them. The CRPS says how far a whole distribution is from what came; lower is better.
# The data are revised ones, which flatters both.

# %%
origins = pd.period_range("1988Q1", "2009Q3", freq="Q")[::7]
scores = {}
for now in origins:
    growth = 100 * (quarters.loc[now, "realgdp"] / quarters.loc[now - 1, "realgdp"] - 1)
    truth = np.array([growth, quarters.loc[now, "unemp"]])
    panels = {"quarters alone": quarters.loc[: now - 1], "with 2 months": known(2, now)[0]}
    for name, panel in panels.items():
        draws = of_quarter(drawn(panel, paths=200), now)
        scores.setdefault(name, []).append(crps(draws.to_numpy(), truth))
table = {name: np.array(rows) for name, rows in scores.items()}  # [origin, series]
ratio = table["with 2 months"].mean(axis=0) / table["quarters alone"].mean(axis=0)
tests = [
    diebold_mariano(table["with 2 months"][:, k], table["quarters alone"][:, k], horizon=1)
    for k in range(2)
]
pd.DataFrame(
    {name: rows.mean(axis=0) for name, rows in table.items()}
    | {"ratio": ratio, "p": [test.p_value for test in tests]},
    index=["growth", "unemp"],
).round(3)

# %% [markdown]
# The two are comparable: no p of a Diebold-Mariano test is below 0.1. Growth is as far off with the
# months, unemployment 11% farther, and thirteen origins tell neither from luck. In the crisis the
# spread spoke; in most quarters it has little to add, and each further column costs something to
# estimate. Months of the very thing are worth more: on 81 real-time quarters the monthly unemployment
# rate takes the CRPS of the quarter's to .55 of what finished quarters give, while payrolls do little for
# output (`benchmarks/RESULTS.md`). No installed package bundles them; `econdiff data pull fred
# UNRATE,INDPRO --freq M` fetches them. On the command line all this is
#
# ```
# econdiff nowcast QUARTERS --stack MONTHS
# econdiff forecast QUARTERS --stack MONTHS --horizon 4 --out out
# econdiff scenario QUARTERS --stack MONTHS --horizon 4 --pin "aaa@2009-01=5" --out what-if
# ```
