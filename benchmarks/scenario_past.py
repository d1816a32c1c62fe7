"""Scenarios against what happened, and the Fed's; run by `scenario.py`.

backtest  the realised policy rate of the next four quarters is told, at 137 origins: fair CRPS of
          the other series given it, over that without it, and over the BVAR's
fed       the severely adverse scenario of 2025, every domestic variable for 13 quarters
"""

import time
import warnings
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.baselines.bvar import BVAR
from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.weights import fingerprint, load_weights
from econdiff.panel import read_panel
from econdiff.scenario import Scenario, conditional, plausibility, read_scenario
from econdiff.scoring import crps
from econdiff.scoring.comparison import diebold_mariano, holm, model_confidence_set
from econdiff.transforms import Transformed

STEPS = (1, 2, 4, 8)
PINNED = 4  # quarters of the policy rate
ORIGINS = pd.period_range("1984Q4", "2018Q4", freq="Q")
NAMES = ["GDP", "CPI", "PCE", "UNR", "FFR"]


def quarterly(data: Path) -> pd.DataFrame:
    """The five series of protocol A."""
    raw = pd.read_csv(data / "macro_us" / "fred_qd_2023-10_permitted.csv.gz")
    raw = raw.set_index(pd.PeriodIndex(pd.to_datetime(raw.iloc[:, 0]), freq="Q"))
    growth = [400 * np.log(raw[n]).diff() for n in ("GDPC1", "CPIAUCSL", "PCECTPI")]
    columns = [*growth, raw["UNRATE"], raw["FEDFUNDS"]]
    return pd.DataFrame(dict(zip(NAMES, columns, strict=True))).dropna()


def backtest(data: Path, every: int, paths: int, folder: Path) -> None:
    """One small file an origin and model, so that a killed run goes on where it stood."""
    panel, origins = quarterly(data), ORIGINS[::every]
    bytes_of_panel = panel.to_numpy().tobytes()
    models = {"BVAR": BVAR(pandemic=False), "diffusion": Diffusion()}
    weights = fingerprint(load_weights("shipped").state_dict())
    marks = {"BVAR": "", "diffusion": weights}
    folder.mkdir(parents=True, exist_ok=True)
    rows, began = [], time.process_time()
    for origin in origins:
        for name, model in models.items():
            key = sha256(f"{model}{marks[name]}{paths}".encode() + bytes_of_panel).hexdigest()[:12]
            file = folder / f"{name}-{origin}-{key}.csv"
            if not file.exists():
                draft = file.with_suffix(".partial")
                _trial(model, panel, origin, paths).to_csv(draft, index=False)
                draft.replace(file)
            rows.append(pd.read_csv(file).assign(model=name, origin=str(origin)))
    seconds = time.process_time() - began
    print(f"{len(origins)} origins, {paths} paths, weights {weights[:8]}, "
          f"{seconds:.0f} processor seconds")  # fmt: skip
    _tables(pd.concat(rows))


def _trial(model, panel: pd.DataFrame, origin: pd.Period, paths: int) -> pd.DataFrame:
    """Scores [kind, series, step] at one origin, and how the answer was found."""
    history = panel.loc[:origin]
    future = panel.iloc[len(history) : len(history) + max(STEPS)]
    pins = Scenario.of(future[["FFR"]].iloc[:PINNED])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fallback is kept in the table
        answer = conditional(
            model.fit(history), history, pins, mode="hard", horizon=max(STEPS), paths=paths,
            rng=np.random.default_rng(origin.ordinal),
        )  # fmt: skip
    rows = []
    for kind in ("baseline", "alternative"):
        found = crps(getattr(answer, kind).samples, future.to_numpy(float))
        rows += [
            {"kind": kind, "series": name, "h": h, "crps": found[h - 1, k]}
            for k, name in enumerate(panel.columns)
            for h in STEPS
        ]
    fallback = bool(answer.diagnostics.fallback)
    return pd.DataFrame(rows).assign(effective=answer.diagnostics.effective, fallback=fallback)


def _tables(scores: pd.DataFrame) -> None:
    scores = scores[(scores.series != "FFR") | (scores.h > PINNED)]  # not what was told
    mean = scores.pivot_table(index=["kind", "series", "h"], columns="model", values="crps")
    told, free = mean.loc["alternative"], mean.loc["baseline"]
    once = scores.drop_duplicates(["model", "origin"]).groupby("model")
    print(once.agg({"effective": ["median", "min"], "fallback": "sum"}).round(0).to_string())
    shown = {f"{name}: conditional / unconditional": told[name] / free[name] for name in mean}
    shown["conditional, diffusion / BVAR"] = told["diffusion"] / told["BVAR"]
    shown["unconditional, diffusion / BVAR"] = free["diffusion"] / free["BVAR"]
    for title, table in shown.items():
        print(f"\n{title}\n{table.unstack('h').reindex(NAMES).round(3).to_string()}")
    print("\nconditional, against BVAR: Diebold-Mariano with HLN, Holm over cells, 90% model "
          "confidence set of the two")  # fmt: skip
    print(_compared(scores[scores.kind == "alternative"]).to_string())
    ratios = told / free
    by_crps = (told["diffusion"] <= told["BVAR"]).sum()
    by_ratio = (ratios["diffusion"] <= ratios["BVAR"]).sum()
    print(f"at most the BVAR's, of {len(told)}: {by_crps} by CRPS, {by_ratio} by ratio")


def _compared(scores: pd.DataFrame) -> pd.DataFrame:
    spacing = len(ORIGINS) // max(scores.origin.nunique(), 1)
    rows = {}
    for cell, found in scores.groupby(["series", "h"]):
        wide = found.pivot_table(index="origin", columns="model", values="crps").sort_index()
        own, theirs = wide["diffusion"].to_numpy(), wide["BVAR"].to_numpy()
        test = diebold_mariano(own, theirs, horizon=-(-cell[1] // spacing))
        kept = model_confidence_set(
            np.column_stack([own, theirs]), rng=np.random.default_rng(0), horizon=cell[1]
        )
        rows[cell] = [own.mean() / theirs.mean(), test.p_value, *(kept > 0.10)]
    columns = ["ratio", "p", "in set", "BVAR in set"]
    table = pd.DataFrame(rows, index=columns).T
    table["p, Holm"] = holm(table["p"].to_numpy(float))
    return table.sort_values("ratio", ascending=False)


def fed(data: Path) -> None:
    """Fit, condition, judge; the clock includes all three."""
    folder = data / "supervisory_scenarios"
    panel = read_panel(folder / "2025-Table_1A_Historic_Domestic.csv").dropna()
    scenario = read_scenario(folder / "2025-Table_3A_Supervisory_Severely_Adverse_Domestic.csv")
    for name, settings in (("BVAR", BVAR(lags=2)), ("diffusion", Diffusion())):
        began = time.process_time()
        forecaster = Transformed(settings).fit(panel)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            answer = conditional(
                forecaster, panel, scenario, mode="hard", horizon=15, paths=200,
                rng=np.random.default_rng(0),
            )  # fmt: skip
            found = plausibility(answer)
        seconds = time.process_time() - began
        print(f"{name}: {seconds:.1f} processor s, {len(answer.told.pins)} pins")
        print(f"  {answer.diagnostics}")
        print(f"  {found.verdict}\n  {[str(w.message) for w in said]}")
        ends = {"last pinned": answer.alternative.mean().iloc[-3]}
        for kind, forecast in (("given it", answer.alternative), ("without", answer.baseline)):
            ends[f"mean {kind}"] = forecast.mean().iloc[-1]
            ends[f"sd {kind}"] = forecast.samples[:, -1].std(axis=0)
        print(pd.DataFrame(ends).round(2).to_string())
