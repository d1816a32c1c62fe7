"""Synthetic panels against their bars: known law, Munnell's states, markets, US macro, speed.

    python benchmarks/synth.py [--weights shipped|none|FILE] [--only law,munnell,macro,...]

Prints one table a bar, in Markdown. But for the bars `stocks` and `par`, which read a file that is
named, only bundled data of public packages is read.
"""

import argparse
import warnings

import pandas as pd
from synth_law import law, par, speed
from synth_privacy import membership
from synth_real import accounts, macro, markets, munnell
from synth_stocks import stocks

from econdiff.synth import (
    GAN,
    VAE,
    BlockBootstrap,
    DiffusedPanel,
    FactorBootstrap,
    GaussianPanel,
    VARBootstrap,
)
from econdiff.synth.resampling import Copy, Shuffle


def main() -> None:
    """Run the bars that are asked for."""
    chosen = _asked()
    warnings.simplefilter("ignore", FutureWarning)
    weights = None if chosen.weights == "none" else chosen.weights
    generators = {
        "econdiff, diffusion": DiffusedPanel(weights=weights),
        "econdiff, anchor's volatility": DiffusedPanel(weights=None),
        "econdiff, law alone": GaussianPanel(),
        "VAR bootstrap": VARBootstrap(),
        "factor bootstrap": FactorBootstrap(),
        "block bootstrap": BlockBootstrap(),
        "GAN": GAN(),
        "VAE": VAE(),
        "shuffled": Shuffle(),
        "copy": Copy(),
    }
    wanted = tuple(filter(None, chosen.generators.split(";")))
    generators = {n: g for n, g in generators.items() if not wanted or n.startswith(wanted)}
    bars = {
        "law": lambda: law(generators),
        "munnell": lambda: munnell(generators),
        "membership": lambda: membership(generators, chosen.splits, chosen.places),
        "markets": lambda: markets(generators),
        "macro": lambda: macro(generators),
        "accounts": lambda: accounts(generators),
        "speed": lambda: speed(weights),
        "par": lambda: par(chosen.par),
        "stocks": lambda: stocks(generators, chosen.stock, chosen.repeats, chosen.ticker),
    }
    for name in chosen.only.split(","):
        print(f"\n### {name}\n\n{_markdown(bars[name]())}", flush=True)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", default="shipped")
    parser.add_argument("--generators", default="", help="names that begin so, semicolon between")
    parser.add_argument("--stock", metavar="FILE", help="for the bar `stocks`")
    parser.add_argument("--ticker", default="GOOGL", help="of a long file of stocks")
    parser.add_argument("--par", metavar="FILE", help="for the bar `par`")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--splits", type=int, default=10, help="of `membership`, both ways round")
    parser.add_argument("--places", nargs="*", default=[], help="panels of `membership`; all")
    parser.add_argument("--only", default="law,munnell,membership,markets,macro,accounts,speed")
    return parser.parse_args()


def _markdown(table: pd.DataFrame) -> str:
    rows = [table.columns.tolist(), ["---"] * table.shape[1]]
    rows += [
        [f"{v:.4g}" if isinstance(v, float) else str(v) for v in row]
        for row in table.itertuples(index=False)
    ]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


if __name__ == "__main__":
    main()
