"""Sensitivity of a validation report: attribution, stress, scenarios, settings."""

from collections.abc import Mapping

from econdiff.report.page import Section, Table
from econdiff.report.validation_tables import LONG, Validation, in_percent, some_pictures


def attribution(found: Validation, pictured: Mapping[str, str]) -> Section:
    """By asset and by factor."""
    alpha, horizon = found.alphas[0], found.horizons[0]
    table = found.contributions
    table = table.loc[(table["model"] == found.subject) & (table["alpha"] == alpha)]
    table = table.loc[table["horizon"] == horizon].drop(columns=["model", "alpha", "horizon"])
    columns = [
        name
        for name in table.columns
        if name.split("_")[0] in ("marginal", "component", "incremental")
    ]
    by = {
        kind: in_percent(table.loc[table["by"] == kind].drop(columns="by"), *columns)
        for kind in ("asset", "factor")
    }
    by["factor"] = by["factor"].dropna(axis=1, how="all").rename(columns={"weight": "exposure"})
    if len(found.portfolios) == 1:
        by = {kind: frame.drop(columns="portfolio") for kind, frame in by.items()}
    return Section(
        "6. Sensitivity: attribution",
        (
            f"Who causes VaR and ES at {alpha:g}, {horizon} step ahead, in per cent of wealth. "
            "Components add up to the measure; marginal is its slope in the weight; "
            "incremental is what would go if the position were closed. By factor the portfolio is "
            "regressed on the factors over the paths; specific is the rest.",
        ),
        pictures=some_pictures(
            pictured,
            "contributions",
            "Bars: the part of each asset in VaR and ES.",
            "Components by asset",
            found,
        ),
        tables=(
            Table("By asset", by["asset"], decimals=2, folded=len(by["asset"]) > LONG),
            Table("By factor", by["factor"], decimals=2, folded=len(by["factor"]) > LONG),
        ),
    )


def stress(found: Validation) -> Section:
    """What goes with a move of one series, the worst on record, and the reverse."""
    horizon, alpha = max(found.horizons), min(found.alphas)
    stressed = in_percent(found.stresses, "mean", "VaR")
    worst = in_percent(found.worst, "return")
    reverse = in_percent(found.reverse, "loss", "scenario", "typical", "centre")
    return Section(
        "6. Sensitivity: stress",
        (
            f"What goes with a move of one series over {horizon} steps: the mean gain, and VaR at "
            f"{alpha:g} of the gain around it. The column method says how: by the model's "
            "conditional law where that has a closed form; else by the joint paths near it; where "
            "too few come near (regression) the portfolio is moved along a straight line through "
            "the paths, which out there is an assumption. Plausibility is the probability of so "
            "large a move either way were the paths Gaussian. These are conditional figures: they "
            "say what goes together, not what follows.",
            f"The reverse stress is, among the paths that lose the portfolio's ES at {alpha:g} "
            f"over {horizon} steps, the one whose moves lie least far out; typical is the mean of "
            "all that lose so much. Of many series every path lies far out in ways that have "
            "nothing to do with the loss; centre leaves these out: the moves that lose the ES and "
            "lie least far out of all, drawn or not, by the covariances of the paths.",
        ),
        tables=(
            Table(
                "If a series does this, per cent",
                stressed,
                heads=2,
                digits=3,
                folded=len(stressed) > LONG,
            ),
            Table(f"The worst {horizon} steps on record, as now held, per cent", worst, digits=3),
            Table(
                f"Reverse stress over {horizon} steps, per cent",
                reverse,
                digits=3,
                folded=len(reverse) > 10,
            ),
        ),
    )


def scenarios(found: Validation, pictured: Mapping[str, str]) -> tuple[Section, ...]:
    """Gains given a scenario; nothing where none is assumed."""
    if found.scenarios is None:
        return ()
    told = found.scenarios
    table = in_percent(
        told.table,
        "VaR",
        "ES",
        "loss_probability",
        "mean",
        "maximum_drawdown",
    )
    errors = ["VaR_se", "ES_se", "loss_probability_se", "semi_deviation_se"]
    table = table.drop(columns=[*errors, "semi_deviation"])
    words = (
        f"Joint paths of {told.model}, all series together, without and with what is assumed of "
        "some of them. The mean is the expected gain given the scenario; VaR and ES are of the "
        "gain around it, from the origin on. Conditional figures: they say what goes together in "
        "the data, not what would follow from bringing it about.",
    )
    points = (*(f"{name}: {said}" for name, said in told.verdicts.items()), *told.notes)
    drawn = some_pictures(
        pictured,
        "scenarios",
        "Fans of the portfolio's gain without and with scenarios.",
        "Gain of the portfolio",
        found,
    )
    title = "Risk by scenario, per cent"
    made = Table(title, table, heads=2, digits=3, folded=len(table) > LONG)
    return (Section("6. Sensitivity: scenarios", words, points, drawn, (made,)),)


def settings_changed(found: Validation) -> Section:
    """Other lengths of history and other random numbers."""
    table = in_percent(found.sensitivity, "VaR", "ES")
    return Section(
        "6. Sensitivity: settings",
        (
            f"The next step's VaR and ES at {min(found.alphas):g} with half and with twice the "
            "rows that each model looks at (see Method), as far as there are so many, and with "
            "other random numbers. All are drawn anew, one step ahead, so that as asked differs "
            "from the figures above by Monte Carlo error. What changes nothing is left out: where "
            "past rows are drawn evenly, other random numbers may draw the same ones.",
        ),
        tables=(Table("Per cent of wealth", table, heads=2, digits=3, folded=len(table) > LONG),),
    )
