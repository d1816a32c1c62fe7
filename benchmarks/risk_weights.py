"""Members of `quantile_mean` weighted by their past FZ0 losses, on the S&P 500.

    w_k,t  ~  exp(-rate x sum over u < t of memory^(t-1-u) x mean over levels of FZ0_k,u)

VaR and ES are the weighted means of the members'; before the first loss is known all weigh the
same. Taylor (2020), "Forecast combinations for value at risk and expected shortfall",
*International Journal of Forecasting* 36, weights by relative scores, so.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from risk_choice import FORMULAS, STRETCHES, Member, closes
from risk_study import Pair, Study, cached, fz0, row

from econdiff.baselines.quantile_mean import USUAL
from econdiff.forecast import Model

KINDS = ("1000", "2000", "usual")
RATES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
MEMORIES = (1.0, 0.9995, 0.999, 0.998, 0.995)
RATE, MEMORY = 0.1, 1.0  # the best by `choose_weights`, before the test was run


def weighted(study: Study, pairs: list[Pair], rate: float = RATE, memory: float = MEMORY) -> Pair:
    """VaR and ES [day, 1, level] of one series, weights from the losses of the days before."""
    losses = np.stack([fz0(study, *pair)[:, 0].mean(axis=1) for pair in pairs])  # [member, day]
    past, weights = np.zeros(len(pairs)), np.empty(losses.shape)
    for day in range(losses.shape[1]):
        w = np.exp(-rate * (past - past.min()))
        weights[:, day] = w / w.sum()
        past = memory * past + losses[:, day]
    var, es = (np.einsum("kd,kdpl->dpl", weights, [pair[i] for pair in pairs]) for i in (0, 1))
    return var, es


def members() -> dict[str, Model]:
    """Each member of `QuantileMean` by itself."""
    made: dict[str, Model] = {}
    for name, known in zip(FORMULAS, USUAL, strict=True):
        made[f"{name}, usual"] = Member(known, 2000)
        made |= {f"{name}, {window}": Member(known[0], window) for window in (1000, 2000)}
    return made


def choose_weights(file: Path, cache: Path) -> None:
    """Rate and memory before the test; run `choose_index`, whose forecasts are read, first."""
    found: dict[tuple[float, float], list[np.ndarray]] = {}
    for (first, last), _ in STRETCHES:
        returns = closes(file, "1928", last)
        start = int(returns.index.searchsorted(pd.Period(first, "D")))
        study = Study(returns, start, np.ones((1, 1)), window=2000, refit=63)
        names = [f"{name}, {kind}" for name in FORMULAS for kind in KINDS]
        pairs = [cached(cache / first[:4], study, name, Member(USUAL[0], 2000)) for name in names]
        for rate in RATES:
            for memory in MEMORIES:
                loss = fz0(study, *weighted(study, pairs, rate, memory))[:, 0].mean(axis=0)
                found.setdefault((rate, memory), []).append(loss)
    print("rate, memory: FZ0 at 1/2.5/5% of 1936-1969; of 1970-2002")
    for (rate, memory), losses in sorted(found.items(), key=lambda item: -np.mean(item[1])):
        print(f"      {rate:4g} {memory:6g}   {'; '.join(map(row, losses))}", flush=True)
