"""What a desk adds to its prices: views, liquidity horizons, and the books' own profit and loss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.commands.errors import UsageError
from econdiff.commands.models import nearest
from econdiff.commands.tables import read_columns
from econdiff.forecast import Forecast
from econdiff.panel import PanelError
from econdiff.panel.dates import parse_dates
from econdiff.report.validation_tables import Views
from econdiff.risk import frtb, stress
from econdiff.risk.measures import expected_shortfall, value_at_risk
from econdiff.risk.portfolio import Gains
from econdiff.risk.stress_table import Move, parse_move

TEN = 10  # days of the market-risk rules
RULE = 250  # days that P&L attribution looks at
SIDES = ("hypothetical", "risk_theoretical")


@dataclass(frozen=True, eq=False)
class Rules:
    """What was said, read and refused before any work."""

    views: tuple[Move, ...] = ()
    liquidity: pd.Series | None = None  # days, by series held
    pnl: pd.DataFrame | None = None  # desk, hypothetical, risk_theoretical; in order of dates


def rules_of(
    views: Sequence[str],
    liquidity: Path | None,
    pnl: Path | None,
    *,
    panel: pd.DataFrame,
    held: Sequence[str],
    horizons: Sequence[int],
) -> Rules:
    """Read the views and the two files; UsageError where one cannot be used."""
    last = panel.ffill().iloc[-1]
    try:
        said = tuple(parse_move(text, last, held) for text in views)
    except ValueError as error:
        raise UsageError(str(error).replace("stress", "view")) from error
    if len({view.series for view in said}) < len(said):
        raise UsageError("--view names a series twice; a mean has one value")
    days = None
    if liquidity is not None:
        if pd.PeriodIndex(panel.index).freqstr[0] not in "DB" or max(horizons) < TEN:
            raise UsageError("--liquidity needs daily prices and 10 among the --horizon")
        days = read_liquidity(liquidity, held)
    return Rules(said, days, None if pnl is None else read_pnl(pnl))


def read_liquidity(file: Path, held: Sequence[str]) -> pd.Series:
    """Liquidity horizons in days of every series held, from a CSV `series, days`."""
    table = read_columns(file, ("series", "days"))
    said = np.asarray(pd.to_numeric(table["days"], errors="coerce"), float)
    days = pd.Series(said, index=table["series"].str.strip())
    absent = [name for name in held if name not in days.index]
    unknown = [str(name) for name in days.index if name not in held]
    if absent or unknown:
        name = (absent or unknown)[0]
        what = "has no horizon" if absent else "is not held"
        raise UsageError(f"{file.name}: {name!r} {what}; {nearest(name, list(held))}")
    if days.index.has_duplicates or not days.isin(frtb.HORIZONS).all():
        raise UsageError(f"{file.name} needs each series once, with days of {frtb.HORIZONS}")
    return days.loc[list(held)].astype(int)


def read_pnl(file: Path) -> pd.DataFrame:
    """`desk, hypothetical, risk_theoretical` of a CSV that also has a `date`, maybe a `desk`."""
    table = read_columns(file, ("date", *SIDES))
    try:
        dates = parse_dates(table.loc[:, "date"], "date").stamps
    except PanelError as error:
        raise UsageError(f"{file.name}: {error}") from error
    numbers = table[list(SIDES)].apply(pd.to_numeric, errors="coerce")
    wrong = ~np.isfinite(numbers.to_numpy(float)).all(axis=1)
    if wrong.any():
        raise UsageError(
            f"line {int(wrong.argmax()) + 2} of {file.name} has a cell that is no number"
        )
    desk = table["desk"].str.strip() if "desk" in table else pd.Series("desk", table.index)
    made = numbers.assign(desk=desk, date=dates).sort_values("date", kind="stable")
    few = made["desk"].value_counts()
    if made.duplicated(["desk", "date"]).any():
        raise UsageError(f"{file.name} has a date twice for one desk; keep one row a day and desk")
    if few.min() < RULE:
        raise UsageError(
            f"{file.name} has {few.min()} days for {few.idxmin()!r}; the rule looks at {RULE}"
        )
    _refuse_idle(made, file.name)
    return made.loc[:, ["desk", *SIDES]]


def _refuse_idle(pnl: pd.DataFrame, file: str) -> None:
    for name, desk in pnl.groupby("desk", sort=False):
        for side in SIDES:
            if desk[side].iloc[-RULE:].nunique() == 1:
                raise UsageError(
                    f"{file}: the P&L {side!r} of {name!r} never changes in the last {RULE} days; "
                    "leave a desk that is idle out"
                )


def attributed(pnl: pd.DataFrame) -> pd.DataFrame:
    """`desk, days, spearman, kolmogorov_smirnov, zone` of the last 250 days; red first."""
    rows = []
    for desk, table in pnl.groupby("desk", sort=False):
        table = table.iloc[-RULE:]
        found = frtb.attribution(
            table["risk_theoretical"].to_numpy(), table["hypothetical"].to_numpy()
        )
        rows.append((desk, len(table), found.spearman, found.kolmogorov_smirnov, found.zone))
    columns = ["desk", "days", "spearman", "kolmogorov_smirnov", "zone"]
    rows.sort(key=lambda found: ("red", "amber", "green").index(found[-1]))
    return pd.DataFrame(rows, columns=columns)


def liquid_es(assets: Mapping[str, Gains], weights: pd.DataFrame, days: pd.Series) -> pd.DataFrame:
    """ES at 97.5% over ten days, as it is and with liquidity horizons: one row a portfolio, model.

    Returns in the sign of gains. Where only the longer horizons move, the others stand still.
    """
    rows = []
    steps = [h for h in frtb.HORIZONS if h <= int(days.max())]
    for portfolio, w in weights.items():
        for model, gained in assets.items():
            each = gained.at(TEN) * w.loc[list(gained.names)].to_numpy(float)
            slow = days.loc[list(gained.names)].to_numpy()
            moved = {h: each[:, slow >= h].sum(axis=1) for h in steps}
            ten = float(expected_shortfall(moved[TEN], frtb.ALPHA))
            rows.append((str(portfolio), model, ten, -frtb.liquidity_adjusted_es(moved)))
    return pd.DataFrame(rows, columns=["portfolio", "model", "ES", "ES_liquidity"])


def viewed(
    forecast: Forecast,
    totals: pd.DataFrame,
    views: Sequence[Move],
    alphas: Sequence[float],
    *,
    horizon: int,
) -> Views:
    """Risk under views on means, by entropy pooling of the paths.

    `totals` [path x portfolio] are gains over `horizon` steps on the paths of `forecast`. Raises
    UsageError where the views rest on too few paths.
    """
    places = [forecast.names.index(view.series) for view in views]
    x = forecast.samples[:, horizon - 1, places]
    try:
        pooled = stress.view(x, np.array([view.value for view in views]))
    except stress.StressError as error:
        raise UsageError(f"--view: {error}") from error
    rows = []
    for name, total in totals.items():
        gained = total.to_numpy(float)
        for alpha in alphas:
            rows += [
                (str(name), horizon, alpha, "without", float(gained.mean()),
                 float(value_at_risk(gained, alpha)), float(expected_shortfall(gained, alpha))),
                (str(name), horizon, alpha, "with", float(pooled.mean(gained)),
                 pooled.quantile(gained, alpha), pooled.shortfall(gained, alpha)),
            ]  # fmt: skip
    columns = ["portfolio", "horizon", "alpha", "views", "mean", "VaR", "ES"]
    labels = tuple(view.label for view in views)
    table = pd.DataFrame(rows, columns=columns)
    return Views(labels, table, pooled.effective_paths, len(x), pooled.entropy)
