"""Synthetic panels against their bars: known law, Munnell's states, markets, US macro, speed.

    python benchmarks/synth.py [--weights shipped|none|FILE] [--only law,munnell,macro,...]

Prints one table a bar, in Markdown. Nothing but bundled data of public packages is read.
"""

import argparse
import time
import warnings

import numpy as np
import pandas as pd

from econdiff.synth import (
    GAN,
    VAE,
    BlockBootstrap,
    DiffusedPanel,
    EntityPanel,
    FactorBootstrap,
    GaussianPanel,
    Regression,
    VARBootstrap,
    examine,
    read_entities,
    scores,
    transfer,
    within,
)
from econdiff.synth.fidelity import autocorrelation
from econdiff.synth.impulse import share_inside
from econdiff.synth.resampling import Copy, Shuffle

PERSISTENCE = np.array([0.55, 0.37, 0.54])
CORRELATION = np.array([[1, 0.80, -0.59], [0.80, 1, -0.48], [-0.59, -0.48, 1]])
FREE = ("c", "i", "nx")
SPLITS = 10


def known_panel(seed: int, entities: int = 40, length: int = 60) -> EntityPanel:
    """Panel of known law: VAR(1), shocks independent over entities, two groups, sd ratio 2."""
    rng = np.random.default_rng(seed)
    loud = np.where(np.arange(entities) < entities // 2, 1.0, 2.0)[:, None]
    root = np.linalg.cholesky(CORRELATION)
    y = np.zeros((entities, length + 50, 3))
    for t in range(1, length + 50):
        y[:, t] = y[:, t - 1] * PERSISTENCE + loud * (rng.standard_normal((entities, 3)) @ root.T)
    y = y[:, 50:] + rng.standard_normal((entities, 1, 3))
    periods = pd.period_range("2005Q1", periods=length, freq="Q").astype(str)
    frame = pd.DataFrame(
        {
            "country": np.repeat([f"c{i}" for i in range(entities)], length),
            "group": np.repeat(np.where(loud[:, 0] == 1, "calm", "loud"), length),
            "quarter": np.tile(periods, entities),
            **{name: y[..., k].ravel() for k, name in enumerate(FREE)},
        }
    )
    frame["gdp"] = frame["c"] + frame["i"] + frame["nx"]
    return read_entities(frame, entity="country", identities=["gdp = c + i + nx"])


def described(values: np.ndarray, panel: EntityPanel) -> np.ndarray:
    """Own lags, shock correlations, sd of each group's shocks, and the identity's largest miss."""
    columns = [panel.schema.series.index(name) for name in FREE]
    found = within.estimate(values[..., columns], 1)
    shocks = found.shocks
    r = np.corrcoef(shocks.reshape(-1, 3)[np.isfinite(shocks).all(-1).ravel()].T)
    calm = (panel.statics["group"] == "calm").to_numpy()
    sd = [np.nanstd(shocks[calm]), np.nanstd(shocks[~calm])]
    total = values[..., panel.schema.series.index("gdp")]
    miss = np.abs(panel.schema.identities[0].residual(values, panel.schema.series)).max()
    lags = np.diag(found.slopes)
    return np.array([*lags, r[0, 1], r[0, 2], r[1, 2], *sd, miss / total.std()])


def law(generators: dict) -> pd.DataFrame:
    """Bar 1: largest distance, over three seeds, from the law and from the real estimate.

    40 panels each: with five, the noise of their mean own lags is about .03.
    """
    truth = np.array([*PERSISTENCE, 0.80, -0.59, -0.48, 1, 2, 0])
    rows = []
    for name, generator in generators.items():
        found, real = [], []
        for seed in range(3):
            panel = known_panel(seed)
            rng = np.random.default_rng(seed)
            made = generator.fit(panel).sample(panels=40, rng=rng)
            found.append(np.mean([described(v, panel) for v in made.values], axis=0))
            real.append(described(panel.values, panel))
        off, from_real = np.abs(np.array(found) - truth), np.abs(np.array(found) - real)
        rows.append(
            {
                "generator": name,
                **dict(zip(["ar c", "ar i", "ar nx"], np.mean(found, axis=0)[:3], strict=True)),
                "ar, off the real": from_real[:, :3].max(),
                "ar, off the law": off[:, :3].max(),
                "shock correlations, off the real": from_real[:, 3:6].max(),
                "shock correlations, off the law": off[:, 3:6].max(),
                "group sd, relative": (from_real[:, 6:8] / np.array(real)[:, 6:8]).max(),
                "identity": np.max(found, axis=0)[8],
            }
        )
    return pd.DataFrame(rows)


def par(file: str) -> pd.DataFrame:
    """SDV's PAR on seed 0 of bar 1, from what `par_peer.py` wrote; and the real panel's own row."""
    real = known_panel(0)
    names = [*FREE, "gdp"]
    order = [names.index(name) for name in real.schema.series]
    found = []
    for _, frame in pd.read_csv(file).groupby("panel"):
        parts = [part.sort_values("quarter") for _, part in frame.groupby("country")]
        values = np.stack([part[names].to_numpy(float) for part in parts])[..., order]
        statics = pd.DataFrame({"group": [part["group"].iloc[0] for part in parts]})
        made = EntityPanel(values, real.index, real.entities, statics, real.schema)
        found.append(described(values, made))
    labels = [
        "ar c",
        "ar i",
        "ar nx",
        "r c,i",
        "r c,nx",
        "r i,nx",
        "sd calm",
        "sd loud",
        "identity",
    ]
    rows = {"PAR": np.mean(found, axis=0), "the real panel": described(real.values, real)}
    return pd.DataFrame([{"row": k, **dict(zip(labels, v, strict=True))} for k, v in rows.items()])


def munnell_panel() -> EntityPanel:
    """48 states, 17 years, an identity."""
    from linearmodels.datasets import munnell as data

    frame = data.load().drop(columns="ST_ABB")
    identity = "P_CAP = HWY + WATER + UTIL"
    return read_entities(frame, entity="STATE", time="YR", identities=[identity])


def munnell(generators: dict) -> pd.DataFrame:
    """Bar 2: fixed-effects production function of 48 states, on 100 panels."""
    panel = munnell_panel()
    regression = Regression.parse("log(GSP) ~ log(P_CAP) + log(PC) + log(EMP) + UNEMP")
    rows = []
    for name, generator in generators.items():
        made = generator.fit(panel).sample(panels=100, rng=np.random.default_rng(0))
        table = regression.compare(panel, made)
        miss = np.abs(made.schema.identities[0].residual(made.values, made.schema.series)).max()
        rows.append(
            {
                "generator": name,
                **{row.term: row.synthetic for row in table.itertuples()},
                "mean overlap": table["overlap"].mean(),
                "overlap of one panel": table["overlap of one panel"].iloc[0],
                "signs kept": int(table["sign kept"].sum()),
                "identity": miss,
            }
        )
    return pd.DataFrame(rows)


def markets(generators: dict) -> pd.DataFrame:
    """Bar 4: 250 days of returns, paths of 2500 days, against the bootstrap's 90% interval."""
    from skfolio.datasets import load_sp500_dataset

    prices = load_sp500_dataset().iloc[-251:, :5]
    returns = 100 * np.log(prices).diff().dropna()
    returns.index.name = "date"
    panel = read_entities(returns.reset_index(), freq="D", gaps="nan", positive=())
    rng = np.random.default_rng(0)
    boot = BlockBootstrap(10).fit(panel).sample(panels=200, rng=rng).values
    drawn = np.array([stylised(v) for v in boot])
    low, high = np.nanquantile(drawn, [0.05, 0.95], axis=0)
    rows = []
    for name, generator in generators.items():
        made = generator.fit(panel).sample(panels=4, length=2500, rng=rng).values
        middle = np.mean([stylised(v) for v in made], axis=0)
        inside = (middle >= low) & (middle <= high)
        parts = np.split(inside, [5, 255, 260])
        names = ("kurtosis", "ACF of sizes", "leverage", "cross-correlations")
        shares = {what: part.mean() for what, part in zip(names, parts, strict=True)}
        rows.append({"generator": name, **shares})
    return pd.DataFrame(rows)


def stylised(values: np.ndarray) -> np.ndarray:
    """Kurtosis, ACF of |r| to lag 50, leverage, cross-correlations of [1, time, series]."""
    r = values[0][np.isfinite(values[0]).all(axis=-1)]
    z = (r - r.mean(axis=0)) / r.std(axis=0)
    sizes = np.abs(z).T[:, None]  # [series, 1, time]
    memory = [autocorrelation(size, step) for size in sizes for step in range(1, 51)]
    leverage = (z[:-1] * z[1:] ** 2).mean(axis=0)
    cross = np.corrcoef(r.T)[np.triu_indices(r.shape[1], 1)]
    return np.array([*(z**4).mean(axis=0), *memory, *leverage, *cross])


def macro_panel() -> tuple[EntityPanel, EntityPanel, int]:
    """US macro, its first three quarters, and where they end."""
    from statsmodels.datasets import macrodata

    data = macrodata.load_pandas().data
    frame = pd.DataFrame(
        {
            "date": [f"{int(y)}Q{int(q)}" for y, q in zip(data.year, data.quarter, strict=True)],
            "growth": 400 * np.log(data.realgdp).diff(),
            "inflation": data.infl,
            "unemployment": data.unemp,
            "rate": data.tbilrate,
        }
    ).dropna()
    cut = 3 * len(frame) // 4
    return read_entities(frame, positive=()), read_entities(frame.iloc[:cut], positive=()), cut


def macro(generators: dict) -> pd.DataFrame:
    """Bar 5: US macro: impulse responses, and forecasts trained on synthetic panels."""
    panel, early, cut = macro_panel()
    rows = []
    for name, generator in generators.items():
        rng = np.random.default_rng(0)
        made = generator.fit(panel).sample(panels=100, rng=rng).values
        inside = share_inside(panel.values, made, rng)
        learned = generator.fit(early).sample(panels=100, rng=rng).values
        ar = np.mean([_alone(panel.values, learned, cut, k) for k in range(4)])
        ratio = [transfer.ratio(panel.values, learned, cut, lags).mean() for lags in (1, 2)]
        rows.append(
            {
                "generator": name,
                "responses in the band": inside,
                "CRPS ratio, AR(2)": ar,
                "CRPS ratio, VAR(1)": ratio[0],
                "CRPS ratio, VAR(2)": ratio[1],
            }
        )
    return pd.DataFrame(rows)


def _alone(real: np.ndarray, made: np.ndarray, cut: int, series: int) -> float:
    """The CRPS ratio of an autoregression of one series."""
    at = slice(series, series + 1)
    return float(transfer.ratio(real[..., at], made[..., at], cut, 2)[0])


def accounts(generators: dict) -> pd.DataFrame:
    """Bar 5, national accounts: `gdp = c + i + g + nx` on levels, c, i and g above zero."""
    from statsmodels.datasets import macrodata

    data = macrodata.load_pandas().data
    frame = pd.DataFrame(
        {
            "date": [f"{int(y)}Q{int(q)}" for y, q in zip(data.year, data.quarter, strict=True)],
            "gdp": data.realgdp,
            "c": data.realcons,
            "i": data.realinv,
            "g": data.realgovt,
        }
    )
    frame["nx"] = frame["gdp"] - frame["c"] - frame["i"] - frame["g"]
    identity = "gdp = c + i + g + nx"
    panel = read_entities(frame, identities=[identity], positive=("c", "i", "g"))
    rows = []
    for name, generator in generators.items():
        made = generator.fit(panel).sample(panels=20, rng=np.random.default_rng(0))
        miss = np.abs(made.schema.identities[0].residual(made.values, made.schema.series))
        above = all((made.values[..., panel.schema.series.index(n)] > 0).all() for n in "cig")
        rows.append({"generator": name, "largest miss": miss.max(), "c, i, g above zero": above})
    return pd.DataFrame(rows)


def membership(generators: dict) -> pd.DataFrame:
    """Bar 6 on every benchmark panel: the mean AUC over ten splits, and copies."""
    rows = []
    panels = {"known law": known_panel(0), "munnell": munnell_panel(), "us macro": macro_panel()[0]}
    for place, panel in panels.items():
        for name, generator in generators.items():
            found = [examine(generator, panel, rng=np.random.default_rng(s)) for s in range(SPLITS)]
            auc = [one.auc for one in found]
            rows.append(
                {
                    "panel": place,
                    "generator": name,
                    "AUC": np.mean(auc),
                    "error": np.std(auc) / np.sqrt(len(auc)),
                    "nearer to members": np.mean([one.nearer_to_members for one in found]),
                    "copies": sum(one.exact + one.near for one in found),
                }
            )
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def stocks(generators: dict, file: str, repeats: int) -> pd.DataFrame:
    """Bar 3: TimeGAN's protocol on one stock: windows of 24 days in [0, 1].

    The file has a row a day and columns open, high, low, close, volume (and adj close); of a long
    table with a column `ticker`, GOOGL from 2004-08-19 to 2019. Windows that do not overlap are
    the entities that generators are fitted to; scores compare with all windows, as the paper does.
    """
    days = stock_days(file)
    length, k = 24, days.shape[1]
    count = len(days) // length
    cells = days.to_numpy(float)[: count * length].reshape(count, length, k)
    frame = pd.DataFrame(cells.reshape(-1, k), columns=days.columns)
    frame["window"] = np.repeat(np.arange(count), length)
    frame["day"] = np.tile(pd.period_range("2000-01", periods=length, freq="M").astype(str), count)
    panel = read_entities(frame, entity="window", time="day")
    low, high = days.min().to_numpy(), days.max().to_numpy()
    every = np.stack([days.to_numpy(float)[at : at + length] for at in range(len(days) - length)])
    real = (every - low) / (high - low)
    rows = []
    for name, generator in generators.items():
        rng = np.random.default_rng(0)
        panels = 1 if name == "copy" else -(-len(real) // count)
        made = generator.fit(panel).sample(panels=panels, rng=rng).values
        made = real if name == "copy" else (made.reshape(-1, length, k) - low) / (high - low)
        told = [scores.discriminative(real, made, rng) for _ in range(repeats)]
        error = [scores.predictive(real, made, rng) for _ in range(repeats)]
        found = examine(generator, panel, rng=rng)
        rows.append(
            {
                "generator": name,
                "discriminative": np.mean(told),
                "its deviation": np.std(told),
                "predictive": np.mean(error),
                "its deviation ": np.std(error),
                "AUC": found.auc,
                "copies": found.exact + found.near,
            }
        )
        print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def stock_days(file: str) -> pd.DataFrame:
    """Positive columns of a stock's days."""
    frame = pd.read_parquet(file) if file.endswith(".parquet") else pd.read_csv(file)
    frame.columns = [str(name).lower() for name in frame.columns]
    name = next((n for n in ("ticker", "symbol") if n in frame), None)
    if name is not None:
        frame = frame[frame[name] == "GOOGL"]
        date = pd.to_datetime(frame["date"])
        frame = frame[(date >= "2004-08-19") & (date < "2020-01-01")]
    wanted = ("open", "high", "low", "close", "adj close", "volume")
    days = frame[[n for n in wanted if n in frame]].astype(float)
    return days[(days > 0).all(axis=1)].reset_index(drop=True)


def speed(weights: str | None) -> pd.DataFrame:
    """Bar 7: 100 panels of 40 x 60 x 5."""
    panel = known_panel(0)
    frame = panel.to_frame().rename(columns={"gdp": "a"})
    rng = np.random.default_rng(0)
    frame["a"], frame["b"] = rng.standard_normal((2, len(frame)))
    panel = read_entities(frame, entity="country")
    started, busy = time.perf_counter(), time.process_time()
    fitted = DiffusedPanel(weights=weights).fit(panel)
    fitting = time.perf_counter() - started
    fitted.sample(panels=100, rng=rng)
    facts = {
        "seconds": time.perf_counter() - started,
        "of them fitting": fitting,
        "processor seconds": time.process_time() - busy,
    }
    return pd.DataFrame([facts])


def main() -> None:
    """Run the bars that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", default="shipped")
    parser.add_argument("--generators", default="", help="names that begin so, semicolon between")
    parser.add_argument("--stock", metavar="FILE", help="for the bar `stocks`")
    parser.add_argument("--par", metavar="FILE", help="for the bar `par`")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--only", default="law,munnell,membership,markets,macro,accounts,speed")
    chosen = parser.parse_args()
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
        "law": law,
        "munnell": munnell,
        "membership": membership,
        "markets": markets,
        "macro": macro,
        "accounts": accounts,
    }
    for name in chosen.only.split(","):
        if name == "speed":
            table = speed(weights)
        elif name == "par":
            table = par(chosen.par)
        elif name == "stocks":
            table = stocks(generators, chosen.stock, chosen.repeats)
        else:
            table = bars[name](generators)
        print(f"\n### {name}\n\n{_markdown(table)}", flush=True)


def _markdown(table: pd.DataFrame) -> str:
    rows = [table.columns.tolist(), ["---"] * table.shape[1]]
    rows += [
        [f"{v:.3g}" if isinstance(v, float) else str(v) for v in row]
        for row in table.itertuples(index=False)
    ]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


if __name__ == "__main__":
    main()
