"""Bars 2, 4 and 5 of `synth.py`: a regression over states, daily returns, US macro."""

import numpy as np
import pandas as pd
from synth_panels import accounts_panel, macro_panel, munnell_panel, returns_panel

from econdiff.synth import BlockBootstrap, Regression, transfer
from econdiff.synth.fidelity import autocorrelation
from econdiff.synth.impulse import share_inside


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
    panel = returns_panel()
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
    panel = accounts_panel()
    rows = []
    for name, generator in generators.items():
        made = generator.fit(panel).sample(panels=20, rng=np.random.default_rng(0))
        miss = np.abs(made.schema.identities[0].residual(made.values, made.schema.series))
        above = all((made.values[..., panel.schema.series.index(n)] > 0).all() for n in "cig")
        rows.append({"generator": name, "largest miss": miss.max(), "c, i, g above zero": above})
    return pd.DataFrame(rows)
