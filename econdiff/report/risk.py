"""Pictures of risk."""

import pandas as pd
from matplotlib.figure import Figure


def exceptions(table: pd.DataFrame, alpha: float) -> Figure:
    """Returns, VaR and ES of each day of `table`, the days beyond VaR marked."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    axes = figure.add_subplot()
    days = table.index.to_numpy()
    axes.plot(days, table["return"], color="0.65", linewidth=0.6, label="return")
    axes.plot(days, table["VaR"], color="#08519c", linewidth=1, label=f"VaR, {alpha:g}")
    axes.plot(days, table["ES"], color="#08519c", linewidth=1, linestyle=":", label="ES")
    beyond = table[table["return"] < table["VaR"]]
    axes.plot(
        beyond.index.to_numpy(), beyond["return"], "v", color="#d95f02", markersize=5,
        label=f"{len(beyond)} beyond VaR",
    )  # fmt: skip
    axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    axes.set_ylabel("return, units of the table")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    return figure
