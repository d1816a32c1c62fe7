"""Quantile forecasts of 12 US monthly series, against the Macro Forecast Hub's own models.

    python benchmarks/hub.py [--data FOLDER] [--every 4] [--paths 500] [--weights FILE]

The hub's forecasts of 2000-01 to 2024-03 are made on revised data: at an origin all months
before it are known, horizon 0 is its own month. Loss: the mean of the pinball losses at .05, .1,
.5, .9 and .95 over horizons 0 to 23 and origins, in levels, on the cells that every model has.
The 12 series are forecast jointly (growth of output, employment, prices, money, spending and
sales; log of housing starts; levels of rates), and paths are brought back to levels. Four of them
have the hub's ARMA. Unemployment is the bar; the other eleven are printed.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from density import arguments, models, read_options, without_failures
from monthly import read_fred_md

from econdiff.backtest import LEVELS as KEPT
from econdiff.backtest import Trial, backtest
from econdiff.scoring import diebold_mariano, pinball
from econdiff.transforms import Transformed, fred_md

HORIZON, SINCE = 24, "2000-01"
LEVELS = np.array([0.05, 0.1, 0.5, 0.9, 0.95])
CODES = dict.fromkeys(("UNRATE", "FEDFUNDS", "GS10", "TB3MS"), 1) | {"HOUST": 4}
GROWTH = ("INDPRO", "PAYEMS", "CPIAUCSL", "PCEPI", "M2SL", "DPCERA3M086SBEA", "RETAILx")
TRANSFORMS = {name: fred_md(code, 12) for name, code in (CODES | dict.fromkeys(GROWTH, 5)).items()}
HUB = {"BASELINE-ARMA_BIC": "hub's ARMA", "MacroHub-RandomWalk": "hub's random walk"}


def own_quantiles(trials: list[Trial]) -> pd.DataFrame:
    """Long form: model, target, origin, horizon, and a column a level."""
    at = [int(np.argmin(np.abs(np.array(KEPT) - level))) for level in LEVELS]
    tables = []
    for trial in trials:
        origin = pd.Period(trial.origin, freq="M") + 1
        for k, name in enumerate(trial.series):
            table = pd.DataFrame(trial.quantiles[at, :, k].T, columns=LEVELS)
            tables.append(table.assign(model=trial.model, target=name, origin=origin,
                                       horizon=range(HORIZON)))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def hub_quantiles(file: Path) -> pd.DataFrame:
    """The hub's forecasts in the same form."""
    raw = pd.read_parquet(file)
    raw = raw[raw.output_type == "quantile"]
    raw = raw.assign(level=raw.output_type_id.astype(str).astype(float))
    key = ["model", "target", "origin_date", "horizon"]
    wide = raw.pivot_table(index=key, columns="level", values="value", observed=True).reset_index()
    wide["origin"] = pd.PeriodIndex(pd.to_datetime(wide.origin_date.astype(str)), freq="M")
    wide["model"], wide["target"] = wide.model.astype(str).map(HUB), wide.target.astype(str)
    return wide.drop(columns="origin_date")


def scored(quantiles: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """The loss of every forecast whose outcome is known."""
    period = quantiles.origin + quantiles.horizon.to_numpy()
    known = truth.stack().rename("outcome").rename_axis(["period", "target"]).reset_index()
    table = quantiles.assign(period=period).merge(known, on=["period", "target"])
    losses = pinball(table[list(LEVELS)].to_numpy().T, table.outcome.to_numpy(), LEVELS)
    return table.assign(loss=losses.mean(axis=0))[["model", "target", "origin", "horizon", "loss"]]


def page(losses: pd.DataFrame) -> None:
    """Mean losses by target, relative to each of the hub's models; losing rows first.

    `of ARMA` is of its random walk where the hub has no ARMA, and so is the test; `of the better`
    is of whichever of the two had the lower loss.
    """
    wide = losses.pivot(index=["target", "origin", "horizon"], columns="model", values="loss")
    rows = {}
    for target, own in wide.groupby(level="target"):
        shared = own.dropna(axis=1, how="all").dropna()
        means = shared.mean()
        rival = "hub's ARMA" if "hub's ARMA" in means else "hub's random walk"
        by_origin = shared.groupby("origin").mean()
        ours = "diffusion" if "diffusion" in means else "ar"
        spacing = max(1, int(np.median(np.diff([p.ordinal for p in by_origin.index]))))
        test = diebold_mariano(by_origin[ours].to_numpy(), by_origin[rival].to_numpy(),
                               horizon=-(-HORIZON // spacing))  # fmt: skip
        better = means[[name for name in HUB.values() if name in means]].min()
        rows[target] = {f"{model} of ARMA": means[model] / means[rival]
                        for model in means.index if model not in HUB.values()}  # fmt: skip
        rows[target] |= {f"{ours} of the better": means[ours] / better}
        rows[target] |= {"rival": rival, "p": test.p_value, "origins": len(by_origin)}
    table = pd.DataFrame(rows).T
    print(
        table.sort_values(f"{ours} of the better", ascending=False).to_string(
            float_format="{:.3f}".format
        )
    )


def main() -> None:
    options = read_options(
        arguments(__doc__ or "", models="diffusion,anchor,ar", paths=500, out="hub", every=4)
    )
    levels = read_fred_md(options.data / "macro_us" / "fred_md_2024-03.csv.gz")
    folder = options.data / "forecast_hub"
    outcomes = pd.read_csv(folder / "target_values_to_2024-02.csv.gz")
    truth = outcomes.assign(period=pd.PeriodIndex(outcomes.year_month, freq="M")).pivot(
        index="period", columns="target", values="value"
    )
    panel = levels[list(TRANSFORMS)]
    first = panel.index.get_loc(pd.Period(SINCE, freq="M") - 1)
    inside = {
        name: Transformed(model, TRANSFORMS)
        for name, model in models(options.models, options.weights).items()
    }
    trials = list(
        backtest(
            inside, panel, horizon=HORIZON,
            origins=range(first, len(panel) - 1, options.every), paths=options.paths, seed=1,
            folder=options.out, workers=options.workers,
        )
    )  # fmt: skip
    print(f"every {options.every}th origin from {SINCE}")
    own = own_quantiles(without_failures(trials))
    hub = hub_quantiles(folder / "quantile_forecasts_2000_2024-03.parquet")
    hub = hub[hub.origin.isin(own.origin.unique())]
    page(pd.concat([scored(own, truth), scored(hub, truth)], ignore_index=True))


if __name__ == "__main__":
    main()
