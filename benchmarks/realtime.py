"""Density forecasts of US series in real time, protocol B: what was known, against first truths.

    python benchmarks/realtime.py [--data FOLDER] [--weights FILE] [--paths 1000] [--every 1]

Vintages of the Philadelphia Fed's Real-Time Data Set at the timing of its Survey of Professional
Forecasters: the survey of quarter q knows the quarters up to q - 1 as published by the middle of
q, and looks at q, ..., q + 4 (steps 1 to 5; the protocol's h is the step less one). Truth is the
vintage two quarters after the target. Growth is 400 dlog, unemployment the quarter's average.
Targets 1985Q1-2019Q4; CPI, whose vintages begin in 1994Q3, from there.

Output, deflator and unemployment are forecast jointly from 1985 on, and again with CPI
from 1994 on, which is where the CPI rows come from. The vintage of 1996Q1 lacks output and prices
of 1995Q4: the filters meet it as it is. The survey's density is its mean plus its last 60 errors
at that horizon of those that were known.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from density import arguments, models, page, pivot, read_options, without_failures

from econdiff.backtest import Trial, backtest, scores, within
from econdiff.forecast import Forecast
from econdiff.periods import steps_after

HORIZON = 5
TARGETS = {"GDP": "1985Q1", "PGDP": "1985Q1", "UNR": "1985Q1", "CPI": "1994Q3"}
UNTIL = "2019Q4"
ERRORS = 60  # quarters of the survey's own errors that make its density
FILES = {"GDP": "ROUTPUTQvQd", "PGDP": "PQvQd", "UNR": "rucQvMd", "CPI": "cpiQvMd"}
SURVEYS = {"GDP": "RGDP", "PGDP": "PGDP", "UNR": "UNEMP", "CPI": "CPI"}
MODELS = "diffusion,anchor,ar,ar60,climatology60,bvar"

Vintages = dict[pd.Period, pd.Series]


def read_vintages(file: Path, growth: bool) -> Vintages:
    """Each vintage [quarter], by the quarter in which it was published; growth at annual rates."""
    table = pd.read_excel(file, index_col=0, na_values="#N/A").astype(float)
    monthly = ":Q" not in table.index[0]
    labels = [str(label).replace(":Q", "Q").replace(":", "-") for label in table.index]
    table.index = pd.PeriodIndex(labels, freq="M" if monthly else "Q")
    if monthly:
        table = table.groupby(table.index.asfreq("Q")).agg(lambda x: x.mean(skipna=False))
    if growth:
        table = 400 * np.log(table).diff()
    quarters = [_quarter(str(name)) for name in table.columns]
    columns = (table.iloc[:, k] for k in range(table.shape[1]))
    return {q: c.loc[: q - 1] for q, c in zip(quarters, columns, strict=True) if c.notna().any()}


def _quarter(name: str) -> pd.Period:
    """ROUTPUT85Q1 is 1985Q1."""
    year, quarter = int(name[-4:-2]), name[-2:]
    return pd.Period(f"{1900 + year if year >= 65 else 2000 + year}{quarter}", freq="Q")


def truth_of(vintages: Vintages) -> pd.Series:
    """Each quarter as the vintage two quarters later has it."""
    return pd.Series({q - 2: column.get(q - 2, np.nan) for q, column in sorted(vintages.items())})


def read_survey(file: Path, name: str) -> pd.DataFrame:
    """Mean forecasts [survey x step], in the units of the panel."""
    raw = pd.read_excel(file, na_values="#N/A")
    index = pd.PeriodIndex.from_fields(year=raw.YEAR, quarter=raw.QUARTER, freq="Q")
    levels = raw[[f"{SURVEYS[name]}{k}" for k in range(1, 7)]].set_axis(index).astype(float)
    if name in ("GDP", "PGDP"):
        levels = 400 * np.log(levels).diff(axis=1)
    if name == "CPI":
        levels = 100 * np.log1p(levels / 100)
    return levels.iloc[:, 1:].set_axis(range(1, HORIZON + 1), axis=1)


@dataclass(frozen=True, eq=False)
class Survey:
    """The survey's mean plus its own errors of the past, each step by itself.

    `means` by series [survey x step]; `truth` [quarter x series]. At the survey of q the errors
    on targets up to q - 2 are known. It is its own forecaster: nothing is estimated.
    """

    means: dict[str, pd.DataFrame]
    truth: pd.DataFrame

    def fit(self, panel: pd.DataFrame) -> "Survey":
        """See `Model`; nothing is estimated."""
        return self

    def sample(
        self, history: pd.DataFrame, *, horizon: int, paths: int, rng: np.random.Generator
    ) -> Forecast:
        """See `Forecaster.sample`."""
        now, names = history.index[-1] + 1, tuple(history.columns)
        drawn = np.empty((paths, horizon, len(names)))
        for i, name in enumerate(names):
            for step in range(1, horizon + 1):
                errors = self._errors(name, step, now)
                drawn[:, step - 1, i] = self.means[name].loc[now, step] + rng.choice(errors, paths)
        return Forecast(drawn, steps_after(history, horizon), names)

    def _errors(self, name: str, step: int, now: pd.Period) -> np.ndarray:
        mean = self.means[name][step]
        target = mean.index + (step - 1)
        errors = self.truth[name].reindex(target).to_numpy() - mean.to_numpy()
        return errors[(target <= now - 2) & np.isfinite(errors)][-ERRORS:]


def run(options, vintages: dict[str, Vintages], survey: dict[str, pd.DataFrame]) -> list[Trial]:
    """All models on the vintages of these series, jointly."""
    names = list(vintages)
    truth = pd.DataFrame({name: truth_of(vintages[name]) for name in names})
    first = max(pd.Period(max(TARGETS[name] for name in names), freq="Q"),
                *(min(v) for v in vintages.values()))  # fmt: skip
    surveys = pd.period_range(first, pd.Period(UNTIL, freq="Q"), freq="Q")[:: options.every]
    known = {}
    for q in surveys:
        frame = pd.DataFrame({name: vintages[name][q] for name in names})
        frame = frame.reindex(pd.period_range(frame.index[0], q - 1, freq="Q"))
        known[q - 1] = frame.loc[frame.notna().all(axis=1).idxmax() :]
    everything = {"spf": Survey(survey, truth)} | models(options.models, options.weights)
    return list(
        backtest(
            everything, truth, horizon=HORIZON, origins=list(known), vintages=known,
            paths=options.paths, seed=1, scale=truth[:"1985Q4"].std().to_dict() | _cpi(truth),
            folder=options.out, workers=options.workers,
        )
    )  # fmt: skip


def _cpi(truth: pd.DataFrame) -> dict[str, float]:
    return {"CPI": float(truth["CPI"][:"2004Q4"].std())} if "CPI" in truth else {}


def only(trials: list[Trial], names: list[str]) -> list[Trial]:
    """The trials with the outcomes of other series taken out."""
    chosen = []
    for trial in trials:
        at = [trial.series.index(name) for name in names]
        cut = {k: v[:, at] for k, v in trial.scores.items()}
        chosen.append(
            replace(trial, series=tuple(names), outcome=trial.outcome[:, at],
                    mean=trial.mean[:, at], quantiles=trial.quantiles[..., at],
                    pit=trial.pit[:, at], scores=cut)
        )  # fmt: skip
    return chosen


def main() -> None:
    options = read_options(arguments(__doc__ or "", models=MODELS, paths=1000, out="realtime"))
    folder = options.data / "macro_us_realtime"
    vintages = {
        name: read_vintages(folder / f"rtdsm_{file}.xlsx", growth=name != "UNR")
        for name, file in FILES.items()
    }
    survey = {
        name: read_survey(options.data / "surveys" / f"spf_mean_{code}_level.xlsx", name)
        for name, code in SURVEYS.items()
    }
    three = {name: vintages[name] for name in ("GDP", "PGDP", "UNR")}
    for names, used in ((["GDP", "PGDP", "UNR"], three), (["CPI"], vintages)):
        trials = without_failures(run(options, used, survey))
        chosen = within(only(trials, names), TARGETS[names[0]], UNTIL)
        print(f"\n== {', '.join(names)}: targets {TARGETS[names[0]]} to {UNTIL}, "
              "step 1 is the current quarter ==")  # fmt: skip
        page(chosen, range(1, HORIZON + 1))
        crps = pivot(scores(chosen), "crps")
        print("\nmean over the series, of AR on 60 quarters and of climatology on 60, by step")
        for rival in ("ar60", "climatology60", "spf"):
            if rival in crps:
                ratio = crps.div(crps[rival], axis=0).groupby("step").mean()
                print(f"of {rival}\n{ratio.round(3).to_string()}")


if __name__ == "__main__":
    main()
