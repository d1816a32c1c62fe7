"""The panels that `synth.py` measures synthetic ones on: a known law, and bundled public data."""

import numpy as np
import pandas as pd

from econdiff.synth import EntityPanel, read_entities

PERSISTENCE = np.array([0.55, 0.37, 0.54])
CORRELATION = np.array([[1, 0.80, -0.59], [0.80, 1, -0.48], [-0.59, -0.48, 1]])
FREE = ("c", "i", "nx")


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


def munnell_panel() -> EntityPanel:
    """48 states, 17 years, an identity."""
    from linearmodels.datasets import munnell as data

    frame = data.load().drop(columns="ST_ABB")
    identity = "P_CAP = HWY + WATER + UTIL"
    return read_entities(frame, entity="STATE", time="YR", identities=[identity])


def returns_panel() -> EntityPanel:
    """The last 250 days of five of skfolio's bundled stocks, log returns in per cent."""
    from skfolio.datasets import load_sp500_dataset

    prices = load_sp500_dataset().iloc[-251:, :5]
    returns = 100 * np.log(prices).diff().dropna()
    returns.index.name = "date"
    return read_entities(returns.reset_index(), freq="D", gaps="nan", positive=())


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


def accounts_panel() -> EntityPanel:
    """US national accounts on levels, `gdp = c + i + g + nx`, with c, i and g above zero."""
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
    return read_entities(frame, identities=[identity], positive=("c", "i", "g"))


def stock_days(file: str, ticker: str) -> pd.DataFrame:
    """Positive columns of a stock's days."""
    frame = pd.read_parquet(file) if file.endswith(".parquet") else pd.read_csv(file)
    frame.columns = [str(name).lower() for name in frame.columns]
    name = next((n for n in ("ticker", "symbol") if n in frame), None)
    if name is not None:
        frame = frame[frame[name] == ticker]
        date = pd.to_datetime(frame["date"])
        frame = frame[(date >= "2004-08-19") & (date < "2020-01-01")]
    wanted = ("open", "high", "low", "close", "adj close", "volume")
    days = frame[[n for n in wanted if n in frame]].astype(float)
    return days[(days > 0).all(axis=1)].reset_index(drop=True)
