"""What `econdiff risk` was asked, read and refused before any work."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.backtest.var_es import Plan
from econdiff.commands.assumptions import Assumed, assumed
from econdiff.commands.day_ranges import Wrapped, days_of, wrapped
from econdiff.commands.desk_rules import Rules, rules_of
from econdiff.commands.errors import UsageError
from econdiff.commands.models import named_models, nearest
from econdiff.commands.portfolios import Holdings, holdings, price_transforms
from econdiff.commands.reading import Input, Reading, read
from econdiff.commands.risk_scenario import check_assumed, with_supervisory
from econdiff.forecast import Model
from econdiff.risk.prices import labels_of
from econdiff.risk.stress_table import Move, parse_move, worst_moves
from econdiff.transforms import Transform

LEAST = {"D": 100, "W": 100}  # rows before the first forecast

LEAST_SLOW = 40  # ... of months, quarters and years

FEWEST_PERIODS = 20  # of a longer horizon, below which its past is not backtested

SHOCKED = 6  # series that are stressed where none is named


@dataclass(frozen=True)
class RiskRequest:
    """What was asked; the fields are the command's options."""

    reading: Reading
    out: Path
    weights: str = "equal"
    alphas: tuple[float, ...] = (0.01, 0.025, 0.05)
    horizons: tuple[int, ...] = (1, 10)
    models: tuple[str, ...] = ("diffusion", "gjr-fhs", "hs")
    loss: float | None = None  # per cent; any loss where not said
    backtest: str | None = None
    factors: tuple[str, ...] = ()
    stresses: tuple[str, ...] = ()
    scenario: Path | None = None
    pins: tuple[str, ...] = ()
    supervisory: Path | None = None
    given: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    liquidity: Path | None = None
    pnl: Path | None = None
    high: str | None = None
    low: str | None = None
    window: int = 1000
    refit: int = 21
    paths: int = 5000
    seed: int = 0
    workers: int = 1
    overwrite: bool = False

    @property
    def loss_share(self) -> float:
        """The loss whose probability is asked for, a share of wealth; 0 is any."""
        return (self.loss or 0.0) / 100


@dataclass(frozen=True, eq=False)
class RiskInputs:
    """All that is known before anything is estimated."""

    data: Input
    hold: Holdings
    models: Mapping[str, Model]
    wrapped: Mapping[str, Wrapped]
    transforms: Mapping[str, Transform]  # of all series but the ranges
    plans: tuple[Plan, ...]  # one step ahead first; none where no past day is asked for
    moves: tuple[Move, ...]
    assumed: tuple[Assumed, ...]
    rules: Rules

    @property
    def last(self) -> pd.Series:
        """The last known value of each series."""
        return self.data.panel.ffill().iloc[-1]


def risk_inputs(request: RiskRequest) -> RiskInputs:
    """Read and refuse, before any work."""
    _check(request)
    models = named_models(request.models)
    whole = read(request.reading)
    days = days_of(whole, request.reading, request.models, request.high, request.low)
    data, ranges = days.data, days.ranges
    own = [str(name) for name in data.panel.columns]
    said = assumed(request.scenario, request.pins)
    if request.supervisory is not None:
        if len(ranges.columns):
            raise UsageError("--supervisory is by quarters; the highs and lows of days have no use")
        data, published = with_supervisory(data, request.supervisory, request.given)
        said = (*published, *said)
    panel = data.panel
    beside = [str(name) for name in whole.panel.columns if name not in panel.columns]
    hold = holdings(request.weights, panel, own, beside)
    rules = rules_of(
        request.views, request.liquidity, request.pnl,
        panel=panel, held=hold.held, horizons=request.horizons,
    )  # fmt: skip
    unknown = [name for name in request.factors if name not in panel.columns]
    if unknown:
        raise UsageError(
            f"--factors names {unknown[0]!r}, which is no series; "
            f"{nearest(unknown[0], list(panel.columns))}"
        )
    first = len(panel) if request.backtest is None else _row(panel, request.backtest)
    complete = int(panel.iloc[max(0, first - request.window - 1) : first].notna().all(axis=1).sum())
    least = LEAST.get(pd.PeriodIndex(panel.index).freqstr[0], LEAST_SLOW)
    if complete < least:
        raise UsageError(_too_short(panel, first, complete, least, request))
    on_record = len(panel[hold.held].ffill().dropna())
    if on_record <= max(request.horizons):
        raise UsageError(
            f"--horizon {max(request.horizons)} needs a stretch of so many steps in the past, and "
            f"{on_record} rows have every price known; shorten it or give a longer history"
        )
    transforms = price_transforms(panel, hold.held, first)
    check_assumed(said, request.models, panel, transforms, max(request.horizons))
    told = panel.join(ranges)
    told.attrs = panel.attrs
    plans = _plans(request, told, hold, first)
    moves = _moves(request, panel, hold, transforms)
    fit = wrapped(models, transforms, list(ranges.columns))
    data = replace(data, panel=told)
    return RiskInputs(data, hold, models, fit, transforms, plans, moves, said, rules)


def _moves(
    request: RiskRequest, panel: pd.DataFrame, hold: Holdings, transforms: Mapping[str, Transform]
) -> tuple[Move, ...]:
    """The stresses that were asked for, else the worst falls of what is held most."""
    last = panel.ffill().iloc[-1]
    positive = [name for name, transform in transforms.items() if transform.log]
    try:
        said = [parse_move(text, last, positive) for text in request.stresses]
    except ValueError as error:
        raise UsageError(str(error)) from error
    heaviest = hold.weights.abs().max(axis=1).sort_values(ascending=False, kind="stable")
    most = list(heaviest.index[:SHOCKED])
    return tuple(said or worst_moves(panel, most, max(request.horizons)))


def _plans(
    request: RiskRequest, panel: pd.DataFrame, hold: Holdings, first: int
) -> tuple[Plan, ...]:
    """A backtest one step ahead, and one over each longer horizon that has periods enough."""
    if request.backtest is None:
        return ()
    plan = Plan(
        panel, hold.weights, first, request.alphas, request.refit, request.window + 1,
        request.paths, request.seed,
    )  # fmt: skip
    longer = [replace(plan, horizon=h) for h in sorted(request.horizons) if h > 1]
    return plan, *(one for one in longer if len(one.origins()) >= FEWEST_PERIODS)


def _check(request: RiskRequest) -> None:
    if request.given and request.supervisory is None:
        raise UsageError("--given names supervisory variables; say --supervisory FOLDER too")
    wrong = [alpha for alpha in request.alphas if not 0 < alpha < 0.5]
    if wrong:
        raise UsageError(
            f"--alpha takes shares of bad days, as .01 for VaR at 99%; got {wrong[0]:g}"
        )
    if request.loss is not None and not 0 < request.loss < np.inf:
        raise UsageError(f"--loss takes per cent of wealth above 0, as 5; got {request.loss:g}")
    if request.paths * min(request.alphas) < 10:
        raise UsageError(
            f"{request.paths} paths hold {request.paths * min(request.alphas):g} beyond the "
            f"{min(request.alphas):g} quantile, 10 are needed; say --paths "
            f"{int(np.ceil(10 / min(request.alphas)))}"
        )
    if len(set(request.alphas)) < len(request.alphas) or len(set(request.horizons)) < len(
        request.horizons
    ):
        raise UsageError("--alpha and --horizon take each value once")


def _row(panel: pd.DataFrame, start: str) -> int:
    """The first row on or after the day START."""
    try:
        day = pd.Timestamp(start)
    except ValueError as error:
        raise UsageError(f"--backtest takes a day such as 2015-01-02; got {start!r}") from error
    starts = pd.PeriodIndex(panel.index).to_timestamp(how="start").to_numpy()
    row = int(np.searchsorted(starts, np.datetime64(f"{day:%Y-%m-%d}")))
    if row >= len(panel):
        raise UsageError(f"--backtest {start} lies after the last price, {labels_of(panel)[-1]}")
    return row


def _too_short(
    panel: pd.DataFrame, first: int, complete: int, least: int, request: RiskRequest
) -> str:
    labels = labels_of(panel)
    where = f"before {labels[first]}" if first < len(panel) else f"up to {labels[-1]}"
    known = panel.iloc[:first].notna().sum()
    scarce = str(known.idxmin())
    since = panel[scarce].first_valid_index()
    later = "begin later with --backtest, or " if request.backtest is not None else ""
    mend = f"{later}give a longer history"
    if request.window < least:
        return (
            f"--window {request.window} looks back on fewer rows than the {least} that are needed; "
            f"say --window {least} or more"
        )
    if since is not None and since > panel.index[0]:
        mend = f"leave it out with --series, or {later}give a longer history"
    return (
        f"{complete} of the last {request.window} rows {where} have every series known, {least} "
        f"are needed; {scarce!r} is known from {since} on: {mend}"
    )
