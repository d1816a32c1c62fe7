"""The S&P 500: VaR and ES one day and ten days ahead, 2002-12-27 to 2018-12-31."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from risk_study import LEVELS, Pair, Study, cached, fz0, p_values, row
from risk_weights import members, weighted

from econdiff.baselines.caviar import CAViaR
from econdiff.baselines.ewma import EWMA
from econdiff.baselines.garch import GARCH
from econdiff.baselines.harch import HARCH
from econdiff.baselines.historical_simulation import HistoricalSimulation
from econdiff.baselines.mixed_volatility import MixedVolatility
from econdiff.baselines.on_volatility import OnVolatility
from econdiff.baselines.path_dependent import PathDependent
from econdiff.baselines.quantile_mean import QuantileMean
from econdiff.baselines.range_volatility import SUFFIX, RangeVolatility, day_ranges
from econdiff.diffusion.model import Diffusion
from econdiff.forecast import Model
from econdiff.scoring import diebold_mariano, model_confidence_set


def index_study(horizon: int = 1) -> Study:
    from arch.data import sp500

    price = sp500.load()["Adj Close"]
    returns = (100 * np.log(price).diff().dropna()).to_frame("SPX")
    returns.index = returns.index.to_period("D")
    first = returns.index.searchsorted(pd.Period("2002-12-27", "D"))
    return Study(returns, int(first), np.ones((1, 1)), horizon=horizon)


def with_ranges(study: Study) -> Study:
    """The same study, each day's range beside its return: more than the other models see."""
    from arch.data import sp500

    table = sp500.load()
    ranges = day_ranges(table["High"], table["Low"], table["Adj Close"])
    ranges.index = pd.DatetimeIndex(ranges.index).to_period("D")
    both = study.returns.assign(**{"SPX" + SUFFIX: ranges.reindex(study.returns.index)})
    return replace(study, returns=both, weights=np.array([[1.0], [0.0]]))


RANGED = "range volatility, sees highs and lows"
INDEX_MODELS: dict[str, Model] = {
    "quantile mean": QuantileMean(),
    "mixed volatility": MixedVolatility(),
    "GJR, fitted tails": GARCH(tails=True),
    "threshold GARCH, fitted tails": GARCH(tails=True, power=1),
    "HARCH, fitted tails": HARCH("tails"),
    "path-dependent, fitted tails": PathDependent("tails"),
    "GJR-skewed-t": GARCH(),
    "GJR-FHS": GARCH(filtered=True),
    "CAViaR-AS": CAViaR(),
    "GARCH-t": GARCH(asymmetric=False),
    "EWMA-normal": EWMA(),
    "EWMA-FHS": EWMA(filtered=True),
    "HS250": HistoricalSimulation(),
    "diffusion": Diffusion(),  # sees 400 rows
    "diffusion, 1000 rows": Diffusion(window=1000),
    "diffusion on GJR": OnVolatility(Diffusion()),
}
FOUR = tuple(name for name in INDEX_MODELS if name.endswith("fitted tails"))
COMBINED = ("GJR-skewed-t", "GJR-FHS", "CAViaR-AS")
OURS = ("GJR, fitted tails", *COMBINED)


def _mean(found: dict[str, Pair], names: tuple[str, ...]) -> Pair:
    """The means of the VaRs and of the ESs of some models."""
    var, es = (np.mean([found[name][i] for name in names], axis=0) for i in (0, 1))
    return var, es


def index(extra: dict[str, Model], leave: list[str], cache: Path) -> None:
    """The table of one day, the worst first."""
    study = index_study()
    models = {n: m for n, m in (INDEX_MODELS | extra).items() if n not in leave}
    found = {name: cached(cache, study, name, model) for name, model in models.items()}
    found[RANGED] = cached(cache, with_ranges(study), RANGED, RangeVolatility())
    longer = replace(study, window=2000)
    each = [cached(cache / "members", longer, name, model) for name, model in members().items()]
    found["members weighted by past loss"] = weighted(study, each)
    found["mean of GJR, its FHS, CAViaR"] = _mean(found, COMBINED)
    found["the same and GJR, fitted tails"] = _mean(found, OURS)
    found["mean of four volatilities, fitted tails"] = _mean(found, FOUR)
    losses = {name: fz0(study, *pair)[:, 0] for name, pair in found.items()}
    print(f"S&P 500, {len(study.realised)} days; MCS is the p-value in the 90% set")
    for k, alpha in enumerate(LEVELS):
        table = np.stack([loss[:, k] for loss in losses.values()], axis=1)
        kept = model_confidence_set(table, rng=np.random.default_rng(1))
        inside = dict(zip(losses, kept, strict=True))
        yardstick = losses["GJR-skewed-t"][:, k]
        print(f"\n{alpha:.1%}  {'':42s} hits%   FZ0     MCS    POF    CC     DQ     DM against GJR")
        for name in sorted(found, key=lambda name: -losses[name][:, k].mean()):
            tests = p_values(study, found[name][0]).query("level == @alpha").iloc[0]
            other = losses[name][:, k]
            dm = "" if other is yardstick else f"{diebold_mariano(other, yardstick).p_value:.3f}"
            print(
                f"      {name:42s} {tests.hits:5.2f}  {other.mean():.4f}  {inside[name]:.3f}  "
                f"{tests.POF:.3f}  {tests.CC:.3f}  {tests.DQ:.3f}  {dm}"
            )


def index_ten_days(extra: dict[str, Model], cache: Path) -> None:
    """The table of ten days, from the paths of each model."""
    study = index_study(10)
    names = ("quantile mean", "HARCH, fitted tails", "mixed volatility", *OURS, "EWMA-FHS", "HS250")
    models = {name: INDEX_MODELS[name] for name in names} | extra
    found = {name: cached(cache, study, name, model) for name, model in models.items()}
    found[RANGED] = cached(cache, with_ranges(study), RANGED, RangeVolatility())
    found["mean of GJR, its FHS, CAViaR"] = _mean(found, COMBINED)
    print(f"\nTen days, {len(study.realised)} overlapping origins: FZ0 at 1/2.5/5%, hits %")
    losses = {name: fz0(study, *pair)[:, 0].mean(axis=0) for name, pair in found.items()}
    for name in sorted(found, key=lambda name: -losses[name][0]):
        hits = 100 * (study.realised < found[name][0][:, 0]).mean(axis=0)
        print(f"      {name:42s} {row(losses[name])}   {row(hits, 2)}")
