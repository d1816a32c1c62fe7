"""Pictures of risk: exceptions, how they add up, who causes the loss, what a scenario does."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from scipy import stats

from econdiff.report.drawing import (
    CYCLE,
    HISTORY,
    MARKERS,
    MEDIAN,
    OUTCOME,
    QUIET,
    TINTS,
    Shown,
    dates,
    finish,
    grid_of,
    styled,
)
from econdiff.risk.backtests import YEAR
from econdiff.risk.portfolio import Gains

MOST = 12  # bars
WINDOWS = 20  # of a year, the least that are drawn as a line over time


def exceptions(table: pd.DataFrame, alpha: float) -> Figure:
    """Returns, VaR and ES of each day of `table`, the days beyond VaR marked."""
    with styled():
        figure = Shown(figsize=(10, 4), layout="constrained")
        axes = figure.add_subplot()
        _draw_exceptions(axes, table, alpha)
        axes.set_ylabel("return, units of the table")
        axes.margins(x=0.01)
        figure.legend(loc="outside lower center", ncols=4)
    return figure


def exceptions_by_model(
    tables: Mapping[str, pd.DataFrame], alpha: float, *, fractions: bool = True
) -> Figure:
    """One row a model: the same returns, each model's VaR and ES, the days beyond VaR marked.

    `fractions` are shown in per cent; else the units are the table's own.
    """
    with styled():
        figure = Shown(figsize=(9, 2.3 * len(tables) + 0.6), layout="constrained")
        grid = figure.subplots(len(tables), 1, squeeze=False, sharex=True, sharey=True)[:, 0]
        for axes, (model, table) in zip(grid, tables.items(), strict=True):
            beyond = int((table["return"] < table["VaR"]).to_numpy().sum())
            _draw_exceptions(axes, table, alpha)
            axes.set_title(f"{model}: {beyond} beyond VaR, {alpha * len(table):.1f} expected")
            if fractions:
                axes.yaxis.set_major_formatter(PercentFormatter(1.0))
            axes.margins(x=0.01)
        if not fractions:
            figure.supylabel("return, units of the table")
        handles, labels = grid[0].get_legend_handles_labels()
        labels = ["beyond VaR" if "beyond" in label else label for label in labels]
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def _draw_exceptions(axes: Axes, table: pd.DataFrame, alpha: float) -> None:
    days = dates(table.index)
    hit = (table["return"] < table["VaR"]).to_numpy()
    axes.plot(days, table["return"], color="0.65", linewidth=0.6, label="return")
    axes.plot(days, table["VaR"], color=MEDIAN, linewidth=1, label=f"VaR, {alpha:g}")
    axes.plot(days, table["ES"], color=MEDIAN, linewidth=1, linestyle=":", label="ES")
    axes.plot(
        days[hit], table["return"].to_numpy()[hit], "v", color=OUTCOME, markersize=5,
        label=f"{hit.sum()} beyond VaR",
    )  # fmt: skip
    axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)


def traffic(tables: Mapping[str, pd.DataFrame], alpha: float, periods: str = "days") -> Figure:
    """Losses beyond VaR in the 250 `periods` up to each, over Basel's zones."""
    law = stats.binom(YEAR, alpha)
    yellow, red = int(law.ppf(0.95)), int(law.ppf(0.9999))  # least hits of each zone
    with styled():
        figure = Shown(figsize=(9, 3.4), layout="constrained")
        axes = figure.add_subplot()
        highest = red + 2.0
        for place, (model, table) in enumerate(tables.items()):
            hit = (table["return"] < table["VaR"]).astype(float)
            running = hit.rolling(YEAR).sum()
            axes.plot(dates(table.index), running, color=CYCLE[place % len(CYCLE)], lw=1.3,
                      label=model, ls=("-", "--", ":", "-.")[place % 4])  # fmt: skip
            highest = max(highest, float(np.nanmax(np.asarray(running, float))) + 1)
        for low, high, color, name in (
            (-0.5, yellow - 0.5, "#d9efd9", "green"),
            (yellow - 0.5, red - 0.5, "#fff3c4", "yellow"),
            (red - 0.5, highest, "#f9d5d0", "red"),
        ):
            axes.axhspan(low, high, color=color, lw=0, zorder=0)
            axes.annotate(name, (0.004, low + 0.1), xycoords=("axes fraction", "data"),
                          color="#555555", va="bottom")  # fmt: skip
        axes.set_ylim(-0.5, highest)
        axes.margins(x=0.01)
        axes.grid(visible=False)
        axes.set_ylabel(f"beyond VaR in {YEAR} {periods}")
        figure.legend(loc="outside lower center", ncols=4)
    return figure


def losses(
    assets: Gains, weights: pd.Series, horizons: Sequence[int], risk: pd.DataFrame
) -> Figure:
    """The distribution of a portfolio's gain at each horizon, VaR and ES marked.

    `risk` has the columns horizon, alpha, VaR and ES of this portfolio and model.
    """
    w = weights.loc[list(assets.names)].to_numpy(float)
    with styled():
        figure, grid = grid_of(1, len(horizons), width=4.6, height=2.5)
        for axes, horizon in zip(grid[0], horizons, strict=True):
            total = assets.at(horizon) @ w
            low, high = np.quantile(total, [0.0005, 0.9995])
            axes.hist(total, bins=80, range=(low, high), color=TINTS[1])
            rows = risk.loc[risk["horizon"] == horizon]
            for place, row in enumerate(rows.to_dict("records")):
                color = CYCLE[place % len(CYCLE)]
                axes.axvline(row["VaR"], color=color, lw=1.2, label=f"VaR {row['alpha']:g}")
                axes.axvline(row["ES"], color=color, lw=1.2, ls=":", label=f"ES {row['alpha']:g}")
            axes.set_title(f"{horizon} step{'s' if horizon > 1 else ''} ahead")
            axes.xaxis.set_major_formatter(PercentFormatter(1.0))
            axes.set_yticks([])
            axes.grid(visible=False)
        finish(figure, grid, columns=6)
    return figure


def contributed(table: pd.DataFrame) -> Figure:
    """Components of VaR and ES by name, largest first: `name, component_VaR, component_ES`."""
    order = np.abs(table["component_ES"].to_numpy(float)).argsort(kind="stable")
    shown = table.iloc[order[-MOST:]]
    at = np.arange(len(shown))
    with styled():
        figure = Shown(figsize=(7.5, 0.36 * len(shown) + 1.3), layout="constrained")
        axes = figure.add_subplot()
        axes.barh(at + 0.2, shown["component_ES"], 0.38, color=CYCLE[0], label="part of ES")
        axes.barh(at - 0.2, shown["component_VaR"], 0.38, color=TINTS[1], label="part of VaR")
        axes.axvline(0, color=HISTORY, lw=0.8)
        axes.set_yticks(at, [str(name)[:40] for name in shown["name"]])
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.grid(axis="x")
        axes.grid(visible=False, axis="y")
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def scenario_fans(drawn: Mapping[str, Gains], weights: pd.Series) -> Figure:
    """The portfolio's gain by step: median and 90% of the paths, without and with scenarios."""
    with styled():
        figure = Shown(figsize=(8, 3.6), layout="constrained")
        axes = figure.add_subplot()
        for place, (name, assets) in enumerate(drawn.items()):
            path = assets.values @ weights.loc[list(assets.names)].to_numpy(float)
            low, middle, high = (
                np.append(0, np.quantile(path, q, axis=0)) for q in (0.05, 0.5, 0.95)
            )
            steps = np.arange(len(middle))
            color = QUIET if place == 0 else CYCLE[(place - 1) % len(CYCLE)]
            axes.fill_between(steps, low, high, color=color, alpha=0.18, lw=0)
            axes.plot(steps, middle, color=color, marker=MARKERS[place % len(MARKERS)], ms=4,
                      label=f"{name}: median, 90% of paths")  # fmt: skip
        axes.axhline(0, color=HISTORY, lw=0.8)
        axes.set_xlabel("steps ahead")
        axes.set_ylabel("gain of the portfolio")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.margins(x=0.01)
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def credit_losses(drawn: Mapping[str, np.ndarray], level: float) -> Figure:
    """Loss distributions by scenario [path], expected loss and the `level` quantile marked."""
    with styled():
        figure = Shown(figsize=(8, 1.9 * len(drawn) + 0.6), layout="constrained")
        grid = figure.subplots(len(drawn), 1, squeeze=False, sharex=True)[:, 0]
        highest = max(float(np.quantile(loss, 0.9995)) for loss in drawn.values())
        for place, (axes, (name, loss)) in enumerate(zip(grid, drawn.items(), strict=True)):
            color = QUIET if place == 0 else CYCLE[(place - 1) % len(CYCLE)]
            axes.hist(loss, bins=100, range=(0, highest), color=color, alpha=0.6)
            axes.axvline(loss.mean(), color=HISTORY, lw=1.2, label="expected loss")
            axes.axvline(np.quantile(loss, level), color=OUTCOME, lw=1.2, ls="--",
                         label=f"{100 * level:g}% quantile")  # fmt: skip
            axes.set_title(str(name))
            axes.set_yticks([])
            axes.grid(visible=False)
        grid[-1].xaxis.set_major_formatter(PercentFormatter(1.0))
        grid[-1].set_xlabel("loss over the horizon, share of exposure today")
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure
