"""Growth and inflation of 33 countries, 1 and 4 quarters ahead: how well it travels.

    python benchmarks/countries.py [--file FILE] [--every 8] [--paths 500]

The GVAR data of Mohaddes and Raissi (1979Q2-2019Q4): growth is 400 times the change of log real
output, inflation 400 times `Dp`. Each country's two series are forecast jointly, from its own
rows. Targets 1995Q1-2019Q4.
"""

import warnings
from pathlib import Path

import pandas as pd
from density import arguments, models, origins, read_options, report, without_failures

from econdiff.backtest import backtest, losses, scores, within

STEPS = (1, 4)
SINCE, UNTIL = "1995Q1", "2019Q4"
NOT_A_COUNTRY = "DOMINANT UNIT"


def read_countries(file: Path) -> dict[str, pd.DataFrame]:
    """Growth and inflation of each country, percent at annual rates."""
    with warnings.catch_warnings():  # pandas on its reader of old Excel files
        warnings.simplefilter("ignore")
        sheets = pd.read_excel(file, sheet_name=None)
    panels = {}
    for name, sheet in sheets.items():
        if name != NOT_A_COUNTRY:
            index = pd.PeriodIndex(sheet["date"].astype(str), freq="Q")
            growth, inflation = 400 * sheet["y"].diff(), 400 * sheet["Dp"]
            columns = {f"{name.title()} growth": growth, f"{name.title()} inflation": inflation}
            panels[str(name)] = pd.DataFrame(columns).set_axis(index).dropna()
    return panels


def main() -> None:
    parser = arguments(
        __doc__ or "", models="diffusion,anchor,ar,ar60,climatology60", paths=500,
        out="countries", every=8,
    )  # fmt: skip
    parser.add_argument("--file", type=Path, help="the GVAR workbook, one sheet a country")
    options = read_options(parser)
    name = "gvar_country_data_1979Q2_2019Q4.xls"
    tidy, crps = [], []
    for panel in read_countries(
        options.file or options.data / "macro_international" / name
    ).values():
        trials = backtest(
            models(options.models, options.weights), panel, horizon=max(STEPS),
            origins=origins(panel, SINCE, UNTIL, options.every), paths=options.paths, seed=1,
            folder=options.out, workers=options.workers,
        )  # fmt: skip
        chosen = within(without_failures(list(trials)), SINCE, UNTIL)
        tidy.append(scores(chosen))
        crps.append(losses(chosen))
    print(f"== targets {SINCE} to {UNTIL}, every {options.every}th origin ==")
    whole, each = pd.concat(tidy, ignore_index=True), pd.concat(crps, ignore_index=True)
    report(whole[whole.step.isin(STEPS)], each[each.step.isin(STEPS)])


if __name__ == "__main__":
    main()
