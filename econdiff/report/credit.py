"""The page of a loan portfolio's losses by scenario."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from econdiff.report.drawing import CYCLE, HISTORY, QUIET, Shown, dates, styled
from econdiff.report.page import Page, Picture, Section, Table, shown
from econdiff.report.risk import credit_losses
from econdiff.risk.credit import CreditLoss

PAST = 60  # periods of history that are drawn


@dataclass(frozen=True, eq=False)
class CreditStudy:
    """What the folder of `econdiff credit` holds; rates and losses are fractions."""

    manifest: dict[str, Any]
    history: pd.Series
    link: pd.DataFrame
    link_words: str
    rates: Mapping[str, np.ndarray]  # [path, step] by scenario
    losses: Mapping[str, CreditLoss]
    index: pd.PeriodIndex | pd.DatetimeIndex
    table: pd.DataFrame
    steps: pd.DataFrame
    notes: tuple[str, ...] = ()  # what the answers to the scenarios warned of


def pictures(study: CreditStudy) -> dict[str, Figure]:
    """Default rates and losses by scenario."""
    level = float(study.manifest["settings"]["level"])
    losses = {name: loss.losses for name, loss in study.losses.items()}
    return {"rates": rate_fans(study), "losses": credit_losses(losses, level)}


def rate_fans(study: CreditStudy) -> Figure:
    """The rate's history, and its median and 90% of paths by scenario."""
    with styled():
        figure = Shown(figsize=(8.5, 3.8), layout="constrained")
        axes = figure.add_subplot()
        past = study.history.loc[study.history.index < study.index[0]].iloc[-PAST:]
        axes.plot(dates(past.index), past, color=HISTORY, lw=1.2, label="history")
        at = np.append(dates(past.index)[-1:], dates(study.index))
        for place, (name, made) in enumerate(study.rates.items()):
            color = QUIET if place == 0 else CYCLE[(place - 1) % len(CYCLE)]
            low, middle, high = (
                np.append(past.iloc[-1], np.quantile(made, q, axis=0)) for q in (0.05, 0.5, 0.95)
            )
            axes.fill_between(at, low, high, color=color, alpha=0.18, lw=0)
            axes.plot(at, middle, color=color, lw=1.4, label=f"{name}: median, 90% of paths",
                      ls=("-", "--", "-.", ":")[place % 4])  # fmt: skip
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_ylabel("default rate")
        axes.margins(x=0.01)
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def credit_page(study: CreditStudy, drawn: Mapping[str, str]) -> Page:
    """The page; `drawn` are `pictures` as SVG text."""
    settings = study.manifest["settings"]
    worst = study.table.loc[study.table["expected_loss"].idxmax()]
    over = f"{len(study.index)} periods, {study.index[0]} to {study.index[-1]}"
    percent = study.table.assign(
        **{
            name: 100 * study.table[name]
            for name in study.table
            if name not in ("scenario", "level")
        }
    )
    by_step = study.steps.assign(
        **{name: 100 * study.steps[name] for name in study.steps
           if name not in ("scenario", "period")}
    )  # fmt: skip
    level = float(settings["level"])
    return Page(
        title="Credit losses by scenario",
        lead=(
            f"Highest expected loss: {shown(100 * float(worst['expected_loss']), 3)}% of exposure "
            f"under {worst['scenario']}; {100 * level:g}% of the time the loss stays below "
            f"{shown(100 * float(worst['quantile']), 3)}%."
        ),
        facts={
            "Asked": study.manifest["command"],
            "Horizon": over,
            "Rate": f"{study.history.name}, last {study.history.index[-1]}: "
            f"{shown(100 * float(study.history.iloc[-1]), 3)}%",
        },
        sections=(
            Section(
                "Losses",
                (
                    "In per cent of exposure today, over the whole horizon; expected_loss_12m is "
                    "of its first year alone. Under IFRS 9 that is what stage 1 provides for, and "
                    "the whole is what stage 2 does where loans live as long as the horizon. "
                    f"{_weighted(settings)} Credit VaR is the "
                    f"{100 * level:g}% quantile less the expected loss; quantile_se is the Monte "
                    "Carlo standard error of the quantile. The spread holds the macro "
                    "paths, the shocks to the rate, and the portfolio's own common factor.",
                ),
                study.notes,
                pictures=(Picture(drawn["losses"], "Loss distributions by scenario.", ""),),
                tables=(Table("By scenario", percent.drop(columns="level"), digits=3),),
            ),
            Section(
                "Default rates",
                ("The rate on the macro paths of each scenario, in per cent.",),
                pictures=(Picture(drawn["rates"], "Rates over time by scenario.", ""),),
                tables=(Table("By period", by_step, heads=2, digits=3, folded=True),),
            ),
            Section("The link", (_LINK, study.link_words),
                    tables=(Table("Coefficients", study.link, decimals=4),)),
            Section("Assumptions and limits", points=_limits(settings)),
        ),
        manifest=study.manifest,
    )  # fmt: skip


def _weighted(settings: Mapping[str, Any]) -> str:
    said = dict(settings.get("probabilities") or ())
    if not said:
        return "The probabilities by which scenarios are weighted are yours (--probabilities)."
    each = ", ".join(f"{name} {100 * p:g}%" for name, p in said.items())
    return (
        f"The last row weighs the scenarios by the probabilities that you gave: {each}. Its "
        "expected loss is their weighted mean, its quantile is of the mixture."
    )


_LINK = (
    "logit(rate) = constant + c logit(last rate) + b' macro + shock, by least squares (Wilson, "
    "1997). It says how rates went with these series, all causes together; it is not what would "
    "follow if one of them were moved alone."
)


def _limits(settings: Mapping[str, Any]) -> tuple[str, ...]:
    each = f"a {settings['rate_over']}"
    return (
        f"The series is taken for the share of loans that default in {each}. A delinquency rate "
        "is a stock and a charge-off rate is net of recoveries: neither is quite that.",
        f"Loss given default is {settings['loss_given_default']:g} in every scenario, though it "
        "rises in bad times.",
        f"The portfolio is large and homogeneous, one factor, asset correlation "
        f"{settings['correlation']:g} (Vasicek, 2002). The factor is drawn once {each}, "
        "independent of the one before; the link's shock comes on top of it.",
        "Coefficients are taken for the truth, and held outside the range that they were seen in.",
        "Loans that are repaid or made over the horizon are left out.",
        f"Losses are discounted at {100 * settings['discount']:g}% a year.",
    )
