"""Verdicts: which losses are lower, and where no test can say."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from econdiff.scoring import diebold_mariano, holm, model_confidence_set, ratio_interval
from econdiff.scoring.comparison import FEWEST

SIZE = 0.10


def compare(
    losses: pd.DataFrame, reference: str, *, rng: np.random.Generator, draws: int = 1000
) -> pd.DataFrame:
    """Every other model against `reference`, cell by cell (a series at a step).

    `losses` has `model, row, series, step, loss`, `row` the origin's place in the panel. The
    result has `model, reference, series, step, ratio, low, high, statistic, p_value, p_holm,
    mcs_p, in_mcs, origins, verdict`: the ratio of mean losses over the origins that both have, with
    its 90% interval; the Diebold-Mariano test (negative: the model is closer), its horizon
    counted in the spacing of the origins; Holm's p-value over the tested cells of that model; and
    membership of the 90% model confidence set of all models, on the origins that all have (models
    without any loss left out; empty where they are under 8).

    The verdict is "better" only if `p_holm` is below .10 and the set does not leave the model out,
    "worse" if `p_holm` is below .10 and its loss is higher, "comparable" otherwise; "untested"
    where both have losses at fewer than 8 origins, or at too few for the test; and "failed" where
    the model or the reference has no loss to compare. The ratio means nothing for losses that can
    be negative (log_kernel); the tests do.
    """
    models = list(dict.fromkeys(losses["model"]))
    if reference not in models:
        raise ValueError(f"no losses of the reference {reference!r}; there are those of {models}")
    if len(models) == 1:
        raise ValueError(f"there are losses of {reference!r} alone; nothing to compare it with")
    return _compared(losses, reference, confidence_sets(losses, rng=rng, draws=draws))


def compare_each(
    losses: pd.DataFrame, *, rng: np.random.Generator, draws: int = 1000
) -> Iterator[pd.DataFrame]:
    """`compare` with each model of two or more as the reference; all share the confidence sets."""
    sets = confidence_sets(losses, rng=rng, draws=draws)
    for reference in dict.fromkeys(losses["model"]):
        yield _compared(losses, reference, sets)


def _compared(losses: pd.DataFrame, reference: str, sets: pd.DataFrame) -> pd.DataFrame:
    others = [model for model in dict.fromkeys(losses["model"]) if model != reference]
    rows = []
    for series, step, table in _cells(losses):
        base = table[reference].to_numpy()
        for model in others:
            row = {"model": model, "reference": reference, "series": series, "step": step}
            rows.append(row | _against(table[model].to_numpy(), base, table.index, step))
    result = pd.DataFrame(rows).merge(sets, on=["model", "series", "step"])
    tested = result["p_value"].where(result["origins"] >= FEWEST)
    by_model = tested.groupby(result["model"], sort=False)
    result["p_holm"] = by_model.transform(lambda p: holm(p.to_numpy()))
    result["verdict"] = decided(result)
    order = pd.Categorical(result["model"], others)
    result = result.iloc[np.argsort(order.codes, kind="stable")].reset_index(drop=True)
    columns = ["model", "reference", "series", "step", "ratio", "low", "high", "statistic"]
    return result[[*columns, "p_value", "p_holm", "mcs_p", "in_mcs", "origins", "verdict"]]


def decided(result: pd.DataFrame) -> np.ndarray:
    """The verdict of each row of `ratio, statistic, p_holm, in_mcs`, see `compare`."""
    sure = result["p_holm"] < SIZE
    better = sure & (result["statistic"] < 0) & result["in_mcs"].fillna(True).astype(bool)
    worse = sure & (result["statistic"] > 0)
    words = np.where(better, "better", np.where(worse, "worse", "comparable"))
    words = np.where(result["p_holm"].isna(), "untested", words)
    return np.where(result["ratio"].isna(), "failed", words)


def confidence_sets(
    losses: pd.DataFrame, *, rng: np.random.Generator, draws: int = 1000
) -> pd.DataFrame:
    """The 90% model confidence set of each cell: `model, series, step, mcs_p, in_mcs`."""
    tables = []
    for series, step, table in _cells(losses):
        p = pd.Series(np.nan, index=table.columns)
        able = table.columns[table.notna().any()]
        if len(able):
            p[able] = model_confidence_set(
                table[able].to_numpy(),
                rng=rng,
                horizon=_overlap(table.index, step),
                draws=draws,
            )
        cell = {"model": table.columns, "series": series, "step": step, "mcs_p": p.to_numpy()}
        tables.append(pd.DataFrame(cell))
    sets = pd.concat(tables, ignore_index=True)
    inside = (sets["mcs_p"] > SIZE).astype("boolean")
    return sets.assign(in_mcs=inside.mask(sets["mcs_p"].isna()))


def _cells(losses: pd.DataFrame) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """Each cell's series, step and losses, `[origin x model]` in order of origins."""
    models = list(dict.fromkeys(losses["model"]))
    cells = losses[["series", "step"]].drop_duplicates().itertuples(index=False)
    grouped = losses.groupby(["series", "step"])
    for series, step in cells:
        rows = grouped.get_group((series, step))
        yield (
            series,
            int(step),
            rows.pivot(index="row", columns="model", values="loss").reindex(columns=models),
        )


def _against(own: np.ndarray, base: np.ndarray, rows: pd.Index, step: int) -> dict[str, float]:
    both = ~np.isnan(own) & ~np.isnan(base)
    horizon = _overlap(rows[both], step)
    test = diebold_mariano(own[both], base[both], horizon=horizon)
    ratio, low, high = ratio_interval(own[both], base[both], horizon=horizon)
    return {
        "ratio": ratio,
        "low": low,
        "high": high,
        "statistic": test.statistic,
        "p_value": test.p_value,
        "origins": test.observations,
    }


def _overlap(rows: pd.Index, step: int) -> int:
    """How many origins, from one on, forecast before its outcome at `step` is known."""
    places = rows.to_numpy()
    if not len(places):
        return 1
    return int((np.searchsorted(places, places + step) - np.arange(len(places))).max())
