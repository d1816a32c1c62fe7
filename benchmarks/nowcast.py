"""What the months of a quarter that is not over are worth: output and unemployment in real time.

    python benchmarks/nowcast.py [--data FOLDER] [--weights FILE] [--paths 1000] [--every 1]

At each Survey of Professional Forecasters from 1999Q4 to 2019Q4 (the middle of the quarter), output
as the Philadelphia Fed's vintage has it, to the quarter before, and months as the FRED-MD vintage
of the survey's own month has them, to the first month of the quarter: payrolls and unemployment,
which are out by then; in rows of their own industrial production too, which comes out some days
after the survey's deadline. `quarters` see the same series as averages of finished quarters;
`factor` is the rival of those who nowcast: a dynamic factor model of the same months and of output,
with autocorrelated idiosyncratic parts, by EM (Banbura and Modugno, 2014; statsmodels'
DynamicFactorMQ with one factor of one lag), its growth of output by the weights of Mariano and
Murasawa (2003), fitted to every vintage. Steps 1 to 5 are the survey's quarter and the four after
it, to 2019Q4; truth is the vintage two quarters later.
CRPS, and Diebold-Mariano of months against quarters, against the factor model, and against the
survey with its last 60 errors, HLN-corrected, Holm over the ten cells of each comparison.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from density import arguments, models, read_options
from realtime import FILES, HORIZON, Survey, read_survey, read_vintages, truth_of
from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

from econdiff.scoring import crps, diebold_mariano, holm
from econdiff.stacking import stack
from econdiff.transforms import Difference, Transformed, fred_md

LAST = "2019Q4"  # target
SURVEYS = pd.period_range("1999Q4", LAST, freq="Q")
MONTHLY = {"": ("PAYEMS", "UNRATE"), ", production": ("PAYEMS", "UNRATE", "INDPRO")}


@dataclass(frozen=True)
class Months:
    """Every FRED-MD vintage, in intervals: `series, obs_month, vintage_first, vintage_last`."""

    table: pd.DataFrame

    def known(self, names: tuple[str, ...], vintage: str) -> pd.DataFrame:
        """The series as they were in that month, `YYYY-MM`."""
        t = self.table
        there = (t["vintage_first"] <= vintage) & (vintage <= t["vintage_last"])
        panel = t[there].pivot(index="obs_month", columns="series", values="value")
        panel.index = pd.PeriodIndex(panel.index, freq="M")
        return panel.loc[:, list(names)].dropna(how="all")


def read_months(folder: Path) -> Months:
    """Those of the series that are used."""
    table = pd.read_parquet(folder / "fred_md_vintages_1999-08_2024-03.parquet")
    names = sorted({name for used in MONTHLY.values() for name in used})
    words = table.columns.drop("value")
    table[words] = table[words].astype(str)
    return Months(table.loc[table["series"].isin(names)])


def quarterly(months: pd.DataFrame) -> pd.DataFrame:
    """Averages of whole quarters."""
    quarter = pd.PeriodIndex(months.index).asfreq("Q")
    return months.groupby(quarter).agg(lambda x: x.mean() if x.notna().sum() == 3 else np.nan)


def drawn(model, output: pd.Series, months: pd.DataFrame, paths: int) -> dict[str, np.ndarray]:
    """Paths [path, step] of output and unemployment, with the months that are known."""
    panel = stack(output.to_frame("GDP"), months).dropna(how="all")
    codes = {name: fred_md(1 if "UNRATE" in name else 5, per_year=4) for name in panel}
    return _paths(model, panel, codes | {"GDP": Difference()}, _last(output) + 1, paths)


def drawn_alone(model, output: pd.Series, months: pd.DataFrame, paths: int) -> dict:
    """The same from finished quarters only."""
    whole = quarterly(months).loc[: output.index[-1]]
    panel = output.to_frame("GDP").join(whole).dropna()
    codes = {name: fred_md(1 if name == "UNRATE" else 5, per_year=4) for name in panel}
    return _paths(model, panel, codes | {"GDP": Difference()}, _last(output) + 1, paths)


def drawn_by_factor(
    output: pd.Series, months: pd.DataFrame, quarter: pd.Period, paths: int
) -> dict[str, np.ndarray]:
    """The same by the dynamic factor model; unemployment is what its changes add up to."""
    months = months.reindex(pd.period_range(months.index[0], months.index[-1], freq="M"))
    changes = 100 * np.log(months).diff()
    changes["UNRATE"] = months["UNRATE"].diff()
    model = DynamicFactorMQ(
        changes.iloc[1:], endog_quarterly=output.to_frame("GDP"), factors=1, factor_orders=1
    )
    fitted = model.fit(disp=False, maxiter=200)
    ahead = pd.period_range(quarter, periods=HORIZON, freq="Q").asfreq("M", "end")
    rng = np.random.default_rng(1)
    drawn = fitted.simulate(
        ahead[-1].ordinal - months.index[-1].ordinal, anchor="end", repetitions=paths, rng=rng
    )
    rate = months["UNRATE"].to_numpy()
    last = np.flatnonzero(np.isfinite(rate))[-1]
    late = len(rate) - 1 - last  # months in which other series are out and the rate is not
    if late:
        raise ValueError(f"the rate is {late} months behind; it is out with payrolls")
    future = rate[last] + drawn["UNRATE"].to_numpy().cumsum(axis=0)  # [month, path]
    past = np.repeat(rate[: last + 1, None], paths, axis=1)
    whole = np.concatenate([past, future])[-3 * HORIZON :].reshape(HORIZON, 3, paths)
    return {"GDP": drawn["GDP"].loc[ahead].to_numpy().T, "UNR": whole.mean(axis=1).T}


def _last(output: pd.Series) -> pd.Period:
    return pd.PeriodIndex(output.index)[-1]


def _paths(model, panel: pd.DataFrame, codes: dict, first: pd.Period, paths: int) -> dict:
    ahead = HORIZON - (panel.index[-1] - first).n - 1
    fitted = Transformed(model, codes).fit(panel)
    rng = np.random.default_rng(1)
    forecast = fitted.sample(panel, horizon=ahead, paths=paths, rng=rng).joined()
    steps = forecast.samples[:, -HORIZON:]
    rates = [k for k, name in enumerate(forecast.names) if name.startswith("UNRATE")]
    return {"GDP": steps[..., 0], "UNR": steps[..., rates].mean(-1)}


def main() -> None:
    options = read_options(
        arguments(__doc__ or "", models="diffusion,ar", paths=1000, out="nowcast")
    )
    folder = options.data / "macro_us_realtime"
    vintages = {
        name: read_vintages(folder / f"rtdsm_{FILES[name]}.xlsx", growth=name == "GDP")
        for name in ("GDP", "UNR")
    }
    truth = pd.DataFrame({name: truth_of(column) for name, column in vintages.items()})
    means = {
        name: read_survey(options.data / "surveys" / f"spf_mean_{code}_level.xlsx", name)
        for name, code in (("GDP", "RGDP"), ("UNR", "UNEMP"))
    }
    survey, months = Survey(means, truth), read_months(folder)
    model = models(["diffusion"], options.weights)["diffusion"]
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    for q in SURVEYS[:: options.every]:
        output = vintages["GDP"][q].loc["1959Q2":].dropna()
        vintage = f"{q.year}-{3 * q.quarter - 1:02d}"
        rows = {}
        for name, used in MONTHLY.items():
            known = months.known(used, vintage)
            rows[f"quarters{name}"] = drawn_alone(model, output, known, options.paths)
            rows[f"months{name}"] = drawn(model, output, known, options.paths)
            rows[f"factor{name}"] = drawn_by_factor(output, known, q, options.paths)
        asked = pd.DataFrame(columns=["GDP", "UNR"], index=[q - 1])
        told = survey.sample(asked, horizon=HORIZON, paths=options.paths,
                             rng=np.random.default_rng(1)).samples  # fmt: skip
        rows["survey"] = {"GDP": told[..., 0], "UNR": told[..., 1]}
        came = truth.loc[:LAST].reindex(pd.period_range(q, periods=HORIZON, freq="Q"))
        for row, paths in rows.items():
            for name, draws in paths.items():
                y = came[name].to_numpy(float)
                score = np.where(np.isfinite(y), crps(draws, np.nan_to_num(y)), np.nan)
                found.setdefault((row, name), []).append(score)
    print_tables({key: np.array(values) for key, values in found.items()})


def print_tables(found: dict[tuple[str, str], np.ndarray]) -> None:
    """CRPS by row, and its ratio and test against the two yardsticks."""
    count = len(next(iter(found.values())))
    print(f"{count} surveys; CRPS, steps 1 to {HORIZON}")
    for (row, name), values in found.items():
        print(f"{name} {row:20s} {' '.join(f'{x:.4f}' for x in np.nanmean(values, axis=0))}")
    for name in MONTHLY:
        for yardstick in (f"quarters{name}", f"factor{name}", "survey"):
            _compared(found, f"months{name}", yardstick)


def _compared(found: dict[tuple[str, str], np.ndarray], row: str, yardstick: str) -> None:
    cells = [(name, step) for name in ("GDP", "UNR") for step in range(HORIZON)]
    pairs = [_there(found[row, n][:, s], found[yardstick, n][:, s]) for n, s in cells]
    tests = [
        diebold_mariano(own, other, horizon=step + 1)
        for (_, step), (own, other) in zip(cells, pairs, strict=True)
    ]
    corrected = holm(np.array([test.p_value for test in tests]))
    print(f"\n{row} against {yardstick}: ratio, p, p after Holm")
    for (name, step), (own, other), test, p in zip(cells, pairs, tests, corrected, strict=True):
        print(f"{name} {step + 1}  {own.mean() / other.mean():.3f}  {test.p_value:.3f}  {p:.3f}")


def _there(own: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where there is an outcome."""
    known = np.isfinite(own)
    return own[known], other[known]


if __name__ == "__main__":
    main()
